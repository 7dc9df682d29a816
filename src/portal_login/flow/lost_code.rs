//! G2 of パスワードを忘れた方: the one-time password.

use super::home;
use super::lost::{Visitor, WRONG};
use crate::audit;
use crate::codes::{self, Attempt, Entered, Purpose, Resent};
use crate::kernel::{MailAddress, Prefecture};
use crate::portal::{self, Member};
use crate::portal_login::model::{Screen, Stage};
use crate::security::limits;
use crate::store::{StoreError, Tx};

/// How a code was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::portal_login) enum Proved {
    /// Right: on to G3.
    Right,
    /// Right, and the user is suspended at every institution. Whom to call.
    Suspended(Prefecture),
    /// It was looked at, and is not right.
    Not(Entered),
    /// This flow is elsewhere.
    To(Screen),
}

/// \[次へ\].
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) fn prove(tx: &mut Tx<'_>, visitor: &Visitor, typed: &str) -> Result<Proved, StoreError> {
    let (now, app) = (visitor.here.moment.now, &visitor.here.app);
    let flow = visitor.current(tx)?;
    let Some((Stage::Proving { address, challenge }, kept)) = flow.as_ref().map(|flow| (flow.stage.clone(), flow.typed.clone()))
    else {
        return Ok(Proved::To(visitor.home(flow.as_ref())));
    };
    let open = codes::view(tx, &app.config.code, challenge, now)?.is_some_and(|view| view.end.is_none());
    if !open {
        // Whoever goes on typing costs no commit.
        return Ok(Proved::Not(Entered::Ended));
    }
    let asked = visitor.asked(tx, &address)?;
    // What was right when the code was asked for may have ended since: then no entry is right any more.
    codes::restrict(tx, challenge, asked.opens())?;
    let (keys, rules) = (&app.keys, &app.config.code);
    let attempt = Attempt { id: challenge, browser: visitor.flow, purpose: Purpose::PortalLost, now, keys, rules };
    let answer = codes::enter(tx, attempt, typed)?;
    match (answer, asked.user) {
        (Entered::Right, Some(user)) => {
            audit::record(tx, &visitor.here.moment, visitor.event("portal.lost_code", &address).outcome("right"))?;
            let members = portal::memberships(tx, user.id)?;
            // Told only to who reads the mailbox: nobody else can tell them from others.
            if !members.iter().any(Member::is_usable) {
                visitor.keep(tx, kept, Stage::Typing)?;
                return Ok(Proved::Suspended(home(tx, &app.config, &members)?));
            }
            let (user, revision) = (user.id, user.revision);
            visitor.keep(tx, kept, Stage::Proven { user, address, revision, since: now })?;
            Ok(Proved::Right)
        }
        (Entered::Wrong { .. } | Entered::Old { .. }, _) => wrong(tx, visitor, &address, &asked.who, answer, "wrong"),
        // The entry that spends the last try.
        (Entered::Ended, _) => wrong(tx, visitor, &address, &asked.who, answer, "ended"),
        (other, _) => Ok(Proved::Not(other)),
    }
}

/// Counts a wrong entry against the typed address, anybody's or not.
fn wrong(
    tx: &mut Tx<'_>,
    visitor: &Visitor,
    address: &MailAddress,
    who: &str,
    answer: Entered,
    outcome: &'static str,
) -> Result<Proved, StoreError> {
    limits::hit(tx, visitor.here.moment.now, WRONG, who)?;
    audit::record(tx, &visitor.here.moment, visitor.event("portal.lost_code", address).outcome(outcome))?;
    Ok(Proved::Not(answer))
}

/// \[再送\]. `Err(screen)` if this flow is elsewhere.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) fn resend(tx: &mut Tx<'_>, visitor: &Visitor) -> Result<Result<Resent, Screen>, StoreError> {
    let flow = visitor.current(tx)?;
    let Some(Stage::Proving { address, challenge }) = flow.as_ref().map(|flow| &flow.stage) else {
        return Ok(Err(visitor.home(flow.as_ref())));
    };
    let opens = visitor.asked(tx, address)?.opens();
    codes::restrict(tx, *challenge, opens)?;
    let (here, network) = (&visitor.here, &visitor.here.caller.network);
    codes::resend(tx, &here.moment, &here.app.config, *challenge, visitor.flow, network).map(Ok)
}
