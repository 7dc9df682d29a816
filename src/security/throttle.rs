//! A throttle of requests, in memory: it protects the machine, not an account, so a restart may forget it (caps that protect accounts
//! and codes are rows, see [`super::limits`]).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::bucket::Bucket;
use crate::kernel::ClientNetwork;

/// Networks remembered at once: about a megabyte.
const MOST_NETWORKS: usize = 20_000;

/// A bucket of tokens for each client network, which fills up again evenly.
#[derive(Debug)]
pub struct Throttle {
    bucket: Bucket,
    /// When the bucket of a network is full again. One that is not listed is full.
    full_at: Mutex<HashMap<ClientNetwork, i64>>,
}

impl Throttle {
    /// At most `most` at once from one network, and as many again in each stretch of length `per`.
    #[must_use]
    pub fn new(most: u32, per: SignedDuration) -> Self {
        Self { bucket: Bucket::new(most, per), full_at: Mutex::default() }
    }

    /// Takes a token of this network's bucket.
    ///
    /// # Errors
    /// When the next token comes back, if there is none. Nothing is taken then: whoever waits as told goes on.
    pub fn admit(&self, network: ClientNetwork, now: Timestamp) -> Result<(), Timestamp> {
        let mut all = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = self.bucket.take(all.get(&network).copied(), now)?;
        if all.len() >= MOST_NETWORKS && !all.contains_key(&network) {
            make_room(&mut all, now.as_microsecond());
        }
        all.insert(network, full_at);
        Ok(())
    }
}

/// Forgets full buckets; if that is not enough, the half that is full soonest.
fn make_room(all: &mut HashMap<ClientNetwork, i64>, now: i64) {
    all.retain(|_, full_at| *full_at > now);
    if all.len() >= MOST_NETWORKS {
        let mut times: Vec<i64> = all.values().copied().collect();
        let (_, middle, _) = times.select_nth_unstable(MOST_NETWORKS / 2);
        let middle = *middle;
        let mut spare = all.len() / 2;
        all.retain(|_, full_at| {
            let goes = *full_at <= middle && spare > 0;
            spare -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(n: u32) -> ClientNetwork {
        ClientNetwork::of(std::net::Ipv4Addr::from_bits(n << 8).into())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn q22_a_network_may_try_so_often_and_the_next_one_is_not_concerned() {
        let throttle = Throttle::new(60, SignedDuration::from_mins(5));
        for _ in 0..60 {
            assert_eq!(throttle.admit(network(1), at(0)), Ok(()));
        }
        assert_eq!(throttle.admit(network(1), at(0)), Err(at(5)), "one comes back every five seconds");
        assert_eq!(throttle.admit(network(1), at(4)), Err(at(5)), "asking in between costs nothing");
        assert_eq!(throttle.admit(network(2), at(4)), Ok(()));
        assert_eq!(throttle.admit(network(1), at(5)), Ok(()));
        assert_eq!(throttle.admit(network(1), at(5)), Err(at(10)));
        assert_eq!((0..99).filter(|_| throttle.admit(network(1), at(1_000)).is_ok()).count(), 60, "full again");
    }

    #[test]
    fn a_bucket_of_a_clock_that_was_ahead_is_full_when_it_is_set_right() {
        let throttle = Throttle::new(60, SignedDuration::from_mins(5));
        while throttle.admit(network(1), at(1_000_000)).is_ok() {}
        assert_eq!((0..99).filter(|_| throttle.admit(network(1), at(0)).is_ok()).count(), 60);
    }

    #[test]
    fn its_memory_is_bounded_and_the_busiest_networks_stay_known() {
        let throttle = Throttle::new(2, SignedDuration::from_mins(5));
        for _ in 0..2 {
            throttle.admit(network(0), at(0)).unwrap();
        }
        for n in 1..100_000 {
            throttle.admit(network(n), at(0)).unwrap();
        }
        assert!(throttle.full_at.lock().unwrap().len() <= MOST_NETWORKS);
        assert!(throttle.admit(network(0), at(0)).is_err());
    }
}
