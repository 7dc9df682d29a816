//! Tables of both ways, under the hash of the flow cookie.

use jiff::Timestamp;

use super::model::{Flow, Way};
use crate::kernel::clock;
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx};

const RESETS: Table<[u8; 32], Flow> = Table::new("reset_flows");
const DEVICES: Table<[u8; 32], Flow> = Table::new("device_flows");

const fn table(way: Way) -> &'static Table<[u8; 32], Flow> {
    match way {
        Way::Reset => &RESETS,
        Way::Device => &DEVICES,
    }
}

pub(super) fn find(r: &impl Reads, way: Way, key: [u8; 32]) -> Result<Option<Flow>, StoreError> {
    r.get(table(way), &key)
}

pub(super) fn put(tx: &mut Tx<'_>, way: Way, key: [u8; 32], flow: &Flow) -> Result<(), StoreError> {
    tx.put(table(way), &key, flow)
}

/// Removes flows last gone on with before `before`, or while a clock was ahead of `now`: they would stay until that day.
pub(super) async fn remove_older(store: &Store, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let old = move |flow: &Flow| flow.at < before || clock::is_ahead(flow.at, now);
    store::sweep(store, RESETS, old, |tx, key| tx.delete(&RESETS, key).map(drop)).await?;
    store::sweep(store, DEVICES, old, |tx, key| tx.delete(&DEVICES, key).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&RESETS, |_, _, _| Ok(()));
    c.table(&DEVICES, |_, _, _| Ok(()));
}
