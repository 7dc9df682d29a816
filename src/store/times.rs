//! Where the writer's time goes, told where somebody waits for it.

use std::time::{Duration, Instant};

/// Whoever waits behind a transaction that takes longer notices it.
const SLOW: Duration = Duration::from_millis(50);

/// Where the time of a batch goes.
pub(super) struct Times {
    begun: Instant,
    last: Instant,
    longest: (Duration, &'static str),
}

impl Times {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { begun: now, last: now, longest: (Duration::ZERO, "") }
    }

    /// A use case has run.
    pub(super) fn ran(&mut self, name: &'static str) {
        let now = Instant::now();
        self.longest = self.longest.max((now - self.last, name));
        self.last = now;
    }

    /// The batch is at its end: durable, or dropped.
    pub(super) fn tell(&self, jobs: usize) {
        let all = self.begun.elapsed();
        if all >= SLOW {
            let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            let (run, commit) = (millis(self.last - self.begun), millis(self.last.elapsed()));
            let (longest, longest_millis) = (self.longest.1, millis(self.longest.0));
            tracing::warn!(millis = millis(all), run, commit, jobs, longest, longest_millis, "a slow write");
        }
    }
}
