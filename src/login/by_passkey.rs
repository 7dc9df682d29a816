//! Entering with a passkey, whose answer `passkeys` has checked: whom it opens is decided here, beside the password.

use jiff::Timestamp;

use super::claim::Claim;
use super::code::CodeCaller;
use super::flow::{self, Entered};
use crate::accounts;
use crate::audit;
use crate::kernel::{Id, Moment, UserId};
use crate::security::sessions;
use crate::store::{StoreError, Tx};

/// Opens the session of an office whose passkey has answered: password and security code are not asked, the steps of the first login are. An
/// account that is suspended or has no password of its own is refused; a passkey never stands instead of it. Locks are for passwords, which
/// can be guessed: this way in stays open, ends none of them, and makes no device known. Who has the passkey only must not try passwords
/// for ever.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn enter_by_passkey(
    tx: &mut Tx<'_>,
    moment: &Moment,
    (user_id, passkey): (UserId, Id),
    caller: &CodeCaller,
    new_device: &(String, Id),
) -> Result<Option<Entered>, StoreError> {
    let why = match accounts::find(tx, user_id)? {
        None => "unknown",
        Some(account) if !account.opens() => "suspended",
        Some(account) if account.usable_password().is_none() => "passkey_disabled",
        Some(account) => {
            let claim = Claim::of(([0; 32], caller.browser), user_id, caller.device, caller);
            let entry = claim.entered("entered_by_passkey");
            let entered = flow::open_as_stranger(tx, moment, &claim, account, None, new_device, entry)?;
            // The password was not entered: before anything that opens the account changes, it is.
            sessions::change(tx, &sessions::hash(entered.session.expose()), |session| {
                session.reauthenticated = Timestamp::UNIX_EPOCH;
                session.passkey = Some(passkey);
            })?;
            return Ok(Some(entered));
        }
    };
    refuse_passkey(tx, moment, user_id, caller, why)?;
    Ok(None)
}

/// The entry of a passkey of this office that was refused; it stands where refused passwords do.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn refuse_passkey(
    tx: &mut Tx<'_>,
    moment: &Moment,
    user_id: UserId,
    caller: &CodeCaller,
    why: &'static str,
) -> Result<(), StoreError> {
    let claim = Claim::of(([0; 32], caller.browser), user_id, caller.device, caller);
    audit::record(tx, moment, claim.refused(why))
}
