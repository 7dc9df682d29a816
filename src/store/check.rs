//! Checking every row of a database: `verify`, and every backup.
//!
//! Each room hands its tables to a [`Check`], with what it knows of each row beyond its type: the index rows that must lead to it, the
//! numbers that must not have gaps. Nothing here stops at the first damage.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::copy::{REPORT, Rows, Tell};
use super::value::{self, Spoilt};
use super::{Key, Read, Reads as _, StoreError, Table};

/// Damages that are named; further ones are counted.
const NAMED: usize = 200;
const ALTERED: &str = "書き換わっています（チェックサムが合いません）";

/// One damaged row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// The table.
    pub table: String,
    /// The row's key as people read it; empty for the table as a whole.
    pub key: String,
    /// What is wrong, in Japanese.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            write!(f, "表 {}: {}", self.table, self.what)
        } else {
            write!(f, "表 {} のキー {}: {}", self.table, self.key, self.what)
        }
    }
}

/// Why a row is wrong.
#[derive(Debug)]
pub enum Wrong {
    /// What is wrong with it, in Japanese.
    Says(String),
    /// Something it leads to cannot be read.
    Store(StoreError),
}

impl From<StoreError> for Wrong {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Says(what) => f.write_str(what),
            Self::Store(StoreError::Corrupt { table, .. }) => write!(f, "表 {table} の対応する行を読めません"),
            Self::Store(error) => write!(f, "読めません（{error}）"),
        }
    }
}

/// What a room says about a row.
pub type Verdict = Result<(), Wrong>;

/// Wrong with this sentence unless it `fits`.
///
/// # Errors
/// [`Wrong::Says`].
pub fn expect(fits: bool, what: &str) -> Verdict {
    if fits { Ok(()) } else { Err(Wrong::Says(what.to_owned())) }
}

/// Wrong unless there is a row of this key in the other table.
///
/// # Errors
/// [`Wrong`].
pub fn leads_to<K: Key, V>(r: &Read, table: &Table<K, V>, key: &K) -> Verdict {
    if r.has(table, key)? {
        return Ok(());
    }
    Err(Wrong::Says(format!("表 {} に対応する行 {} がありません", table.name(), key.show())))
}

/// What a check found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Findings {
    /// Rows that were read.
    pub rows: u64,
    /// The first damages.
    pub damage: Vec<Damage>,
    /// All damages.
    pub damages: u64,
}

/// A check under way.
pub struct Check<'r> {
    read: &'r Read,
    tell: Tell<'r>,
    all: u64,
    seen: BTreeSet<String>,
    found: Findings,
}

impl<'r> Check<'r> {
    /// Checks with `rooms`, then looks through tables that no room knows. While it runs, its read transaction keeps old pages in the file.
    ///
    /// # Errors
    /// [`StoreError`] when not even the names of the tables can be read.
    pub fn run(read: &'r Read, tell: Tell<'r>, rooms: impl FnOnce(&mut Self)) -> Result<Findings, StoreError> {
        let names = read.names()?;
        let len = |name: &String| read.each_of(name, None, &mut |_, _| Ok(false)).unwrap_or(0);
        let all = names.iter().map(len).sum();
        let mut check = Self { read, tell, all, seen: BTreeSet::new(), found: Findings::default() };
        rooms(&mut check);
        for name in names {
            if !check.seen.contains(&name) {
                check.note(&name, String::new(), "このプログラムの知らない表です".to_owned());
            }
        }
        (check.tell)(all, all);
        Ok(check.found)
    }

    /// As [`Check::run`] for a file of an older schema, whose types are unknown here: the checksum of every row.
    ///
    /// # Errors
    /// As [`Check::run`].
    pub fn envelopes(read: &'r Read, tell: Tell<'r>) -> Result<Findings, StoreError> {
        let mut check =
            Self { read, tell, all: Self::rows(read)?.values().sum(), seen: BTreeSet::new(), found: Findings::default() };
        for name in read.names()? {
            let walked = read.each_of(&name, None, &mut |key, bytes| {
                check.found.rows += 1;
                if value::record(key, bytes).is_err() {
                    check.note(&name, data_encoding::HEXLOWER.encode(key), ALTERED.to_owned());
                }
                Ok(true)
            });
            if let Err(error) = walked {
                check.note(&name, String::new(), format!("読めません（{error}）"));
            }
        }
        (check.tell)(check.all, check.all);
        Ok(check.found)
    }

    /// How many rows each table says it has.
    ///
    /// # Errors
    /// [`StoreError`] when a table cannot be opened.
    pub fn rows(read: &Read) -> Result<Rows, StoreError> {
        let names = read.names()?.into_iter();
        names.map(|name| read.each_of(&name, None, &mut |_, _| Ok(false)).map(|rows| (name, rows))).collect()
    }

    /// The database that is checked.
    #[must_use]
    pub fn read(&self) -> &'r Read {
        self.read
    }

    /// Notes a damage.
    pub fn note(&mut self, table: &str, key: String, what: String) {
        self.found.damages += 1;
        if self.found.damage.len() < NAMED {
            self.found.damage.push(Damage { table: table.to_owned(), key, what });
        }
    }

    /// Reads every row of a table; `judge` says what else must hold of it.
    pub fn table<K: Key, V: DeserializeOwned>(&mut self, table: &Table<K, V>, mut judge: impl FnMut(&Read, &K, &V) -> Verdict) {
        let name = table.name();
        self.seen.insert(name.to_owned());
        let mut rows = 0;
        let read = self.read;
        // A file that was altered outside redb's knowledge can make it panic; the other tables are still worth reading.
        let walked = catch_unwind(AssertUnwindSafe(|| {
            read.raw_each(name, &super::Span::all(), &mut |raw, bytes| {
                rows += 1;
                self.found.rows += 1;
                if self.found.rows.is_multiple_of(REPORT) {
                    (self.tell)(self.found.rows, self.all);
                }
                if let Err(what) = judge_row(read, raw, bytes, &mut judge) {
                    let key = K::parse(raw).map_or_else(|| data_encoding::HEXLOWER.encode(raw), |key| key.show());
                    self.note(name, key, what);
                }
                Ok(true)
            })?;
            read.len(table)
        }));
        match walked {
            Ok(Ok(said)) if said == rows => {}
            Ok(Ok(said)) => self.note(name, String::new(), format!("{said}行あるはずが、{rows}行しか読めません")),
            Ok(Err(error)) => self.note(name, String::new(), format!("{rows}行より先を読めません（{error}）")),
            Err(_) => self.note(name, String::new(), format!("{rows}行より先を読めません（ファイルが壊れています）")),
        }
    }
}

fn judge_row<K: Key, V: DeserializeOwned>(
    read: &Read,
    raw: &[u8],
    bytes: &[u8],
    judge: &mut impl FnMut(&Read, &K, &V) -> Verdict,
) -> Result<(), String> {
    value::record(raw, bytes).map_err(|spoilt| match spoilt {
        Spoilt::Altered => ALTERED.to_owned(),
        Spoilt::Format(format) => format!("形式 {format} は読めません"),
        Spoilt::Short => "途中で切れています".to_owned(),
    })?;
    let Some(key) = K::parse(raw) else { return Err("キーの形が正しくありません".to_owned()) };
    // The name of the table stands in the damage already.
    let value = value::decode("", raw, bytes).map_err(|_| "中身の形が正しくありません".to_owned())?;
    judge(read, &key, &value).map_err(|wrong| wrong.to_string())
}

/// Reads every row of every table without knowing its type; answers how many rows each table has.
pub(super) fn envelopes(read: &Read) -> Result<Rows, StoreError> {
    let mut found = Rows::new();
    for name in read.names()? {
        let mut rows = 0;
        let said = read.each_of(&name, None, &mut |key, bytes| {
            rows += 1;
            match value::record(key, bytes) {
                Ok(_) => Ok(true),
                Err(spoilt) => Err(StoreError::BadCopy(format!("row {rows} of table {name}: {spoilt}"))),
            }
        })?;
        if said != rows {
            return Err(StoreError::BadCopy(format!("table {name} says {said} rows and has {rows}")));
        }
        found.insert(name, rows);
    }
    Ok(found)
}
