//! Whether the time of a reset tells if number and address belong together (quality bar 21): pairs that do and pairs that do not take
//! turns, each in a browser and a network of its own.

use std::time::{Duration, Instant};

use uketsuke::accounts;
use uketsuke::kernel::MailAddress;
use uketsuke::store::StoreError;

use crate::figures::{Row, Stage};
use crate::http::Browser;
use crate::statistics::{median, millis, percentile};
use crate::{Outcome, office};

/// Pairs of each sort in one round.
const TIMES: usize = 200;
/// What a sync takes moves more from one minute to the next than the pairs differ.
const ROUNDS: usize = 3;
/// In which order the three sorts take turns: each follows each as often.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [1, 0, 2], [2, 0, 1], [0, 2, 1], [1, 2, 0], [2, 1, 0]];
/// Between R1 and the code, which nobody types sooner.
const SETTLE: Duration = Duration::from_millis(150);
/// The slower median may take this much of the faster one.
const MOST: f64 = 1.05;

/// What one pair took: R1, and a wrong code on R3.
struct Took {
    asked: Vec<f64>,
    wrong: Vec<f64>,
}

pub fn run(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let house = stage.small()?;
    let site = house.copy()?;
    let app = site.open()?;
    app.store.write_blocking(|tx| {
        for n in 0..TIMES * ROUNDS {
            if let Some(mut account) = accounts::find(tx, office::user(n))? {
                account.security_mails = MailAddress::parse(&registered(n)).ok().into_iter().collect();
                accounts::save(tx, &account)?;
            }
        }
        Ok::<_, StoreError>(())
    })?;
    drop(app);
    let server = site.serve()?;
    let port = server.port;
    let [matching, stranger, unknown] = tokio::runtime::Runtime::new()?.block_on(async {
        let mut took = [(); 3].map(|()| Took { asked: Vec::new(), wrong: Vec::new() });
        for n in 0..TIMES * ROUNDS {
            let (own, nobody) = (office::key(n).number.to_string(), office::key(house.offices + n).number.to_string());
            let strange = format!("stranger-{n:04}@example.jp");
            let pairs = [(own.as_str(), registered(n)), (&own, strange), (&nobody, registered(n))];
            // What the one before has left to do must not fall on the same one each time.
            for which in ORDERS[n % ORDERS.len()] {
                let (number, address) = &pairs[which];
                let (asked, wrong) = one(port, n * 3 + which, number, address).await?;
                took[which].asked.push(asked);
                took[which].wrong.push(wrong);
            }
        }
        Outcome::Ok(took)
    })?;
    server.stop()?;
    Ok(vec![
        compare("reset: a matching pair against another address", &matching.asked, &stranger.asked),
        compare("… against a number without an account", &matching.asked, &unknown.asked),
        compare("… a wrong code, against another address", &matching.wrong, &stranger.wrong),
        compare("… a wrong code, against a number without an account", &matching.wrong, &unknown.wrong),
    ])
}

/// As long as a stranger's.
fn registered(n: usize) -> String {
    format!("security-{n:04}@example.jp")
}

async fn one(port: u16, network: usize, number: &str, address: &str) -> Outcome<(f64, f64)> {
    let mut browser = Browser::from_network(port, network).await?;
    browser.page("/reset").await?;
    let begin = Instant::now();
    let answer = browser.post("/reset", &[("number", number), ("address", address)]).await?;
    let asked = millis(begin.elapsed());
    if answer.status != 303 || answer.headers("location").next() != Some("/reset/code") {
        return Err(answer.head.into());
    }
    // The mail server's refusal, or the mail that is dropped, is still being written down: what is asked is the answer, not its neighbour.
    tokio::time::sleep(SETTLE).await;
    browser.page("/reset/code").await?;
    let begin = Instant::now();
    let answer = browser.post("/reset/code", &[("code", "000000")]).await?;
    let wrong = millis(begin.elapsed());
    // One in a million is right, and ends the run.
    if answer.status == 422 { Ok((asked, wrong)) } else { Err(answer.head.into()) }
}

fn compare(name: &str, one: &[f64], other: &[f64]) -> Row {
    let (a, b) = (median(one), median(other));
    let ratio = a.max(b) / a.min(b);
    let slow = (percentile(one, 95.0), percentile(other, 95.0));
    // What the same pair differs from itself: less than this says nothing.
    let same = one.chunks(TIMES).map(median).collect::<Vec<_>>();
    let (least, most) = (percentile(&same, 0.0), percentile(&same, 100.0));
    let found = format!(
        "{ratio:.3} ({a:.2} ms against {b:.2} ms, medians of {}; p95 {:.2} ms against {:.2} ms; rounds of the first {least:.2} to {most:.2} ms)",
        one.len(),
        slow.0,
        slow.1
    );
    Row::new(name, format!("≤ {MOST}"), found, ratio <= MOST)
}
