//! ユーザID.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{OfficeKey, OfficeNumber, Prefecture, text};

/// ユーザID: `KJ`, the prefecture of the issuing federation, 事業所番号; 14 characters (S0, S1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UserId(OfficeKey);

impl UserId {
    /// The user ID of an office.
    #[must_use]
    pub const fn of(office: OfficeKey) -> Self {
        Self(office)
    }

    /// Reads what a person typed, in any case, with spaces or hyphens. `None` if it cannot be a user ID.
    #[must_use]
    pub fn parse(input: &str) -> Option<Self> {
        let clean = text::capital_code(input);
        let rest = clean.strip_prefix("KJ")?;
        if !rest.is_ascii() || rest.len() != 12 {
            return None;
        }
        let (prefecture, number) = rest.split_at(2);
        Some(Self(OfficeKey::new(Prefecture::parse(prefecture)?, OfficeNumber::parse(number).ok()?)))
    }

    /// The office that this ID belongs to.
    #[must_use]
    pub const fn office(self) -> OfficeKey {
        self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KJ{}", self.0)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_has_14_characters_and_is_read_in_any_case() {
        let id = UserId::parse("kj13-1311111111").map(|id| id.to_string());
        assert_eq!(id.as_deref(), Some("KJ131311111111"));
        assert_eq!(id.map(|id| id.len()), Some(14));
        for wrong in ["", "KJ", "KJ1313111111", "XX131311111111", "KJ991311111111", "KJ13131111111あ"] {
            assert_eq!(UserId::parse(wrong), None, "{wrong}");
        }
    }
}
