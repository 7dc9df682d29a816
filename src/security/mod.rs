//! Keyed hashes, password hashing, authenticator apps, sessions, device cookies, limits, throttles.

mod authenticator;
mod belongs;
mod bucket;
pub mod devices;
mod hashing;
pub mod housekeeping;
mod key_file;
mod keys;
mod leaked;
pub mod limits;
mod new_devices;
pub mod passwords;
pub mod sessions;
mod throttle;

pub use authenticator::Authenticator;
pub use hashing::{Busy, Hasher, PasswordHash, Verdict};
pub use keys::{KeyError, KeyId, Keyed, Keys, Purpose, Sealed};
pub use new_devices::{NewDevices, Token};
pub use throttle::Throttle;

/// Checks every row of this room, for `verify`.
pub fn check(c: &mut crate::store::Check<'_>) {
    sessions::check(c);
    devices::check(c);
    limits::check(c);
    belongs::check(c);
}
