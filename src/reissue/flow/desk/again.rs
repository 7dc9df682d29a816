//! \[再送\] of a mail that the mail server has refused.

use super::super::super::store;
use super::Clerk;
use crate::audit::{self, Actor, Event};
use crate::kernel::{ControlNumber, Id, Moment};
use crate::mail::outbox;
use crate::store::{StoreError, Tx};

/// Sends a failed mail of this application again; one that is not failed (any more) is left as it is. `false` if the application is
/// none of this desk's, or the mail none of the application's.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn send_again(tx: &mut Tx<'_>, moment: &Moment, clerk: &Clerk, number: ControlNumber, mail: Id) -> Result<bool, StoreError> {
    let Some(one) = store::find_at(tx, clerk.prefecture, number)? else { return Ok(false) };
    let Some(row) = outbox::find(tx, mail)?.filter(|row| row.about == number.to_string()) else { return Ok(false) };
    if outbox::send_again(tx, moment, mail)? {
        let actor = Actor::Staff { id: clerk.person.id, name: clerk.person.name.clone() };
        let event = Event::new(actor, "mail.send_again").office(one.office).subject(number).detail("mail", row.kind);
        audit::record(tx, moment, event.client(clerk.client))?;
    }
    Ok(true)
}
