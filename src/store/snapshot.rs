//! A database file that is only read: a backup, or the database of a server that does not run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use super::open::{Counters, builder_with};
use super::{Read, StoreError, migrations};

/// Copies and checks go through a file once, from end to end: there is nothing to keep in memory.
pub(super) const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// An open file that nobody writes to. The file may lie on a medium that cannot be written.
pub struct Snapshot {
    database: redb::ReadOnlyDatabase,
    counters: Arc<Counters>,
}

impl Snapshot {
    /// Opens a file.
    ///
    /// # Errors
    /// [`StoreError::Unclean`] for a database whose process was killed, [`StoreError::InUse`] for one that is open elsewhere.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // redb panics on some files that are not what they say.
        let opened = catch_unwind(AssertUnwindSafe(|| builder_with(CACHE_BYTES).open_read_only(path)))
            .map_err(|_| StoreError::Database("the file is damaged".to_owned()))?;
        Ok(Self { database: opened?, counters: Arc::default() })
    }

    /// Reads.
    ///
    /// # Errors
    /// What the closure returns, or a [`StoreError`].
    pub fn read<T, E: From<StoreError>>(&self, query: impl FnOnce(&Read) -> Result<T, E>) -> Result<T, E> {
        use redb::ReadableDatabase as _;
        let txn = self.database.begin_read().map_err(StoreError::from)?;
        query(&Read::new(txn, Arc::clone(&self.counters)))
    }

    /// The schema that the file was written with; 0 if it is no database of ours.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn schema(&self) -> Result<u32, StoreError> {
        self.read(migrations::schema_of)
    }
}
