//! Loads, each run in a process of its own.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::task::LocalSet;

use crate::Outcome;
use crate::http::{Browser, Wire, plain_get};
use crate::role::orders;
use crate::statistics::millis;

/// Clients that log in again and again, each time as a browser that was never seen.
#[derive(Debug, Serialize, Deserialize)]
pub struct Storm {
    pub port: u16,
    pub clients: usize,
    /// Logins before this many seconds are not counted.
    pub warm_up: f64,
    pub seconds: f64,
    pub users: Vec<String>,
    pub password: String,
    /// Sends a password that does not fit.
    pub wrong: bool,
}

/// What a storm came to.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stormed {
    pub per_second: f64,
    /// How long one login took, in milliseconds.
    pub took: Vec<f64>,
}

impl Storm {
    pub async fn run(&self) -> Outcome<Stormed> {
        let begin = Instant::now() + Duration::from_secs_f64(self.warm_up);
        let end = begin + Duration::from_secs_f64(self.seconds);
        let next = Cell::new(0);
        let client = || async {
            let mut took = Vec::new();
            while Instant::now() < end {
                let n = next.replace(next.get() + 1);
                let started = Instant::now();
                self.log_in(n).await?;
                let now = Instant::now();
                if now >= begin && now < end {
                    took.push(millis(now - started));
                }
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(took)
        };
        let clients: Vec<_> = (0..self.clients).map(|_| client()).collect();
        let took: Vec<f64> = futures_util::future::try_join_all(clients).await?.concat();
        Ok(Stormed { per_second: took.len() as f64 / self.seconds, took })
    }

    async fn log_in(&self, n: usize) -> Outcome<()> {
        let mut browser = Browser::open(self.port).await?;
        browser.get("/login").await?;
        let user = &self.users[n % self.users.len()];
        let password = if self.wrong { "Wrong-Passw0rd" } else { &self.password };
        let answer = browser.post("/login", &[("user_id", user), ("password", password)]).await?;
        let expected = if self.wrong { 422 } else { 303 };
        if answer.status == expected { Ok(()) } else { Err(format!("a login was answered by {}", answer.head).into()) }
    }
}

/// One client that asks for pages at an even pace, late or not.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pages {
    pub port: u16,
    pub per_second: f64,
    pub seconds: f64,
    pub paths: Vec<String>,
    /// Sent with each request.
    pub cookies: Vec<(String, String)>,
}

impl Pages {
    /// The milliseconds from when a page should have been asked for to its last byte.
    pub async fn run(&self) -> Outcome<Vec<f64>> {
        let mut browser = Browser::open(self.port).await?;
        browser.cookies.extend(self.cookies.iter().cloned());
        let begin = Instant::now();
        let mut took = Vec::new();
        for n in 0..(self.per_second * self.seconds) as usize {
            let due = begin + Duration::from_secs_f64(n as f64 / self.per_second);
            // Nothing else is to be done in this process, and tokio's timer only ticks in milliseconds.
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            browser.page(&self.paths[n % self.paths.len()]).await?;
            took.push(millis(due.elapsed()));
        }
        Ok(took)
    }
}

/// Connections that ask for one page as fast as it comes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hammer {
    pub port: u16,
    pub path: String,
    pub connections: usize,
    pub seconds: f64,
}

impl Hammer {
    /// Answers a second.
    pub async fn run(&self) -> Outcome<f64> {
        let begin = Instant::now();
        let end = begin + Duration::from_secs_f64(self.seconds);
        let request = plain_get(self.port, &self.path);
        let client = || async {
            let mut wire = Wire::open(self.port).await?;
            let mut done = 0_u64;
            while Instant::now() < end {
                wire.pass(&request).await?;
                done += 1;
            }
            Ok::<_, std::io::Error>(done)
        };
        let clients: Vec<_> = (0..self.connections).map(|_| client()).collect();
        let done: u64 = futures_util::future::try_join_all(clients).await?.iter().sum();
        Ok(done as f64 / begin.elapsed().as_secs_f64())
    }
}

/// One visitor who changes a form's text at an even pace: one small use case each, until no more orders come.
#[derive(Debug, Serialize, Deserialize)]
pub struct Writes {
    pub port: u16,
    pub office: String,
    pub every_ms: u64,
}

impl Writes {
    /// How long each use case took, in milliseconds, with the whole request around it.
    pub async fn run(&self) -> Outcome<Vec<f64>> {
        let took = Rc::new(RefCell::new(Vec::new()));
        let local = LocalSet::new();
        let kept = Rc::clone(&took);
        let (port, office, every) = (self.port, self.office.clone(), Duration::from_millis(self.every_ms));
        let write = local.spawn_local(async move {
            let mut browser = Browser::open(port).await?;
            browser.page("/reissue").await?;
            for n in 0_u64.. {
                let started = Instant::now();
                let contact = format!("visitor-{n}@example.jp");
                let fields = [("number", office.as_str()), ("contact", &contact), ("contact_again", &contact), ("back", "1")];
                let answer = browser.post("/reissue", &fields).await?;
                if answer.status != 303 {
                    return Err(format!("a write was answered by {}", answer.head).into());
                }
                kept.borrow_mut().push(millis(started.elapsed()));
                tokio::time::sleep(every).await;
            }
            Outcome::Ok(())
        });
        let mut orders = orders();
        local
            .run_until(async {
                tokio::select! {
                    ended = write => ended.map_err(Into::into).and_then(|ended| ended),
                    _ = orders.recv() => Ok(()),
                }
            })
            .await?;
        Ok(took.take())
    }
}
