//! `[session]`: life of a login, for offices and staff alike (spec 5; ASVS 7.3).

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::error::Findings;

/// Session time-outs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Session {
    /// Minutes without a request that end a session.
    pub idle_minutes: u32,
    /// Hours after which a session ends in any case.
    pub absolute_hours: u32,
}

impl Default for Session {
    fn default() -> Self {
        Self { idle_minutes: 30, absolute_hours: 12 }
    }
}

pub(super) const KEYS: &[(&str, &str)] =
    &[("session.idle_minutes", "5から60までの整数（分）"), ("session.absolute_hours", "1から24までの整数（時間）")];

impl Session {
    pub(super) fn validate(&self, found: &mut Findings) {
        found.expect("session.idle_minutes", (5..=60).contains(&self.idle_minutes));
        found.expect("session.absolute_hours", (1..=24).contains(&self.absolute_hours));
    }

    /// Time without a request that ends a session.
    #[must_use]
    pub fn idle(&self) -> SignedDuration {
        SignedDuration::from_mins(self.idle_minutes.into())
    }

    /// Time after login that ends a session.
    #[must_use]
    pub fn absolute(&self) -> SignedDuration {
        SignedDuration::from_hours(self.absolute_hours.into())
    }
}
