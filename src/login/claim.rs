//! Counting tries: each is reserved as wrong before its hash runs, and taken back when it was right or could not be decided.

use jiff::Timestamp;

use super::attempts::matters;
use super::code::CodeCaller;
use super::doors::TriesKey;
use super::flow::Attempt;
use super::model::Tries;
use super::store::{DOORS, STRANGERS, TRIES, known_subject, refused_subject};
use crate::accounts::{self, Account, Temporary};
use crate::audit::{self, Actor, Event};
use crate::config::Lockout;
use crate::kernel::{Id, Moment, Secret, UserId, text};
use crate::security::{Keys, Purpose, devices};
use crate::store::{Reads, StoreError, Tx};

/// Who tries what, in the form the rows are keyed by.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    key: TriesKey,
    pub(super) user_id: Option<UserId>,
    pub(super) device: Option<Id>,
    pub(super) client: String,
    pub(super) agent: String,
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
        Self {
            key: (door(keys, &typed), attempt.browser),
            user_id: UserId::parse(&typed),
            device: attempt.device,
            client: attempt.client.clone(),
            agent: attempt.agent.clone(),
        }
    }

    /// The same door and browser, when the code of a login comes that has waited for it.
    pub(super) fn of(key: TriesKey, user_id: UserId, device: Option<Id>, caller: &CodeCaller) -> Self {
        Self { key, user_id: Some(user_id), device, client: caller.client.clone(), agent: caller.agent.clone() }
    }

    /// What tries of the typed ID are counted under, and the browser.
    pub(super) const fn key(&self) -> &TriesKey {
        &self.key
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
    /// a stranger could push all else out of its history. Those of somebody who knew the password stand apart from the others: nobody who
    /// does not know it pushes them out.
    pub(super) fn refused(&self, outcome: &'static str) -> Event {
        let event = self.event(outcome);
        match self.user_id {
            Some(user_id) => {
                let office = user_id.office();
                let apart = if matters(outcome) { known_subject(office) } else { refused_subject(office) };
                event.prefecture(office.prefecture).subject(user_id).subject(apart)
            }
            None => event,
        }
    }

    fn event(&self, outcome: &'static str) -> Event {
        Event::new(Actor::Visitor, "login.try").outcome(outcome).client(&self.client)
    }
}

/// The tries of the device that logs in, and their key, if the typed account has been entered with it before and it was not wrong too
/// often since. Every other device is a stranger's, also one that another account knows.
fn of_known_device(r: &impl Reads, now: Timestamp, claim: &Claim) -> Result<Option<(TriesKey, Tries)>, StoreError> {
    let (Some(user_id), Some(device)) = (claim.user_id, claim.device) else { return Ok(None) };
    if !devices::is_known(r, &user_id.to_string(), device)? {
        return Ok(None);
    }
    let key = (claim.key.0, devices::count_key(device));
    let tries = r.get(&TRIES, &key)?.unwrap_or_else(Tries::none);
    Ok((!tries.is_worn_out(now)).then_some((key, tries)))
}

/// Whether this may be the office itself whatever strangers do: a device it has entered with, or its letter.
pub(super) fn is_expected(
    r: &impl Reads,
    keys: &Keys,
    now: Timestamp,
    claim: &Claim,
    password: &Secret<String>,
) -> Result<bool, StoreError> {
    Ok(of_known_device(r, now, claim)?.is_some() || holds_letter(r, keys, now, claim, password)?)
}

/// Whether the typed password is a temporary one that enters now.
fn holds_letter(
    r: &impl Reads,
    keys: &Keys,
    now: Timestamp,
    claim: &Claim,
    password: &Secret<String>,
) -> Result<bool, StoreError> {
    let Some(user_id) = claim.user_id else { return Ok(false) };
    let account = accounts::find(r, user_id)?.filter(|account| !account.suspended);
    let letter = account.as_ref().and_then(|account| account.live_temporary(now));
    // Where there is none, another is compared: no answer may come sooner for that.
    let none = Temporary::new(keys, user_id, &Secret::new(String::new()), Id::from_bytes([0; 16]), now);
    Ok(letter.unwrap_or(&none).matches(keys, user_id, password) && letter.is_some())
}

/// What tries of a typed ID are counted under: a text that is no user ID may be a password typed into the wrong field.
pub(super) fn door(keys: &Keys, typed: &str) -> [u8; 32] {
    keys.mac(Purpose::Device, &[b"typed user ID", typed.as_bytes()]).mac
}

/// Forgets every count and lock of this ID, of all devices; says how many rows there were.
pub(super) fn forget(tx: &mut Tx<'_>, keys: &Keys, user_id: UserId) -> Result<usize, StoreError> {
    DOORS.forget(tx, &door(keys, &user_id.to_string()))
}

/// Forgets the count and the lock of one device of this ID that is known to it.
pub(super) fn forget_device(tx: &mut Tx<'_>, keys: &Keys, user_id: UserId, device: Id) -> Result<(), StoreError> {
    tx.delete(&TRIES, &(door(keys, &user_id.to_string()), devices::count_key(device))).map(drop)
}

/// Until when the device is locked for this ID, if it is.
pub(super) fn locked_until(r: &impl Reads, now: Timestamp, claim: &Claim) -> Result<Option<Timestamp>, StoreError> {
    let tries = match of_known_device(r, now, claim)? {
        Some((_, own)) => Some(own),
        None => r.get(&TRIES, &claim.key)?,
    };
    Ok(tries.and_then(|tries| tries.locked_until(now)))
}

pub(super) fn reserve(tx: &mut Tx<'_>, moment: &Moment, rules: &Lockout, claim: &Claim) -> Result<Reservation, StoreError> {
    let account = claim.user_id.map(|user_id| accounts::find(tx, user_id)).transpose()?.flatten();
    let of_device = of_known_device(tx, moment.now, claim)?;
    let known = of_device.is_some();
    let (key, mut tries) = match of_device {
        Some(own) => own,
        None => (claim.key, tx.get(&TRIES, &claim.key)?.unwrap_or_else(Tries::none)),
    };
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

/// The code of a login was right. Its try was given back when it began to wait: what had gone before ends only now, so that the password
/// alone ends no run of wrong tries. `failed` is when this login was counted as a failure, for a wrong code before.
pub(super) fn succeed_at_last(
    tx: &mut Tx<'_>,
    now: Timestamp,
    claim: &Claim,
    failed: Option<Timestamp>,
) -> Result<(), StoreError> {
    let key = of_known_device(tx, now, claim)?.map_or(claim.key, |(key, _)| key);
    tx.delete(&TRIES, &key)?;
    tx.update(&STRANGERS, &key.0, |strangers| strangers.succeed(failed)).map(drop)
}

/// The try could not be decided: it does not count.
pub(super) fn give_back(tx: &mut Tx<'_>, reserved: &Reserved) -> Result<(), StoreError> {
    tx.update(&TRIES, &reserved.key, Tries::give_back)?;
    if !reserved.known && reserved.open {
        tx.update(&STRANGERS, &reserved.key.0, |strangers| strangers.give_back(reserved.at))?;
    }
    Ok(())
}
