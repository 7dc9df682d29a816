//! Files on their way from one process to another, which lie there for ever if one of the two is killed.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::clock;

/// Removes the files of a folder that are more than a day old, or dated ahead. A link in the folder's place is left alone, and what it leads to.
pub fn clear(folder: &Path, now: Timestamp) {
    if !fs::symlink_metadata(folder).is_ok_and(|there| there.is_dir()) {
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let made = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|at| Timestamp::try_from(at).ok());
        let is_left = |made| now.duration_since(made) > SignedDuration::from_hours(24) || clock::is_ahead(made, now);
        if made.is_some_and(is_left) {
            // Tried again the next time.
            fs::remove_file(entry.path()).ok();
        }
    }
}
