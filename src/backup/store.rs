//! Tables: how the regular backups go (in the live database), and what a backup holds besides the database (only in backups).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::seal::Seal;
use crate::audit::{self, Actor, Event};
use crate::kernel::Moment;
use crate::store::{Check, Reads, Rows, StoreError, Table, Tx};

/// How the regular backups go. One row.
const STATE: Table<u8, State> = Table::new("backup_state");
/// In a backup: what it is. One row.
const ABOUT: Table<u8, About> = Table::new("backup_about");
/// In a backup: the federation's own files, by path and piece, as base64.
const FILES: Table<(String, u32), String> = Table::new("backup_files");

/// In a backup: its seal. One row.
const SEAL: Table<u8, Seal> = Table::new("backup_seal");

/// The table that the seal does not cover.
pub(super) const SEAL_TABLE: &str = SEAL.name();
/// The tables that only backups have.
pub(super) const OF_BACKUPS: [&str; 3] = [ABOUT.name(), FILES.name(), SEAL.name()];
/// The tables that a restored database does not take over row by row.
pub(super) const NOT_COPIED: [&str; 4] = [ABOUT.name(), FILES.name(), SEAL.name(), STATE.name()];

/// How the regular backups go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// When the last good one was begun.
    pub good: Option<Timestamp>,
    /// When the last try failed, and why; gone after a good one.
    pub failed: Option<(Timestamp, String)>,
    /// A restore that the audit log does not tell of yet.
    #[serde(default)]
    pub(super) restored: Option<Restoration>,
}

/// A restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Restoration {
    /// When it was made.
    pub(super) at: Timestamp,
    /// When the backup was begun. `None` where it is not known.
    pub(super) backup: Option<Timestamp>,
}

/// What a backup is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct About {
    /// When it was begun.
    pub(super) at: Timestamp,
    /// The program that made it.
    pub(super) version: String,
    /// Rows of each table of the database.
    pub(super) rows: Rows,
}

/// How the regular backups go.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) fn state(r: &impl Reads) -> Result<State, StoreError> {
    Ok(r.get(&STATE, &0)?.unwrap_or_default())
}

pub(super) fn put_state(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    tx.put(&STATE, &0, state)
}

pub(super) fn about(r: &impl Reads) -> Result<Option<About>, StoreError> {
    r.get(&ABOUT, &0)
}

pub(super) fn put_about(tx: &mut Tx<'_>, about: &About) -> Result<(), StoreError> {
    tx.put(&ABOUT, &0, about)
}

pub(super) fn seal(r: &impl Reads) -> Result<Option<Seal>, StoreError> {
    r.get(&SEAL, &0)
}

pub(super) fn put_seal(tx: &mut Tx<'_>, seal: &Seal) -> Result<(), StoreError> {
    tx.put(&SEAL, &0, seal)
}

pub(super) fn put_piece(tx: &mut Tx<'_>, path: &str, piece: u32, text: &str) -> Result<(), StoreError> {
    tx.put(&FILES, &(path.to_owned(), piece), &text.to_owned())
}

/// Calls `piece` for each piece of each file, in order.
pub(super) fn each_piece(
    r: &impl Reads,
    mut piece: impl FnMut(String, u32, String) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    r.each(&FILES, &crate::store::Span::all(), |(path, n), text| piece(path, n, text).map(|()| true))
}

/// Writes into the audit log that the database was restored, at its first start since: the restored file has no seal yet.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn tell_restore(tx: &mut Tx<'_>, moment: &Moment) -> Result<(), StoreError> {
    let mut state = state(tx)?;
    let Some(restored) = state.restored.take() else { return Ok(()) };
    let mut event = Event::new(Actor::Console, "backup.restore").detail("restored", restored.at);
    if let Some(backup) = restored.backup {
        event = event.detail("backup", backup);
    }
    audit::record(tx, moment, event)?;
    put_state(tx, &state)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&STATE, |_, _, _| Ok(()));
    c.table(&ABOUT, |_, _, _| Ok(()));
    c.table(&FILES, |_, _, _| Ok(()));
    c.table(&SEAL, |_, _, _| Ok(()));
}
