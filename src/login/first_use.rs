//! What the first login with a temporary password brings about, beside the account itself (S2).

use crate::accounts::{self, Account, Change};
use crate::first_login;
use crate::kernel::Moment;
use crate::letters;
use crate::passkeys;
use crate::security::devices;
use crate::security::sessions::{self, Subject};
use crate::store::{StoreError, Tx};

/// In the transaction of the login: sessions opened with the old password end, remembered devices and passkeys are forgotten, the letter (and its
/// application) is done, and the registered addresses are told.
pub(super) fn follow(tx: &mut Tx<'_>, moment: &Moment, account: &Account, client: &str) -> Result<(), StoreError> {
    sessions::end_all(tx, Subject::Office(account.user_id))?;
    devices::forget_all(tx, &account.user_id.to_string())?;
    passkeys::forget_all(tx, Subject::Office(account.user_id))?;
    // The steps begin anew: an end that was not left belongs to what was done before.
    first_login::forget(tx, account.user_id)?;
    if let Some(temporary) = &account.temporary {
        letters::on_first_login(tx, moment, account.user_id, temporary.letter, client.parse().ok())?;
    }
    accounts::tell_change(tx, moment, account, Change::TemporaryUsed)
}
