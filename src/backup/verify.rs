//! Verifying: the live database, or a file.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{BackupError, store};
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

/// Checks every record of a file: a backup, or the database of a server that does not run. Without `keys` the signatures are left out.
///
/// # Errors
/// [`BackupError`] when the file cannot be read at all, is none of ours, newer, or made with other keys.
pub fn verify_file(path: &Path, keys: Option<&Keys>, tell: Tell<'_>) -> Result<Verified, BackupError> {
    verify_opened(Snapshot::open(path), path, keys, tell)
}

/// As [`verify_file`], for a file that was named on the command line.
///
/// # Errors
/// As [`verify_file`].
pub fn verify_given(path: &Path, keys: Option<&Keys>, tell: Tell<'_>) -> Result<Verified, BackupError> {
    verify_opened(as_caller(|| Snapshot::open(path)), path, keys, tell)
}

fn verify_opened(
    opened: Result<Snapshot, StoreError>,
    path: &Path,
    keys: Option<&Keys>,
    tell: Tell<'_>,
) -> Result<Verified, BackupError> {
    let file = opened.map_err(|error| named(path, error))?;
    let schema = file.schema()?;
    if schema == 0 {
        return Err(BackupError::NotOurs(path.to_owned()));
    }
    if schema > SCHEMA {
        return Err(BackupError::Newer { path: path.to_owned(), found: schema, known: SCHEMA });
    }
    file.read(|r| verify(r, path, schema, keys, tell))
}

fn verify(r: &Read, path: &Path, schema: u32, keys: Option<&Keys>, tell: Tell<'_>) -> Result<Verified, BackupError> {
    let mut notes = Vec::new();
    match keys {
        Some(keys) if !keys.own(r)? => return Err(KeyError::Foreign.into()),
        Some(_) => {}
        None => notes.push("鍵ファイルがないため、監査記録が書き換えられていないかは確かめていません".to_owned()),
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
    if let Ok(Some(about)) = store::about(r) {
        let there = Check::rows(r)?;
        if about.rows.iter().any(|(table, rows)| there.get(table) != Some(rows)) {
            return Err(BackupError::Incomplete(path.to_owned()));
        }
        let at = jst::list_time(about.at);
        notes.push(format!("{at}（日本時間）のバックアップです（uketsuke {} で作成）", about.version));
    }
    Ok(Verified { findings, notes })
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
