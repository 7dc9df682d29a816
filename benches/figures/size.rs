//! The same requests to an installation with 1,000 offices and to one with 300,000, taking turns.

use std::time::Instant;

use crate::clerk::{Clerk, Desk};
use crate::figures::{Row, Stage};
use crate::house::{ACCOUNTS, House, PASSWORD, Server, Site};
use crate::http::Browser;
use crate::statistics::{median, millis};
use crate::{Outcome, office, sending};

const LOGINS: usize = 100;
const READS: usize = 1_000;
const BLOCK: usize = 25;
const BLOCKS: usize = 24;

struct Side {
    _site: Site,
    server: Server,
    desk: Desk,
    office: Browser,
    offices: usize,
}

impl Side {
    async fn open(house: &House) -> Outcome<Self> {
        let site = house.copy()?;
        let server = site.serve()?;
        let desk = Clerk::enrol(&site).await?.log_in(server.port).await?;
        let mut office = Browser::open(server.port).await?;
        log_in(&mut office, 0).await?;
        Ok(Self { _site: site, server, desk, office, offices: house.offices })
    }
}

async fn log_in(browser: &mut Browser, n: usize) -> Outcome<()> {
    browser.page("/login").await?;
    let user = office::user(n % ACCOUNTS).to_string();
    let answer = browser.post("/login", &[("user_id", &user), ("password", PASSWORD)]).await?;
    if answer.status == 303 { Ok(()) } else { Err(answer.head.into()) }
}

pub fn run(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let (small, big) = stage.both()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut rows = runtime.block_on(served(small, big))?;
    rows.push(sent(small, big)?);
    Ok(rows)
}

async fn served(small: &House, big: &House) -> Outcome<Vec<Row>> {
    let mut sides = [Side::open(small).await?, Side::open(big).await?];
    let mut took: [[Vec<f64>; 4]; 2] = Default::default();
    for n in 0..READS {
        for (side, took) in sides.iter_mut().zip(&mut took) {
            if n < LOGINS {
                let begin = Instant::now();
                log_in(&mut Browser::open(side.server.port).await?, n).await?;
                took[0].push(millis(begin.elapsed()));
            }
            let begin = Instant::now();
            side.office.page("/office").await?;
            took[1].push(millis(begin.elapsed()));
            // Of the clerk's own federation, spread over its whole ledger.
            let number = office::key(n * 7919 % (side.offices / 4) * 4).number;
            let begin = Instant::now();
            side.desk.browser.page(&format!("/staff/ledger/{number}")).await?;
            took[2].push(millis(begin.elapsed()));
            let begin = Instant::now();
            let page = side.desk.browser.page(&format!("/staff/ledger?q={number}")).await?;
            took[3].push(millis(begin.elapsed()));
            if !page.contains(number.as_str()) {
                return Err(format!("{number} was not found").into());
            }
        }
    }
    let names = ["login", "page of an office", "page of the ledger", "search by number"];
    let [small, big] = &took;
    Ok(names.iter().zip(small.iter().zip(big)).map(|(name, (small, big))| compare(name, median(small), median(big))).collect())
}

/// Applications at the flow, in blocks that take turns.
fn sent(small: &House, big: &House) -> Outcome<Row> {
    let sites = [small.copy()?, big.copy()?];
    let apps = [sites[0].open()?, sites[1].open()?];
    let mut took: [Vec<f64>; 2] = Default::default();
    for block in 0..BLOCKS {
        for (app, took) in apps.iter().zip(&mut took) {
            for n in block * BLOCK..(block + 1) * BLOCK {
                let begin = Instant::now();
                sending::send_one(app, n)?;
                took.push(millis(begin.elapsed()));
            }
        }
    }
    Ok(compare("application", median(&took[0]), median(&took[1])))
}

fn compare(name: &str, small: f64, big: f64) -> Row {
    let found = format!("{:.2} ({big:.2} ms against {small:.2} ms)", big / small);
    Row::new(format!("300,000 offices against 1,000: {name}"), "≤ 1.2", found, big <= 1.2 * small)
}
