//! Retention: flows that nobody goes on with. Their codes go with those of all flows.

use jiff::{SignedDuration, Timestamp};

use super::store as rows;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::store::Store;

/// The repeating job of the clean-up, once an hour.
pub const CLEAN: Kind = Kind::new("security_mail.clean", Lane::Clock);

/// Handles [`CLEAN`]; `keep` is how long a flow stays.
pub async fn clean(store: Store, keep: SignedDuration, job: Job) -> Outcome {
    let before = job.now.saturating_sub(keep).unwrap_or(Timestamp::MIN);
    Outcome::cleaned(&job, "changes of addresses", rows::remove_older(&store, before, job.now).await)
}
