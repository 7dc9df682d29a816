//! Tables of the visitor's flows, under the hash of the flow cookie.

use jiff::Timestamp;

use super::super::model::{Applying, Looking};
use crate::kernel::clock;
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx};

const APPLYING: Table<[u8; 32], Applying> = Table::new("reissue_applying");
const LOOKING: Table<[u8; 32], Looking> = Table::new("reissue_looking");

pub(in crate::reissue) fn applying(r: &impl Reads, key: [u8; 32]) -> Result<Option<Applying>, StoreError> {
    r.get(&APPLYING, &key)
}

pub(in crate::reissue) fn put_applying(tx: &mut Tx<'_>, key: [u8; 32], flow: &Applying) -> Result<(), StoreError> {
    tx.put(&APPLYING, &key, flow)
}

pub(in crate::reissue) fn looking(r: &impl Reads, key: [u8; 32]) -> Result<Option<Looking>, StoreError> {
    r.get(&LOOKING, &key)
}

pub(in crate::reissue) fn put_looking(tx: &mut Tx<'_>, key: [u8; 32], flow: &Looking) -> Result<(), StoreError> {
    tx.put(&LOOKING, &key, flow)
}

/// Removes flows last gone on with before `before`, or while a clock was ahead of `now`: they would stay until that day.
pub(in crate::reissue) async fn remove_older(store: &Store, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let old = move |at: Timestamp| at < before || clock::is_ahead(at, now);
    store::sweep(store, APPLYING, move |flow| old(flow.at), |tx, key| tx.delete(&APPLYING, key).map(drop)).await?;
    store::sweep(store, LOOKING, move |flow| old(flow.at), |tx, key| tx.delete(&LOOKING, key).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&APPLYING, |_, _, _| Ok(()));
    c.table(&LOOKING, |_, _, _| Ok(()));
}
