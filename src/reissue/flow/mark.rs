//! The one place that changes an application: it checks the table of moves, writes row, indexes, history and audit event, and
//! tells whom the rules name, all in the caller's transaction.

use std::net::IpAddr;

use jiff::SignedDuration;

use super::super::mails::{Params, Told};
use super::super::model::{Application, By, Move, Refused, Source};
use super::super::store;
use super::{notices, remind};
use crate::accounts::{self, Account};
use crate::audit::{self, Actor, Event};
use crate::config::Limits;
use crate::kernel::{ControlNumber, MailAddress, Moment, OfficeKey, UserId, jst};
use crate::letters;
use crate::mail::outbox;
use crate::security::limits::{self, Allowance, Rule};
use crate::store::{StoreError, Tx};

/// What limits count by the day.
pub(super) const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Who acts, and from where.
#[derive(Clone, Debug)]
pub struct Acting {
    /// Who.
    pub by: By,
    /// The client's address, for the audit log. `None` for the system itself.
    pub client: Option<IpAddr>,
}

impl From<By> for Acting {
    fn from(by: By) -> Self {
        Self { by, client: None }
    }
}

impl By {
    /// The same person, at this client.
    #[must_use]
    pub fn at(self, client: IpAddr) -> Acting {
        Acting { by: self, client: Some(client) }
    }

    fn actor(&self) -> Actor {
        match self {
            Self::Applicant => Actor::Visitor,
            Self::Office(user) => Actor::Office(*user),
            Self::Staff(person) => Actor::Staff { id: person.id, name: person.name.clone() },
            Self::System => Actor::System,
        }
    }
}

/// Why an application was not moved.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// There is no application of this number.
    #[error("この管理番号の申請はありません。")]
    NotFound,
    /// The rules refuse it; nothing was changed.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Moves an application. Approving makes the account of an office that never had one (新規). Mails: M-4 for 承認 and 却下, M-5 for
/// 発送済, M-11 for 照会中; N-2 for 承認 and 却下; a print plans M-13. 取下げ takes the letter along.
///
/// # Errors
/// [`MarkError`]; before the first write, so that the caller may answer with a sentence and keep its batch.
pub fn mark(
    tx: &mut Tx<'_>,
    moment: &Moment,
    number: ControlNumber,
    mv: Move,
    who: impl Into<Acting>,
) -> Result<Application, MarkError> {
    let who = who.into();
    let before = store::find(tx, number)?.ok_or(MarkError::NotFound)?;
    let mut after = before.clone();
    after.apply(mv.clone(), who.by.clone(), moment.now)?;
    store::replace(tx, &before, &after)?;
    let mut event = Event::new(who.by.actor(), mv.kind().action()).office(after.office).subject(number);
    if !mv.reason().is_empty() {
        event = event.detail("reason", mv.reason());
    }
    record(tx, moment, event, who.client)?;
    if matches!(mv, Move::Withdraw { .. }) {
        letters::on_withdrawal(tx, moment, number, &who)?;
    }
    tell(tx, moment, &after, &mv)?;
    Ok(after)
}

fn tell(tx: &mut Tx<'_>, moment: &Moment, one: &Application, mv: &Move) -> Result<(), StoreError> {
    let user = UserId::of(one.office);
    match mv {
        Move::Approve { .. } => {
            accounts::ensure(tx, user, moment.now)?;
            notices::result(tx, moment, one, None)?;
            to_contact(tx, moment, one, Told::Approved)
        }
        Move::Reject(rejection) => {
            notices::result(tx, moment, one, Some(rejection))?;
            to_contact(tx, moment, one, Told::Rejected(rejection.clone()))
        }
        Move::Inquire(inquiry) => to_contact(tx, moment, one, Told::Inquired(inquiry.clone())),
        Move::Post { on, .. } => to_contact(tx, moment, one, Told::Posted(*on)),
        Move::Print(printing) | Move::Reprint { printing, .. } => remind::plan(tx, moment, one.number, printing),
        _ => Ok(()),
    }
}

/// What arrives, on-line or at the window.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The office, in the ledger of the federation that will decide.
    pub office: OfficeKey,
    /// 通知先メールアドレス; `None` only at the window.
    pub contact: Option<MailAddress>,
    /// How it came in.
    pub source: Source,
    /// The client's address, for the audit log.
    pub client: IpAddr,
}

/// Takes in an application: control number, M-3 to the contact address, N-1 to the office's account if it has one, and the warning
/// M-12 to its registered notice and security addresses, as often in a day as `limits` says.
///
/// # Errors
/// [`StoreError`] when the database fails or the month's numbers are used up.
pub fn receive(tx: &mut Tx<'_>, moment: &Moment, limits: &Limits, arrival: Arrival) -> Result<Application, StoreError> {
    let Arrival { office, contact, source, client } = arrival;
    let number = store::next_number(tx, moment.now)?.ok_or_else(|| StoreError::Unwritable {
        table: "reissue_sequences",
        reason: "the month's control numbers are used up".to_owned(),
    })?;
    let one = Application::arrived(number, office, contact, source, moment.now);
    store::insert(tx, &one)?;
    let by = one.history.first().map_or(Actor::Visitor, |step| step.by.actor());
    let mut event = Event::new(by, "reissue.receive").office(office).subject(number);
    if let Some(contact) = &one.contact {
        // Details are kept for years, contact addresses only until `retention.contact_days` after the end.
        event = event.detail("contact", contact.masked());
    }
    record(tx, moment, event, Some(client))?;
    to_contact(tx, moment, &one, Told::Received)?;
    if let Some(account) = accounts::find(tx, UserId::of(office))? {
        notices::received(tx, moment, &one)?;
        warn(tx, moment, limits, &one, &account)?;
    }
    Ok(one)
}

/// M-12. Whoever applies again and again must not fill an office's mailboxes: those of the day have said it, and the お知らせ still comes.
fn warn(tx: &mut Tx<'_>, moment: &Moment, limits: &Limits, one: &Application, account: &Account) -> Result<(), StoreError> {
    let rule = Rule { name: "reissue.warnings", per: A_DAY, most: limits.warnings_per_office_day };
    let addresses = account.told_addresses();
    if addresses.is_empty() || limits::hit(tx, moment.now, rule, &one.office.to_string())? != Allowance::Fine {
        return Ok(());
    }
    addresses.into_iter().try_for_each(|address| post(tx, moment, one, address, Told::Warned(moment.now)))
}

/// M-13 for an application whose letter's temporary password ends soon.
pub(super) fn warn_of_end(
    tx: &mut Tx<'_>,
    moment: &Moment,
    one: &Application,
    valid_until: jiff::Timestamp,
) -> Result<(), StoreError> {
    to_contact(tx, moment, one, Told::Expiring(jst::date(valid_until)))
}

fn to_contact(tx: &mut Tx<'_>, moment: &Moment, one: &Application, told: Told) -> Result<(), StoreError> {
    match &one.contact {
        Some(contact) => post(tx, moment, one, contact.clone(), told),
        None => Ok(()),
    }
}

fn post(tx: &mut Tx<'_>, moment: &Moment, one: &Application, to: MailAddress, told: Told) -> Result<(), StoreError> {
    let params = Params { number: one.number, office: one.office, told };
    outbox::post(tx, moment, params.mail(to)).map(drop)
}

fn record(tx: &mut Tx<'_>, moment: &Moment, event: Event, client: Option<IpAddr>) -> Result<(), StoreError> {
    let event = match client {
        Some(client) => event.client(client),
        None => event,
    };
    audit::record(tx, moment, event).map(drop)
}
