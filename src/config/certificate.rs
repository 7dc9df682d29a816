//! `[certificate]`: validity, fees and the announcement of their change.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::error::Findings;

/// Certificates (spec 2, S1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Certificate {
    /// Years a certificate is valid (R).
    pub validity_years: u32,
    /// First day (JST) on which the screens announce the change of fee.
    pub announce_from: Date,
    /// Last day (JST, inclusive) of that announcement.
    pub announce_until: Date,
    /// Fees by date of application, oldest first.
    pub fee: Vec<Fee>,
}

/// A fee and the day from which it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// First day (JST).
    pub from: Date,
    /// Yen, tax included.
    pub amount: u32,
}

impl Default for Certificate {
    fn default() -> Self {
        Self {
            validity_years: 3,
            announce_from: date(2026, 1, 1),
            announce_until: date(2026, 3, 31),
            fee: vec![
                // The day the care insurance began: before it nobody could apply.
                Fee { from: date(2000, 4, 1), amount: 13_200 },
                Fee { from: date(2026, 4, 1), amount: 7_800 },
            ],
        }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[
    ("certificate.validity_years", "1から5までの整数（年）"),
    ("certificate.announce_from", "日付（例 2026-01-01）"),
    ("certificate.announce_until", "certificate.announce_from 以後の日付（例 2026-03-31）"),
    ("certificate.fee", "手数料の一覧（[[certificate.fee]] を1つ以上、from の古い順）"),
    ("certificate.fee.from", "その手数料が始まる日付（例 2026-04-01、古い順で重複なし）"),
    ("certificate.fee.amount", "0から1000000までの整数（円）"),
];

impl Certificate {
    pub(super) fn validate(&self, found: &mut Findings) {
        found.expect("certificate.validity_years", (1..=5).contains(&self.validity_years));
        found.expect("certificate.announce_until", self.announce_from <= self.announce_until);
        found.expect("certificate.fee", !self.fee.is_empty());
        for (index, fee) in self.fee.iter().enumerate() {
            let later = index == 0 || self.fee[index - 1].from < fee.from;
            found.expect(&format!("certificate.fee.{index}.from"), later);
            found.expect(&format!("certificate.fee.{index}.amount"), fee.amount <= 1_000_000);
        }
    }

    /// The fee in yen for an application of that day; before the first day of the table, the first fee.
    #[must_use]
    pub fn fee_on(&self, day: Date) -> u32 {
        let current = self.fee.iter().rev().find(|fee| fee.from <= day);
        current.or(self.fee.first()).map_or(0, |fee| fee.amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fee_changes_on_the_first_of_april() {
        let certificate = Certificate::default();
        assert_eq!(certificate.fee_on(date(2026, 3, 31)), 13_200);
        assert_eq!(certificate.fee_on(date(2026, 4, 1)), 7_800);
        assert_eq!(certificate.fee_on(date(1999, 1, 1)), 13_200);
    }
}
