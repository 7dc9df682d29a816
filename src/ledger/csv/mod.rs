//! Ledger files (spec 5, "Ledger CSV"): bytes in, one office row or one complaint at a time out. Knows no store.
//!
//! A file of any size is read in a few hundred kilobytes of memory. Whatever concerns one row becomes a [`RowError`]
//! and reading goes on; whatever puts the whole file in doubt (encoding, header, size) is a [`LedgerError`] and ends it.

mod format;
mod record;
mod reject;
mod row;

use std::io::{self, Read};

pub use format::Format;
pub use reject::{RejectWriter, defused};
pub use row::{LedgerRow, RowError};

use self::format::Layout;
use self::record::Records;
use super::encoding::{Decoded, Encoding, EncodingError};
use crate::kernel::{Prefecture, os};

/// Longest field kept of a rejected row, in characters.
const SHOWN: usize = 200;

/// What people call a megabyte.
const MB: u64 = 1024 * 1024;

/// Largest file, in bytes: some three times the whole country.
const FILE_LIMIT: u64 = 256 * MB;

/// How a file is to be read.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions {
    /// `None`: told by the header.
    pub format: Option<Format>,
    /// The encoding.
    pub encoding: Encoding,
    /// Rows of another prefecture are rejected.
    pub prefecture: Option<Prefecture>,
    /// Reading stops beyond this many bytes.
    pub max_bytes: u64,
}

impl Default for ReadOptions {
    /// Format and encoding told by the file, any prefecture, at most 256 MiB.
    fn default() -> Self {
        Self { format: None, encoding: Encoding::Auto, prefecture: None, max_bytes: FILE_LIMIT }
    }
}

/// Why a whole file cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Not in the encoding it was taken for.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// No line at all.
    #[error("ファイルが空です。1行目に見出しが必要です。")]
    Empty,
    /// Lines that end in CR alone: to us the whole file is one line.
    #[error("改行がCRだけのファイルは読み取れません。改行をCRLFまたはLFにして保存し直してください。")]
    LineEnds,
    /// A header and nothing below it.
    #[error("見出しだけで、事業所の行がありません。ファイルをお確かめください。")]
    NoRows,
    /// The first line is no readable record.
    #[error("見出しの行を読み取れません。{reason}")]
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// Columns that the format needs.
    #[error("見出しに次の列がありません（{format}形式）: {columns}")]
    MissingColumns {
        /// The format it was read as.
        format: Format,
        /// Their names, with 、 between them.
        columns: String,
    },
    /// A column of the format stands in the header twice.
    #[error("見出しに同じ列が2つあります: {column}")]
    DoubleColumn {
        /// Its name.
        column: String,
    },
    /// Larger than allowed.
    #[error("ファイルが大きすぎます（{} MBまで）。", limit / MB)]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The file or connection it is read from.
    #[error("ファイルを読み取れません（{}）。", os::cause(.0))]
    Io(io::Error),
}

impl From<io::Error> for LedgerError {
    fn from(error: io::Error) -> Self {
        if let Some(encoding) = EncodingError::of(&error) {
            return Self::Encoding(encoding);
        }
        match error.get_ref().and_then(|inner| inner.downcast_ref::<TooLarge>()) {
            Some(TooLarge(limit)) => Self::TooLarge { limit: *limit },
            None => Self::Io(error),
        }
    }
}

/// One record of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An office, or one service of it.
    Row(Box<LedgerRow>),
    /// A row that cannot be taken over.
    Rejected(RowError),
}

/// The entries of a file, in its order. After an error it is at its end.
pub struct LedgerReader<R> {
    records: Records<Decoded<Counted<R>>>,
    layout: Layout,
    prefecture: Option<Prefecture>,
    ended: bool,
}

impl<R: Read> LedgerReader<R> {
    /// Reads the header of `input`. `progress` is called with the bytes read so far, now and then.
    ///
    /// # Errors
    /// [`LedgerError`], when the header or what stands before its end is of no use.
    pub fn open(input: R, options: &ReadOptions, progress: impl FnMut(u64) + Send + 'static) -> Result<Self, LedgerError> {
        let counted = Counted { input, read: 0, limit: options.max_bytes, progress: Box::new(progress) };
        let mut records = Records::new(Decoded::new(counted, options.encoding));
        let header = records.next()?.ok_or(LedgerError::Empty)?;
        let header = match header.content {
            Ok(header) if header.iter().any(|name| name.contains('\r')) => return Err(LedgerError::LineEnds),
            Err(broken) if broken.shown.contains('\r') => return Err(LedgerError::LineEnds),
            content => content.map_err(|broken| LedgerError::Header { reason: broken.reason })?,
        };
        let layout = Layout::of(&header, options.format)?;
        Ok(Self { records, layout, prefecture: options.prefecture, ended: false })
    }

    /// The format asked for or found.
    pub fn format(&self) -> Format {
        self.layout.format
    }

    /// The column names of the file, for [`RejectWriter`].
    pub fn header(&self) -> &[String] {
        &self.layout.names
    }

    fn entry(&mut self) -> Result<Option<Entry>, LedgerError> {
        let Some(record) = self.records.next()? else {
            return Ok(None);
        };
        let line = record.line;
        let rejected = |(column, reason), fields| Entry::Rejected(RowError { line, column, reason, fields });
        let fields = match record.content {
            Ok(fields) => fields,
            Err(broken) => return Ok(Some(rejected((None, broken.reason), vec![broken.shown]))),
        };
        let row = self.layout.row(line, &fields).and_then(|row| self.of_this_prefecture(row));
        Ok(Some(match row {
            Ok(row) => Entry::Row(Box::new(row)),
            Err(complaint) => rejected(complaint, fields.into_iter().map(shortened).collect()),
        }))
    }

    fn of_this_prefecture(&self, row: LedgerRow) -> Result<LedgerRow, format::Complaint> {
        match self.prefecture {
            Some(only) if only != row.prefecture => {
                let (only, other) = (only.name(), row.prefecture.name());
                Err((None, format!("{only}の台帳への取込ですが、{other}の事業所です。")))
            }
            _ => Ok(row),
        }
    }
}

impl<R: Read> Iterator for LedgerReader<R> {
    type Item = Result<Entry, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.entry().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

fn shortened(mut field: String) -> String {
    if let Some((end, _)) = field.char_indices().nth(SHOWN) {
        field.truncate(end);
        field.push('…');
    }
    field
}

/// Counts what is read, tells it, and stops at the limit.
struct Counted<R> {
    input: R,
    read: u64,
    limit: u64,
    progress: Box<dyn FnMut(u64) + Send>,
}

#[derive(Debug, thiserror::Error)]
#[error("more than {0} bytes")]
struct TooLarge(u64);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buf)?;
        self.read += u64::try_from(count).unwrap_or_default();
        if self.read > self.limit {
            return Err(io::Error::other(TooLarge(self.limit)));
        }
        (self.progress)(self.read);
        Ok(count)
    }
}
