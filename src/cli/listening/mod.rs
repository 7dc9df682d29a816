//! The door: how many connections there may be, in all and from one client network, and how long each may keep the server waiting.
//! It stands below TLS, so that a handshake is watched like the rest. poem alone would leave half a request open for ever.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use poem::http::uri::Scheme;
use poem::listener::Acceptor;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Request};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::time::Instant;

use crate::config::{Config, IpNet};
use crate::kernel::ClientNetwork;

mod patience;
#[cfg(test)]
mod tests;

use patience::Life;
pub use patience::{Patience, Watched};

/// A request, its TLS handshake included, arrives well within this time, and as long a browser may leave a connection unused.
const IDLE: Duration = Duration::from_secs(30);
/// About a kilobyte a second: the slowest line on which an answer is still delivered.
const LEAST_IN_IDLE: u32 = 32 * 1024;
/// More than any browser sends before a request is whole, handshake and cookies included.
const MOST_UNASKED: usize = 64 * 1024;
/// Without a pause, a lack of files would be asked about over and over by one whole core.
const PAUSE: Duration = Duration::from_millis(100);
/// A full house is told in the log once in this time.
const TOLD_EVERY: Duration = Duration::from_mins(1);
/// Files and sockets that are not connections of visitors: database, log, mail, templates, threads.
const OTHER_FILES: u64 = 256;

/// What holds for connections.
#[derive(Clone, Debug)]
pub struct Rules {
    /// At once, in all.
    pub most: usize,
    /// At once, from one client network.
    pub most_per_network: usize,
    /// Proxies of ours, behind whose address stand many networks: they count only in all.
    pub trusted: Vec<IpNet>,
    /// How long one may keep the server waiting.
    pub patience: Patience,
    /// After a connection that could not be accepted.
    pub pause: Duration,
}

impl Rules {
    /// The rules of this configuration, as far as the process may open files.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let count = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let wanted = count(config.limits.connections);
        let most = fitting(wanted, files_for(config.limits.connections));
        if most < wanted {
            tracing::warn!(most, "fewer connections than limits.connections: the process may open too few files");
        }
        Self {
            most,
            most_per_network: count(config.limits.connections_per_network),
            trusted: config.server.trusted_proxies.clone(),
            patience: Patience { idle: IDLE, least: LEAST_IN_IDLE, unasked: MOST_UNASKED },
            pause: PAUSE,
        }
    }
}

/// Raises the number of files that the process may open as far as so many connections need; says what it is now.
fn files_for(connections: u32) -> Option<u64> {
    let wanted = u64::from(connections).saturating_add(OTHER_FILES);
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|now| now < wanted) {
        limit.current = Some(limit.maximum.map_or(wanted, |most| most.min(wanted)));
        // What is refused shows in the number that is read back.
        let _ = setrlimit(Resource::Nofile, limit);
    }
    getrlimit(Resource::Nofile).current
}

/// The connections for which there are files.
fn fitting(wanted: usize, files: Option<u64>) -> usize {
    let room = files.map(|files| files.saturating_sub(OTHER_FILES).max(files / 2));
    room.map_or(wanted, |room| wanted.min(usize::try_from(room).unwrap_or(usize::MAX)))
}

/// All connections that are open.
#[derive(Debug)]
pub struct Door {
    rules: Rules,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    open: usize,
    by_network: HashMap<ClientNetwork, usize>,
    lives: HashMap<SocketAddr, Arc<Life>>,
    told: Option<Instant>,
}

impl Door {
    /// A door with these rules.
    #[must_use]
    pub fn new(rules: Rules) -> Arc<Self> {
        Arc::new(Self { rules, book: Mutex::default() })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection in, if there is room for it.
    fn admit(self: &Arc<Self>, peer: SocketAddr) -> Option<Entry> {
        let trusted = self.rules.trusted.iter().any(|net| net.contains(peer.ip()));
        let network = (!trusted).then(|| ClientNetwork::of(peer.ip()));
        let mut book = self.book();
        let from_there = network.and_then(|network| book.by_network.get(&network).copied()).unwrap_or(0);
        if book.open >= self.rules.most || from_there >= self.rules.most_per_network {
            if book.told.is_none_or(|told| told.elapsed() >= TOLD_EVERY) {
                book.told = Some(Instant::now());
                tracing::warn!(%peer, open = book.open, from_there, "connections are refused: there are too many");
            }
            return None;
        }
        book.open += 1;
        if let Some(network) = network {
            *book.by_network.entry(network).or_default() += 1;
        }
        let life = Arc::new(Life::new(self.rules.patience));
        book.lives.insert(peer, Arc::clone(&life));
        Some(Entry { door: Arc::clone(self), peer, network, life })
    }

    /// The request of this client is whole and now in our hands.
    fn take_request(&self, from: &RemoteAddr) -> Option<InHand> {
        let life = Arc::clone(self.book().lives.get(from.as_socket_addr()?)?);
        life.begin();
        Some(InHand(life))
    }
}

/// A connection's place; dropping it makes room.
#[derive(Debug)]
struct Entry {
    door: Arc<Door>,
    peer: SocketAddr,
    network: Option<ClientNetwork>,
    life: Arc<Life>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut book = self.door.book();
        book.open -= 1;
        if let Some(network) = self.network
            && let Some(from_there) = book.by_network.get_mut(&network)
        {
            *from_there -= 1;
            if *from_there == 0 {
                book.by_network.remove(&network);
            }
        }
        // A client that hung up may have come again from the same port before this end was noticed.
        if book.lives.get(&self.peer).is_some_and(|life| Arc::ptr_eq(life, &self.life)) {
            book.lives.remove(&self.peer);
        }
    }
}

/// A request that is being answered; meanwhile it is not the client who keeps anybody waiting.
struct InHand(Arc<Life>);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Accepts for a [`Door`].
pub struct Guarded<A> {
    inner: A,
    door: Arc<Door>,
}

impl<A: Acceptor> Guarded<A> {
    /// `inner` with this door before it.
    pub fn new(inner: A, door: Arc<Door>) -> Self {
        Self { inner, door }
    }
}

impl<A: Acceptor> Acceptor for Guarded<A> {
    type Io = Watched<A::Io>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.inner.local_addr()
    }

    async fn accept(&mut self) -> std::io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        loop {
            match self.inner.accept().await {
                Ok((io, local, remote, scheme)) => {
                    // A connection for which there is no room is closed by being dropped.
                    let entry = remote.as_socket_addr().and_then(|peer| self.door.admit(*peer));
                    if let Some(entry) = entry {
                        return Ok((Watched::new(io, entry), local, remote, scheme));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(self.door.rules.pause).await;
                }
            }
        }
    }
}

/// Tells the door which connections have a request in our hands.
pub struct Answering<E> {
    inner: E,
    door: Arc<Door>,
}

impl<E: Endpoint> Answering<E> {
    /// Everything that `inner` answers came through this door.
    pub fn new(inner: E, door: Arc<Door>) -> Self {
        Self { inner, door }
    }
}

impl<E: Endpoint> Endpoint for Answering<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> poem::Result<E::Output> {
        let _in_hand = self.door.take_request(request.remote_addr());
        self.inner.call(request).await
    }
}
