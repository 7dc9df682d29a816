//! Which digits make a code, and what a session has under way. Pure.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::kernel::{Secret, UserId, clock, text};
use crate::security::Sealed;

/// How long the secret of an app waits for its first code.
const OPEN: SignedDuration = SignedDuration::from_mins(30);

/// Digits that are tried first, of those that no rule below refuses.
const COMMON: [&str; 20] = [
    "147258", "147852", "159357", "159753", "258456", "246810", "135790", "102030", "112233", "123321", "123654", "147896",
    "789456", "852456", "963852", "987456", "10203040", "11223344", "12344321", "14725836",
];

/// Why digits are no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeFault {
    /// Nothing was typed.
    Missing,
    /// Not 6–8 digits.
    Form,
    /// Among the first that anybody would try.
    Easy,
}

impl fmt::Display for CodeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "新しいセキュリティコードを入力してください。",
            Self::Form => "セキュリティコードは6〜8桁の数字で入力してください。",
            Self::Easy => "推測されやすい数字です。同じ数字の繰り返し、並び順の数字、事業所番号の一部などは使えません。",
        })
    }
}

/// The code in what was typed, however wide and spaced.
///
/// # Errors
/// [`CodeFault`].
pub fn judge(typed: &str, user_id: UserId) -> Result<Secret<String>, CodeFault> {
    let code = text::code(typed);
    if code.is_empty() {
        return Err(CodeFault::Missing);
    }
    if !(6..=8).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CodeFault::Form);
    }
    if is_easy(code.as_bytes()) || user_id.to_string().contains(&code) || COMMON.contains(&code.as_str()) {
        return Err(CodeFault::Easy);
    }
    Ok(Secret::new(code))
}

/// A short piece over and over, or digits in a row, up or down, with 0 after 9 or before 1.
fn is_easy(digits: &[u8]) -> bool {
    let repeats = (1..=4).filter(|length| length * 2 <= digits.len()).any(|length| {
        let (piece, rest) = digits.split_at(length);
        rest.chunks(length).all(|chunk| piece.starts_with(chunk))
    });
    let runs = [1, 9].into_iter().any(|step| digits.windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0'));
    repeats || runs
}

/// What a session has under way at セキュリティコード設定.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Setup {
    pub(super) at: Timestamp,
    /// The browser that began: a session that was stolen is not shown the secret in another.
    #[serde(default)]
    pub(super) browser: [u8; 32],
    pub(super) stage: Stage,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Stage {
    /// An app is shown this secret and is to prove that it has it.
    Proving {
        secret: Sealed,
        /// The account's when the secret was made.
        revision: u64,
    },
    /// 【処理終了】.
    Done {
        did: Did,
        /// The account's after it: the same form once more is no other change.
        revision: u64,
    },
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Did {
    SetFixed,
    SetApp,
    Removed,
}

impl Setup {
    /// Whether the secret still waits.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        let until = self.at.saturating_add(OPEN).unwrap_or(Timestamp::MAX);
        clock::runs(until, OPEN, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> UserId {
        UserId::parse("KJ131312345674").unwrap()
    }

    #[test]
    fn q52_a_code_is_six_to_eight_digits_however_wide_and_spaced() {
        for (typed, code) in [("918273", "918273"), (" ９１８２−７３６ ", "9182736"), ("9182 7364", "91827364")] {
            assert_eq!(judge(typed, office()).unwrap().expose(), code);
        }
        for (typed, fault) in [
            ("", CodeFault::Missing),
            (" - ", CodeFault::Missing),
            ("91827", CodeFault::Form),
            ("918273645", CodeFault::Form),
            ("91827a", CodeFault::Form),
            ("九一八二七三", CodeFault::Form),
        ] {
            assert_eq!(judge(typed, office()).map(|_| ()), Err(fault), "{typed}");
        }
    }

    #[test]
    fn digits_that_anybody_would_try_first_are_no_code() {
        for typed in [
            "000000", "11111111", "121212", "123123", "1231231", "12341234", "123456", "12345678", "567890", "654321", "098765",
            "10203040", "313123", "12345674",
        ] {
            assert_eq!(judge(typed, office()).map(|_| ()), Err(CodeFault::Easy), "{typed}");
        }
        for typed in ["24681357", "918273", "1212123", "131231", "123457"] {
            assert!(judge(typed, office()).is_ok(), "{typed}");
        }
    }

    #[test]
    fn the_list_holds_only_what_no_rule_refuses() {
        for code in COMMON {
            assert!(!is_easy(code.as_bytes()) && (6..=8).contains(&code.len()), "{code}");
        }
    }
}
