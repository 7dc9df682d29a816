//! ユーザ登録: who is to be the main user, shown once more, and registered.

use jiff::Timestamp;

use super::{Elsewhere, Visitor, main_of, proven};
use crate::accounts::{self, Change};
use crate::audit::{self, Actor};
use crate::kernel::{Id, MailAddress};
use crate::portal::{self, Draft, Member, Person, Settled, What};
use crate::portal_register::model::{Proven, Screen, Stage, shown};
use crate::store::{Reads, StoreError, Tx};

/// How \[登録\] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It is done, now or by the first of two clicks.
    Done,
    /// The flow is elsewhere, or over.
    Elsewhere(Elsewhere),
    /// The form was drawn when another was the main user, or for something else that was typed.
    Other,
    /// There is a main user, and nothing said that they are to be replaced.
    Unticked,
    /// The main user, or a user with this address, was suspended by staff: a registration must not undo that.
    Suspended,
    /// The office has changed too much in too short a time: each change is a mail to all its addresses.
    TooMany {
        /// When it may change something again.
        again_at: Timestamp,
    },
}

/// ユーザ登録 \[次へ\] and \[戻る\]: what was typed is kept.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn keep(tx: &mut Tx<'_>, visitor: &Visitor, draft: &Draft) -> Result<Result<(), Elsewhere>, StoreError> {
    let flow = match proven(tx, visitor)? {
        Ok((flow, ..)) => flow,
        Err(elsewhere) => return Ok(Err(elsewhere)),
    };
    visitor.keep(tx, draft.kept(), flow.stage)?;
    Ok(Ok(()))
}

/// Whether this flow itself has registered the main user and only corrects what was typed: nobody is replaced who has ever come in.
#[must_use]
pub fn corrects(proven: &Proven, main: &Member) -> bool {
    proven.own == Some(main.id) && main.entered.is_none()
}

/// 登録内容の確認 \[登録\]. `seen` is what the form has shown, `replaces` whether the box was ticked that a main user is to be replaced.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn register(tx: &mut Tx<'_>, visitor: &Visitor, seen: &str, replaces: bool) -> Result<Registered, StoreError> {
    let now = visitor.moment.now;
    let (flow, proven, account) = match proven(tx, visitor)? {
        Ok(proven) => proven,
        Err(elsewhere) => return Ok(Registered::Elsewhere(elsewhere)),
    };
    let main = main_of(tx, account.user_id)?.map(|(main, _)| main);
    if shown(main.as_ref(), &flow.draft) != seen {
        let own = main.is_some_and(|main| proven.own == Some(main.id));
        return Ok(if own { Registered::Done } else { Registered::Other });
    }
    let (Ok(person), Ok(mail)) = (Person::read(&flow.draft), MailAddress::parse(&flow.draft.mail.address)) else {
        return Ok(Registered::Elsewhere(Elsewhere::To(Screen::User)));
    };
    if let Some(main) = &main {
        if !replaces && !corrects(&proven, main) {
            return Ok(Registered::Unticked);
        }
        if is_shut(tx, main, &mail)? {
            return Ok(Registered::Suspended);
        }
    }
    if let Some(again_at) = accounts::too_many_changes(tx, now, account.user_id)? {
        return Ok(Registered::TooMany { again_at });
    }
    let home = portal::home_of(&visitor.app.config, account.user_id.office().prefecture);
    let (masked, what) = (mail.masked(), What::Care(account.user_id));
    let settled = portal::settle_main(tx, &visitor.moment, &visitor.app.keys, what, home, person, mail)?;
    accounts::tell_change(tx, &visitor.moment, &account, Change::PortalRegistered { masked: masked.clone() })?;
    tell(tx, visitor, &settled, &masked)?;
    let Proven { proof, address, since, .. } = proven;
    visitor.keep(tx, flow.draft, Stage::Done { member: settled.member.id, proof, address, since })?;
    Ok(Registered::Done)
}

/// Whether staff have shut this way: the main user is suspended and not given up, or the address is that of a member whom staff have
/// suspended. Who is given up is replaced by another address only (D).
fn is_shut(r: &impl Reads, main: &Member, mail: &MailAddress) -> Result<bool, StoreError> {
    let given_up = main.suspended.is_some_and(|suspended| suspended.may_be_replaced);
    if main.is_suspended_by_staff() && !given_up {
        return Ok(true);
    }
    let Some(user) = portal::user_by_mail(r, mail)? else { return Ok(false) };
    let all = portal::members_of(r, main.institution)?;
    Ok(all.iter().any(|one| one.user == user.id && one.is_suspended_by_staff()))
}

fn tell(tx: &mut Tx<'_>, visitor: &Visitor, settled: &Settled, masked: &str) -> Result<(), StoreError> {
    let What::Care(user_id) = settled.institution.what else { return Ok(()) };
    let by = Actor::Office(user_id);
    let event = match &settled.before {
        Some(_) => visitor.event("portal.replace", by, user_id),
        None => visitor.event("portal.register", by, user_id),
    };
    let event = event.detail("address", masked).detail("member", settled.member.id);
    audit::record(tx, &visitor.moment, event)
}

/// Who was registered, for 処理終了: the member and the address. `None` if another registration has dropped them since.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn registered(r: &impl Reads, stage: &Stage) -> Result<Option<(Member, MailAddress)>, StoreError> {
    let Some(id) = done(stage) else { return Ok(None) };
    let Some(member) = portal::member(r, id)? else { return Ok(None) };
    Ok(portal::user(r, member.user)?.map(|user| (member, user.mail)))
}

const fn done(stage: &Stage) -> Option<Id> {
    match stage {
        Stage::Done { member, .. } => Some(*member),
        _ => None,
    }
}
