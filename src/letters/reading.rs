//! How the characters of a temporary password are read aloud, printed over each box of the letter (S2).
//!
//! Both cases of a letter have the same reading; the class beside it tells them apart.

/// The class and the katakana reading of one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// 大文字, 小文字 or 数字.
    pub class: &'static str,
    /// Katakana, at most five characters.
    pub kana: &'static str,
}

/// The reading of an ASCII letter or digit, `None` for anything else. Covers more than the alphabet of temporary passwords,
/// so that a change of that alphabet does not touch the letter.
pub fn reading(c: char) -> Option<Reading> {
    let class = match c {
        'A'..='Z' => "大文字",
        'a'..='z' => "小文字",
        '0'..='9' => "数字",
        _ => return None,
    };
    let kana = match c.to_ascii_uppercase() {
        'A' => "エー",
        'B' => "ビー",
        'C' => "シー",
        'D' => "ディー",
        'E' => "イー",
        'F' => "エフ",
        'G' => "ジー",
        'H' => "エイチ",
        'I' => "アイ",
        'J' => "ジェー",
        'K' => "ケー",
        'L' => "エル",
        'M' => "エム",
        'N' => "エヌ",
        'O' => "オー",
        'P' => "ピー",
        'Q' => "キュー",
        'R' => "アール",
        'S' => "エス",
        'T' => "ティー",
        'U' => "ユー",
        'V' => "ブイ",
        'W' => "ダブリュー",
        'X' => "エックス",
        'Y' => "ワイ",
        'Z' => "ゼット",
        '0' => "ゼロ",
        '1' => "イチ",
        '2' => "ニ",
        '3' => "サン",
        '4' => "ヨン",
        '5' => "ゴ",
        '6' => "ロク",
        '7' => "ナナ",
        '8' => "ハチ",
        '9' => "キュウ",
        _ => return None,
    };
    Some(Reading { class, kana })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Letters of both cases and digits, without 0 O o 1 l I (spec 2).
    fn temporary_password_alphabet() -> impl Iterator<Item = char> {
        ('0'..='z').filter(|c| c.is_ascii_alphanumeric() && !"0Oo1lI".contains(*c))
    }

    #[test]
    fn every_character_of_a_temporary_password_has_a_reading() {
        assert_eq!(temporary_password_alphabet().count(), 56);
        for c in temporary_password_alphabet() {
            assert!(reading(c).is_some(), "{c}");
        }
    }

    #[test]
    fn class_and_reading_name_exactly_one_character() {
        let mut seen = HashMap::new();
        for c in ('0'..='z').filter(char::is_ascii_alphanumeric) {
            let Reading { class, kana } = reading(c).unwrap();
            assert_eq!(seen.insert((class, kana), c), None, "{class} {kana}");
        }
    }

    #[test]
    fn both_cases_read_alike() {
        for c in 'a'..='z' {
            assert_eq!(reading(c).unwrap().kana, reading(c.to_ascii_uppercase()).unwrap().kana);
        }
    }

    #[test]
    fn anything_else_has_none() {
        for c in ['-', ' ', 'あ', 'Ａ', '７'] {
            assert_eq!(reading(c), None);
        }
    }
}
