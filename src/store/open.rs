//! Opening the database, and the handle that everybody holds.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::{Semaphore, oneshot, watch};

use super::migrations::{self, Step};
use super::place::{Place, Room};
use super::tx::Seal;
use super::writer::{Job, Writer};
use super::{Read, StoreError, Table, Tx, unfinished};

/// redb's own default is 1 GiB; a few pages of the upper tree are all that is used again and again.
const CACHE_BYTES: usize = 12 * 1024 * 1024;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Free disk below which the writer refuses work, in MiB.
    pub reserve_mib: u64,
    /// The largest number of use cases in one commit.
    pub batch: usize,
    /// Use cases that may wait for the writer before callers wait to hand theirs in.
    pub queue: usize,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { reserve_mib: 64, batch: 64, queue: 1024 }
    }
}

/// What the store has done since it was opened. Tests of equal cost compare these instead of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Rows read, by key or in a span.
    pub read: u64,
    /// Rows written or removed.
    pub written: u64,
    /// Transactions committed.
    pub commits: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) read: AtomicU64,
    pub(super) written: AtomicU64,
    pub(super) commits: AtomicU64,
}

/// The database. Cheap to clone; the file is closed when the last clone is gone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    // Before the database: the writer must have ended when the last handle of the database goes.
    writer: Writer,
    database: Arc<redb::Database>,
    counters: Arc<Counters>,
    watchers: Arc<Watchers>,
    seal: Arc<OnceLock<Seal>>,
    searches: Semaphore,
    /// `None` for one that lies in no file.
    place: Option<Arc<Place>>,
}

/// Who waits for changes of which table.
#[derive(Default)]
pub(super) struct Watchers(Mutex<HashMap<&'static str, watch::Sender<u64>>>);

impl Watchers {
    fn subscribe(&self, table: &'static str) -> watch::Receiver<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(table).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    pub(super) fn touched<'a>(&self, tables: impl Iterator<Item = &'a &'static str>) {
        let senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for table in tables {
            if let Some(sender) = senders.get(table) {
                sender.send_modify(|generation| *generation += 1);
            }
        }
    }
}

impl Store {
    /// Opens or creates the database file and brings it up to the present schema.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process holds it, [`StoreError::Newer`] for a file of a newer program.
    pub fn open(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        Self::open_with(path, options, migrations::STEPS)
    }

    /// As [`Store::open`], with other steps: for the tests of migrations.
    pub(super) fn open_with(path: &Path, options: StoreOptions, steps: &[Step]) -> Result<Self, StoreError> {
        let mut builder = builder();
        builder.set_repair_callback(|session| {
            tracing::warn!(
                progress = format!("{:.0}%", session.progress() * 100.0),
                "repairing the database after an unclean stop"
            );
        });
        let new = !path.exists();
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(redb::Error::Io)?;
        let place = Place::of(path, &file, options.reserve_mib).map_err(redb::Error::Io)?;
        let backend = redb::backends::FileBackend::new(file)?;
        unfinished::empty_if_unfinished(&backend).map_err(redb::Error::Io)?;
        let database = builder.create_with_backend(backend)?;
        if new {
            // Syncing the file does not keep its name: without this a power cut could take a whole new database away.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(redb::Error::Io)?;
        }
        Self::start(database, Some((path, place)), &options, steps)
    }

    /// A store in memory, for tests.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::on(redb::backends::InMemoryBackend::new())
    }

    /// A store on a back end of the caller's, for tests that take the disk away.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn on(backend: impl redb::StorageBackend) -> Result<Self, StoreError> {
        unfinished::empty_if_unfinished(&backend).map_err(redb::Error::Io)?;
        let database = builder().create_with_backend(backend)?;
        Self::start(database, None, &StoreOptions::default(), migrations::STEPS)
    }

    fn start(
        database: redb::Database,
        file: Option<(&Path, Place)>,
        options: &StoreOptions,
        steps: &[Step],
    ) -> Result<Self, StoreError> {
        let counters = Arc::new(Counters::default());
        let (path, place) = file.unzip();
        migrations::run(&database, path, &counters, steps)?;
        let place = place.map(Arc::new);
        let database = Arc::new(database);
        let watchers = Arc::new(Watchers::default());
        let seal = Arc::new(OnceLock::new());
        let (place_too, seal_too) = (place.clone(), Arc::clone(&seal));
        let (counters_too, watchers_too) = (Arc::clone(&counters), Arc::clone(&watchers));
        let writer = Writer::start(Arc::clone(&database), place_too, options, counters_too, watchers_too, seal_too);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let searches = Semaphore::new(cores);
        Ok(Self(Arc::new(Inner { writer, database, counters, watchers, seal, searches, place })))
    }

    /// Hands in what use cases seal with. The first counts: a store belongs to one installation.
    pub fn seal_with(&self, seal: Seal) {
        self.0.seal.get_or_init(|| seal);
    }

    /// Runs a use case in a write transaction, durably committed before this returns.
    ///
    /// The closure may run more than once and must have no effect outside the transaction; time, ids and randomness reach it as values.
    ///
    /// # Errors
    /// What the closure returns, and nothing of it is kept; or a [`StoreError`].
    pub async fn write<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.0.writer.submit(Job::boxed(use_case, sender)).await?;
        receiver.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// As [`Store::write`], for threads outside the runtime (the command line, imports).
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_blocking<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        self.0.writer.submit_blocking(Job::boxed(use_case, sender))?;
        receiver.blocking_recv().unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// Reads on the calling thread: for up to about a hundred rows.
    ///
    /// # Errors
    /// What the closure returns, or a [`StoreError`].
    pub fn read<T, E: From<StoreError>>(&self, query: impl FnOnce(&Read) -> Result<T, E>) -> Result<T, E> {
        use redb::ReadableDatabase as _;
        let txn = self.0.database.begin_read().map_err(StoreError::from)?;
        query(&Read::new(txn, Arc::clone(&self.0.counters)))
    }

    /// Reads on a small pool of threads: for searches and exports.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn search<T, E, F>(&self, query: F) -> Result<T, E>
    where
        F: FnOnce(&Read) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let _place = self.0.searches.acquire().await.map_err(|_| StoreError::Closed)?;
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.read(query))
            .await
            .unwrap_or_else(|error| Err(StoreError::Panicked(error.to_string()).into()))
    }

    /// A number that rises with every commit that wrote to the table.
    #[must_use]
    pub fn watch<K, V>(&self, table: &Table<K, V>) -> watch::Receiver<u64> {
        self.0.watchers.subscribe(table.name())
    }

    /// Resolves when a commit has failed and the process must end: redb refuses everything until the file is opened anew.
    pub async fn broken(&self) {
        self.0.writer.broken().await;
    }

    /// Whether a use case could be committed now and kept: the writer lives, the file is where it was, and the disk has room.
    ///
    /// # Errors
    /// What keeps it from that.
    pub fn ready(&self) -> Result<(), StoreError> {
        if !self.0.writer.is_alive() {
            return Err(StoreError::Closed);
        }
        self.0.place.as_ref().map_or(Ok(()), |place| place.check())
    }

    /// As [`Store::ready`], for those who need no reason.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.ready().is_ok()
    }

    /// What is missing for a copy of the whole database in a folder.
    #[must_use]
    pub fn lacks_room_for_copy(&self, folder: &Path) -> Option<Room> {
        self.0.place.as_ref()?.lacks_room_for_copy(folder)
    }

    /// Rows read and written and commits so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts { read: of(&self.0.counters.read), written: of(&self.0.counters.written), commits: of(&self.0.counters.commits) }
    }
}

pub(super) fn builder() -> redb::Builder {
    builder_with(CACHE_BYTES)
}

pub(super) fn builder_with(cache_bytes: usize) -> redb::Builder {
    let mut builder = redb::Database::builder();
    builder.set_cache_size(cache_bytes);
    builder
}
