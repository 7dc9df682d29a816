//! `[lockout]`: when wrong logins close an account, and for whom.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::error::Findings;

/// Lock-out rules (spec 2; R for 3 and 30 minutes, D for per device).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lockout {
    /// Wrong logins from one device that lock the account for that device.
    pub failures: u32,
    /// Minutes that lock lasts.
    pub minutes: u32,
    /// Wrong logins an hour from unknown devices that lock the account for all unknown devices.
    pub unknown_device_per_hour: u32,
}

impl Default for Lockout {
    fn default() -> Self {
        Self { failures: 3, minutes: 30, unknown_device_per_hour: 30 }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[
    ("lockout.failures", "1から10までの整数（回）"),
    ("lockout.minutes", "1から1440までの整数（分）"),
    ("lockout.unknown_device_per_hour", "3から100までの整数（回）、lockout.failures 以上"),
];

impl Lockout {
    pub(super) fn validate(&self, found: &mut Findings) {
        found.expect("lockout.failures", (1..=10).contains(&self.failures));
        found.expect("lockout.minutes", (1..=1440).contains(&self.minutes));
        let per_hour = self.unknown_device_per_hour;
        found.expect("lockout.unknown_device_per_hour", (3..=100).contains(&per_hour) && per_hour >= self.failures);
    }

    /// How long a lock lasts.
    #[must_use]
    pub fn length(&self) -> SignedDuration {
        SignedDuration::from_mins(self.minutes.into())
    }
}
