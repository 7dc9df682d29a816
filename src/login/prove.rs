//! Showing to 介護情報基盤ポータル that one is the office: by user ID, password and security code of the reception system, as at its login and
//! at the same costs – the same counts, locks and buckets. No session opens, no device is remembered, and the last login stays what it was:
//! the portal must not be a second door to the reception system.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::attempts::PROVED;
use super::claim::{self, Claim, Reserved};
use super::code::{self, CodeCaller, CodeKind, Decided, Ended, Shown};
use super::flow::{self, Attempt, Found, Leads, LoginError, Tried};
use super::goal::Goal;
use crate::accounts::{self, Account};
use crate::app::App;
use crate::audit::{self, Event};
use crate::kernel::{Moment, UserId};
use crate::security::PasswordHash;
use crate::store::{StoreError, Tx};

/// Which office has shown that it is one, and as of when: whoever relies on it looks whether the account is still the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Which.
    pub user_id: UserId,
    /// The account's, when password and code were right.
    pub revision: u64,
}

/// How a try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proving {
    /// All that was asked for is right.
    Proved(Proof),
    /// The password is right; the security code comes next, from the same browser.
    Code,
    /// It is the temporary password of a letter, which proves nothing here and stays unused.
    Temporary,
    /// Refused. Why is not told: an unknown ID, a wrong password and a lock for strangers look alike.
    Refused,
    /// This device is locked for the typed ID until then.
    Locked(Timestamp),
    /// Too many try from devices unknown to the account they type, as this one does; until then. Nothing was looked at or kept.
    Crowded(Timestamp),
}

/// How a code was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofAnswer {
    /// It is right.
    Proved(Proof),
    /// The code is wrong, or was used already.
    Wrong {
        /// So many may be typed before the proof must be begun anew.
        left: u32,
    },
    /// The proof is over.
    Over(Ended),
}

/// Looks at user ID and password, as [`super::log_in`] does.
///
/// # Errors
/// [`LoginError`].
pub async fn prove(app: &App, attempt: Attempt) -> Result<Proving, LoginError> {
    let leads = Leads { goal: Goal::Portal, by_password, by_temporary };
    Ok(match flow::run(app, attempt, leads).await? {
        Tried::In(proving) => proving,
        Tried::Code => Proving::Code,
        Tried::Refused => Proving::Refused,
        Tried::Locked(until) => Proving::Locked(until),
        Tried::Crowded(again_at) => Proving::Crowded(again_at),
    })
}

/// What kind of code the proof of this browser waits for; `None` if none waits.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn waits_for_proof(app: &App, browser: [u8; 32], now: Timestamp) -> Result<Option<CodeKind>, StoreError> {
    code::kind_waited_for(app, &browser, Goal::Portal, now)
}

/// Looks at a security code, as [`super::enter_code`] does.
///
/// # Errors
/// [`LoginError`].
pub async fn prove_code(app: &App, typed: &str, caller: CodeCaller) -> Result<ProofAnswer, LoginError> {
    Ok(match code::run(app, typed, caller, Goal::Portal, by_code).await? {
        Decided::Right(proof) => ProofAnswer::Proved(proof),
        Decided::Wrong { left } => ProofAnswer::Wrong { left },
        Decided::Over(ended) => ProofAnswer::Over(ended),
    })
}

fn by_password(
    tx: &mut Tx<'_>,
    moment: &Moment,
    claim: &Claim,
    reserved: &Reserved,
    account: Account,
    found: &Found,
) -> Result<Proving, StoreError> {
    claim::succeed(tx, reserved)?;
    let proof = proved(tx, moment, account, found.rehashed.as_ref(), claim.entered(PROVED))?;
    Ok(Proving::Proved(proof))
}

/// The first use of a temporary password ends the old one and much else; it is for the login of the reception system alone.
fn by_temporary(
    tx: &mut Tx<'_>,
    moment: &Moment,
    claim: &Claim,
    reserved: &Reserved,
    _: Account,
    _: &Found,
) -> Result<Proving, StoreError> {
    claim::give_back(tx, reserved)?;
    audit::record(tx, moment, claim.refused("temporary"))?;
    Ok(Proving::Temporary)
}

fn by_code(tx: &mut Tx<'_>, moment: &Moment, shown: &Shown<'_>, account: Account) -> Result<Proof, StoreError> {
    let entry = shown.entry(PROVED);
    proved(tx, moment, account, shown.waiting.rehashed.as_ref(), entry)
}

/// What the code or the hash has changed in the account is kept; nothing of it lets anybody in.
fn proved(
    tx: &mut Tx<'_>,
    moment: &Moment,
    mut account: Account,
    rehashed: Option<&PasswordHash>,
    entry: Event,
) -> Result<Proof, StoreError> {
    if let Some(hash) = rehashed {
        account.password = Some(hash.clone());
    }
    accounts::save_quietly(tx, &account)?;
    audit::record(tx, moment, entry)?;
    Ok(Proof { user_id: account.user_id, revision: account.revision })
}
