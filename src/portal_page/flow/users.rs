//! ユーザ新規登録 (S4 step 4): typed, checked, added.

use super::{Acting, count_change, oldest, too_many};
use crate::app::App;
use crate::audit;
use crate::kernel::MailAddress;
use crate::portal::{self, AddFault, Draft, MOST_ADDITIONAL, Member, Person};
use crate::portal_page::model::{AddStage, Adding, Why};
use crate::portal_page::store::ADDING;
use crate::store::{Reads, StoreError, Tx};

/// 【ユーザ新規登録】
pub const EDIT: &str = "/portal/my/users/new";
/// 【登録内容の確認】
pub const CHECK: &str = "/portal/my/users/check";
/// 【処理終了】
pub const DONE: &str = "/portal/my/users/done";

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// To this page.
    To(&'static str),
    /// The session is over.
    Ended,
    /// Only the main user adds others, and they are it no more.
    NotMain,
    /// Back to what was typed: it cannot be.
    Refused(AddFault),
    /// Back to what was typed: too many changes.
    NotNow(Why),
}

/// The flow of a session, unless it is older than flows are kept.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn current(r: &impl Reads, app: &App, session: &[u8; 32], now: jiff::Timestamp) -> Result<Option<Adding>, StoreError> {
    Ok(r.get(&ADDING, session)?.filter(|flow| flow.at >= oldest(app, now)))
}

/// How many more may be added where this member works.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn places_left(r: &impl Reads, member: &Member) -> Result<usize, StoreError> {
    let all = portal::members_of(r, member.institution)?;
    Ok(MOST_ADDITIONAL.saturating_sub(all.iter().filter(|one| !one.main).count()))
}

/// \[戻る\]: what was typed is kept as it is.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn keep(tx: &mut Tx<'_>, acting: &Acting, draft: &Draft) -> Result<Went, StoreError> {
    if acting.bearer.present(tx)?.is_none() {
        return Ok(Went::Ended);
    }
    let flow = Adding { at: acting.moment.now, draft: draft.kept(), stage: AddStage::Typing };
    tx.put(&ADDING, acting.key(), &flow)?;
    Ok(Went::To(portal::HOME))
}

/// \[次へ\]: every field fits. Whether there is room is asked here, and once more where it is written.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn propose(tx: &mut Tx<'_>, acting: &Acting, draft: &Draft, mail: &MailAddress) -> Result<Went, StoreError> {
    let Some((user, me, institution)) = acting.bearer.present(tx)? else { return Ok(Went::Ended) };
    if !me.main {
        return Ok(Went::NotMain);
    }
    if let Some(why) = too_many(tx, acting.moment.now, user.id)? {
        return Ok(Went::NotNow(why));
    }
    for member in portal::members_of(tx, institution.id)? {
        if portal::user(tx, member.user)?.is_some_and(|user| user.mail == *mail) {
            return Ok(Went::Refused(AddFault::Taken));
        }
    }
    if places_left(tx, &me)? == 0 {
        return Ok(Went::Refused(AddFault::Full));
    }
    let flow = Adding { at: acting.moment.now, draft: draft.kept(), stage: AddStage::Checking };
    tx.put(&ADDING, acting.key(), &flow)?;
    Ok(Went::To(CHECK))
}

/// \[登録\]. A second click finds it done.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn add(tx: &mut Tx<'_>, acting: &Acting) -> Result<Went, StoreError> {
    let Some((user, me, institution)) = acting.bearer.present(tx)? else { return Ok(Went::Ended) };
    let now = acting.moment.now;
    let Some(flow) = current(tx, &acting.app, acting.key(), now)? else { return Ok(Went::To(EDIT)) };
    if matches!(flow.stage, AddStage::Done { .. }) {
        return Ok(Went::To(DONE));
    }
    if !me.main {
        return Ok(Went::NotMain);
    }
    let (Ok(person), Ok(mail)) = (Person::read(&flow.draft), MailAddress::parse(&flow.draft.mail.address)) else {
        return Ok(Went::To(EDIT));
    };
    if !flow.may_be_sent(now) {
        return Ok(Went::To(EDIT));
    }
    if let Some(why) = too_many(tx, now, user.id)? {
        return Ok(Went::NotNow(why));
    }
    let masked = mail.masked();
    let added = portal::add_member(tx, &acting.moment, &acting.app.keys, institution.id, person, mail.clone(), &me)?;
    let member = match added {
        Ok(member) => member,
        Err(fault) => return Ok(Went::Refused(fault)),
    };
    count_change(tx, now, user.id)?;
    let event = acting.bearer.event("portal.user_add").detail("member", member.id).detail("address", masked);
    audit::record(tx, &acting.moment, event)?;
    let stage = AddStage::Done { member: member.id, mail };
    tx.put(&ADDING, acting.key(), &Adding { at: now, draft: Draft::default(), stage })?;
    Ok(Went::To(DONE))
}
