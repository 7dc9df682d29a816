//! The tables of letters.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::model::{Letter, LetterNumber, Occasion, Serial, State};
use super::print::Choice;
use crate::kernel::{ControlNumber, Id, OfficeKey, Prefecture, jst};
use crate::reissue::Person;
use crate::store::{Check, Read, Reads, Span, StoreError, Table, Tx, Verdict, expect, leads_to};

const LETTERS: Table<Id, Letter> = Table::new("letters");
const BY_OFFICE: Table<(OfficeKey, Id), ()> = Table::new("letters_by_office");
const BY_STATE: Table<(Prefecture, u8, Timestamp, Id), ()> = Table::new("letters_by_state");
const BY_APPLICATION: Table<ControlNumber, Id> = Table::new("letters_by_application");
const BY_SERIAL: Table<(u32, u32), Id> = Table::new("letters_by_serial");
/// The last sequence of each month (YYYYMM).
const SEQUENCES: Table<u32, u32> = Table::new("letter_sequences");
/// Letters that are out, by the last instant at which their passwords open.
const ENDS: Table<(Timestamp, Id), ()> = Table::new("letters_by_end");
/// Prints: see [`super::print`].
pub(super) const BATCHES: Table<Id, Batch> = Table::new("letter_batches");
const BATCHES_BY_TIME: Table<(Prefecture, Timestamp, Id), ()> = Table::new("letter_batches_by_time");

/// One printing: the letters of one PDF. Its id is the token of the form that asked for it, so that a form prints once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The token of the form.
    pub id: Id,
    /// The federation that prints.
    pub prefecture: Prefecture,
    /// Who asked for it.
    pub by: Person,
    /// From which client's address, for the audit log.
    #[serde(default)]
    pub client: Option<IpAddr>,
    /// When.
    pub at: Timestamp,
    /// What is to be printed.
    pub wanted: Vec<Wanted>,
    /// How many of those were dealt with.
    pub done: usize,
    /// What was printed so far, in the order of the pages.
    pub printed: Vec<(Id, LetterNumber)>,
    /// What was left out, with the reason for the clerk.
    pub left_out: Vec<(String, String)>,
    /// Characters that were printed as 〓, by number of the letter.
    pub unprintable: Vec<(String, String)>,
    /// How far it has come.
    pub stage: Stage,
    /// Who took the PDF: any clerk of the federation may, and whoever printed is to see it.
    #[serde(default)]
    pub taken_by: Option<Person>,
}

/// One letter that a batch is to print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Which.
    pub choice: Choice,
    /// Why again; empty at a first print.
    pub reason: String,
}

/// How far a printing has come. The PDF itself is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Passwords are being made and pages set.
    Printing,
    /// The PDF waits in memory.
    Ready,
    /// It was handed out; only once.
    Delivered(Timestamp),
    /// It could not be set. Its letters must be printed again.
    Failed,
}

pub(super) fn find(r: &impl Reads, id: Id) -> Result<Option<Letter>, StoreError> {
    r.get(&LETTERS, &id)
}

/// The letter with this 発行番号.
pub(super) fn by_serial(r: &impl Reads, serial: Serial) -> Result<Option<Letter>, StoreError> {
    match r.get(&BY_SERIAL, &(serial.month, serial.sequence))? {
        Some(id) => find(r, id),
        None => Ok(None),
    }
}

/// The letter of an application, once there is one.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn of_application(r: &impl Reads, number: ControlNumber) -> Result<Option<Letter>, StoreError> {
    match r.get(&BY_APPLICATION, &number)? {
        Some(id) => find(r, id),
        None => Ok(None),
    }
}

/// The letters to an office, newest first.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn of_office(r: &impl Reads, office: OfficeKey) -> Result<Vec<Letter>, StoreError> {
    let mut letters = Vec::new();
    for ((_, id), ()) in r.list(&BY_OFFICE, &Span::prefix(&office), usize::MAX)? {
        letters.extend(find(r, id)?);
    }
    letters.sort_by_key(|letter| std::cmp::Reverse((letter.created, letter.id)));
    Ok(letters)
}

/// Letters of one federation in one state, longest there first (`newest_first`: the other way round).
pub(super) fn in_state(
    r: &impl Reads,
    prefecture: Prefecture,
    state: State,
    newest_first: bool,
    limit: usize,
) -> Result<Vec<Letter>, StoreError> {
    let mut span = Span::prefix(&(prefecture, state.number()));
    if newest_first {
        span = span.descending();
    }
    let mut letters = Vec::new();
    for ((_, _, _, id), ()) in r.list(&BY_STATE, &span, limit)? {
        letters.extend(find(r, id)?);
    }
    Ok(letters)
}

/// How many letters of one federation are in a state, counted up to `limit`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn count_in_state(r: &impl Reads, prefecture: Prefecture, state: State, limit: usize) -> Result<usize, StoreError> {
    r.count(&BY_STATE, &Span::prefix(&(prefecture, state.number())), limit)
}

/// Writes a letter with all that points to it; `before` is the letter as it stood, `None` for a new one.
pub(super) fn save(tx: &mut Tx<'_>, before: Option<&Letter>, letter: &Letter) -> Result<(), StoreError> {
    if let Some(before) = before {
        tx.delete(&BY_STATE, &state_key(before))?;
    } else {
        tx.put(&BY_OFFICE, &(letter.office, letter.id), &())?;
        if let Occasion::Reissue(number) = letter.occasion {
            tx.put(&BY_APPLICATION, &number, &letter.id)?;
        }
    }
    tx.put(&BY_STATE, &state_key(letter), &())?;
    if let Some(number) = letter.number
        && before.is_none_or(|before| before.number.is_none())
    {
        tx.put(&BY_SERIAL, &(number.serial.month, number.serial.sequence), &letter.id)?;
    }
    // The row of an earlier print stays and is passed over when its time comes.
    if letter.state.is_out()
        && let Some(end) = letter.valid_until
    {
        tx.put(&ENDS, &(end, letter.id), &())?;
    }
    tx.put(&LETTERS, &letter.id, letter)
}

fn state_key(letter: &Letter) -> (Prefecture, u8, Timestamp, Id) {
    (letter.office.prefecture, letter.state.number(), letter.since, letter.id)
}

/// The next 発行番号 of the month of `now`; `None` after 999,999.
pub(super) fn next_serial(tx: &mut Tx<'_>, now: Timestamp) -> Result<Option<Serial>, StoreError> {
    let month = jst::year_month(now);
    let sequence = tx.get(&SEQUENCES, &month)?.unwrap_or(0) + 1;
    if sequence > 999_999 {
        return Ok(None);
    }
    tx.put(&SEQUENCES, &month, &sequence)?;
    Ok(Some(Serial { month, sequence }))
}

/// The last 発行番号 that was given out.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn last_serial(r: &impl Reads) -> Result<Option<Serial>, StoreError> {
    Ok(r.first(&SEQUENCES, &Span::all().descending())?.map(|(month, sequence)| Serial { month, sequence }))
}

/// Notes that the 発行番号 of a month up to `last` were given out already, by a database that is no more: the next one follows it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn printed_up_to(tx: &mut Tx<'_>, last: Serial) -> Result<(), StoreError> {
    if tx.get(&SEQUENCES, &last.month)?.is_none_or(|sequence| sequence < last.sequence) {
        tx.put(&SEQUENCES, &last.month, &last.sequence)?;
    }
    Ok(())
}

/// Takes up to `limit` letters whose passwords ended before `now` off the list.
pub(super) fn take_ends(tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> Result<Vec<(Timestamp, Id)>, StoreError> {
    let rows = tx.list(&ENDS, &Span::all(), limit)?;
    let ended: Vec<_> = rows.into_iter().map(|(key, ())| key).take_while(|(at, _)| *at < now).collect();
    for key in &ended {
        tx.delete(&ENDS, key)?;
    }
    Ok(ended)
}

pub(super) fn batch(r: &impl Reads, id: Id) -> Result<Option<Batch>, StoreError> {
    r.get(&BATCHES, &id)
}

pub(super) fn add_batch(tx: &mut Tx<'_>, batch: &Batch) -> Result<(), StoreError> {
    tx.put(&BATCHES_BY_TIME, &(batch.prefecture, batch.at, batch.id), &())?;
    tx.put(&BATCHES, &batch.id, batch)
}

/// The latest printings of one federation, newest first.
pub(super) fn batches(r: &impl Reads, prefecture: Prefecture, limit: usize) -> Result<Vec<Batch>, StoreError> {
    let mut batches = Vec::new();
    for ((_, _, id), ()) in r.list(&BATCHES_BY_TIME, &Span::prefix(&prefecture).descending(), limit)? {
        batches.extend(batch(r, id)?);
    }
    Ok(batches)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&LETTERS, |r, id, letter| {
        expect(letter.id == *id, "別の通知書の行です")?;
        leads_to(r, &BY_OFFICE, &(letter.office, *id))?;
        leads_to(r, &BY_STATE, &state_key(letter))?;
        if let Occasion::Reissue(number) = letter.occasion {
            leads_to(r, &BY_APPLICATION, &number)?;
        }
        if let Some(number) = letter.number {
            let (month, sequence) = (number.serial.month, number.serial.sequence);
            expect(r.get(&BY_SERIAL, &(month, sequence))? == Some(*id), "発行番号の索引と合いません")?;
            expect(r.get(&SEQUENCES, &month)? >= Some(sequence), "発行番号が、その月の最後の番号より後です")?;
        }
        match letter.valid_until {
            Some(end) if letter.state.is_out() => leads_to(r, &ENDS, &(end, *id)),
            _ => Ok(()),
        }
    });
    let same = |r: &Read, id: Id, fits: &dyn Fn(&Letter) -> bool| -> Verdict {
        expect(find(r, id)?.is_some_and(|letter| fits(&letter)), "通知書の行と合いません")
    };
    c.table(&BY_OFFICE, |r, (office, id), ()| same(r, *id, &|letter| letter.office == *office));
    c.table(&BY_STATE, |r, key, ()| same(r, key.3, &|letter| state_key(letter) == *key));
    c.table(&BY_APPLICATION, |r, number, id| same(r, *id, &|letter| letter.occasion == Occasion::Reissue(*number)));
    c.table(&BY_SERIAL, |r, (month, sequence), id| {
        let serial = Serial { month: *month, sequence: *sequence };
        same(r, *id, &|letter| letter.number.is_some_and(|number| number.serial == serial))
    });
    // A row of an earlier print may stay.
    c.table(&ENDS, |r, (_, id), ()| leads_to(r, &LETTERS, id));
    c.table(&SEQUENCES, |_, _, _| Ok(()));
    c.table(&BATCHES, |r, id, batch| {
        expect(batch.id == *id, "別の印刷の行です")?;
        leads_to(r, &BATCHES_BY_TIME, &(batch.prefecture, batch.at, *id))
    });
    c.table(&BATCHES_BY_TIME, |r, (_, _, id), ()| leads_to(r, &BATCHES, id));
}
