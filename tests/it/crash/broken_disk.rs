//! A disk that is full or broken, at any point, once or for ever: nobody is told success for what is lost, nothing panics, and the
//! store says that the process must end.

use std::time::Duration;

use uketsuke::kernel::Random;
use uketsuke::reissue::{self, State};
use uketsuke::store::{Store, StoreError, Table};

use super::power::in_all_threads;
use super::work::{Book, installed};
use crate::support::TestApp;
use crate::support::disk::{Act, Disk, IO, NO_SPACE, Trouble};

const RUNS: u64 = 1_500;
const LATE: Table<u32, u32> = Table::new("late");

#[test]
fn a_full_or_broken_disk_loses_nothing_that_was_acknowledged() {
    let sum = in_all_threads(RUNS, run);
    assert!(sum.struck >= 1_000, "trouble came {} times only", sum.struck);
    assert!(sum.acknowledged > RUNS, "the work hardly went on: {} deeds in all", sum.acknowledged);
}

fn trouble(random: &Random) -> Trouble {
    let (on, within) =
        [(Act::Write, 200), (Act::Write, 200), (Act::Sync, 12), (Act::Resize, 2), (Act::Read, 40)][random.below(5) as usize];
    // A disk is full when it is written to; it can be broken whatever is asked of it.
    let code = if on != Act::Read && random.below(2) == 0 { NO_SPACE } else { IO };
    Trouble { on, after: u64::from(random.below(within)), code, once: random.below(2) == 0 }
}

fn run(seed: u64) -> super::power::Came {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (disk, random) = (Disk::new(installed(), seed), Random::seeded(seed));
    let (mut book, mut came) = (Book::default(), super::power::Came::default());
    let plugged = disk.plug();
    disk.trouble(trouble(&random));
    let mut before = None;
    match Store::on(plugged) {
        // It does not even open: said, and nothing is lost.
        Err(error) => assert!(!matches!(error, StoreError::Panicked(_)), "{error}"),
        Ok(store) => {
            let app = TestApp::drawing(store, seed + 1);
            runtime.block_on(in_trouble(&app, &disk, &mut book, &random));
            before = Some(app);
        }
    }
    came.struck = u64::from(disk.has_struck());
    // The process ends; the machine goes on, or is switched off as well.
    if random.below(2) == 0 {
        disk.kill()
    } else {
        disk.cut()
    }
    let store = Store::on(disk.plug()).unwrap_or_else(|error| panic!("the database does not open any more: {error}"));
    let app = match before {
        Some(before) => before.replaced(store),
        None => TestApp::drawing(store, seed + 1),
    };
    runtime.block_on(async {
        app.app.prepare().await.unwrap();
        book.check(&app);
        book.check_mails(&app).await;
    });
    app.forget();
    came.acknowledged = u64::from(book.acknowledged);
    came
}

async fn in_trouble(app: &TestApp, disk: &Disk, book: &mut Book, random: &Random) {
    let store = &app.app.store;
    let prepared = app.app.prepare().await;
    let ended = match prepared {
        Ok(()) => book.work(app, random, 12).await,
        failed => failed,
    };
    // Readers go on with what they know, or are told; they are never shown half of something.
    let read = store
        .read(|r| reissue::count_in_state(r, crate::support::reissue::office(7, "0799900014").prefecture, State::Received, 999));
    if let Ok(seen) = read {
        assert!(seen <= book.applications.len() + book.in_doubt(), "{seen} applications are shown");
    }
    let Err(error) = ended else { return };
    assert!(disk.has_struck(), "without any trouble: {error}");
    assert!(!matches!(error, StoreError::Panicked(_)), "{error}");
    // Whoever comes next is not told success either, and the process is told to end.
    let next = store
        .write(|tx| uketsuke::accounts::ensure(tx, crate::support::office::user("KJ070799900014"), jiff::Timestamp::UNIX_EPOCH))
        .await;
    assert!(next.is_err(), "the disk has failed, and yet something was kept");
    tokio::time::timeout(Duration::from_secs(20), store.broken()).await.expect("the store says that the process must end");
    assert!(!store.is_writable());
}

#[test]
fn nobody_waits_for_ever_for_a_writer_that_has_ended() {
    // Many more than cores, so that some are stopped in the middle of handing in.
    const THREADS: usize = 24;
    for seed in 0..200 {
        let disk = Disk::new(Vec::new(), seed);
        let store = Store::on(disk.plug()).unwrap();
        disk.trouble(Trouble { on: Act::Sync, after: seed % 5, code: IO, once: false });
        let (done, all) = std::sync::mpsc::channel();
        for _ in 0..THREADS {
            let (store, done) = (store.clone(), done.clone());
            // Hands in one thing after the other, also in the very moment in which the writer ends.
            std::thread::spawn(move || {
                let mut refused = 0;
                while refused < 5 {
                    refused += u32::from(store.write_blocking(move |tx| tx.put(&LATE, &1, &1)).is_err());
                }
                let _ = done.send(());
            });
        }
        for _ in 0..THREADS {
            all.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("seed {seed}: somebody still waits"));
        }
    }
}
