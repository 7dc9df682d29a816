//! What people type, made comparable (spec 2, D: typed input is forgiving). Passwords never come here.

use unicode_normalization::UnicodeNormalization as _;

/// NFKC and trimmed, as for names, sentences and mail addresses, without what nobody can see.
#[must_use]
pub fn line(input: &str) -> String {
    if input.is_ascii() {
        // As it is: nothing to compose, nothing that cannot be seen. Every address of every record comes through here.
        return input.trim().to_owned();
    }
    // What stood apart may combine once the invisible between it is gone: hence NFKC again.
    input.nfkc().filter(|c| !is_invisible(*c)).nfkc().collect::<String>().trim().to_owned()
}

/// Characters of one typed text that a flow keeps: longer than any that is right.
pub const LONGEST_KEPT: usize = 300;

/// As a flow keeps what was typed, for \[戻る\]: as [`line()`], and cut. Padding is forgiven when it is read, not stored.
#[must_use]
pub fn kept(input: &str) -> String {
    line(input).chars().take(LONGEST_KEPT).collect()
}

/// NFKC, trimmed, and without hyphens and spaces of any kind: office numbers, codes, control numbers, user IDs.
#[must_use]
pub fn code(input: &str) -> String {
    if input.is_ascii() {
        return input.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    }
    input.nfkc().filter(|c| !c.is_whitespace() && !is_hyphen(*c) && !is_invisible(*c)).nfkc().collect()
}

/// As [`code`], in capital letters.
#[must_use]
pub fn capital_code(input: &str) -> String {
    code(input).to_ascii_uppercase()
}

/// Several lines of text: NFKC would join nothing here, but it would also change 〜 and circled numbers that people chose,
/// so only line ends are made equal, what nobody can see is left out, and the ends trimmed.
#[must_use]
pub fn paragraph(input: &str) -> String {
    let text: String = input.replace("\r\n", "\n").chars().filter(|c| !is_invisible(*c)).collect();
    text.replace('\r', "\n").trim().to_owned()
}

/// Whether there is a control character other than a line feed or a tab in it.
#[must_use]
pub fn has_control(input: &str) -> bool {
    input.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

/// For searching: NFKC, lower case, hiragana as katakana, without spaces.
#[must_use]
pub fn search_form(input: &str) -> String {
    input.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace() && !is_invisible(*c)).map(to_katakana).collect()
}

/// 氏名カナ and the like: NFKC and trimmed, hiragana as katakana. `None` if anything but katakana, the long vowel mark, middle dots and
/// spaces is left.
#[must_use]
pub fn kana(input: &str) -> Option<String> {
    let text: String = line(input).chars().map(to_katakana).collect();
    let fits = |c: char| matches!(c, 'ァ'..='ヺ' | 'ー' | 'ヽ' | 'ヾ' | '・' | ' ');
    text.chars().all(fits).then_some(text)
}

/// A telephone number in Japan: NFKC, without spaces; digits with hyphens where they were typed, 10 or 11 digits that begin with 0. `None`
/// for anything else.
#[must_use]
pub fn telephone(input: &str) -> Option<String> {
    let typed = line(input);
    let text: String = typed.chars().filter(|c| !c.is_whitespace()).map(|c| if is_hyphen(c) { '-' } else { c }).collect();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let fits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let ends = text.starts_with('0') && !text.ends_with('-') && !text.contains("--");
    (fits && ends && (10..=11).contains(&digits)).then_some(text)
}

fn to_katakana(c: char) -> char {
    match c {
        '\u{3041}'..='\u{3096}' => char::from_u32(c as u32 + 0x60).unwrap_or(c),
        other => other,
    }
}

/// Characters without a shape of their own: zero-width ones and marks that turn the direction of writing. They come along when somebody
/// copies out of a document or a chat, nobody sees them to take them out again, and a turned line shows something else than it says.
#[must_use]
pub const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
    )
}

fn is_hyphen(c: char) -> bool {
    // The last is the long vowel mark, which an input method gives for the hyphen key; no code holds one.
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{00AD}' | '\u{30FC}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q52_full_width_digits_spaces_and_hyphens_are_accepted_in_codes() {
        assert_eq!(code(" １２３−４ "), "1234");
        assert_eq!(code("13-1111 1111"), "1311111111");
        assert_eq!(code("１３ー１１"), "1311");
        assert_eq!(capital_code("ｋｊ13"), "KJ13");
    }

    #[test]
    fn lines_are_trimmed_and_normalised_but_keep_inner_spaces() {
        assert_eq!(line("　ﾀﾅｶ　太郎 "), "タナカ 太郎");
    }

    #[test]
    fn search_treats_hiragana_and_katakana_alike() {
        assert_eq!(search_form("さくら ＡＢ"), search_form("ｻｸﾗab"));
    }

    #[test]
    fn what_nobody_can_see_is_left_out() {
        assert_eq!(code("\u{202A}13\u{200B}1111\u{FEFF}1111\u{202C}"), "1311111111");
        assert_eq!(line("\u{200E}a\u{200B}@example.jp\u{2060}"), "a@example.jp");
        assert_eq!(paragraph("一\u{202E}行\r\n\u{FEFF}次\u{200B}"), "一行\n次");
        assert_eq!(line("か\u{200B}\u{3099}"), "が", "normalised as if it had not been there");
    }

    #[test]
    fn what_is_plain_is_read_as_what_is_not() {
        for c in (0..128_u8).map(char::from) {
            let plain = format!(" a{c}1-{c}");
            // The mark that nobody sees takes it off the short way and is left out again.
            let long = format!("{plain}\u{200B}");
            assert_eq!(code(&plain), code(&long), "{c:?}");
            assert_eq!(line(&format!("{plain}.")), line(&format!("{long}.")), "{c:?}");
        }
    }

    #[test]
    fn q52_kana_is_read_in_any_writing_of_it_and_nothing_else() {
        for (typed, read) in [
            ("さとう　はなこ", Some("サトウ ハナコ")),
            (" ｻﾄｳ ﾊﾅｺ ", Some("サトウ ハナコ")),
            ("ジョン・スミスー", Some("ジョン・スミスー")),
            ("ヴァ", Some("ヴァ")),
            ("佐藤", None),
            ("サトウ1", None),
            ("Sato", None),
            ("サト\nウ", None),
        ] {
            assert_eq!(kana(typed).as_deref(), read, "{typed}");
        }
    }

    #[test]
    fn q52_a_telephone_number_is_read_forgivingly() {
        for (typed, read) in [
            ("03-1234-5678", Some("03-1234-5678")),
            ("０３ー１２３４ー５６７８", Some("03-1234-5678")),
            ("090 1234 5678", Some("09012345678")),
            ("０９０−１２３４−５６７８", Some("090-1234-5678")),
            ("0312345678", Some("0312345678")),
            ("031234567", None),
            ("090123456789", None),
            ("13-1234-5678", None),
            ("03-1234-567a", None),
            ("03(1234)5678", None),
            ("-03-1234-5678", None),
            ("03-1234-5678-", None),
            ("03--1234-5678", None),
            ("", None),
        ] {
            assert_eq!(telephone(typed).as_deref(), read, "{typed}");
        }
    }

    #[test]
    fn control_characters_are_seen() {
        assert!(has_control("a\u{0}b"));
        assert!(has_control("a\rb"));
        assert!(!has_control("a\nb"));
    }
}
