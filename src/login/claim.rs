//! Counting tries: each is reserved as wrong before its hash runs, and taken back when it was right or could not be decided.

use jiff::Timestamp;

use super::flow::Attempt;
use super::model::Tries;
use super::store::{STRANGERS, TRIES, TriesKey, refused_subject};
use crate::accounts::{self, Account};
use crate::audit::{self, Actor, Event};
use crate::config::Lockout;
use crate::kernel::{Id, Moment, UserId, text};
use crate::security::{Keys, Purpose, devices};
use crate::store::{Reads as _, StoreError, Tx};

/// Who tries what, in the form the rows are keyed by.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    key: TriesKey,
    pub(super) user_id: Option<UserId>,
    pub(super) device: Option<Id>,
    pub(super) client: String,
}

pub(super) enum Reservation {
    /// The device is locked for this ID.
    Locked(Timestamp),
    Reserved(Box<Reserved>),
}

/// A try counted as wrong until it turns out right.
#[derive(Clone, Debug)]
pub(super) struct Reserved {
    pub(super) account: Option<Account>,
    key: TriesKey,
    at: Timestamp,
    /// The device has logged in to this account before.
    known: bool,
    /// Unknown devices are let through, or this is none.
    pub(super) open: bool,
    /// The end of the lock that begins if this try is wrong.
    pub(super) locks: Option<Timestamp>,
}

impl Claim {
    pub(super) fn new(keys: &Keys, attempt: &Attempt) -> Self {
        let typed = text::capital_code(&attempt.typed);
        let key = keys.mac(Purpose::Device, &[b"typed user ID", typed.as_bytes()]).mac;
        Self {
            key: (key, attempt.browser),
            user_id: UserId::parse(&typed),
            device: attempt.device,
            client: attempt.client.clone(),
        }
    }

    /// The entry of somebody who has entered.
    pub(super) fn entered(&self, outcome: &'static str) -> Event {
        let event = self.event(outcome);
        match self.user_id {
            Some(user_id) => event.office(user_id.office()).subject(user_id),
            None => event,
        }
    }

    /// The entry of a try that was refused. Entries about existing and unknown IDs have the same rows. They do not stand under the office:
    /// a stranger could push all else out of its history.
    pub(super) fn refused(&self, outcome: &'static str) -> Event {
        let event = self.event(outcome);
        match self.user_id {
            Some(user_id) => {
                let office = user_id.office();
                event.prefecture(office.prefecture).subject(user_id).subject(refused_subject(office))
            }
            None => event,
        }
    }

    fn event(&self, outcome: &'static str) -> Event {
        Event::new(Actor::Visitor, "login.try").outcome(outcome).client(&self.client)
    }
}

pub(super) fn reserve(tx: &mut Tx<'_>, moment: &Moment, rules: &Lockout, claim: &Claim) -> Result<Reservation, StoreError> {
    let account = claim.user_id.map(|user_id| accounts::find(tx, user_id)).transpose()?.flatten();
    let mut known = match (claim.user_id, claim.device) {
        (Some(user_id), Some(device)) => devices::is_known(tx, &user_id.to_string(), device)?,
        _ => false,
    };
    let mut key = claim.key;
    let mut tries = tx.get(&TRIES, &key)?.unwrap_or_else(Tries::none);
    if let (true, Some(device)) = (known, claim.device) {
        let own = (key.0, devices::count_key(device));
        let of_device = tx.get(&TRIES, &own)?.unwrap_or_else(Tries::none);
        known = !of_device.is_worn_out(moment.now);
        if known {
            (key, tries) = (own, of_device);
        }
    }
    if let Some(until) = tries.locked_until(moment.now) {
        // One entry tells of the lock, not one for each try that it refuses.
        if tries.tell_lock() {
            tx.put(&TRIES, &key, &tries)?;
            audit::record(tx, moment, claim.refused("device_locked"))?;
        }
        return Ok(Reservation::Locked(until));
    }
    tries.reserve(moment.now, rules);
    let mut open = true;
    if !known {
        let mut strangers = tx.get(&STRANGERS, &key.0)?.unwrap_or_default();
        open = strangers.reserve(moment.now, rules);
        tx.put(&STRANGERS, &key.0, &strangers)?;
    }
    tx.put(&TRIES, &key, &tries)?;
    let locks = tries.locked_until(moment.now);
    Ok(Reservation::Reserved(Box::new(Reserved { account, key, at: moment.now, known, open, locks })))
}

/// The try was right: the device starts anew, and so does the account's run of wrong tries.
pub(super) fn succeed(tx: &mut Tx<'_>, reserved: &Reserved) -> Result<(), StoreError> {
    tx.delete(&TRIES, &reserved.key)?;
    let counted = (!reserved.known && reserved.open).then_some(reserved.at);
    tx.update(&STRANGERS, &reserved.key.0, |strangers| strangers.succeed(counted)).map(drop)
}

/// The try could not be decided: it does not count.
pub(super) fn give_back(tx: &mut Tx<'_>, reserved: &Reserved) -> Result<(), StoreError> {
    tx.update(&TRIES, &reserved.key, Tries::give_back)?;
    if !reserved.known && reserved.open {
        tx.update(&STRANGERS, &reserved.key.0, |strangers| strangers.give_back(reserved.at))?;
    }
    Ok(())
}
