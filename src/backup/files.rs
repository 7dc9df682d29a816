//! The files of the data folder that are part of the installation: read into a backup, written out of it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use super::{BackupError, store};
use crate::store::{Reads, StoreError, Tx};

/// Folders of the data folder that a backup holds.
pub(super) const FOLDERS: [&str; 2] = ["templates", "uploads"];
/// All files together; they are held in memory while a backup is made.
const MOST: u64 = 64 * 1024 * 1024;
/// Bytes of one piece.
const PIECE: usize = 48 * 1024;

/// A file as it lies in the data folder.
pub(super) struct Kept {
    path: String,
    bytes: Vec<u8>,
}

/// Reads all regular files of [`FOLDERS`]. Links are left out: they lead who knows where.
pub(super) fn read(data_folder: &Path) -> Result<Vec<Kept>, BackupError> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
    while let Some(relative) = folders.pop() {
        let folder = data_folder.join(&relative);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(BackupError::Io { path: folder, error }),
        };
        for entry in entries {
            let entry = entry.map_err(BackupError::at(&folder))?;
            let path = relative.join(entry.file_name());
            let meta = fs::symlink_metadata(entry.path()).map_err(BackupError::at(&entry.path()))?;
            if meta.is_dir() {
                folders.push(path);
            } else if meta.is_file() {
                bytes += meta.len();
                if bytes > MOST {
                    return Err(BackupError::TooMuch(folder));
                }
                let Some(name) = path.to_str().map(str::to_owned) else { continue };
                found.push(Kept { path: name, bytes: fs::read(entry.path()).map_err(BackupError::at(&entry.path()))? });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Writes the files into a backup.
pub(super) fn put(tx: &mut Tx<'_>, files: &[Kept]) -> Result<(), StoreError> {
    for file in files {
        // An empty file has one empty piece.
        let pieces = file.bytes.chunks(PIECE).chain(file.bytes.is_empty().then_some([].as_slice()));
        for (n, piece) in (0..).zip(pieces) {
            store::put_piece(tx, &file.path, n, &data_encoding::BASE64.encode(piece))?;
        }
    }
    Ok(())
}

/// Writes the files of a backup below `folder`; says how many.
pub(super) fn write_out(r: &impl Reads, folder: &Path) -> Result<u64, BackupError> {
    let (mut files, mut failed) = (0, None);
    store::each_piece(r, |path, n, text| {
        if failed.is_none() {
            files += u64::from(n == 0);
            failed = write_piece(folder, &path, n, &text).err();
        }
        Ok(())
    })?;
    failed.map_or(Ok(files), Err)
}

fn write_piece(folder: &Path, path: &str, n: u32, text: &str) -> Result<(), BackupError> {
    let relative = Path::new(path);
    let wrong = || BackupError::NotOurs(relative.to_owned());
    // A backup is a file that somebody hands in: its paths lead nowhere but below the folder.
    let inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if !inside || !FOLDERS.iter().any(|one| relative.starts_with(one)) {
        return Err(wrong());
    }
    let to = folder.join(relative);
    let bytes = data_encoding::BASE64.decode(text.as_bytes()).map_err(|_| wrong())?;
    if let Some(parent) = to.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(BackupError::at(parent))?;
    }
    let mut options = fs::OpenOptions::new();
    options.mode(0o600);
    if n == 0 {
        options.write(true).create_new(true);
    } else {
        options.append(true);
    }
    let mut file = options.open(&to).map_err(BackupError::at(&to))?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(BackupError::at(&to))
}
