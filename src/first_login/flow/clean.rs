//! Retention: addresses that nobody went on with.

use jiff::Timestamp;

use super::super::store as rows;
use crate::config::Retention;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::store::Store;

/// The repeating job of the clean-up, once an hour.
pub const CLEAN: Kind = Kind::new("first_login.clean", Lane::Clock);

/// Handles [`CLEAN`].
pub async fn clean(store: Store, retention: Retention, job: Job) -> Outcome {
    let before = job.now.saturating_sub(retention.flow()).unwrap_or(Timestamp::MIN);
    Outcome::cleaned(&job, "addresses that were begun", rows::remove_older(&store, before, job.now).await)
}
