//! A database file whose making was cut short: redb writes its magic number last of all and refuses a file without it, so that a
//! first start that was killed would keep every later one from starting.

use std::io;
use std::ops::Bound;

use redb::{BackendError, StorageBackend};

/// Length of redb's magic number.
const MAGIC: usize = 9;

/// Empties a file that has no magic number yet: nothing was ever kept in it. A file that begins with anything else is left alone, and
/// so is one that another process is making now.
pub(super) fn empty_if_unfinished(backend: &impl StorageBackend) -> io::Result<()> {
    const WHOLE: (Bound<u64>, Bound<u64>) = (Bound::Included(0), Bound::Unbounded);
    if !is_unfinished(backend)? {
        return Ok(());
    }
    let locked = match backend.try_lock_range(WHOLE.0, WHOLE.1) {
        Ok(true) => true,
        // Opening it will say that it is in use.
        Ok(false) => return Ok(()),
        Err(BackendError::Unsupported) => false,
        Err(error) => return Err(io::Error::other(error.to_string())),
    };
    // Whoever held it a moment ago may have finished it.
    let emptied = is_unfinished(backend).and_then(|unfinished| if unfinished { backend.set_len(0) } else { Ok(()) });
    if locked {
        backend.unlock_range(WHOLE.0, WHOLE.1).map_err(|error| io::Error::other(error.to_string()))?;
    }
    emptied
}

fn is_unfinished(backend: &impl StorageBackend) -> io::Result<bool> {
    let length = usize::try_from(backend.len()?).unwrap_or(usize::MAX).min(MAGIC);
    let mut begin = [0; MAGIC];
    backend.read(0, &mut begin[..length])?;
    Ok(length > 0 && begin == [0; MAGIC])
}
