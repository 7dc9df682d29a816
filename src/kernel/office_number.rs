//! 事業所番号 and the key of an office.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Prefecture, text};

/// 事業所番号: 10 characters, prefecture 2 digits, kind 1 (digit or capital letter other than I, O, Q), then 7 digits, the last a
/// check digit (R).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OfficeNumber([u8; 10]);

/// Why a text is no office number. Each has a sentence for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfficeNumberError {
    /// Nothing was typed.
    Empty,
    /// Not 10 characters.
    Length,
    /// The first two digits are no prefecture.
    Prefecture,
    /// The third character is neither a digit nor a permitted letter, or a later one is no digit.
    Characters,
}

impl fmt::Display for OfficeNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "事業所番号を入力してください。",
            Self::Length => "事業所番号は10桁で入力してください。",
            Self::Prefecture => "事業所番号の先頭2桁は都道府県番号（01～47）です。番号をお確かめください。",
            Self::Characters => "事業所番号に使えない文字が含まれています。番号をお確かめください。",
        })
    }
}

impl std::error::Error for OfficeNumberError {}

impl OfficeNumber {
    /// Reads what a person typed: NFKC, hyphens and spaces removed, letters in capitals.
    ///
    /// # Errors
    /// [`OfficeNumberError`] says which part does not fit. A wrong check digit is no error: see [`Self::check_digit_fits`].
    pub fn parse(input: &str) -> Result<Self, OfficeNumberError> {
        let clean = text::capital_code(input);
        if clean.is_empty() {
            return Err(OfficeNumberError::Empty);
        }
        if clean.chars().count() != 10 {
            return Err(OfficeNumberError::Length);
        }
        let bytes: [u8; 10] = clean.as_bytes().try_into().map_err(|_| OfficeNumberError::Characters)?;
        let kind_fits = bytes[2].is_ascii_digit() || (bytes[2].is_ascii_uppercase() && !matches!(bytes[2], b'I' | b'O' | b'Q'));
        let digits_fit = bytes[..2].iter().chain(&bytes[3..]).all(u8::is_ascii_digit);
        if !kind_fits || !digits_fit {
            return Err(OfficeNumberError::Characters);
        }
        let prefecture = (bytes[0] - b'0') * 10 + (bytes[1] - b'0');
        if Prefecture::new(prefecture).is_none() {
            return Err(OfficeNumberError::Prefecture);
        }
        Ok(Self(bytes))
    }

    /// The ten characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether the last digit is the check digit of the others by either published rule (R): modulus 10, weights 2-1 from the
    /// right over the first nine, digits of the products summed, A=10 … Z=32; or the same over digits 4–9 only. A failure warns
    /// and never blocks, because a few real numbers fail both.
    #[must_use]
    pub fn check_digit_fits(&self) -> bool {
        let last = u32::from(self.0[9] - b'0');
        check_digit(&self.0[..9]) == last || check_digit(&self.0[3..9]) == last
    }
}

fn check_digit(characters: &[u8]) -> u32 {
    let sum: u32 = characters
        .iter()
        .rev()
        .enumerate()
        .map(|(place, c)| {
            let product = value(*c) * if place % 2 == 0 { 2 } else { 1 };
            product / 10 + product % 10
        })
        .sum();
    (10 - sum % 10) % 10
}

/// A=10 … Z=32: the 23 letters without I, O and Q are numbered through.
fn value(c: u8) -> u32 {
    match c {
        b'0'..=b'9' => u32::from(c - b'0'),
        _ => 10 + u32::from(c - b'A') - [b'I', b'O', b'Q'].iter().filter(|skipped| c > **skipped).map(|_| 1_u32).sum::<u32>(),
    }
}

impl fmt::Display for OfficeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for OfficeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<OfficeNumber> for String {
    fn from(value: OfficeNumber) -> Self {
        value.as_str().to_owned()
    }
}

impl TryFrom<String> for OfficeNumber {
    type Error = OfficeNumberError;
    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::parse(&value)
    }
}

/// The key of an 事業所: the prefecture of the federation that keeps it, and its number. One number may stand in several ledgers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OfficeKey {
    /// The prefecture of the federation, which may differ from the first two digits of the number.
    pub prefecture: Prefecture,
    /// 事業所番号.
    pub number: OfficeNumber,
}

impl OfficeKey {
    /// The office `number` in the ledger of `prefecture`.
    #[must_use]
    pub const fn new(prefecture: Prefecture, number: OfficeNumber) -> Self {
        Self { prefecture, number }
    }
}

impl fmt::Display for OfficeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefecture, self.number)
    }
}

impl fmt::Debug for OfficeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.prefecture, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_office_number_is_read_forgivingly() {
        for typed in ["1311111111", " １３１１１１１１１１ ", "13-1111-1111", "13 1111 1111"] {
            assert_eq!(OfficeNumber::parse(typed).map(|n| n.to_string()), Ok("1311111111".to_owned()), "{typed}");
        }
        assert_eq!(OfficeNumber::parse("13a1111111").map(|n| n.to_string()), Ok("13A1111111".to_owned()));
    }

    #[test]
    fn what_is_no_office_number_is_told_apart() {
        use OfficeNumberError as E;
        for (typed, error) in [
            ("", E::Empty),
            ("　", E::Empty),
            ("131111111", E::Length),
            ("13111111111", E::Length),
            ("4811111111", E::Prefecture),
            ("0011111111", E::Prefecture),
            ("13I1111111", E::Characters),
            ("13O1111111", E::Characters),
            ("13Q1111111", E::Characters),
            ("131111111A", E::Characters),
            ("13あ1111111", E::Characters),
            ("1A11111111", E::Characters),
        ] {
            assert_eq!(OfficeNumber::parse(typed), Err(error), "{typed}");
        }
    }

    #[test]
    fn the_check_digit_warns_by_either_rule() {
        let fits = |text: &str| OfficeNumber::parse(text).map(|n| n.check_digit_fits());
        // 0710112863: 0 7 1 0 1 1 2 8 6 weighted 2-1 from the right gives 27, so the check digit is 3.
        assert_eq!(fits("0710112863"), Ok(true));
        assert_eq!(fits("0710112864"), Ok(false));
        assert_eq!(fits("1311111111"), Ok(true), "by the rule over digits 4 to 9");
        assert_eq!(fits("1999999999"), Ok(false), "the sample on the seeds' letter fails both rules");
    }

    #[test]
    fn letters_are_numbered_without_i_o_q() {
        assert_eq!(
            (value(b'A'), value(b'H'), value(b'J'), value(b'N'), value(b'P'), value(b'R'), value(b'Z')),
            (10, 17, 18, 22, 23, 24, 32)
        );
    }
}
