//! 【警告】 read, and the new password.

use super::super::model::{Done, Next, Progress, Step};
use super::super::store;
use super::{Renewed, StepError, at, by, record};
use crate::accounts::{self, Change};
use crate::app::App;
use crate::audit::Event;
use crate::kernel::{Id, Moment, Secret};
use crate::login::Office;
use crate::security::devices;
use crate::security::sessions::{self, OpenSession, SessionToken, Subject};
use crate::store::{StoreError, Tx};

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
            record(tx, &moment, &seen, Event::new(by(&seen), "first_login.password"))?;
            let session = reopen(tx, &moment, &seen, id)?;
            Ok(Renewed { session, device: cookie })
        })
        .await
}

fn reopen(tx: &mut Tx<'_>, moment: &Moment, office: &Office, device: Id) -> Result<SessionToken, StoreError> {
    let (address, agent) = (office.session.address.clone(), office.session.agent.clone());
    let with = OpenSession { address, device: Some(device), limited: false, agent, place: None };
    let token = sessions::open(tx, moment, Subject::Office(office.account.user_id), &with)?;
    sessions::change(tx, &sessions::hash(token.expose()), |session| session.first_steps = true)?;
    Ok(token)
}
