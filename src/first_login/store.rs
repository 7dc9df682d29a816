//! How far the first login of each office has come.

use super::model::Progress;
use crate::kernel::UserId;
use crate::store::{Reads, StoreError, Table, Tx};

const PROGRESS: Table<UserId, Progress> = Table::new("first_login");

pub(super) fn find(r: &impl Reads, user_id: UserId) -> Result<Option<Progress>, StoreError> {
    r.get(&PROGRESS, &user_id)
}

pub(super) fn put(tx: &mut Tx<'_>, user_id: UserId, progress: &Progress) -> Result<(), StoreError> {
    tx.put(&PROGRESS, &user_id, progress)
}

pub(super) fn end(tx: &mut Tx<'_>, user_id: UserId) -> Result<(), StoreError> {
    tx.delete(&PROGRESS, &user_id).map(drop)
}
