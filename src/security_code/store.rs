//! What sessions have under way.

use jiff::{SignedDuration, Timestamp};

use super::model::Setup;
use crate::kernel::clock;
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx};

const SETUPS: Table<[u8; 32], Setup> = Table::new("security_code_setups");

/// Of the session of this key.
pub(super) fn find(r: &impl Reads, session: &[u8; 32]) -> Result<Option<Setup>, StoreError> {
    r.get(&SETUPS, session)
}

pub(super) fn put(tx: &mut Tx<'_>, session: &[u8; 32], setup: &Setup) -> Result<(), StoreError> {
    tx.put(&SETUPS, session, setup)
}

/// Removes those that nobody goes on with: older than `keep`, or of a clock that was ahead.
pub(super) async fn remove_old(store: &Store, now: Timestamp, keep: SignedDuration) -> Result<(), StoreError> {
    let old = move |setup: &Setup| now.duration_since(setup.at) >= keep || clock::is_ahead(setup.at, now);
    store::sweep(store, SETUPS, old, |tx, key| tx.delete(&SETUPS, key).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&SETUPS, |_, _, _| Ok(()));
}
