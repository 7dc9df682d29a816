//! Use cases of the first login: terms agreed to, 【警告】 read, new password, address for notices, security address, and the ends.

mod address;
mod clean;
mod password;

use jiff::Timestamp;

pub(super) use address::{Asking, begin, defer, go_back, keep, prove, registering, resend, waiting};
pub use clean::{CLEAN, clean};
pub(super) use password::{change_password, confirm_warning, is_current};

use super::model::{self, Done, Facts, Next, Progress, Step};
use super::store;
use crate::accounts::{self, Account, Agreed, Change, Kind, Told};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::config::Config;
use crate::kernel::{MailAddress, Moment};
use crate::login::Office;
use crate::security::Busy;
use crate::security::sessions::{Session, SessionToken};
use crate::store::{Reads, StoreError, Tx};
use crate::terms::{self, Text};

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
    next_of(r, config, account, (session.limited, session.deferred), now)
}

/// The first step that is not done, whoever logs in next, as the desk is told it. A security address that was only put off is still due.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn due(r: &impl Reads, config: &Config, account: &Account, now: Timestamp) -> Result<Next, StoreError> {
    next_of(r, config, account, (account.usable_password().is_none(), false), now)
}

fn next_of(
    r: &impl Reads,
    config: &Config,
    account: &Account,
    (limited, deferred): (bool, bool),
    now: Timestamp,
) -> Result<Next, StoreError> {
    let progress = store::find(r, account.user_id)?;
    Ok(model::next(&Facts {
        account,
        progress: progress.as_ref(),
        limited,
        deferred,
        terms: terms::newest_version(r, Text::Reception)?,
        grace_until: config.security_mail.grace_until,
        now,
    }))
}

/// Whether a new office for which nothing is due any more has just gone through its steps, once and for all.
fn settles(account: &Account) -> bool {
    account.kind == Kind::New && account.settled.is_none()
}

/// Notes that a new office has gone through its steps, if nothing is due for it any more: for changes that are none of them.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn settle(r: &impl Reads, config: &Config, account: &mut Account, now: Timestamp) -> Result<(), StoreError> {
    if settles(account) && due(r, config, account, now)? == Next::Free {
        account.settled = Some(now);
    }
    Ok(())
}

/// The account as it is now, if `step` is due for it; else what is. A session that has ended meanwhile does nothing, and is not brought
/// back as a new one.
fn at(tx: &Tx<'_>, app: &App, seen: &Office, now: Timestamp, step: Step) -> Result<Account, StepError> {
    at_one_of(tx, app, seen, now, &[step]).map(|(account, _)| account)
}

/// The same for screens that serve several steps; also says which is due.
fn at_one_of(tx: &Tx<'_>, app: &App, seen: &Office, now: Timestamp, steps: &[Step]) -> Result<(Account, Step), StepError> {
    let account = seen.present(tx)?.ok_or(StepError::Ended)?;
    match next_for(tx, &app.config, &account, &seen.session, now)? {
        Next::Step(due) if steps.contains(&due) => Ok((account, due)),
        other => Err(StepError::Elsewhere(other)),
    }
}

/// What is due after a step. Of several ends, the one after which the pages of the office open is told; a new office has gone through its
/// steps then, once and for all. Who had only new terms to agree to, had no steps.
fn after(tx: &mut Tx<'_>, app: &App, seen: &Office, mut account: Account, moment: &Moment) -> Result<Next, StepError> {
    let next = next_for(tx, &app.config, &account, &seen.session, moment.now)?;
    if next == Next::Free {
        if settles(&account) {
            account.settled = Some(moment.now);
            accounts::save_quietly(tx, &account)?;
        }
        if seen.next != Next::Step(Step::Terms) {
            record(tx, moment, seen, Event::new(by(seen), "first_login.finish"))?;
        }
    }
    Ok(next)
}

/// \[利用規約に同意して次へ\] under `version`. `None` if that is not the newest any more: then the page is to be read again.
///
/// # Errors
/// [`StepError`].
pub async fn agree(app: &App, office: &Office, version: u32) -> Result<Option<Next>, StepError> {
    let (here, moment, seen) = (app.clone(), app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let mut account = at(tx, &here, &seen, moment.now, Step::Terms)?;
            if terms::newest_version(tx, Text::Reception)? != version {
                return Ok(None);
            }
            account.terms = Some(Agreed { version, at: moment.now });
            accounts::save_quietly(tx, &account)?;
            record(tx, &moment, &seen, Event::new(by(&seen), "first_login.terms").detail("version", version))?;
            after(tx, &here, &seen, account, &moment).map(Some)
        })
        .await
}

/// \[変更\] on 【メールアドレス設定】: an address for notices, or none. Asked once and for all.
///
/// # Errors
/// [`StepError`].
pub async fn answer_notice_mail(app: &App, office: &Office, answer: Option<MailAddress>) -> Result<(), StepError> {
    let (here, moment, seen) = (app.clone(), app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let mut account = at(tx, &here, &seen, moment.now, Step::NoticeMail)?;
            account.notice_answered = Some(moment.now);
            account.notice_mail.clone_from(&answer);
            accounts::save_quietly(tx, &account)?;
            store::put(tx, account.user_id, &Progress { shown: Some(Done::NoticeMail), ..Progress::default() })?;
            let told = answer.as_ref().map_or_else(|| "登録しない".to_owned(), MailAddress::masked);
            record(tx, &moment, &seen, Event::new(by(&seen), "first_login.mail").detail("address", told))?;
            if let Some(new) = answer.clone() {
                let told = Told { also: Vec::new(), except: Some(new) };
                accounts::tell_change_to(tx, &moment, &account, Change::NoticeMailSet, told)?;
            }
            Ok(())
        })
        .await
}

/// \[終了\]: this end was read, once, however often it is sent. Says what comes next.
///
/// # Errors
/// [`StepError`].
pub async fn finish(app: &App, office: &Office, done: Done) -> Result<Next, StepError> {
    let (here, moment, seen) = (app.clone(), app.moment(), office.clone());
    app.store
        .write(move |tx| {
            let account = at(tx, &here, &seen, moment.now, Step::Done(done))?;
            store::forget(tx, account.user_id)?;
            after(tx, &here, &seen, account, &moment)
        })
        .await
}

/// Who acts in these steps.
fn by(office: &Office) -> Actor {
    Actor::Office(office.account.user_id)
}

/// An entry of the log under this office, with where it came from.
fn record(tx: &mut Tx<'_>, moment: &Moment, office: &Office, event: Event) -> Result<(), StoreError> {
    audit::record(tx, moment, event.office(office.account.user_id.office()).client(&office.session.address))
}
