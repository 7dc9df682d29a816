//! Retention: what nobody goes on with. Codes go with those of all flows.

use jiff::{SignedDuration, Timestamp};

use super::store as rows;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::store::Store;

/// The repeating job of the clean-up, once an hour.
pub const CLEAN: Kind = Kind::new("portal_page.clean", Lane::Clock);

/// Handles [`CLEAN`]; `keep` is how long a flow stays.
pub async fn clean(store: Store, keep: SignedDuration, job: Job) -> Outcome {
    let before = job.now.saturating_sub(keep).unwrap_or(Timestamp::MIN);
    Outcome::cleaned(&job, "what users of the portal have typed", rows::remove_older(&store, before, job.now).await)
}
