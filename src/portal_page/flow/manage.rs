//! 【利用者の管理】: what the main user does with another user, and how an additional one leaves.

use jiff::SignedDuration;

use super::{Acting, count_change, too_many};
use crate::audit::{self, Event};
use crate::kernel::{Id, Moment};
use crate::portal::{self, Change, Member, Suspended, SuspendedBy};
use crate::portal_page::model::{Act, Why};
use crate::security::limits::{self, Allowance, Rule};
use crate::store::{StoreError, Tx};

/// Invitations that go again to one member.
const AGAIN: Rule = Rule { name: "portal.invite", per: SignedDuration::from_hours(24), most: 5 };
/// And between two of them.
const APART: SignedDuration = SignedDuration::from_secs(60);

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Order {
    /// To whom.
    pub target: Id,
    /// What.
    pub act: Act,
    /// The state of the target that the screen has shown.
    pub shown: String,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// It is done.
    Done,
    /// The session is over.
    Ended,
    /// There is nobody of this name at the institution.
    NotHere,
    /// The screen shows another state than there is now: nothing was done.
    Overtaken,
    /// Nothing was done, and this is why.
    Refused(Why),
}

/// Carries it out, if both are as the screen has shown them.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn carry_out(tx: &mut Tx<'_>, acting: &Acting, order: &Order) -> Result<Went, StoreError> {
    let Some((user, me, institution)) = acting.bearer.present(tx)? else { return Ok(Went::Ended) };
    let target = portal::member(tx, order.target)?.filter(|one| one.institution == institution.id);
    let Some(target) = target else { return Ok(Went::NotHere) };
    // Was the main user when the page was asked for, and is it no more.
    if acting.bearer.is_main() != me.main || order.shown != target.state_word() {
        return Ok(Went::Overtaken);
    }
    if let Err(why) = order.act.may(&me, &target) {
        return Ok(Went::Refused(why));
    }
    let now = acting.moment.now;
    if order.act.is_counted()
        && let Some(why) = too_many(tx, now, user.id)?
    {
        return Ok(Went::Refused(why));
    }
    if order.act == Act::Invite
        && let Some(why) = invited_lately(tx, &acting.moment, &target)?
    {
        return Ok(Went::Refused(why));
    }
    let event = act(tx, acting, order.act, &me, &target)?.detail("member", target.id);
    if order.act.is_counted() {
        count_change(tx, now, user.id)?;
    }
    audit::record(tx, &acting.moment, event)?;
    Ok(Went::Done)
}

/// Every act that the rules allow, with what the log says of it.
fn act(tx: &mut Tx<'_>, acting: &Acting, act: Act, me: &Member, target: &Member) -> Result<Event, StoreError> {
    let (moment, bearer) = (&acting.moment, &acting.bearer);
    Ok(match act {
        Act::Suspend => {
            let suspended = Suspended { by: SuspendedBy::Main, at: moment.now, may_be_replaced: false };
            let target = Member { suspended: Some(suspended), ..target.clone() };
            portal::save_member(tx, &target)?;
            let ended = portal::end_sessions_at(tx, target.user, target.id)?;
            portal::tell_member(tx, moment, &target, Change::Suspended)?;
            bearer.event("portal.user_suspend").detail("ended_sessions", ended)
        }
        Act::Release => {
            let target = Member { suspended: None, ..target.clone() };
            portal::save_member(tx, &target)?;
            portal::tell_member(tx, moment, &target, Change::Released)?;
            bearer.event("portal.user_release")
        }
        Act::Invite => {
            limits::hit(tx, moment.now, AGAIN, &target.id.to_string())?;
            portal::invite(tx, moment, &acting.app.keys, target.clone(), Some(me))?;
            bearer.event("portal.invite")
        }
        Act::HandOver => {
            portal::hand_over(tx, moment, me, target)?;
            bearer.event("portal.hand_over")
        }
        Act::Remove | Act::Leave => {
            // Told while there is somebody to be told.
            portal::tell_member(tx, moment, target, Change::Removed)?;
            portal::drop_member(tx, target)?;
            if act == Act::Leave { bearer.event("portal.leave") } else { bearer.event("portal.user_remove") }
        }
    })
}

fn invited_lately(tx: &Tx<'_>, moment: &Moment, target: &Member) -> Result<Option<Why>, StoreError> {
    let from = target.invited.saturating_add(APART).unwrap_or(moment.now);
    // Not of a clock that was ahead: it would close this until its time comes.
    if moment.now < from && target.invited <= moment.now {
        return Ok(Some(Why::TooSoon { from }));
    }
    Ok(match limits::peek(tx, moment.now, AGAIN, &target.id.to_string())? {
        Allowance::Exceeded { again_at } => Some(Why::TooMany { again_at }),
        Allowance::Fine => None,
    })
}
