//! The promises of the writer: all or nothing for each, durable before answered, one failure harms nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Reads as _, Span, Store, StoreError, Table};

const ROWS: Table<u32, String> = Table::new("rows");

fn put(n: u32) -> impl FnMut(&mut super::Tx<'_>) -> Result<u32, StoreError> + Send + 'static {
    move |tx| {
        tx.put(&ROWS, &n, &format!("row {n}"))?;
        Ok(n)
    }
}

fn numbers(store: &Store) -> Vec<u32> {
    store.read(|r| Ok::<_, StoreError>(r.list(&ROWS, &Span::all(), 1000)?.into_iter().map(|(k, _)| k).collect())).unwrap()
}

/// Holds the writer so that what is submitted meanwhile lands in one batch.
async fn together<T: Send + 'static>(store: &Store, jobs: impl FnOnce() -> Vec<tokio::task::JoinHandle<T>>) -> Vec<T> {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let (started, mut running) = tokio::sync::mpsc::channel::<()>(1);
    let holder = {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .write(move |_| {
                    let _ = started.try_send(());
                    let _ = wait.lock().unwrap().recv();
                    Ok::<_, StoreError>(())
                })
                .await
        })
    };
    running.recv().await;
    let jobs = jobs();
    tokio::task::yield_now().await;
    go.send(()).unwrap();
    holder.await.unwrap().unwrap();
    let mut results = Vec::new();
    for job in jobs {
        results.push(job.await.unwrap());
    }
    results
}

#[tokio::test]
async fn what_waits_shares_one_commit() {
    let store = Store::in_memory().unwrap();
    let before = store.counts().commits;
    let results = together(&store, || {
        (0..10)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move { store.write(put(n)).await })
            })
            .collect()
    })
    .await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(numbers(&store), (0..10).collect::<Vec<_>>());
    assert_eq!(store.counts().commits - before, 1);
}

#[tokio::test]
async fn a_failure_after_a_write_between_two_good_ones_harms_only_itself() {
    let store = Store::in_memory().unwrap();
    let results = together(&store, || {
        let run = |n: u32, fail: bool| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(move |tx| {
                        tx.put(&ROWS, &n, &"x".to_owned())?;
                        if fail { Err(StoreError::Closed) } else { Ok(n) }
                    })
                    .await
            })
        };
        vec![run(1, false), run(2, true), run(3, false)]
    })
    .await;
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(numbers(&store), [1, 3]);
}

#[tokio::test]
async fn a_decision_made_on_a_neighbours_failed_writes_is_made_again() {
    let store = Store::in_memory().unwrap();
    let results = together(&store, || {
        let spoiler = {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(|tx| {
                        tx.put(&ROWS, &7, &"x".to_owned())?;
                        Err::<bool, _>(StoreError::Closed)
                    })
                    .await
            })
        };
        let reader = {
            let store = store.clone();
            tokio::spawn(async move { store.write(|tx| tx.has(&ROWS, &7)).await })
        };
        vec![spoiler, reader]
    })
    .await;
    assert!(results[0].is_err());
    assert!(matches!(results[1], Ok(false)), "the reader must not see what was never kept");
}

#[tokio::test]
async fn a_panic_is_answered_and_the_writer_lives_on() {
    let store = Store::in_memory().unwrap();
    let result: Result<(), StoreError> = store
        .write(|tx| {
            tx.put(&ROWS, &1, &"x".to_owned())?;
            panic!("boom");
        })
        .await;
    assert!(matches!(result, Err(StoreError::Panicked(text)) if text == "boom"));
    store.write(put(2)).await.unwrap();
    assert_eq!(numbers(&store), [2]);
}

#[tokio::test]
async fn an_error_before_the_first_write_lets_the_batch_go_on() {
    let store = Store::in_memory().unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let results = together(&store, || {
        let counted = {
            let (store, runs) = (store.clone(), Arc::clone(&runs));
            tokio::spawn(async move {
                store
                    .write(move |tx| {
                        runs.fetch_add(1, Ordering::SeqCst);
                        tx.put(&ROWS, &1, &"x".to_owned())
                    })
                    .await
            })
        };
        let refused = {
            let store = store.clone();
            tokio::spawn(async move { store.write(|_| Err::<(), _>(StoreError::Closed)).await })
        };
        vec![counted, refused]
    })
    .await;
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
    assert_eq!(runs.load(Ordering::SeqCst), 1, "nobody had to run twice");
}

#[tokio::test]
async fn a_batch_equals_the_serial_order() {
    let store = Store::in_memory().unwrap();
    let results = together(&store, || {
        (0..20_u32)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    store
                        .write(|tx| {
                            let next = u32::try_from(tx.len(&ROWS)?).unwrap_or(u32::MAX);
                            tx.put(&ROWS, &next, &"x".to_owned())?;
                            Ok::<_, StoreError>(next)
                        })
                        .await
                        .unwrap()
                })
            })
            .collect()
    })
    .await;
    let mut sorted = results;
    sorted.sort_unstable();
    assert_eq!(sorted, (0..20).collect::<Vec<_>>(), "each saw all before it");
}

#[tokio::test]
async fn watchers_hear_of_commits_to_their_table_only() {
    const OTHER: Table<u32, u32> = Table::new("other");
    let store = Store::in_memory().unwrap();
    let mut rows = store.watch(&ROWS);
    let other = store.watch(&OTHER);
    store.write(put(1)).await.unwrap();
    assert!(rows.has_changed().unwrap());
    rows.mark_unchanged();
    assert!(!other.has_changed().unwrap());
}

#[tokio::test]
async fn spans_page_through_a_table_in_both_directions() {
    let store = Store::in_memory().unwrap();
    for n in 0..6 {
        store.write(put(n)).await.unwrap();
    }
    let keys = |span: Span, limit| {
        store.read(|r| Ok::<_, StoreError>(r.list(&ROWS, &span, limit)?.into_iter().map(|(k, _)| k).collect::<Vec<_>>())).unwrap()
    };
    assert_eq!(keys(Span::all().after(&2_u32), 2), [3, 4]);
    assert_eq!(keys(Span::all().descending(), 2), [5, 4]);
    assert_eq!(keys(Span::all().descending().after(&4_u32), 2), [3, 2]);
    assert_eq!(keys(Span::between(&1_u32, &3_u32), 9), [1, 2, 3]);
    assert_eq!(keys(Span::between(&3_u32, &1_u32), 9), [0; 0]);
}

#[test]
fn a_file_is_opened_by_one_at_a_time_and_keeps_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uketsuke.redb");
    let store = Store::open(&path, super::StoreOptions::default()).unwrap();
    store.write_blocking(put(1)).unwrap();
    assert!(matches!(Store::open(&path, super::StoreOptions::default()), Err(StoreError::InUse)));
    drop(store);
    let store = Store::open(&path, super::StoreOptions::default()).unwrap();
    assert_eq!(numbers(&store), [1]);
}

#[test]
fn a_full_disk_is_refused_before_the_database_meets_it() {
    let folder = tempfile::tempdir().unwrap();
    let options = super::StoreOptions { reserve_mib: u64::MAX / (1024 * 1024), ..Default::default() };
    let store = Store::open(&folder.path().join("u.redb"), options).unwrap();
    assert!(matches!(store.write_blocking(put(1)), Err(StoreError::DiskFull { .. })));
    assert_eq!(numbers(&store), [0; 0]);
}

#[test]
fn a_copy_is_refused_where_it_would_take_the_writers_reserve() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("u.redb");
    let store = Store::open(&path, super::StoreOptions::default()).unwrap();
    store.write_blocking(put(1)).unwrap();
    assert_eq!(store.lacks_room_for_copy(folder.path()), None);
    drop(store);
    let options = super::StoreOptions { reserve_mib: 1 << 40, ..Default::default() };
    let store = Store::open(&path, options).unwrap();
    let room = store.lacks_room_for_copy(folder.path()).unwrap();
    let file = std::fs::metadata(&path).unwrap().len().div_ceil(1024 * 1024);
    assert_eq!(room.needed_mib, (1 << 40) + file);
    assert!(room.free_mib > 0 && room.free_mib < 1 << 40);
}

#[test]
fn nothing_is_written_into_a_file_that_is_no_longer_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (path, away) = (folder.path().join("u.redb"), folder.path().join("away.redb"));
    let store = Store::open(&path, super::StoreOptions::default()).unwrap();
    store.write_blocking(put(1)).unwrap();
    std::fs::rename(&path, &away).unwrap();
    assert!(matches!(store.write_blocking(put(2)), Err(StoreError::Moved(_))) && !store.is_writable());
    std::fs::copy(&away, &path).unwrap();
    assert!(matches!(store.ready(), Err(StoreError::Moved(_))), "a copy is another file");
    std::fs::rename(&away, &path).unwrap();
    store.write_blocking(put(3)).unwrap();
    assert_eq!(numbers(&store), [1, 3]);
}

#[test]
fn a_file_whose_making_was_cut_short_is_made_anew_and_one_of_somebody_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uketsuke.redb");
    for unfinished in [vec![], vec![0; 3], vec![0; 4096], [vec![0; 64], vec![7; 8192]].concat()] {
        std::fs::write(&path, &unfinished).unwrap();
        let store = Store::open(&path, super::StoreOptions::default()).unwrap();
        store.write_blocking(put(1)).unwrap();
        drop(store);
        let store = Store::open(&path, super::StoreOptions::default()).unwrap();
        assert_eq!(numbers(&store), [1], "what was kept since is not emptied again");
    }
    let letter = b"Dear Sir or Madam, this is no database.".repeat(200);
    std::fs::write(&path, &letter).unwrap();
    assert!(Store::open(&path, super::StoreOptions::default()).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), letter);
}

#[test]
fn whoever_may_block_and_finds_nobody_waiting_writes_on_their_own_thread() {
    let store = Store::in_memory().unwrap();
    let ran_on = store
        .write_blocking(|tx| {
            tx.put(&ROWS, &1, &"x".to_owned())?;
            Ok::<_, StoreError>(std::thread::current().id())
        })
        .unwrap();
    assert_eq!(ran_on, std::thread::current().id());
    assert_eq!(numbers(&store), [1]);
}

#[test]
fn who_writes_one_chunk_after_the_other_passes_nobody_who_waits() {
    let store = Store::in_memory().unwrap();
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = |name: &'static str| {
        let order = Arc::clone(&order);
        move |_: &mut super::Tx<'_>| {
            order.lock().unwrap().push(name);
            Ok::<_, StoreError>(())
        }
    };
    for _ in 0..200 {
        let mut visitor = Box::pin({
            let (store, visitor) = (store.clone(), noted("visitor"));
            async move { store.write(visitor).await }
        });
        let handed_in = Arc::new(std::sync::Mutex::new(Some(move || {
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(visitor.as_mut().poll(&mut context).is_pending(), "somebody else has the turn");
            visitor
        })));
        let visitor = Arc::new(std::sync::Mutex::new(None));
        let (first, kept) = (noted("chunk 1"), Arc::clone(&visitor));
        store
            .write_blocking(move |tx| {
                // While this chunk is under way somebody hands in work.
                let hand_in = handed_in.lock().unwrap().take().unwrap();
                *kept.lock().unwrap() = Some(std::thread::scope(|scope| scope.spawn(hand_in).join().unwrap()));
                first(tx)
            })
            .unwrap();
        store.write_blocking(noted("chunk 2")).unwrap();
        let visitor = visitor.lock().unwrap().take().unwrap();
        futures_util::FutureExt::now_or_never(visitor).expect("it has run before the second chunk").unwrap();
        assert_eq!(std::mem::take(&mut *order.lock().unwrap()), ["chunk 1", "visitor", "chunk 2"]);
    }
}

#[test]
fn a_full_queue_keeps_nobody_waiting_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let options = super::StoreOptions { queue: 1, ..Default::default() };
    let store = Store::open(&folder.path().join("one.redb"), options).unwrap();
    let (done, finished) = std::sync::mpsc::channel();
    for _ in 0..8 {
        let (store, done) = (store.clone(), done.clone());
        // Nothing is written, so that they meet in the queue and at the turn as often as may be.
        std::thread::spawn(move || {
            (0..2_000).for_each(|_| store.write_blocking(|_| Ok::<_, StoreError>(())).unwrap());
            done.send(()).unwrap();
        });
    }
    for _ in 0..8 {
        finished.recv_timeout(std::time::Duration::from_secs(60)).expect("nobody waits for somebody who waits for them");
    }
}

/// Works until it is told to fail.
#[derive(Debug, Default)]
struct Disk(redb::backends::InMemoryBackend, Arc<std::sync::atomic::AtomicBool>);

impl redb::StorageBackend for Disk {
    fn len(&self) -> std::io::Result<u64> {
        self.0.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.0.read(offset, out)
    }
    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.0.set_len(len)
    }
    fn sync_data(&self) -> std::io::Result<()> {
        if self.1.load(Ordering::SeqCst) { Err(std::io::Error::other("gone")) } else { self.0.sync_data() }
    }
    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.0.write(offset, data)
    }
}

#[tokio::test]
async fn after_a_commit_that_failed_nobody_writes_any_more_on_whichever_thread() {
    for blocking in [true, false] {
        let fails = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let disk = Disk(redb::backends::InMemoryBackend::new(), Arc::clone(&fails));
        let store = tokio::task::spawn_blocking(|| Store::on(disk).unwrap()).await.unwrap();
        store.write(put(1)).await.unwrap();
        fails.store(true, Ordering::SeqCst);
        let again = store.clone();
        let failed = if blocking {
            tokio::task::spawn_blocking(move || again.write_blocking(put(2))).await.unwrap()
        } else {
            store.write(put(2)).await
        };
        assert!(failed.is_err());
        fails.store(false, Ordering::SeqCst);
        let broken = tokio::time::timeout(std::time::Duration::from_secs(10), store.broken());
        assert!(broken.await.is_ok(), "the process is told");
        assert!(!store.is_writable());
        assert!(matches!(store.write(put(3)).await, Err(StoreError::Closed)));
        let again = store.clone();
        assert!(matches!(
            tokio::task::spawn_blocking(move || again.write_blocking(put(4))).await.unwrap(),
            Err(StoreError::Closed)
        ));
        assert_eq!(numbers(&store), [1]);
    }
}
