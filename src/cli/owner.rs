//! Whose the data folder is, and that commands work as that user.
//!
//! Administrators type commands as root. The folder belongs to the server's user: what root made there, the server could not use, and
//! whoever has taken the server over could have laid links there for root to follow. So root becomes that user before anything else.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use super::CliError;
use crate::kernel::{caller, os};

/// Links that lead to the folder; more are a circle.
const MOST_LINKS: usize = 40;
/// Write permission of group and others, and the mark of folders in which nobody touches what is another's.
const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// Root becomes the owner of the data folder, or of the folder in which it will be made: `for_good`, or so that what was named on the
/// command line is still opened as root. Must run before there is a second thread.
///
/// # Errors
/// A sentence when others may write into the folder, or when it is root's but lies where somebody else may put another in its place.
pub(super) fn work_as_owner(data_folder: &Path, for_good: bool) -> Result<(), CliError> {
    let cannot = |error: &io::Error| {
        CliError::Failed(format!("データのフォルダー {} を使えません（{}）", data_folder.display(), os::cause(error)))
    };
    if fs::metadata(data_folder).is_ok_and(|there| there.mode() & OTHERS_WRITE != 0 && there.mode() & STICKY == 0) {
        let folder = data_folder.display();
        return Err(CliError::Failed(format!(
            "データのフォルダー {folder} に、所有者以外も書き込めます。chmod go-w {folder} を実行してください"
        )));
    }
    if !caller::is_root() {
        return Ok(());
    }
    let way = Way::to(data_folder).map_err(|error| cannot(&error))?;
    match (way.end.uid(), way.other) {
        (0, None) => Ok(()),
        (0, Some(other)) => Err(CliError::Failed(format!(
            "データのフォルダー {} は root のものですが、{} は root のものではありません。chown で同じ所有者にしてください",
            data_folder.display(),
            other.display()
        ))),
        (uid, _) => caller::become_owner(uid, way.end.gid(), for_good).map_err(|error| cannot(&error)),
    }
}

/// The way to a folder, link by link.
struct Way {
    /// The folder, or the last one before it that is there.
    end: fs::Metadata,
    /// The first that is not root's: what follows may be another the next time one looks.
    other: Option<PathBuf>,
}

impl Way {
    fn to(folder: &Path) -> io::Result<Self> {
        let mut todo = parts(&std::path::absolute(folder)?);
        let (mut at, mut links) = (PathBuf::from("/"), 0);
        let mut way = Self { end: fs::symlink_metadata("/")?, other: None };
        while let Some(part) = todo.pop() {
            let next = at.join(&part);
            let there = match fs::symlink_metadata(&next) {
                Ok(there) => there,
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            };
            if there.uid() != 0 && way.other.is_none() {
                way.other = Some(next.clone());
            }
            if there.is_symlink() {
                links += 1;
                if links > MOST_LINKS {
                    return Err(io::ErrorKind::InvalidInput.into());
                }
                let target = fs::read_link(&next)?;
                if target.is_absolute() {
                    at = PathBuf::from("/");
                }
                todo.extend(parts(&target));
            } else {
                // Without links in it, `..` is the folder above.
                at = if part == ".." { at.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned) } else { next };
                way.end = there;
            }
        }
        Ok(way)
    }
}

/// The names in a path, the first one last.
fn parts(path: &Path) -> Vec<OsString> {
    let named = path.components().rev().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    named.map(|part| part.as_os_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_way_leads_through_links_and_ends_at_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        fs::create_dir(&real).unwrap();
        symlink("real", folder.path().join("near")).unwrap();
        symlink(&real, folder.path().join("far")).unwrap();
        symlink("round", folder.path().join("round")).unwrap();
        let end = |path: &str| Way::to(&folder.path().join(path)).map(|way| way.end.ino());
        let inode = |path: &Path| fs::metadata(path).unwrap().ino();
        for path in ["real", "near", "far", "near/../far", "near/new/newer"] {
            assert_eq!(end(path).unwrap(), inode(&real), "{path}");
        }
        assert_eq!(end("near/..").unwrap(), inode(folder.path()));
        assert!(end("round").is_err());
    }
}
