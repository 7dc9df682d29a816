//! Printing, inside a transaction: numbers and temporary passwords are made, accounts and applications follow.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::model::{Act, Letter, LetterNumber, Occasion, Refused, Serial};
use super::post::{Hand, move_application, replace_older};
use super::sheet::{self, LetterSheet};
use super::store::{self, Batch, Stage, Wanted};
use crate::accounts::{self, Temporary};
use crate::audit::{self, Event};
use crate::kernel::{ControlNumber, Id, Moment, OfficeKey, Prefecture, jst};
use crate::ledger;
use crate::reissue::{self, By, Move, Printing};
use crate::security::{Keys, passwords};
use crate::store::{Reads, StoreError, Tx};

/// What is to be printed: an approved application, or a letter that waits or is to be printed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// By the application's number.
    Application(ControlNumber),
    /// By the letter's id.
    Letter(Id),
}

impl Choice {
    /// Reads a value of the form: a control number or a letter's id.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        ControlNumber::parse(value).map(Self::Application).or_else(|| Id::parse(value).map(Self::Letter))
    }

    /// What the clerk knows it by.
    fn label(self) -> String {
        match self {
            Self::Application(number) => number.to_string(),
            Self::Letter(id) => id.to_string(),
        }
    }
}

/// Who prints and by which rules.
#[derive(Clone, Debug)]
pub(super) struct Printer {
    pub(super) prefecture: Prefecture,
    pub(super) hand: Hand,
    pub(super) keys: Keys,
    /// Days for which the password opens.
    pub(super) valid_days: u32,
}

/// Begins an attempt to print a batch. What an attempt before this one printed is lost with its process, so it is wanted again.
/// `None` if the batch is not waiting for the press.
pub(super) fn begin_attempt(tx: &mut Tx<'_>, id: Id, interrupted: &str) -> Result<Option<Batch>, StoreError> {
    let Some(mut batch) = store::batch(tx, id)?.filter(|batch| batch.stage == Stage::Printing) else { return Ok(None) };
    if batch.done > 0 {
        let again =
            batch.printed.iter().map(|(letter, _)| Wanted { choice: Choice::Letter(*letter), reason: interrupted.to_owned() });
        batch.wanted = again.chain(batch.wanted[batch.done..].iter().cloned()).collect();
        batch.done = 0;
        batch.printed.clear();
    }
    leave_out_older(tx, &mut batch)?;
    tx.put(&store::BATCHES, &id, &batch)?;
    Ok(Some(batch))
}

/// Gives a batch up whose process has died under it again and again: each attempt costs its letters a 枝番, and their numbers end. What
/// any attempt printed can be chosen again, all at once.
pub(super) fn give_up(tx: &mut Tx<'_>, id: Id) -> Result<(), StoreError> {
    let Some(mut batch) = store::batch(tx, id)?.filter(|batch| batch.stage == Stage::Printing) else { return Ok(()) };
    for wanted in batch.wanted.iter().skip(batch.done) {
        let letter = match wanted.choice {
            Choice::Letter(letter) => store::find(tx, letter)?,
            Choice::Application(number) => store::of_application(tx, number)?,
        };
        // A form may name any letter at all; what another federation's says is not for this desk.
        let ours = letter.filter(|letter| letter.office.prefecture == batch.prefecture);
        batch.printed.extend(ours.and_then(|letter| Some((letter.id, letter.number?))));
    }
    batch.stage = Stage::Failed;
    tx.put(&store::BATCHES, &id, &batch)
}

/// Of several letters to one office only the newest is printed: an account keeps one temporary password, so the others would be dead
/// on paper.
fn leave_out_older(r: &impl Reads, batch: &mut Batch) -> Result<(), StoreError> {
    let mut newest: HashMap<OfficeKey, (Timestamp, Choice)> = HashMap::new();
    let mut offices = Vec::with_capacity(batch.wanted.len());
    for wanted in &batch.wanted {
        let found = asked(r, wanted.choice)?.filter(|(office, _)| office.prefecture == batch.prefecture);
        if let Some((office, at)) = found {
            let best = newest.entry(office).or_insert((at, wanted.choice));
            if at > best.0 {
                *best = (at, wanted.choice);
            }
        }
        offices.push(found.map(|(office, _)| office));
    }
    let mut kept = Vec::with_capacity(batch.wanted.len());
    for (wanted, office) in batch.wanted.drain(..).zip(offices) {
        match office.filter(|office| newest.get(office).is_some_and(|(_, choice)| *choice != wanted.choice)) {
            Some(office) => batch.left_out.push((wanted.choice.label(), Refused::NewerInBatch(office).to_string())),
            None => kept.push(wanted),
        }
    }
    batch.wanted = kept;
    Ok(())
}

/// The office that a choice is for, and when its letter was asked for.
fn asked(r: &impl Reads, choice: Choice) -> Result<Option<(OfficeKey, Timestamp)>, StoreError> {
    let number = match choice {
        Choice::Application(number) => number,
        Choice::Letter(id) => match store::find(r, id)? {
            Some(letter) => match letter.application() {
                Some(number) => number,
                None => return Ok(Some((letter.office, letter.created))),
            },
            None => return Ok(None),
        },
    };
    Ok(reissue::find(r, number)?.map(|application| (application.office, application.received)))
}

/// Prints the next `limit` letters of a batch. What cannot be printed is left out and told. `None` when all are done.
pub(super) fn print_some(
    tx: &mut Tx<'_>,
    moment: &Moment,
    printer: &Printer,
    id: Id,
    limit: usize,
) -> Result<Option<Vec<LetterSheet>>, StoreError> {
    let Some(mut batch) = store::batch(tx, id)? else { return Ok(None) };
    let next: Vec<Wanted> = batch.wanted.iter().skip(batch.done).take(limit).cloned().collect();
    if next.is_empty() {
        return Ok(None);
    }
    let mut sheets = Vec::new();
    for Wanted { choice, reason } in next {
        batch.done += 1;
        match print_one(tx, &moment.part(&choice.label()), printer, choice, &reason)? {
            Ok((id, number, sheet)) => {
                batch.printed.push((id, number));
                sheets.push(sheet);
            }
            Err(refused) => batch.left_out.push((choice.label(), refused.to_string())),
        }
    }
    tx.put(&store::BATCHES, &id, &batch)?;
    Ok(Some(sheets))
}

type One = Result<(Id, LetterNumber, LetterSheet), Refused>;

fn print_one(tx: &mut Tx<'_>, moment: &Moment, printer: &Printer, choice: Choice, reason: &str) -> Result<One, StoreError> {
    let (before, mut letter) = match chosen(tx, moment, printer.prefecture, choice)? {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    let entry = match ledger::find(tx, letter.office)?.filter(ledger::Entry::can_be_posted_to) {
        Some(entry) => entry,
        None => return Ok(Err(Refused::NoAddress(letter.office))),
    };
    let branch = match letter.next_branch() {
        Ok(branch) => branch,
        Err(refused) => return Ok(Err(refused)),
    };
    let user_id = letter.user_id();
    if letter.occasion == Occasion::FirstIssue && accounts::find(tx, user_id)?.is_none() {
        return Ok(Err(Refused::NoAccount(user_id)));
    }

    // All that may say no is asked before the first row is written; the number asked with is not the one given out.
    let valid_until = jst::end_of(jst::date(jst::plus_days(moment.now, i64::from(printer.valid_days))));
    let by = By::Staff(printer.hand.person.clone());
    let act = |number| Act::Printed { number, reason: reason.to_owned() };
    let tried = LetterNumber { serial: Serial { month: 0, sequence: 0 }, branch };
    if let Err(refused) = letter.clone().apply(act(tried), by.clone(), moment.now) {
        return Ok(Err(refused));
    }
    if let Err(sentence) = application_allows(tx, &letter, &by, moment.now, reason)? {
        return Ok(Err(Refused::Application(sentence)));
    }

    let serial = match letter.number {
        Some(number) => number.serial,
        None => match store::next_serial(tx, moment.now)? {
            Some(serial) => serial,
            None => return Ok(Err(Refused::SerialsUsedUp)),
        },
    };
    let number = LetterNumber { serial, branch };
    if let Err(refused) = letter.apply(act(number), by.clone(), moment.now) {
        return Ok(Err(refused));
    }
    letter.valid_until = Some(valid_until);
    if let Some(application) = letter.application() {
        let printing = Printing { letter: number.to_string(), valid_until };
        let mv = application_move(tx, application, printing, reason)?;
        if let Err(refused) = move_application(tx, moment, application, mv, printer.hand.acting())? {
            return Ok(Err(refused));
        }
        accounts::ensure(tx, user_id, moment.now)?;
    }
    let password = passwords::drawn(&moment.part(&format!("letter {} {branch}", letter.id)).random());
    let temporary = Temporary::new(&printer.keys, user_id, &password, letter.id, valid_until);
    accounts::set_temporary(tx, user_id, temporary)?;
    store::save(tx, before.as_ref(), &letter)?;
    let mut event =
        Event::new(printer.hand.actor(), "letter.print").office(letter.office).subject(letter.id).detail("number", number);
    if !reason.is_empty() {
        event = event.detail("reason", reason);
    }
    if let Some(client) = printer.hand.client {
        event = event.client(client);
    }
    audit::record(tx, moment, event)?;
    replace_older(tx, moment, &letter, number, &printer.hand)?;

    let sheet = LetterSheet {
        number: number.to_string(),
        control_number: letter.application().map(|number| number.to_string()).unwrap_or_default(),
        occasion: if letter.application().is_some() { sheet::Occasion::Reissue } else { sheet::Occasion::First },
        issued_on: jst::era(jst::date(moment.now)),
        valid_until: jst::era(jst::date(valid_until)),
        office_number: letter.office.number.to_string(),
        office_name: entry.name,
        postal_code: entry.postal_code,
        address: entry.address,
        building: entry.building,
        prefecture: letter.office.prefecture.name().to_owned(),
        user_id: user_id.to_string(),
        password,
    };
    Ok(Ok((letter.id, number, sheet)))
}

type Chosen = Result<(Option<Letter>, Letter), Refused>;

/// The letter that was chosen as it stands, and a copy to change. What belongs to another federation does not exist.
fn chosen(tx: &Tx<'_>, moment: &Moment, prefecture: Prefecture, choice: Choice) -> Result<Chosen, StoreError> {
    let unknown = || Err(Refused::UnknownNumber(choice.label()));
    let letter = match choice {
        Choice::Letter(id) => store::find(tx, id)?,
        Choice::Application(number) => match store::of_application(tx, number)? {
            Some(letter) => Some(letter),
            None => {
                let application = reissue::find(tx, number)?.filter(|one| one.office.prefecture == prefecture);
                let Some(application) = application else { return Ok(unknown()) };
                let id = Id::new(&moment.part(&format!("letter of {number}")).random());
                let letter = Letter::new(id, application.office, Occasion::Reissue(number), moment.now);
                return Ok(Ok((None, letter)));
            }
        },
    };
    Ok(match letter.filter(|letter| letter.office.prefecture == prefecture) {
        Some(letter) => Ok((Some(letter.clone()), letter)),
        None => unknown(),
    })
}

fn application_allows(
    tx: &Tx<'_>,
    letter: &Letter,
    by: &By,
    now: Timestamp,
    reason: &str,
) -> Result<Result<(), String>, StoreError> {
    let Some(number) = letter.application() else { return Ok(Ok(())) };
    let Some(application) = reissue::find(tx, number)? else { return Ok(Err(format!("{number}：申請がありません。"))) };
    let mv = application_move(tx, number, Printing { letter: String::new(), valid_until: now }, reason)?;
    Ok(application.check(&mv, by, now).map(|_| ()).map_err(|refused| format!("{number}：{refused}")))
}

/// A print of a letter not yet come back is a reprint to the application, with its reason.
fn application_move(r: &impl Reads, number: ControlNumber, printing: Printing, reason: &str) -> Result<Move, StoreError> {
    let out = reissue::find(r, number)?
        .is_some_and(|application| matches!(application.state, reissue::State::Printed | reissue::State::Posted));
    Ok(if out { Move::Reprint { printing, reason: reason.to_owned() } } else { Move::Print(printing) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{OfficeNumber, Random};
    use crate::reissue::Person;
    use crate::store::Store;

    #[test]
    fn a_print_that_is_given_up_lists_no_letter_of_another_federation_though_a_form_named_it() {
        let store = Store::in_memory().unwrap();
        let (random, now) = (Random::seeded(1), "2026-01-10T00:00:00Z".parse().unwrap());
        let place = |number| Prefecture::new(number).unwrap();
        let letters = [(7, "0711111111"), (13, "1311111111")].map(|(prefecture, number)| {
            let office = OfficeKey::new(place(prefecture), OfficeNumber::parse(number).unwrap());
            let mut letter = Letter::new(Id::new(&random), office, Occasion::FirstIssue, now);
            letter.number = Some(LetterNumber { serial: Serial { month: 202_601, sequence: prefecture.into() }, branch: 1 });
            letter
        });
        let batch = Batch {
            id: Id::new(&random),
            prefecture: place(7),
            by: Person { id: Id::new(&random), name: "受付".to_owned() },
            client: None,
            at: now,
            wanted: letters.iter().map(|one| Wanted { choice: Choice::Letter(one.id), reason: String::new() }).collect(),
            done: 0,
            printed: Vec::new(),
            left_out: Vec::new(),
            unprintable: Vec::new(),
            stage: Stage::Printing,
            taken_by: None,
        };
        let (id, own) = (batch.id, letters[0].id);
        let given_up = store.write_blocking(move |tx| {
            letters.iter().try_for_each(|letter| store::save(tx, None, letter))?;
            store::add_batch(tx, &batch)?;
            give_up(tx, id)?;
            store::batch(tx, id)
        });
        let batch = given_up.unwrap().unwrap();
        assert_eq!(batch.stage, Stage::Failed);
        assert_eq!(batch.printed.iter().map(|(letter, _)| *letter).collect::<Vec<_>>(), [own]);
    }
}
