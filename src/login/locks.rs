//! What keeps people out of an account just now, for the desk that may end it.

use jiff::Timestamp;

use super::claim::door;
use super::code_counts;
use super::store::DOORS;
use crate::config::Lockout;
use crate::kernel::UserId;
use crate::security::Keys;
use crate::store::{Reads, StoreError};

/// Strangers may leave any number of rows: no more than these are looked at.
pub(super) const LOOKED_AT: usize = 1_000;

/// Locks on one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Locks {
    /// Browsers and devices that are locked, of the first thousand that tried.
    pub devices: usize,
    /// When the last of those locks ends.
    pub until: Option<Timestamp>,
    /// Devices that the account does not know are refused.
    pub strangers: bool,
}

impl Locks {
    /// Whether there is any.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.devices > 0 || self.strangers
    }
}

/// The locks on a user ID at `now`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn locks(r: &impl Reads, keys: &Keys, rules: &Lockout, user_id: UserId, now: Timestamp) -> Result<Locks, StoreError> {
    let door = door(keys, &user_id.to_string());
    let mut locks = DOORS.locks(r, now, rules, &door)?;
    let (unknown, known) = code_counts::closed(r, user_id, now)?;
    locks.devices += known.len();
    locks.until = locks.until.max(known.into_iter().max());
    locks.strangers |= unknown.is_some();
    Ok(locks)
}
