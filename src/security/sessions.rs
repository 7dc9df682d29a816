//! Sessions on the server: the cookie holds 256 random bits, the database only their hash.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::kernel::{Id, Moment, Secret, UserId, clock};
use crate::store::{self, Check, Reads, Span, Store, StoreError, Table, Tx, expect, leads_to};

const SESSIONS: Table<[u8; 32], Session> = Table::new("sessions");
const BY_SUBJECT: Table<(String, [u8; 32]), ()> = Table::new("sessions_by_subject");

/// Where all sessions lie: whoever leaves these tables out of a copy ends every session.
pub const TABLES: [&str; 2] = [SESSIONS.name(), BY_SUBJECT.name()];

/// Whose session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// 事業所ユーザ.
    Office(UserId),
    /// A member of staff.
    Staff(Id),
}

impl Subject {
    fn key(self) -> String {
        match self {
            Self::Office(user) => format!("office {user}"),
            Self::Staff(id) => format!("staff {id}"),
        }
    }
}

/// What the cookie holds.
#[derive(Clone, Debug)]
pub struct SessionToken(Secret<String>);

impl SessionToken {
    /// The value for the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// A session as stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// A public name for it, for lists of sessions.
    pub handle: Id,
    /// Whose it is.
    pub subject: Subject,
    /// When it began.
    pub created: Timestamp,
    /// The last request that was written down; the newest may still be in memory.
    pub last_seen: Timestamp,
    /// When the password was last entered.
    pub reauthenticated: Timestamp,
    /// Only the screens of the first login may be opened.
    pub limited: bool,
    /// The client's address at login.
    pub address: String,
    /// The device it was opened on.
    pub device: Option<Id>,
}

impl Session {
    /// Whether a clock wrote its times that was ahead and has been set right: it would live until that day.
    fn is_void(&self, now: Timestamp) -> bool {
        clock::is_ahead(self.created, now) || clock::is_ahead(self.last_seen, now)
    }
}

/// What a new session starts with.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// The client's address.
    pub address: String,
    /// The device, if it has a cookie.
    pub device: Option<Id>,
    /// Only the screens of the first login may be opened.
    pub limited: bool,
}

/// Opens a session. The token is random, made anew at each login (quality bar 28).
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn open(tx: &mut Tx<'_>, moment: &Moment, subject: Subject, with: &OpenSession) -> Result<SessionToken, StoreError> {
    let random = moment.part("session").random();
    let token = data_encoding::BASE64URL_NOPAD.encode(&random.bytes::<32>());
    let key = hash(&token);
    let session = Session {
        handle: Id::new(&random),
        subject,
        created: moment.now,
        last_seen: moment.now,
        reauthenticated: moment.now,
        limited: with.limited,
        address: with.address.clone(),
        device: with.device,
    };
    tx.put(&SESSIONS, &key, &session)?;
    tx.put(&BY_SUBJECT, &(subject.key(), key), &())?;
    Ok(SessionToken(Secret::new(token)))
}

/// Ends one session.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn end(tx: &mut Tx<'_>, key: &[u8; 32]) -> Result<(), StoreError> {
    if let Some(session) = tx.get(&SESSIONS, key)? {
        tx.delete(&SESSIONS, key)?;
        tx.delete(&BY_SUBJECT, &(session.subject.key(), *key))?;
    }
    Ok(())
}

/// Ends all sessions of somebody; says how many there were.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn end_all(tx: &mut Tx<'_>, subject: Subject) -> Result<usize, StoreError> {
    let rows = tx.list(&BY_SUBJECT, &Span::prefix(&subject.key()), usize::MAX)?;
    for (key, ()) in &rows {
        tx.delete(&SESSIONS, &key.1)?;
        tx.delete(&BY_SUBJECT, key)?;
    }
    Ok(rows.len())
}

/// Whether this session has not been ended. A use case that opens another in its place asks in its own transaction: what the door
/// saw may have been ended before the writer comes to it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn is_there(r: &impl Reads, key: &[u8; 32]) -> Result<bool, StoreError> {
    r.has(&SESSIONS, key)
}

/// Changes a session, e.g. notes that the password was entered again.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn change(tx: &mut Tx<'_>, key: &[u8; 32], change: impl FnOnce(&mut Session)) -> Result<bool, StoreError> {
    tx.update(&SESSIONS, key, change)
}

/// The key of a cookie's value.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Removes sessions that have ended by time; says how many.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn sweep(store: &Store, now: Timestamp, absolute: SignedDuration) -> Result<usize, StoreError> {
    store::sweep(store, SESSIONS, move |session| now.duration_since(session.created) >= absolute, end).await
}

/// Removes sessions that a clock opened or prolonged which was ahead: they are over, and must not come back when its time comes.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) async fn sweep_void(store: &Store, now: Timestamp) -> Result<usize, StoreError> {
    store::sweep(store, SESSIONS, move |session| session.is_void(now), end).await
}

/// When sessions were last used, kept in memory and written down once a minute: reading a page must not write.
#[derive(Debug, Default)]
pub struct LastSeen {
    noted: Mutex<HashMap<[u8; 32], Timestamp>>,
    /// When void sessions were last removed, or there were none.
    swept: Mutex<Option<Timestamp>>,
}

impl LastSeen {
    /// The session of a cookie, if it lives; notes that it was used.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn admit(
        &self,
        r: &impl Reads,
        key: [u8; 32],
        now: Timestamp,
        idle: SignedDuration,
        absolute: SignedDuration,
    ) -> Result<Option<Session>, StoreError> {
        let mut session = self.glance(r, key, now, idle, absolute)?;
        if let Some(session) = &mut session {
            self.all().insert(key, now);
            session.last_seen = now;
        }
        Ok(session)
    }

    /// As [`LastSeen::admit`], but it does not count as a use: a page that asks by itself must not keep an empty desk logged in.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn glance(
        &self,
        r: &impl Reads,
        key: [u8; 32],
        now: Timestamp,
        idle: SignedDuration,
        absolute: SignedDuration,
    ) -> Result<Option<Session>, StoreError> {
        let Some(mut session) = r.get(&SESSIONS, &key)? else { return Ok(None) };
        if let Some(newer) = self.all().get(&key) {
            session.last_seen = session.last_seen.max(*newer);
        }
        let over = now.duration_since(session.last_seen) >= idle || now.duration_since(session.created) >= absolute;
        Ok((!over && !session.is_void(now)).then_some(session))
    }

    /// What is to be written down. It stays known until [`LastSeen::forget`]: a session must not end by a write that takes long or fails.
    #[must_use]
    pub fn noted(&self) -> Vec<([u8; 32], Timestamp)> {
        self.all().iter().map(|(key, at)| (*key, *at)).collect()
    }

    /// Forgets what is written down, but for sessions used again meanwhile.
    pub fn forget(&self, written: &[([u8; 32], Timestamp)]) {
        let mut all = self.all();
        for (key, at) in written {
            if all.get(key) == Some(at) {
                all.remove(key);
            }
        }
    }

    /// Whether there may be void sessions: at the start, and when the clock has run back since [`LastSeen::none_is_void`].
    pub(super) fn may_be_void(&self, now: Timestamp) -> bool {
        self.swept.lock().unwrap_or_else(PoisonError::into_inner).is_none_or(|then| clock::is_ahead(then, now))
    }

    /// There are no void sessions at `now`.
    pub(super) fn none_is_void(&self, now: Timestamp) {
        *self.swept.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<[u8; 32], Timestamp>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes down when sessions were last used. Sessions that have ended meanwhile stay ended.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn write_last_seen(tx: &mut Tx<'_>, seen: &[([u8; 32], Timestamp)]) -> Result<(), StoreError> {
    for (key, at) in seen {
        tx.update(&SESSIONS, key, |session| session.last_seen = session.last_seen.max(*at))?;
    }
    Ok(())
}

/// Checks every row, for `verify`.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&SESSIONS, |r, key, session| leads_to(r, &BY_SUBJECT, &(session.subject.key(), *key)));
    c.table(&BY_SUBJECT, |r, (subject, key), ()| {
        expect(r.get(&SESSIONS, key)?.is_some_and(|session| session.subject.key() == *subject), "ログインの行と合いません")
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Clock, Random};
    use crate::security::housekeeping;
    use crate::store::StoreOptions;

    const IDLE: SignedDuration = SignedDuration::from_mins(30);
    const ABSOLUTE: SignedDuration = SignedDuration::from_hours(12);

    fn opened() -> (Store, Clock, [u8; 32]) {
        let (store, clock) = (Store::in_memory().unwrap(), Clock::manual("2026-01-10T00:00:00Z".parse().unwrap()));
        let moment = Moment::new(&clock, &Random::seeded(1));
        let with = OpenSession { address: "203.0.113.9".to_owned(), device: None, limited: false };
        let subject = Subject::Office(UserId::parse("KJ131311111111").unwrap());
        let token = store.write_blocking(move |tx| open(tx, &moment, subject, &with)).unwrap();
        assert_eq!(token.expose().len(), 43, "256 bits");
        (store, clock, hash(token.expose()))
    }

    fn lives(store: &Store, seen: &LastSeen, key: [u8; 32], now: Timestamp) -> bool {
        store.read(|r| seen.admit(r, key, now, IDLE, ABSOLUTE)).unwrap().is_some()
    }

    #[test]
    fn q30_a_session_ends_after_30_idle_minutes_and_after_12_hours_in_any_case() {
        let (store, clock, key) = opened();
        let seen = LastSeen::default();
        for _ in 0..24 {
            clock.advance(SignedDuration::from_mins(29));
            assert!(lives(&store, &seen, key, clock.now()));
        }
        clock.advance(SignedDuration::from_mins(24));
        assert!(!lives(&store, &seen, key, clock.now()), "12 hours are over");
        let (store, clock, key) = opened();
        clock.advance(IDLE);
        assert!(!lives(&store, &LastSeen::default(), key, clock.now()), "30 minutes idle");
    }

    #[tokio::test]
    async fn sessions_that_have_ended_by_time_are_swept_with_their_index() {
        let (store, clock, key) = tokio::task::spawn_blocking(opened).await.unwrap();
        let rows = || store.read(|r| Ok::<_, StoreError>((r.has(&SESSIONS, &key)?, r.len(&BY_SUBJECT)?))).unwrap();
        clock.advance(ABSOLUTE - SignedDuration::from_mins(1));
        assert_eq!(sweep(&store, clock.now(), ABSOLUTE).await.unwrap(), 0);
        assert_eq!(rows(), (true, 1));
        clock.advance(SignedDuration::from_mins(1));
        assert_eq!(sweep(&store, clock.now(), ABSOLUTE).await.unwrap(), 1);
        assert_eq!(rows(), (false, 0));
    }

    #[tokio::test]
    async fn a_session_of_a_clock_that_was_ahead_is_over_when_it_is_set_right_and_does_not_come_back() {
        let (day, mins) = (SignedDuration::from_hours(24), SignedDuration::from_mins);
        // Opened while it was ahead, and only used then.
        for (used_after, set_back) in [(mins(0), day), (mins(0), day * 365), (mins(20), mins(10))] {
            let (store, clock, key) = tokio::task::spawn_blocking(opened).await.unwrap();
            let seen = LastSeen::default();
            clock.advance(used_after);
            let (wrong, right) = (clock.now(), clock.now() - set_back);
            assert!(lives(&store, &seen, key, wrong));
            seen.none_is_void(wrong);
            assert!(!lives(&store, &seen, key, right));
            assert!(seen.may_be_void(right));
            housekeeping::write_down(&store, &seen).await.unwrap();
            housekeeping::sweep_void(&store, &seen, right).await.unwrap();
            assert!(!seen.may_be_void(right));
            assert!(!lives(&store, &seen, key, wrong), "that time has come");
        }
    }

    #[test]
    fn a_session_of_a_clock_that_was_a_little_ahead_goes_on() {
        let (store, clock, key) = opened();
        assert!(lives(&store, &LastSeen::default(), key, clock.now() - SignedDuration::from_mins(4)));
    }

    #[test]
    fn q30_a_page_that_asks_by_itself_does_not_keep_a_session_alive() {
        let (store, clock, key) = opened();
        let seen = LastSeen::default();
        let glance = |now| store.read(|r| seen.glance(r, key, now, IDLE, ABSOLUTE)).unwrap().is_some();
        clock.advance(SignedDuration::from_mins(20));
        assert!(glance(clock.now()));
        clock.advance(SignedDuration::from_mins(10));
        assert!(!glance(clock.now()) && !lives(&store, &seen, key, clock.now()));
    }

    #[test]
    fn last_use_is_written_down_without_bringing_back_an_ended_session() {
        let (store, clock, key) = opened();
        let seen = LastSeen::default();
        clock.advance(SignedDuration::from_mins(20));
        assert!(lives(&store, &seen, key, clock.now()));
        let rows = seen.noted();
        store.write_blocking(move |tx| write_last_seen(tx, &rows)).unwrap();
        clock.advance(SignedDuration::from_mins(20));
        assert!(lives(&store, &LastSeen::default(), key, clock.now()), "a restart keeps the time of the last use");
        let subject = Subject::Office(UserId::parse("KJ131311111111").unwrap());
        assert_eq!(store.write_blocking(move |tx| end_all(tx, subject)).unwrap(), 1);
        let rows = seen.noted();
        store.write_blocking(move |tx| write_last_seen(tx, &rows)).unwrap();
        assert!(!lives(&store, &seen, key, clock.now()));
    }
    #[tokio::test]
    async fn last_use_is_known_until_it_is_written_down_and_while_no_write_succeeds() {
        let (store, clock, key) = tokio::task::spawn_blocking(opened).await.unwrap();
        let seen = LastSeen::default();
        clock.advance(SignedDuration::from_mins(20));
        assert!(lives(&store, &seen, key, clock.now()));
        let folder = tempfile::tempdir().unwrap();
        let no_room = StoreOptions { reserve_mib: u64::MAX / (1024 * 1024), ..StoreOptions::default() };
        let full = Store::open(&folder.path().join("full.redb"), no_room).unwrap();
        assert!(housekeeping::write_down(&full, &seen).await.is_err());
        clock.advance(SignedDuration::from_mins(20));
        assert!(lives(&store, &seen, key, clock.now()), "in use 20 minutes ago");
        let rows = seen.noted();
        clock.advance(SignedDuration::from_mins(1));
        assert!(lives(&store, &seen, key, clock.now()));
        seen.forget(&rows);
        assert_eq!(seen.noted(), [(key, clock.now())], "a newer use is not forgotten with an older one");
        housekeeping::write_down(&store, &seen).await.unwrap();
        assert!(seen.noted().is_empty() && lives(&store, &LastSeen::default(), key, clock.now() + SignedDuration::from_mins(29)));
    }
}
