//! The regular backups: due once a day, made up for once after a time without a server, tried again when they fail, and only ever
//! followed by the removal of older ones that carry our own names.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use super::BackupError;
use super::disk::settle;
use super::model::{file_name, last_slot, next_slot, superfluous, time_of};
use super::store::{self, State};
use super::take::{Taken, record, take};
use crate::app::App;
use crate::audit::Actor;
use crate::config::Backup;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::kernel::clock;
use crate::store::{Reads, StoreError};

/// The repeating job.
pub const DAILY: Kind = Kind::new("backup.daily", Lane::Backup);
/// It looks again after this long at the latest, so that a changed time of day or a clock set anew cannot hide a missed backup.
const LOOK: SignedDuration = SignedDuration::from_hours(1);
/// A failed backup is tried again after this long.
const RETRY: SignedDuration = SignedDuration::from_mins(15);
/// A last good backup older than this is told to the federation's administrators.
const TOO_OLD: SignedDuration = SignedDuration::from_hours(48);

/// Handles [`DAILY`].
pub async fn daily(app: App, job: Job) -> Outcome {
    let settings = app.config.backup.clone();
    let in_an_hour = later(job.now, LOOK);
    let Some(directory) = settings.directory.clone() else { return Outcome::Again(in_an_hour) };
    let next = Outcome::Again(in_an_hour.min(next_slot(job.now, settings.time)));
    match app.store.read(store::state) {
        Ok(state)
            if state.good.is_some_and(|good| good >= last_slot(job.now, settings.time) && !clock::is_ahead(good, job.now)) =>
        {
            return next;
        }
        Ok(_) => {}
        Err(error) => {
            tracing::error!(%error, "it cannot be told when the last backup was made");
            return Outcome::Again(later(job.now, RETRY));
        }
    }
    let working = app.clone();
    let made = tokio::task::spawn_blocking(move || make(&working, &directory, job.now, &settings)).await;
    let made = made.unwrap_or_else(|error| Err(StoreError::Panicked(error.to_string()).into()));
    if matches!(made, Err(BackupError::Store(StoreError::Stopped))) {
        // The process ends; the next one makes up for it.
        return Outcome::Again(later(job.now, SignedDuration::from_mins(1)));
    }
    if let Err(error) = &made {
        tracing::error!(error = error.for_log(), "the regular backup failed; it is tried again");
    }
    let good = made.is_ok();
    if let Err(error) = write_down(&app, job.now, made).await {
        tracing::error!(%error, "the outcome of a backup could not be written down");
    }
    if good { next } else { Outcome::Again(later(job.now, RETRY)) }
}

/// Takes one backup and lets go of older ones.
fn make(app: &App, directory: &Path, now: Timestamp, settings: &Backup) -> Result<Taken, BackupError> {
    // Not made here: where a medium is not mounted, its folder would be one on the system's own disk.
    fs::read_dir(directory).map_err(BackupError::at(directory))?;
    let name = file_name(now);
    let (file, part) = (directory.join(&name), directory.join(format!("{name}.part")));
    if file.exists() {
        return Err(BackupError::Exists(file));
    }
    remove_parts(directory);
    let taken = take(app, &part, &mut |what, done, all| tracing::debug!(what, done, all, "regular backup"))?;
    settle(&part, &file).inspect_err(|_| drop(fs::remove_file(&part)))?;
    tracing::info!(file = %file.display(), rows = taken.rows, bytes = taken.bytes, "backup made and read back");
    rotate(directory, &name, settings);
    Ok(Taken { file, ..taken })
}

/// What a process that was killed has left.
fn remove_parts(directory: &Path) {
    for (name, path) in names(directory) {
        if name.strip_suffix(".part").and_then(time_of).is_some() {
            fs::remove_file(path).ok();
        }
    }
}

/// Removes what is neither of the last days nor the first of a month. A file that cannot be removed is tried again the next day.
fn rotate(directory: &Path, made: &str, settings: &Backup) {
    let Some(made) = time_of(made) else { return };
    let all: Vec<(DateTime, PathBuf)> =
        names(directory).into_iter().filter_map(|(name, path)| Some((time_of(&name)?, path))).collect();
    let times: Vec<DateTime> = all.iter().map(|(at, _)| *at).collect();
    let gone = superfluous(made, &times, settings.keep_daily as usize, settings.keep_monthly as usize);
    for (_, path) in all.iter().filter(|(at, _)| gone.contains(at)) {
        match fs::remove_file(path) {
            Ok(()) => tracing::info!(file = %path.display(), "an old backup was removed"),
            Err(error) => tracing::warn!(%error, file = %path.display(), "an old backup could not be removed"),
        }
    }
}

fn names(directory: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    files.filter_map(|entry| Some((entry.file_name().to_str()?.to_owned(), entry.path()))).collect()
}

async fn write_down(app: &App, now: Timestamp, made: Result<Taken, BackupError>) -> Result<(), StoreError> {
    let moment = app.moment();
    let made = made.map_err(|error| error.in_short());
    app.store
        .write(move |tx| {
            let before = store::state(tx)?;
            match &made {
                Ok(taken) => {
                    store::put_state(tx, &State { good: Some(now), failed: None, ..before })?;
                    record(tx, &moment, Actor::System, taken)
                }
                Err(reason) => store::put_state(tx, &State { failed: Some((now, reason.clone())), ..before }),
            }
        })
        .await
}

/// That the regular backups do not come as they should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// The last good one.
    pub good: Option<Timestamp>,
    /// When the last try failed, and why.
    pub failed: Option<(Timestamp, String)>,
}

/// Whether there is no good backup of the last two days although they are wanted.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn overdue(r: &impl Reads, settings: &Backup, now: Timestamp) -> Result<Option<Overdue>, StoreError> {
    if settings.directory.is_none() {
        return Ok(None);
    }
    let State { good, failed, .. } = store::state(r)?;
    let fresh = good.is_some_and(|good| now.duration_since(good) <= TOO_OLD && !clock::is_ahead(good, now));
    Ok((!fresh).then_some(Overdue { good, failed }))
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}
