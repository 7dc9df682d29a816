//! One request, as handlers see it.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use poem::http::Method;
use poem::{FromRequest, Request, RequestBody};
use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use super::agent;
use super::cookies::{Cookie, Jar};
use super::fault::Fault;
use super::front::Front;
use super::layout::{Clock, Page, ServerTime, Shell};
use crate::kernel::{ClientNetwork, jst};
use crate::security::sessions::{self, Session, Subject};
use crate::security::{KeyId, Keyed, Purpose};
use crate::store::StoreError;

/// One request: when, from where, with which browser and session. Cheap to clone.
#[derive(Clone)]
pub struct Visit(Arc<Inner>);

/// The parts of a [`Visit`].
pub struct Inner {
    front: Front,
    jar: Jar,
    /// When the request came; taken once, at the edge.
    pub now: Timestamp,
    /// The same, for the page's clock.
    pub time: ServerTime,
    /// Names this request in the log and on an error page.
    pub op: String,
    /// The client's address.
    pub client: IpAddr,
    /// Its network, for limits.
    pub network: ClientNetwork,
    /// The browser in words of our own, for lists of sessions. Empty unless a form is sent: sessions are opened by forms.
    pub agent: String,
    /// The session of this part of the site, if one lives.
    pub session: Option<Session>,
    /// The key of that session.
    pub session_key: Option<[u8; 32]>,
    /// The request carried a session cookie whose session has ended.
    pub session_ended: bool,
    place: OnceLock<[u8; 1]>,
    /// Drawn when it is first needed: a browser that only looks is given no cookie.
    browser: OnceLock<String>,
    browser_is_new: bool,
    says_kept: AtomicBool,
    large: OnceLock<OwnedSemaphorePermit>,
}

impl std::ops::Deref for Visit {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// A page that asks again by itself sends this header with any value: nobody may be sitting there, so the session does not live on
/// by it.
pub const BACKGROUND: &str = "x-background";

/// Which session counts on this path: an office, a member of staff and a user of the portal may be logged in side by side in one
/// browser.
pub(super) fn realm(path: &str) -> Cookie {
    let under = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if under("/staff") {
        Cookie::Staff
    } else if under("/portal") {
        Cookie::Portal
    } else {
        Cookie::Office
    }
}

impl Visit {
    /// The visit, and why its session could not be looked up where the store failed: its handler must not run then, but its page
    /// must still be drawn.
    pub(super) fn begin(front: &Front, request: &Request) -> (Self, Result<(), StoreError>) {
        let now = front.clock.now();
        let jar = Jar::read(request.headers());
        let secure = front.public_url.is_https();
        let token = jar.get(realm(request.uri().path()), secure).map(sessions::hash);
        let looked_up = match token {
            None => Ok(None),
            Some(key) if request.headers().contains_key(BACKGROUND) => {
                front.store.read(|r| front.seen.glance(r, key, now, front.idle, front.absolute))
            }
            Some(key) => front.store.read(|r| front.seen.admit(r, key, now, front.idle, front.absolute)),
        };
        let (session, looked_up) = match looked_up {
            Ok(session) => (session, Ok(())),
            Err(error) => (None, Err(error)),
        };
        let known = jar.get(Cookie::Browser, secure).filter(|value| value.len() == 22).map(str::to_owned);
        let browser_is_new = known.is_none();
        let browser = known.map_or_else(OnceLock::new, OnceLock::from);
        let peer = request.remote_addr().as_socket_addr().map_or(IpAddr::from([127, 0, 0, 1]), std::net::SocketAddr::ip);
        let client = front.client(peer, request.headers());
        let visit = Self(Arc::new(Inner {
            now,
            time: ServerTime { hms: jst::hms(now), epoch_ms: now.as_millisecond() },
            op: front.operation_id(),
            client,
            network: ClientNetwork::of(client),
            // Pages that are only read need none, and are many.
            agent: if *request.method() == Method::POST { agent::of(request.headers()) } else { String::new() },
            session_ended: token.is_some() && session.is_none() && looked_up.is_ok(),
            session_key: token.filter(|_| session.is_some()),
            session,
            place: OnceLock::new(),
            browser,
            browser_is_new,
            says_kept: AtomicBool::new(false),
            large: OnceLock::new(),
            front: front.clone(),
            jar,
        }));
        (visit, looked_up)
    }

    /// The browser, as a key for rows: a hash, so that the database does not hold what the cookie holds.
    #[must_use]
    pub fn browser(&self) -> [u8; 32] {
        Sha256::digest(self.browser_value().as_bytes()).into()
    }

    fn browser_value(&self) -> &str {
        self.browser.get_or_init(|| BASE64URL_NOPAD.encode(&self.front.random.bytes::<16>()))
    }

    /// The token for the forms of this page. It is bound to the browser and to its session, so that a form dies with the session it
    /// was made in, and to the place within it; and it says whose form it is, also when that session is over.
    #[must_use]
    pub fn csrf(&self) -> String {
        let place = self.place.get().copied();
        let bearer = self.session.as_ref().map(|session| (session.handle.to_string(), name_of(session.subject)));
        let (session, subject) = bearer.unwrap_or_default();
        let keyed = self.front.keys.mac(Purpose::Csrf, &self.csrf_parts(place.as_ref(), &session, &subject));
        let token = format!("{}.{}", keyed.key.0, BASE64URL_NOPAD.encode(&keyed.mac));
        let place = place.map(|[place]| place.to_string()).unwrap_or_default();
        if place.is_empty() && session.is_empty() { token } else { format!("{token}.{place}.{session}.{subject}") }
    }

    pub(super) fn csrf_fits(&self, token: &str) -> bool {
        self.genuine(token).is_some_and(|token| {
            let here = self.place.get().is_none_or(|here| token.place.is_none_or(|place| place == *here));
            let session = self.session.as_ref().map(|session| session.handle.to_string()).unwrap_or_default();
            here && token.session == session
        })
    }

    /// Whom a form was drawn for in this browser, and where they worked; whether they are still logged in or not.
    pub(super) fn drawn_for(&self, token: &str) -> Option<Bearer> {
        let token = self.genuine(token).filter(|token| !token.subject.is_empty())?;
        Some(Bearer { subject: token.subject.to_owned(), place: token.place })
    }

    /// Who is logged in, and where they work.
    pub(super) fn bearer(&self) -> Option<Bearer> {
        self.session.as_ref().map(|session| Bearer::new(session.subject, self.place.get().copied()))
    }

    /// Reads a token that was made here for this browser.
    fn genuine<'a>(&self, token: &'a str) -> Option<Token<'a>> {
        let token = Token::read(token).filter(|_| !self.browser_is_new)?;
        let parts = self.csrf_parts(token.place.as_ref(), token.session, token.subject);
        self.front.keys.verify(Purpose::Csrf, &token.keyed, &parts).then_some(token)
    }

    fn csrf_parts<'a>(&'a self, place: Option<&'a [u8; 1]>, session: &'a str, subject: &'a str) -> [&'a [u8]; 4] {
        [self.browser_value().as_bytes(), session.as_bytes(), subject.as_bytes(), place.map_or(&[][..], <[u8; 1]>::as_slice)]
    }

    /// Whether a token was made here for this browser, whoever was logged in then.
    pub(super) fn is_genuine(&self, token: &str) -> bool {
        self.genuine(token).is_some()
    }

    /// Takes a place for a large form, if there is one; it is free again when the visit is over.
    pub(super) fn hold_large(&self) -> bool {
        Arc::clone(&self.front.large).try_acquire_owned().is_ok_and(|place| self.large.set(place).is_ok())
    }

    pub(super) fn holds_large(&self) -> bool {
        self.large.get().is_some()
    }

    /// From here on the page says that it shows what was kept.
    pub(super) fn say_kept(&self) {
        self.says_kept.store(true, Ordering::Relaxed);
    }

    pub(super) fn says_kept(&self) -> bool {
        self.says_kept.load(Ordering::Relaxed)
    }

    /// Binds the forms of this visit to where the person works within the session: a form of a screen left open from another place is
    /// stale, because what it shows and what it would change are no longer the same. Said by the guard, before any form is read or
    /// drawn; a form that is read without a guard (logging out) is taken from any place.
    pub fn bind_forms(&self, place: u8) {
        self.place.get_or_init(|| [place]);
    }

    /// The value of a cookie.
    #[must_use]
    pub fn cookie(&self, cookie: Cookie) -> Option<&str> {
        self.jar.get(cookie, self.secure())
    }

    /// The flow that this browser is in, as a key for rows.
    #[must_use]
    pub fn flow(&self) -> Option<[u8; 32]> {
        self.cookie(Cookie::Flow).map(|value| self.flow_key(value))
    }

    /// The key of a flow cookie's value. It depends on the browser's own cookie as well: whoever smuggles a flow cookie that they
    /// know into somebody's browser does not know the flow that comes of it.
    #[must_use]
    pub fn flow_key(&self, value: &str) -> [u8; 32] {
        Sha256::new().chain_update(sessions::hash(value)).chain_update(self.browser_value()).finalize().into()
    }

    /// Whether cookies carry `Secure`.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.front.public_url.is_https()
    }

    /// The shell of this installation.
    #[must_use]
    pub fn front(&self) -> &Front {
        &self.front
    }

    /// A page with this visit's clock and the help desks. `title` is the screen's name without 【】.
    #[must_use]
    pub fn page<'a>(&'a self, title: &'a str, shell: Shell<'a>) -> Page<'a> {
        Page::new(title, shell, Clock::At(&self.time), &self.front.help).links(self.front.links)
    }

    /// The value for a browser cookie, if this answer is the first that needs one.
    pub(super) fn new_browser(&self) -> Option<&str> {
        self.browser.get().filter(|_| self.browser_is_new).map(String::as_str)
    }
}

/// Somebody who is or was logged in, and where they worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bearer {
    subject: String,
    place: Option<[u8; 1]>,
}

impl Bearer {
    pub(super) fn new(subject: Subject, place: Option<[u8; 1]>) -> Self {
        Self { subject: name_of(subject), place }
    }

    pub(super) fn is_subject(&self, subject: Subject) -> bool {
        self.subject == name_of(subject)
    }
}

/// As tokens name them; without a full stop.
fn name_of(subject: Subject) -> String {
    match subject {
        Subject::Office(user_id) => user_id.to_string(),
        Subject::Staff(id) | Subject::Portal(id) => id.to_string(),
    }
}

/// The token of a form: key and hash, place, session and person. The last three may be empty.
struct Token<'a> {
    keyed: Keyed,
    place: Option<[u8; 1]>,
    session: &'a str,
    subject: &'a str,
}

impl<'a> Token<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split('.');
        let (key, mac) = (parts.next()?.parse().ok()?, parts.next()?);
        let mac = BASE64URL_NOPAD.decode(mac.as_bytes()).ok()?.try_into().ok()?;
        let [place, session, subject] = [(); 3].map(|()| parts.next().unwrap_or_default());
        let place = if place.is_empty() { None } else { Some([place.parse().ok()?]) };
        parts.next().is_none().then_some(Self { keyed: Keyed { key: KeyId(key), mac }, place, session, subject })
    }
}

impl<'a> FromRequest<'a> for Visit {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(request.extensions().get::<Self>().cloned().ok_or_else(|| Fault::internal("a route without the shell's layer"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q41_each_side_has_a_cookie_of_its_own() {
        let of = |paths: &[&str]| paths.iter().map(|path| realm(path)).collect::<Vec<_>>();
        assert_eq!(of(&["/staff", "/staff/portal", "/staff/login"]), [Cookie::Staff; 3]);
        assert_eq!(of(&["/portal", "/portal/", "/portal/my/users"]), [Cookie::Portal; 3]);
        assert_eq!(of(&["/", "/office/portal", "/portals", "/staffs", "/login", ""]), [Cookie::Office; 6]);
    }
}
