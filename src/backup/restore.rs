//! Restoring a backup into an empty data folder: all of it or nothing.
//!
//! Everything is made in a folder of its own inside the data folder. Only when it was read back do the files get their names, the database
//! last: until then there is nothing that `serve` would open, and it refuses to make a new database beside the leftovers.
//!
//! A restore brings back what was ended since the backup. Sessions and waiting logins are therefore left out; of the rest `cli/restore` prints
//! what has to be done again.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::disk::{folder_of, settle, sync_folder, sync_tree};
use super::store::{NOT_COPIED, Restoration, State, about, put_state, state};
use super::verify::{Verified, open_given, verify_database, verify_sealed};
use super::{BackupError, Tell, files};
use crate::config::Config;
use crate::kernel::caller::as_caller;
use crate::kernel::{ControlNumber, Random};
use crate::letters::{self, Serial};
use crate::login;
use crate::mail::outbox;
use crate::passkeys;
use crate::portal_login;
use crate::reissue;
use crate::security::{KeyError, Keys, sessions};
use crate::staff;
use crate::store::{Read, SCHEMA, Snapshot, StoreError, Tx, write_copy};

/// The folder in the data folder in which a restore is made; it is there only while one is under way or was broken off.
pub const STAGING: &str = ".restoring";

/// What was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    /// When the backup was begun. `None` for a plain database file.
    pub at: Option<Timestamp>,
    /// Rows of the database.
    pub rows: u64,
    /// Files besides.
    pub files: u64,
    /// Whether the given keys were installed.
    pub keys_installed: bool,
    /// From where the restored database goes on. `None` for one of an older schema.
    pub goes_on: Option<GoesOn>,
}

/// From where a restored database goes on.
#[derive(Clone, Debug)]
pub struct GoesOn {
    /// After which numbers.
    pub after: Given,
    /// Mails that leave as soon as it is served.
    pub waiting_mails: usize,
}

/// The last numbers that were given out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// 管理番号.
    pub number: Option<ControlNumber>,
    /// 発行番号.
    pub letter: Option<Serial>,
}

/// Restores `file` as the database `name` of the installation that `config` describes. `exported` are keys to install where there are none;
/// `given` are numbers known to have been given out after the backup, which are not to be given out again. The first start tells the audit
/// log of it.
///
/// # Errors
/// [`BackupError`]; the installation is then as empty as before.
pub fn restore(
    config: &Config,
    name: &str,
    file: &Path,
    exported: Option<&Path>,
    given: Given,
    now: Timestamp,
    tell: Tell<'_>,
) -> Result<Restored, BackupError> {
    let folder = &config.server.data_dir;
    expect_empty(folder)?;
    let (keys, install) = find_keys(&config.key_file(), exported)?;
    let key_path = if install { exported.unwrap_or(file) } else { &config.key_file() };
    // Opened once: what is restored is the file that was checked, whatever may have its name meanwhile.
    let backup = open_given(file)?;
    check(verify_sealed(&backup, file, &keys, &mut step("点検", tell)), file, key_path)?;

    clear(folder)?;
    let staging = folder.join(STAGING);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(BackupError::at(folder))?;
    fs::DirBuilder::new().mode(0o700).create(&staging).map_err(BackupError::at(&staging))?;
    let made = make(&staging, name, &backup, given, now, tell).and_then(|made| {
        let copy = staging.join(name);
        let checked = verify_database(&copy, Some(&keys), &mut step("復元したデータの点検", tell));
        check(checked, &copy, key_path)?;
        if let (true, Some(exported)) = (install, exported) {
            Keys::install_file(exported, &config.key_file())?;
        }
        Ok(made)
    });
    let mut restored = match made {
        Ok(made) => made,
        Err(error) => {
            fs::remove_dir_all(&staging).ok();
            return Err(error);
        }
    };
    put_in_place(folder, &staging, name)?;
    restored.keys_installed = install;
    Ok(restored)
}

/// Only what a restore that was broken off has left may lie there.
fn expect_empty(folder: &Path) -> Result<(), BackupError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(BackupError::Io { path: folder.to_owned(), error }),
    };
    let broken_off = folder.join(STAGING).exists();
    for entry in entries {
        let entry = entry.map_err(BackupError::at(folder))?.file_name();
        let of_restore = broken_off && (entry == STAGING || files::FOLDERS.iter().any(|one| entry == *one));
        if !of_restore && entry != "lost+found" {
            return Err(BackupError::NotEmpty(folder.to_owned()));
        }
    }
    Ok(())
}

/// Removes what a restore that was broken off has left.
fn clear(folder: &Path) -> Result<(), BackupError> {
    // The mark of a broken-off restore goes last.
    for name in files::FOLDERS.into_iter().chain([STAGING]) {
        let path = folder.join(name);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(BackupError::at(&path))?;
        }
    }
    Ok(())
}

/// The keys to check with, and whether the exported ones are to be installed.
fn find_keys(present: &Path, exported: Option<&Path>) -> Result<(Keys, bool), BackupError> {
    match exported {
        None if !present.exists() => Err(BackupError::NoKeys(present.to_owned())),
        Some(exported) if !present.exists() => Ok((as_caller(|| Keys::exported(exported))?, true)),
        Some(exported) if !Keys::same_files(present, exported)? => Err(BackupError::OtherKeys(present.to_owned())),
        _ => Ok((Keys::load(present, &Random::system(), false)?, false)),
    }
}

fn check(verified: Result<Verified, BackupError>, file: &Path, key_path: &Path) -> Result<(), BackupError> {
    match verified {
        Ok(verified) if verified.findings.damages > 0 => Err(BackupError::Damaged(verified.findings)),
        Ok(_) => Ok(()),
        Err(BackupError::Keys(KeyError::Foreign)) => {
            Err(BackupError::Foreign { file: file.to_owned(), keys: key_path.to_owned() })
        }
        Err(error) => Err(error),
    }
}

/// Nobody stops a restore but by killing it.
fn step<'a>(what: &'static str, tell: Tell<'a>) -> impl FnMut(u64, u64) -> bool + 'a {
    move |done, all| {
        tell(what, done, all);
        true
    }
}

fn make(
    staging: &Path,
    name: &str,
    backup: &Snapshot,
    given: Given,
    now: Timestamp,
    tell: Tell<'_>,
) -> Result<Restored, BackupError> {
    // An older schema is brought up by the next start; its rows are not for us to interpret.
    let known = backup.schema()? == SCHEMA;
    if !known && given != Given::default() {
        return Err(BackupError::NumbersInOlder);
    }
    let mut without = vec![login::WAITING_LOGINS, passkeys::CEREMONIES, portal_login::WAITING_LOGINS, staff::WAITING_LOGINS];
    without.extend(NOT_COPIED.into_iter().chain(sessions::TABLES));
    let (at, before) =
        if known { (backup.read(about)?.map(|about| about.at), backup.read(state)?) } else { (None, State::default()) };
    let note = |tx: &mut Tx<'_>, _: &_| {
        put_state(tx, &State { restored: Some(Restoration { at: now, backup: at }), ..before.clone() })?;
        given.number.map_or(Ok(()), |number| reissue::given_up_to(tx, number))?;
        given.letter.map_or(Ok(()), |serial| letters::printed_up_to(tx, serial))
    };
    let copy = staging.join(name);
    let mut restored = backup.read(|r| {
        let files = files::write_out(r, staging)?;
        let rows = write_copy(r, &copy, &without, &note, &|_, _| Ok(()), &mut step("復元", tell))?.values().sum();
        Ok::<_, BackupError>(Restored { at, rows, files, keys_installed: false, goes_on: None })
    })?;
    if known {
        restored.goes_on = Some(Snapshot::open(&copy)?.read(goes_on)?);
    }
    Ok(restored)
}

fn goes_on(r: &Read) -> Result<GoesOn, StoreError> {
    let after = Given { number: reissue::last_number(r)?, letter: letters::last_serial(r)? };
    Ok(GoesOn { after, waiting_mails: outbox::waiting(r)? })
}

/// From here on everything is whole on the disk; the database comes last.
fn put_in_place(folder: &Path, staging: &Path, name: &str) -> Result<(), BackupError> {
    sync_tree(staging)?;
    for one in files::FOLDERS {
        let (from, to) = (staging.join(one), folder.join(one));
        if from.exists() {
            fs::rename(&from, &to).map_err(BackupError::at(&to))?;
        }
    }
    sync_folder(folder)?;
    let database: PathBuf = folder.join(name);
    settle(&staging.join(name), &database)?;
    fs::remove_dir(staging).map_err(BackupError::at(staging))?;
    sync_folder(folder)?;
    sync_folder(folder_of(folder))
}
