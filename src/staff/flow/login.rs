//! Logging in: name and password, then the code of the authenticator app.

use jiff::Timestamp;

use super::super::model::{ATTEMPT_OPEN, Attempt, Member, StaffName, WRONG_CODES_END};
use super::super::{news, store};
use super::tries::{self, Reserved};
use super::{FlowError, device_owner, of_member};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, Moment, Secret};
use crate::security::sessions::{self, OpenSession, SessionToken, Subject};
use crate::security::{Authenticator, Keys, PasswordHash, Purpose, devices};
use crate::store::{StoreError, Tx};

/// The browser that tries.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The browser, which every visitor's cookie names.
    pub browser: [u8; 32],
    /// The device, if its cookie is ours.
    pub device: Option<Id>,
    /// What the device is remembered as after a complete login: the same, or a new one.
    pub remember_as: Id,
    /// The client's address.
    pub client: String,
    /// The browser in words of our own.
    pub agent: String,
    /// The session that this browser still carries; a new login ends it.
    pub former: Option<[u8; 32]>,
}

/// How name and password were answered.
#[derive(Debug)]
pub enum Passed {
    /// They are right: the code comes next, from the same browser.
    Code,
    /// Refused. Why is not told: an unknown name, a wrong password, a disabled member and a lock for strangers look alike.
    Refused,
    /// This device is locked for the typed name until then.
    Locked(Timestamp),
    /// Too many try from devices unknown to the account they type, as this one does; until then. Nothing was looked at or kept.
    Crowded(Timestamp),
}

/// Compares name and password. Exactly one argon2 runs, whether the name exists or not. A try from a device that the member does not
/// know takes a token of the bucket that all such tries share, offices' as well, before it costs anything; a right one gives it back.
///
/// # Errors
/// [`FlowError`].
pub async fn pass(app: &App, name: StaffName, password: Secret<String>, caller: Caller) -> Result<Passed, FlowError> {
    let now = app.clock.now();
    let known = app.store.read(|r| tries::is_known(r, now, &app.keys, &name, &caller))?;
    let token = match (!known).then(|| app.new_devices().admit(now)).transpose() {
        Ok(token) => token,
        Err(again_at) => return Ok(Passed::Crowded(again_at)),
    };
    let passed = compare(app, name, password, caller).await;
    if let (Some(token), Ok(Passed::Code) | Err(FlowError::Busy(_))) = (token, &passed) {
        app.new_devices().give_back(token);
    }
    passed
}

async fn compare(app: &App, name: StaffName, password: Secret<String>, caller: Caller) -> Result<Passed, FlowError> {
    let (moment, rules) = (app.moment(), app.config.lockout.clone());
    let reserved = app
        .store
        .write({
            let (keys, caller) = (app.keys.clone(), caller.clone());
            move |tx| {
                let reserved = tries::reserve(tx, moment.now, &rules, &keys, &name, &caller)?;
                if reserved.as_ref().is_err_and(|locked| locked.tell) {
                    audit::record(tx, &moment, refused("locked", &caller))?;
                }
                Ok::<_, StoreError>(reserved)
            }
        })
        .await?;
    let reserved = match reserved {
        Ok(reserved) => reserved,
        Err(locked) => return Ok(Passed::Locked(locked.until)),
    };
    let stored = reserved.member.as_ref().and_then(|member| member.password.clone());
    let verdict = match app.hasher.verify(password.clone(), stored).await {
        Ok(verdict) => verdict,
        Err(busy) => {
            app.store.write(move |tx| tries::give_back(tx, &reserved)).await?;
            return Err(busy.into());
        }
    };
    let rehashed = if verdict.rehash {
        // Too busy to hash anew is no reason to refuse; the next login tries again.
        app.hasher.hash(password, moment.part("rehash").random().bytes()).await.ok()
    } else {
        None
    };
    let moment = app.moment();
    let passed = app.store.write(move |tx| settle(tx, &moment, &reserved, &caller, verdict.matches, rehashed.as_ref())).await?;
    Ok(passed)
}

/// Looks at the member again and decides: whoever was disabled or reset while the hash ran is refused.
fn settle(
    tx: &mut Tx<'_>,
    moment: &Moment,
    reserved: &Reserved,
    caller: &Caller,
    matches: bool,
    rehashed: Option<&PasswordHash>,
) -> Result<Passed, StoreError> {
    let asked = reserved.member.as_ref().map_or((Id::from_bytes([0; 16]), 0), |member| (member.id, member.revision));
    let present = store::find(tx, asked.0)?.filter(|member| member.revision == asked.1 && member.may_enter());
    let Some(member) = present.filter(|_| matches && reserved.held.open) else {
        audit::record(tx, moment, refused("refused", caller).subject(asked.0))?;
        return Ok(reserved.held.locks.map_or(Passed::Refused, Passed::Locked));
    };
    tries::give_back(tx, reserved)?;
    let expires = moment.now.saturating_add(ATTEMPT_OPEN).unwrap_or(Timestamp::MAX);
    let rehashed = rehashed.cloned();
    let attempt = Attempt { member: member.id, revision: member.revision, wrong: 0, expires, rehashed };
    store::save_attempt(tx, &caller.browser, &attempt)?;
    audit::record(tx, moment, of_member(refused("password_right", caller), &member))?;
    Ok(Passed::Code)
}

fn refused(outcome: &'static str, caller: &Caller) -> Event {
    Event::new(Actor::Visitor, "staff.login").outcome(outcome).client(&caller.client)
}

/// How a code was answered.
#[derive(Debug)]
pub enum Entered {
    /// The session of this member is open.
    In(SessionToken, Id),
    /// The code is wrong, or was used already; so many tries are left.
    Wrong {
        /// Before the login must be begun anew.
        left: u32,
    },
    /// The login is over: too many wrong codes, too late, or the member was changed meanwhile.
    Over,
}

/// Whether a login of this browser waits for its code.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn waits(app: &App, browser: [u8; 32], now: Timestamp) -> Result<bool, StoreError> {
    app.store.read(|r| Ok(store::attempt(r, &browser)?.is_some_and(|attempt| attempt.waits(now))))
}

/// Compares a code and opens the session. Counting and comparing are one transaction, committed before the answer leaves.
///
/// # Errors
/// [`FlowError`].
pub async fn enter(app: &App, typed: String, caller: Caller) -> Result<Entered, FlowError> {
    let (moment, keys, rules) = (app.moment(), app.keys.clone(), app.config.lockout.clone());
    let entered = app
        .store
        .write(move |tx| {
            let Some(mut attempt) = store::attempt(tx, &caller.browser)? else { return Ok(Entered::Over) };
            let member = store::find(tx, attempt.member)?
                .filter(|member| member.revision == attempt.revision && member.may_enter() && attempt.waits(moment.now));
            let Some(mut member) = member else {
                store::end_attempt(tx, &caller.browser)?;
                return Ok(Entered::Over);
            };
            if let Some(step) = step_of(&keys, &member, &typed, moment.now) {
                member.last_step = step;
                store::end_attempt(tx, &caller.browser)?;
                let door = tries::door(&keys, &member.name);
                let id = member.id;
                let session = open(tx, &moment, member, (door, "done"), attempt.rehashed.take(), &caller)?;
                return Ok(Entered::In(session, id));
            }
            attempt.wrong += 1;
            member.wrong_codes += 1;
            let over = attempt.wrong >= WRONG_CODES_END;
            let reserved = if over { Some(tries::reserve(tx, moment.now, &rules, &keys, &member.name, &caller)?) } else { None };
            store::save(tx, &member)?;
            let event = of_member(refused(if over { "codes_exhausted" } else { "wrong_code" }, &caller), &member);
            audit::record(tx, &moment, event)?;
            if reserved.is_some() {
                store::end_attempt(tx, &caller.browser)?;
                return Ok(Entered::Over);
            }
            store::save_attempt(tx, &caller.browser, &attempt)?;
            Ok::<_, StoreError>(Entered::Wrong { left: WRONG_CODES_END - attempt.wrong })
        })
        .await?;
    Ok(entered)
}

/// More steps than a right code may lie beside the present one.
const STEPS_APART: u64 = 20;

/// The time step of a right code that was not used yet.
fn step_of(keys: &Keys, member: &Member, typed: &str, now: Timestamp) -> Option<u64> {
    let secret = keys.open(Purpose::Authenticator, member.authenticator.as_ref()?)?;
    let step = Authenticator::from_secret(secret).check(typed, now)?;
    // A step that no code of today can have was written by a clock that was ahead; it must not keep the member out until it comes.
    let last = if member.last_step > step + STEPS_APART { 0 } else { member.last_step };
    (step > last).then_some(step)
}

fn open(
    tx: &mut Tx<'_>,
    moment: &Moment,
    mut member: Member,
    (door, outcome): ([u8; 32], &'static str),
    rehashed: Option<PasswordHash>,
    caller: &Caller,
) -> Result<SessionToken, StoreError> {
    member.wrong_codes = 0;
    news::entered(&mut member.passkey_news);
    if let Some(hash) = rehashed {
        member.password = Some(hash);
    }
    tries::succeed(tx, door, member.id, caller)?;
    devices::remember(tx, &device_owner(member.id), caller.remember_as, moment.now)?;
    open_as_stranger(tx, moment, member, outcome, caller)
}

/// The same for a way in that forgets no wrong password or code, and makes the device no known one.
fn open_as_stranger(
    tx: &mut Tx<'_>,
    moment: &Moment,
    mut member: Member,
    outcome: &'static str,
    caller: &Caller,
) -> Result<SessionToken, StoreError> {
    member.last_login = Some(moment.now);
    store::save(tx, &member)?;
    if let Some(former) = &caller.former {
        sessions::end(tx, former)?;
    }
    let device = Some(caller.remember_as);
    let with = OpenSession { address: caller.client.clone(), device, limited: false, agent: caller.agent.clone(), place: None };
    let session = sessions::open(tx, moment, Subject::Staff(member.id), &with)?;
    let actor = Actor::Staff { id: member.id, name: member.name.to_string() };
    audit::record(tx, moment, of_member(Event::new(actor, "staff.login").outcome(outcome).client(&caller.client), &member))?;
    Ok(session)
}

/// Opens the session of a member whose passkey has answered: neither password nor code is asked. Who may not enter is refused. Locks are for
/// passwords and codes, which can be guessed: this way in stays open and ends none of them, or who has the passkey only could guess for ever.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn enter_by_passkey(
    tx: &mut Tx<'_>,
    moment: &Moment,
    (member, passkey): (Id, Id),
    caller: &Caller,
) -> Result<Option<SessionToken>, StoreError> {
    let Some(mut member) = store::find(tx, member)?.filter(Member::may_enter) else {
        refuse_passkey(tx, moment, Some(member), caller, "passkey_disabled")?;
        return Ok(None);
    };
    news::entered_by_passkey(&mut member.passkey_news);
    let session = open_as_stranger(tx, moment, member, "entered_by_passkey", caller)?;
    // The password was not entered: before anything that opens the account changes, it is.
    sessions::change(tx, &sessions::hash(session.expose()), |session| {
        session.reauthenticated = Timestamp::UNIX_EPOCH;
        session.passkey = Some(passkey);
    })?;
    Ok(Some(session))
}

/// The entry of a passkey that was refused; `None` if it is nobody's.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn refuse_passkey(
    tx: &mut Tx<'_>,
    moment: &Moment,
    member: Option<Id>,
    caller: &Caller,
    why: &'static str,
) -> Result<(), StoreError> {
    let member = member.map(|id| store::find(tx, id)).transpose()?.flatten();
    let event = refused(why, caller);
    let event = match &member {
        Some(member) => of_member(event, member),
        None => event,
    };
    audit::record(tx, moment, event)
}
