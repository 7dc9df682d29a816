//! Retention: ceremonies that nobody has answered.

use jiff::{SignedDuration, Timestamp};

use super::ceremonies;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::store::Store;

/// The repeating job of the clean-up, once an hour.
pub const CLEAN: Kind = Kind::new("passkeys.clean", Lane::Clock);

/// Handles [`CLEAN`].
pub async fn clean(store: Store, job: Job) -> Outcome {
    if let Err(error) = ceremonies::remove_over(&store, job.now).await {
        tracing::error!(%error, "what is left of passkey ceremonies could not be removed");
    }
    Outcome::Again(job.now.saturating_add(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MAX))
}
