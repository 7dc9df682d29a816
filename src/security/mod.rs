//! Keyed hashes, password hashing, sessions, device cookies, limits, throttles.

pub mod devices;
mod hashing;
pub mod housekeeping;
mod keys;
pub mod limits;
pub mod passwords;
pub mod sessions;
mod throttle;

pub use hashing::{Busy, Hasher, PasswordHash, Verdict};
pub use keys::{KeyError, KeyId, Keyed, Keys, Purpose, Sealed};
pub use throttle::Throttle;
