//! Putting a finished file where it belongs, so that it is there whole or not at all, also after a power cut.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::BackupError;

/// Gives the finished file `from` the name `to` in the same file system, never overwriting, and syncs the folder.
///
/// # Errors
/// [`BackupError::Exists`], or what the system says; `from` is still there then.
pub fn settle(from: &Path, to: &Path) -> Result<(), BackupError> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from).map_err(BackupError::at(from))?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(BackupError::Exists(to.to_owned())),
        // Another file system, which the caller deals with.
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            return Err(BackupError::Io { path: to.to_owned(), error });
        }
        // Some media know no second name for a file.
        Err(_) if !to.exists() => fs::rename(from, to).map_err(BackupError::at(to))?,
        Err(error) => return Err(BackupError::Io { path: to.to_owned(), error }),
    }
    sync_folder(folder_of(to))
}

/// Syncs the names in a folder.
pub(super) fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(BackupError::at(folder))
}

/// Syncs the names in a folder and in all folders below.
pub(super) fn sync_tree(folder: &Path) -> Result<(), BackupError> {
    for entry in fs::read_dir(folder).map_err(BackupError::at(folder))? {
        let path = entry.map_err(BackupError::at(folder))?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        }
    }
    sync_folder(folder)
}

/// The folder that a file lies in.
pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}
