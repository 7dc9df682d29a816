//! Taking a backup: copying, reading the copy back, and only then calling it one.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::disk::folder_of;
use super::seal::Seal;
use super::store::About;
use super::verify::verify_backup;
use super::{BackupError, files, store};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, Moment, leftover};
use crate::store::{StoreError, Tx, write_copy};

/// Hears what is being done, and how many rows of how many.
pub type Tell<'a> = &'a mut dyn FnMut(&str, u64, u64);

/// A backup that was read back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Taken {
    /// Where it lies.
    pub file: PathBuf,
    /// When it was begun: whatever was acknowledged before is in it.
    pub at: Timestamp,
    /// Rows of the database.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Copies the live database and the installation's files into a new file and reads every record of it back. Blocks for as long as that
/// takes, but holds up nobody: it reads in one read transaction, which sees the last commit, while others write on.
///
/// # Errors
/// [`BackupError`]; no file is left behind then.
pub fn take(app: &App, file: &Path, tell: Tell<'_>) -> Result<Taken, BackupError> {
    let at = app.clock.now();
    // A copy that fills the disk would stop the server's own writes before it fails itself.
    if let Some(room) = app.store.lacks_room_for_copy(folder_of(file)) {
        return Err(BackupError::NoRoom { folder: folder_of(file).to_owned(), room });
    }
    let kept = files::read(&app.config.server.data_dir)?;
    let rows = app
        .store
        .read(|r| {
            let add = |tx: &mut Tx<'_>, rows: &_| {
                files::put(tx, &kept)?;
                let version = env!("CARGO_PKG_VERSION").to_owned();
                store::put_about(tx, &About { at, version, rows: Clone::clone(rows) })
            };
            let seal = |tx: &mut Tx<'_>, tables: &_| store::put_seal(tx, &Seal::of(tables, &app.keys));
            write_copy(r, file, &store::OF_BACKUPS, &add, &seal, &mut step(app, "バックアップ", tell))
        })
        .map_err(|error| named(file, error))?;
    read_back(app, file, tell).inspect_err(|_| drop(fs::remove_file(file)))?;
    let bytes = fs::metadata(file).map_err(BackupError::at(file))?.len();
    Ok(Taken { file: file.to_owned(), at, rows: rows.values().sum(), bytes })
}

fn read_back(app: &App, file: &Path, tell: Tell<'_>) -> Result<(), BackupError> {
    let verified = verify_backup(file, &app.keys, &mut step(app, "点検", tell))?;
    if verified.findings.damages > 0 { Err(BackupError::Damaged(verified.findings)) } else { Ok(()) }
}

/// A process that ends does not wait for minutes of work that can be done again.
fn step<'a>(app: &'a App, what: &'static str, tell: Tell<'a>) -> impl FnMut(u64, u64) -> bool + 'a {
    move |done, all| {
        tell(what, done, all);
        !app.is_ending()
    }
}

/// Takes a backup into the data folder, where whoever asked for it fetches it: the server may not write where they may.
///
/// # Errors
/// As [`take`].
pub fn take_aside(app: &App, tell: Tell<'_>) -> Result<Taken, BackupError> {
    let data_folder = &app.config.server.data_dir;
    let folder = data_folder.join(OUTGOING);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(BackupError::at(&folder))?;
    clear_outgoing(data_folder, app.clock.now());
    take(app, &folder.join(format!("{}.redb", Id::new(&app.random))), tell)
}

/// Where backups wait to be fetched.
const OUTGOING: &str = "outgoing";

/// Removes backups that nobody has fetched within a day: their command was killed.
pub fn clear_outgoing(data_folder: &Path, now: Timestamp) {
    leftover::clear(&data_folder.join(OUTGOING), now);
}

/// Writes into the audit log that a backup was taken: it is a copy of everything.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn record(tx: &mut Tx<'_>, moment: &Moment, by: Actor, taken: &Taken) -> Result<(), StoreError> {
    let event = Event::new(by, "backup.take").detail("rows", taken.rows).detail("bytes", taken.bytes);
    audit::record(tx, moment, event)
}

fn named(file: &Path, error: StoreError) -> BackupError {
    match error {
        StoreError::Io(error) => BackupError::Io { path: file.to_owned(), error },
        error @ StoreError::Database(_) => BackupError::File { path: file.to_owned(), error },
        other => BackupError::Store(other),
    }
}
