//! Retention: flows that nobody goes on with. Their codes go with those of all flows.

use jiff::Timestamp;

use super::store::remove_older;
use crate::config::Retention;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::store::Store;

/// The repeating job of the clean-up, once an hour.
pub const CLEAN: Kind = Kind::new("reset.clean", Lane::Clock);

/// Handles [`CLEAN`].
pub async fn clean(store: Store, retention: Retention, job: Job) -> Outcome {
    let before = job.now.saturating_sub(retention.flow()).unwrap_or(Timestamp::MIN);
    Outcome::cleaned(&job, "resets", remove_older(&store, before, job.now).await)
}
