//! One bound for the whole installation on logins from devices that the typed account does not know, in memory: whoever has thousands of
//! networks passes by the throttle of each, and must neither grow the audit log nor keep all hashing threads to themselves.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::bucket::Bucket;

/// The stretch that the bound is given for.
const PER: SignedDuration = SignedDuration::from_mins(1);

/// The bucket of tokens that all unknown devices share, offices' and staff's.
#[derive(Debug)]
pub struct NewDevices {
    bucket: Bucket,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    full_at: Option<i64>,
    /// Refused since the bucket was last full.
    refused: u64,
}

/// Taken for one try. It is given back when the try was right; of the others it is used up.
#[derive(Debug)]
#[must_use]
pub struct Token(());

impl NewDevices {
    /// At most so many tries in a minute that are not right.
    #[must_use]
    pub fn new(per_minute: u32) -> Self {
        Self { bucket: Bucket::new(per_minute, PER), state: Mutex::default() }
    }

    /// Takes a token. That it is refused is logged once, and how often when the bucket is full again.
    ///
    /// # Errors
    /// When to try again, if there is none: a full minute later, though the next token comes sooner, since all who wait share it.
    pub fn admit(&self, now: Timestamp) -> Result<Token, Timestamp> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let was_full = self.bucket.is_full(state.full_at, now);
        let Ok(full_at) = self.bucket.take(state.full_at, now) else {
            state.refused += 1;
            if state.refused == 1 {
                tracing::warn!("logins of unknown devices are refused: more than limits.new_device_logins_per_minute were tried");
            }
            return Err(now.saturating_add(PER).unwrap_or(Timestamp::MAX));
        };
        state.full_at = Some(full_at);
        if was_full && state.refused > 0 {
            tracing::warn!(refused = state.refused, "logins of unknown devices are no longer refused");
            state.refused = 0;
        }
        Ok(Token(()))
    }

    /// The try was right, or nothing was hashed for it.
    pub fn give_back(&self, _: Token) {
        self.give_back_later();
    }

    /// The same for a try that took its token in an earlier request.
    pub fn give_back_later(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.full_at = state.full_at.map(|full_at| self.bucket.give_back(full_at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn admitted(all: &NewDevices, now: Timestamp) -> usize {
        (0..99).filter(|_| all.admit(now).is_ok()).count()
    }

    #[test]
    fn q22_all_networks_together_try_so_often_and_again_a_minute_later() {
        let all = NewDevices::new(60);
        assert_eq!(admitted(&all, at(0)), 60);
        assert_eq!(all.admit(at(0)).unwrap_err(), at(60));
        assert_eq!(admitted(&all, at(10)), 10);
        assert_eq!(admitted(&all, at(70)), 60);
    }

    #[test]
    fn tries_that_were_right_use_nothing_up() {
        let all = NewDevices::new(10);
        for _ in 0..99 {
            let token = all.admit(at(0)).unwrap();
            all.give_back(token);
        }
        assert_eq!(admitted(&all, at(0)), 10);
    }

    #[test]
    fn the_bucket_of_a_clock_that_was_ahead_is_full_when_it_is_set_right() {
        let all = NewDevices::new(60);
        assert_eq!(admitted(&all, at(1_000_000)), 60);
        assert_eq!(admitted(&all, at(0)), 60);
    }
}
