//! Where the database file lies: whether it is still there, and how much room the disk has.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

use super::StoreError;

const MIB: u64 = 1024 * 1024;

/// Disk and number of a file.
type FileId = ((u32, u32), u64);

/// The place of an open database file.
pub(super) struct Place {
    path: PathBuf,
    /// The file that is open.
    id: FileId,
    /// Free disk below which the writer refuses work.
    reserve_mib: u64,
}

/// What a copy takes and what there is, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What it would take.
    pub needed_mib: u64,
    /// What there is.
    pub free_mib: u64,
}

impl Place {
    pub(super) fn of(path: &Path, open: &File, reserve_mib: u64) -> io::Result<Self> {
        // The working directory may change its name, too.
        let path = std::path::absolute(path)?;
        Ok(Self { path, id: id(open, Path::new(""), AtFlags::EMPTY_PATH)?, reserve_mib })
    }

    /// Whether something written now would be kept.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let there = match id(CWD, &self.path, AtFlags::empty()) {
            Ok(there) => there == self.id,
            Err(error) => error.kind() != ErrorKind::NotFound,
        };
        if !there {
            return Err(StoreError::Moved(self.path.clone()));
        }
        // redb meets a full disk in the middle of a commit; better to refuse before.
        let short = free(self.folder()).is_some_and(|free| free < self.reserve_mib * MIB);
        if short { Err(StoreError::DiskFull { needed_mib: self.reserve_mib }) } else { Ok(()) }
    }

    /// What is missing for a copy of the whole file in `folder`; on the same disk the writer keeps its reserve.
    pub(super) fn lacks_room_for_copy(&self, folder: &Path) -> Option<Room> {
        let (free, bytes) = (free(folder)?, fs::metadata(&self.path).ok()?.len());
        let same_disk = id(CWD, folder, AtFlags::empty()).ok()?.0 == self.id.0;
        let needed_mib = bytes.div_ceil(MIB) + if same_disk { self.reserve_mib } else { 0 };
        (free < needed_mib.saturating_mul(MIB)).then_some(Room { needed_mib, free_mib: free / MIB })
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }
}

/// Asks for nothing but the number. Whoever asks for the times of a file makes Linux write them down anew with the next commit: one more
/// place on the disk to sync, each time.
fn id(folder: impl AsFd, path: &Path, flags: AtFlags) -> io::Result<FileId> {
    let file = statx(folder, path, flags, StatxFlags::INO)?;
    Ok(((file.stx_dev_major, file.stx_dev_minor), file.stx_ino))
}

/// Bytes that are free where `folder` lies, as far as the system tells.
fn free(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
