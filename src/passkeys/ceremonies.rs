//! What browsers have under way: of whoever is logged in under their session, of visitors under their device or browser. One each.

use jiff::Timestamp;

use super::model::Ceremony;
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx};

const UNDER_WAY: Table<[u8; 32], Ceremony> = Table::new("passkey_ceremonies");

/// Where ceremonies lie: whoever leaves it out of a copy ends them all.
pub const CEREMONIES: &str = UNDER_WAY.name();

/// The one that waits here for this browser's answer.
pub(super) fn find(r: &impl Reads, key: &[u8; 32], browser: &[u8; 32], now: Timestamp) -> Result<Option<Ceremony>, StoreError> {
    Ok(r.get(&UNDER_WAY, key)?.filter(|one| one.browser == *browser && one.is_open(now)))
}

/// Begins one; another that waits here is over.
pub(super) fn put(tx: &mut Tx<'_>, key: &[u8; 32], ceremony: &Ceremony) -> Result<(), StoreError> {
    tx.put(&UNDER_WAY, key, ceremony)
}

/// Takes the one that was answered away. `false` if it is not the one that waits: somebody else has answered it, or it was begun anew.
pub(super) fn take(tx: &mut Tx<'_>, key: &[u8; 32], answered: &Ceremony, now: Timestamp) -> Result<bool, StoreError> {
    if find(tx, key, &answered.browser, now)?.as_ref() != Some(answered) {
        return Ok(false);
    }
    tx.delete(&UNDER_WAY, key)
}

/// Removes those that wait no more.
pub(super) async fn remove_over(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store::sweep(store, UNDER_WAY, move |one| !one.is_open(now), |tx, key| tx.delete(&UNDER_WAY, key).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&UNDER_WAY, |_, _, _| Ok(()));
}
