//! Making text printable: what the ledger holds and the font knows are not always the same characters.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::compose;

use super::fonts::Fonts;

/// Printed in place of a character that no embedded font has (the geta mark, the printer's own sign for it).
const GETA: char = '〓';

/// Text that the embedded fonts can set completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The text to print.
    pub text: String,
    /// The characters that became 〓, each once, in the order of their first appearance. Empty is the normal case;
    /// otherwise the clerk is warned (spec 4).
    pub replaced: Vec<char>,
}

/// Kangxi radicals become the ordinary ideograph (a ledger typed on some systems holds ⽊ for 木), voiced kana typed in two
/// parts become one, variation selectors and controls vanish, line breaks become blanks. Nothing else is touched: a full
/// normalisation would swap the very forms of personal names (神, 﨑) that people write on purpose.
pub(super) fn prepare(fonts: &Fonts, text: &str) -> Prepared {
    let mut out = String::with_capacity(text.len());
    let mut replaced = Vec::new();
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || is_variation_selector(c) => {}
            '\u{3099}' | '\u{309A}' => join_voicing_mark(&mut out, c),
            c if is_radical(c) => push(fonts, &mut out, &mut replaced, c, std::iter::once(c).nfkc()),
            c => push(fonts, &mut out, &mut replaced, c, std::iter::once(c)),
        }
    }
    Prepared { text: out, replaced }
}

fn push(fonts: &Fonts, out: &mut String, replaced: &mut Vec<char>, original: char, wanted: impl Iterator<Item = char> + Clone) {
    if wanted.clone().all(|c| fonts.has(c)) {
        out.extend(wanted);
        return;
    }
    // A compatibility form the font lacks may still have an ordinary form that it has.
    let plain = std::iter::once(original).nfkc();
    if plain.clone().all(|c| fonts.has(c)) {
        out.extend(plain);
        return;
    }
    out.push(GETA);
    if !replaced.contains(&original) {
        replaced.push(original);
    }
}

fn join_voicing_mark(out: &mut String, mark: char) {
    let joined = out.chars().last().and_then(|base| compose(base, mark));
    match joined {
        Some(joined) => {
            out.pop();
            out.push(joined);
        }
        None => out.push(if mark == '\u{3099}' { '゛' } else { '゜' }),
    }
}

fn is_radical(c: char) -> bool {
    matches!(u32::from(c), 0x2E80..=0x2FDF)
}

fn is_variation_selector(c: char) -> bool {
    matches!(u32::from(c), 0xFE00..=0xFE0F | 0xE_0100..=0xE_01EF | 0x180B..=0x180D)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> Prepared {
        prepare(&Fonts::load().unwrap(), text)
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in ["請求事業所Ａ", "髙橋・山﨑ケアプランセンター㈱", "神田(1号館)", "ﾃﾞｲｻｰﾋﾞｽ～和～"]
        {
            let done = prepared(name);
            assert_eq!(done.text, name);
            assert!(done.replaced.is_empty(), "{name}: {:?}", done.replaced);
        }
    }

    #[test]
    fn kangxi_radicals_become_ideographs() {
        assert_eq!(prepared("⽊村⼀郎").text, "木村一郎");
    }

    #[test]
    fn variation_selectors_and_controls_vanish() {
        let done = prepared("葛\u{E0100}飾\u{FE00}区\u{0007}\n本町");
        assert_eq!(done.text, "葛飾区 本町");
        assert!(done.replaced.is_empty());
    }

    #[test]
    fn voiced_kana_typed_in_two_parts_become_one() {
        assert_eq!(prepared("か\u{3099}ハ\u{309A}").text, "がパ");
    }

    #[test]
    fn characters_no_font_has_become_geta_and_are_reported_once() {
        let done = prepared("\u{E000}橋\u{E000}\u{1F3E0}");
        assert_eq!(done.text, "〓橋〓〓");
        assert_eq!(done.replaced, ['\u{E000}', '\u{1F3E0}']);
    }
}
