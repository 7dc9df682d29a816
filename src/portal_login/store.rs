//! Logins that wait, under the browser; flows of パスワードを忘れた方, under the hash of the flow cookie.

use jiff::Timestamp;

use super::model::{Losing, Waiting};
use crate::kernel::clock;
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx};

const WAITING: Table<[u8; 32], Waiting> = Table::new("portal_waiting");
const FLOWS: Table<[u8; 32], Losing> = Table::new("portal_lost_flows");

/// Where logins lie that wait for their one-time password: whoever leaves it out of a copy ends them all.
pub const WAITING_LOGINS: &str = WAITING.name();

/// The login of this browser, if it is in time.
pub(super) fn waiting(r: &impl Reads, browser: &[u8; 32], now: Timestamp) -> Result<Option<Waiting>, StoreError> {
    Ok(r.get(&WAITING, browser)?.filter(|waiting| waiting.waits(now)))
}

pub(super) fn put_waiting(tx: &mut Tx<'_>, browser: &[u8; 32], waiting: &Waiting) -> Result<(), StoreError> {
    tx.put(&WAITING, browser, waiting)
}

/// Ends it.
pub(super) fn end_waiting(tx: &mut Tx<'_>, browser: &[u8; 32]) -> Result<(), StoreError> {
    tx.delete(&WAITING, browser).map(drop)
}

pub(super) fn flow(r: &impl Reads, key: [u8; 32]) -> Result<Option<Losing>, StoreError> {
    r.get(&FLOWS, &key)
}

pub(super) fn put_flow(tx: &mut Tx<'_>, key: [u8; 32], flow: &Losing) -> Result<(), StoreError> {
    tx.put(&FLOWS, &key, flow)
}

/// Removes logins that have waited too long.
pub(super) async fn sweep_waiting(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store::sweep(store, WAITING, move |one| !one.waits(now), |tx, key| tx.delete(&WAITING, key).map(drop)).await.map(drop)
}

/// Removes flows last gone on with before `before`, or while a clock was ahead of `now`: they would stay until that day.
pub(super) async fn sweep_flows(store: &Store, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let old = move |flow: &Losing| flow.at < before || clock::is_ahead(flow.at, now);
    store::sweep(store, FLOWS, old, |tx, key| tx.delete(&FLOWS, key).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&WAITING, |_, _, _| Ok(()));
    c.table(&FLOWS, |_, _, _| Ok(()));
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::model::Stage;
    use super::*;
    use crate::kernel::Id;

    #[tokio::test]
    async fn retention_what_nobody_goes_on_with_is_swept() {
        let store = Store::in_memory().unwrap();
        let start: Timestamp = "2026-01-20T00:00:00Z".parse().unwrap();
        let (id, device, client) = (Id::from_bytes([1; 16]), None, "203.0.113.9".to_owned());
        let (failed, rehashed) = (None, None);
        let one = Waiting {
            user: id,
            revision: 1,
            initial: false,
            challenge: id,
            device,
            door: [1; 32],
            failed,
            rehashed,
            client,
            at: start,
        };
        let flow = Losing { at: start, typed: String::new(), stage: Stage::Typing };
        let filled = store.write(move |tx| {
            put_waiting(tx, &[2; 32], &one)?;
            put_flow(tx, [3; 32], &flow)
        });
        filled.await.unwrap();
        let rows = || store.read(|r| Ok::<_, StoreError>((r.len(&WAITING)?, r.len(&FLOWS)?))).unwrap();
        sweep_waiting(&store, start + SignedDuration::from_mins(29)).await.unwrap();
        sweep_flows(&store, start, start).await.unwrap();
        assert_eq!(rows(), (1, 1));
        let end = start + SignedDuration::from_mins(30);
        assert!(store.read(|r| waiting(r, &[2; 32], end)).unwrap().is_none(), "not swept yet, and over");
        sweep_waiting(&store, end).await.unwrap();
        sweep_flows(&store, start - SignedDuration::from_hours(24), start - SignedDuration::from_hours(1)).await.unwrap();
        assert_eq!(rows(), (0, 0), "a clock that was ahead has written the flow");
    }
}
