//! 管理番号.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text;

/// 管理番号: `U`, year and month of receipt (JST), and a sequence of six digits that restarts each month: U202601000001 (S0, S1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ControlNumber {
    /// Year and month as YYYYMM.
    month: u32,
    /// 1–999999.
    sequence: u32,
}

impl ControlNumber {
    /// The number `sequence` of the month `month` (YYYYMM). `None` when the month is full or the parts are out of range.
    #[must_use]
    pub const fn new(month: u32, sequence: u32) -> Option<Self> {
        if sequence == 0
            || sequence > 999_999
            || month < 200_001
            || month > 999_912
            || month.is_multiple_of(100)
            || month % 100 > 12
        {
            return None;
        }
        Some(Self { month, sequence })
    }

    /// Reads what a person typed.
    #[must_use]
    pub fn parse(input: &str) -> Option<Self> {
        let clean = text::capital_code(input);
        let digits = clean.strip_prefix('U')?;
        if digits.len() != 12 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Self::new(digits[..6].parse().ok()?, digits[6..].parse().ok()?)
    }

    /// Year and month of receipt, YYYYMM.
    #[must_use]
    pub const fn month(self) -> u32 {
        self.month
    }

    /// The place within the month.
    #[must_use]
    pub const fn sequence(self) -> u32 {
        self.sequence
    }
}

impl fmt::Display for ControlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U{:06}{:06}", self.month, self.sequence)
    }
}

impl fmt::Debug for ControlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_number_is_u_month_and_six_digits() {
        let number = ControlNumber::new(202_601, 1).map(|n| n.to_string());
        assert_eq!(number.as_deref(), Some("U202601000001"));
        assert_eq!(ControlNumber::parse(" ｕ202601-000001").map(|n| n.to_string()), number);
        for wrong in ["", "U", "202601000001", "U20260100000", "U202613000001", "U202601000000", "U２０２６あ"] {
            assert_eq!(ControlNumber::parse(wrong), None, "{wrong}");
        }
        assert_eq!(ControlNumber::new(202_601, 1_000_000), None);
    }
}
