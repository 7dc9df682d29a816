//! What an import did, or would do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CLOSING_PERCENT, ImportError};
use crate::kernel::Prefecture;

/// Offices of one ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// In the file and not in the ledger before.
    pub added: usize,
    /// In both, and different.
    pub changed: usize,
    /// In both, and alike.
    pub unchanged: usize,
    /// Only in the ledger before, left as they were.
    pub kept: usize,
    /// Only in the ledger before, closed because the file does not name them.
    pub closed: usize,
    /// All that become 廃止, by the file or because it does not name them.
    pub closing: usize,
    /// Offices of the ledger before that were not 廃止.
    pub open: usize,
}

/// A row with characters that letters will show as 〓 (spec 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unprintable {
    /// Line of the file.
    pub line: u64,
    /// 事業所番号.
    pub number: String,
    /// The characters, each once.
    pub characters: String,
}

/// The most rows with unprintable characters that a report names; it counts all.
pub(super) const UNPRINTABLE_NAMED: usize = 50;

/// What an import did; of a dry run, what it would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whether nothing was switched.
    pub dry_run: bool,
    /// By ledger.
    pub ledgers: BTreeMap<Prefecture, Counts>,
    /// Rows taken over; of one office there may be several.
    pub rows: u64,
    /// Rows left out because something is wrong with them.
    pub rejected: u64,
    /// Rows of prefectures whose ledgers this installation does not keep.
    pub passed_over: u64,
    /// Offices of the file that have no 郵便番号 afterwards; the window letter needs one.
    pub without_postal_code: u64,
    /// Rows with characters that the font of the letters lacks.
    pub unprintable: u64,
    /// The first of those.
    pub unprintable_rows: Vec<Unprintable>,
}

impl Report {
    /// The sums over all ledgers.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.ledgers.values().fold(Counts::default(), |sum, one| Counts {
            added: sum.added + one.added,
            changed: sum.changed + one.changed,
            unchanged: sum.unchanged + one.unchanged,
            kept: sum.kept + one.kept,
            closed: sum.closed + one.closed,
            closing: sum.closing + one.closing,
            open: sum.open + one.open,
        })
    }

    /// Whether no row could be taken over: the ledgers are what they were.
    #[must_use]
    pub fn took_nothing(&self) -> bool {
        self.rows == 0
    }

    /// The ledgers of which more than [`CLOSING_PERCENT`] would be closed.
    ///
    /// # Errors
    /// [`ImportError::TooManyClosed`] names the first.
    pub fn check_closing(&self) -> Result<(), ImportError> {
        match self.ledgers.iter().find(|(_, counts)| counts.closing * 100 > counts.open * CLOSING_PERCENT) {
            None => Ok(()),
            Some((prefecture, counts)) => {
                Err(ImportError::TooManyClosed { prefecture: *prefecture, closing: counts.closing, open: counts.open })
            }
        }
    }

    /// The report as lines for people, without the rejected rows, which are told one by one.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (prefecture, counts) in &self.ledgers {
            let Counts { added, changed, unchanged, kept, closed, .. } = counts;
            lines.push(format!(
                "{prefecture} {}: 追加 {added}件、変更 {changed}件、変更なし {unchanged}件、ファイルにない事業所 {}件（うち廃止にしたもの {closed}件）",
                prefecture.name(),
                kept + closed,
            ));
        }
        lines.push(format!("取り込んだ行 {}行、取り込めない行 {}行", self.rows, self.rejected));
        let mut some = |count: u64, text: &str| {
            if count > 0 {
                lines.push(format!("{text} {count}件"));
            }
        };
        some(self.passed_over, "この連合会の台帳ではない行（対象外）");
        some(self.without_postal_code, "郵便番号のない事業所（通知書の印刷までに台帳画面で補ってください）");
        some(self.unprintable, "通知書の書体にない文字を含む行（印刷では〓になります）");
        for row in &self.unprintable_rows {
            lines.push(format!("  {}行目 {}: {}", row.line, row.number, row.characters));
        }
        if self.dry_run {
            lines.push("確認だけを行いました。台帳は変わっていません。".to_owned());
        }
        lines
    }
}
