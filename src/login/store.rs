//! Counted tries. Keyed by a keyed hash of what was typed, existing ID or not: a text that is no user ID may be a password typed into
//! the wrong field and must not be kept readable.

use jiff::Timestamp;

use super::doors::{Doors, TriesKey};
use super::model::{Strangers, Tries};
use super::waiting;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::kernel::{OfficeKey, jst};
use crate::store::{self, Check, Store, StoreError, Table};

pub(super) const TRIES: Table<TriesKey, Tries> = Table::new("login_tries");
pub(super) const STRANGERS: Table<[u8; 32], Strangers> = Table::new("login_strangers");
pub(super) const DOORS: Doors = Doors { tries: TRIES, strangers: STRANGERS };

/// Removes counted tries that say nothing any more, and logins that have waited too long for their security code.
pub const SWEEP: Kind = Kind::new("login.sweep", Lane::Clock);

/// Handles [`SWEEP`], then again the next day.
pub async fn sweep(store: Store, job: Job) -> Outcome {
    if let Err(error) = sweep_all(&store, job.now).await {
        tracing::error!(%error, "counted tries could not be swept");
    }
    Outcome::Again(jst::plus_days(job.now, 1))
}

async fn sweep_all(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store::sweep(store, TRIES, move |row| row.is_stale(now), |tx, key| tx.delete(&TRIES, key).map(drop)).await?;
    store::sweep(store, STRANGERS, move |row| row.is_stale(now), |tx, key| tx.delete(&STRANGERS, key).map(drop)).await?;
    waiting::sweep(store, now).await
}

/// What entries about refused tries stand under.
pub(super) fn refused_subject(office: OfficeKey) -> String {
    format!("refused at login: {office}")
}

/// What those stand under that matter most: their password was right, or their passkey was one of the office.
pub(super) fn known_subject(office: OfficeKey) -> String {
    format!("knew the password: {office}")
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&TRIES, |_, _, _| Ok(()));
    c.table(&STRANGERS, |_, _, _| Ok(()));
    waiting::check(c);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Lockout;
    use crate::store::{Reads, Span};

    #[tokio::test]
    async fn retention_idle_rows_go_and_runs_that_still_count_stay_however_many_there_are() {
        let store = Store::in_memory().unwrap();
        let start: Timestamp = "2026-01-20T00:00:00Z".parse().unwrap();
        let later = start + jiff::SignedDuration::from_hours(23);
        let filled = store.write(move |tx| {
            for n in 0..1_200_u32 {
                let mut key = [0; 32];
                key[..4].copy_from_slice(&n.to_be_bytes());
                let at = if n % 400 == 399 { later } else { start };
                let (mut all, mut tries) = (Strangers::default(), Tries::none());
                all.reserve(at, &Lockout::default());
                tries.reserve(at, &Lockout::default());
                tx.put(&STRANGERS, &key, &all)?;
                tx.put(&TRIES, &(key, key), &tries)?;
            }
            Ok::<_, StoreError>(())
        });
        filled.await.unwrap();
        let rows = || store.read(|r| Ok::<_, StoreError>((r.len(&TRIES)?, r.count(&STRANGERS, &Span::all(), 9_999)?))).unwrap();
        sweep_all(&store, later).await.unwrap();
        assert_eq!(rows(), (1_200, 1_200), "a run counts for a day");
        sweep_all(&store, later + jiff::SignedDuration::from_hours(7)).await.unwrap();
        assert_eq!(rows(), (3, 3));
    }
}
