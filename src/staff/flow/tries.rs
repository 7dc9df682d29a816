//! Counted tries of staff logins, by the same rules as those of offices (spec 2: per device, and all unknown devices together).
//!
//! Keyed by a keyed hash of the typed name: it may be a password typed into the wrong field and must not be kept readable.

use jiff::Timestamp;

use super::super::model::{Member, StaffName};
use super::super::store;
use super::login::Caller;
use crate::config::Lockout;
use crate::kernel::Id;
use crate::login::Tries;
use crate::security::{Keys, Purpose, devices};
use crate::store::{Reads, StoreError, Tx};

/// What tries on a typed name are counted under.
pub fn door(keys: &Keys, name: &StaffName) -> [u8; 32] {
    keys.mac(Purpose::Device, &[b"typed staff name", name.key().as_bytes()]).mac
}

/// A try counted as wrong until it turns out right.
#[derive(Clone, Debug)]
pub struct Reserved {
    /// The member of the typed name.
    pub member: Option<Member>,
    /// When it was counted.
    pub at: Timestamp,
    /// Unknown devices are let through, or this is none.
    pub open: bool,
    /// The end of the lock that begins if this try is wrong.
    pub locks: Option<Timestamp>,
    key: store::TriesKey,
    known: bool,
}

/// This device is locked for the typed name.
#[derive(Clone, Copy, Debug)]
pub struct Locked {
    /// Its end.
    pub until: Timestamp,
    /// The audit log is still to be told: one entry tells of the lock, not one for each try that it refuses.
    pub tell: bool,
}

/// The tries of the device that logs in, and their key, if this member has logged in with it before and it was not wrong too often since.
fn of_known_device(
    r: &impl Reads,
    now: Timestamp,
    door: [u8; 32],
    member: Option<&Member>,
    caller: &Caller,
) -> Result<Option<(store::TriesKey, Tries)>, StoreError> {
    let Some(device) = caller.device else { return Ok(None) };
    // Read for unknown names as well, so that they cost the same.
    let owner = member.map_or(Id::from_bytes([0; 16]), |member| member.id);
    if !devices::is_known(r, &super::device_owner(owner), device)? {
        return Ok(None);
    }
    let key = (door, devices::count_key(device));
    let tries = r.get(&store::TRIES, &key)?.unwrap_or_else(Tries::none);
    Ok((!tries.is_worn_out(now)).then_some((key, tries)))
}

/// Whether the member of this name has logged in with this device before; that of anybody else is a stranger's.
pub fn is_known(r: &impl Reads, now: Timestamp, keys: &Keys, name: &StaffName, caller: &Caller) -> Result<bool, StoreError> {
    let member = store::by_name(r, name)?;
    Ok(of_known_device(r, now, door(keys, name), member.as_ref(), caller)?.is_some())
}

/// Counts a try as wrong, unless this device is locked.
pub fn reserve(
    tx: &mut Tx<'_>,
    now: Timestamp,
    rules: &Lockout,
    keys: &Keys,
    name: &StaffName,
    caller: &Caller,
) -> Result<Result<Reserved, Locked>, StoreError> {
    let member = store::by_name(tx, name)?;
    let door = door(keys, name);
    let of_device = of_known_device(tx, now, door, member.as_ref(), caller)?;
    let known = of_device.is_some();
    let (key, mut tries) = match of_device {
        Some(own) => own,
        None => ((door, caller.browser), tx.get(&store::TRIES, &(door, caller.browser))?.unwrap_or_else(Tries::none)),
    };
    if let Some(until) = tries.locked_until(now) {
        let tell = tries.tell_lock();
        if tell {
            tx.put(&store::TRIES, &key, &tries)?;
        }
        return Ok(Err(Locked { until, tell }));
    }
    tries.reserve(now, rules);
    let mut open = true;
    if !known {
        let mut strangers = tx.get(&store::STRANGERS, &key.0)?.unwrap_or_default();
        open = strangers.reserve(now, rules);
        tx.put(&store::STRANGERS, &key.0, &strangers)?;
    }
    tx.put(&store::TRIES, &key, &tries)?;
    Ok(Ok(Reserved { member, at: now, open, locks: tries.locked_until(now), key, known }))
}

/// Takes a reserved try back: the password was right, or could not be compared.
pub fn give_back(tx: &mut Tx<'_>, reserved: &Reserved) -> Result<(), StoreError> {
    tx.update(&store::TRIES, &reserved.key, Tries::give_back)?;
    if !reserved.known && reserved.open {
        tx.update(&store::STRANGERS, &reserved.key.0, |all| all.give_back(reserved.at))?;
    }
    Ok(())
}

/// Forgets this browser's and this device's tries after a complete login, and ends the run of wrong ones.
pub fn succeed(tx: &mut Tx<'_>, door: [u8; 32], caller: &Caller) -> Result<(), StoreError> {
    tx.delete(&store::TRIES, &(door, caller.browser))?;
    if let Some(device) = caller.device {
        tx.delete(&store::TRIES, &(door, devices::count_key(device)))?;
    }
    tx.update(&store::STRANGERS, &door, |all| all.succeed(None)).map(drop)
}
