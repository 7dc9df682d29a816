//! What keeps people out of an account just now, for the desk that may end it.

use jiff::Timestamp;

use super::claim::door;
use super::code;
use super::store::{STRANGERS, TRIES};
use crate::config::Lockout;
use crate::kernel::UserId;
use crate::security::Keys;
use crate::store::{Reads, Span, StoreError};

/// Strangers may leave any number of rows: no more than these are looked at.
const LOOKED_AT: usize = 1_000;

/// Locks on one user ID.
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
    let mut locks = Locks::default();
    for (_, tries) in r.list(&TRIES, &Span::prefix(&door), LOOKED_AT)? {
        if let Some(until) = tries.locked_until(now) {
            locks.devices += 1;
            locks.until = locks.until.max(Some(until));
        }
    }
    let (unknown, known) = code::closed(r, user_id, now)?;
    locks.devices += known.len();
    locks.until = locks.until.max(known.into_iter().max());
    locks.strangers = unknown.is_some() || r.get(&STRANGERS, &door)?.is_some_and(|strangers| strangers.are_refused(now, rules));
    Ok(locks)
}
