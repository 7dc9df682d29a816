//! Whether the time of a refusal tells what the page does not (quality bar 21): refusals of different reasons take turns.

use std::time::Instant;

use crate::figures::{Row, Stage};
use crate::http::Browser;
use crate::statistics::{median, millis};
use crate::{Outcome, office, sending};

/// Timings of each reason.
const TIMES: usize = 200;
/// Wrong tries that lock an account for devices it does not know.
const LOCKS: usize = 40;
/// The account that is locked; those before it are tried once each.
const LOCKED: usize = TIMES + 1;
/// The slower median may take this much of the faster one.
const MOST: f64 = 1.1;

pub fn run(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let house = stage.small()?;
    let site = house.copy()?;
    let app = site.open()?;
    for n in 0..TIMES {
        sending::send_one(&app, n)?;
    }
    let numbers: Vec<String> = sending::numbers(&app)?;
    drop(app);
    let server = site.serve()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let rows = runtime.block_on(async {
        let mut rows = logins(server.port, house.offices).await?;
        rows.push(lookups(server.port, &numbers).await?);
        Outcome::Ok(rows)
    })?;
    server.stop()?;
    Ok(rows)
}

/// A form from a browser of its own; only its own answer is timed.
async fn refused(port: u16, page: &str, fields: &[(&str, &str)], told: &str) -> Outcome<f64> {
    let mut browser = Browser::open(port).await?;
    browser.page(page).await?;
    let begin = Instant::now();
    let answer = browser.post(page, fields).await?;
    let took = millis(begin.elapsed());
    if answer.status == 422 && answer.text().contains(told) { Ok(took) } else { Err(answer.head.into()) }
}

async fn try_login(port: u16, n: usize) -> Outcome<f64> {
    let user = office::user(n).to_string();
    refused(port, "/login", &[("user_id", &user), ("password", "Machigai-1")], "ログインできませんでした").await
}

async fn logins(port: u16, offices: usize) -> Outcome<Vec<Row>> {
    for _ in 0..LOCKS {
        try_login(port, LOCKED).await?;
    }
    let (mut unknown, mut wrong, mut locked) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..TIMES {
        unknown.push(try_login(port, offices + n).await?);
        wrong.push(try_login(port, n).await?);
        locked.push(try_login(port, LOCKED).await?);
    }
    Ok(vec![
        compare("refused login: wrong password against unknown ID", &wrong, &unknown),
        compare("… account locked for strangers against unknown ID", &locked, &unknown),
    ])
}

/// Control numbers with an address that is not theirs, and control numbers that were never given out.
async fn lookups(port: u16, numbers: &[String]) -> Outcome<Row> {
    let (mut foreign, mut absent) = (Vec::new(), Vec::new());
    for number in numbers {
        // The last of the month that can be.
        let never = format!("{}9{}", &number[..7], &number[8..]);
        for (number, took) in [(number, &mut foreign), (&never, &mut absent)] {
            let fields = [("control_number", number.as_str()), ("contact", "somebody@example.jp")];
            took.push(refused(port, "/status", &fields, "一致する申請がありません").await?);
        }
    }
    Ok(compare("refused progress page: another's number against none", &foreign, &absent))
}

fn compare(name: &str, one: &[f64], other: &[f64]) -> Row {
    let (a, b) = (median(one), median(other));
    let ratio = a.max(b) / a.min(b);
    Row::new(
        name,
        format!("≤ {MOST}"),
        format!("{ratio:.2} ({a:.2} ms against {b:.2} ms, medians of {})", one.len()),
        ratio <= MOST,
    )
}
