//! Jobs of this room: writing down when sessions were last used, and removing what is over.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::sessions::LastSeen;
use super::{limits, sessions};
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::store::{Store, StoreError};

/// Once a minute: when sessions were last used, in one commit.
pub const WRITE_LAST_SEEN: Kind = Kind::new("sessions.last_seen", Lane::Clock);
/// Once a day: sessions and counted hits that are over.
pub const SWEEP: Kind = Kind::new("security.sweep", Lane::Clock);

/// Handles [`WRITE_LAST_SEEN`].
pub async fn write_last_seen(store: &Store, seen: &LastSeen, job: Job) -> Outcome {
    if let Err(error) = write_down(store, seen).await {
        tracing::error!(%error, "the last use of sessions could not be written down");
    }
    if let Err(error) = sweep_void(store, seen, job.now).await {
        tracing::error!(%error, "sessions of a clock that was ahead could not be removed");
    }
    Outcome::Again(later(job.now, SignedDuration::from_mins(1)))
}

/// Writes down when sessions were last used; also called when the server stops. What could not be written is written the next time.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn write_down(store: &Store, seen: &LastSeen) -> Result<(), StoreError> {
    let rows: Arc<[_]> = seen.noted().into();
    if rows.is_empty() {
        return Ok(());
    }
    let written = Arc::clone(&rows);
    store.write(move |tx| sessions::write_last_seen(tx, &written)).await?;
    seen.forget(&rows);
    Ok(())
}

/// Removes sessions of a clock that was ahead, where it has run back since the last time. After [`write_down`], which may write down
/// uses of that time.
pub(super) async fn sweep_void(store: &Store, seen: &LastSeen, now: Timestamp) -> Result<(), StoreError> {
    if seen.may_be_void(now) {
        sessions::sweep_void(store, now).await?;
    }
    seen.none_is_void(now);
    Ok(())
}

/// Handles [`SWEEP`].
pub async fn sweep(store: Store, absolute: SignedDuration, job: Job) -> Outcome {
    let swept = async {
        sessions::sweep(&store, job.now, absolute).await?;
        limits::sweep(&store, job.now).await
    };
    if let Err(error) = swept.await {
        tracing::error!(%error, "what is over could not be removed");
    }
    Outcome::Again(later(job.now, SignedDuration::from_hours(24)))
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}
