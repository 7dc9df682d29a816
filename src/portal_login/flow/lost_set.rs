//! G3 `[変更]` of パスワードを忘れた方: the new password, and the end of all else that opened the account.

use super::home;
use super::lost::{Visitor, WRONG};
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, MailAddress};
use crate::passkeys;
use crate::portal::{self, Change, DOORS, Member, User};
use crate::portal_login::model::{Screen, Stage};
use crate::security::sessions::{self, Subject};
use crate::security::{PasswordHash, devices, limits};
use crate::store::{Reads, StoreError, Tx};

/// How \[変更\] ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::portal_login) enum Setting {
    /// The password is set, now or by the first of two clicks. The user knows this device; whose session has ended, where it was this click.
    Done(Id, Option<Id>),
    /// This flow is elsewhere.
    To(Screen),
    /// The user has changed since the code was entered: nothing was set, and a new code is needed.
    Overtaken,
}

/// The user whose password this flow may set. `Err` says what to do instead.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) fn proven(r: &impl Reads, visitor: &Visitor) -> Result<Result<User, Setting>, StoreError> {
    let flow = visitor.current(r)?;
    let Some(Stage::Proven { user, address, revision, .. }) = flow.as_ref().map(|flow| &flow.stage) else {
        return Ok(Err(Setting::To(visitor.home(flow.as_ref()))));
    };
    let home = visitor.home(flow.as_ref());
    if home != Screen::Password {
        return Ok(Err(Setting::To(home)));
    }
    let present = portal::user(r, *user)?.filter(|user| user.revision == *revision && user.mail.key() == address.key());
    let Some(present) = present else { return Ok(Err(Setting::Overtaken)) };
    // A suspension may have come since the code.
    let usable = portal::memberships(r, present.id)?.iter().any(Member::is_usable);
    Ok(if usable { Ok(present) } else { Err(Setting::Overtaken) })
}

/// Sets the password. Ended with it: every session, the initial password, logins that wait, passkeys, remembered and trusted devices but this
/// one, which is known from now on, and what was counted at the login. The user is told.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) fn set(
    tx: &mut Tx<'_>,
    visitor: &Visitor,
    hash: &PasswordHash,
    device: Id,
) -> Result<Setting, StoreError> {
    let mut user = match proven(tx, visitor)? {
        Ok(user) => user,
        Err(Setting::To(Screen::Done)) => {
            return Ok(match visitor.current(tx)?.map(|flow| flow.stage) {
                Some(Stage::Done { device, .. }) => Setting::Done(device, None),
                _ => Setting::To(Screen::Ask),
            });
        }
        Err(other) => return Ok(other),
    };
    let (moment, app, now) = (&visitor.here.moment, &visitor.here.app, visitor.here.moment.now);
    user.set_password(hash.clone(), now);
    let user = portal::save_user(tx, &user)?;
    let ended = sessions::end_all(tx, Subject::Portal(user.id))?;
    portal::forget_devices(tx, user.id)?;
    // This one has just been proved: the lock for strangers must not shut it out. It is asked for a code as any other.
    devices::remember(tx, &portal::device_owner(user.id), device, now)?;
    passkeys::forget_all(tx, Subject::Portal(user.id))?;
    forgive(tx, visitor, &user.mail)?;
    let members = portal::memberships(tx, user.id)?;
    let home = home(tx, &app.config, &members)?;
    portal::tell(tx, moment, &user, home, Change::Lost, &[])?;
    let event = Event::new(Actor::Portal { id: user.id }, "portal.lost_done").subject(super::about(&user, &members));
    audit::record(tx, moment, event.detail("sessions", ended).client(&visitor.here.caller.client))?;
    visitor.keep(tx, String::new(), Stage::Done { address: user.mail, device })?;
    Ok(Setting::Done(device, Some(user.id)))
}

/// What was wrong before was their own typing: at the login, and here.
fn forgive(tx: &mut Tx<'_>, visitor: &Visitor, address: &MailAddress) -> Result<(), StoreError> {
    DOORS.forget(tx, &visitor.door(address))?;
    let of_device = visitor.here.caller.device.map(|device| format!("{} {device}", address.key()));
    for who in std::iter::once(address.key()).chain(of_device) {
        limits::forget(tx, WRONG, &who)?;
    }
    Ok(())
}
