//! Entering with a passkey, whose answer `passkeys` has checked: whom it opens is decided here, beside the password.

use jiff::Timestamp;

use super::enter::{Entered, open};
use super::{Caller, Here, about};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, Moment};
use crate::portal::{self, Member};
use crate::security::sessions;
use crate::store::{StoreError, Tx};

/// Opens the session of a user whose passkey has answered: neither password nor code is asked; suspension, institution and terms are. Who has
/// no password of their own is refused: a passkey never stands instead of it. Locks are for passwords, which can be guessed: this way in stays
/// open, ends none of them, and makes no device known.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn enter_by_passkey(
    tx: &mut Tx<'_>,
    app: &App,
    moment: &Moment,
    (user, passkey): (Id, Id),
    caller: &Caller,
) -> Result<Option<Entered>, StoreError> {
    let Some(present) = portal::user(tx, user)?.filter(portal::User::opens_by_password) else {
        refuse_passkey(tx, moment, Some(user), caller, "passkey_disabled")?;
        return Ok(None);
    };
    let members = portal::memberships(tx, user)?;
    if !members.iter().any(Member::is_usable) {
        refuse_passkey(tx, moment, Some(user), caller, "suspended")?;
        return Ok(None);
    }
    let here = Here { app: app.clone(), moment: *moment, caller: caller.clone() };
    let event = Event::new(Actor::Portal { id: user }, "portal.login").outcome("entered_by_passkey");
    let entered = open(tx, &here, present, &members, (false, None), event)?;
    // The password was not entered: before anything that opens the account changes, it is.
    sessions::change(tx, &sessions::hash(entered.session.expose()), |session| {
        session.reauthenticated = Timestamp::UNIX_EPOCH;
        session.passkey = Some(passkey);
    })?;
    Ok(Some(entered))
}

/// The entry of a passkey that was refused; `None` if it is nobody's.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn refuse_passkey(
    tx: &mut Tx<'_>,
    moment: &Moment,
    user: Option<Id>,
    caller: &Caller,
    why: &'static str,
) -> Result<(), StoreError> {
    let event = Event::new(Actor::Visitor, "portal.login").outcome(why).client(&caller.client);
    let Some(user) = user.map(|id| portal::user(tx, id)).transpose()?.flatten() else {
        return audit::record(tx, moment, event);
    };
    let members = portal::memberships(tx, user.id)?;
    audit::record(tx, moment, event.subject(about(&user, &members)))
}
