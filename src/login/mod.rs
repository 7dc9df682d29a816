//! Login of offices: user ID and password, lock-out, remembered devices, logout, and the guard before every page of an office.
//!
//! `model` holds the lock-out rules, `doors` how the logins of staff and of the portal count by them, `decision` who enters, `waiting` and `code` what follows where the office has
//! set a security code, `by_passkey` the way in beside both, `prove` what shows the portal who the
//! office is (`goal` keeps the two apart), `attempts` what the log says of those who did not enter. `office` is what handlers behind the guard receive;
//! `new_password` and `reauth` are the parts of screens on which an office changes what opens its account; `ask_again` is what `reauth` shares with
//! staff and the portal.

mod ask_again;
mod attempts;
mod by_passkey;
mod claim;
mod code;
mod code_counts;
mod decision;
mod device_table;
mod doors;
mod first_use;
mod flow;
mod goal;
mod locks;
mod model;
mod new_password;
mod office;
pub mod pages;
mod prove;
mod reauth;
mod store;
mod waiting;

pub use ask_again::{Asked, FIELD as PRESENT_PASSWORD, FRESH, ask_again, counted_under, is_recent, present_password};
pub use attempts::{Attempted, RefusedTries, attempts, refused_tries};
pub use by_passkey::{enter_by_passkey, refuse_passkey};
pub use code::{CodeAnswer, CodeCaller, CodeKind, Ended, enter_code, waits_for};
pub use device_table::{DEVICE, DEVICE_FORM, device_table};
pub use doors::{Doors, Held, Knock, Locked, TriesKey};
pub use flow::{Attempt, Entered, LoginError, Outcome, log_in, log_out};
pub use locks::{Locks, locks};
pub use model::{MOST_CONSECUTIVE, Strangers, Tries};
pub use new_password::{is_old, judge_new, judge_typed, new_password_fields, new_password_fields_below, password_fields};
pub use office::{Admission, Door, MOVED, MenuPage, Office, admit, turn_away};
pub use pages::code::{code_part, judge_code, wrong_code};
pub use pages::{Asks, advice, codes_closed, locked, opened};
pub use prove::{Proof, ProofAnswer, Proving, prove, prove_code, waits_for_proof};
pub use reauth::{
    Confirmed, confirm, confirm_always, confirm_anew, confirm_to_end, confirmed, is_fresh, note_missing, password_again,
    password_anew,
};
pub use store::{SWEEP, check, sweep};
pub use waiting::WAITING_LOGINS;

use crate::kernel::{Id, UserId};
use crate::security::Keys;
use crate::store::{StoreError, Tx};

/// Ends every lock and count of wrong tries on this user ID, of all devices, known or not, those of security codes as well; says how many
/// rows there were.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn unlock(tx: &mut Tx<'_>, keys: &Keys, user_id: UserId) -> Result<usize, StoreError> {
    Ok(code_counts::forget(tx, user_id)? + claim::forget(tx, keys, user_id)?)
}

/// Forgets what was wrong on one device of this user ID: it was let in by a one-time password, and begins anew.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn forgive_device(tx: &mut Tx<'_>, keys: &Keys, user_id: UserId, device: Id) -> Result<(), StoreError> {
    code_counts::forget_device(tx, user_id, device)?;
    claim::forget_device(tx, keys, user_id, device)
}
