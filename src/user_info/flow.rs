//! Use cases, each one write transaction: a new password, the address for notices, ending sessions.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::store::{self, Did, Kept, Typed};
use crate::accounts::{self, Account, Change, Told};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::kernel::{Id, MailAddress, Moment, Secret};
use crate::login::Office;
use crate::security::sessions::{self, OpenSession, Session, SessionToken, Subject};
use crate::security::{Busy, devices};
use crate::store::{Store, StoreError, Tx};

/// The repeating job that removes what is kept of sessions, once an hour.
pub const CLEAN: Kind = Kind::new("user_info.clean", Lane::Clock);

/// Handles [`CLEAN`].
pub async fn clean(store: Store, keep: SignedDuration, job: Job) -> Outcome {
    Outcome::cleaned(&job, "what sessions have typed and done", store::remove_old(&store, job.now, keep).await)
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The account has changed since the page was asked for.
    #[error("the account has changed meanwhile")]
    Moved,
    /// The session has ended since the guard let it in: another click was faster, or somebody has ended it.
    #[error("the session has ended")]
    Ended,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many hashes wait.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// The account as it is now, if it is as it was when the guard read it and its session still lives.
fn unmoved(tx: &Tx<'_>, seen: &Office) -> Result<Account, ChangeError> {
    let present = seen.present(tx)?.ok_or(ChangeError::Ended)?;
    if present.revision == seen.account.revision { Ok(present) } else { Err(ChangeError::Moved) }
}

fn record(tx: &mut Tx<'_>, moment: &Moment, office: &Office, event: Event) -> Result<(), StoreError> {
    let user_id = office.account.user_id;
    audit::record(tx, moment, event.office(user_id.office()).client(&office.session.address))
}

fn event(office: &Office, action: &'static str) -> Event {
    Event::new(Actor::Office(office.account.user_id), action)
}

/// A new password, already judged by the rule; the present one was asked for. Every other session ends, and this browser gets a new one in
/// the place of its own. Remembered devices stay, and so does a temporary password that nobody has used.
///
/// # Errors
/// [`ChangeError`].
pub async fn change_password(app: &App, office: &Office, new: Secret<String>) -> Result<SessionToken, ChangeError> {
    let hash = app.hasher.hash(new, app.moment().part("salt").random().bytes()).await?;
    let (moment, seen) = (app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let mut account = unmoved(tx, &seen)?;
            account.replace_password(hash.clone(), moment.now);
            let account = accounts::save(tx, &account)?;
            let subject = Subject::Office(account.user_id);
            let ended = sessions::end_all(tx, subject)?.saturating_sub(1);
            let with = OpenSession {
                address: seen.session.address.clone(),
                device: seen.session.device,
                limited: false,
                agent: seen.session.agent.clone(),
                place: None,
            };
            let token = sessions::open(tx, &moment, subject, &with)?;
            if seen.session.deferred {
                // What was put off for this login stays put off.
                sessions::change(tx, &sessions::hash(token.expose()), |session| session.deferred = true)?;
            }
            store::done(tx, &sessions::hash(token.expose()), moment.now, Did::Password)?;
            accounts::tell_change(tx, &moment, &account, Change::Password)?;
            record(tx, &moment, &seen, event(&seen, "account.password").detail("ended_sessions", ended))?;
            Ok(token)
        })
        .await
}

/// The address for notices, or none. The old one hears of it as well as all that stay; the new one only if it is a security address too.
/// Who was told is kept for the screen after it.
///
/// # Errors
/// [`ChangeError`].
pub async fn change_notice_mail(app: &App, office: &Office, new: Option<MailAddress>) -> Result<(), ChangeError> {
    let (moment, seen) = (app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let mut account = unmoved(tx, &seen)?;
            let old = std::mem::replace(&mut account.notice_mail, new.clone());
            let account = accounts::save(tx, &account)?;
            let masked = |address: &Option<MailAddress>| address.as_ref().map(MailAddress::masked).unwrap_or_default();
            let event = event(&seen, "account.notice_mail").detail("address", masked(&new)).detail("before", masked(&old));
            let except = new.clone().filter(|new| !account.security_mails.contains(new));
            let change = match (&old, &new) {
                (None, Some(_)) => Change::NoticeMailSet,
                (_, None) => Change::NoticeMailRemoved,
                _ => Change::NoticeMail,
            };
            let told = Told { also: old.into_iter().collect(), except };
            let heard = accounts::tell_change_to(tx, &moment, &account, change, told)?;
            store::done(tx, &seen.session_key, moment.now, Did::NoticeMail(heard))?;
            Ok(record(tx, &moment, &seen, event)?)
        })
        .await
}

/// \[戻る\] at 【メールアドレス設定】: what was typed is kept as it is.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) async fn keep(app: &App, office: &Office, typed: &Typed) -> Result<(), StoreError> {
    let (now, seen, typed) = (app.moment().now, office.clone(), typed.kept());
    app.store
        .write(move |tx| {
            let before = store::find(tx, &seen.session_key)?;
            if seen.present(tx)?.is_none() || before.as_ref().is_some_and(|kept| kept.typed.as_ref() == Some(&typed)) {
                return Ok(());
            }
            let did = before.and_then(|kept| kept.did);
            store::put(tx, &seen.session_key, &Kept { at: now, did, typed: Some(typed.clone()) })
        })
        .await
}

/// What is kept of this session: what it did last, and what it had typed.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) fn kept(app: &App, office: &Office) -> Result<(Option<Did>, Option<Typed>), StoreError> {
    let kept = app.store.read(|r| store::find(r, &office.session_key))?;
    Ok(kept.map_or((None, None), |kept| (kept.did, kept.typed)))
}

/// Which sessions are to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one of this public name.
    One(Id),
    /// All but the one that asks.
    Others,
}

/// What \[ログアウトさせる\] has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Sessions that are over.
    pub sessions: usize,
    /// Devices that are strangers now.
    pub forgotten: usize,
}

/// \[ログアウトさせる\]. Their devices are forgotten as well: whoever sits there is a stranger again at the next login, unless another
/// session lives on the same device; and every address hears of it. The device that asks stays known, also when it logs itself out. A
/// session that is not of this account is none.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn end_sessions(app: &App, office: &Office, which: Which) -> Result<Ended, StoreError> {
    let (moment, seen) = (app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let Some(account) = seen.present(tx)? else { return Ok(Ended::default()) };
            let subject = Subject::Office(account.user_id);
            let ended: Vec<Session> = match which {
                Which::One(handle) => sessions::end_by_handle(tx, subject, handle)?.into_iter().collect(),
                Which::Others => {
                    let others = sessions::list(tx, subject)?.into_iter().filter(|(key, _)| *key != seen.session_key);
                    let others = others.map(|(_, session)| session).collect();
                    sessions::end_others(tx, subject, &seen.session_key)?;
                    others
                }
            };
            if ended.is_empty() {
                return Ok(Ended::default());
            }
            let forgotten = forget_devices(tx, &seen, &ended)?;
            if forgotten > 0 {
                accounts::tell_change(tx, &moment, &account, Change::DevicesForgotten)?;
            }
            let agents: BTreeSet<&str> = ended.iter().map(|session| session.agent.as_str()).collect();
            let agents = agents.into_iter().collect::<Vec<_>>().join("、");
            let event = event(&seen, "account.end_session").detail("sessions", ended.len()).detail("agents", agents);
            record(tx, &moment, &seen, event)?;
            Ok(Ended { sessions: ended.len(), forgotten })
        })
        .await
}

/// Says how many devices are strangers now.
fn forget_devices(tx: &mut Tx<'_>, office: &Office, ended: &[Session]) -> Result<usize, StoreError> {
    let who = office.account.user_id;
    let alive = sessions::list(tx, Subject::Office(who))?;
    let in_use: Vec<Id> = alive.iter().filter_map(|(_, session)| session.device).chain(office.session.device).collect();
    let gone = ended.iter().filter_map(|session| session.device).filter(|device| !in_use.contains(device));
    let mut forgotten = 0;
    for device in gone.collect::<BTreeSet<_>>() {
        forgotten += usize::from(devices::forget(tx, &who.to_string(), device)?);
    }
    Ok(forgotten)
}
