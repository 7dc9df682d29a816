//! What the times of entries tell. Their order is that of the chain; their times are those of the machine's clock, which may have been
//! ahead for a while, or behind.

use jiff::Timestamp;

use super::chain::{BY_SUBJECT, CHAIN};
use crate::kernel::clock;
use crate::store::{Reads, Span, StoreError};

/// How many of the newest entries are looked at for times ahead: those of some hours, so that a clock that was set right is told for
/// as long as somebody may wonder.
const NEWEST: usize = 200;

/// When the entries about a subject were written, of those from `since` to `now`. Looked at are the newest `limit`; one that is dated
/// ahead tells no time and is left out.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn times_about(
    r: &impl Reads,
    subject: &str,
    since: Timestamp,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Timestamp>, StoreError> {
    let newest = r.list(&BY_SUBJECT, &Span::prefix(&subject.to_owned()).descending(), limit)?;
    let mut times = Vec::new();
    for ((_, sequence), ()) in newest {
        let at = r.get(&CHAIN, &sequence)?.map(|link| link.at);
        times.extend(at.filter(|at| *at >= since && !clock::is_ahead(*at, now)));
    }
    Ok(times)
}

/// The latest time among the newest entries, if it lies ahead of `now`: the clock was ahead when they were written, or is behind now.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn ahead(r: &impl Reads, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let newest = r.list(&CHAIN, &Span::all().descending(), NEWEST)?;
    Ok(newest.into_iter().map(|(_, link)| link.at).max().filter(|at| clock::is_ahead(*at, now)))
}
