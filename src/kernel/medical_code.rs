//! 医療機関コード.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Prefecture, text};

/// 医療機関コード of ten digits: 都道府県番号 2, 点数表番号 1, then the seven digits that people usually call the code (S4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MedicalCode([u8; 10]);

/// Why a text is no code. Each has a sentence for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MedicalCodeError {
    /// Nothing was typed.
    Empty,
    /// The seven digits without 都道府県番号 and 点数表番号.
    Short,
    /// Neither ten digits nor seven.
    Length,
    /// The first two digits are no prefecture.
    Prefecture,
    /// Something that is no digit.
    Characters,
}

impl fmt::Display for MedicalCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "医療機関コードを入力してください。",
            Self::Short => {
                "7桁の医療機関コードの前に、都道府県番号（2桁）と点数表番号（1桁、医科は1、歯科は3、調剤は4）を付けて、10桁で入力してください。"
            }
            Self::Length => "医療機関コードは10桁の数字で入力してください。",
            Self::Prefecture => "医療機関コードの先頭2桁は都道府県番号（01～47）です。コードをお確かめください。",
            Self::Characters => "医療機関コードに使えない文字が含まれています。数字で入力してください。",
        })
    }
}

impl std::error::Error for MedicalCodeError {}

impl MedicalCode {
    /// Reads what a person typed: NFKC, hyphens and spaces removed.
    ///
    /// # Errors
    /// [`MedicalCodeError`] says what does not fit.
    pub fn parse(input: &str) -> Result<Self, MedicalCodeError> {
        let clean = text::code(input);
        if clean.is_empty() {
            return Err(MedicalCodeError::Empty);
        }
        if !clean.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(MedicalCodeError::Characters);
        }
        if clean.len() == 7 {
            return Err(MedicalCodeError::Short);
        }
        let digits: [u8; 10] = clean.as_bytes().try_into().map_err(|_| MedicalCodeError::Length)?;
        Prefecture::parse(&clean[..2]).map(|_| Self(digits)).ok_or(MedicalCodeError::Prefecture)
    }

    /// The ten digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The prefecture that its first two digits name.
    #[must_use]
    pub fn prefecture(&self) -> Prefecture {
        Prefecture::parse(&self.as_str()[..2]).expect("read with a prefecture in front")
    }
}

impl fmt::Display for MedicalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MedicalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<MedicalCode> for String {
    fn from(value: MedicalCode) -> Self {
        value.as_str().to_owned()
    }
}

impl TryFrom<String> for MedicalCode {
    type Error = MedicalCodeError;
    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::parse(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q52_a_medical_code_is_read_forgivingly() {
        for typed in ["0719900011", " ０７１９９０００１１ ", "07-1-9900011", "07 1 9900011"] {
            let code = MedicalCode::parse(typed).unwrap();
            assert_eq!((code.as_str(), code.prefecture().number()), ("0719900011", 7), "{typed}");
        }
    }

    #[test]
    fn what_is_no_medical_code_is_told_apart() {
        use MedicalCodeError as E;
        for (typed, error) in [
            ("", E::Empty),
            ("　", E::Empty),
            ("9900011", E::Short),
            ("990-0011", E::Short),
            ("071990001", E::Length),
            ("07199000111", E::Length),
            ("0019900011", E::Prefecture),
            ("4819900011", E::Prefecture),
            ("07A9900011", E::Characters),
            ("07あ9900011", E::Characters),
        ] {
            assert_eq!(MedicalCode::parse(typed), Err(error), "{typed}");
        }
    }
}
