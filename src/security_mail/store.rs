//! The table of flows, under the key of their session: a flow dies with it, and no other browser can go on with it.

use jiff::Timestamp;

use super::model::Editing;
use crate::kernel::clock;
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx};

const FLOWS: Table<[u8; 32], Editing> = Table::new("security_mail_flows");

pub(super) fn find(r: &impl Reads, session: &[u8; 32]) -> Result<Option<Editing>, StoreError> {
    r.get(&FLOWS, session)
}

pub(super) fn put(tx: &mut Tx<'_>, session: &[u8; 32], flow: &Editing) -> Result<(), StoreError> {
    tx.put(&FLOWS, session, flow)
}

pub(super) fn forget(tx: &mut Tx<'_>, session: &[u8; 32]) -> Result<(), StoreError> {
    tx.delete(&FLOWS, session).map(drop)
}

/// Removes flows last gone on with before `before`, or while a clock was ahead of `now`.
pub(super) async fn remove_older(store: &Store, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let old = move |flow: &Editing| flow.at < before || clock::is_ahead(flow.at, now);
    store::sweep(store, FLOWS, old, |tx, key| tx.delete(&FLOWS, key).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&FLOWS, |_, _, _| Ok(()));
}
