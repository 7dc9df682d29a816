//! The use cases, each one transaction on the flow's row.
//!
//! What happens before a code was proved is written so that it costs the same whether number and address belong together or not: every
//! question is asked of the database in both cases, every row written, every mail posted (the composer drops it).

pub(super) mod ask;
pub(super) mod close;
pub(super) mod device;
pub(super) mod prove;
pub(super) mod set;

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use super::model::{Flow, Screen, Stage, Typed, Way};
use super::store;
use crate::accounts::{self, Account};
use crate::audit::{Actor, Event};
use crate::config::Config;
use crate::kernel::{MailAddress, Moment, OfficeKey, UserId};
use crate::security::Keys;
use crate::security::limits::{self, Allowance, Rule};
use crate::store::{Reads, StoreError, Tx};

const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// Wrong one-time passwords in a day that close a pair of office and address (spec 2), for resets and devices together.
const MOST_WRONG: u32 = 10;
const WRONG: Rule = Rule { name: "reset.wrong", per: A_DAY, most: MOST_WRONG };
/// A closed pair. The day begins with the last wrong entry.
const CLOSED: Rule = Rule { name: "reset.closed", per: A_DAY, most: 1 };
/// Wrong entries while it is closed: counted, so that they cost what others cost. Codes are too few to come to so many.
const WHILE_CLOSED: Rule = Rule { name: "reset.while_closed", per: A_DAY, most: 1_000 };

/// What the log calls the end of a pair.
const CLOSING: &str = "reset.close";

/// The world of one step: time, settings, keys, and where the visitor is.
#[derive(Clone, Debug)]
pub struct Visitor<'a> {
    /// Time and randomness.
    pub moment: Moment,
    /// Settings.
    pub config: &'a Config,
    /// For codes.
    pub keys: &'a Keys,
    /// What is to be opened.
    pub way: Way,
    /// Hash of the flow cookie.
    pub flow: [u8; 32],
    /// The client's network, as limits count it.
    pub network: String,
    /// The client's address, for the audit log.
    pub client: IpAddr,
}

/// The flow of this browser, unless it is older than flows are kept.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn current(r: &impl Reads, config: &Config, now: Timestamp, way: Way, key: [u8; 32]) -> Result<Option<Flow>, StoreError> {
    let oldest = now.saturating_sub(config.retention.flow()).unwrap_or(Timestamp::MIN);
    Ok(store::find(r, way, key)?.filter(|flow| flow.at >= oldest))
}

impl Visitor<'_> {
    fn current(&self, r: &impl Reads) -> Result<Option<Flow>, StoreError> {
        current(r, self.config, self.moment.now, self.way, self.flow)
    }

    fn keep(&self, tx: &mut Tx<'_>, typed: Typed, stage: Stage) -> Result<Screen, StoreError> {
        let flow = Flow { at: self.moment.now, typed, stage };
        store::put(tx, self.way, self.flow, &flow)?;
        Ok(flow.home(&self.config.code, self.moment.now))
    }

    fn home(&self, flow: Option<&Flow>) -> Screen {
        flow.map_or(Screen::Ask, |flow| flow.home(&self.config.code, self.moment.now))
    }

    /// An entry about somebody who has proved nothing yet. It does not stand under the office: strangers could push all else out of its
    /// history.
    fn event(&self, action: &'static str, office: OfficeKey, address: &MailAddress) -> Event {
        Event::new(Actor::Visitor, action)
            .prefecture(office.prefecture)
            .subject(format!("asked by mail: {office}"))
            .detail("address", address.masked())
            .client(self.client)
    }

    const fn asked(&self) -> &'static str {
        match self.way {
            Way::Reset => "reset.ask",
            Way::Device => "login.device_ask",
        }
    }

    const fn entered(&self) -> &'static str {
        match self.way {
            Way::Reset => "reset.code",
            Way::Device => "login.device_code",
        }
    }
}

/// The account of this office, if it opens and the address is one of its own. One read whether there is one or not.
fn registered(r: &impl Reads, office: OfficeKey, address: &MailAddress) -> Result<Option<Account>, StoreError> {
    let account = accounts::find(r, UserId::of(office))?;
    Ok(account.filter(|account| account.opens() && account.security_mails.contains(address)))
}

/// What wrong entries are counted under, matching or not.
fn pair(office: OfficeKey, address: &MailAddress) -> String {
    format!("{} {}", UserId::of(office), address.key())
}

fn is_closed(r: &impl Reads, now: Timestamp, office: OfficeKey, address: &MailAddress) -> Result<bool, StoreError> {
    Ok(limits::peek(r, now, CLOSED, &pair(office, address))? != Allowance::Fine)
}
