//! The use cases, each one transaction on the flow's row. Every one reads the account anew: what the proof says counts only while the
//! account is as it was, and while the one-time password's address is still its 通知先.

pub(super) mod ask;
pub(super) mod otp;
pub(super) mod user;

use std::net::IpAddr;

use jiff::Timestamp;

use super::model::{Proven, Registering, Screen, Stage};
use super::store;
use crate::accounts::{self, Account};
use crate::app::App;
use crate::audit::{Actor, Event};
use crate::config::Config;
use crate::kernel::{MailAddress, Moment, UserId};
use crate::login::Proof;
use crate::portal::{self, Draft, Member, User};
use crate::store::{Reads, StoreError, Tx};

/// The world of one step: the installation, time, and where the visitor is. Owned, so that the writer thread can have it.
#[derive(Clone)]
pub struct Visitor {
    /// Settings and keys.
    pub app: App,
    /// Time and randomness.
    pub moment: Moment,
    /// Hash of the flow cookie.
    pub flow: [u8; 32],
    /// The client's network, as limits count it.
    pub network: String,
    /// The client's address, for the audit log.
    pub client: IpAddr,
}

/// Why a step is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// The flow is at this screen.
    To(Screen),
    /// The account has changed since it was proved: it must be proved anew.
    Changed,
}

/// The flow of this browser, unless it is older than flows are kept.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn current(r: &impl Reads, config: &Config, now: Timestamp, key: [u8; 32]) -> Result<Option<Registering>, StoreError> {
    let oldest = now.saturating_sub(config.retention.flow()).unwrap_or(Timestamp::MIN);
    Ok(store::find(r, key)?.filter(|flow| flow.at >= oldest))
}

/// The main user of an office as it is now.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn main_of(r: &impl Reads, user_id: UserId) -> Result<Option<(Member, User)>, StoreError> {
    let Some(institution) = portal::of_office(r, user_id)? else { return Ok(None) };
    let Some(main) = portal::member(r, institution.main)? else { return Ok(None) };
    Ok(portal::user(r, main.user)?.map(|user| (main, user)))
}

/// What this flow may register, with the account behind it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn proven(r: &impl Reads, visitor: &Visitor) -> Result<Result<(Registering, Proven, Account), Elsewhere>, StoreError> {
    let Some(flow) = visitor.current(r)? else { return Ok(Err(Elsewhere::To(Screen::Ask))) };
    let Some(proven) = flow.proven(&visitor.app.config.code, visitor.moment.now) else {
        return Ok(Err(Elsewhere::To(visitor.home(Some(&flow)))));
    };
    let account = still(r, proven.proof, &proven.address)?;
    Ok(account.map(|account| (flow, proven, account)).ok_or(Elsewhere::Changed))
}

/// The account of a proof, if it opens and has not changed since.
fn account_of(r: &impl Reads, proof: Proof) -> Result<Option<Account>, StoreError> {
    let account = accounts::find(r, proof.user_id)?;
    Ok(account.filter(|account| account.opens() && account.revision == proof.revision))
}

/// The same, if the one-time password would still go to this address.
fn still(r: &impl Reads, proof: Proof, address: &MailAddress) -> Result<Option<Account>, StoreError> {
    Ok(account_of(r, proof)?.filter(|account| account.contact() == Some(address)))
}

impl Visitor {
    fn current(&self, r: &impl Reads) -> Result<Option<Registering>, StoreError> {
        current(r, &self.app.config, self.moment.now, self.flow)
    }

    fn keep(&self, tx: &mut Tx<'_>, draft: Draft, stage: Stage) -> Result<Screen, StoreError> {
        let flow = Registering { at: self.moment.now, draft, stage };
        store::put(tx, self.flow, &flow)?;
        Ok(self.home(Some(&flow)))
    }

    fn home(&self, flow: Option<&Registering>) -> Screen {
        flow.map_or(Screen::Ask, |flow| flow.home(&self.app.config.code, self.moment.now))
    }

    /// An entry under the office. Who knows its password and no more is still a visitor.
    fn event(&self, action: &'static str, actor: Actor, user_id: UserId) -> Event {
        Event::new(actor, action).office(user_id.office()).client(self.client)
    }
}
