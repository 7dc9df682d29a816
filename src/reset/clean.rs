//! Retention: flows that nobody goes on with. Their codes go with those of all flows.

use jiff::{SignedDuration, Timestamp};

use super::store::remove_older;
use crate::config::Retention;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::store::Store;

/// The repeating job of the clean-up, once an hour.
pub const CLEAN: Kind = Kind::new("reset.clean", Lane::Clock);

/// Handles [`CLEAN`].
pub async fn clean(store: Store, retention: Retention, job: Job) -> Outcome {
    let before = job.now.saturating_sub(retention.flow()).unwrap_or(Timestamp::MIN);
    if let Err(error) = remove_older(&store, before, job.now).await {
        tracing::error!(%error, "the clean-up of resets failed");
    }
    Outcome::Again(job.now.saturating_add(SignedDuration::from_hours(1)).unwrap_or(job.now))
}
