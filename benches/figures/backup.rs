//! A backup taken by the running server, and the check of all records, with 300,000 offices. Nothing is asked of either.

use std::fs;
use std::time::Instant;

use crate::Outcome;
use crate::figures::{Row, Stage};

pub fn run(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let site = stage.big()?.copy()?;
    let server = site.serve()?;
    let before = server.resident()?;
    let file = site.database().with_file_name("copy.backup");
    let begin = Instant::now();
    site.run(&["backup", &file.display().to_string()])?;
    let backup = begin.elapsed().as_secs_f64();
    let after_backup = server.resident()?;
    let begin = Instant::now();
    site.run(&["verify"])?;
    let verify = begin.elapsed().as_secs_f64();
    let after_verify = server.resident()?;
    server.stop()?;
    let (alone, memory) = site.measure(&["verify", &file.display().to_string()])?;
    let size = |path: &std::path::Path| fs::metadata(path).map(|file| file.len() as f64 / 1e6);
    let (database, copy) = (size(&site.database())?, size(&file)?);
    let mb = |mebibytes: f64| mebibytes * 1.048_576;
    let grown = |most: f64| format!("the server held at most {:.0} MB, {:.0} before", mb(most), mb(before.most));
    Ok(vec![
        Row::told(
            "backup of 300,000 offices by the running server, read back",
            format!("{backup:.1} s ({database:.0} MB, the copy {copy:.0}; {})", grown(after_backup.most)),
        ),
        Row::told("… verify by the running server", format!("{verify:.1} s ({})", grown(after_verify.most))),
        Row::told("… verify of the copy, alone", format!("{:.1} s (at most {:.0} MB)", alone.as_secs_f64(), mb(memory))),
    ])
}
