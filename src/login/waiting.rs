//! Logins whose password was right and that wait for their security code, kept under the browser: one each.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::goal::Goal;
use crate::kernel::{Id, UserId, clock};
use crate::security::PasswordHash;
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx};

const WAITING: Table<[u8; 32], Waiting> = Table::new("login_waiting");

/// Where logins lie that wait for their security code: whoever leaves it out of a copy ends them all.
pub const WAITING_LOGINS: &str = WAITING.name();

/// How long a login waits (D).
const OPEN: SignedDuration = SignedDuration::from_mins(10);

/// Wrong codes that end a login (spec 2).
pub(super) const WRONG_CODES_END: u32 = 5;

/// A login that waits for its code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) user_id: UserId,
    /// The account's when the password was right: what has changed since ends the login.
    pub(super) revision: u64,
    /// Wrong codes, each counted before it is compared.
    pub(super) wrong: u32,
    /// When this login was counted as a failed one: with its first wrong code, whatever becomes of it.
    #[serde(default)]
    pub(super) failed: Option<Timestamp>,
    expires: Timestamp,
    /// The password hashed anew, where the parameters have changed.
    pub(super) rehashed: Option<PasswordHash>,
    /// The device, if its cookie was ours.
    pub(super) device: Option<Id>,
    /// What the tries of the typed ID are counted under.
    pub(super) typed_key: [u8; 32],
    /// The client's address.
    pub(super) client: String,
    /// What it leads to.
    #[serde(default)]
    pub(super) goal: Goal,
}

impl Waiting {
    /// Nothing wrong yet, from `now` on.
    pub(super) fn new(user_id: UserId, revision: u64, typed_key: [u8; 32], client: &str, now: Timestamp) -> Self {
        let expires = now.saturating_add(OPEN).unwrap_or(Timestamp::MAX);
        let client = client.to_owned();
        let (rehashed, device, goal) = (None, None, Goal::Enter);
        Self { user_id, revision, wrong: 0, failed: None, expires, rehashed, device, typed_key, client, goal }
    }

    fn waits(&self, now: Timestamp) -> bool {
        clock::runs(self.expires, OPEN, now)
    }
}

/// The login of this browser, if it is in time.
pub(super) fn find(r: &impl Reads, browser: &[u8; 32], now: Timestamp) -> Result<Option<Waiting>, StoreError> {
    Ok(r.get(&WAITING, browser)?.filter(|waiting| waiting.waits(now)))
}

pub(super) fn put(tx: &mut Tx<'_>, browser: &[u8; 32], waiting: &Waiting) -> Result<(), StoreError> {
    tx.put(&WAITING, browser, waiting)
}

/// Ends it.
pub(super) fn end(tx: &mut Tx<'_>, browser: &[u8; 32]) -> Result<(), StoreError> {
    tx.delete(&WAITING, browser).map(drop)
}

/// Removes those that have waited too long.
pub(super) async fn sweep(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store::sweep(store, WAITING, move |one| !one.waits(now), |tx, key| tx.delete(&WAITING, key).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&WAITING, |_, _, _| Ok(()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_login_waits_ten_minutes_and_is_swept_then() {
        let store = Store::in_memory().unwrap();
        let start: Timestamp = "2026-01-20T00:00:00Z".parse().unwrap();
        let one = Waiting::new(UserId::parse("KJ131311111111").unwrap(), 1, [1; 32], "203.0.113.9", start);
        store.write(move |tx| put(tx, &[2; 32], &one)).await.unwrap();
        let waits = |at: Timestamp| store.read(|r| find(r, &[2; 32], at)).unwrap().is_some();
        let rows = || store.read(|r| r.len(&WAITING)).unwrap();
        let end = start + OPEN;
        assert!(waits(start) && waits(end - SignedDuration::from_secs(1)) && !waits(end));
        assert!(!waits(start - SignedDuration::from_hours(1)), "a clock that was ahead has written it");
        sweep(&store, end - SignedDuration::from_secs(1)).await.unwrap();
        assert_eq!(rows(), 1);
        sweep(&store, end).await.unwrap();
        assert_eq!(rows(), 0);
    }
}
