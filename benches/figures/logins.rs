//! Logins against raw argon2.

use crate::figures::{Row, Stage};
use crate::house::{House, PASSWORD};
use crate::http::Browser;
use crate::load::{Pages, Storm, Stormed};
use crate::role::{self, Helper, Role};
use crate::statistics::{median, most, percentile};
use crate::{Outcome, baseline};

/// Rounds of raw, server, raw, server, …
const ROUNDS: usize = 5;
const SECONDS: f64 = 4.0;

/// A storm on the server of this port.
pub fn storm(port: u16, house: &House, clients: usize, seconds: f64, wrong: bool) -> Storm {
    Storm { port, clients, warm_up: 0.5, seconds, users: house.users(), password: PASSWORD.to_owned(), wrong }
}

/// 16 clients, each login with new cookies.
pub fn sixteen(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let house = stage.small()?;
    let site = house.copy()?;
    let server = site.serve()?;
    let mut rows = Vec::new();
    for (wrong, name) in [(false, "logins, 16 clients"), (true, "wrong logins, 16 clients")] {
        let (mut raw, mut logins, mut took) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            raw.push(baseline::hashes_per_second(SECONDS)?);
            let stormed: Stormed = role::run(&Role::Storm(storm(server.port, house, 16, SECONDS, wrong)))?;
            logins.push(stormed.per_second);
            took.extend(stormed.took);
        }
        let (raw, logins) = (median(&raw), median(&logins));
        let found = format!("{:.2} ({logins:.0}/s of {raw:.0}/s; median {:.0} ms)", logins / raw, median(&took));
        rows.push(Row::new(name, "0.9 of raw argon2", found, logins >= 0.9 * raw));
    }
    server.stop()?;
    Ok(rows)
}

/// 64 clients, and one more who only reads.
pub fn sixty_four(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let house = stage.small()?;
    let site = house.copy()?;
    let server = site.serve()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let cookies = runtime.block_on(async {
        let mut browser = Browser::open(server.port).await?;
        browser.page("/login").await?;
        let user = house.users().pop().unwrap_or_default();
        browser.post("/login", &[("user_id", &user), ("password", PASSWORD)]).await?;
        browser.page("/office").await?;
        Outcome::Ok(browser.cookies.into_iter().collect::<Vec<_>>())
    })?;
    let paths = ["/", "/office", "/lost", "/reissue", "/status", "/staff/login"].map(str::to_owned).to_vec();
    let before = server.resident()?;
    let (mut raw, mut logins, mut took) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        raw.push(baseline::hashes_per_second(SECONDS)?);
        let mut pages = Helper::start(&Role::Pages(Pages {
            port: server.port,
            per_second: 50.0,
            seconds: SECONDS,
            paths: paths.clone(),
            cookies: cookies.clone(),
        }))?;
        let stormed: Stormed = role::run(&Role::Storm(storm(server.port, house, 64, SECONDS, false)))?;
        logins.push(stormed.per_second);
        took.extend(pages.hear::<Vec<f64>>()?);
    }
    let grown = server.resident()?.most - before.all;
    server.stop()?;
    let (raw, logins, p99) = (median(&raw), median(&logins), percentile(&took, 99.0));
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let allowed = cores * 19.0 + 16.0;
    let paced = format!("{p99:.1} ms (median {:.1}, slowest {:.1}, of {})", median(&took), most(&took), took.len());
    Ok(vec![
        Row::new(
            "logins, 64 clients",
            "0.85 of raw argon2",
            format!("{:.2} ({logins:.0}/s of {raw:.0}/s)", logins / raw),
            logins >= 0.85 * raw,
        ),
        Row::new("… pages meanwhile, 50/s, p99", "< 20 ms", paced, p99 < 20.0),
        Row::new("… growth of memory", format!("≤ {allowed:.0} MiB"), format!("{grown:.0} MiB"), grown <= allowed),
    ])
}
