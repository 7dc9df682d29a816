//! 受付番号 of an inquiry.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::{Random, text};
use crate::store::KeyPart;

/// 受付番号: `P`, year and month of receipt (JST), and six random digits (D). A sequence could be guessed, and one that a restore has set
/// back would give a number out twice.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InquiryNumber {
    /// Year and month as YYYYMM.
    month: u32,
    /// 0–999999.
    digits: u32,
}

impl InquiryNumber {
    /// `None` when the parts are out of range.
    const fn new(month: u32, digits: u32) -> Option<Self> {
        let is_month = month >= 200_001 && month <= 999_912 && month % 100 >= 1 && month % 100 <= 12;
        if is_month && digits <= 999_999 { Some(Self { month, digits }) } else { None }
    }

    /// One drawn for the month (YYYYMM).
    #[must_use]
    pub fn drawn(month: u32, random: &Random) -> Self {
        Self { month, digits: random.below(1_000_000) }
    }

    /// Reads what a person typed.
    #[must_use]
    pub fn parse(input: &str) -> Option<Self> {
        let clean = text::capital_code(input);
        let digits = clean.strip_prefix('P')?;
        if digits.len() != 12 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Self::new(digits[..6].parse().ok()?, digits[6..].parse().ok()?)
    }
}

impl fmt::Display for InquiryNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{:06}{:06}", self.month, self.digits)
    }
}

impl fmt::Debug for InquiryNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl KeyPart for InquiryNumber {
    fn write(&self, out: &mut Vec<u8>) {
        self.month.write(out);
        self.digits.write(out);
    }
    fn read(input: &mut &[u8]) -> Option<Self> {
        Self::new(u32::read(input)?, u32::read(input)?)
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_p_month_and_six_digits() {
        let number = InquiryNumber::drawn(202_601, &Random::seeded(1));
        let text = number.to_string();
        assert!(text.len() == 13 && text.starts_with("P202601"), "{text}");
        assert_eq!(InquiryNumber::parse(&format!(" ｐ{}-{} ", &text[1..7], &text[7..])), Some(number));
        assert_eq!(InquiryNumber::new(202_601, 7).map(|one| one.to_string()).as_deref(), Some("P202601000007"));
        for wrong in ["", "P", "202601000001", "U202601000001", "P20260100000", "P202613000001", "P202600000001", "P2026010000é1"]
        {
            assert_eq!(InquiryNumber::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn keys_are_read_back_and_stand_in_the_order_of_months() {
        use crate::store::Key as _;
        let [old, new] = [(202_512, 999_999), (202_601, 0)].map(|(month, digits)| InquiryNumber::new(month, digits).unwrap());
        assert!(old.bytes() < new.bytes());
        assert_eq!(<InquiryNumber as crate::store::Key>::parse(&new.bytes()), Some(new));
    }
}
