//! As whom the process works. A command that root types works as the owner of the data folder, because whoever has that user could have
//! laid links there; only what was named on the command line is opened as root.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::OFlags;
use rustix::process::{Gid, Uid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// For whom root works, once it does.
static OWNER: OnceLock<(Uid, Gid)> = OnceLock::new();

/// Whether the process may become somebody else.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// From here on root works as this user. To be called before there is a second thread: the system keeps this for each thread, and new
/// ones begin as the one that makes them. For good, or so that [`as_caller`] still finds the way back.
///
/// # Errors
/// What the system says; the process must not go on then.
pub fn become_owner(uid: u32, gid: u32, for_good: bool) -> io::Result<()> {
    let owner = (Uid::from_raw(uid), Gid::from_raw(gid));
    set_thread_groups(&[])?;
    if for_good {
        set_thread_res_gid(owner.1, owner.1, owner.1)?;
        set_thread_res_uid(owner.0, owner.0, owner.0)?;
    } else {
        act_as(owner)?;
        OWNER.get_or_init(|| owner);
    }
    Ok(())
}

/// Whether root works for somebody else.
#[must_use]
pub fn works_for_another() -> bool {
    OWNER.get().is_some()
}

/// Does what concerns only files that were named on the command line, as whoever typed it.
pub fn as_caller<T>(work: impl FnOnce() -> T) -> T {
    let Some(owner) = OWNER.get() else { return work() };
    let root = (Uid::ROOT, Gid::ROOT);
    if act_as(root).is_err() {
        // Then the files are opened as the owner, or refused.
        return work();
    }
    let _back = Back(*owner);
    work()
}

/// Opens for reading what somebody else has made: a file, no link that leads elsewhere and no pipe that is waited for.
///
/// # Errors
/// What the system says.
pub fn open_plain(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

struct Back((Uid, Gid));

impl Drop for Back {
    fn drop(&mut self) {
        if act_as(self.0).is_err() {
            // Going on as root is what must not happen.
            std::process::abort();
        }
    }
}

/// The real user stays root, so that the owner can neither trace nor end the process.
fn act_as((uid, gid): (Uid, Gid)) -> io::Result<()> {
    // The user first on the way up and last on the way down: only root may choose its group.
    if uid.is_root() {
        set_thread_res_uid(Uid::ROOT, uid, Uid::ROOT)?;
        set_thread_res_gid(Gid::ROOT, gid, Gid::ROOT)?;
    } else {
        set_thread_res_gid(Gid::ROOT, gid, Gid::ROOT)?;
        set_thread_res_uid(Uid::ROOT, uid, Uid::ROOT)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_folders_are_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(open_plain(&file).is_ok());
        assert!(open_plain(&link).is_err() && open_plain(folder.path()).is_err());
    }
}
