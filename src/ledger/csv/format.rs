//! The two formats: which column holds what, and how a record becomes a row.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::LedgerError;
use super::row::LedgerRow;
use crate::kernel::{OfficeNumber, Prefecture, text};
use crate::ledger::model::{ClaimMethod, Status};

/// Longest name, kana or corporation, in characters. The longest kana of the ministry's data for one prefecture has 76.
const NAME: usize = 200;
/// Longest address or 方書.
const ADDRESS: usize = 200;
/// Longest telephone or fax number.
const TELEPHONE: usize = 40;
/// Longest code (office number, postal code, state), before hyphens and blanks are removed.
const CODE: usize = 40;

/// The format of a ledger file, as `--format` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// Our own: one row per office (spec 5).
    Uketsuke,
    /// The ministry's open data on care offices: one row per office and service.
    Mhlw,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "uketsuke" => Ok(Self::Uketsuke),
            "mhlw" => Ok(Self::Mhlw),
            _ => Err("形式は uketsuke、mhlw のいずれかです。".to_owned()),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uketsuke => "uketsuke",
            Self::Mhlw => "mhlw",
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Prefecture,
    Number,
    Name,
    Kana,
    PostalCode,
    Address,
    Building,
    Telephone,
    Fax,
    Corporation,
    Status,
    ClaimMethod,
    Service,
}

const FIELDS: usize = 13;

impl Format {
    /// The columns that a file of this format must have; others are passed over.
    const fn columns(self) -> &'static [(Field, &'static str)] {
        match self {
            Self::Uketsuke => &[
                (Field::Prefecture, "都道府県番号"),
                (Field::Number, "事業所番号"),
                (Field::Name, "事業所名"),
                (Field::Kana, "事業所名カナ"),
                (Field::PostalCode, "郵便番号"),
                (Field::Address, "住所"),
                (Field::Building, "方書"),
                (Field::Telephone, "電話番号"),
                (Field::Fax, "FAX番号"),
                (Field::Corporation, "法人名"),
                (Field::Status, "状態"),
                (Field::ClaimMethod, "請求方法"),
            ],
            Self::Mhlw => &[
                (Field::Prefecture, "都道府県名"),
                (Field::Number, "事業所番号"),
                (Field::Name, "事業所名"),
                (Field::Kana, "事業所名カナ"),
                (Field::Service, "サービスの種類"),
                (Field::Address, "住所"),
                (Field::Building, "方書（ビル名等）"),
                (Field::Telephone, "電話番号"),
                (Field::Fax, "FAX番号"),
                (Field::Corporation, "法人の名称"),
            ],
        }
    }

    /// The format whose own columns stand in this header.
    fn of(header: &[String]) -> Self {
        if header.iter().any(|name| name == "サービスの種類") { Self::Mhlw } else { Self::Uketsuke }
    }
}

/// A header that was understood.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) format: Format,
    /// Column names as shown to people.
    pub(super) names: Vec<String>,
    places: [Option<usize>; FIELDS],
}

/// The column and the sentence of a row that is refused.
pub(super) type Complaint = (Option<String>, String);

impl Layout {
    /// Reads a header; `format`: the one asked for, else the one it looks like.
    pub(super) fn of(header: &[String], format: Option<Format>) -> Result<Self, LedgerError> {
        // Compared in one form, because bracket and letter widths differ between editions of the ministry's data.
        let names: Vec<String> = header.iter().map(|name| text::line(name)).collect();
        let format = format.unwrap_or_else(|| Format::of(&names));
        let mut places = [None; FIELDS];
        let mut missing = Vec::new();
        for (field, name) in format.columns() {
            let wanted = text::line(name);
            let mut found = names.iter().enumerate().filter(|(_, name)| **name == wanted);
            places[*field as usize] = found.next().map(|(place, _)| place);
            if found.next().is_some() {
                return Err(LedgerError::DoubleColumn { column: (*name).to_owned() });
            }
            if places[*field as usize].is_none() {
                missing.push(*name);
            }
        }
        if !missing.is_empty() {
            return Err(LedgerError::MissingColumns { format, columns: missing.join("、") });
        }
        let names = header.iter().map(|name| name.trim().to_owned()).collect();
        Ok(Self { format, names, places })
    }

    /// The office of a record.
    pub(super) fn row(&self, line: u64, record: &[String]) -> Result<LedgerRow, Complaint> {
        if record.len() != self.names.len() {
            let (wanted, found) = (self.names.len(), record.len());
            return Err((None, format!("列の数が見出しと違います（見出しは{wanted}列、この行は{found}列）。")));
        }
        let fields = Fields { layout: self, record };
        let number = fields.required(Field::Number, CODE)?;
        let number = OfficeNumber::parse(&number).map_err(|error| {
            let hint =
                if text::code(&number).len() == 9 { "先頭の0が消えていないかお確かめください。" } else { "" };
            fields.complain(Field::Number, &format!("{error}{hint}"))
        })?;
        let services = fields.optional(Field::Service, NAME)?.into_iter().collect();
        Ok(LedgerRow {
            prefecture: self.prefecture(&fields)?,
            number,
            name: fields.required(Field::Name, NAME)?,
            kana: fields.optional(Field::Kana, NAME)?.map(|kana| text::line(&kana)),
            postal_code: fields.postal_code()?,
            address: fields.required(Field::Address, ADDRESS)?,
            building: fields.optional(Field::Building, ADDRESS)?,
            telephone: fields.optional(Field::Telephone, TELEPHONE)?.map(|number| text::line(&number)),
            fax: fields.optional(Field::Fax, TELEPHONE)?.map(|number| text::line(&number)),
            corporation: fields.optional(Field::Corporation, NAME)?,
            status: fields.one_of(Field::Status, &Status::ALL, Status::name)?.unwrap_or_default(),
            claim_method: fields.one_of(Field::ClaimMethod, &ClaimMethod::NAMED, ClaimMethod::name)?,
            services,
            line,
        })
    }

    fn prefecture(&self, fields: &Fields<'_>) -> Result<Prefecture, Complaint> {
        let given = fields.required(Field::Prefecture, CODE)?;
        let (found, wanted) = match self.format {
            Format::Uketsuke => (Prefecture::parse(&given), "都道府県番号は01から47までの2桁です。"),
            Format::Mhlw => (Prefecture::all().find(|p| p.name() == text::line(&given)), "都道府県名が正しくありません。"),
        };
        found.ok_or_else(|| fields.complain(Field::Prefecture, wanted))
    }
}

struct Fields<'a> {
    layout: &'a Layout,
    record: &'a [String],
}

impl Fields<'_> {
    fn complain(&self, field: Field, reason: &str) -> Complaint {
        let place = self.layout.places[field as usize];
        (place.and_then(|place| self.layout.names.get(place)).cloned(), reason.to_owned())
    }

    /// The text of a field without blanks at its ends; `None` when it is empty or the format has no such column.
    fn optional(&self, field: Field, limit: usize) -> Result<Option<String>, Complaint> {
        let place = self.layout.places[field as usize];
        let value = place.and_then(|place| self.record.get(place)).map_or("", String::as_str);
        // What turns the line is refused below; what has no width at all is left out, as from typed text.
        let value: String = value.chars().filter(|c| is_harmful(*c) || !text::is_invisible(*c)).collect();
        let value = value.trim();
        if value.chars().nth(limit).is_some() {
            return Err(self.complain(field, &format!("長すぎます（{limit}文字まで）。")));
        }
        if value.chars().any(is_harmful) {
            return Err(self.complain(field, "改行などの制御文字または文字化けがあります。"));
        }
        Ok((!value.is_empty()).then(|| value.to_owned()))
    }

    fn required(&self, field: Field, limit: usize) -> Result<String, Complaint> {
        self.optional(field, limit)?.ok_or_else(|| self.complain(field, "空です。必ず入れてください。"))
    }

    fn postal_code(&self) -> Result<Option<String>, Complaint> {
        let Some(given) = self.optional(Field::PostalCode, CODE)? else {
            return Ok(None);
        };
        let digits = text::code(given.trim_start_matches('〒'));
        if digits.len() != 7 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.complain(Field::PostalCode, "郵便番号は7桁の数字です。"));
        }
        Ok(Some(format!("{}-{}", &digits[..3], &digits[3..])))
    }

    fn one_of<T: Copy>(&self, field: Field, all: &[T], name: fn(T) -> &'static str) -> Result<Option<T>, Complaint> {
        let Some(given) = self.optional(field, CODE)? else {
            return Ok(None);
        };
        let given = text::line(&given);
        match all.iter().find(|value| name(**value) == given) {
            Some(value) => Ok(Some(*value)),
            None => {
                let words: Vec<&str> = all.iter().map(|value| name(*value)).collect();
                Err(self.complain(field, &format!("{}のいずれかです。", words.join("、"))))
            }
        }
    }
}

/// Control characters, marks that turn the direction of writing (a name could pose as another), and U+FFFD, which an
/// earlier program left where it lost a character.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{FFFD}' | '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
