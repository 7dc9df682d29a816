//! The second half of a login with a security code: the code, fixed or of an authenticator app, from the browser whose password was right.
//!
//! A code is counted as wrong before it is compared, and taken back when it was right, so that no parallel one slips past the count.

use jiff::{SignedDuration, Timestamp};

use super::attempts::{CODE_OVER, CODE_WRONG, ENTERED, WAITED_FROM};
use super::claim::{self, Claim};
use super::flow::{self, Entered, LoginError};
use super::store::known_subject;
use super::waiting::{self, WRONG_CODES_END, Waiting};
use crate::accounts::{self, Account, AppCode, SecurityCode};
use crate::app::App;
use crate::audit;
use crate::config::Lockout;
use crate::kernel::{Id, Moment, Secret, UserId, text};
use crate::security::limits::{self, Allowance, Rule};
use crate::security::{Authenticator, Keys, PasswordHash, Purpose, devices};
use crate::store::{Reads, StoreError, Tx};

/// Wrong codes of one account in a day, over all its logins: of all devices it does not know together, and of each one that it does
/// (quality bar 16). Only who has its password is counted here.
const RULE: Rule = Rule { name: "login.code", per: SignedDuration::from_hours(24), most: 100 };

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
    app.store.read(|r| Ok(still_waiting(r, browser, now)?.map(|(_, _, code)| CodeKind::of(&code))))
}

/// Looks at a code and opens the session if it is right.
///
/// # Errors
/// [`LoginError`].
pub async fn enter_code(app: &App, typed: &str, caller: CodeCaller) -> Result<CodeAnswer, LoginError> {
    let code = Secret::new(text::code(typed));
    let (moment, keys, rules) = (app.moment(), app.keys.clone(), app.config.lockout.clone());
    let new_device = devices::issue(&app.keys, &moment.part("device").random());
    let begun = {
        let (code, caller, new_device) = (code.clone(), caller.clone(), new_device.clone());
        let rules = rules.clone();
        app.store.write(move |tx| begin(tx, &moment, &keys, &rules, &code, &caller, &new_device)).await?
    };
    let counted = match begun {
        Begun::Decided(answer) => return Ok(answer),
        Begun::Compare(counted) => *counted,
    };
    let verdict = match app.hasher.verify(code.clone(), Some(counted.hash.clone())).await {
        Ok(verdict) => verdict,
        Err(busy) => {
            app.store.write(move |tx| give_back(tx, &caller, &counted)).await?;
            return Err(busy.into());
        }
    };
    let rehashed = if verdict.rehash {
        // Too busy to hash anew is no reason to refuse; the next login tries again.
        app.hasher.hash(code, moment.part("rehash").random().bytes()).await.ok()
    } else {
        None
    };
    // The hash may have waited: what is decided now is decided by the time of now.
    let moment = app.moment();
    let answer = app.store.write(move |tx| {
        let waits = still_waiting(tx, &caller.browser, moment.now)?.filter(|(waiting, ..)| counted.is_of(waiting));
        let Some((waiting, mut account, _)) = waits else { return Ok(CodeAnswer::Over(Ended::Gone)) };
        if !verdict.matches {
            return wrong(tx, &moment, &rules, &caller, waiting, counted.nth);
        }
        limits::take_back(tx, counted.at, RULE, &counted.who)?;
        if let Some(hash) = &rehashed {
            account.security_code = Some(SecurityCode::Fixed(hash.clone()));
        }
        right(tx, &moment, &caller, &waiting, account, &new_device)
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

enum Begun {
    Compare(Box<Counted>),
    Decided(CodeAnswer),
}

/// The login of this browser with its account and code, if all is as it was when the password was right.
fn still_waiting(
    r: &impl Reads,
    browser: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(Waiting, Account, SecurityCode)>, StoreError> {
    let Some(waiting) = waiting::find(r, browser, now)? else { return Ok(None) };
    let account = accounts::find(r, waiting.user_id)?
        .filter(|account| account.opens() && account.revision == waiting.revision && account.usable_password().is_some());
    Ok(account.and_then(|account| {
        let code = account.security_code.clone()?;
        Some((waiting, account, code))
    }))
}

fn begin(
    tx: &mut Tx<'_>,
    moment: &Moment,
    keys: &Keys,
    rules: &Lockout,
    code: &Secret<String>,
    caller: &CodeCaller,
    new_device: &(String, Id),
) -> Result<Begun, StoreError> {
    let Some((mut waiting, mut account, set)) = still_waiting(tx, &caller.browser, moment.now)? else {
        waiting::end(tx, &caller.browser)?;
        return Ok(Begun::Decided(CodeAnswer::Over(Ended::Gone)));
    };
    // The fifth is being looked at.
    if waiting.wrong >= WRONG_CODES_END {
        return Ok(Begun::Decided(CodeAnswer::Over(Ended::Wrong)));
    }
    let who = counted_under(tx, &waiting)?;
    if let Allowance::Exceeded { again_at } = limits::hit(tx, moment.now, RULE, &who)? {
        waiting::end(tx, &caller.browser)?;
        audit::record(tx, moment, claim_of(&waiting, caller).refused(CODE_OVER))?;
        return Ok(Begun::Decided(CodeAnswer::Over(Ended::Closed(again_at))));
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
    let Some(last_step) = step_of(keys, &app, code, moment.now) else {
        let nth = waiting.wrong;
        return wrong(tx, moment, rules, caller, waiting, nth).map(Begun::Decided);
    };
    limits::take_back(tx, moment.now, RULE, &who)?;
    account.security_code = Some(SecurityCode::App(AppCode { last_step, ..app }));
    right(tx, moment, caller, &waiting, account, new_device).map(Begun::Decided)
}

/// The time step of a right code that was not used yet.
fn step_of(keys: &Keys, app: &AppCode, code: &Secret<String>, now: Timestamp) -> Option<u64> {
    let secret = keys.open(Purpose::Authenticator, &app.secret)?;
    let step = Authenticator::from_secret(secret).check(code.expose(), now)?;
    // A step that no code of today can have was written by a clock that was ahead; it must not keep the office out until it comes.
    let last = if app.last_step > step + STEPS_APART { 0 } else { app.last_step };
    (step > last).then_some(step)
}

fn counted_under(r: &impl Reads, waiting: &Waiting) -> Result<String, StoreError> {
    let user_id = waiting.user_id.to_string();
    Ok(match waiting.device {
        Some(device) if devices::is_known(r, &user_id, device)? => of_device(&user_id, device),
        _ => user_id,
    })
}

fn of_device(user_id: &str, device: Id) -> String {
    format!("{user_id} {device}")
}

/// Until when codes of this account are not looked at: those of unknown devices, and those of known ones that are closed.
pub(super) fn closed(r: &impl Reads, user_id: UserId, now: Timestamp) -> Result<(Option<Timestamp>, Vec<Timestamp>), StoreError> {
    let user_id = user_id.to_string();
    let until = |who: &str| match limits::peek(r, now, RULE, who)? {
        Allowance::Fine => Ok::<_, StoreError>(None),
        Allowance::Exceeded { again_at } => Ok(Some(again_at)),
    };
    let mut known = Vec::new();
    for device in devices::of(r, &user_id)? {
        known.extend(until(&of_device(&user_id, device))?);
    }
    Ok((until(&user_id)?, known))
}

/// Forgets the wrong codes of this account, of all devices; says of how many there were any.
pub(super) fn forget(tx: &mut Tx<'_>, user_id: UserId) -> Result<usize, StoreError> {
    let user_id = user_id.to_string();
    let mut rows = usize::from(limits::forget(tx, RULE, &user_id)?);
    for device in devices::of(tx, &user_id)? {
        rows += usize::from(limits::forget(tx, RULE, &of_device(&user_id, device))?);
    }
    Ok(rows)
}

/// Forgets the wrong codes of one device.
pub(super) fn forget_device(tx: &mut Tx<'_>, user_id: UserId, device: Id) -> Result<(), StoreError> {
    limits::forget(tx, RULE, &of_device(&user_id.to_string(), device)).map(drop)
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
fn wrong(
    tx: &mut Tx<'_>,
    moment: &Moment,
    rules: &Lockout,
    caller: &CodeCaller,
    mut waiting: Waiting,
    nth: u32,
) -> Result<CodeAnswer, StoreError> {
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
        return Ok(if left == 0 { CodeAnswer::Over(Ended::Wrong) } else { CodeAnswer::Wrong { left } });
    }
    waiting::end(tx, &caller.browser)?;
    audit::record(tx, moment, claim.refused(CODE_OVER))?;
    let ended = claim::locked_until(tx, moment.now, &claim)?.map_or(Ended::Wrong, Ended::Locked);
    Ok(CodeAnswer::Over(ended))
}

/// The session opens, as it does without a code.
fn right(
    tx: &mut Tx<'_>,
    moment: &Moment,
    caller: &CodeCaller,
    waiting: &Waiting,
    account: Account,
    new_device: &(String, Id),
) -> Result<CodeAnswer, StoreError> {
    let claim = claim_of(waiting, caller);
    waiting::end(tx, &caller.browser)?;
    claim::succeed_at_last(tx, moment.now, &claim, waiting.failed)?;
    let mut entry = claim.entered(ENTERED).subject(known_subject(waiting.user_id.office()));
    if waiting.client != caller.client {
        entry = entry.detail(WAITED_FROM, &waiting.client);
    }
    flow::open(tx, moment, &claim, account, waiting.rehashed.as_ref(), new_device, entry).map(CodeAnswer::Entered)
}
