//! The lock-out rules. Pure: time and limits are arguments.
//!
//! Every try is counted as wrong *before* its hash runs (so that parallel tries cannot slip past the count) and taken back when it
//! turns out right.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::Lockout;
use crate::kernel::clock;

/// Wrong tries in a row after which an account admits no new device by password (NIST 800-63B 3.2.2) until the run is over.
pub const MOST_CONSECUTIVE: u32 = 100;

/// A run of wrong tries is over when somebody has entered, or after this long without a counted try (D). Refused tries do not count,
/// so nobody is shut out longer than this: spec 2 (no stranger shuts an office out) goes before quality bar 16.
const RUN_ENDS: SignedDuration = SignedDuration::from_hours(24);

/// The window in which wrong tries of unknown devices are summed (spec 2).
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// What one device tried on one typed ID.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tries {
    /// Wrong ones since the last success or the end of the last lock.
    failures: u32,
    /// Wrong ones of the present run.
    #[serde(default)]
    consecutive: u32,
    /// The last one that counted.
    last: Timestamp,
    /// The end of this device's own lock.
    #[serde(default)]
    locked_until: Option<Timestamp>,
    /// An entry of the log tells of the present lock.
    #[serde(default)]
    lock_told: bool,
}

impl Tries {
    /// No try yet.
    #[must_use]
    pub const fn none() -> Self {
        Self { failures: 0, consecutive: 0, last: Timestamp::MIN, locked_until: None, lock_told: false }
    }

    /// The end of the device's own lock, if it is locked at `now`.
    #[must_use]
    pub fn locked_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|until| now < *until && !clock::is_ahead(self.last, now))
    }

    /// Counts a try as wrong. With the last one that is allowed the lock begins at once, so that no parallel try passes. Failures
    /// older than the lock's length are forgotten. Must not be called while locked.
    pub fn reserve(&mut self, now: Timestamp, rules: &Lockout) {
        let stale = now.duration_since(self.last) >= rules.length() || clock::is_ahead(self.last, now);
        if self.locked_until.take().is_some() || stale {
            self.failures = 0;
        }
        self.failures += 1;
        self.consecutive = self.run(now).saturating_add(1);
        self.last = now;
        if self.failures >= rules.failures {
            self.locked_until = Some(now.saturating_add(rules.length()).unwrap_or(Timestamp::MAX));
            self.lock_told = false;
        }
    }

    /// Whether the log is still to be told of the present lock: once, however many tries it refuses.
    pub fn tell_lock(&mut self) -> bool {
        !std::mem::replace(&mut self.lock_told, true)
    }

    /// Takes one reserved try back that could not be decided.
    pub fn give_back(&mut self) {
        self.failures = self.failures.saturating_sub(1);
        self.consecutive = self.consecutive.saturating_sub(1);
        self.locked_until = None;
    }

    /// Whether a remembered device has been wrong so often that it counts as unknown.
    #[must_use]
    pub fn is_worn_out(&self, now: Timestamp) -> bool {
        self.run(now) >= MOST_CONSECUTIVE
    }

    /// Whether the row says nothing any more: its run is over, and so is its lock.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.run(now) == 0 && self.locked_until(now).is_none()
    }

    fn run(&self, now: Timestamp) -> u32 {
        if lasts(self.last, now) { self.consecutive } else { 0 }
    }
}

/// What unknown devices together tried on one typed ID, existing or not.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Strangers {
    /// Milliseconds since the epoch of wrong tries in the last hour, oldest first; never more than the rule allows.
    recent: Vec<i64>,
    /// Wrong ones of the present run.
    consecutive: u32,
    /// The last one that counted.
    #[serde(default)]
    last: Option<Timestamp>,
}

impl Strangers {
    /// Whether unknown devices are refused at `now`: too many in the last hour, or too many in a row.
    #[must_use]
    pub fn are_refused(&self, now: Timestamp, rules: &Lockout) -> bool {
        self.run(now) >= MOST_CONSECUTIVE || self.within(now).count() >= rules.unknown_device_per_hour as usize
    }

    /// Counts a try as wrong and says whether it is let through. One that is refused anyway tests no password, so it neither counts
    /// nor lengthens the lock.
    pub fn reserve(&mut self, now: Timestamp, rules: &Lockout) -> bool {
        self.recent = self.within(now).collect();
        let open = !self.are_refused(now, rules);
        if open {
            self.recent.push(now.as_millisecond());
            self.consecutive = self.run(now) + 1;
            self.last = Some(now);
        }
        open
    }

    /// Takes the try reserved at this instant back, which could not be decided.
    pub fn give_back(&mut self, reserved: Timestamp) {
        self.forget(reserved);
        self.consecutive = self.consecutive.saturating_sub(1);
    }

    /// Somebody entered: the run of wrong tries ends. Those of others in the last hour still count.
    pub fn succeed(&mut self, reserved: Option<Timestamp>) {
        if let Some(at) = reserved {
            self.forget(at);
        }
        self.consecutive = 0;
    }

    /// Whether the row says nothing any more: its run is over, and no try of the last hour counts.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.run(now) == 0 && self.within(now).next().is_none()
    }

    fn run(&self, now: Timestamp) -> u32 {
        if self.last.is_some_and(|last| lasts(last, now)) { self.consecutive } else { 0 }
    }

    fn forget(&mut self, reserved: Timestamp) {
        if let Some(at) = self.recent.iter().position(|at| *at == reserved.as_millisecond()) {
            self.recent.remove(at);
        }
    }

    fn within(&self, now: Timestamp) -> impl Iterator<Item = i64> {
        let oldest = now.as_millisecond() - i64::try_from(WINDOW.as_millis()).unwrap_or(i64::MAX);
        let ahead = move |at: i64| Timestamp::from_millisecond(at).is_ok_and(|at| clock::is_ahead(at, now));
        self.recent.iter().copied().filter(move |at| *at > oldest && !ahead(*at))
    }
}

/// Whether a run of wrong tries whose last one was at `last` goes on.
fn lasts(last: Timestamp, now: Timestamp) -> bool {
    now.duration_since(last) < RUN_ENDS && !clock::is_ahead(last, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        "2026-01-20T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn three_wrong_tries_lock_the_device_for_thirty_minutes() {
        let (mut tries, rules) = (Tries::none(), Lockout::default());
        for minute in 0..3 {
            assert_eq!(tries.locked_until(at(minute)), None);
            tries.reserve(at(minute), &rules);
        }
        assert_eq!(tries.locked_until(at(2)), Some(at(32)));
        assert_eq!(tries.locked_until(at(32)), None);
        tries.reserve(at(32), &rules);
        assert_eq!(tries.locked_until(at(32)), None, "after the lock there are three tries again");
    }

    #[test]
    fn locks_of_a_clock_that_was_ahead_end_when_it_is_set_right() {
        let (mut tries, mut strangers, rules) = (Tries::none(), Strangers::default(), Lockout::default());
        let ahead = 365 * 24 * 60;
        for _ in 0..3 {
            tries.reserve(at(ahead), &rules);
        }
        while strangers.reserve(at(ahead), &rules) {}
        assert!(tries.locked_until(at(ahead)).is_some() && strangers.are_refused(at(ahead), &rules));
        assert_eq!(tries.locked_until(at(0)), None);
        assert!(!strangers.are_refused(at(0), &rules));
        assert!(tries.is_stale(at(0)) && strangers.is_stale(at(0)));
        tries.reserve(at(0), &rules);
        assert_eq!(tries.locked_until(at(0)), None, "today's tries begin anew");
    }

    #[test]
    fn old_failures_of_a_device_are_forgotten_but_its_run_is_not() {
        let (mut tries, rules) = (Tries::none(), Lockout::default());
        for n in 0..i64::from(MOST_CONSECUTIVE) {
            assert!(!tries.is_worn_out(at(n * 30)));
            tries.reserve(at(n * 30), &rules);
            assert_eq!(tries.locked_until(at(n * 30)), None);
        }
        let last = (i64::from(MOST_CONSECUTIVE) - 1) * 30;
        assert!(tries.is_worn_out(at(last)));
        assert!(!tries.is_stale(at(last + 24 * 60 - 1)));
        assert!(!tries.is_worn_out(at(last + 24 * 60)), "a day without a counted try ends the run");
        assert!(tries.is_stale(at(last + 24 * 60)));
    }

    #[test]
    fn thirty_an_hour_refuse_strangers_until_the_window_has_moved_on() {
        let (mut all, rules) = (Strangers::default(), Lockout::default());
        for n in 0..30 {
            assert!(!all.are_refused(at(n), &rules));
            all.reserve(at(n), &rules);
        }
        assert!(all.are_refused(at(30), &rules));
        for n in 30..60 {
            all.reserve(at(n), &rules);
        }
        assert!(!all.are_refused(at(60), &rules), "refused tries do not lengthen the lock");
    }

    #[test]
    fn q16_a_hundred_in_a_row_refuse_strangers_for_a_day_or_until_somebody_enters() {
        let (mut all, rules) = (Strangers::default(), Lockout::default());
        let counted = (0..200).filter(|n| all.reserve(at(n * 10), &rules)).count();
        assert_eq!(counted, MOST_CONSECUTIVE as usize);
        // The hundredth was at minute 990; those refused after it do not lengthen the day.
        assert!(all.are_refused(at(990 + 24 * 60 - 1), &rules) && !all.is_stale(at(990 + 24 * 60 - 1)));
        let mut entered = all.clone();
        entered.succeed(None);
        assert!(!entered.are_refused(at(2_000), &rules));
        assert!(!all.are_refused(at(990 + 24 * 60), &rules) && all.is_stale(at(990 + 24 * 60)));
        let again = (0..200).filter(|n| all.reserve(at(990 + 24 * 60 + n * 10), &rules)).count();
        assert_eq!(again, MOST_CONSECUTIVE as usize, "the next run is as long");
    }
}
