//! Clean-up, once an hour: counted tries that say nothing any more, logins that have waited too long, flows that nobody goes on with.

use jiff::{SignedDuration, Timestamp};

use super::store as rows;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::portal::DOORS;
use crate::store::{self, Store, StoreError};

/// The repeating job of the clean-up.
pub const SWEEP: Kind = Kind::new("portal_login.sweep", Lane::Clock);

/// Handles [`SWEEP`]. `keep` is how long a flow is kept.
pub async fn sweep(store: Store, keep: SignedDuration, job: Job) -> Outcome {
    let before = job.now.saturating_sub(keep).unwrap_or(Timestamp::MIN);
    Outcome::cleaned(&job, "logins of the portal", all(&store, before, job.now).await)
}

async fn all(store: &Store, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    store::sweep(store, DOORS.tries, move |row| row.is_stale(now), |tx, key| tx.delete(&DOORS.tries, key).map(drop)).await?;
    let strangers = DOORS.strangers;
    store::sweep(store, strangers, move |row| row.is_stale(now), |tx, key| tx.delete(&DOORS.strangers, key).map(drop)).await?;
    rows::sweep_waiting(store, now).await?;
    rows::sweep_flows(store, before, now).await
}
