//! Retention: flows that nobody goes on with, and who asked what a year after the end (D).

use jiff::Timestamp;

use super::store as rows;
use crate::config::Retention;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::store::{Store, StoreError};

/// The repeating job of the clean-up, once an hour.
pub const CLEAN: Kind = Kind::new("contact.clean", Lane::Clock);

/// Rows in one transaction: so that the writer is held for no more than 50 ms.
const CHUNK: usize = 200;

/// Handles [`CLEAN`].
pub async fn clean(store: Store, retention: Retention, job: Job) -> Outcome {
    Outcome::cleaned(&job, "inquiries", sweep(&store, &retention, job.now).await)
}

async fn sweep(store: &Store, retention: &Retention, now: Timestamp) -> Result<(), StoreError> {
    let flows = now.saturating_sub(retention.flow()).unwrap_or(Timestamp::MIN);
    let contacts = now.saturating_sub(retention.contact()).unwrap_or(Timestamp::MIN);
    rows::remove_older(store, flows, now).await?;
    while store.write(move |tx| rows::erase(tx, contacts, CHUNK)).await? > 0 {}
    Ok(())
}
