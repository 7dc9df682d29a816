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
            Self::Store(error) => write!(f, "読めません（{}）", error.japanese()),
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
    stopped: bool,
    found: Findings,
}

impl<'r> Check<'r> {
    /// Checks with `rooms`, then looks through tables that no room knows. While it runs, its read transaction keeps old pages in the file.
    ///
    /// # Errors
    /// [`StoreError`] when not even the names of the tables can be read; [`StoreError::Stopped`] when `tell` says so.
    pub fn run(read: &'r Read, tell: Tell<'r>, rooms: impl FnOnce(&mut Self)) -> Result<Findings, StoreError> {
        let names = read.names()?;
        let len = |name: &String| read.each_of(name, None, &mut |_, _| Ok(false)).unwrap_or(0);
        let all = names.iter().map(len).sum();
        let mut check = Self { read, tell, all, seen: BTreeSet::new(), stopped: false, found: Findings::default() };
        rooms(&mut check);
        for name in names {
            if !check.seen.contains(&name) {
                check.note(&name, String::new(), "このプログラムの知らない表です".to_owned());
            }
        }
        check.end()
    }

    /// As [`Check::run`] for a file of an older schema, whose types are unknown here: the checksum of every row.
    ///
    /// # Errors
    /// As [`Check::run`].
    pub fn envelopes(read: &'r Read, tell: Tell<'r>) -> Result<Findings, StoreError> {
        let mut check = Self {
            read,
            tell,
            all: Self::rows(read)?.values().sum(),
            seen: BTreeSet::new(),
            stopped: false,
            found: Findings::default(),
        };
        for name in read.names()? {
            let walked = read.each_of(&name, None, &mut |key, bytes| {
                if !check.count() {
                    return Ok(false);
                }
                if value::record(key, bytes).is_err() {
                    check.note(&name, data_encoding::HEXLOWER.encode(key), ALTERED.to_owned());
                }
                Ok(true)
            });
            if let Err(error) = walked {
                check.note(&name, String::new(), format!("読めません（{error}）"));
            }
        }
        check.end()
    }

    fn end(mut self) -> Result<Findings, StoreError> {
        self.stopped |= !(self.tell)(self.all, self.all);
        if self.stopped { Err(StoreError::Stopped) } else { Ok(self.found) }
    }

    /// Counts a row; says whether to go on.
    fn count(&mut self) -> bool {
        self.found.rows += 1;
        if self.found.rows.is_multiple_of(REPORT) {
            self.stopped |= !(self.tell)(self.found.rows, self.all);
        }
        !self.stopped
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
                if !self.count() {
                    return Ok(false);
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
            _ if self.stopped => {}
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use redb::ReadableDatabase as _;

    use super::super::open::builder;
    use super::super::table::definition;
    use super::super::{StoreError, Tx};
    use super::*;

    const ROWS: Table<u32, String> = Table::new("checked");
    const WHOLE: Table<u32, String> = Table::new("whole");

    /// Three good rows in each of two tables, and one that `spoil` makes of good bytes.
    fn spoilt(key: &[u8], spoil: impl FnOnce(&mut Vec<u8>)) -> redb::Database {
        let database = builder().create_with_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let txn = database.begin_write().unwrap();
        Tx::run(&txn, Arc::default(), |tx| {
            for n in [1, 2, 4] {
                tx.put(&ROWS, &n, &"text".to_owned())?;
                tx.put(&WHOLE, &n, &"text".to_owned())?;
            }
            Ok(())
        })
        .unwrap();
        let mut bytes = value::encode("checked", key, &"text").unwrap();
        spoil(&mut bytes);
        txn.open_table(definition(ROWS.name())).unwrap().insert(key, bytes.as_slice()).unwrap();
        txn.commit().unwrap();
        database
    }

    fn read(database: &redb::Database) -> Read {
        Read::new(database.begin_read().unwrap(), Arc::default())
    }

    fn rooms(c: &mut Check<'_>) {
        c.table(&ROWS, |_, _, text| expect(text.starts_with("te"), "別の言葉です"));
        c.table(&WHOLE, |r, n, _| leads_to(r, &ROWS, n));
    }

    fn found(database: &redb::Database) -> Vec<String> {
        let findings = Check::run(&read(database), &mut |_, _| true, rooms).unwrap();
        assert_eq!(findings.rows, 7, "nothing stops at a damage");
        findings.damage.iter().map(ToString::to_string).collect()
    }

    const THREE: [u8; 4] = [0, 0, 0, 3];

    #[test]
    fn each_kind_of_damage_is_named_with_table_and_key() {
        assert_eq!(found(&spoilt(&THREE, |_| {})), [] as [&str; 0]);
        assert_eq!(
            found(&spoilt(&THREE, |bytes| *bytes.last_mut().unwrap() ^= 1)),
            ["表 checked のキー 3: 書き換わっています（チェックサムが合いません）"]
        );
        assert_eq!(found(&spoilt(&THREE, |bytes| bytes[0] = 9)), ["表 checked のキー 3: 形式 9 は読めません"]);
        assert_eq!(found(&spoilt(&THREE, |bytes| bytes.truncate(3))), ["表 checked のキー 3: 途中で切れています"]);
        let other_type = |bytes: &mut Vec<u8>| *bytes = value::encode("checked", &THREE, &77_u32).unwrap();
        assert_eq!(found(&spoilt(&THREE, other_type)), ["表 checked のキー 3: 中身の形が正しくありません"]);
        let other_text = |bytes: &mut Vec<u8>| *bytes = value::encode("checked", &THREE, &"words").unwrap();
        assert_eq!(found(&spoilt(&THREE, other_text)), ["表 checked のキー 3: 別の言葉です"]);
        assert_eq!(found(&spoilt(&[9], |_| {})), ["表 checked のキー 09: キーの形が正しくありません"]);
    }

    #[test]
    fn a_row_that_leads_nowhere_says_where_it_should_lead() {
        let database = spoilt(&THREE, |_| {});
        let txn = database.begin_write().unwrap();
        txn.open_table(definition(ROWS.name())).unwrap().remove([0, 0, 0, 4].as_slice()).unwrap();
        txn.commit().unwrap();
        let findings = Check::run(&read(&database), &mut |_, _| true, rooms).unwrap();
        assert_eq!(findings.damage[0].to_string(), "表 whole のキー 4: 表 checked に対応する行 4 がありません");
    }

    #[test]
    fn a_file_of_an_unknown_schema_is_checked_by_its_checksums() {
        let check = |database: &redb::Database| Check::envelopes(&read(database), &mut |_, _| true).unwrap();
        let fine = check(&spoilt(&THREE, |_| {}));
        assert_eq!((fine.rows, fine.damages), (7, 0));
        let spoilt = check(&spoilt(&THREE, |bytes| *bytes.last_mut().unwrap() ^= 1));
        assert_eq!((spoilt.rows, spoilt.damages), (7, 1));
        assert_eq!((spoilt.damage[0].table.as_str(), spoilt.damage[0].key.as_str()), ("checked", "00000003"));
    }

    #[test]
    fn a_table_that_nobody_checks_is_named() {
        let database = spoilt(&THREE, |_| {});
        let rooms = |c: &mut Check<'_>| c.table(&ROWS, |_, _, _| Ok(()));
        let findings = Check::run(&read(&database), &mut |_, _| true, rooms).unwrap();
        assert_eq!(findings.damage[0].to_string(), "表 whole: このプログラムの知らない表です");
    }

    #[test]
    fn a_check_ends_when_it_is_told_to() {
        let ended = Check::run(&read(&spoilt(&THREE, |_| {})), &mut |_, _| false, rooms);
        assert!(matches!(ended, Err(StoreError::Stopped)));
    }
}
