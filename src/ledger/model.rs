//! One office as the ledger knows it.

use serde::{Deserialize, Serialize};

use crate::kernel::{OfficeKey, text};

/// Whether an office is in operation. Never blocks login, reset or application (closed offices still claim past months): it warns
/// the clerk (spec 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// 有効
    #[default]
    Active,
    /// 休止
    Suspended,
    /// 廃止
    Closed,
}

impl Status {
    /// All, in the order of the ledger CSV.
    pub const ALL: [Self; 3] = [Self::Active, Self::Suspended, Self::Closed];

    /// The name on screens and in the ledger CSV.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "有効",
            Self::Suspended => "休止",
            Self::Closed => "廃止",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn parse(input: &str) -> Option<Self> {
        let name = text::line(input);
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// How an office hands in its claims (請求方法).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimMethod {
    /// The ledger does not say, e.g. after an import of the ministry's open data.
    #[default]
    Unknown,
    /// 電子: over the network, with a login of this system.
    Electronic,
    /// 媒体: on a disk.
    Media,
    /// 紙: on paper.
    Paper,
}

impl ClaimMethod {
    /// Those a ledger CSV can name.
    pub const NAMED: [Self; 3] = [Self::Electronic, Self::Media, Self::Paper];

    /// The name on screens and in the ledger CSV; empty if not known.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Electronic => "電子",
            Self::Media => "媒体",
            Self::Paper => "紙",
        }
    }

    /// Reads [`Self::name`]; an empty text is [`Self::Unknown`].
    #[must_use]
    pub fn parse(input: &str) -> Option<Self> {
        let name = text::line(input);
        [Self::Unknown, Self::Electronic, Self::Media, Self::Paper].into_iter().find(|method| method.name() == name)
    }
}

/// One office in one federation's ledger. Texts are as the federation wrote them: trimmed, but not normalised, because
/// normalising would change the very characters of names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The federation's prefecture and 事業所番号.
    pub key: OfficeKey,
    /// 事業所名.
    pub name: String,
    /// 事業所名カナ, may be empty.
    #[serde(default)]
    pub kana: String,
    /// 郵便番号 as 123-4567, or empty. The window letter needs one.
    #[serde(default)]
    pub postal_code: String,
    /// 住所.
    #[serde(default)]
    pub address: String,
    /// 方書, may be empty.
    #[serde(default)]
    pub building: String,
    /// 電話番号, may be empty.
    #[serde(default)]
    pub telephone: String,
    /// FAX番号, may be empty.
    #[serde(default)]
    pub fax: String,
    /// 法人名, may be empty.
    #[serde(default)]
    pub corporation: String,
    /// 状態.
    #[serde(default)]
    pub status: Status,
    /// 請求方法.
    #[serde(default)]
    pub claim_method: ClaimMethod,
    /// Kinds of service, sorted; only the ministry's data name them.
    #[serde(default)]
    pub services: Vec<String>,
}

impl Entry {
    /// An entry with a number, a name and nothing else, in operation.
    #[must_use]
    pub fn new(key: OfficeKey, name: &str) -> Self {
        Self {
            key,
            name: name.to_owned(),
            kana: String::new(),
            postal_code: String::new(),
            address: String::new(),
            building: String::new(),
            telephone: String::new(),
            fax: String::new(),
            corporation: String::new(),
            status: Status::Active,
            claim_method: ClaimMethod::Unknown,
            services: Vec::new(),
        }
    }

    /// Whether a letter in a window envelope can reach it.
    #[must_use]
    pub fn can_be_posted_to(&self) -> bool {
        !self.postal_code.is_empty() && !self.address.is_empty()
    }
}

/// Reads a 郵便番号 of seven digits, with or without hyphen or 〒, as 123-4567. `None` for anything else, an empty text included.
#[must_use]
pub fn postal_code(input: &str) -> Option<String> {
    let digits = text::code(input).trim_start_matches('〒').to_owned();
    if digits.len() != 7 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(format!("{}-{}", &digits[..3], &digits[3..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postal_codes_are_read_forgivingly() {
        for typed in ["960-8031", "9608031", "〒960-8031", " ９６０－８０３１ "] {
            assert_eq!(postal_code(typed).as_deref(), Some("960-8031"), "{typed}");
        }
        for typed in ["", "960-803", "960-80311", "福島", "96０-80３あ"] {
            assert_eq!(postal_code(typed), None, "{typed}");
        }
    }

    #[test]
    fn states_and_claim_methods_are_read_by_name() {
        assert_eq!(Status::parse("休止"), Some(Status::Suspended));
        assert_eq!(Status::parse("閉鎖"), None);
        assert_eq!(ClaimMethod::parse(""), Some(ClaimMethod::Unknown));
        assert_eq!(ClaimMethod::parse("紙"), Some(ClaimMethod::Paper));
    }
}
