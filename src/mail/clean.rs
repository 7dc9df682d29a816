//! Retention: rows of mails hold addresses, and go as long after their posting as contact addresses go after an application.

use jiff::{SignedDuration, Timestamp};

use super::outbox;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::kernel::Prefecture;
use crate::store::{Store, StoreError};

/// The repeating job of the clean-up, once a day.
pub const CLEAN: Kind = Kind::new("mail.clean", Lane::Clock);

/// Rows in one transaction: so that the writer is held for no more than 50 ms.
const CHUNK: usize = 200;

/// Handles [`CLEAN`]: mails that wait are kept, whatever their age.
pub async fn clean(store: Store, keep: SignedDuration, job: Job) -> Outcome {
    let before = job.now.saturating_sub(keep).unwrap_or(Timestamp::MIN);
    if let Err(error) = sweep(&store, before).await {
        tracing::error!(%error, "the clean-up of mails failed");
    }
    Outcome::Again(job.now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(job.now))
}

async fn sweep(store: &Store, before: Timestamp) -> Result<(), StoreError> {
    for pile in outbox::AT_REST {
        for prefecture in std::iter::once(None).chain(Prefecture::all().map(Some)) {
            loop {
                let keys = store.read(|r| outbox::older(r, pile, prefecture, before, CHUNK))?;
                if keys.is_empty() {
                    break;
                }
                store.write(move |tx| outbox::remove(tx, &keys)).await?;
            }
        }
    }
    Ok(())
}
