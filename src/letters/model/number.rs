//! The number on a letter.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::text;

/// 発行番号-枝番: year and month of the first print, a sequence that restarts each month, and which print it is. Stands on the letter
/// and on the cover list; 発送済 asks for it, so that no dead password is posted (spec 2, D).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LetterNumber {
    /// 発行番号.
    pub serial: Serial,
    /// 枝番, from 1; each print raises it.
    pub branch: u8,
}

/// 発行番号 without its 枝番.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Serial {
    /// Year and month (JST) as YYYYMM.
    pub month: u32,
    /// 1–999999, unique in the installation.
    pub sequence: u32,
}

impl Serial {
    /// Reads what was typed: the 12 digits of a 発行番号, with or without hyphens, and with or without its 枝番.
    #[must_use]
    pub fn parse(input: &str) -> Option<Self> {
        let digits = text::code(input);
        if !matches!(digits.len(), 12 | 14) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (month, sequence) = (digits[..6].parse::<u32>().ok()?, digits[6..12].parse().ok()?);
        (matches!(month % 100, 1..=12) && sequence > 0).then_some(Self { month, sequence })
    }
}

impl LetterNumber {
    /// Reads what was typed or scanned: 14 digits, with or without the hyphens.
    #[must_use]
    pub fn parse(input: &str) -> Option<Self> {
        let digits = text::code(input);
        if digits.len() != 14 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number = |range: std::ops::Range<usize>| digits[range].parse::<u32>().ok();
        let serial = Serial { month: number(0..6)?, sequence: number(6..12)? };
        Some(Self { serial, branch: u8::try_from(number(12..14)?).ok()? })
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}-{:06}", self.month, self.sequence)
    }
}

impl fmt::Display for LetterNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.serial, self.branch)
    }
}

/// The highest 枝番 that fits into its two digits.
pub const BRANCH_MOST: u8 = 99;
