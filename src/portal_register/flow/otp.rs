//! The one-time password at the 通知先.

use super::{Elsewhere, Visitor, still};
use crate::audit::{self, Actor};
use crate::codes::{self, Attempt, Entered, Purpose, Resent};
use crate::kernel::{Id, UserId};
use crate::portal_register::model::Stage;
use crate::store::{StoreError, Tx};

/// How an entry was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The code was looked at.
    Entered(Entered),
    /// The screen was drawn for another code of this browser, which has been asked for since: nothing was looked at.
    Overtaken,
    /// The flow is elsewhere, or over.
    Elsewhere(Elsewhere),
}

/// \[次へ\]: `shown` is the challenge that the screen was drawn for.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn enter(tx: &mut Tx<'_>, visitor: &Visitor, shown: Option<Id>, typed: &str) -> Result<Answered, StoreError> {
    let now = visitor.moment.now;
    let flow = visitor.current(tx)?;
    let Some(Stage::Asking { proof, address, challenge }) = flow.as_ref().map(|flow| flow.stage.clone()) else {
        return Ok(Answered::Elsewhere(Elsewhere::To(visitor.home(flow.as_ref()))));
    };
    if shown != Some(challenge) {
        return Ok(Answered::Overtaken);
    }
    if still(tx, proof, &address)?.is_none() {
        return Ok(Answered::Elsewhere(Elsewhere::Changed));
    }
    if codes::view(tx, &visitor.app.config.code, challenge, now)?.is_none_or(|view| view.end.is_some()) {
        // Whoever goes on typing costs no commit.
        return Ok(Answered::Entered(Entered::Ended));
    }
    let attempt = Attempt {
        id: challenge,
        browser: visitor.flow,
        purpose: Purpose::PortalRegister,
        now,
        keys: &visitor.app.keys,
        rules: &visitor.app.config.code,
    };
    let answer = codes::enter(tx, attempt, typed)?;
    match answer {
        Entered::Right => {
            let draft = flow.map(|flow| flow.draft).unwrap_or_default();
            visitor.keep(tx, draft, Stage::Proven { proof, address, since: now })?;
        }
        Entered::Wrong { .. } | Entered::Old { .. } => wrong(tx, visitor, proof.user_id, "wrong")?,
        // The entry that spends the last try.
        Entered::Ended => wrong(tx, visitor, proof.user_id, "ended")?,
        Entered::Expired | Entered::Used => {}
    }
    Ok(Answered::Entered(answer))
}

fn wrong(tx: &mut Tx<'_>, visitor: &Visitor, user_id: UserId, outcome: &'static str) -> Result<(), StoreError> {
    let event = visitor.event("portal.otp", Actor::Visitor, user_id).outcome(outcome);
    audit::record(tx, &visitor.moment, event)
}

/// \[再送\]. `Err`: the flow is elsewhere, or over.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn resend(tx: &mut Tx<'_>, visitor: &Visitor) -> Result<Result<Resent, Elsewhere>, StoreError> {
    let flow = visitor.current(tx)?;
    let Some(Stage::Asking { proof, address, challenge }) = flow.as_ref().map(|flow| &flow.stage) else {
        return Ok(Err(Elsewhere::To(visitor.home(flow.as_ref()))));
    };
    if still(tx, *proof, address)?.is_none() {
        return Ok(Err(Elsewhere::Changed));
    }
    codes::resend(tx, &visitor.moment, &visitor.app.config, *challenge, visitor.flow, &visitor.network).map(Ok)
}
