//! What the times of entries tell. Their order is that of the chain; their times are those of the machine's clock, which may have been
//! ahead for a while, or behind.

use jiff::Timestamp;

use super::chain::CHAIN;
use crate::kernel::clock;
use crate::store::{Reads, Span, StoreError};

/// How many of the newest entries are looked at for times ahead: those of some hours, so that a clock that was set right is told for
/// as long as somebody may wonder.
const NEWEST: usize = 200;

/// The latest time among the newest entries, if it lies ahead of `now`: the clock was ahead when they were written, or is behind now.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn ahead(r: &impl Reads, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let newest = r.list(&CHAIN, &Span::all().descending(), NEWEST)?;
    Ok(newest.into_iter().map(|(_, link)| link.at).max().filter(|at| clock::is_ahead(*at, now)))
}
