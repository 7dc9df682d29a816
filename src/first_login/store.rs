//! How far the first login of each office has come.

use super::model::Progress;
use crate::accounts;
use crate::kernel::UserId;
use crate::store::{Check, Reads, StoreError, Table, Tx, expect};

const PROGRESS: Table<UserId, Progress> = Table::new("first_login");

pub(super) fn find(r: &impl Reads, user_id: UserId) -> Result<Option<Progress>, StoreError> {
    r.get(&PROGRESS, &user_id)
}

pub(super) fn put(tx: &mut Tx<'_>, user_id: UserId, progress: &Progress) -> Result<(), StoreError> {
    tx.put(&PROGRESS, &user_id, progress)
}

/// Forgets how far the steps have been walked: they are done, or another temporary password begins them anew.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn forget(tx: &mut Tx<'_>, user_id: UserId) -> Result<(), StoreError> {
    tx.delete(&PROGRESS, &user_id).map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&PROGRESS, |r, user_id, _| expect(accounts::find(r, *user_id)?.is_some(), "このユーザIDの利用者がありません"));
}
