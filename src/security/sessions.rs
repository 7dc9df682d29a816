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
    /// Somebody who uses 介護情報基盤ポータル.
    Portal(Id),
}

impl Subject {
    /// How rows name it.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::Office(user) => format!("office {user}"),
            Self::Staff(id) => format!("staff {id}"),
            Self::Portal(id) => format!("portal {id}"),
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
    /// The browser it was opened with, in words of our own, for lists of sessions.
    #[serde(default)]
    pub agent: String,
    /// The security address was put off, for as long as this session lives.
    #[serde(default)]
    pub deferred: bool,
    /// A temporary password was changed in it: the steps that follow are those of the first login, and ask for no password again.
    #[serde(default)]
    pub first_steps: bool,
    /// The passkey that opened it, if no password did.
    #[serde(default)]
    pub passkey: Option<Id>,
    /// Where the bearer works, of the places that they may work at. It stays as it is for as long as the session lives: whoever
    /// goes elsewhere gets another session, so that the forms of one place are stale at the next.
    #[serde(default)]
    pub place: Option<Id>,
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
    /// The browser, in words of our own.
    pub agent: String,
    /// Where the bearer works, if they may work at several places.
    pub place: Option<Id>,
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
        agent: with.agent.clone(),
        deferred: false,
        first_steps: false,
        passkey: None,
        place: with.place,
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

/// All sessions of somebody, newest first, with their keys. Some may have ended by time and not be swept yet: the caller knows the rule.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn list(r: &impl Reads, subject: Subject) -> Result<Vec<([u8; 32], Session)>, StoreError> {
    let mut all = Vec::new();
    for ((_, key), ()) in r.list(&BY_SUBJECT, &Span::prefix(&subject.key()), usize::MAX)? {
        if let Some(session) = r.get(&SESSIONS, &key)? {
            all.push((key, session));
        }
    }
    all.sort_by_key(|(_, session)| (std::cmp::Reverse(session.created), session.handle));
    Ok(all)
}

/// Ends all sessions of somebody but one; says how many.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn end_others(tx: &mut Tx<'_>, subject: Subject, keep: &[u8; 32]) -> Result<usize, StoreError> {
    let mut others = tx.list(&BY_SUBJECT, &Span::prefix(&subject.key()), usize::MAX)?;
    others.retain(|((_, key), ())| key != keep);
    for (key, ()) in &others {
        tx.delete(&SESSIONS, &key.1)?;
        tx.delete(&BY_SUBJECT, key)?;
    }
    Ok(others.len())
}

/// Ends the sessions of somebody that this passkey has opened, but one; says how many.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn end_of_passkey(tx: &mut Tx<'_>, subject: Subject, passkey: Id, keep: &[u8; 32]) -> Result<usize, StoreError> {
    let mut all = list(tx, subject)?;
    all.retain(|(key, session)| session.passkey == Some(passkey) && key != keep);
    all.iter().try_for_each(|(key, _)| end(tx, key))?;
    Ok(all.len())
}

/// Ends the session of this public name, and gives it as it was. `None` if it is not one of theirs: then nothing happens.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn end_by_handle(tx: &mut Tx<'_>, subject: Subject, handle: Id) -> Result<Option<Session>, StoreError> {
    let Some((key, session)) = list(tx, subject)?.into_iter().find(|(_, session)| session.handle == handle) else {
        return Ok(None);
    };
    end(tx, &key)?;
    Ok(Some(session))
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

    /// The last use of a session that is not written down yet, if there is one: for lists of sessions.
    #[must_use]
    pub fn newest(&self, key: &[u8; 32]) -> Option<Timestamp> {
        self.all().get(key).copied()
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
#[path = "sessions_tests.rs"]
mod tests;
