//! The tables of flows, under the key of their session: a flow dies with it, and no other browser can go on with it.

use jiff::Timestamp;

use super::model::{Adding, Moving};
use crate::kernel::clock;
use crate::store::{self, Check, Store, StoreError, Table};

pub(super) const ADDING: Table<[u8; 32], Adding> = Table::new("portal_user_flows");
pub(super) const MOVING: Table<[u8; 32], Moving> = Table::new("portal_mail_flows");

/// Removes flows last gone on with before `before`, or while a clock was ahead of `now`.
pub(super) async fn remove_older(store: &Store, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let is_old = move |at: Timestamp| at < before || clock::is_ahead(at, now);
    store::sweep(store, ADDING, move |flow| is_old(flow.at), |tx, key| tx.delete(&ADDING, key).map(drop)).await?;
    store::sweep(store, MOVING, move |flow| is_old(flow.at), |tx, key| tx.delete(&MOVING, key).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&ADDING, |_, _, _| Ok(()));
    c.table(&MOVING, |_, _, _| Ok(()));
}
