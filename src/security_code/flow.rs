//! Use cases: a code is set, an app is shown its secret and proves it, the code is taken away.
//!
//! Each does nothing if the account has changed since the screen was drawn. The password was asked for before (`login::confirm`).

use jiff::SignedDuration;

use super::model::{Did, Setup, Stage};
use super::store;
use crate::accounts::{self, AppCode, Change, SecurityCode};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::kernel::{Moment, Secret};
use crate::login::{LoginError, Office};
use crate::security::{Authenticator, Purpose};
use crate::store::{Reads, Store, StoreError, Tx};
use crate::web::Visit;

/// The repeating job that removes what nobody goes on with, once an hour.
pub const CLEAN: Kind = Kind::new("security_code.clean", Lane::Clock);

/// Handles [`CLEAN`].
pub async fn clean(store: Store, keep: SignedDuration, job: Job) -> Outcome {
    Outcome::cleaned(&job, "security codes that were begun", store::remove_old(&store, job.now, keep).await)
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// It is done; or the same form came once more.
    Done,
    /// The account has changed since the screen was drawn: nothing was done.
    Moved,
}

/// Digits of the office's choice, already judged, become its code. `shown` is the account's revision that the screen was drawn from.
pub(super) async fn set_fixed(app: &App, office: &Office, shown: u64, code: Secret<String>) -> Result<Changed, LoginError> {
    let moment = app.moment();
    let hash = app.hasher.hash(code, moment.part("salt").random().bytes()).await?;
    let seen = office.clone();
    let changed =
        app.store.write(move |tx| change(tx, &moment, &seen, shown, Did::SetFixed, Some(SecurityCode::Fixed(hash.clone()))));
    Ok(changed.await?)
}

/// The code is taken away.
pub(super) async fn remove(app: &App, office: &Office, shown: u64) -> Result<Changed, StoreError> {
    let (moment, seen) = (app.moment(), office.clone());
    app.store.write(move |tx| change(tx, &moment, &seen, shown, Did::Removed, None)).await
}

/// A secret for an app, kept with the session until a code of it proves that the app has it.
pub(super) async fn begin_app(app: &App, office: &Office, browser: [u8; 32], shown: u64) -> Result<Changed, StoreError> {
    let moment = app.moment();
    let random = moment.part("authenticator").random();
    let secret = app.keys.seal(Purpose::Authenticator, Authenticator::new(&random).secret().expose(), &random);
    let setup = Setup { at: moment.now, browser, stage: Stage::Proving { secret, revision: shown } };
    let seen = office.clone();
    app.store
        .write(move |tx| {
            let account = seen.present(tx)?.filter(|account| account.revision == shown);
            if account.is_none() {
                return Ok(Changed::Moved);
            }
            store::put(tx, &seen.session_key, &setup)?;
            Ok(Changed::Done)
        })
        .await
}

/// The secret that waits for its first code, in the browser that began.
pub(super) fn waiting(app: &App, office: &Office, visit: &Visit) -> Result<Option<Authenticator>, StoreError> {
    let setup = app.store.read(|r| store::find(r, &office.session_key))?;
    let setup = setup.filter(|setup| setup.is_open(visit.now) && setup.browser == visit.browser());
    Ok(setup.and_then(|setup| match setup.stage {
        Stage::Proving { secret, .. } => app.keys.open(Purpose::Authenticator, &secret).map(Authenticator::from_secret),
        Stage::Done { .. } => None,
    }))
}

/// How the first code of an app was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proved {
    /// The app's codes are asked for from now on.
    Done,
    /// Not a code of this moment.
    Wrong,
    /// Nothing waits any more.
    Over,
    /// The account has changed since the secret was made: nothing was done.
    Moved,
}

/// The first code of the app. The step it belongs to is used up.
pub(super) async fn prove(app: &App, office: &Office, typed: &str) -> Result<Proved, StoreError> {
    let (moment, keys, seen, typed) = (app.moment(), app.keys.clone(), office.clone(), Secret::new(typed.to_owned()));
    app.store
        .write(move |tx| {
            let Some(setup) = store::find(tx, &seen.session_key)? else { return Ok(Proved::Over) };
            let (secret, revision) = match setup.stage {
                Stage::Proving { ref secret, revision } if setup.is_open(moment.now) => (secret, revision),
                // A double click.
                Stage::Done { did: Did::SetApp, .. } => return Ok(Proved::Done),
                _ => return Ok(Proved::Over),
            };
            let Some(plain) = keys.open(Purpose::Authenticator, secret) else { return Ok(Proved::Over) };
            let Some(last_step) = Authenticator::from_secret(plain).check(typed.expose(), moment.now) else {
                return Ok(Proved::Wrong);
            };
            let code = SecurityCode::App(AppCode { secret: secret.clone(), last_step });
            Ok(match change(tx, &moment, &seen, revision, Did::SetApp, Some(code))? {
                Changed::Done => Proved::Done,
                Changed::Moved => Proved::Moved,
            })
        })
        .await
}

/// What was done in this session, for 【処理終了】.
pub(super) fn done(app: &App, office: &Office) -> Result<Option<Did>, StoreError> {
    let setup = app.store.read(|r| store::find(r, &office.session_key))?;
    Ok(setup.and_then(|setup| match setup.stage {
        Stage::Done { did, .. } => Some(did),
        Stage::Proving { .. } => None,
    }))
}

/// The one place that changes the code of an office that is logged in: logins that wait for the former one are over, the registered
/// addresses are told; other sessions stay.
fn change(
    tx: &mut Tx<'_>,
    moment: &Moment,
    seen: &Office,
    shown: u64,
    did: Did,
    code: Option<SecurityCode>,
) -> Result<Changed, StoreError> {
    let user_id = seen.account.user_id;
    let Some(mut account) = seen.present(tx)? else { return Ok(Changed::Moved) };
    if account.revision != shown {
        return Ok(if is_again(tx, seen, shown, did, account.revision)? { Changed::Done } else { Changed::Moved });
    }
    let (word, told) = match (account.security_code.is_some(), code.is_some()) {
        (false, true) => ("account.code_set", Change::CodeSet),
        (true, true) => ("account.code_change", Change::CodeChanged),
        (true, false) => ("account.code_remove", Change::CodeRemoved),
        (false, false) => return Ok(Changed::Moved),
    };
    account.security_code = code;
    let account = accounts::save(tx, &account)?;
    let stage = Stage::Done { did, revision: account.revision };
    store::put(tx, &seen.session_key, &Setup { at: moment.now, browser: [0; 32], stage })?;
    accounts::tell_change(tx, moment, &account, told)?;
    let event = Event::new(Actor::Office(user_id), word).office(user_id.office()).client(&seen.session.address);
    audit::record(tx, moment, event)?;
    Ok(Changed::Done)
}

/// Whether the same form has come before and was the last to change the account: a double click.
fn is_again(r: &impl Reads, seen: &Office, shown: u64, did: Did, revision: u64) -> Result<bool, StoreError> {
    let last = store::find(r, &seen.session_key)?.map(|setup| setup.stage);
    Ok(
        matches!(last, Some(Stage::Done { did: then, revision: after }) if then == did && after == revision && shown.checked_add(1) == Some(after)),
    )
}
