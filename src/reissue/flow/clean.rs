//! Retention: flows that nobody goes on with, codes of theirs, and contact addresses a year after the end.

use jiff::Timestamp;

use super::super::store as rows;
use crate::codes;
use crate::config::Retention;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::store::{Store, StoreError};

/// The repeating job of the clean-up, once an hour.
pub const CLEAN: Kind = Kind::new("reissue.clean", Lane::Clock);

/// Rows in one transaction: so that the writer is held for no more than 50 ms.
const CHUNK: usize = 200;

/// Handles [`CLEAN`].
pub async fn clean(store: Store, retention: Retention, job: Job) -> Outcome {
    Outcome::cleaned(&job, "applications", sweep(&store, &retention, job.now).await)
}

async fn sweep(store: &Store, retention: &Retention, now: Timestamp) -> Result<(), StoreError> {
    let flows = now.saturating_sub(retention.flow()).unwrap_or(Timestamp::MIN);
    let contacts = now.saturating_sub(retention.contact()).unwrap_or(Timestamp::MIN);
    rows::flows::remove_older(store, flows, now).await?;
    codes::clean(store, flows, now).await?;
    while store.write(move |tx| rows::forget_contacts(tx, contacts, CHUNK)).await? > 0 {}
    Ok(())
}
