//! The second half of a login with a security code: the code, fixed or of an authenticator app, from the browser whose password was right.
//!
//! A code is counted as wrong before it is compared, and taken back when it was right, so that no parallel one slips past the count.

use std::sync::Arc;

use jiff::Timestamp;

use super::attempts::{CODE_OVER, CODE_WRONG, ENTERED, WAITED_FROM};
use super::claim::{self, Claim};
use super::code_counts::{RULE, counted_under};
use super::flow::{self, Entered, LoginError};
use super::goal::Goal;
use super::store::known_subject;
use super::waiting::{self, WRONG_CODES_END, Waiting};
use crate::accounts::{self, Account, AppCode, SecurityCode};
use crate::app::App;
use crate::audit::{self, Event};
use crate::config::Lockout;
use crate::kernel::{Id, Moment, Secret, UserId, text};
use crate::security::limits::{self, Allowance};
use crate::security::{Authenticator, Keys, PasswordHash, Purpose, devices};
use crate::store::{Reads, StoreError, Tx};

/// More steps than a right code may lie beside the present one.
const STEPS_APART: u64 = 20;

/// What the office has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// 6–8 digits of its choice.
    Fixed,
    /// The six digits of an authenticator app.
    App,
}

impl CodeKind {
    /// Of the code that is set.
    #[must_use]
    pub const fn of(code: &SecurityCode) -> Self {
        match code {
            SecurityCode::Fixed(_) => Self::Fixed,
            SecurityCode::App(_) => Self::App,
        }
    }

    /// Whether `typed` could be such a code at all, however wide and spaced. What could not be costs no try.
    #[must_use]
    pub fn looks_like(self, typed: &str) -> bool {
        match self {
            Self::Fixed => {
                let digits = text::code(typed);
                (6..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
            }
            Self::App => Authenticator::looks_like(typed),
        }
    }
}

/// The browser that sends the code.
#[derive(Clone, Debug)]
pub struct CodeCaller {
    /// The browser, which every visitor's cookie names.
    pub browser: [u8; 32],
    /// The device, if its cookie is ours.
    pub device: Option<Id>,
    /// The client's address.
    pub client: String,
    /// The browser in words of our own, for the list of sessions.
    pub agent: String,
}

/// How a code was answered.
#[derive(Debug)]
pub enum CodeAnswer {
    /// The session is open.
    Entered(Entered),
    /// The code is wrong, or was used already.
    Wrong {
        /// So many may be typed before the login must be begun anew.
        left: u32,
    },
    /// The login is over.
    Over(Ended),
}

/// Why a login that waited for its code is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nothing waits: it took too long, the account was changed meanwhile, or it has ended before.
    Gone,
    /// Too many wrong codes.
    Wrong,
    /// The same, and it was the failure that locks the device for this ID until then.
    Locked(Timestamp),
    /// So many codes were wrong in a day that none is looked at until then.
    Closed(Timestamp),
}

/// What kind of code the login of this browser waits for; `None` if none waits.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn waits_for(app: &App, browser: &[u8; 32], now: Timestamp) -> Result<Option<CodeKind>, StoreError> {
    kind_waited_for(app, browser, Goal::Enter, now)
}

pub(super) fn kind_waited_for(app: &App, browser: &[u8; 32], goal: Goal, now: Timestamp) -> Result<Option<CodeKind>, StoreError> {
    app.store.read(|r| Ok(still_waiting(r, browser, goal, now)?.map(|(_, _, code)| CodeKind::of(&code))))
}

/// Looks at a code and opens the session if it is right.
///
/// # Errors
/// [`LoginError`].
pub async fn enter_code(app: &App, typed: &str, caller: CodeCaller) -> Result<CodeAnswer, LoginError> {
    Ok(match run(app, typed, caller, Goal::Enter, enter).await? {
        Decided::Right(entered) => CodeAnswer::Entered(entered),
        Decided::Wrong { left } => CodeAnswer::Wrong { left },
        Decided::Over(ended) => CodeAnswer::Over(ended),
    })
}

/// How a code was answered, whatever it was for.
pub(super) enum Decided<T> {
    Right(T),
    Wrong { left: u32 },
    Over(Ended),
}

/// What a right code leads to.
type Step<T> = fn(&mut Tx<'_>, &Moment, &Shown<'_>, Account) -> Result<T, StoreError>;

/// A login whose code was right.
pub(super) struct Shown<'a> {
    pub(super) waiting: &'a Waiting,
    caller: &'a CodeCaller,
    claim: Claim,
    new_device: &'a (String, Id),
}

impl Shown<'_> {
    /// Its entry. It stands among those who knew the password as well, and takes the waiting one from them.
    pub(super) fn entry(&self, outcome: &'static str) -> Event {
        let entry = self.claim.entered(outcome).subject(known_subject(self.waiting.user_id.office()));
        let elsewhere = self.waiting.client != self.caller.client;
        if elsewhere { entry.detail(WAITED_FROM, &self.waiting.client) } else { entry }
    }
}

/// Who types which code for what, as both transactions need it.
struct Typed<T> {
    code: Secret<String>,
    caller: CodeCaller,
    goal: Goal,
    leads: Step<T>,
    keys: Keys,
    rules: Lockout,
    new_device: (String, Id),
}

pub(super) async fn run<T: Send + 'static>(
    app: &App,
    typed: &str,
    caller: CodeCaller,
    goal: Goal,
    leads: Step<T>,
) -> Result<Decided<T>, LoginError> {
    let moment = app.moment();
    let typed = Arc::new(Typed {
        code: Secret::new(text::code(typed)),
        caller,
        goal,
        leads,
        keys: app.keys.clone(),
        rules: app.config.lockout.clone(),
        new_device: devices::issue(&app.keys, &moment.part("device").random()),
    });
    let at_start = Arc::clone(&typed);
    let counted = match app.store.write(move |tx| begin(tx, &moment, &at_start)).await? {
        Begun::Decided(answer) => return Ok(answer),
        Begun::Compare(counted) => *counted,
    };
    let verdict = match app.hasher.verify(typed.code.clone(), Some(counted.hash.clone())).await {
        Ok(verdict) => verdict,
        Err(busy) => {
            app.store.write(move |tx| give_back(tx, &typed.caller, &counted)).await?;
            return Err(busy.into());
        }
    };
    let rehashed = if verdict.rehash {
        // Too busy to hash anew is no reason to refuse; the next login tries again.
        app.hasher.hash(typed.code.clone(), moment.part("rehash").random().bytes()).await.ok()
    } else {
        None
    };
    // The hash may have waited: what is decided now is decided by the time of now.
    let moment = app.moment();
    let answer = app.store.write(move |tx| {
        let waits = still_waiting(tx, &typed.caller.browser, typed.goal, moment.now)?;
        let Some((waiting, mut account, _)) = waits.filter(|(waiting, ..)| counted.is_of(waiting)) else {
            return Ok(Decided::Over(Ended::Gone));
        };
        if !verdict.matches {
            return wrong(tx, &moment, &typed.rules, &typed.caller, waiting, counted.nth);
        }
        limits::take_back(tx, counted.at, RULE, &counted.who)?;
        if let Some(hash) = &rehashed {
            account.security_code = Some(SecurityCode::Fixed(hash.clone()));
        }
        right(tx, &moment, &typed, &waiting, account)
    });
    Ok(answer.await?)
}

/// A fixed code that is counted as wrong while its hash runs.
#[derive(Clone, Debug)]
struct Counted {
    hash: PasswordHash,
    /// Whose code it is, and as of when: the browser may have begun another login meanwhile, of another account.
    of: (UserId, u64),
    /// Which one of this login it is, from 1.
    nth: u32,
    at: Timestamp,
    who: String,
}

impl Counted {
    fn is_of(&self, waiting: &Waiting) -> bool {
        self.of == (waiting.user_id, waiting.revision)
    }
}

enum Begun<T> {
    Compare(Box<Counted>),
    Decided(Decided<T>),
}

/// The login of this browser with its account and code, if all is as it was when the password was right. One that is for something else is
/// none.
fn still_waiting(
    r: &impl Reads,
    browser: &[u8; 32],
    goal: Goal,
    now: Timestamp,
) -> Result<Option<(Waiting, Account, SecurityCode)>, StoreError> {
    let Some(waiting) = waiting::find(r, browser, now)?.filter(|waiting| waiting.goal == goal) else { return Ok(None) };
    let account = accounts::find(r, waiting.user_id)?
        .filter(|account| account.opens() && account.revision == waiting.revision && account.usable_password().is_some());
    Ok(account.and_then(|account| {
        let code = account.security_code.clone()?;
        Some((waiting, account, code))
    }))
}

fn begin<T>(tx: &mut Tx<'_>, moment: &Moment, typed: &Typed<T>) -> Result<Begun<T>, StoreError> {
    let caller = &typed.caller;
    let Some((mut waiting, mut account, set)) = still_waiting(tx, &caller.browser, typed.goal, moment.now)? else {
        waiting::end(tx, &caller.browser)?;
        return Ok(Begun::Decided(Decided::Over(Ended::Gone)));
    };
    // The fifth is being looked at.
    if waiting.wrong >= WRONG_CODES_END {
        return Ok(Begun::Decided(Decided::Over(Ended::Wrong)));
    }
    let who = counted_under(tx, waiting.user_id, waiting.device)?;
    if let Allowance::Exceeded { again_at } = limits::hit(tx, moment.now, RULE, &who)? {
        waiting::end(tx, &caller.browser)?;
        audit::record(tx, moment, claim_of(&waiting, caller).refused(CODE_OVER))?;
        return Ok(Begun::Decided(Decided::Over(Ended::Closed(again_at))));
    }
    waiting.wrong += 1;
    waiting::put(tx, &caller.browser, &waiting)?;
    let app = match set {
        SecurityCode::Fixed(hash) => {
            let of = (waiting.user_id, waiting.revision);
            return Ok(Begun::Compare(Box::new(Counted { hash, of, nth: waiting.wrong, at: moment.now, who })));
        }
        SecurityCode::App(app) => app,
    };
    let Some(last_step) = step_of(&typed.keys, &app, &typed.code, moment.now) else {
        let nth = waiting.wrong;
        return wrong(tx, moment, &typed.rules, caller, waiting, nth).map(Begun::Decided);
    };
    limits::take_back(tx, moment.now, RULE, &who)?;
    account.security_code = Some(SecurityCode::App(AppCode { last_step, ..app }));
    right(tx, moment, typed, &waiting, account).map(Begun::Decided)
}

/// The time step of a right code that was not used yet.
fn step_of(keys: &Keys, app: &AppCode, code: &Secret<String>, now: Timestamp) -> Option<u64> {
    let secret = keys.open(Purpose::Authenticator, &app.secret)?;
    let step = Authenticator::from_secret(secret).check(code.expose(), now)?;
    // A step that no code of today can have was written by a clock that was ahead; it must not keep the office out until it comes.
    let last = if app.last_step > step + STEPS_APART { 0 } else { app.last_step };
    (step > last).then_some(step)
}

fn give_back(tx: &mut Tx<'_>, caller: &CodeCaller, counted: &Counted) -> Result<(), StoreError> {
    limits::take_back(tx, counted.at, RULE, &counted.who)?;
    if let Some(mut waiting) = waiting::find(tx, &caller.browser, counted.at)?.filter(|waiting| counted.is_of(waiting)) {
        waiting.wrong = waiting.wrong.saturating_sub(1);
        waiting::put(tx, &caller.browser, &waiting)?;
    }
    Ok(())
}

fn claim_of(waiting: &Waiting, caller: &CodeCaller) -> Claim {
    Claim::of((waiting.typed_key, caller.browser), waiting.user_id, waiting.device.or(caller.device), caller)
}

/// The `nth` code of this login stays counted. The first makes it a failed login, so that none is begun anew for nothing after four; the
/// fifth ends it. The right one takes that back.
fn wrong<T>(
    tx: &mut Tx<'_>,
    moment: &Moment,
    rules: &Lockout,
    caller: &CodeCaller,
    mut waiting: Waiting,
    nth: u32,
) -> Result<Decided<T>, StoreError> {
    let claim = claim_of(&waiting, caller);
    if waiting.failed.is_none() {
        // Locked already by others of its tries: then it counts there.
        claim::reserve(tx, moment, rules, &claim)?;
        waiting.failed = Some(moment.now);
        waiting::put(tx, &caller.browser, &waiting)?;
    }
    if nth < WRONG_CODES_END {
        audit::record(tx, moment, claim.refused(CODE_WRONG))?;
        let left = WRONG_CODES_END.saturating_sub(waiting.wrong);
        return Ok(if left == 0 { Decided::Over(Ended::Wrong) } else { Decided::Wrong { left } });
    }
    waiting::end(tx, &caller.browser)?;
    audit::record(tx, moment, claim.refused(CODE_OVER))?;
    let ended = claim::locked_until(tx, moment.now, &claim)?.map_or(Ended::Wrong, Ended::Locked);
    Ok(Decided::Over(ended))
}

/// What had gone wrong in this login before is taken back.
fn right<T>(
    tx: &mut Tx<'_>,
    moment: &Moment,
    typed: &Typed<T>,
    waiting: &Waiting,
    account: Account,
) -> Result<Decided<T>, StoreError> {
    let claim = claim_of(waiting, &typed.caller);
    waiting::end(tx, &typed.caller.browser)?;
    claim::succeed_at_last(tx, moment.now, &claim, waiting.failed)?;
    let shown = Shown { waiting, caller: &typed.caller, claim, new_device: &typed.new_device };
    (typed.leads)(tx, moment, &shown, account).map(Decided::Right)
}

/// The session opens, as it does without a code.
fn enter(tx: &mut Tx<'_>, moment: &Moment, shown: &Shown<'_>, account: Account) -> Result<Entered, StoreError> {
    let (entry, rehashed) = (shown.entry(ENTERED), shown.waiting.rehashed.as_ref());
    flow::open(tx, moment, &shown.claim, account, rehashed, shown.new_device, entry)
}
