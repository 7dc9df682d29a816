//! What an operator does with an inquiry: one act, in one transaction, on what the form has shown.

use std::net::IpAddr;

use super::super::model::{Act, Contact, Inquiry, InquiryNumber, Reason, Refused, Shown, State, What};
use super::super::{mails, store};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, Moment, Prefecture};
use crate::mail::outbox;
use crate::portal::{self, Institution, Medical, Member};
use crate::security::Keys;
use crate::staff::Desk;
use crate::store::{Reads, StoreError, Tx};

/// What a form asks for.
#[derive(Clone, Debug)]
pub enum Order {
    /// 対応を始める.
    Take,
    /// 回答する.
    Answer {
        /// What the inquirer is told.
        text: String,
    },
    /// 医療機関のIDを発行する.
    Create {
        /// How the operator made sure who asked.
        proof: String,
        /// The box about a main user who is there.
        replace: bool,
        /// The main user whom the form has shown.
        main: Option<Id>,
    },
    /// 却下する.
    Reject {
        /// Why.
        reason: Reason,
        /// What the inquirer is told.
        text: String,
    },
}

impl Order {
    const fn act(&self) -> Act {
        match self {
            Self::Take => Act::Take,
            Self::Answer { .. } => Act::Answer,
            Self::Create { .. } => Act::Create,
            Self::Reject { .. } => Act::Reject,
        }
    }
}

/// How it ended. Only [`Went::Done`] has changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// As asked for.
    Done,
    /// The operators of this federation have no such inquiry.
    NotHere,
    /// Something has happened to it since the form was drawn.
    Overtaken,
    /// A rule forbids it.
    Refused(Refused),
}

/// Who acts, owned, so that the writer thread can have it.
#[derive(Clone)]
pub struct Operator {
    home: Prefecture,
    id: Id,
    name: String,
    client: IpAddr,
    keys: Keys,
}

impl Operator {
    /// Whoever sits at this desk.
    #[must_use]
    pub fn of(app: &App, desk: &Desk, client: IpAddr) -> Self {
        Self { home: desk.prefecture(), id: desk.id, name: desk.name.clone(), client, keys: app.keys.clone() }
    }

    fn event(&self, action: &'static str, one: &Inquiry) -> Event {
        let actor = Actor::Staff { id: self.id, name: self.name.clone() };
        Event::new(actor, action).prefecture(self.home).subject(one.number).client(self.client)
    }
}

/// Carries an order out.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn carry_out(
    tx: &mut Tx<'_>,
    moment: &Moment,
    by: &Operator,
    number: InquiryNumber,
    shown: &Shown,
    order: &Order,
) -> Result<Went, StoreError> {
    let Some(before) = store::find_at(tx, by.home, number)? else { return Ok(Went::NotHere) };
    if Shown::of(&before) != *shown || !order.act().fits(&before) {
        return Ok(Went::Overtaken);
    }
    let mut one = before.clone();
    let event = match order {
        Order::Take => {
            one.go_on(moment.now, &by.name, (State::Working, What::Taken), "");
            by.event("contact.take", &one)
        }
        Order::Answer { text } => {
            one.go_on(moment.now, &by.name, (State::Answered, What::Answered), text);
            by.event("contact.answer", &one)
        }
        Order::Reject { reason, text } => {
            one.go_on(moment.now, &by.name, (State::Rejected, What::Rejected(*reason)), text);
            by.event("contact.reject", &one).detail("reason", reason.title())
        }
        Order::Create { proof, replace, main } => {
            let (Some(contact), Some(medical)) = (&before.contact, &before.medical) else { return Ok(Went::Overtaken) };
            let there = existing(tx, medical)?;
            if there.as_ref().map(|(_, main)| main.id) != *main {
                return Ok(Went::Overtaken);
            }
            if let Some(refused) = refused(tx, there.as_ref(), contact, *replace)? {
                return Ok(Went::Refused(refused));
            }
            let id = create(tx, moment, by, contact, medical)?;
            one.institution = Some(id);
            one.go_on(moment.now, &by.name, (State::Issued, What::Issued), proof);
            let event = by.event("portal.create", &one).subject(format!("portal {id}")).detail("proof", proof);
            event.detail("contact", contact.mail.masked())
        }
    };
    store::replace(tx, &before, &one)?;
    if matches!(order, Order::Answer { .. } | Order::Reject { .. }) {
        mails::tell(tx, moment, &one)?;
    }
    audit::record(tx, moment, event)?;
    Ok(Went::Done)
}

/// The institution of this code with its main user, if there is one.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::contact_form) fn existing(r: &impl Reads, medical: &Medical) -> Result<Option<(Institution, Member)>, StoreError> {
    let Some(institution) = portal::of_code(r, &medical.code)? else { return Ok(None) };
    Ok(portal::member(r, institution.main)?.map(|main| (institution, main)))
}

/// Why no account is made: a suspension by staff is not undone by an application (D), and nobody is replaced unasked.
fn refused(
    r: &impl Reads,
    there: Option<&(Institution, Member)>,
    contact: &Contact,
    replace: bool,
) -> Result<Option<Refused>, StoreError> {
    let Some((institution, main)) = there else { return Ok(None) };
    let known = portal::user_by_mail(r, &contact.mail)?;
    let is_known = |member: &Member| known.as_ref().is_some_and(|user| user.id == member.user);
    let of_address = portal::members_of(r, institution.id)?.into_iter().find(is_known);
    if of_address.is_some_and(|member| member.is_suspended_by_staff()) {
        return Ok(Some(Refused::AddressSuspended));
    }
    if main.is_suspended_by_staff() && !main.suspended.is_some_and(|suspended| suspended.may_be_replaced) {
        return Ok(Some(Refused::MainSuspended));
    }
    Ok((!replace && !is_known(main)).then_some(Refused::MainThere))
}

fn create(tx: &mut Tx<'_>, moment: &Moment, by: &Operator, contact: &Contact, medical: &Medical) -> Result<Id, StoreError> {
    let what = portal::What::Medical(medical.clone());
    let (person, mail) = (contact.person.clone(), contact.mail.clone());
    Ok(portal::settle_main(tx, moment, &by.keys, what, by.home, person, mail)?.institution.id)
}

/// Sends a failed mail about this inquiry again; one that is not failed (any more) is left as it is. `false` if there is none such.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::contact_form) fn send_again(
    tx: &mut Tx<'_>,
    moment: &Moment,
    by: &Operator,
    number: InquiryNumber,
    mail: Id,
) -> Result<bool, StoreError> {
    let Some(one) = store::find_at(tx, by.home, number)? else { return Ok(false) };
    let Some(row) = outbox::find(tx, mail)?.filter(|row| row.about == number.to_string()) else { return Ok(false) };
    if outbox::send_again(tx, moment, mail)? {
        audit::record(tx, moment, by.event("mail.send_again", &one).detail("mail", row.kind))?;
    }
    Ok(true)
}
