//! Time and randomness of one use case, as a value.

use jiff::Timestamp;

use super::{Clock, Random};

/// What a use case knows of the world: when it happens, and a seed for everything random in it.
///
/// It is copied into the closure that the writer thread runs. A closure that runs again draws the same ids as the first time.
#[derive(Clone, Copy)]
pub struct Moment {
    /// The instant of the request.
    pub now: Timestamp,
    seed: [u8; 32],
}

impl Moment {
    /// Takes the time and a fresh seed.
    #[must_use]
    pub fn new(clock: &Clock, random: &Random) -> Self {
        Self { now: clock.now(), seed: random.bytes() }
    }

    /// A generator that starts at this moment's seed: each call starts anew, so call it once in a use case.
    #[must_use]
    pub fn random(&self) -> Random {
        Random::from_seed(self.seed)
    }

    /// The same instant with another seed, for a part of a use case that draws for itself.
    #[must_use]
    pub fn part(&self, name: &str) -> Self {
        use sha2::Digest as _;
        let seed = sha2::Sha256::new().chain_update(self.seed).chain_update(name.as_bytes()).finalize().into();
        Self { now: self.now, seed }
    }
}

impl std::fmt::Debug for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Moment({})", self.now)
    }
}
