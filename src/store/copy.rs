//! Copies of a database: read in one read transaction, written into a fresh file, read back.
//!
//! The file of a live database must never be copied itself: the copy would hold pages of different commits. A read transaction sees one
//! commit; while it lives, redb keeps the pages that later commits replaced, so that the live file grows by what is written during the
//! copy and shrinks in use again afterwards.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use super::digest::{self, Digesting, Digests};
use super::open::builder_with;
use super::snapshot::CACHE_BYTES;
use super::table::Bytes;
use super::{Read, Snapshot, StoreError, Tx, check};

/// Bytes of rows in one commit: bounds memory, and is large enough that syncing costs little.
const CHUNK: usize = 4 * 1024 * 1024;
/// Rows between two reports of progress.
pub(super) const REPORT: u64 = 1_000;

/// Rows of each table.
pub type Rows = BTreeMap<String, u64>;

/// Hears how many rows of how many are done, and says whether to go on.
pub type Tell<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

/// What is to stand in a copy besides; told the rows of each table that was copied.
pub type Add<'a> = &'a dyn Fn(&mut Tx<'_>, &Rows) -> Result<(), StoreError>;

/// What stands in a copy last of all; told the digest of each table, also of those that were added.
pub type Finish<'a> = &'a dyn Fn(&mut Tx<'_>, &Digests) -> Result<(), StoreError>;

/// Writes every table that `read` sees, except `without`, into a new file at `path` (mode 0600), `add`s what is to stand there besides,
/// in tables of its own where it is to be sealed, and lets `finish` seal it; syncs it, and reads it back: every record must have its
/// checksum and every table as many rows as were read. Blocks.
///
/// # Errors
/// [`StoreError`], [`StoreError::Stopped`] when `tell` says so; the file is removed then.
pub fn write_copy(
    read: &Read,
    path: &Path,
    without: &[&str],
    add: Add<'_>,
    finish: Finish<'_>,
    tell: Tell<'_>,
) -> Result<Rows, StoreError> {
    // Not ours to remove if it is there already.
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path).map_err(|e| io(&e))?;
    let written = write(read, &file, without, add, finish, tell).and_then(|rows| {
        file.sync_all().map_err(|e| io(&e))?;
        check_copy(path, &rows)?;
        Ok(rows)
    });
    if written.is_err() {
        // Whoever finds it could take it for a backup.
        std::fs::remove_file(path).ok();
    }
    written
}

fn write(
    read: &Read,
    file: &File,
    without: &[&str],
    add: Add<'_>,
    finish: Finish<'_>,
    tell: Tell<'_>,
) -> Result<Rows, StoreError> {
    let target = builder_with(CACHE_BYTES).create_file(file.try_clone().map_err(|e| io(&e))?)?;
    let mut names = read.names()?;
    names.retain(|name| !without.contains(&name.as_str()));
    let (mut rows, mut digests, mut done) = (Rows::new(), Digests::new(), 0_u64);
    let all = names.iter().map(|name| read.each_of(name, None, &mut |_, _| Ok(false))).sum::<Result<u64, _>>()?;
    for name in names {
        let before = done;
        // Of what was read, not of what the disk made of it.
        let mut digest = Digesting::new(&name);
        let mut last: Option<Vec<u8>> = None;
        loop {
            let (end, more) = write_chunk(read, &target, &name, last.as_deref(), &mut |key, value| {
                digest.row(key, value);
                done += 1;
                if done.is_multiple_of(REPORT) { go_on(tell(done, all)) } else { Ok(()) }
            })?;
            last = end;
            if !more {
                break;
            }
        }
        let seen = done - before;
        let said = read.each_of(&name, None, &mut |_, _| Ok(false))?;
        if seen != said {
            return Err(StoreError::BadCopy(format!("table {name} has {seen} rows and says {said}")));
        }
        digests.insert(name.clone(), digest.end());
        rows.insert(name, seen);
    }
    let txn = target.begin_write()?;
    Tx::run(&txn, Arc::default(), |tx| add(tx, &rows))?;
    digest::add_others(&txn, &mut digests)?;
    Tx::run(&txn, Arc::default(), |tx| finish(tx, &digests))?;
    txn.commit()?;
    go_on(tell(all, all))?;
    Ok(rows)
}

fn go_on(goes_on: bool) -> Result<(), StoreError> {
    if goes_on { Ok(()) } else { Err(StoreError::Stopped) }
}

/// Is told each row that was copied.
type Copied<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError>;

/// Copies rows behind `after` in one commit. Answers the last key, and whether there may be more.
fn write_chunk(
    read: &Read,
    target: &redb::Database,
    name: &str,
    after: Option<&[u8]>,
    copied: Copied<'_>,
) -> Result<(Option<Vec<u8>>, bool), StoreError> {
    let txn = target.begin_write()?;
    let (mut last, mut bytes) = (None, 0);
    {
        let mut table = txn.open_table(redb::TableDefinition::<Bytes, Bytes>::new(name))?;
        read.each_of(name, after, &mut |key, value| {
            table.insert(key, value)?;
            copied(key, value)?;
            bytes += key.len() + value.len();
            let full = bytes >= CHUNK;
            if full {
                last = Some(key.to_vec());
            }
            Ok(!full)
        })?;
    }
    txn.commit()?;
    let more = last.is_some();
    Ok((last, more))
}

/// Reads the copy from end to end. What was added besides is not in `rows`, but must be sound as well.
fn check_copy(path: &Path, rows: &Rows) -> Result<(), StoreError> {
    let copy = Snapshot::open(path)?;
    let found = copy.read(check::envelopes)?;
    for (name, wanted) in rows {
        let there = found.get(name).copied().unwrap_or(0);
        if there != *wanted {
            return Err(StoreError::BadCopy(format!("table {name} has {there} rows, {wanted} were written")));
        }
    }
    Ok(())
}

pub(super) fn io(error: &std::io::Error) -> StoreError {
    StoreError::Database(error.to_string())
}
