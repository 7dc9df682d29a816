//! Counted tries of staff logins, by the same rules as those of offices (spec 2: per device, and all unknown devices together).
//!
//! Keyed by a keyed hash of the typed name: it may be a password typed into the wrong field and must not be kept readable.

use jiff::Timestamp;

use super::super::model::{Member, StaffName};
use super::super::store::{self, DOORS};
use super::device_owner;
use super::login::Caller;
use crate::config::Lockout;
use crate::kernel::Id;
use crate::login::{Held, Knock, Locked};
use crate::security::{Keys, Purpose};
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
    /// The try.
    pub held: Held,
}

fn knock(door: [u8; 32], member: Option<Id>, caller: &Caller) -> Knock {
    // Read for unknown names as well, so that they cost the same.
    let owner = device_owner(member.unwrap_or(Id::from_bytes([0; 16])));
    Knock { door, owner, browser: caller.browser, device: caller.device }
}

/// Whether the member of this name has logged in with this device before; that of anybody else is a stranger's.
pub fn is_known(r: &impl Reads, now: Timestamp, keys: &Keys, name: &StaffName, caller: &Caller) -> Result<bool, StoreError> {
    let member = store::by_name(r, name)?;
    DOORS.is_known(r, now, &knock(door(keys, name), member.map(|member| member.id), caller))
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
    let knock = knock(door(keys, name), member.as_ref().map(|member| member.id), caller);
    Ok(DOORS.reserve(tx, now, rules, &knock)?.map(|held| Reserved { member, held }))
}

/// Takes a reserved try back: the password was right, or could not be compared.
pub fn give_back(tx: &mut Tx<'_>, reserved: &Reserved) -> Result<(), StoreError> {
    DOORS.give_back(tx, &reserved.held)
}

/// Forgets this browser's and this device's tries after a complete login, and ends the run of wrong ones.
pub fn succeed(tx: &mut Tx<'_>, door: [u8; 32], member: Id, caller: &Caller) -> Result<(), StoreError> {
    DOORS.succeed(tx, &knock(door, Some(member), caller), None)
}
