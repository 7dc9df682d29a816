//! An import of 300,000 rows into a serving installation, and a visitor who writes all the while.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::figures::{Row, Stage};
use crate::load::Writes;
use crate::role::{Helper, Role};
use crate::statistics::{median, millis, most, percentile};
use crate::{Outcome, office};

/// The visitor writes this often.
const EVERY_MS: u64 = 4;

pub fn run(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let (small, big) = stage.both()?;
    let site = small.copy()?;
    // What other figures left to be written out must not be waited for here.
    rustix::fs::sync();
    let server = site.serve()?;
    let writes = || {
        Helper::start(&Role::Writes(Writes { port: server.port, office: office::key(0).number.to_string(), every_ms: EVERY_MS }))
    };

    let mut quiet = writes()?;
    std::thread::sleep(Duration::from_secs(4));
    let quiet: Vec<f64> = quiet.stop()?;

    let mut writer = writes()?;
    let begin = Instant::now();
    let (imported, disk) = beside_disk(&site.database().with_extension("probe"), || {
        site.run(&["ledger", "import", &big.ledger().display().to_string()])
    })?;
    imported?;
    let seconds = begin.elapsed().as_secs_f64();
    let took: Vec<f64> = writer.stop()?;
    server.stop()?;
    let found = format!(
        "slowest {:.1} ms (99.9 %: {:.1}, median {:.1}, of {}; import {seconds:.1} s; without an import: {:.1}, {:.1}, {:.1}; \
         slowest sync of one page beside the import: {disk:.1})",
        most(&took),
        percentile(&took, 99.9),
        median(&took),
        took.len(),
        most(&quiet),
        percentile(&quiet, 99.9),
        median(&quiet),
    );
    let name = "small use cases while 300,000 rows are imported, with their whole request";
    Ok(vec![Row::new(name, "≤ 60 ms", found, most(&took) <= 60.0)])
}

/// Does `work`, and meanwhile writes and syncs one page of a file of its own over and over: how long the disk itself let somebody wait,
/// at most.
fn beside_disk<T>(path: &Path, work: impl FnOnce() -> T) -> Outcome<(T, f64)> {
    let file = File::create(path)?;
    file.write_all_at(&[7; 4096], 0)?;
    file.sync_all()?;
    let done = AtomicBool::new(false);
    let probe = || {
        let mut slowest: f64 = 0.0;
        while !done.load(Ordering::Relaxed) {
            let begin = Instant::now();
            file.write_all_at(&[9; 4096], 0)?;
            file.sync_data()?;
            slowest = slowest.max(millis(begin.elapsed()));
            std::thread::sleep(Duration::from_millis(EVERY_MS));
        }
        Ok::<_, std::io::Error>(slowest)
    };
    std::thread::scope(|scope| {
        let probe = scope.spawn(probe);
        let outcome = work();
        done.store(true, Ordering::Relaxed);
        let slowest = probe.join().map_err(|_| "the probe of the disk panicked")??;
        Ok((outcome, slowest))
    })
}
