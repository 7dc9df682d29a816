//! How far the first login of each office has come, and addresses on their way into accounts.

use jiff::Timestamp;

use super::model::{Progress, Registering};
use crate::accounts;
use crate::kernel::{UserId, clock};
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx, expect};

const PROGRESS: Table<UserId, Progress> = Table::new("first_login");
/// Under the key of the session: what was begun dies with it, and no other browser can go on with it.
const ADDRESSES: Table<[u8; 32], Registering> = Table::new("first_login_addresses");

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

pub(super) fn registering(r: &impl Reads, session: [u8; 32]) -> Result<Option<Registering>, StoreError> {
    r.get(&ADDRESSES, &session)
}

pub(super) fn put_registering(tx: &mut Tx<'_>, session: [u8; 32], row: &Registering) -> Result<(), StoreError> {
    tx.put(&ADDRESSES, &session, row)
}

pub(super) fn forget_registering(tx: &mut Tx<'_>, session: [u8; 32]) -> Result<(), StoreError> {
    tx.delete(&ADDRESSES, &session).map(drop)
}

/// Removes what was last gone on with before `before`, or while a clock was ahead of `now`.
pub(super) async fn remove_older(store: &Store, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let old = move |row: &Registering| row.at < before || clock::is_ahead(row.at, now);
    store::sweep(store, ADDRESSES, old, |tx, key| tx.delete(&ADDRESSES, key).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&PROGRESS, |r, user_id, _| expect(accounts::find(r, *user_id)?.is_some(), "このユーザIDの利用者がありません"));
    c.table(&ADDRESSES, |_, _, _| Ok(()));
}
