//! Mails out of the outbox, and requests while the mail server keeps everybody waiting.

use std::time::{Duration, Instant};

use crate::figures::{Row, Stage};
use crate::house::{ACCOUNTS, House};
use crate::http::Browser;
use crate::sink::Sink;
use crate::statistics::{median, millis, most};
use crate::{Outcome, office, sending};

/// Applications that wait at the start; each brings a mail to the contact address and a warning to the office.
const APPLICATIONS: usize = 1_500;
/// Requests that post a mail each.
const REQUESTS: usize = 60;
/// How long the mail server then holds each mail.
const HOLD_MS: u64 = 5_000;

pub fn run(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let house = stage.small()?;
    Ok(vec![rate(house)?, waiting(house)?])
}

fn rate(house: &House) -> Outcome<Row> {
    let site = house.copy()?;
    let app = site.open()?;
    for n in 0..APPLICATIONS {
        sending::send_one(&app, n)?;
    }
    drop(app);
    let mut sink = Sink::start()?;
    site.mail_to(sink.port)?;
    let server = site.serve()?;
    let begin = Instant::now();
    let taken = loop {
        let taken = sink.taken()?;
        if taken.mails >= 2 * APPLICATIONS {
            break taken;
        }
        if begin.elapsed() > Duration::from_secs(60) {
            return Err(format!("only {} mails in a minute", taken.mails).into());
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    server.stop()?;
    let rate = taken.mails as f64 / taken.seconds;
    let found = format!("{rate:.0}/s ({} mails)", taken.mails);
    Ok(Row::new("mails to a local SMTP server", "300/s", found, rate >= 300.0))
}

fn waiting(house: &House) -> Outcome<Row> {
    let site = house.copy()?;
    let mut sink = Sink::start()?;
    site.mail_to(sink.port)?;
    let server = site.serve()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let free = runtime.block_on(ask_for_codes(server.port, 0))?;
    sink.hold(HOLD_MS)?;
    let held = runtime.block_on(ask_for_codes(server.port, REQUESTS))?;
    // Mails are still held; nobody needs to wait for them.
    server.kill()?;
    let found = format!(
        "slowest {:.0} ms, median {:.1} ms (without: {:.0} and {:.1} ms)",
        most(&held),
        median(&held),
        most(&free),
        median(&free)
    );
    let name = format!("… requests while each mail is held {} s", HOLD_MS / 1000);
    // A request that waited for the mail server would take seconds.
    Ok(Row::new(name, "none waits", found, most(&held) < 250.0 && median(&held) < 2.0 * median(&free) + 5.0))
}

/// Visitors of different offices and networks send the form that has a code mailed.
async fn ask_for_codes(port: u16, from: usize) -> Outcome<Vec<f64>> {
    let mut took = Vec::new();
    for n in from..from + REQUESTS {
        let mut browser = Browser::from_network(port, n).await?;
        browser.page("/reissue").await?;
        let (number, contact) = (office::key(n % ACCOUNTS).number.to_string(), format!("code-{n}@example.jp"));
        let begin = Instant::now();
        let fields = [("number", number.as_str()), ("contact", &contact), ("contact_again", &contact)];
        let answer = browser.post("/reissue", &fields).await?;
        if answer.status != 303 {
            return Err(format!("/reissue: {}", answer.head).into());
        }
        took.push(millis(begin.elapsed()));
    }
    Ok(took)
}
