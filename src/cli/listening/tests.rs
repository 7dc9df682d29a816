//! Through poem's server, with clients whose addresses are made up.

use std::path::Path;

use poem::endpoint::make;
use poem::listener::{AcceptorExt as _, IntoTlsConfigStream as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::*;
use crate::cli::{CliError, serving, tls};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_mins(10);
/// Far more than a test takes, far less than [`LONG`].
const SOON: Duration = Duration::from_secs(20);
const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const LARGE: usize = 1024 * 1024;

/// Connections that a test hands in.
struct Made {
    clients: mpsc::UnboundedReceiver<std::io::Result<(DuplexStream, SocketAddr)>>,
}

impl Acceptor for Made {
    type Io = DuplexStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        Vec::new()
    }

    async fn accept(&mut self) -> std::io::Result<(DuplexStream, LocalAddr, RemoteAddr, Scheme)> {
        match self.clients.recv().await {
            Some(made) => made.map(|(io, peer)| (io, LocalAddr::default(), RemoteAddr(peer.into()), Scheme::HTTP)),
            None => std::future::pending().await,
        }
    }
}

struct Served {
    clients: mpsc::UnboundedSender<std::io::Result<(DuplexStream, SocketAddr)>>,
    _stop: oneshot::Sender<()>,
    _server: JoinHandle<Result<bool, CliError>>,
}

fn rules(idle: Duration) -> Rules {
    let patience = Patience { idle, least: 16 * 1024, unasked: 64 * 1024 };
    Rules { most: 100, most_per_network: 100, trusted: Vec::new(), patience, pause: Duration::ZERO }
}

/// Answers `/` with "here", `/large` with much, and every other path with the length of what was sent.
fn serve(rules: Rules, with_tls: bool) -> Served {
    let (clients, made) = mpsc::unbounded_channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let door = Door::new(rules);
    let endpoint = make(async |request: Request| {
        Ok::<_, poem::Error>(match request.uri().path() {
            "/" => "here".to_owned(),
            "/large" => "x".repeat(LARGE),
            _ => request.into_body().into_bytes().await?.len().to_string(),
        })
    });
    let acceptor = Guarded::new(Made { clients: made }, Arc::clone(&door));
    let until = async {
        stopped.await.ok();
        false
    };
    let server = if with_tls {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
        let config = tls::config(&folder.join("localhost.pem"), &folder.join("localhost.key")).unwrap();
        tokio::spawn(serving::run(acceptor.rustls(config.into_stream().unwrap()), endpoint, door, until))
    } else {
        tokio::spawn(serving::run(acceptor, endpoint, door, until))
    };
    Served { clients, _stop: stop, _server: server }
}

impl Served {
    /// A new client at this address, which has sent `first`.
    async fn client(&self, peer: &str, first: &[u8]) -> DuplexStream {
        let (mut ours, theirs) = duplex(1024);
        self.clients.send(Ok((theirs, peer.parse().unwrap()))).unwrap();
        // Whoever is not let in cannot send either.
        let _ = ours.write_all(first).await;
        ours
    }

    /// Whether a new client at this address is answered.
    async fn answers(&self, peer: &str) -> bool {
        let mut client = self.client(peer, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        until_closed(&mut client).await.ends_with("here")
    }
}

/// What still comes until the server closes; the client keeps its side open.
async fn until_closed(client: &mut DuplexStream) -> String {
    let mut all = Vec::new();
    timeout(SOON, client.read_to_end(&mut all)).await.expect("the connection stays open").unwrap();
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn a_connection_that_says_nothing_more_is_closed() {
    let served = serve(rules(SHORT), false);
    let mut silent = served.client("10.0.0.1:1", b"").await;
    let mut used = served.client("10.0.0.1:2", ASK).await;
    assert_eq!(until_closed(&mut silent).await, "");
    assert!(until_closed(&mut used).await.ends_with("here"));
}

#[tokio::test]
async fn half_a_request_is_closed_though_a_byte_comes_now_and_then() {
    let served = serve(rules(SHORT), false);
    let mut halted = served.client("10.0.0.1:1", b"GET / HTTP/1.1\r\nHost: a").await;
    let mut second = served.client("10.0.0.1:2", b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHo").await;
    let (mut dripping, mut tap) = tokio::io::split(served.client("10.0.0.1:3", b"GET / HTTP/1.1\r\nHost: ").await);
    let drip = tokio::spawn(async move {
        while tap.write_all(b"a").await.is_ok() {
            sleep(SHORT / 10).await;
        }
    });
    assert_eq!(until_closed(&mut halted).await, "");
    assert!(until_closed(&mut second).await.ends_with("here"));
    let mut nothing = Vec::new();
    timeout(SOON, dripping.read_to_end(&mut nothing)).await.expect("the connection stays open").unwrap();
    timeout(SOON, drip).await.expect("the server still reads").unwrap();
}

#[tokio::test]
async fn a_tls_handshake_that_stalls_is_closed() {
    let served = serve(rules(SHORT), true);
    for (port, begun) in [(1, &b""[..]), (2, &b"\x16\x03\x01\x02\x00\x01\x00"[..])] {
        let mut client = served.client(&format!("10.0.0.1:{port}"), begun).await;
        until_closed(&mut client).await;
    }
}

#[tokio::test]
async fn a_request_whose_head_never_ends_is_closed_before_it_fills_the_memory() {
    let served = serve(rules(LONG), false);
    let mut client = served.client("10.0.0.1:1", b"GET / HTTP/1.1\r\nHost: a\r\n").await;
    let line = format!("X-A: {}\r\n", "a".repeat(8 * 1024));
    let mut taken = 0;
    while timeout(SOON, client.write_all(line.as_bytes())).await.expect("the server neither reads nor closes").is_ok() {
        taken += line.len();
        assert!(taken < 128 * 1024, "more and more is taken in");
    }
}

#[tokio::test]
async fn http_2_is_spoken_only_where_tls_has_agreed_on_it() {
    let served = serve(rules(LONG), false);
    let settings = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let mut whole = served.client("10.0.0.1:1", settings).await;
    assert_eq!(until_closed(&mut whole).await, "");
    let mut parts = served.client("10.0.0.1:2", b"PR").await;
    tokio::task::yield_now().await;
    let _ = parts.write_all(&settings[2..]).await;
    assert_eq!(until_closed(&mut parts).await, "");
    let mut similar = served.client("10.0.0.1:3", b"PROPFIND / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(until_closed(&mut similar).await.ends_with("here"));
}

#[tokio::test]
async fn a_network_has_so_many_connections_and_the_next_one_is_not_concerned() {
    let served = serve(Rules { most_per_network: 2, ..rules(LONG) }, false);
    let first = served.client("10.0.0.1:1", b"").await;
    let _second = served.client("10.0.0.2:1", b"").await;
    assert!(!served.answers("10.0.0.3:1").await);
    assert!(served.answers("10.0.1.1:1").await);
    drop(first);
    let room = async {
        while !served.answers("10.0.0.3:2").await {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, room).await.expect("a connection that has ended still counts");
}

#[tokio::test]
async fn a_trusted_proxy_counts_only_among_all_connections() {
    let trusted = vec!["10.0.0.1".parse().unwrap()];
    let served = serve(Rules { most: 3, most_per_network: 1, trusted, ..rules(LONG) }, false);
    let _one = served.client("10.0.0.1:1", b"").await;
    let _two = served.client("10.0.0.1:2", b"").await;
    let three = served.client("10.0.0.1:3", ASK).await;
    assert!(!served.answers("10.0.0.1:4").await, "all places are taken");
    assert!(!served.answers("10.9.9.9:1").await, "for everybody");
    drop(three);
    let room = async {
        while !served.answers("10.9.9.9:1").await {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, room).await.expect("there is room again");
}

#[tokio::test]
async fn a_slow_upload_and_a_slow_download_are_not_cut() {
    // Several times the shortest, so that a busy machine is not taken for a client that does nothing; both take longer than this.
    let served = serve(rules(SHORT * 4), false);
    let upload = async {
        let head = b"POST /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 30\r\n\r\n";
        let mut client = served.client("10.0.0.1:1", head).await;
        for _ in 0..30 {
            sleep(SHORT / 5).await;
            client.write_all(b"a").await.unwrap();
        }
        until_closed(&mut client).await
    };
    let download = async {
        let mut client = served.client("10.0.0.1:2", b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        let (mut all, mut piece) = (0, vec![0; LARGE / 30]);
        while let Ok(()) = timeout(SOON, client.read_exact(&mut piece)).await.unwrap().map(drop) {
            all += piece.len();
            sleep(SHORT / 5).await;
        }
        all
    };
    let (length, taken) = tokio::join!(upload, download);
    assert!(length.ends_with("30"), "{length}");
    assert!(taken > LARGE - LARGE / 30, "{taken}");
}

#[tokio::test]
async fn an_answer_that_is_hardly_taken_is_cut() {
    let served = serve(rules(SHORT), false);
    let mut client = served.client("10.0.0.1:1", b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut taken = 0;
    let drip = async {
        while client.read_u8().await.is_ok() {
            taken += 1;
            // What lies in the pipe when the connection is cut is still delivered.
            sleep(SHORT / 200).await;
        }
    };
    timeout(SOON, drip).await.expect("the connection stays open");
    assert!(taken < LARGE / 2, "{taken}");
}

#[tokio::test]
async fn after_a_connection_that_could_not_be_accepted_there_is_a_pause() {
    let pause = SHORT / 6;
    let (clients, made) = mpsc::unbounded_channel();
    let mut acceptor = Guarded::new(Made { clients: made }, Door::new(Rules { pause, ..rules(LONG) }));
    for _ in 0..3 {
        clients.send(Err(std::io::Error::other("too many open files"))).unwrap();
    }
    let (_ours, theirs) = duplex(16);
    clients.send(Ok((theirs, "10.0.0.1:1".parse().unwrap()))).unwrap();
    let begun = Instant::now();
    acceptor.accept().await.unwrap();
    assert!(begun.elapsed() >= pause * 3);
}

#[test]
fn there_are_no_more_connections_than_files_for_them() {
    assert_eq!(fitting(2_000, None), 2_000);
    assert_eq!(fitting(2_000, Some(16_384)), 2_000);
    assert_eq!(fitting(2_000, Some(1_024)), 768);
    assert_eq!(fitting(2_000, Some(100)), 50, "a few, at any rate");
}
