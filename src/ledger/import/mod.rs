//! Taking over a ledger file: row by row into a new generation, then one small switch. Whatever goes wrong before the switch, the
//! ledger in use stays as it was.
//!
//! Rows that cannot be taken over are told and left out; the others come in together. A file adds and changes; what it does not name
//! stays, unless the import is asked to close it.

mod build;
mod report;

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use report::{Counts, Report, Unprintable};

use self::build::Build;
use super::csv::{Entry as Record, LedgerError, LedgerReader, LedgerRow, ReadOptions, RowError};
use crate::audit::Actor;
use crate::kernel::{Clock, Prefecture, Random, os};
use crate::store::{Store, StoreError};

/// How a file is to be taken over.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Format, encoding and largest size.
    pub read: ReadOptions,
    /// The prefectures whose ledgers this installation keeps. Rows of others are passed over and counted.
    pub ledgers: Vec<Prefecture>,
    /// What the file is called in the audit log.
    pub name: String,
    /// Everything but the switch.
    pub dry_run: bool,
    /// Offices that the file does not name become 廃止.
    pub close_missing: bool,
    /// Close even more than [`CLOSING_PERCENT`] of a ledger.
    pub force: bool,
}

/// Closing more than this share of a ledger's open offices needs `--force` (spec 5): most likely the file is not whole.
pub const CLOSING_PERCENT: usize = 5;

/// What an import tells while it runs.
pub trait Watch {
    /// Bytes of the file that were read so far.
    fn read(&mut self, bytes: u64);
    /// The file is read; `done` of `all` offices of the ledger before were compared.
    fn compared(&mut self, done: usize, all: usize);
    /// A row was left out. `header` are the columns of the file.
    ///
    /// # Errors
    /// An error of writing it down ends the import, and nothing is taken over.
    fn rejected(&mut self, header: &[String], row: &RowError) -> io::Result<()>;
}

/// Why nothing was taken over. Each is a sentence for whoever runs the import.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file as a whole cannot be used.
    #[error(transparent)]
    File(#[from] LedgerError),
    /// Another import lives.
    #[error("別の台帳取込が実行中です。終わるまで待ってから、もう一度実行してください。")]
    Running,
    /// Too many offices would be closed.
    #[error(
        "{prefecture}（{}）の台帳で、{closing}件（有効・休止の{open}件の{CLOSING_PERCENT}％を超えます）が廃止になります。\
         ファイルに抜けがないか確かめ、よろしければ --force を付けて実行してください。",
        prefecture.name()
    )]
    TooManyClosed {
        /// Whose ledger.
        prefecture: Prefecture,
        /// How many would be closed.
        closing: usize,
        /// Of how many that are open.
        open: usize,
    },
    /// The rejected rows cannot be written down.
    #[error("取り込めない行の一覧を書き出せません（{}）", os::cause(.0))]
    Rejects(io::Error),
    /// The database failed.
    #[error("{}", .0.japanese())]
    Store(#[from] StoreError),
}

/// Takes over a file. Blocks, for some seconds with a hundred thousand rows: run it on a thread of its own.
///
/// `missing` names the characters of a text that the font of the letters lacks.
///
/// # Errors
/// [`ImportError`], and the ledgers in use are what they were.
pub fn import(
    store: &Store,
    (clock, random): (&Clock, &Random),
    actor: Actor,
    input: impl Read,
    options: &ImportOptions,
    missing: &dyn Fn(&str) -> Vec<char>,
    watch: &mut dyn Watch,
) -> Result<Report, ImportError> {
    let read = Arc::new(AtomicU64::new(0));
    let reader = {
        let read = Arc::clone(&read);
        LedgerReader::open(input, &options.read, move |bytes| read.store(bytes, Ordering::Relaxed))?
    };
    let mut build = Build::start(store, (clock, random), reader.format())?;
    let outcome = fill(&mut build, reader, options, missing, watch, &read).and_then(|()| {
        build.compare(options.close_missing, watch)?;
        let mut report = build.report();
        if report.rows + report.rejected + report.passed_over == 0 {
            return Err(LedgerError::NoRows.into());
        }
        report.dry_run = options.dry_run;
        // A file of which nothing can be taken over says nothing about the offices that it does not name.
        if !options.dry_run && !report.took_nothing() {
            if !options.force {
                report.check_closing()?;
            }
            build.switch(&actor, &options.name)?;
        }
        Ok(report)
    });
    // Also after a failure: what was filled in vain must not stay on the disk.
    build.end()?;
    outcome
}

fn fill<R: Read>(
    build: &mut Build<'_>,
    mut reader: LedgerReader<R>,
    options: &ImportOptions,
    missing: &dyn Fn(&str) -> Vec<char>,
    watch: &mut dyn Watch,
    read: &AtomicU64,
) -> Result<(), ImportError> {
    let header = reader.header().to_vec();
    let number_column = header.iter().position(|name| name == "事業所番号");
    let reject = |build: &mut Build<'_>, watch: &mut dyn Watch, row: RowError| {
        build.note_rejected(&row, number_column.and_then(|at| row.fields.get(at)));
        watch.rejected(&header, &row).map_err(ImportError::Rejects)
    };
    let mut rows = Vec::with_capacity(build::CHUNK);
    loop {
        let record = reader.next().transpose()?;
        match record {
            Some(Record::Rejected(row)) => reject(build, watch, row)?,
            Some(Record::Row(row)) if !options.ledgers.contains(&row.prefecture) => build.pass_over(),
            Some(Record::Row(row)) => {
                build.look_at(&row, missing);
                rows.push(*row);
            }
            None => {
                for row in build.take(std::mem::take(&mut rows))? {
                    reject(build, watch, repeated(&row, &header))?;
                }
                watch.read(read.load(Ordering::Relaxed));
                return Ok(());
            }
        }
        if rows.len() >= build::CHUNK {
            for row in build.take(std::mem::take(&mut rows))? {
                reject(build, watch, repeated(&row, &header))?;
            }
            watch.read(read.load(Ordering::Relaxed));
        }
    }
}

/// The complaint about a row whose office stood in an earlier row.
fn repeated(row: &LedgerRow, header: &[String]) -> RowError {
    let field = |name: &String| match name.as_str() {
        "都道府県番号" => row.prefecture.to_string(),
        "事業所番号" => row.number.to_string(),
        "事業所名" => row.name.clone(),
        "住所" => row.address.clone(),
        _ => String::new(),
    };
    RowError {
        line: row.line,
        column: Some("事業所番号".to_owned()),
        reason: "この事業所番号の行が前にもあります。1つの事業所は1行にしてください。".to_owned(),
        fields: header.iter().map(field).collect(),
    }
}
