//! The arithmetic of a bucket of tokens that fills up again evenly. Pure: a bucket is the microsecond since the epoch at which it is full
//! again, `None` if it was never used.

use jiff::{SignedDuration, Timestamp};

/// How many tokens a bucket holds, and how soon they come back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    /// Microseconds in which an empty bucket is full again.
    per: i64,
    /// Microseconds in which one token comes back.
    step: i64,
}

impl Bucket {
    /// At most `most` at once, and as many again in each stretch of length `per`, to a microsecond for each.
    pub(super) fn new(most: u32, per: SignedDuration) -> Self {
        let most = i64::from(most.max(1));
        let step = (i64::try_from(per.as_micros()).unwrap_or(i64::MAX) / most).max(1);
        Self { per: step.saturating_mul(most), step }
    }

    /// Takes a token; says when the bucket is full then.
    ///
    /// # Errors
    /// When the next token comes back, if there is none.
    pub(super) fn take(self, full_at: Option<i64>, now: Timestamp) -> Result<i64, Timestamp> {
        let full_at = self.level(full_at, now).saturating_add(self.step);
        let now = now.as_microsecond();
        let wait = full_at.saturating_sub(now).saturating_sub(self.per);
        if wait > 0 {
            return Err(Timestamp::from_microsecond(now.saturating_add(wait)).unwrap_or(Timestamp::MAX));
        }
        Ok(full_at)
    }

    /// Puts a token back; says when the bucket is full then.
    pub(super) fn give_back(self, full_at: i64) -> i64 {
        full_at.saturating_sub(self.step)
    }

    /// Whether no token is missing.
    pub(super) fn is_full(self, full_at: Option<i64>, now: Timestamp) -> bool {
        self.level(full_at, now) == now.as_microsecond()
    }

    /// No bucket takes longer to fill than an empty one; what says so was written by a clock that was ahead.
    fn level(self, full_at: Option<i64>, now: Timestamp) -> i64 {
        let now = now.as_microsecond();
        full_at.filter(|full_at| full_at.saturating_sub(now) <= self.per).unwrap_or(now).max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    /// How many tokens there are.
    fn drain(bucket: Bucket, full_at: &mut Option<i64>, now: Timestamp) -> usize {
        let mut taken = 0;
        while let Ok(then) = bucket.take(*full_at, now) {
            (*full_at, taken) = (Some(then), taken + 1);
        }
        taken
    }

    #[test]
    fn it_holds_what_it_is_made_for_however_many_and_fills_up_evenly() {
        for most in [1, 7, 299, 300, 50_000] {
            let bucket = Bucket::new(most, SignedDuration::from_mins(1));
            let mut full_at = None;
            assert_eq!(drain(bucket, &mut full_at, at(0)), most as usize);
            assert!(drain(bucket, &mut full_at, at(30)).abs_diff(most as usize / 2) <= 1, "half of {most}");
            assert_eq!(drain(bucket, &mut full_at, at(90)), most as usize);
        }
    }

    #[test]
    fn a_token_given_back_is_there_again_and_a_full_bucket_holds_no_more() {
        let bucket = Bucket::new(60, SignedDuration::from_mins(1));
        let mut full_at = None;
        drain(bucket, &mut full_at, at(0));
        full_at = full_at.map(|full_at| bucket.give_back(full_at));
        assert_eq!(drain(bucket, &mut full_at, at(0)), 1);
        for _ in 0..99 {
            full_at = full_at.map(|full_at| bucket.give_back(full_at));
        }
        assert!(bucket.is_full(full_at, at(0)));
        assert_eq!(drain(bucket, &mut full_at, at(0)), 60);
        assert!(!bucket.is_full(full_at, at(59)) && bucket.is_full(full_at, at(60)));
    }

    #[test]
    fn one_of_a_clock_that_was_ahead_is_full() {
        let bucket = Bucket::new(60, SignedDuration::from_mins(1));
        let mut full_at = None;
        drain(bucket, &mut full_at, at(1_000_000));
        assert!(bucket.is_full(full_at, at(0)));
        assert_eq!(drain(bucket, &mut full_at, at(0)), 60);
    }
}
