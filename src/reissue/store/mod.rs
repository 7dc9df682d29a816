//! Tables of applications and their queries. Staff queries take the prefecture of the desk that asks.

mod check;
pub(super) mod flows;
pub(super) mod queue;

pub use check::check;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::model::{Application, State};
use super::statistics;
use crate::kernel::{ControlNumber, MailAddress, OfficeKey, Prefecture, jst};
use crate::store::{Reads, Span, StoreError, Table, Tx};

const APPLICATIONS: Table<ControlNumber, Application> = Table::new("reissue");
/// What was given out in a month (YYYYMM).
const SEQUENCES: Table<u32, Given> = Table::new("reissue_sequences");
/// Prefecture, state, time of receipt: queues, oldest first.
const BY_STATE: Table<(Prefecture, u8, Timestamp, ControlNumber), ()> = Table::new("reissue_by_state");
const BY_OFFICE: Table<(OfficeKey, ControlNumber), ()> = Table::new("reissue_by_office");
/// By prefecture and contact address, for "the same address elsewhere". Rows go when retention erases the address.
const BY_CONTACT: Table<(Prefecture, String, ControlNumber), ()> = Table::new("reissue_by_contact");
/// Applications that nobody waits for any more and whose contact address is still kept, the longest at rest first.
const RESTING: Table<(Timestamp, ControlNumber), ()> = Table::new("reissue_resting");

/// The sequences of a month.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Given {
    /// The last that was given out.
    last: u32,
    /// From, to: given out after the backup that was restored, so that their applications are not here.
    lost: Vec<(u32, u32)>,
}

impl Given {
    fn is_lost(&self, sequence: u32) -> bool {
        self.lost.iter().any(|(from, to)| (*from..=*to).contains(&sequence))
    }
}

/// The next control number of the month of `now` (JST). Gap-free, because it is taken in the transaction that writes its
/// application. `None` when the month is full.
pub(super) fn next_number(tx: &mut Tx<'_>, now: Timestamp) -> Result<Option<ControlNumber>, StoreError> {
    let month = jst::year_month(now);
    let mut given = tx.get(&SEQUENCES, &month)?.unwrap_or_default();
    let Some(number) = ControlNumber::new(month, given.last + 1) else { return Ok(None) };
    given.last += 1;
    tx.put(&SEQUENCES, &month, &given)?;
    Ok(Some(number))
}

/// The last control number that was given out.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn last_number(r: &impl Reads) -> Result<Option<ControlNumber>, StoreError> {
    Ok(r.first(&SEQUENCES, &Span::all().descending())?.and_then(|(month, given)| ControlNumber::new(month, given.last)))
}

/// Notes that the control numbers of a month up to `number` were given out already, by a database that is no more: the next one follows it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn given_up_to(tx: &mut Tx<'_>, number: ControlNumber) -> Result<(), StoreError> {
    let mut given = tx.get(&SEQUENCES, &number.month())?.unwrap_or_default();
    if number.sequence() > given.last {
        given.lost.push((given.last + 1, number.sequence()));
        given.last = number.sequence();
        tx.put(&SEQUENCES, &number.month(), &given)?;
    }
    Ok(())
}

/// Writes an application that was not there before.
pub(super) fn insert(tx: &mut Tx<'_>, one: &Application) -> Result<(), StoreError> {
    tx.put(&APPLICATIONS, &one.number, one)?;
    tx.put(&BY_STATE, &state_key(one), &())?;
    tx.put(&BY_OFFICE, &(one.office, one.number), &())?;
    if let Some(contact) = &one.contact {
        tx.put(&BY_CONTACT, &(one.office.prefecture, contact.key(), one.number), &())?;
    }
    statistics::arrived(tx, one)
}

/// Writes an application after a move.
pub(super) fn replace(tx: &mut Tx<'_>, before: &Application, after: &Application) -> Result<(), StoreError> {
    if before.state != after.state {
        tx.delete(&BY_STATE, &state_key(before))?;
        tx.put(&BY_STATE, &state_key(after), &())?;
        statistics::moved(tx, after)?;
    }
    let rest = |one: &Application| one.contact.as_ref().and(one.rests_since()).map(|at| (at, one.number));
    if rest(before) != rest(after) {
        // A letter that came back may be printed again: the application is no longer at rest.
        rest(before).map_or(Ok(()), |key| tx.delete(&RESTING, &key).map(drop))?;
        rest(after).map_or(Ok(()), |key| tx.put(&RESTING, &key, &()))?;
    }
    tx.put(&APPLICATIONS, &after.number, after)
}

/// Erases the contact addresses of up to `limit` applications at rest since before `before`; says how many.
pub(super) fn forget_contacts(tx: &mut Tx<'_>, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
    let old: Vec<_> = tx.list(&RESTING, &Span::all(), limit)?.into_iter().map(|(key, ())| key).collect();
    let mut erased = 0;
    for (at, number) in old.into_iter().take_while(|(at, _)| *at < before) {
        if let Some(mut one) = tx.get(&APPLICATIONS, &number)? {
            if let Some(contact) = one.contact.take() {
                tx.delete(&BY_CONTACT, &(one.office.prefecture, contact.key(), number))?;
            }
            tx.put(&APPLICATIONS, &number, &one)?;
        }
        tx.delete(&RESTING, &(at, number))?;
        erased += 1;
    }
    Ok(erased)
}

/// The application of this number, of whichever federation. Staff screens use [`find_at`].
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn find(r: &impl Reads, number: ControlNumber) -> Result<Option<Application>, StoreError> {
    r.get(&APPLICATIONS, &number)
}

/// The application of this number, if it belongs to the federation of `prefecture`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn find_at(r: &impl Reads, prefecture: Prefecture, number: ControlNumber) -> Result<Option<Application>, StoreError> {
    Ok(find(r, number)?.filter(|one| one.office.prefecture == prefecture))
}

/// The first `limit` applications of a federation in one state, oldest receipt first. `after` is the last one of the page before.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn in_state(
    r: &impl Reads,
    prefecture: Prefecture,
    state: State,
    after: Option<&Application>,
    limit: usize,
) -> Result<Vec<Application>, StoreError> {
    let mut span = Span::prefix(&(prefecture, state.number()));
    if let Some(last) = after {
        span = span.after(&(prefecture, state.number(), last.received, last.number));
    }
    let keys = r.list(&BY_STATE, &span, limit)?;
    rows(r, keys.into_iter().map(|((_, _, _, number), ())| number))
}

/// How many applications of a federation are in a state, counted up to `limit`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn count_in_state(r: &impl Reads, prefecture: Prefecture, state: State, limit: usize) -> Result<usize, StoreError> {
    r.count(&BY_STATE, &Span::prefix(&(prefecture, state.number())), limit)
}

/// Approved applications whose letters wait to be printed, oldest receipt first.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn approved_waiting(r: &impl Reads, prefecture: Prefecture, limit: usize) -> Result<Vec<Application>, StoreError> {
    in_state(r, prefecture, State::Approved, None, limit)
}

/// The newest `limit` applications of an office, newest first.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn of_office(r: &impl Reads, office: OfficeKey, limit: usize) -> Result<Vec<Application>, StoreError> {
    let keys = r.list(&BY_OFFICE, &Span::prefix(&office).descending(), limit)?;
    rows(r, keys.into_iter().map(|((_, number), ())| number))
}

/// The newest `limit` applications of a federation with this contact address, newest first.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn of_contact(
    r: &impl Reads,
    prefecture: Prefecture,
    contact: &MailAddress,
    limit: usize,
) -> Result<Vec<Application>, StoreError> {
    let keys = r.list(&BY_CONTACT, &Span::prefix(&(prefecture, contact.key())).descending(), limit)?;
    rows(r, keys.into_iter().map(|((_, _, number), ())| number))
}

fn rows(r: &impl Reads, numbers: impl Iterator<Item = ControlNumber>) -> Result<Vec<Application>, StoreError> {
    let mut out = Vec::new();
    for number in numbers {
        out.extend(find(r, number)?);
    }
    Ok(out)
}

fn state_key(one: &Application) -> (Prefecture, u8, Timestamp, ControlNumber) {
    (one.office.prefecture, one.state.number(), one.received, one.number)
}
