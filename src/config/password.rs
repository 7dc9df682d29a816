//! `[password]`: length, hashing, life of temporary passwords.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::error::Findings;

/// Rules of passwords (spec 2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Password {
    /// Longest password of an office, in characters; the shortest is 8 (S0, S1).
    pub max: usize,
    /// argon2id memory in KiB (D; ASVS 11.4.2).
    pub argon2_memory_kib: u32,
    /// argon2id passes.
    pub argon2_passes: u32,
    /// argon2id lanes.
    pub argon2_lanes: u32,
    /// A temporary password opens for this many days from printing (D).
    pub temporary_valid_days: u32,
}

impl Default for Password {
    fn default() -> Self {
        Self { max: 16, argon2_memory_kib: 19_456, argon2_passes: 2, argon2_lanes: 1, temporary_valid_days: 30 }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[
    ("password.max", "16から64までの整数（文字）"),
    ("password.argon2_memory_kib", "19456から1048576までの整数（KiB）"),
    ("password.argon2_passes", "2から20までの整数"),
    ("password.argon2_lanes", "1から8までの整数"),
    ("password.temporary_valid_days", "1から90までの整数（日）"),
];

impl Password {
    pub(super) fn validate(&self, found: &mut Findings) {
        found.expect("password.max", (16..=64).contains(&self.max));
        found.expect("password.argon2_memory_kib", (19_456..=1_048_576).contains(&self.argon2_memory_kib));
        found.expect("password.argon2_passes", (2..=20).contains(&self.argon2_passes));
        found.expect("password.argon2_lanes", (1..=8).contains(&self.argon2_lanes));
        found.expect("password.temporary_valid_days", (1..=90).contains(&self.temporary_valid_days));
    }

    /// Life of a temporary password from printing.
    #[must_use]
    pub fn temporary_valid(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.temporary_valid_days))
    }
}
