//! Randomness, handed to every use case as a value so that tests can repeat a run.

use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::{ChaCha20Rng, SysRng};
use rand::{Rng as _, SeedableRng as _, TryRng as _};

/// A source of random bytes: the operating system's, or a seeded one in tests. Cheap to clone.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<ChaCha20Rng>>),
}

impl Random {
    /// The operating system's generator (a CSPRNG).
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A generator that gives the same sequence for the same seed. Only for tests and benches.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))))
    }

    /// A generator that starts at this seed: the sequence of one use case.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(ChaCha20Rng::from_seed(seed)))))
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        match &self.0 {
            Source::System => {
                SysRng.try_fill_bytes(&mut out).expect("without randomness of the system no secret can be made: stop");
            }
            Source::Seeded(rng) => rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut out),
        }
        out
    }

    /// A number below `bound`, each equally likely. `bound` must not be 0.
    #[must_use]
    pub fn below(&self, bound: u32) -> u32 {
        // Values in the incomplete last stretch are thrown away: taking them modulo would favour small numbers.
        let limit = u32::MAX - (u32::MAX % bound + 1) % bound;
        loop {
            let value = u32::from_le_bytes(self.bytes());
            if value <= limit {
                return value % bound;
            }
        }
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Random")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        assert_eq!(Random::seeded(7).bytes::<16>(), Random::seeded(7).bytes::<16>());
        assert_ne!(Random::system().bytes::<16>(), Random::system().bytes::<16>());
    }

    #[test]
    fn numbers_below_a_bound_are_spread_evenly() {
        let random = Random::seeded(1);
        let mut seen = [0_u32; 10];
        for _ in 0..10_000 {
            seen[random.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (850..1150).contains(n)), "{seen:?}");
    }
}
