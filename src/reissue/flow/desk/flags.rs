//! What a clerk should look at twice.

use jiff::Timestamp;

use super::super::super::model::{Application, State};
use super::super::super::store;
use crate::kernel::jst;
use crate::ledger::{Entry, Status};
use crate::store::{Reads, StoreError};

/// How many applications of an office or address are looked at.
pub(super) const LOOKED_AT: usize = 50;
/// After this many days an undecided application is late: applicants are told "days to a week" (spec 4, M-3).
pub const LATE_DAYS: i32 = 7;

/// One thing to look at twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flag {
    /// Undecided longer than [`LATE_DAYS`].
    Late,
    /// The day until which an answer was asked for is over.
    AnswerOverdue,
    /// Other open applications of the same office.
    SameOffice(usize),
    /// Offices whose applications gave the same contact address.
    SameContact(usize),
    /// The office number's last digit is not its check digit.
    CheckDigit,
    /// The office is 休止 or 廃止.
    Standing(Status),
    /// The office has gone from the ledger.
    NotInLedger,
    /// The letter cannot be sent in a window envelope.
    NoPostalCode,
}

impl Flag {
    /// Short, for the queue.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Late => format!("{LATE_DAYS}日超過"),
            Self::AnswerOverdue => "回答期限切れ".to_owned(),
            Self::SameOffice(others) => format!("同じ事業所 ほか{others}件"),
            Self::SameContact(offices) => format!("同じ通知先 ほか{offices}事業所"),
            Self::CheckDigit => "番号要確認".to_owned(),
            Self::Standing(status) => format!("台帳：{}", status.name()),
            Self::NotInLedger => "台帳になし".to_owned(),
            Self::NoPostalCode => "郵便番号なし".to_owned(),
        }
    }
}

/// Calendar days in Japan from the receipt to `now`.
#[must_use]
pub fn days_waiting(one: &Application, now: Timestamp) -> i32 {
    jst::date(one.received).until(jst::date(now)).map_or(0, |span| span.get_days())
}

/// The flags of an application, the weightiest first. `entry` is its office in the ledger. Of an application that is closed only
/// those that help to understand it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn flags(r: &impl Reads, one: &Application, entry: Option<&Entry>, now: Timestamp) -> Result<Vec<Flag>, StoreError> {
    let mut flags = Vec::new();
    if one.inquiry().is_some_and(|inquiry| inquiry.until < jst::date(now)) {
        flags.push(Flag::AnswerOverdue);
    }
    if one.state.is_undecided() && days_waiting(one, now) > LATE_DAYS {
        flags.push(Flag::Late);
    }
    match entry {
        None => flags.push(Flag::NotInLedger),
        Some(entry) if entry.status != Status::Active => flags.push(Flag::Standing(entry.status)),
        Some(_) => {}
    }
    let others = store::of_office(r, one.office, LOOKED_AT)?;
    let open = others.iter().filter(|other| other.number != one.number && other.state.is_open()).count();
    if one.state.is_open() && open > 0 {
        flags.push(Flag::SameOffice(open));
    }
    let elsewhere = offices_of_contact(r, one)?;
    if elsewhere > 0 {
        flags.push(Flag::SameContact(elsewhere));
    }
    if !one.office.number.check_digit_fits() {
        flags.push(Flag::CheckDigit);
    }
    let letter_ahead = one.state.is_undecided() || matches!(one.state, State::Approved | State::Returned | State::Expired);
    if letter_ahead && entry.is_some_and(|entry| !entry.can_be_posted_to()) {
        flags.push(Flag::NoPostalCode);
    }
    Ok(flags)
}

/// How many other offices of the federation have given the same contact address.
fn offices_of_contact(r: &impl Reads, one: &Application) -> Result<usize, StoreError> {
    let Some(contact) = &one.contact else { return Ok(0) };
    let mut offices: Vec<_> =
        store::of_contact(r, one.office.prefecture, contact, LOOKED_AT)?.into_iter().map(|other| other.office).collect();
    offices.retain(|office| *office != one.office);
    offices.sort_unstable();
    offices.dedup();
    Ok(offices.len())
}
