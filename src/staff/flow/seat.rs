//! A member who has enrolled elsewhere: the demo knows passwords and apps of its staff beforehand, so that they can be printed.

use super::super::model::{Member, StaffName};
use super::super::{Authenticator, Role, Scope, store};
use super::of_member;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, Moment};
use crate::security::{Keys, PasswordHash, Purpose};
use crate::store::{StoreError, Tx};

/// Who is seated.
#[derive(Clone, Debug)]
pub struct Seat {
    /// What they log in with.
    pub name: StaffName,
    /// What they may do.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// The hash of their password.
    pub password: PasswordHash,
    /// Their authenticator app.
    pub authenticator: Authenticator,
}

/// Adds a member with password and authenticator, and says under which id.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn seat(tx: &mut Tx<'_>, moment: &Moment, keys: &Keys, seat: Seat) -> Result<Id, StoreError> {
    let random = moment.part(&format!("seat {}", seat.name)).random();
    let mut member = Member::new(Id::new(&random), seat.name, seat.role, seat.scope, moment.now);
    member.password = Some(seat.password);
    member.authenticator = Some(keys.seal(Purpose::Authenticator, seat.authenticator.secret().expose(), &random));
    store::save(tx, &member)?;
    audit::record(tx, moment, of_member(Event::new(Actor::System, "staff.add"), &member))?;
    Ok(member.id)
}
