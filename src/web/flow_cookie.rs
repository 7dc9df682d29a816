//! The cookie of a flow that a visitor walks through: an application, a reset.

use data_encoding::BASE64URL_NOPAD;

use super::answer::Answer;
use super::cookies::{self, Cookie};
use super::visit::Visit;
use crate::kernel::Random;

/// Random bytes of the cookie.
const BYTES: usize = 16;

/// The flow cookie of a browser, made at the first POST of a flow: a GET writes nothing.
pub struct FlowCookie {
    /// The flow, as a key for rows.
    pub key: [u8; 32],
    new: Option<String>,
}

impl FlowCookie {
    /// The one that the browser has, or a new one.
    #[must_use]
    pub fn of(visit: &Visit, random: &Random) -> Self {
        Self::of_form(visit, random, "")
    }

    /// The same for a form that carries along what [`FlowCookie::offer`] gave: `offered` is what it brought.
    #[must_use]
    pub fn of_form(visit: &Visit, random: &Random, offered: &str) -> Self {
        match visit.flow() {
            Some(key) => Self { key, new: None },
            None => {
                let value = if is_flow(offered) { offered.to_owned() } else { new_value(random) };
                Self { key: visit.flow_key(&value), new: Some(value) }
            }
        }
    }

    /// What the first form of a flow carries along for a browser that has no cookie yet: a double click, whose second request leaves
    /// before the first is answered, comes to one flow and not to two. It is of no use to others: the flow's key depends on the browser.
    #[must_use]
    pub fn offer(visit: &Visit, random: &Random, offered: &str) -> Option<String> {
        match visit.flow() {
            Some(_) => None,
            None if is_flow(offered) => Some(offered.to_owned()),
            None => Some(new_value(random)),
        }
    }

    /// Hands the cookie to a browser that has none yet.
    ///
    /// # Errors
    /// Those of the answer.
    pub fn keep(self, visit: &Visit, answer: Answer) -> Answer {
        let mut response = answer?;
        if let Some(value) = &self.new {
            cookies::set(&mut response, Cookie::Flow, value, visit.secure());
        }
        Ok(response)
    }
}

fn new_value(random: &Random) -> String {
    BASE64URL_NOPAD.encode(&random.bytes::<BYTES>())
}

fn is_flow(value: &str) -> bool {
    BASE64URL_NOPAD.decode(value.as_bytes()).is_ok_and(|bytes| bytes.len() == BYTES)
}
