//! The schema number and the steps from one to the next, each in a transaction of its own.
//!
//! Before the first step of an older file, the whole file is copied beside itself, and the copy is read back; without that copy there is
//! no step. A step that fails leaves the schema before it; a process that dies between two steps goes on with the next one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::ReadableDatabase as _;

use super::open::Counters;
use super::{Check, Read, Reads, StoreError, Table, Tx, copy};

/// The schema that this program writes.
pub const SCHEMA: u32 = STEPS.len() as u32;

const META: Table<String, u32> = Table::new("meta");
const KEY: &str = "schema";

pub(super) type Step = fn(&mut Tx<'_>) -> Result<(), StoreError>;

/// `STEPS[n]` leads from schema n to n + 1.
pub(super) const STEPS: &[Step] = &[first, second];

/// Schema 1: tables come into being when they are first written; there is nothing to convert.
fn first(_: &mut Tx<'_>) -> Result<(), StoreError> {
    Ok(())
}

/// Schema 2: tables and kinds that an older program does not know; no row is converted.
fn second(_: &mut Tx<'_>) -> Result<(), StoreError> {
    Ok(())
}

/// The schema of a database; 0 before anything was written.
pub(super) fn schema_of(r: &Read) -> Result<u32, StoreError> {
    Ok(r.get(&META, &KEY.to_owned())?.unwrap_or(0))
}

/// Checks what this room keeps.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&META, |_, _, _| Ok(()));
    if !matches!(schema_of(c.read()), Ok(SCHEMA)) {
        c.note(META.name(), KEY.to_owned(), "データベースの形式の番号がないか、違います".to_owned());
    }
}

/// Where the copy of a database lies that was made before it left this schema.
pub(super) fn copy_path(database: &Path, schema: u32) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(format!(".schema-{schema}"));
    PathBuf::from(name)
}

/// Brings a database up to the end of `steps`. `path` is its file, `None` in memory, where no copy can be kept.
pub(super) fn run(
    database: &redb::Database,
    path: Option<&Path>,
    counters: &Arc<Counters>,
    steps: &[Step],
) -> Result<(), StoreError> {
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    let read = Read::new(database.begin_read()?, Arc::clone(counters));
    let begin = schema_of(&read)?;
    if begin > known {
        return Err(StoreError::Newer { found: begin, known });
    }
    if begin == known {
        return Ok(());
    }
    // A fresh file holds nothing that could be lost.
    if let (Some(path), 1..) = (path, begin) {
        keep_copy(&read, &copy_path(path, begin))?;
    }
    drop(read);
    for (from, step) in (begin..).zip(&steps[begin as usize..]) {
        let txn = database.begin_write()?;
        Tx::run(&txn, Arc::clone(counters), |tx| {
            step(tx)?;
            tx.put(&META, &KEY.to_owned(), &(from + 1))
        })?;
        txn.commit()?;
        tracing::info!(from, to = from + 1, "schema migrated");
    }
    Ok(())
}

/// Replaces a copy of an earlier try: the database is still at that schema, and what was written since then counts.
fn keep_copy(read: &Read, path: &Path) -> Result<(), StoreError> {
    let fresh = path.with_added_extension("part");
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(copy::io(&error)),
        _ => {}
    }
    copy::write_copy(read, &fresh, &[], &|_, _| Ok(()), &|_, _| Ok(()), &mut |done, all| {
        tracing::info!(done, all, "copying the database before its schema is migrated");
        true
    })?;
    std::fs::rename(&fresh, path).map_err(|error| copy::io(&error))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| copy::io(&error))?;
    tracing::info!(copy = %path.display(), "the database was copied before its schema is migrated");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::open::builder;
    use super::super::{Snapshot, Store, StoreOptions};
    use super::*;

    const OLD: Table<u32, String> = Table::new("migrated_old");
    const NEW: Table<u32, String> = Table::new("migrated_new");

    /// Moves a table, as a real step would.
    fn to_two(tx: &mut Tx<'_>) -> Result<(), StoreError> {
        for (key, value) in tx.list(&OLD, &super::super::Span::all(), 99)? {
            tx.put(&NEW, &key, &format!("{value}!"))?;
            tx.delete(&OLD, &key)?;
        }
        Ok(())
    }

    fn to_three(tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.put(&NEW, &99, &"three".to_owned())
    }

    /// Does half of its work first.
    fn fails(tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.put(&NEW, &99, &"half".to_owned())?;
        Err(StoreError::Database("a step that fails".to_owned()))
    }

    /// A database of schema 1 with one row.
    fn made() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("d.redb");
        let store = Store::open_with(&path, StoreOptions::default(), &[first]).unwrap();
        store.write_blocking(|tx| tx.put(&OLD, &7, &"seven".to_owned())).unwrap();
        (folder, path)
    }

    fn open(path: &Path, steps: &[Step]) -> Result<Store, StoreError> {
        Store::open_with(path, StoreOptions::default(), steps)
    }

    fn looks(store: &Store) -> (u32, Option<String>, Option<String>, Option<String>) {
        store.read(|r| Ok::<_, StoreError>((schema_of(r)?, r.get(&OLD, &7)?, r.get(&NEW, &7)?, r.get(&NEW, &99)?))).unwrap()
    }

    #[test]
    fn steps_are_taken_one_by_one_after_a_copy_of_the_file_as_it_was() {
        let (_folder, path) = made();
        let store = open(&path, &[first, to_two, to_three]).unwrap();
        assert_eq!(looks(&store), (3, None, Some("seven!".to_owned()), Some("three".to_owned())));
        let copy = Snapshot::open(&copy_path(&path, 1)).unwrap();
        assert_eq!(copy.schema().unwrap(), 1);
        assert_eq!(copy.read(|r| r.get(&OLD, &7)).unwrap(), Some("seven".to_owned()));
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(copy_path(&path, 1)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn nothing_is_copied_when_no_step_is_due() {
        let (folder, path) = made();
        drop(open(&path, &[first]).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_step_that_fails_leaves_the_schema_and_the_data_before_it() {
        let (_folder, path) = made();
        assert!(open(&path, &[first, to_two, fails]).is_err());
        let store = open(&path, &[first, to_two]).unwrap();
        assert_eq!(looks(&store), (2, None, Some("seven!".to_owned()), None));
        drop(store);
        let store = open(&path, &[first, to_two, to_three]).unwrap();
        assert_eq!(looks(&store).0, 3, "a mended program goes on where the broken one stopped");
    }

    #[test]
    fn a_process_that_died_between_two_steps_goes_on_with_the_next() {
        let (_folder, path) = made();
        // As a crash after the first of two steps leaves it: that step committed, nothing closed in order.
        let database = builder().create(&path).unwrap();
        run(&database, Some(&path), &Arc::default(), &[first, to_two]).unwrap();
        let left = path.with_extension("left");
        std::fs::copy(&path, &left).unwrap();
        drop(database);
        let store = open(&left, &[first, to_two, to_three]).unwrap();
        assert_eq!(looks(&store), (3, None, Some("seven!".to_owned()), Some("three".to_owned())));
        assert_eq!(Snapshot::open(&copy_path(&left, 2)).unwrap().schema().unwrap(), 2);
    }

    #[test]
    fn without_the_copy_no_step_is_taken() {
        let (_folder, path) = made();
        std::fs::create_dir(copy_path(&path, 1)).unwrap();
        std::fs::write(copy_path(&path, 1).join("in the way"), "").unwrap();
        assert!(open(&path, &[first, to_two]).is_err());
        assert_eq!(looks(&open(&path, &[first]).unwrap()), (1, Some("seven".to_owned()), None, None));
    }

    #[test]
    fn a_copy_of_an_earlier_try_is_replaced_by_the_present_state() {
        let (_folder, path) = made();
        assert!(open(&path, &[first, fails]).is_err());
        let store = open(&path, &[first]).unwrap();
        store.write_blocking(|tx| tx.put(&OLD, &7, &"newer".to_owned())).unwrap();
        drop(store);
        drop(open(&path, &[first, to_two]).unwrap());
        let copy = Snapshot::open(&copy_path(&path, 1)).unwrap();
        assert_eq!(copy.read(|r| r.get(&OLD, &7)).unwrap(), Some("newer".to_owned()));
    }

    #[test]
    fn a_newer_file_is_refused_with_both_numbers_and_left_alone() {
        let (_folder, path) = made();
        drop(open(&path, &[first, to_two, to_three]).unwrap());
        let Err(StoreError::Newer { found, known }) = open(&path, &[first]) else { panic!("a newer file was opened") };
        assert_eq!((found, known), (3, 1));
        assert_eq!(looks(&open(&path, &[first, to_two, to_three]).unwrap()).0, 3);
    }
}
