//! The table of registrations under way, under the hash of the flow cookie.

use jiff::Timestamp;

use super::model::Registering;
use crate::kernel::clock;
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx};

const FLOWS: Table<[u8; 32], Registering> = Table::new("portal_register_flows");

pub(super) fn find(r: &impl Reads, key: [u8; 32]) -> Result<Option<Registering>, StoreError> {
    r.get(&FLOWS, &key)
}

pub(super) fn put(tx: &mut Tx<'_>, key: [u8; 32], flow: &Registering) -> Result<(), StoreError> {
    tx.put(&FLOWS, &key, flow)
}

/// Removes flows last gone on with before `before`, or while a clock was ahead of `now`: they would stay until that day.
pub(super) async fn remove_older(store: &Store, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let old = move |flow: &Registering| flow.at < before || clock::is_ahead(flow.at, now);
    store::sweep(store, FLOWS, old, |tx, key| tx.delete(&FLOWS, key).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&FLOWS, |_, _, _| Ok(()));
}
