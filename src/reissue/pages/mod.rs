//! Screens A1–A6 (spec 3). Each says which states of the flow may see it; everybody else is sent to the screen of their state.

pub mod apply;
pub mod check;
pub mod code;
pub mod progress;
pub mod withdraw;

use std::net::IpAddr;

use data_encoding::BASE64URL_NOPAD;
use poem::Response;

use super::flow::apply::{self as flow, Visitor};
use super::model::{Applying, Screen};
use crate::app::App;
use crate::kernel::mail_address::MailAddressError;
use crate::kernel::{MailAddress, Moment};
use crate::lost;
use crate::web::{Answer, Cookie, Errors, Fault, Visit, cookies, see_other};

/// Steps of a reissue (spec 3).
const STEPS: [&str; 5] = [lost::TITLE, "ログイン情報再発行申請", "確認コード入力", "送信確認", "終了"];

/// What a use case needs of a request, owned, so that the writer thread can have it.
#[derive(Clone)]
struct Here {
    app: App,
    moment: Moment,
    flow: [u8; 32],
    network: String,
    client: IpAddr,
}

impl Here {
    fn new(app: &App, visit: &Visit, flow: [u8; 32]) -> Self {
        Self { app: app.clone(), moment: app.moment(), flow, network: visit.network.to_string(), client: visit.client }
    }

    fn visitor(&self) -> Visitor<'_> {
        Visitor {
            moment: self.moment,
            config: &self.app.config,
            keys: &self.app.keys,
            flow: self.flow,
            network: self.network.clone(),
            client: self.client,
        }
    }
}

/// Random bytes of a flow cookie.
const FLOW_BYTES: usize = 16;

/// The flow cookie of a browser, made at the first POST of a flow: a GET writes nothing.
struct FlowCookie {
    key: [u8; 32],
    new: Option<String>,
}

impl FlowCookie {
    /// `offered` is what the form brought of [`FlowCookie::offer`], if it did.
    fn of(app: &App, visit: &Visit, offered: &str) -> Self {
        match visit.flow() {
            Some(key) => Self { key, new: None },
            None => {
                let value = if is_flow(offered) { offered.to_owned() } else { new_flow(app) };
                Self { key: visit.flow_key(&value), new: Some(value) }
            }
        }
    }

    /// What the first form of a flow carries along for a browser that has no cookie yet: a double click, whose second request leaves
    /// before the first is answered, comes to one flow and not to two. It is of no use to others: the flow's key depends on the browser.
    fn offer(app: &App, visit: &Visit, offered: &str) -> Option<String> {
        match visit.flow() {
            Some(_) => None,
            None if is_flow(offered) => Some(offered.to_owned()),
            None => Some(new_flow(app)),
        }
    }

    /// Hands the cookie to a browser that has none yet.
    fn keep(self, visit: &Visit, answer: Answer) -> Answer {
        let mut response: Response = answer?;
        if let Some(value) = &self.new {
            cookies::set(&mut response, Cookie::Flow, value, visit.secure());
        }
        Ok(response)
    }
}

fn new_flow(app: &App) -> String {
    BASE64URL_NOPAD.encode(&app.random.bytes::<FLOW_BYTES>())
}

fn is_flow(value: &str) -> bool {
    BASE64URL_NOPAD.decode(value.as_bytes()).is_ok_and(|bytes| bytes.len() == FLOW_BYTES)
}

/// 通知先メールアドレス, or what is wrong with it under the field's own name.
fn check_contact(errors: &mut Errors, field: &'static str, typed: &str) -> Option<MailAddress> {
    match MailAddress::parse(typed) {
        Err(MailAddressError::Empty) => {
            errors.add(field, "通知先メールアドレスを入力してください。");
            None
        }
        parsed => errors.check(field, parsed),
    }
}

/// The flow A1–A5 of this browser, if there is one.
fn current(app: &App, visit: &Visit) -> Result<Option<Applying>, Fault> {
    match visit.flow() {
        Some(key) => Ok(app.store.read(|r| flow::current(r, &app.config, visit.now, key))?),
        None => Ok(None),
    }
}

/// Where a browser belongs that may not see the screen it asked for.
fn home(flow: Option<&Applying>) -> Answer {
    see_other(flow.map_or(Screen::Apply, |flow| flow.stage.home()).path())
}
