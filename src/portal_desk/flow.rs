//! The use case of the desk: one act on one member, in one transaction.

use std::net::IpAddr;

use super::model::{Act, Refused, seen};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, Moment};
use crate::portal::{self, Change, Member, Suspended, SuspendedBy, User};
use crate::staff::Desk;
use crate::store::{StoreError, Tx};

/// What a form asks for.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) institution: Id,
    pub(super) member: Id,
    pub(super) act: Act,
    /// The member as the form has shown it.
    pub(super) seen: String,
    /// Why.
    pub(super) reason: String,
}

/// How it ended. Only [`Went::Done`] has changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    Done,
    /// There is no such member at this desk (any more).
    NotHere,
    /// The member has changed since the form was drawn.
    Overtaken,
    Refused(Refused),
}

/// Carries an order out.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) async fn carry_out(app: &App, desk: &Desk, client: IpAddr, order: Order) -> Result<Went, StoreError> {
    let (moment, keys, home) = (app.moment(), app.keys.clone(), desk.prefecture());
    let actor = Actor::Staff { id: desk.id, name: desk.name.clone() };
    app.store
        .write(move |tx| {
            let here = portal::institution(tx, order.institution)?.filter(|one| one.home == home);
            let member = portal::member(tx, order.member)?.filter(|one| one.institution == order.institution);
            let (Some(_), Some(member)) = (here, member) else { return Ok(Went::NotHere) };
            let Some(user) = portal::user(tx, member.user)? else { return Ok(Went::NotHere) };
            if seen(&member) != order.seen || !order.act.fits(&member, &user) {
                return Ok(Went::Overtaken);
            }
            let event = Event::new(actor.clone(), order.act.action()).prefecture(home).client(client);
            let event = event.subject(format!("portal {}", order.institution)).detail("reason", &order.reason);
            let event = event.detail("contact", user.mail.masked());
            let event = match order.act {
                Act::Suspend => event.detail("sessions", suspend(tx, &moment, member, &user)?),
                Act::Release => {
                    release(tx, &moment, member)?;
                    event
                }
                Act::Allow => {
                    allow(tx, member)?;
                    event
                }
                Act::Invite => {
                    portal::invite(tx, &moment, &keys, member, None)?;
                    event
                }
                Act::Unlock => match portal::DOORS.forget(tx, &portal::door(&keys, user.mail.as_str()))? {
                    0 => return Ok(Went::Refused(Refused::NothingLocked)),
                    rows => event.detail("rows", rows),
                },
            };
            audit::record(tx, &moment, event)?;
            Ok(Went::Done)
        })
        .await
}

/// Says how many sessions ended. The user's revision rises: a login that waits for its one-time password ends as well.
fn suspend(tx: &mut Tx<'_>, moment: &Moment, mut member: Member, user: &User) -> Result<usize, StoreError> {
    member.suspended = Some(Suspended { by: SuspendedBy::Staff, at: moment.now, may_be_replaced: false });
    portal::save_member(tx, &member)?;
    portal::save_user(tx, user)?;
    let ended = portal::end_sessions_at(tx, member.user, member.id)?;
    portal::tell_member(tx, moment, &member, Change::Suspended)?;
    Ok(ended)
}

fn release(tx: &mut Tx<'_>, moment: &Moment, mut member: Member) -> Result<(), StoreError> {
    member.suspended = None;
    portal::save_member(tx, &member)?;
    portal::tell_member(tx, moment, &member, Change::Released)
}

fn allow(tx: &mut Tx<'_>, mut member: Member) -> Result<(), StoreError> {
    member.suspended = member.suspended.map(|suspended| Suspended { may_be_replaced: true, ..suspended });
    portal::save_member(tx, &member)
}
