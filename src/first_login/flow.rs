//! Use cases of the first login: 【警告】 read, new password, end.

use jiff::Timestamp;

use super::model::{self, Done, Facts, Next, Progress, Step};
use super::store;
use crate::accounts::{self, Account, Change};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::config::Config;
use crate::kernel::{Id, Moment, Secret, UserId};
use crate::login::Office;
use crate::security::sessions::{self, OpenSession, Session, SessionToken, Subject};
use crate::security::{Busy, devices};
use crate::store::{Reads, StoreError, Tx};
use crate::terms;

/// A step that is no longer open when it is taken: the browser goes to the one that is.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// Another step is due, or none.
    #[error("another step is due")]
    Elsewhere(Next),
    /// The session has ended since the door let it in: another click was faster, or staff have ended it.
    #[error("the session has ended")]
    Ended,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many hashes wait.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// A session that takes the place of the one before: a new id whenever what it opens has changed.
#[derive(Debug)]
pub struct Renewed {
    /// For the cookie.
    pub session: SessionToken,
    /// A new device cookie, if the browser had none of ours.
    pub device: Option<String>,
}

/// The first step that is not done by an account in a session: what the guard asks at every request.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn next_for(
    r: &impl Reads,
    config: &Config,
    account: &Account,
    session: &Session,
    now: Timestamp,
) -> Result<Next, StoreError> {
    let progress = store::find(r, account.user_id)?;
    Ok(model::next_served(&Facts {
        account,
        progress: progress.as_ref(),
        limited: session.limited,
        deferred: session.deferred,
        terms: terms::newest_version(r)?,
        grace_until: config.security_mail.grace_until,
        now,
    }))
}

/// The account as it is now, if `step` is due for it; else what is. A session that has ended meanwhile does nothing, and is not brought
/// back as a new one.
fn at(tx: &Tx<'_>, app: &App, seen: &Office, now: Timestamp, step: Step) -> Result<Account, StepError> {
    if !sessions::is_there(tx, &seen.session_key)? {
        return Err(StepError::Ended);
    }
    let account = present(tx, seen.account.user_id)?;
    match next_for(tx, &app.config, &account, &seen.session, now)? {
        Next::Step(due) if due == step => Ok(account),
        other => Err(StepError::Elsewhere(other)),
    }
}

/// \[パスワード変更\] on 【警告】.
///
/// # Errors
/// [`StepError`].
pub async fn confirm_warning(app: &App, office: &Office) -> Result<(), StepError> {
    let (here, moment, seen) = (app.clone(), app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let account = at(tx, &here, &seen, moment.now, Step::Warning)?;
            let begun = account.temporary.as_ref().and_then(|temporary| temporary.first_used);
            Ok(store::put(tx, account.user_id, &Progress { begun, warned: true, shown: None })?)
        })
        .await
}

/// Whether `typed` is the temporary password that opened this door.
#[must_use]
pub fn is_current(app: &App, office: &Office, typed: &Secret<String>) -> bool {
    let account = &office.account;
    account.temporary.as_ref().is_some_and(|temporary| temporary.matches(&app.keys, account.user_id, typed))
}

/// \[変更\]: the new password, already judged by the rule, takes the place of the temporary one. Every session of the account ends and
/// this browser gets a new one, which is no longer limited: what it opens is computed from the account.
///
/// # Errors
/// [`StepError`]; [`StepError::Elsewhere`] also when the account has changed since the page was asked for.
pub async fn change_password(app: &App, office: &Office, new: Secret<String>, device: Option<Id>) -> Result<Renewed, StepError> {
    let hash = app.hasher.hash(new, app.moment().part("salt").random().bytes()).await?;
    let (here, moment, seen) = (app.clone(), app.moment(), office.clone());
    let issued = devices::issue(&app.keys, &moment.part("device").random());
    app.store
        .write(move |tx| {
            let mut account = at(tx, &here, &seen, moment.now, Step::Password)?;
            if account.revision != seen.account.revision {
                return Err(StepError::Elsewhere(Next::Step(Step::Password)));
            }
            account.set_password(hash.clone(), moment.now);
            let account = accounts::save(tx, &account)?;
            store::put(tx, account.user_id, &Progress { shown: Some(Done::Password), ..Progress::default() })?;
            sessions::end_all(tx, Subject::Office(account.user_id))?;
            let (cookie, id) = device.map_or_else(|| (Some(issued.0.clone()), issued.1), |id| (None, id));
            devices::remember(tx, &account.user_id.to_string(), id, moment.now)?;
            accounts::tell_change(tx, &moment, &account, Change::Password)?;
            record(tx, &moment, &seen, "first_login.password")?;
            let session = reopen(tx, &moment, &seen, id)?;
            Ok(Renewed { session, device: cookie })
        })
        .await
}

/// \[終了\]: this end was read, once, however often it is sent.
///
/// # Errors
/// [`StepError`].
pub async fn finish(app: &App, office: &Office, done: Done) -> Result<(), StepError> {
    let (here, moment, seen) = (app.clone(), app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let account = at(tx, &here, &seen, moment.now, Step::Done(done))?;
            store::forget(tx, account.user_id)?;
            Ok(record(tx, &moment, &seen, "first_login.finish")?)
        })
        .await
}

fn present(tx: &Tx<'_>, user_id: UserId) -> Result<Account, StepError> {
    accounts::find(tx, user_id)?.filter(Account::opens).ok_or(StepError::Elsewhere(Next::Closed))
}

fn reopen(tx: &mut Tx<'_>, moment: &Moment, office: &Office, device: Id) -> Result<SessionToken, StoreError> {
    let (address, agent) = (office.session.address.clone(), office.session.agent.clone());
    let with = OpenSession { address, device: Some(device), limited: false, agent };
    sessions::open(tx, moment, Subject::Office(office.account.user_id), &with)
}

fn record(tx: &mut Tx<'_>, moment: &Moment, office: &Office, action: &'static str) -> Result<(), StoreError> {
    let user_id = office.account.user_id;
    audit::record(tx, moment, Event::new(Actor::Office(user_id), action).office(user_id.office()).client(&office.session.address))
}
