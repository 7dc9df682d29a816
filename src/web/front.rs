//! What the shell of every request needs: store, keys, clock, time-outs, and whom to call.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use poem::http::{HeaderMap, HeaderValue};
use tokio::sync::Semaphore;

use super::form::LARGE_AT_ONCE;
use super::kept::Shelf;
use super::layout::{DeskKind, FooterLink, HelpDesk};
use crate::config::{Config, IpNet, PublicUrl};
use crate::jobs::Alive;
use crate::kernel::{Clock, Id, Random};
use crate::security::Keys;
use crate::security::sessions::{self, LastSeen, Session, Subject};
use crate::store::{Reads, Store, StoreError};

/// Handed to the layer that wraps every request. Cheap to clone.
#[derive(Clone)]
pub struct Front(Arc<Inner>);

/// The parts of a [`Front`].
pub struct Inner {
    /// The database.
    pub store: Store,
    /// The keys.
    pub keys: Keys,
    /// The clock.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// When sessions were last used.
    pub seen: LastSeen,
    /// What was typed into forms that came too late.
    pub(super) kept: Shelf,
    /// Places for forms that are far larger than any that is meant.
    pub(super) large: Arc<Semaphore>,
    /// Where browsers reach us.
    pub public_url: PublicUrl,
    /// Who may say the client's address.
    pub trusted_proxies: Vec<IpNet>,
    /// Time without a request that ends a session.
    pub idle: SignedDuration,
    /// Time after login that ends a session.
    pub absolute: SignedDuration,
    /// Whether jobs are worked off.
    pub alive: Alive,
    /// Whom to call, on every page.
    pub help: Vec<HelpDesk>,
    /// Links in the last line of every page; only the demo has some.
    pub links: &'static [FooterLink],
    /// Where operation ids are drawn from: they are names and no secrets, and the system is not asked for each request.
    operations: Random,
}

impl std::ops::Deref for Front {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Front {
    /// The shell for this configuration.
    #[must_use]
    pub fn new(config: &Config, store: Store, keys: Keys, clock: Clock, random: Random) -> Self {
        Self::with_links(config, store, keys, clock, random, &[])
    }

    /// The same with links in the last line of every page.
    #[must_use]
    pub fn with_links(
        config: &Config,
        store: Store,
        keys: Keys,
        clock: Clock,
        random: Random,
        links: &'static [FooterLink],
    ) -> Self {
        let operations = Random::from_seed(random.bytes());
        Self(Arc::new(Inner {
            store,
            keys,
            clock,
            random,
            seen: LastSeen::default(),
            kept: Shelf::default(),
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
            public_url: config.server.public_url.clone(),
            trusted_proxies: config.server.trusted_proxies.clone(),
            idle: config.session.idle(),
            absolute: config.session.absolute(),
            alive: Alive::default(),
            help: help(config),
            links,
            operations,
        }))
    }

    /// The sessions of somebody that live, newest first, with their newest use. Looking at them prolongs none.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn living(&self, r: &impl Reads, subject: Subject, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let mut all = Vec::new();
        for (key, _) in sessions::list(r, subject)? {
            all.extend(self.seen.glance(r, key, now, self.idle, self.absolute)?);
        }
        Ok(all)
    }

    /// A name for one request, for the log and for whoever calls about it.
    pub(super) fn operation_id(&self) -> String {
        let mut id = Id::new(&self.operations).to_string();
        id.truncate(10);
        id
    }

    /// The client's address: the peer's, or what the nearest trusted proxy says. Walked from the right, because whatever stands to the
    /// left of the first untrusted hop was written by the client itself (quality bar 23).
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let trusted = |address: IpAddr| self.trusted_proxies.iter().any(|net| net.contains(address));
        let mut client = peer.to_canonical();
        if !trusted(client) {
            return client;
        }
        // As bytes: what a client wrote need not be text, and must not hide what the proxy wrote behind it.
        let lines: Vec<&[u8]> = headers.get_all("x-forwarded-for").iter().map(HeaderValue::as_bytes).collect();
        for hop in lines.join(&b',').rsplit(|byte| *byte == b',') {
            let address = std::str::from_utf8(hop).ok().and_then(|hop| hop.trim().parse::<IpAddr>().ok());
            let Some(address) = address else { break };
            client = address.to_canonical();
            if !trusted(client) {
                break;
            }
        }
        client
    }
}

fn help(config: &Config) -> Vec<HelpDesk> {
    let desk = config.mail.help_desk.iter().map(|telephone| HelpDesk {
        kind: DeskKind::System,
        prefecture: None,
        name: "ヘルプデスク".to_owned(),
        telephone: telephone.clone(),
        hours: String::new(),
    });
    let federations = config.federation.iter().map(|federation| HelpDesk {
        kind: DeskKind::Federation,
        prefecture: Some(federation.prefecture),
        name: format!("{} {}", federation.name, federation.department).trim().to_owned(),
        telephone: federation.telephone.clone(),
        hours: String::new(),
    });
    desk.chain(federations).collect()
}
