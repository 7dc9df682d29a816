//! One office as a row of a file tells it.

use std::fmt;

use crate::kernel::{OfficeKey, OfficeNumber, Prefecture};
use crate::ledger::model::{ClaimMethod, Status};

/// An office as one row tells it. Names and addresses stand as in the file, without blanks at their ends; an optional
/// text that is empty is `None`.
///
/// In the `mhlw` format an office has one row per service, not always side by side: whoever stores them puts rows of
/// one [`LedgerRow::key`] together by adding up [`LedgerRow::services`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The prefecture whose federation keeps the office; may differ from the first digits of the number.
    pub prefecture: Prefecture,
    /// 事業所番号.
    pub number: OfficeNumber,
    /// 事業所名.
    pub name: String,
    /// 事業所名カナ, in full-width letters.
    pub kana: Option<String>,
    /// 郵便番号 as `960-8001`.
    pub postal_code: Option<String>,
    /// 住所.
    pub address: String,
    /// 方書.
    pub building: Option<String>,
    /// 電話番号.
    pub telephone: Option<String>,
    /// FAX番号.
    pub fax: Option<String>,
    /// 法人名.
    pub corporation: Option<String>,
    /// 状態; 有効 where the file does not say.
    pub status: Status,
    /// 請求方法, where the file says; never [`ClaimMethod::Unknown`].
    pub claim_method: Option<ClaimMethod>,
    /// サービスの種類: one in the `mhlw` format, none in `uketsuke`.
    pub services: Vec<String>,
    /// Line of the file, from 1.
    pub line: u64,
}

impl LedgerRow {
    /// What tells offices apart.
    #[must_use]
    pub const fn key(&self) -> OfficeKey {
        OfficeKey::new(self.prefecture, self.number)
    }
}

/// A row that cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Line of the file, from 1.
    pub line: u64,
    /// The column to blame, by its name in the file.
    pub column: Option<String>,
    /// What is wrong, as a Japanese sentence.
    pub reason: String,
    /// The fields as they came, cut where they are very long; of a row that cannot be told into fields, its beginning.
    pub fields: Vec<String>,
}

/// `12行目（事業所名）: …`
impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "{}行目（{column}）: {}", self.line, self.reason),
            None => write!(f, "{}行目: {}", self.line, self.reason),
        }
    }
}
