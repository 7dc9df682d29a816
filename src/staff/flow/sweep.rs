//! Clean-up, once a day: counted tries, links and waiting logins that say nothing any more.

use jiff::Timestamp;

use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::kernel::jst;
use crate::staff::store::{self as rows, STRANGERS, TRIES};
use crate::store::{self, Store, StoreError};

/// Removes what is of no use any more.
pub const SWEEP: Kind = Kind::new("staff.sweep", Lane::Clock);

/// Handles [`SWEEP`], then again the next day.
pub async fn sweep(store: Store, job: Job) -> Outcome {
    if let Err(error) = all(&store, job.now).await {
        tracing::error!(%error, "rows of staff logins could not be swept");
    }
    Outcome::Again(jst::plus_days(job.now, 1))
}

async fn all(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store::sweep(store, TRIES, move |row| row.is_stale(now), |tx, key| tx.delete(&TRIES, key).map(drop)).await?;
    store::sweep(store, STRANGERS, move |row| row.is_stale(now), |tx, key| tx.delete(&STRANGERS, key).map(drop)).await?;
    rows::sweep_attempts(store, now).await?;
    rows::sweep_invitations(store, now).await
}
