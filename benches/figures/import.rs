//! An import of 300,000 rows into a serving installation, and a visitor who writes all the while.

use std::time::{Duration, Instant};

use crate::figures::{Row, Stage};
use crate::load::Writes;
use crate::role::{Helper, Role};
use crate::statistics::{median, most, percentile};
use crate::{Outcome, office};

/// The visitor writes this often.
const EVERY_MS: u64 = 4;

pub fn run(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let (small, big) = stage.both()?;
    let site = small.copy()?;
    let server = site.serve()?;
    let writes = || {
        Helper::start(&Role::Writes(Writes { port: server.port, office: office::key(0).number.to_string(), every_ms: EVERY_MS }))
    };

    let mut quiet = writes()?;
    std::thread::sleep(Duration::from_secs(4));
    let quiet: Vec<f64> = quiet.stop()?;

    let mut writer = writes()?;
    let begin = Instant::now();
    site.run(&["ledger", "import", &big.ledger().display().to_string()])?;
    let seconds = begin.elapsed().as_secs_f64();
    let took: Vec<f64> = writer.stop()?;
    server.stop()?;
    let found = format!(
        "slowest {:.1} ms (99.9 %: {:.1}, median {:.1}, of {}; import {seconds:.1} s; without an import: {:.1}, {:.1}, {:.1})",
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
