//! Counted tries. Keyed by a keyed hash of what was typed, existing ID or not: a text that is no user ID may be a password typed into
//! the wrong field and must not be kept readable.

use jiff::Timestamp;

use super::model::{Strangers, Tries};
use crate::accounts;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::kernel::jst;
use crate::store::{Reads, Span, Store, StoreError, Table, Tx};

/// (typed ID, device).
pub(super) type TriesKey = ([u8; 32], [u8; 32]);

pub(super) const TRIES: Table<TriesKey, Tries> = Table::new("login_tries");
pub(super) const STRANGERS: Table<[u8; 32], Strangers> = Table::new("login_strangers");

/// Removes counted tries that say nothing any more.
pub const SWEEP: Kind = Kind::new("login.sweep", Lane::Clock);
/// Rows of each table that one transaction removes.
const CHUNK: usize = 500;

/// Handles [`SWEEP`]: some rows at a time, then again the next day.
pub async fn sweep(store: Store, job: Job) -> Outcome {
    let now = job.now;
    loop {
        match store.write(move |tx| sweep_some(tx, now)).await {
            Ok(0) => return Outcome::Again(jst::plus_days(now, 1)),
            Ok(_) => {}
            Err(error) => {
                let error: StoreError = error;
                tracing::error!(%error, "counted tries could not be swept");
                return Outcome::Again(jst::plus_days(now, 1));
            }
        }
    }
}

fn sweep_some(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    let mut tries = Vec::new();
    tx.each(&TRIES, &Span::all(), |key, row| {
        if row.is_stale(now) {
            tries.push(key);
        }
        Ok(tries.len() < CHUNK)
    })?;
    let mut strangers = Vec::new();
    tx.each(&STRANGERS, &Span::all(), |key, row| {
        if row.is_stale(now) {
            strangers.push((key, row.user_id));
        }
        Ok(strangers.len() < CHUNK)
    })?;
    let mut gone = 0;
    for (key, user_id) in strangers {
        let exists = match user_id {
            Some(user_id) => accounts::find(tx, user_id)?.is_some(),
            None => false,
        };
        if !exists {
            tx.delete(&STRANGERS, &key)?;
            gone += 1;
        }
    }
    for key in &tries {
        tx.delete(&TRIES, key)?;
    }
    Ok(gone + tries.len())
}
