//! Which step an office would be led to, as the desk is told it.

use jiff::Timestamp;

use super::model::{Facts, Next, next};
use super::store;
use crate::accounts::Account;
use crate::config::Config;
use crate::store::{Reads, StoreError};
use crate::terms;

/// The first step that is not done, whoever logs in next. A security address that was only put off is still due.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn due(r: &impl Reads, config: &Config, account: &Account, now: Timestamp) -> Result<Next, StoreError> {
    let progress = store::find(r, account.user_id)?;
    Ok(next(&Facts {
        account,
        progress: progress.as_ref(),
        limited: account.password.is_none(),
        deferred: false,
        terms: terms::newest_version(r)?,
        grace_until: config.security_mail.grace_until,
        now,
    }))
}
