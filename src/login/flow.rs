//! Use cases: logging in, logging out.

use jiff::Timestamp;

use super::attempts::{ENTERED, WAITS_FOR_CODE};
use super::claim::{self, Claim, Reservation, Reserved};
use super::decision::{Decision, Matched, decide};
use super::first_use;
use super::goal::Goal;
use super::waiting::{self, Waiting};
use crate::accounts::{self, Account, LastLogin};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, Moment, Secret, UserId};
use crate::security::sessions::{self, OpenSession, SessionToken, Subject};
use crate::security::{Busy, PasswordHash, devices};
use crate::store::{StoreError, Tx};

/// What the form and the browser bring.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// 《ユーザID》 as typed.
    pub typed: String,
    /// 《パスワード》, never touched.
    pub password: Secret<String>,
    /// The browser, which every visitor's cookie names.
    pub browser: [u8; 32],
    /// The device, if its cookie is ours: some account has logged in with it.
    pub device: Option<Id>,
    /// The client's address.
    pub client: String,
    /// The browser in words of our own, for the list of sessions.
    pub agent: String,
}

/// How a try ended.
#[derive(Debug)]
pub enum Outcome {
    /// The session is open.
    Entered(Entered),
    /// The password is right; the security code comes next, from the same browser.
    Code,
    /// Refused. Why is not told: an unknown ID, a wrong password and a lock for strangers look alike.
    Refused,
    /// This device is locked for the typed ID until then.
    Locked(Timestamp),
    /// Too many try from devices unknown to the account they type, as this one does; until then. Nothing was looked at or kept.
    Crowded(Timestamp),
}

/// An open session.
#[derive(Debug)]
pub struct Entered {
    /// For the cookie.
    pub session: SessionToken,
    /// Only the steps of the first login are open.
    pub limited: bool,
    /// A new device cookie, if the browser had none of ours.
    pub device: Option<String>,
}

/// Why no answer could be found.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many hashes wait.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The session is over: the password that was asked for again was wrong too often.
    #[error("the session has ended")]
    Ended,
}

/// Logs in with user ID and password, chosen or temporary.
///
/// # Errors
/// [`LoginError`].
pub async fn log_in(app: &App, attempt: Attempt) -> Result<Outcome, LoginError> {
    Ok(match run(app, attempt, ENTER).await? {
        Tried::In(entered) => Outcome::Entered(entered),
        Tried::Code => Outcome::Code,
        Tried::Refused => Outcome::Refused,
        Tried::Locked(until) => Outcome::Locked(until),
        Tried::Crowded(again_at) => Outcome::Crowded(again_at),
    })
}

/// What a right password leads to, decided in the transaction that ends the try.
pub(super) struct Leads<T> {
    pub(super) goal: Goal,
    pub(super) by_password: Step<T>,
    pub(super) by_temporary: Step<T>,
}

type Step<T> = fn(&mut Tx<'_>, &Moment, &Claim, &Reserved, Account, &Found) -> Result<T, StoreError>;

/// To a session of the office.
const ENTER: Leads<Entered> = Leads { goal: Goal::Enter, by_password: enter, by_temporary: enter_first };

/// How a try ended, whatever it was for.
#[derive(Debug)]
pub(super) enum Tried<T> {
    In(T),
    Code,
    Refused,
    Locked(Timestamp),
    Crowded(Timestamp),
}

/// Looks at user ID and password.
///
/// A try that nothing speaks for takes a token of the bucket that all such tries share, before it costs anything; a right one gives it
/// back. Then one transaction counts the try as wrong; exactly one argon2 runs outside, whether the account exists or not and whether
/// a letter is out or not; a second transaction looks again and decides.
///
/// # Errors
/// [`LoginError`].
pub(super) async fn run<T: Send + 'static>(app: &App, attempt: Attempt, leads: Leads<T>) -> Result<Tried<T>, LoginError> {
    let claim = Claim::new(&app.keys, &attempt);
    let now = app.clock.now();
    let expected = app.store.read(|r| claim::is_expected(r, &app.keys, now, &claim, &attempt.password))?;
    let token = match (!expected).then(|| app.new_devices().admit(now)).transpose() {
        Ok(token) => token,
        Err(again_at) => return Ok(Tried::Crowded(again_at)),
    };
    let tried = examine_and_settle(app, claim, &attempt.password, leads).await;
    if let (Some(token), Ok(Tried::In(_) | Tried::Code) | Err(LoginError::Busy(_))) = (token, &tried) {
        app.new_devices().give_back(token);
    }
    tried
}

async fn examine_and_settle<T: Send + 'static>(
    app: &App,
    claim: Claim,
    password: &Secret<String>,
    leads: Leads<T>,
) -> Result<Tried<T>, LoginError> {
    let (moment, rules) = (app.moment(), app.config.lockout.clone());
    let at_start = claim.clone();
    let reserved = match app.store.write::<_, StoreError, _>(move |tx| claim::reserve(tx, &moment, &rules, &at_start)).await? {
        Reservation::Locked(until) => return Ok(Tried::Locked(until)),
        Reservation::Reserved(reserved) => reserved,
    };
    let found = match examine(app, &moment, &reserved, password).await {
        Ok(found) => found,
        Err(busy) => {
            app.store.write::<_, StoreError, _>(move |tx| claim::give_back(tx, &reserved)).await?;
            return Err(busy.into());
        }
    };
    // The hash may have waited: what is decided now is decided by the time of now.
    let moment = app.moment();
    Ok(app.store.write::<_, StoreError, _>(move |tx| settle(tx, &moment, &claim, &reserved, &found, &leads)).await?)
}

/// What was found outside the transactions.
#[derive(Clone, Debug)]
pub(super) struct Found {
    matched: Matched,
    /// The password hashed anew, where the parameters have changed.
    pub(super) rehashed: Option<PasswordHash>,
    /// A device cookie and its id, for a browser without one.
    new_device: (String, Id),
}

/// The one argon2, and the keyed hash that a temporary password needs. A hash made with older parameters is made anew.
async fn examine(app: &App, moment: &Moment, reserved: &Reserved, password: &Secret<String>) -> Result<Found, Busy> {
    let account = reserved.account.as_ref();
    let temporary = account.is_some_and(|account| {
        account.temporary.as_ref().is_some_and(|temporary| temporary.matches(&app.keys, account.user_id, password))
    });
    let stored = account.and_then(|account| account.password.clone());
    let verdict = app.hasher.verify(password.clone(), stored).await?;
    let rehashed = if verdict.rehash {
        let salt = moment.part("rehash").random().bytes();
        // Too busy to hash anew is no reason to refuse; the next login tries again.
        app.hasher.hash(password.clone(), salt).await.ok()
    } else {
        None
    };
    let new_device = devices::issue(&app.keys, &moment.part("device").random());
    Ok(Found { matched: Matched { password: verdict.matches, temporary }, rehashed, new_device })
}

fn settle<T>(
    tx: &mut Tx<'_>,
    moment: &Moment,
    claim: &Claim,
    reserved: &Reserved,
    found: &Found,
    leads: &Leads<T>,
) -> Result<Tried<T>, StoreError> {
    let present = claim.user_id.map(|user_id| accounts::find(tx, user_id)).transpose()?.flatten();
    let decision = decide(reserved.account.as_ref(), present.as_ref(), found.matched, reserved.open, moment.now);
    match (decision, present) {
        (Decision::Temporary, Some(account)) => (leads.by_temporary)(tx, moment, claim, reserved, account, found).map(Tried::In),
        (Decision::Password, Some(account)) => (leads.by_password)(tx, moment, claim, reserved, account, found).map(Tried::In),
        (Decision::Code, Some(account)) => {
            let mut waiting = Waiting::new(account.user_id, account.revision, claim.key().0, &claim.client, moment.now);
            waiting.goal = leads.goal;
            waiting.rehashed.clone_from(&found.rehashed);
            waiting.device = claim.device;
            wait_for_code(tx, moment, claim, reserved, &waiting)?;
            Ok(Tried::Code)
        }
        (Decision::Refused(why), _) => refuse(tx, moment, claim, reserved, why),
        (_, None) => refuse(tx, moment, claim, reserved, "unknown"),
    }
}

/// The try stays counted; nothing else is written but the entry.
fn refuse<T>(
    tx: &mut Tx<'_>,
    moment: &Moment,
    claim: &Claim,
    reserved: &Reserved,
    why: &'static str,
) -> Result<Tried<T>, StoreError> {
    audit::record(tx, moment, claim.refused(why))?;
    Ok(reserved.locks.map_or(Tried::Refused, Tried::Locked))
}

/// With the chosen password: the device is remembered.
fn enter(
    tx: &mut Tx<'_>,
    moment: &Moment,
    claim: &Claim,
    reserved: &Reserved,
    account: Account,
    found: &Found,
) -> Result<Entered, StoreError> {
    claim::succeed(tx, reserved)?;
    open(tx, moment, claim, account, found.rehashed.as_ref(), &found.new_device, claim.entered(ENTERED))
}

/// All that was asked for was right: the account notes the login, the device is remembered, the session opens.
pub(super) fn open(
    tx: &mut Tx<'_>,
    moment: &Moment,
    claim: &Claim,
    account: Account,
    rehashed: Option<&PasswordHash>,
    new_device: &(String, Id),
    entry: Event,
) -> Result<Entered, StoreError> {
    let device = claim.device.unwrap_or(new_device.1);
    devices::remember(tx, &account.user_id.to_string(), device, moment.now)?;
    open_as_stranger(tx, moment, claim, account, rehashed, new_device, entry)
}

/// The same for a way in that makes the device no known one: it is counted as before when a password is typed on it.
pub(super) fn open_as_stranger(
    tx: &mut Tx<'_>,
    moment: &Moment,
    claim: &Claim,
    mut account: Account,
    rehashed: Option<&PasswordHash>,
    new_device: &(String, Id),
    entry: Event,
) -> Result<Entered, StoreError> {
    note_login(&mut account, moment, claim);
    if let Some(hash) = rehashed {
        account.password = Some(hash.clone());
    }
    accounts::save_quietly(tx, &account)?;
    let (cookie, device) = claim.device.map_or_else(|| (Some(new_device.0.clone()), new_device.1), |id| (None, id));
    audit::record(tx, moment, entry)?;
    let with = OpenSession {
        address: claim.client.clone(),
        device: Some(device),
        limited: false,
        agent: claim.agent.clone(),
        place: None,
    };
    let session = sessions::open(tx, moment, Subject::Office(account.user_id), &with)?;
    Ok(Entered { session, limited: false, device: cookie })
}

/// The password is right, which counts neither as wrong nor as a login: the code decides.
fn wait_for_code(
    tx: &mut Tx<'_>,
    moment: &Moment,
    claim: &Claim,
    reserved: &Reserved,
    waiting: &Waiting,
) -> Result<(), StoreError> {
    claim::give_back(tx, reserved)?;
    waiting::put(tx, &claim.key().1, waiting)?;
    audit::record(tx, moment, claim.refused(WAITS_FOR_CODE))
}

/// With the temporary password: only the steps of the first login open, and the device is not remembered before they are done.
fn enter_first(
    tx: &mut Tx<'_>,
    moment: &Moment,
    claim: &Claim,
    reserved: &Reserved,
    mut account: Account,
    _: &Found,
) -> Result<Entered, StoreError> {
    claim::succeed(tx, reserved)?;
    note_login(&mut account, moment, claim);
    if account.use_temporary(moment.now) {
        account = accounts::save(tx, &account)?;
        first_use::follow(tx, moment, &account, &claim.client)?;
    } else {
        accounts::save_quietly(tx, &account)?;
    }
    audit::record(tx, moment, claim.entered("entered_by_temporary"))?;
    let with = OpenSession {
        address: claim.client.clone(),
        device: claim.device,
        limited: true,
        agent: claim.agent.clone(),
        place: None,
    };
    let session = sessions::open(tx, moment, Subject::Office(account.user_id), &with)?;
    Ok(Entered { session, limited: true, device: None })
}

fn note_login(account: &mut Account, moment: &Moment, claim: &Claim) {
    account.login_before =
        account.last_login.replace(LastLogin { at: moment.now, from: claim.client.clone(), agent: claim.agent.clone() });
}

/// Logs out: the session ends on the server.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn log_out(app: &App, session: [u8; 32], user_id: UserId, client: String) -> Result<(), StoreError> {
    let moment = app.moment();
    app.store
        .write(move |tx| {
            sessions::end(tx, &session)?;
            let event = Event::new(Actor::Office(user_id), "login.logout").office(user_id.office()).client(&client);
            audit::record(tx, &moment, event)
        })
        .await
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;
