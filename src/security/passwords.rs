//! The rule for a new password (spec 2). Passwords are never trimmed, folded or cut.

use std::fmt;

use zxcvbn::zxcvbn;

use super::leaked;
use crate::kernel::{UserId, text};

mod drawn;

pub use drawn::drawn;

/// The 29 symbols of an office's password: the union of the seeds' three lists (S0, S1).
pub const SYMBOLS: &str = "!#$%&()*+,-./:;<=>?@[]^_`{|}~";
/// The shortest password of an office (S0, S1).
pub const OFFICE_MIN: usize = 8;
/// The shortest and the longest password of staff (D: NIST 800-63B).
pub const STAFF_LENGTHS: (usize, usize) = (15, 64);
/// The shortest and the longest password of a user of the portal (spec 2).
pub const PORTAL_LENGTHS: (usize, usize) = (8, 64);
/// A password that a guesser with the usual lists finds within a million tries counts as common.
const GUESSES_LOG10: f64 = 6.0;
/// Words of this field that everybody who attacks an office tries first (quality bar 4).
const CONTEXT: [&str; 4] = ["kaigo", "kokuho", "uketsuke", "seikyuu"];

/// Why a new password is refused. `Display` is the sentence for the person who chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordFault {
    /// Nothing was typed.
    Empty,
    /// Outside the length allowed.
    Length {
        /// Fewest characters.
        min: usize,
        /// Most characters.
        max: usize,
    },
    /// A character that is neither a letter, a digit nor one of [`SYMBOLS`]: the first one.
    Character(char),
    /// No letter or no digit in it.
    Kinds,
    /// It is the user ID.
    UserId,
    /// It holds the office number, the user ID, or the name.
    Context,
    /// It stands in the lists of common and leaked passwords, or is close to one.
    Common,
    /// It is the present or the temporary one.
    Same,
}

impl fmt::Display for PasswordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("新しいパスワードを入力してください。"),
            Self::Length { min, max } => write!(f, "パスワードは{min}文字～{max}文字で入力してください。"),
            // What cannot be seen is named by its kind.
            Self::Character(' ' | '\u{3000}') => f.write_str("空白は使えません（貼り付けた文字の前後もお確かめください）。"),
            Self::Character(c) if c.is_control() || text::is_invisible(*c) => {
                f.write_str("改行やタブなどの見えない文字は使えません（貼り付けた文字の前後もお確かめください）。")
            }
            Self::Character(c) => {
                write!(f, "「{c}」は使えません。半角の英字、数字と、画面にある記号で入力してください。")
            }
            Self::Kinds => f.write_str("パスワードには英字と数字を少なくとも1文字ずつ含めてください。"),
            Self::UserId => f.write_str("ユーザIDと同じパスワードは入力できません。"),
            Self::Context => f.write_str(
                "事業所番号や名称など、推測されやすい言葉を含むパスワードは使えません。別のパスワードを入力してください。",
            ),
            Self::Common => f.write_str(
                "よく使われるパスワード、または過去に漏えいした一覧に近いパスワードです。別のパスワードを入力してください。",
            ),
            Self::Same => f.write_str("現在のパスワードや仮パスワードと同じものは使えません。別のパスワードを入力してください。"),
        }
    }
}

impl std::error::Error for PasswordFault {}

/// The rule for an office: 8 to `max` characters, a letter and a digit, symbols optional, not the user ID, nothing common.
///
/// # Errors
/// The first [`PasswordFault`] found. [`PasswordFault::Same`] is the caller's to check: it needs the stored hash.
pub fn check_office(new: &str, user: UserId, office_name: &str, max: usize) -> Result<(), PasswordFault> {
    let length = new.chars().count();
    if length == 0 {
        return Err(PasswordFault::Empty);
    }
    if let Some(other) = new.chars().find(|c| !c.is_ascii_alphanumeric() && !SYMBOLS.contains(*c)) {
        return Err(PasswordFault::Character(other));
    }
    if !(OFFICE_MIN..=max).contains(&length) {
        return Err(PasswordFault::Length { min: OFFICE_MIN, max });
    }
    if !new.chars().any(|c| c.is_ascii_alphabetic()) || !new.chars().any(|c| c.is_ascii_digit()) {
        return Err(PasswordFault::Kinds);
    }
    if new.eq_ignore_ascii_case(&user.to_string()) {
        return Err(PasswordFault::UserId);
    }
    let number = user.office().number.to_string();
    let user = user.to_string();
    // A password holds no kanji, but names such as 「Sakura介護センター」 have a part that it can hold.
    let latin = office_name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= 4);
    let words: Vec<&str> = [user.as_str(), &number, &number[3..]].into_iter().chain(latin).collect();
    check_guessable(new, &words)
}

/// The rule for staff: 15 to 64 characters of any kind, nothing common.
///
/// # Errors
/// The first [`PasswordFault`] found.
pub fn check_staff(new: &str, name: &str) -> Result<(), PasswordFault> {
    let (min, max) = STAFF_LENGTHS;
    match new.chars().count() {
        0 => Err(PasswordFault::Empty),
        length if !(min..=max).contains(&length) => Err(PasswordFault::Length { min, max }),
        _ => check_guessable(new, &[name]),
    }
}

/// The rule for a user of the portal: 8 to 64 characters of any kind, nothing common, none of the words that are their own (address, number,
/// names).
///
/// # Errors
/// The first [`PasswordFault`] found. [`PasswordFault::Same`] is the caller's to check: it needs the stored hash.
pub fn check_portal(new: &str, own_words: &[&str]) -> Result<(), PasswordFault> {
    let (min, max) = PORTAL_LENGTHS;
    match new.chars().count() {
        0 => Err(PasswordFault::Empty),
        length if !(min..=max).contains(&length) => Err(PasswordFault::Length { min, max }),
        _ => check_guessable(new, own_words),
    }
}

fn check_guessable(new: &str, own_words: &[&str]) -> Result<(), PasswordFault> {
    let folded = text::search_form(new);
    let holds = |word: &str| {
        let word = text::search_form(word);
        // One or two characters occur in any password by chance.
        word.chars().count() >= 3 && folded.contains(&word)
    };
    if own_words.iter().chain(&CONTEXT).any(|word| holds(word)) {
        return Err(PasswordFault::Context);
    }
    // The list first: it knows leaked passwords that no guesser would come by, and costs next to nothing.
    if leaked::is_leaked(new) || zxcvbn(new, own_words).guesses_log10() < GUESSES_LOG10 {
        return Err(PasswordFault::Common);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use PasswordFault as F;

    fn office(new: &str) -> Result<(), F> {
        check_office(new, UserId::parse("KJ131311111111").unwrap(), "Sakura介護センター", 16)
    }

    #[test]
    fn q1_an_office_chooses_8_to_16_characters_with_a_letter_and_a_digit() {
        let length = F::Length { min: 8, max: 16 };
        assert_eq!(office("xK4pq9w"), Err(length.clone()));
        assert_eq!(office("xK4pq9wz"), Ok(()));
        assert_eq!(office("xK4pq9wzRt7mLd2v"), Ok(()));
        assert_eq!(office("xK4pq9wzRt7mLd2vB"), Err(length));
        assert_eq!(office("xkqpwzrtvb"), Err(F::Kinds));
        assert_eq!(office("8402759361"), Err(F::Kinds));
        assert_eq!(office(""), Err(F::Empty));
    }

    #[test]
    fn q1_the_29_symbols_of_the_seeds_are_allowed_and_no_others() {
        assert_eq!(SYMBOLS.chars().count(), 29);
        for symbol in SYMBOLS.chars() {
            assert_eq!(office(&format!("xK4pq9w{symbol}")), Ok(()), "{symbol}");
        }
        for other in ['"', '\'', '\\', ' ', 'あ', 'Ａ', '１'] {
            assert_eq!(office(&format!("xK4pq9w{other}")), Err(F::Character(other)), "{other}");
        }
    }

    #[test]
    fn q1_the_forbidden_character_is_named_and_one_that_nobody_sees_by_its_kind() {
        for (typed, told) in [
            ("xK4\"pq'9w", "「\"」は使えません。"),
            ("パスワード1", "「パ」は使えません。"),
            (" xK4pq9wz", "空白は使えません"),
            ("xK4pq9wz\u{3000}", "空白は使えません"),
            ("xK4pq9wz\n", "見えない文字"),
            ("xK4pq9wz\u{200B}", "見えない文字"),
        ] {
            let sentence = office(typed).unwrap_err().to_string();
            assert!(sentence.contains(told), "{typed:?}: {sentence}");
        }
    }

    #[test]
    fn q3_common_passwords_are_refused() {
        for common in ["password1", "Passw0rd", "abcd1234", "qwerty123", "1q2w3e4r", "iloveyou1", "a1234567", "dragon123"] {
            assert_eq!(office(common), Err(F::Common), "{common}");
        }
    }

    #[test]
    fn q3_every_leaked_password_that_an_office_could_choose_is_refused() {
        let mut refused = [0, 0];
        for (rank, entry) in leaked::entries().enumerate() {
            let mut capital = entry.to_owned();
            // As people make a rule for capitals fit; the first character may be more than one byte.
            if let Some(first) = capital.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            for typed in [entry, &capital] {
                match office(typed) {
                    // It breaks the rule of lengths and kinds, which has a sentence of its own.
                    Err(F::Empty | F::Length { .. } | F::Character(_) | F::Kinds) => {}
                    // `1111111a` holds the number of this very office, which is told first.
                    Err(F::Common | F::Context) => refused[usize::from(rank >= 3_000)] += 1,
                    other => panic!("{typed}: {other:?}"),
                }
            }
        }
        assert!(refused[0] > 700 && refused.iter().sum::<usize>() > 9_000, "{refused:?}");
        // Drawn by a program, and leaked all the same: length and kinds say nothing against it.
        assert_eq!(office("fqrg7cs493"), Err(F::Common));
        assert_eq!(office("fqrg7cs49z"), Ok(()));
    }

    #[test]
    fn q3_leaked_passwords_are_refused_to_staff_as_well() {
        let long = leaked::entries().filter(|entry| (15..=64).contains(&entry.chars().count()));
        let refused: Vec<_> = long.map(|entry| check_staff(entry, "佐藤")).collect();
        assert!(refused.len() > 20 && refused.iter().all(|told| *told == Err(F::Common)), "{refused:?}");
    }

    #[test]
    fn q4_context_words_are_refused() {
        assert_eq!(office("kj131311111111"), Err(F::UserId));
        assert_eq!(office("sakura9Wzt4"), Err(F::Context), "part of the name");
        assert_eq!(office("KAIGOxk4pq9w"), Err(F::Context));
        assert_eq!(office("x1311111111z"), Err(F::Context));
    }

    #[test]
    fn q1_staff_choose_15_to_64_characters_without_a_composition_rule() {
        let length = F::Length { min: 15, max: 64 };
        assert_eq!(check_staff("kettle-orbit-w", "佐藤"), Err(length.clone()));
        assert_eq!(check_staff("kettle-orbit-wa", "佐藤"), Ok(()));
        assert_eq!(check_staff("ひまわりの丘で待つ郵便やさん", "佐藤"), Err(length.clone()));
        assert_eq!(check_staff("ひまわりの丘で待つ郵便やさんと猫", "佐藤"), Ok(()));
        assert_eq!(check_staff(&"kettle orbit wax ".repeat(4)[..64], "佐藤"), Ok(()));
        assert_eq!(check_staff(&"kettle orbit wax ".repeat(4)[..65], "佐藤"), Err(length));
        assert_eq!(check_staff("aaaaaaaaaaaaaaaaa", "佐藤"), Err(F::Common));
    }

    fn portal(new: &str) -> Result<(), F> {
        check_portal(new, &["hanako.sato@example.jp", "hanako.sato", "1311111111", "Sakura", "佐藤 花子"])
    }

    #[test]
    fn q1_portal_passwords_are_8_to_64() {
        let length = F::Length { min: 8, max: 64 };
        assert_eq!(portal(""), Err(F::Empty));
        assert_eq!(portal("xK4pq9w"), Err(length.clone()));
        assert_eq!(portal("xK4pq9wz"), Ok(()));
        assert_eq!(portal("xkqpwzrtvb"), Ok(()), "no rule of composition");
        assert_eq!(portal("ひまわりの丘で待つ郵便やさん"), Ok(()));
        assert_eq!(portal(&"kettle orbit wax ".repeat(4)[..64]), Ok(()));
        assert_eq!(portal(&"kettle orbit wax ".repeat(4)[..65]), Err(length));
    }

    #[test]
    fn q3_common_and_leaked_passwords_are_refused_at_the_portal_as_well() {
        for common in ["password1", "12345678", "fqrg7cs493", "aaaaaaaaaaaa"] {
            assert_eq!(portal(common), Err(F::Common), "{common}");
        }
        let refused: Vec<_> = leaked::entries().filter(|entry| (8..=64).contains(&entry.chars().count())).map(portal).collect();
        let common = |told: &Result<(), F>| matches!(told, Err(F::Common | F::Context));
        assert!(refused.len() > 1_000 && refused.iter().all(common), "{refused:?}");
    }

    #[test]
    fn q4_a_password_of_the_portal_holds_none_of_its_own_words() {
        for own in ["hanako.sato#9Wq", "xK4-1311111111", "SAKURA-x9wq4", "佐藤花子xK4pq9w", "kaigo-x9wq4zt"] {
            assert_eq!(portal(own), Err(F::Context), "{own}");
        }
    }
}
