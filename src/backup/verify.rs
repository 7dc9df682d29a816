//! Verifying: the live database, or a file.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{BackupError, seal, store};
use crate::app::{self, App};
use crate::audit;
use crate::kernel::caller::as_caller;
use crate::kernel::jst;
use crate::security::{KeyError, Keys};
use crate::store::{Check, Findings, Read, SCHEMA, Snapshot, StoreError, Tell};

/// What verifying found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verified {
    /// What was read and what is damaged.
    pub findings: Findings,
    /// What the reader should know, in Japanese sentences.
    pub notes: Vec<String>,
}

/// Checks every record of the live database. Blocks; while it runs, replaced pages are kept.
///
/// # Errors
/// [`StoreError`] when not even the list of tables can be read.
pub fn verify_live(app: &App, tell: Tell<'_>) -> Result<Verified, StoreError> {
    let mut tell = |done, all| tell(done, all) && !app.is_ending();
    app.store.read(|r| {
        let findings = Check::run(r, &mut tell, |c| app::check(c, Some(&app.keys)))?;
        Ok(Verified { findings, notes: audit::notes(r, Some(&app.keys)).unwrap_or_default() })
    })
}

/// What a file is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// A database in use, also one that was a backup once.
    Database,
    /// A backup, with a seal.
    Backup,
    /// Either.
    Any,
}

/// Checks every record of the database of a server that does not run. Without `keys` the signatures are left out.
///
/// # Errors
/// [`BackupError`] when the file cannot be read at all, is none of ours, newer, or made with other keys.
pub fn verify_database(path: &Path, keys: Option<&Keys>, tell: Tell<'_>) -> Result<Verified, BackupError> {
    verify_snapshot(&open(path)?, path, Wanted::Database, keys, tell)
}

/// Checks every record of a backup, and its seal.
///
/// # Errors
/// As [`verify_database`]; also when it is no backup as it was taken.
pub fn verify_backup(path: &Path, keys: &Keys, tell: Tell<'_>) -> Result<Verified, BackupError> {
    verify_sealed(&open(path)?, path, keys, tell)
}

/// As [`verify_backup`], for one that is open.
pub(super) fn verify_sealed(file: &Snapshot, path: &Path, keys: &Keys, tell: Tell<'_>) -> Result<Verified, BackupError> {
    verify_snapshot(file, path, Wanted::Backup, Some(keys), tell)
}

/// Checks a file that was named on the command line: a backup, or a database. Without `keys` signatures and seal are left out.
///
/// # Errors
/// As [`verify_backup`].
pub fn verify_given(path: &Path, keys: Option<&Keys>, tell: Tell<'_>) -> Result<Verified, BackupError> {
    verify_snapshot(&open_given(path)?, path, Wanted::Any, keys, tell)
}

/// Opens a file that was named on the command line.
pub(super) fn open_given(path: &Path) -> Result<Snapshot, BackupError> {
    as_caller(|| open(path))
}

fn open(path: &Path) -> Result<Snapshot, BackupError> {
    Snapshot::open(path).map_err(|error| named(path, error))
}

fn verify_snapshot(
    file: &Snapshot,
    path: &Path,
    wanted: Wanted,
    keys: Option<&Keys>,
    tell: Tell<'_>,
) -> Result<Verified, BackupError> {
    let schema = file.schema()?;
    if schema == 0 {
        return Err(BackupError::NotOurs(path.to_owned()));
    }
    if schema > SCHEMA {
        return Err(BackupError::Newer { path: path.to_owned(), found: schema, known: SCHEMA });
    }
    file.read(|r| {
        let mut verified = verify(r, schema, keys, tell)?;
        // Where records are damaged, that says more than a seal that does not fit.
        if wanted != Wanted::Database && verified.findings.damages == 0 {
            verified.notes.push(whole(r, path, wanted, keys, tell)?);
        }
        Ok(verified)
    })
}

fn verify(r: &Read, schema: u32, keys: Option<&Keys>, tell: Tell<'_>) -> Result<Verified, BackupError> {
    let mut notes = Vec::new();
    match keys {
        Some(keys) if !keys.own(r)? => return Err(KeyError::Foreign.into()),
        Some(_) => {}
        None => notes.push("鍵ファイルがないため、監査記録やバックアップが書き換えられていないかは確かめていません".to_owned()),
    }
    let findings = if schema == SCHEMA {
        let findings = Check::run(r, tell, |c| app::check(c, keys))?;
        // Where they cannot be read, that is among the damage.
        notes.extend(audit::notes(r, keys).unwrap_or_default());
        findings
    } else {
        notes.push(format!("古い版（形式 {schema}）のファイルのため、行ごとのチェックサムだけを確かめました"));
        Check::envelopes(r, tell)?
    };
    Ok(Verified { findings, notes })
}

/// Whether a backup is as it was taken; says what it is.
fn whole(r: &Read, path: &Path, wanted: Wanted, keys: Option<&Keys>, tell: Tell<'_>) -> Result<String, BackupError> {
    let about = store::about(r)?;
    if wanted == Wanted::Any && about.is_none() && store::seal(r)?.is_none() {
        let note = "バックアップの封がありません。uketsuke backup でとったファイルなら、とったあとに書き換えられています";
        return Ok(note.to_owned());
    }
    if let Some(keys) = keys {
        seal::check(r, path, keys, tell)?;
    }
    let Some(about) = about else { return Err(BackupError::Incomplete(path.to_owned())) };
    let there = Check::rows(r)?;
    if about.rows.iter().any(|(table, rows)| there.get(table) != Some(rows)) {
        return Err(BackupError::Incomplete(path.to_owned()));
    }
    Ok(format!("{}（日本時間）のバックアップです（uketsuke {} で作成）", jst::list_time(about.at), about.version))
}

fn named(path: &Path, error: StoreError) -> BackupError {
    match error {
        error @ (StoreError::Unclean | StoreError::InUse) => BackupError::Store(error),
        // What redb says of a file that does not begin as one of its own.
        StoreError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => BackupError::NotOurs(path.to_owned()),
        StoreError::Io(error) => BackupError::Io { path: path.to_owned(), error },
        error => BackupError::File { path: path.to_owned(), error },
    }
}
