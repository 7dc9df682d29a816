//! All that was asked for was right: the session opens.

use jiff::Timestamp;

use super::{Here, about, arrive, only_place};
use crate::accounts::LastLogin;
use crate::audit::{self, Actor, Event};
use crate::portal::{self, DOORS, Member, Next, Step, User};
use crate::security::sessions::{self, OpenSession, SessionToken, Subject};
use crate::security::{PasswordHash, devices};
use crate::store::{StoreError, Tx};

/// How somebody came in.
pub(super) struct By {
    /// With an initial password: only the new password is open.
    pub initial: bool,
    /// What tries of the typed ID are counted under.
    pub door: [u8; 32],
    /// When this very login was counted as a failure before, for a wrong code.
    pub failed: Option<Timestamp>,
    /// The password hashed anew, where the parameters have changed.
    pub rehashed: Option<PasswordHash>,
    /// No one-time password is to be asked on this device any more.
    pub trust: bool,
    /// The client's address when the password was typed, if the code came from another.
    pub waited_from: Option<String>,
}

/// An open session.
#[derive(Debug)]
pub struct Entered {
    /// For the cookie.
    pub session: SessionToken,
    /// The cookie of a device that had none of ours.
    pub device: Option<String>,
    /// What is next.
    pub next: Next,
}

/// The device is remembered, and what it had tried forgotten; then as [`open`].
pub(super) fn enter(tx: &mut Tx<'_>, here: &Here, user: User, members: &[Member], by: By) -> Result<Entered, StoreError> {
    let By { initial, door, failed, rehashed, trust, waited_from } = by;
    let (now, caller) = (here.moment.now, &here.caller);
    let (_, device) = here.device();
    DOORS.succeed(tx, &portal::knock(door, Some(&user), caller.browser, caller.device), failed)?;
    devices::remember(tx, &portal::device_owner(user.id), device, now)?;
    if trust {
        devices::remember(tx, &portal::trusted_owner(user.id), device, now)?;
    }
    let outcome = if initial { "entered_by_initial" } else { "entered" };
    let event = Event::new(Actor::Portal { id: user.id }, "portal.login").outcome(outcome);
    let event = match waited_from {
        Some(elsewhere) => event.detail("waited_from", elsewhere),
        None => event,
    };
    open(tx, here, user, members, (initial, rehashed), event)
}

/// The login is noted, the session opened: at the only institution where they may work, if it is the only one. The pair says whether
/// an initial password opens it, and gives the password hashed anew.
pub(super) fn open(
    tx: &mut Tx<'_>,
    here: &Here,
    mut user: User,
    members: &[Member],
    (initial, rehashed): (bool, Option<PasswordHash>),
    event: Event,
) -> Result<Entered, StoreError> {
    let caller = &here.caller;
    note(&mut user, here, initial, rehashed);
    portal::save_user_quietly(tx, &user)?;
    if let Some(former) = &caller.former {
        sessions::end(tx, former)?;
    }
    let (cookie, device) = here.device();
    let place = only_place(members).map(|member| member.id);
    let (address, agent) = (caller.client.clone(), caller.agent.clone());
    let with = OpenSession { address, device: Some(device), limited: initial, agent, place };
    let session = sessions::open(tx, &here.moment, Subject::Portal(user.id), &with)?;
    audit::record(tx, &here.moment, event.subject(about(&user, members)).client(&caller.client))?;
    let next = if initial { Next::Step(Step::Password) } else { arrive(tx, &user, members, place, here.moment.now)? };
    Ok(Entered { session, device: cookie, next })
}

fn note(user: &mut User, here: &Here, by_initial: bool, rehashed: Option<PasswordHash>) {
    let (at, caller) = (here.moment.now, &here.caller);
    user.login_before = user.last_login.replace(LastLogin { at, from: caller.client.clone(), agent: caller.agent.clone() });
    if let Some(hash) = rehashed {
        user.password = Some(hash);
    }
    if let Some(initial) = user.initial.as_mut().filter(|_| by_initial) {
        initial.first_used.get_or_insert(at);
    }
}
