//! Retention: registrations that nobody goes on with. Their codes go with those of all flows.

use jiff::{SignedDuration, Timestamp};

use super::store::remove_older;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::store::Store;

/// The repeating job of the clean-up, once an hour.
pub const CLEAN: Kind = Kind::new("portal.register.clean", Lane::Clock);

/// Handles [`CLEAN`].
pub async fn clean(store: Store, keep: SignedDuration, job: Job) -> Outcome {
    let before = job.now.saturating_sub(keep).unwrap_or(Timestamp::MIN);
    Outcome::cleaned(&job, "registrations at the portal", remove_older(&store, before, job.now).await)
}
