//! `[review]`: examination of applications.

use serde::{Deserialize, Serialize};

/// Who may decide (spec 2, D).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Review {
    /// The approver differs from whoever took the application into 審査中.
    pub two_person: bool,
}

pub(super) const KEYS: &[(&str, &str)] = &[("review.two_person", "true か false")];
