//! From the start of the process to its first answer, with 300,000 offices.

use std::fs;

use crate::figures::{Row, Stage};
use crate::load::Stormed;
use crate::role::{self, Role};
use crate::statistics::median;
use crate::{Outcome, logins};

const STARTS: usize = 5;

pub fn run(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let house = stage.big()?;
    let site = house.copy()?;
    let (mut clean, mut killed, mut told) = (Vec::new(), Vec::new(), true);
    let mut server = site.serve()?;
    for _ in 0..STARTS {
        server.stop()?;
        server = site.serve()?;
        clean.push(server.first_answer.as_secs_f64());
    }
    for _ in 0..STARTS {
        let storm = logins::storm(server.port, house, 16, 1.0, false);
        role::run::<Stormed>(&Role::Storm(storm))?;
        server.kill()?;
        server = site.serve()?;
        killed.push(server.first_answer.as_secs_f64());
        told &= fs::read_to_string(site.log())?.contains("repairing the database");
    }
    server.stop()?;
    let gigabytes = fs::metadata(site.database())?.len() as f64 / 1e9;
    let (clean, killed) = (median(&clean), median(&killed));
    let per_gigabyte = killed / gigabytes;
    let log = if told { "progress logged" } else { "progress not logged" };
    let found = format!("{per_gigabyte:.2} s per GB ({killed:.2} s, {gigabytes:.2} GB; {log})");
    Ok(vec![
        Row::new("start to first answer after a clean stop", "< 1 s", format!("{clean:.2} s"), clean < 1.0),
        Row::new("… after kill -9 under logins", "< 2 s per GB", found, per_gigabyte < 2.0 && told),
    ])
}
