//! The table of challenges.

use super::model::Challenge;
use crate::kernel::Id;
use crate::security::KeyId;
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx};

const CHALLENGES: Table<Id, Challenge<KeyId>> = Table::new("codes");

pub(super) fn find(r: &impl Reads, id: Id) -> Result<Option<Challenge<KeyId>>, StoreError> {
    r.get(&CHALLENGES, &id)
}

pub(super) fn put(tx: &mut Tx<'_>, id: Id, challenge: &Challenge<KeyId>) -> Result<(), StoreError> {
    tx.put(&CHALLENGES, &id, challenge)
}

/// Removes challenges opened before `before`.
pub(super) async fn remove_older(store: &Store, before: jiff::Timestamp) -> Result<(), StoreError> {
    let old = move |challenge: &Challenge<KeyId>| challenge.opened < before;
    store::sweep(store, CHALLENGES, old, |tx, id| tx.delete(&CHALLENGES, id).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&CHALLENGES, |_, _, _| Ok(()));
}
