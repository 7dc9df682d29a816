//! The only place that asks the operating system for the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Clocks that differ by less agree: what was written by one a little ahead is not doubted.
const AGREEING: SignedDuration = SignedDuration::from_mins(5);

/// Whether what is said to have happened `at` lies ahead of `now`: written by a clock that has been set right since. What rests on such a
/// time (a lock, a count, a due job) would wait until it comes, perhaps for years; it is void.
#[must_use]
pub fn is_ahead(at: Timestamp, now: Timestamp) -> bool {
    at.duration_since(now) > AGREEING
}

/// Whether a term of this `length` that ends at `until` is running. One that ends later than if it began now was begun by a clock that
/// has been set right since: it is over, for it would run until that day.
#[must_use]
pub fn runs(until: Timestamp, length: SignedDuration, now: Timestamp) -> bool {
    now < until && !is_ahead(until, now.saturating_add(length).unwrap_or(Timestamp::MAX))
}

/// Where a use case gets its time from. Cheap to clone; clones of a manual clock share their time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Runs like the system clock, this much ahead (or behind). Used by `demo --now`.
    Shifted(SignedDuration),
    /// Stands still until it is moved. Used by tests. Milliseconds since the epoch.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The clock of the machine.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that shows `start` now and runs from there.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self(Source::Shifted(start.duration_since(system_now())))
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.as_millisecond()))))
    }

    /// The present instant, to the millisecond.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let instant = match &self.0 {
            Source::System => system_now(),
            Source::Shifted(by) => system_now().saturating_add(*by).unwrap_or(Timestamp::MAX),
            Source::Manual(at) => return from_millis(at.load(Ordering::SeqCst)),
        };
        from_millis(instant.as_millisecond())
    }

    /// Moves a manual clock forward. A running clock is left alone: nobody may move real time.
    pub fn advance(&self, by: SignedDuration) {
        if let Source::Manual(at) = &self.0 {
            let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            at.fetch_add(millis, Ordering::SeqCst);
        }
    }

    /// How long to wait in real time until `due` on this clock; `None` for a manual clock, which must be moved by hand.
    #[must_use]
    pub fn wait_until(&self, due: Timestamp) -> Option<std::time::Duration> {
        match self.0 {
            Source::Manual(_) => None,
            _ => Some(std::time::Duration::try_from(due.duration_since(self.now())).unwrap_or_default()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the room of the clock")]
fn system_now() -> Timestamp {
    Timestamp::now()
}

fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_that_ends_later_than_one_begun_now_is_over() {
        let (now, hour) = (from_millis(1_800_000_000_000), SignedDuration::from_hours(1));
        let runs_until = |minutes| runs(now + SignedDuration::from_mins(minutes), hour, now);
        assert_eq!([0, 1, 60, 65, 66, 9 * 60].map(runs_until), [false, true, true, true, false, false]);
    }
}
