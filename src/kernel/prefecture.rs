//! The 47 prefectures, each with one federation.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A prefecture by its two-digit code, 01–47.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Prefecture(u8);

const NAMES: [&str; 47] = [
    "北海道",
    "青森県",
    "岩手県",
    "宮城県",
    "秋田県",
    "山形県",
    "福島県",
    "茨城県",
    "栃木県",
    "群馬県",
    "埼玉県",
    "千葉県",
    "東京都",
    "神奈川県",
    "新潟県",
    "富山県",
    "石川県",
    "福井県",
    "山梨県",
    "長野県",
    "岐阜県",
    "静岡県",
    "愛知県",
    "三重県",
    "滋賀県",
    "京都府",
    "大阪府",
    "兵庫県",
    "奈良県",
    "和歌山県",
    "鳥取県",
    "島根県",
    "岡山県",
    "広島県",
    "山口県",
    "徳島県",
    "香川県",
    "愛媛県",
    "高知県",
    "福岡県",
    "佐賀県",
    "長崎県",
    "熊本県",
    "大分県",
    "宮崎県",
    "鹿児島県",
    "沖縄県",
];

impl Prefecture {
    /// The prefecture of this number, 1–47.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number >= 1 && number <= 47 { Some(Self(number)) } else { None }
    }

    /// Reads a code of one or two digits, full-width digits included.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let clean = super::text::code(text);
        if clean.is_empty() || clean.len() > 2 || !clean.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        clean.parse().ok().and_then(Self::new)
    }

    /// The number, 1–47.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The Japanese name with its 都道府県, e.g. 福島県.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES[usize::from(self.0) - 1]
    }

    /// All 47, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=47).map(Self)
    }
}

/// The two-digit code, e.g. 07.
impl fmt::Display for Prefecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

impl fmt::Debug for Prefecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl From<Prefecture> for u8 {
    fn from(value: Prefecture) -> Self {
        value.0
    }
}

impl TryFrom<u8> for Prefecture {
    type Error = String;
    fn try_from(value: u8) -> Result<Self, Self::Error> {
        Self::new(value).ok_or_else(|| format!("{value} is not a prefecture code (01-47)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_run_from_01_to_47() {
        assert_eq!(Prefecture::parse("07").map(Prefecture::name), Some("福島県"));
        assert_eq!(Prefecture::parse("１３").map(Prefecture::name), Some("東京都"));
        assert_eq!(Prefecture::parse("47").map(Prefecture::name), Some("沖縄県"));
        for wrong in ["", "0", "00", "48", "007", "x"] {
            assert_eq!(Prefecture::parse(wrong), None, "{wrong}");
        }
    }
}
