//! Letters from the button to the PDF, alone and while offices log in.

use crate::clerk::{Clerk, Desk};
use crate::figures::{Row, Stage};
use crate::house::{ACCOUNTS, Site};
use crate::load::Stormed;
use crate::role::{Helper, Role};
use crate::statistics::median;
use crate::{Outcome, baseline, logins, office};

const SINGLES: usize = 15;
/// The most that one print takes.
const MANY: usize = 500;
const STORM_SECONDS: f64 = 6.0;

pub fn run(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let house = stage.big()?;
    let site = house.copy()?;
    let server = site.serve()?;
    issue(&site)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut desk = runtime.block_on(async { Clerk::enrol(&site).await?.log_in(server.port).await })?;
    let (ones, many) = runtime.block_on(alone(&mut desk))?;

    let mut raw = vec![baseline::hashes_per_second(3.0)?];
    let mut storm = Helper::start(&Role::Storm(logins::storm(server.port, house, 16, STORM_SECONDS, false)))?;
    let printing = runtime.spawn(async move {
        // Pressed anew whenever a batch is ready, until the storm is over.
        let mut took = Vec::new();
        let mut last = desk.print(MANY).await?;
        loop {
            last = desk.print_again(&last).await?;
            desk.fetch(&last).await?;
            took.push(last.millis);
            if took.iter().sum::<f64>() > 60_000.0 {
                return Outcome::Ok(took);
            }
        }
    });
    let stormed: Stormed = storm.hear()?;
    printing.abort();
    raw.push(baseline::hashes_per_second(3.0)?);
    server.stop()?;
    let (limit, logins) = (median(&raw), stormed.per_second);
    let (one, many_ms) = (median(&ones), median(&many));
    Ok(vec![
        Row::new("1 letter, from the button to the PDF", "< 30 ms", format!("{one:.1} ms"), one < 30.0),
        Row::new(format!("{MANY} letters"), "< 3 s", format!("{:.2} s", many_ms / 1000.0), many_ms < 3_000.0),
        Row::new(
            "… logins while letters are printed",
            "0.4 of raw argon2",
            format!("{:.2} ({logins:.0}/s of {limit:.0}/s)", logins / limit),
            logins >= 0.4 * limit,
        ),
    ])
}

/// First issues for offices of the first federation: more letters than one print takes.
pub fn issue(site: &Site) -> Outcome<()> {
    let offices = (ACCOUNTS..).map(office::key).filter(|key| key.prefecture.number() == office::PREFECTURES[0]);
    let numbers: Vec<String> = offices.take(3 * MANY + 50).map(|key| key.number.to_string()).collect();
    let mut arguments = vec!["account", "issue", "--prefecture", "07"];
    for number in &numbers {
        arguments.extend(["--office", number]);
    }
    site.run(&arguments).map(drop)
}

async fn alone(desk: &mut Desk) -> Outcome<(Vec<f64>, Vec<f64>)> {
    let mut one = desk.print(1).await?;
    let mut ones = Vec::new();
    for _ in 0..SINGLES {
        one = desk.print_again(&one).await?;
        ones.push(one.millis);
    }
    let mut all = desk.print(MANY).await?;
    let mut many = Vec::new();
    for _ in 0..3 {
        all = desk.print_again(&all).await?;
        desk.fetch(&all).await?;
        many.push(all.millis);
    }
    Ok((ones, many))
}
