//! One application with everything that helps to decide it.

use jiff::Timestamp;

use super::super::super::model::{Application, State};
use super::super::super::store::{self, queue};
use super::Clerk;
use super::flags::{Flag, LOOKED_AT, flags};
use crate::accounts::{self, Account};
use crate::kernel::{ControlNumber, Id, UserId};
use crate::ledger::{self, Entry};
use crate::letters::{self, Letter};
use crate::mail::outbox;
use crate::store::{Reads, StoreError};

/// How many mails of an application are shown.
const MAILS_SHOWN: usize = 30;

/// The dossier of an application.
#[derive(Clone, Debug)]
pub struct Dossier {
    /// The application.
    pub one: Application,
    /// Its office in the ledger, if it is still there.
    pub entry: Option<Entry>,
    /// The office's account, if it has one.
    pub account: Option<Account>,
    /// The office's other applications, newest first.
    pub others: Vec<Application>,
    /// Applications of other offices with the same contact address, newest first.
    pub same_contact: Vec<Application>,
    /// Its letter, once one has been asked for.
    pub letter: Option<Letter>,
    /// Its mails, newest first.
    pub mails: Vec<(Id, outbox::Row)>,
    /// What to look at twice.
    pub flags: Vec<Flag>,
    /// The next undecided application of the queue.
    pub next: Option<ControlNumber>,
}

/// Collects the dossier. `None` if there is no such application at this desk.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn dossier(r: &impl Reads, clerk: &Clerk, number: ControlNumber, now: Timestamp) -> Result<Option<Dossier>, StoreError> {
    let Some(one) = store::find_at(r, clerk.prefecture, number)? else { return Ok(None) };
    let entry = ledger::find(r, one.office)?;
    let mut others = store::of_office(r, one.office, LOOKED_AT)?;
    others.retain(|other| other.number != number);
    let mut same_contact = match &one.contact {
        Some(contact) => store::of_contact(r, clerk.prefecture, contact, LOOKED_AT)?,
        None => Vec::new(),
    };
    same_contact.retain(|other| other.office != one.office);
    // 照会中 waits for somebody else.
    let ours = [State::Received, State::UnderReview];
    let next = queue::next(r, clerk.prefecture, &ours, queue::Place::of(&one))?.map(|place| place.number);
    Ok(Some(Dossier {
        flags: flags(r, &one, entry.as_ref(), now)?,
        account: accounts::find(r, UserId::of(one.office))?,
        letter: letters::of_application(r, number)?,
        mails: outbox::about(r, &number.to_string(), MAILS_SHOWN)?,
        one,
        entry,
        others,
        same_contact,
        next,
    }))
}

impl Dossier {
    /// The office's other applications that nobody has decided yet: those that an approval offers to reject.
    pub fn duplicates(&self) -> impl Iterator<Item = &Application> {
        self.others.iter().filter(|other| other.state.is_undecided())
    }

    /// What the office is called: by the ledger, else by its number.
    #[must_use]
    pub fn office_name(&self) -> &str {
        self.entry.as_ref().map_or(self.one.office.number.as_str(), |entry| entry.name.as_str())
    }
}
