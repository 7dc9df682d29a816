//! The table of challenges.

use jiff::Timestamp;

use super::model::Challenge;
use crate::kernel::{Id, clock};
use crate::security::KeyId;
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx};

const CHALLENGES: Table<Id, Challenge<KeyId>> = Table::new("codes");

pub(super) fn find(r: &impl Reads, id: Id) -> Result<Option<Challenge<KeyId>>, StoreError> {
    r.get(&CHALLENGES, &id)
}

pub(super) fn put(tx: &mut Tx<'_>, id: Id, challenge: &Challenge<KeyId>) -> Result<(), StoreError> {
    tx.put(&CHALLENGES, &id, challenge)
}

/// Removes challenges opened before `before`, or by a clock that was ahead of `now`.
pub(super) async fn remove_older(store: &Store, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let old = move |challenge: &Challenge<KeyId>| challenge.opened < before || clock::is_ahead(challenge.opened, now);
    store::sweep(store, CHALLENGES, old, |tx, id| tx.delete(&CHALLENGES, id).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&CHALLENGES, |_, _, _| Ok(()));
}
