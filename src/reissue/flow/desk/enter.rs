//! 窓口受付: an application on paper or by telephone is typed in by a clerk. No code is sent: the clerk vouches for what was said,
//! and nobody approves what they themselves have entered.

use super::super::super::model::{Slip, Source};
use super::super::super::store;
use super::super::mark::{Arrival, receive};
use super::Clerk;
use crate::config::Limits;
use crate::kernel::{ControlNumber, MailAddress, Moment, OfficeKey, OfficeNumber};
use crate::ledger;
use crate::store::{StoreError, Tx};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// Taken in under this number; a second sending of the same form finds the first.
    As(ControlNumber),
    /// The number is not in this federation's ledger.
    UnknownOffice,
}

/// How many of an office's newest applications are searched for the same form.
const SAME_FORM_AMONG: usize = 20;

/// Takes an application in. Without `contact` the applicant gets no mails.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn enter(
    tx: &mut Tx<'_>,
    moment: &Moment,
    limits: &Limits,
    clerk: &Clerk,
    number: OfficeNumber,
    contact: Option<MailAddress>,
    slip: Slip,
) -> Result<Entered, StoreError> {
    let office = OfficeKey::new(clerk.prefecture, number);
    if ledger::find(tx, office)?.is_none() {
        return Ok(Entered::UnknownOffice);
    }
    if let Some(form) = slip.form {
        let sent = |source: &Source| matches!(source, Source::Desk { slip, .. } if slip.form == Some(form));
        let newest = store::of_office(tx, office, SAME_FORM_AMONG)?;
        if let Some(first) = newest.into_iter().find(|one| sent(&one.source)) {
            return Ok(Entered::As(first.number));
        }
    }
    let source = Source::Desk { by: clerk.person.clone(), slip };
    let one = receive(tx, moment, limits, Arrival { office, contact, source, client: clerk.client })?;
    Ok(Entered::As(one.number))
}
