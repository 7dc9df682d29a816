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
