//! `[code]`: confirmation codes and one-time passwords.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::error::Findings;

/// Life of a code (spec 2; S0, S1 for the 30 minutes).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Code {
    /// Minutes from the request or the last 再送.
    pub valid_minutes: u32,
    /// Wrong entries that end a code.
    pub tries: u32,
    /// Seconds between two 再送.
    pub resend_seconds: u32,
}

impl Default for Code {
    fn default() -> Self {
        Self { valid_minutes: 30, tries: 5, resend_seconds: 60 }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[
    ("code.valid_minutes", "1から30までの整数（分）"),
    ("code.tries", "1から5までの整数（回）"),
    ("code.resend_seconds", "30から600までの整数（秒）"),
];

impl Code {
    pub(super) fn validate(&self, found: &mut Findings) {
        found.expect("code.valid_minutes", (1..=30).contains(&self.valid_minutes));
        found.expect("code.tries", (1..=5).contains(&self.tries));
        found.expect("code.resend_seconds", (30..=600).contains(&self.resend_seconds));
    }

    /// Life of a code.
    #[must_use]
    pub fn valid(&self) -> SignedDuration {
        SignedDuration::from_mins(self.valid_minutes.into())
    }

    /// Time between two 再送.
    #[must_use]
    pub fn resend(&self) -> SignedDuration {
        SignedDuration::from_secs(self.resend_seconds.into())
    }
}
