//! Resident memory with 300,000 offices.

use crate::clerk::{Clerk, Desk};
use crate::figures::{Row, Stage};
use crate::house::{Memory, PASSWORD, Server};
use crate::http::Browser;
use crate::load::Stormed;
use crate::role::{self, Role};
use crate::{Outcome, letters, logins, office};

const READS: usize = 10_000;
const READERS: usize = 8;

pub fn run(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let house = stage.big()?;
    let site = house.copy()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let server = site.serve()?;
    letters::issue(&site)?;
    let clerk = runtime.block_on(Clerk::enrol(&site))?;
    server.stop()?;

    // Anew: what the commands above took is not what reading takes.
    let server = site.serve()?;
    let at_start = server.resident()?;
    let mut desk = runtime.block_on(clerk.log_in(server.port))?;
    runtime.block_on(read(&server, &desk, house.offices))?;
    settle();
    let after_reads = server.resident()?;

    let watch = server.watch();
    runtime.block_on(print(&mut desk))?;
    let after_letters = server.resident()?;
    let stormed: Stormed = role::run(&Role::Storm(logins::storm(server.port, house, 64, 5.0, false)))?;
    let after_storm = server.resident()?;
    settle();
    let idle = server.resident()?;
    let most = watch.most();
    drop(watch);
    server.stop()?;
    if stormed.took.is_empty() {
        return Err("nobody logged in".into());
    }
    Ok(vec![
        Row::told("resident memory at the start", told(at_start)),
        Row::new("… after 10,000 mixed reads", "< 60 MB", told(after_reads), megabytes(after_reads.all) < 60.0),
        Row::told("… right after 500 letters", told(after_letters)),
        Row::new("… after 500 letters and a login storm", "< 150 MB", told(after_storm), megabytes(after_storm.all) < 150.0),
        Row::told("… a quarter of a minute later", told(idle)),
        Row::told("… the most meanwhile, server and press together", format!("{:.0} MB", megabytes(most))),
    ])
}

/// Time for what is done in the background.
fn settle() {
    std::thread::sleep(std::time::Duration::from_secs(15));
}

fn megabytes(mebibytes: f64) -> f64 {
    mebibytes * 1.048_576
}

fn told(memory: Memory) -> String {
    let [all, children, own, most] = [memory.all, memory.children, memory.own, memory.most].map(megabytes);
    format!("{all:.0} MB (of this the press {children:.0}; without file pages {own:.0}; the server's most so far {most:.0})")
}

/// Visitors, offices and a clerk look at pages all over the ledger.
async fn read(server: &Server, desk: &Desk, offices: usize) -> Outcome<()> {
    let port = server.port;
    let readers = (0..READERS).map(|reader| {
        let cookies = desk.browser.cookies.clone();
        async move {
            let mut clerk = Browser::open(port).await?;
            clerk.cookies = cookies;
            let mut visitor = Browser::open(port).await?;
            visitor.page("/login").await?;
            let user = office::user(reader).to_string();
            visitor.post("/login", &[("user_id", &user), ("password", PASSWORD)]).await?;
            for n in 0..READS / READERS / 10 {
                let at = (n * READERS + reader) * 7919 % (offices / 4) * 4;
                let number = office::key(at).number;
                for path in ["/", "/login?notice=logout", "/lost", "/reissue", "/status", "/office"] {
                    let answer = visitor.get(path).await?;
                    if answer.status >= 400 {
                        return Err(answer.head.into());
                    }
                }
                clerk.page(&format!("/staff/ledger/{number}")).await?;
                clerk.page(&format!("/staff/ledger?q={number}")).await?;
                clerk.page("/staff/applications").await?;
                // A word of the name or address reads the whole ledger of the federation.
                let path = if n % 25 == 0 { format!("/staff/ledger?q={at}%E5%8F%B7") } else { "/staff".to_owned() };
                clerk.page(&path).await?;
            }
            Outcome::Ok(())
        }
    });
    futures_util::future::try_join_all(readers).await.map(drop)
}

async fn print(desk: &mut Desk) -> Outcome<()> {
    let printed = desk.print(500).await?;
    desk.fetch(&printed).await.map(drop)
}
