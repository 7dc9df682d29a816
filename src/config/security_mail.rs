//! `[security_mail]`: the time of grace without a security mail address.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

/// Security mail addresses (spec 2, S1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityMail {
    /// Last day (JST, inclusive) on which an existing office may log in without registering an address.
    pub grace_until: Date,
}

impl Default for SecurityMail {
    fn default() -> Self {
        Self { grace_until: date(2026, 1, 31) }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[("security_mail.grace_until", "日付（例 2026-01-31）")];
