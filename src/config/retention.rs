//! `[retention]`: what is erased when (design, "Audit, keys, retention").

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::error::Findings;

/// Times after which data are erased.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Hours an unfinished flow is kept.
    pub flow_hours: u32,
    /// Days a contact address is kept after its application closed.
    pub contact_days: u32,
    /// Years details of audit events are kept; the events themselves stay.
    pub audit_detail_years: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { flow_hours: 24, contact_days: 365, audit_detail_years: 5 }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[
    ("retention.flow_hours", "1から168までの整数（時間）"),
    ("retention.contact_days", "30から3650までの整数（日）"),
    ("retention.audit_detail_years", "1から30までの整数（年）"),
];

impl Retention {
    pub(super) fn validate(&self, found: &mut Findings) {
        found.expect("retention.flow_hours", (1..=168).contains(&self.flow_hours));
        found.expect("retention.contact_days", (30..=3650).contains(&self.contact_days));
        found.expect("retention.audit_detail_years", (1..=30).contains(&self.audit_detail_years));
    }

    /// Life of an unfinished flow.
    #[must_use]
    pub fn flow(&self) -> SignedDuration {
        SignedDuration::from_hours(self.flow_hours.into())
    }

    /// Life of a contact address after its application closed.
    #[must_use]
    pub fn contact(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.contact_days))
    }
}
