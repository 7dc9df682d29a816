//! L2: the one-time password of a login whose password was right, from the same browser.

use jiff::Timestamp;

use super::enter::{By, Entered, enter};
use super::{Here, about};
use crate::audit::{self, Actor, Event};
use crate::codes::{self, Attempt, Purpose, Resent};
use crate::kernel::Id;
use crate::portal::{self, DOORS, Member, User};
use crate::portal_login::model::Waiting;
use crate::portal_login::store;
use crate::store::{Reads, StoreError, Tx};

/// How a code was answered.
#[derive(Debug)]
pub(in crate::portal_login) enum Proved {
    /// The session is open.
    In(Entered),
    /// The code was looked at, and is not right.
    Not(codes::Entered),
    /// The screen was drawn for another login of this browser: nothing was looked at.
    Overtaken,
    /// The login is over.
    Over(Over),
}

/// Why a login that waited for its code is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::portal_login) enum Over {
    /// Nothing waits: it took too long, the user was changed meanwhile, or it has ended before.
    Gone,
    /// Too many wrong codes.
    Wrong,
    /// They are suspended everywhere by now.
    Suspended,
    /// The initial password that it began with opens no more.
    Initial,
}

/// The login of this browser with its user, if nothing has changed since the password was right.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) fn waiting(
    r: &impl Reads,
    browser: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(Waiting, User)>, StoreError> {
    let Some(waiting) = store::waiting(r, browser, now)? else { return Ok(None) };
    let user = portal::user(r, waiting.user)?.filter(|user| user.revision == waiting.revision);
    Ok(user.map(|user| (waiting, user)))
}

/// \[ログイン\]. `shown` is the challenge that the screen was drawn for; `trust`: no code is to be asked on this device any more.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) fn prove(
    tx: &mut Tx<'_>,
    here: &Here,
    shown: Option<Id>,
    typed: &str,
    trust: bool,
) -> Result<Proved, StoreError> {
    let (now, browser) = (here.moment.now, &here.caller.browser);
    let Some((waiting, user)) = waiting(tx, browser, now)? else { return over(tx, here, Over::Gone) };
    if shown != Some(waiting.challenge) {
        return Ok(Proved::Overtaken);
    }
    if waiting.initial && !user.initial_is_live(now) {
        return over(tx, here, Over::Initial);
    }
    // A suspension may have come meanwhile: it is told as after the password.
    let members = portal::memberships(tx, user.id)?;
    if !members.iter().any(Member::is_usable) {
        return over(tx, here, Over::Suspended);
    }
    let (keys, rules) = (&here.app.keys, &here.app.config.code);
    let attempt = Attempt { id: waiting.challenge, browser: *browser, purpose: Purpose::PortalLogin, now, keys, rules };
    match codes::enter(tx, attempt, typed)? {
        codes::Entered::Right => {
            store::end_waiting(tx, browser)?;
            let waited_from = Some(waiting.client).filter(|client| *client != here.caller.client);
            let Waiting { initial, door, failed, rehashed, .. } = waiting;
            enter(tx, here, user, &members, By { initial, door, failed, rehashed, trust, waited_from }).map(Proved::In)
        }
        codes::Entered::Used => over(tx, here, Over::Gone),
        codes::Entered::Ended => {
            fail(tx, here, waiting, &user, &members, "code_over")?;
            over(tx, here, Over::Wrong)
        }
        answer @ (codes::Entered::Wrong { .. } | codes::Entered::Old { .. }) => {
            fail(tx, here, waiting, &user, &members, "code_wrong")?;
            Ok(Proved::Not(answer))
        }
        answer @ codes::Entered::Expired => Ok(Proved::Not(answer)),
    }
}

fn over(tx: &mut Tx<'_>, here: &Here, why: Over) -> Result<Proved, StoreError> {
    store::end_waiting(tx, &here.caller.browser)?;
    Ok(Proved::Over(why))
}

/// The first wrong code makes the login a failed one, so that none is begun anew for nothing after four. The right one takes that back.
fn fail(
    tx: &mut Tx<'_>,
    here: &Here,
    mut waiting: Waiting,
    user: &User,
    members: &[Member],
    outcome: &'static str,
) -> Result<(), StoreError> {
    let (now, caller) = (here.moment.now, &here.caller);
    let event = Event::new(Actor::Visitor, "portal.login").outcome(outcome).client(&caller.client);
    let event = event.subject(portal::refused_subject(&waiting.door)).subject(about(user, members));
    if waiting.failed.is_none() {
        let knock = portal::knock(waiting.door, Some(user), caller.browser, waiting.device.or(caller.device));
        // Locked already by others of its tries: then it counts there.
        if DOORS.reserve(tx, now, &here.app.config.lockout, &knock)?.is_ok() {
            waiting.failed = Some(now);
        }
        store::put_waiting(tx, &caller.browser, &waiting)?;
    }
    audit::record(tx, &here.moment, event)
}

/// \[再送\]. `None` if no login waits here.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) fn resend(tx: &mut Tx<'_>, here: &Here) -> Result<Option<Resent>, StoreError> {
    let (now, browser) = (here.moment.now, here.caller.browser);
    let Some((mut waiting, _)) = waiting(tx, &browser, now)? else { return Ok(None) };
    let network = &here.caller.network;
    let resent = codes::resend(tx, &here.moment, &here.app.config, waiting.challenge, browser, network)?;
    if resent == Resent::Sent {
        // The login waits for as long as the code that the screen names.
        waiting.at = now;
        store::put_waiting(tx, &browser, &waiting)?;
    }
    Ok(Some(resent))
}
