//! Use cases of the first login: 【警告】 read, new password, end.

use super::model::{Progress, Stage};
use super::store;
use crate::accounts::{self, Account, Change};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, Moment, Secret};
use crate::login::Office;
use crate::security::sessions::{self, OpenSession, SessionToken, Subject};
use crate::security::{Busy, devices};
use crate::store::{Reads, StoreError, Tx};

/// A step that is no longer open when it is taken: the browser goes to the one that is.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// Another step is due.
    #[error("another step is due")]
    Elsewhere(Stage),
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

/// The step that is due for this office.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn stage(app: &App, office: &Office, now: jiff::Timestamp) -> Result<Stage, StoreError> {
    app.store.read(|r| due(r, &office.account, now))
}

fn due(r: &impl Reads, account: &Account, now: jiff::Timestamp) -> Result<Stage, StoreError> {
    Ok(Stage::of(account, store::find(r, account.user_id)?.as_ref(), now))
}

/// \[パスワード変更\] on 【警告】.
///
/// # Errors
/// [`StepError`].
pub async fn confirm_warning(app: &App, office: &Office) -> Result<(), StepError> {
    let (moment, user_id) = (app.moment(), office.account.user_id);
    app.store
        .write(move |tx| {
            let account = present(tx, user_id)?;
            let begun = account.temporary.as_ref().and_then(|temporary| temporary.first_used);
            match (due(tx, &account, moment.now)?, begun) {
                (Stage::Warning, Some(begun)) => Ok(store::put(tx, user_id, &Progress { begun, warned: true })?),
                (stage, _) => Err(StepError::Elsewhere(stage)),
            }
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
/// this browser gets a new one, still limited to these steps.
///
/// # Errors
/// [`StepError`]; [`StepError::Elsewhere`] also when the account has changed since the page was asked for.
pub async fn change_password(app: &App, office: &Office, new: Secret<String>, device: Option<Id>) -> Result<Renewed, StepError> {
    let hash = app.hasher.hash(new, app.moment().part("salt").random().bytes()).await?;
    let (moment, seen) = (app.moment(), office.clone());
    let issued = devices::issue(&app.keys, &moment.part("device").random());
    app.store
        .write(move |tx| {
            let mut account = present(tx, seen.account.user_id)?;
            let stage = due(tx, &account, moment.now)?;
            if stage != Stage::Password || account.revision != seen.account.revision {
                return Err(StepError::Elsewhere(stage));
            }
            still_there(tx, &seen)?;
            account.set_password(hash.clone(), moment.now);
            let account = accounts::save(tx, &account)?;
            sessions::end_all(tx, Subject::Office(account.user_id))?;
            let (cookie, id) = device.map_or_else(|| (Some(issued.0.clone()), issued.1), |id| (None, id));
            devices::remember(tx, &account.user_id.to_string(), id, moment.now)?;
            accounts::tell_change(tx, &moment, &account, Change::Password)?;
            record(tx, &moment, &seen, "first_login.password")?;
            let session = reopen(tx, &moment, &seen, Some(id), true)?;
            Ok(Renewed { session, device: cookie })
        })
        .await
}

/// \[終了\]: the steps are done, the pages of the office open under a new session. One session becomes one, however often it is sent.
///
/// # Errors
/// [`StepError`].
pub async fn finish(app: &App, office: &Office) -> Result<Renewed, StepError> {
    let (moment, seen) = (app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let account = present(tx, seen.account.user_id)?;
            match due(tx, &account, moment.now)? {
                Stage::Done => {}
                stage => return Err(StepError::Elsewhere(stage)),
            }
            still_there(tx, &seen)?;
            store::end(tx, account.user_id)?;
            sessions::end(tx, &seen.session_key)?;
            record(tx, &moment, &seen, "first_login.finish")?;
            let session = reopen(tx, &moment, &seen, seen.session.device, false)?;
            Ok(Renewed { session, device: None })
        })
        .await
}

fn present(tx: &Tx<'_>, user_id: crate::kernel::UserId) -> Result<Account, StepError> {
    accounts::find(tx, user_id)?.filter(|account| !account.suspended).ok_or(StepError::Elsewhere(Stage::Closed))
}

/// A session that has ended meanwhile must not come back as a new one.
fn still_there(tx: &Tx<'_>, seen: &Office) -> Result<(), StepError> {
    if sessions::is_there(tx, &seen.session_key)? { Ok(()) } else { Err(StepError::Ended) }
}

fn reopen(
    tx: &mut Tx<'_>,
    moment: &Moment,
    office: &Office,
    device: Option<Id>,
    limited: bool,
) -> Result<SessionToken, StoreError> {
    let with = OpenSession { address: office.session.address.clone(), device, limited };
    sessions::open(tx, moment, Subject::Office(office.account.user_id), &with)
}

fn record(tx: &mut Tx<'_>, moment: &Moment, office: &Office, action: &'static str) -> Result<(), StoreError> {
    let user_id = office.account.user_id;
    audit::record(tx, moment, Event::new(Actor::Office(user_id), action).office(user_id.office()).client(&office.session.address))
}
