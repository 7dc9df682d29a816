//! `[letter]`: printing.

use serde::{Deserialize, Serialize};

use super::error::Findings;

/// Printing of letters (spec 2, D).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Letter {
    /// Most letters of one batch.
    pub batch_max: usize,
}

impl Default for Letter {
    fn default() -> Self {
        Self { batch_max: 500 }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[("letter.batch_max", "1から500までの整数（通）")];

impl Letter {
    pub(super) fn validate(&self, found: &mut Findings) {
        found.expect("letter.batch_max", (1..=500).contains(&self.batch_max));
    }
}
