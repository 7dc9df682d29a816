//! The top menu against a bare poem endpoint.

use poem::endpoint::make_sync;
use poem::listener::{Acceptor as _, Listener as _, TcpListener};
use poem::{Response, Server};
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::figures::{Row, Stage};
use crate::http::Browser;
use crate::load::Hammer;
use crate::role::{self, Helper, Role, tell};
use crate::statistics::median;

const ROUNDS: usize = 5;
const SECONDS: f64 = 3.0;
const CONNECTIONS: usize = 32;

/// What the bare endpoint answers, whatever it is asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct Bare {
    headers: Vec<(String, String)>,
    body: String,
}

impl Bare {
    /// Tells its port and serves until it is killed.
    pub async fn serve(&self) -> Outcome<()> {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
        let address = acceptor.local_addr().pop().and_then(|address| address.as_socket_addr().copied());
        tell(&address.ok_or("a socket address")?.port())?;
        let body: &'static str = self.body.clone().leak();
        let headers = self.headers.clone();
        let endpoint = make_sync(move |_| {
            let mut response = Response::builder();
            for (name, value) in &headers {
                response = response.header(name, value);
            }
            response.body(body)
        });
        Ok(Server::new_with_acceptor(acceptor).run(endpoint).await?)
    }
}

pub fn run(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let site = stage.small()?.copy()?;
    let server = site.serve()?;
    let page = tokio::runtime::Runtime::new()?.block_on(async { Browser::open(server.port).await?.get("/").await })?;
    let headers = page.head.lines().skip(1).filter_map(|line| line.split_once(": "));
    // hyper adds these two to both.
    let headers = headers.filter(|(name, _)| !["date", "content-length"].contains(&name.to_ascii_lowercase().as_str()));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut bare = Helper::start(&Role::Bare(Bare { headers, body: page.text() }))?;
    let bare_port = bare.hear()?;
    let rate =
        |port| role::run::<f64>(&Role::Hammer(Hammer { port, path: "/".to_owned(), connections: CONNECTIONS, seconds: SECONDS }));
    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        raw.push(rate(bare_port)?);
        ours.push(rate(server.port)?);
    }
    server.stop()?;
    let (raw, ours) = (median(&raw), median(&ours));
    let found = format!("{:.2} ({ours:.0}/s of {raw:.0}/s, {} bytes)", ours / raw, page.body.len());
    Ok(vec![Row::new("top menu", "0.6 of a bare poem endpoint", found, ours >= 0.6 * raw)])
}
