//! Power cuts at any write, in a thousand lives and more.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use uketsuke::kernel::Random;
use uketsuke::store::Store;

use super::work::{Book, installed};
use crate::support::TestApp;
use crate::support::disk::Disk;

const RUNS: u64 = 1_000;
/// Changes of the disk in which a life of the work below mostly ends.
const LIFE: u32 = 300;

/// What a run came to.
#[derive(Default)]
pub struct Came {
    pub acknowledged: u64,
    cuts: u64,
    /// How often the disk failed.
    pub struck: u64,
    /// Cuts while the database was being opened.
    in_opening: u64,
}

#[test]
fn a_power_cut_at_any_write_loses_nothing_that_was_acknowledged() {
    let sum = in_all_threads(RUNS, |seed| {
        // Every twentieth installation is new: its very first start may be cut short.
        let content = if seed % 20 == 0 { Vec::new() } else { installed() };
        run(seed, content)
    });
    assert!(sum.acknowledged > RUNS * 4, "the work hardly went on: {} deeds in all", sum.acknowledged);
    assert!(sum.cuts > RUNS && sum.in_opening > RUNS / 20, "{} cuts, {} in opening", sum.cuts, sum.in_opening);
}

/// Runs are told apart by their seeds; one that fails is named and can be repeated.
pub fn in_all_threads(runs: u64, run: impl Fn(u64) -> Came + Sync) -> Came {
    let (next, sum) = (AtomicU64::new(0), std::sync::Mutex::new(Came::default()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= runs {
                        break;
                    }
                    let came = catch_unwind(AssertUnwindSafe(|| run(seed))).unwrap_or_else(|panic| {
                        eprintln!("the run with seed {seed} failed");
                        next.store(runs, Ordering::Relaxed);
                        std::panic::resume_unwind(panic)
                    });
                    let mut sum = sum.lock().unwrap();
                    sum.acknowledged += came.acknowledged;
                    sum.cuts += came.cuts;
                    sum.struck += came.struck;
                    sum.in_opening += came.in_opening;
                }
            });
        }
    });
    sum.into_inner().unwrap()
}

/// Some lives on one disk, each ended by a cut, and a last one that finds everything.
fn run(seed: u64, content: Vec<u8>) -> Came {
    let new = content.is_empty();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (disk, random) = (Disk::new(content, seed), Random::seeded(seed));
    let (mut book, mut came) = (Book::default(), Came::default());
    let mut app: Option<TestApp> = None;
    for _ in 0..2 + random.below(2) {
        let plugged = disk.plug();
        let opening = new || random.below(4) == 0;
        disk.cut_after(u64::from(1 + random.below(if opening { 30 } else { LIFE })));
        came.cuts += 1;
        let Ok(store) = Store::on(plugged) else {
            came.in_opening += 1;
            continue;
        };
        let here = restarted(app.take(), store, seed);
        runtime.block_on(async {
            if here.app.prepare().await.is_err() || disk.has_struck() {
                return;
            }
            if new {
                // Nobody applies before there is a ledger.
                drop(here.app.runner().run_due().await);
                return;
            }
            book.check(&here);
            // What could not be done stays in doubt; the process ends with the power.
            drop(book.work(&here, &random, 3 + random.below(8)).await);
        });
        disk.cut();
        app = Some(here);
    }
    let store = Store::on(disk.plug()).unwrap_or_else(|error| panic!("the database does not open any more: {error}"));
    let here = restarted(app, store, seed);
    runtime.block_on(async {
        here.app.prepare().await.unwrap();
        book.check(&here);
        book.check_mails(&here).await;
    });
    here.forget();
    came.acknowledged = u64::from(book.acknowledged);
    came
}

fn restarted(before: Option<TestApp>, store: Store, seed: u64) -> TestApp {
    match before {
        Some(before) => before.replaced(store),
        // The installation itself was made with the randomness of seed 0.
        None => TestApp::drawing(store, seed + 1),
    }
}
