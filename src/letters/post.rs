//! What happens to a printed letter, inside a transaction: 発送済, 返戻, 完了, 期限切れ, 取下げ. Applications and accounts follow.

use std::net::IpAddr;

use jiff::civil::Date;

use super::model::{Act, Letter, LetterNumber, Refused, State};
use super::store;
use crate::accounts;
use crate::audit::{self, Actor, Event};
use crate::kernel::{ControlNumber, Id, Moment, Prefecture, UserId, jst};
use crate::reissue::{self, Acting, By, MarkError, Move, Person};
use crate::store::{Reads, StoreError, Tx};

/// Longest number of the post's own, in characters; Japan's have 11 to 13.
const TRACKING_MOST: usize = 40;

/// One line of what was posted: the number on the letter, and the post's own number if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// As typed, for telling what is wrong with it.
    pub given: String,
    /// 発行番号-枝番, if it can be read as one.
    pub number: Option<LetterNumber>,
    /// The post's number, or empty.
    pub tracking: String,
}

impl Posting {
    /// Reads what was typed or scanned: one letter a line, the post's number behind it. No more than `most` of them.
    #[must_use]
    pub fn parse_lines(text: &str, most: usize) -> Vec<Self> {
        let lines = text.lines().map(crate::kernel::text::line).filter(|line| !line.is_empty());
        lines
            .take(most)
            .map(|line| {
                let (given, tracking) = line.split_once([' ', ',', '\t', '、']).unwrap_or((&line, ""));
                Self { given: given.to_owned(), number: LetterNumber::parse(given), tracking: tracking.trim().to_owned() }
            })
            .collect()
    }
}

/// A clerk at work, and from where.
#[derive(Clone, Debug)]
pub(super) struct Hand {
    pub(super) person: Person,
    /// The client's address, for the audit log.
    pub(super) client: Option<IpAddr>,
}

impl Hand {
    pub(super) fn acting(&self) -> Acting {
        Acting { by: By::Staff(self.person.clone()), client: self.client }
    }

    pub(super) fn actor(&self) -> Actor {
        Actor::Staff { id: self.person.id, name: self.person.name.clone() }
    }
}

/// Marks one letter as posted. Refuses a superseded number, so that no dead password is posted (spec 2, D).
pub(super) fn post(
    tx: &mut Tx<'_>,
    moment: &Moment,
    prefecture: Prefecture,
    hand: &Hand,
    posting: &Posting,
    on: Date,
) -> Result<Result<Letter, Refused>, StoreError> {
    let unknown = || Ok(Err(Refused::UnknownNumber(posting.given.clone())));
    let Some(number) = posting.number else { return unknown() };
    let letter = store::by_serial(tx, number.serial)?.filter(|letter| letter.office.prefecture == prefecture);
    let Some(letter) = letter else { return unknown() };
    if let Err(refused) = letter.check_number(number) {
        return Ok(Err(refused));
    }
    if posting.tracking.chars().count() > TRACKING_MOST || posting.tracking.chars().any(char::is_control) {
        return Ok(Err(Refused::Tracking(number)));
    }
    if letter.state == State::Printed && letter.printed_at().is_some_and(|printed| on < jst::date(printed)) {
        return Ok(Err(Refused::PostedBeforePrinted(number)));
    }
    if letter.replaced_by().is_some() || letter.state.is_out() && !carries_live_password(tx, &letter)? {
        return Ok(Err(Refused::Replaced(number)));
    }
    let act = Act::Posted { on, tracking: posting.tracking.clone() };
    let mv = Move::Post { on, tracking: posting.tracking.clone() };
    change(tx, moment, letter, act, mv, hand.acting(), hand.actor())
}

/// Marks a letter as come back; its password opens no more.
pub(super) fn take_back(
    tx: &mut Tx<'_>,
    moment: &Moment,
    prefecture: Prefecture,
    hand: &Hand,
    id: Id,
    note: &str,
) -> Result<Option<Result<Letter, Refused>>, StoreError> {
    let letter = store::find(tx, id)?.filter(|letter| letter.office.prefecture == prefecture);
    let Some(letter) = letter else { return Ok(None) };
    let act = Act::Returned { note: note.to_owned() };
    let mv = Move::Return { note: note.to_owned() };
    let done = change(tx, moment, letter, act, mv, hand.acting(), hand.actor())?;
    if let Ok(letter) = &done {
        accounts::end_temporary(tx, letter.user_id(), letter.id)?;
    }
    Ok(Some(done))
}

/// First login with the temporary password of a letter: the letter and its application are completed. Nothing happens if the letter is
/// no longer out.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn on_first_login(
    tx: &mut Tx<'_>,
    moment: &Moment,
    user_id: UserId,
    letter: Id,
    client: Option<IpAddr>,
) -> Result<(), StoreError> {
    let Some(letter) = store::find(tx, letter)?.filter(|letter| letter.user_id() == user_id) else { return Ok(()) };
    let by = Acting { by: By::Office(user_id), client };
    // A letter that does not allow it (e.g. completed before) is left as it is: login must not fail for it.
    change(tx, moment, letter, Act::Completed, Move::Complete, by, Actor::Office(user_id))?.ok();
    Ok(())
}

/// The office has reset its login itself: letters on their way are 取下げ (those of a first issue 期限切れ) and their passwords open no
/// more. The applications are moved by the reset itself.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn on_reset(tx: &mut Tx<'_>, moment: &Moment, user_id: UserId, client: IpAddr) -> Result<(), StoreError> {
    for before in store::of_office(tx, user_id.office())? {
        let mut letter = before.clone();
        let act = match letter.application() {
            Some(_) => Act::Withdrawn { note: "事業所がログイン情報を再設定したため".to_owned() },
            None => Act::Expired { replaced_by: None },
        };
        let (action, particulars) = (action(&act), act.particulars());
        if letter.apply(act, By::Office(user_id), moment.now).is_ok() {
            accounts::end_temporary(tx, user_id, letter.id)?;
            store::save(tx, Some(&before), &letter)?;
            let mut event = Event::new(Actor::Office(user_id), action);
            if !particulars.is_empty() {
                event = event.detail("particulars", particulars);
            }
            record(tx, moment, &letter, event, Some(client))?;
        }
    }
    Ok(())
}

/// The federation takes back the temporary password that is out: it opens no more, and its letter and the application behind it end as
/// if their time had come. A letter that was used is completed and stays so. `Ok(false)` if none is out.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn withdraw_password(tx: &mut Tx<'_>, moment: &Moment, user_id: UserId) -> Result<bool, StoreError> {
    let account = accounts::find(tx, user_id)?;
    let Some(letter) = account.and_then(|account| account.temporary).map(|temporary| temporary.letter) else { return Ok(false) };
    if let Some(letter) = store::find(tx, letter)?.filter(|letter| letter.user_id() == user_id) {
        expire(tx, moment, letter)?;
    }
    accounts::end_temporary(tx, user_id, letter)?;
    Ok(true)
}

/// An application was withdrawn: its letter goes with it, so that nobody is offered a reprint that would be refused. The application
/// itself is moved by whoever calls. Nothing happens where there is no letter.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn on_withdrawal(tx: &mut Tx<'_>, moment: &Moment, number: ControlNumber, who: &Acting) -> Result<(), StoreError> {
    let Some(before) = store::of_application(tx, number)? else { return Ok(()) };
    let mut letter = before.clone();
    let act = Act::Withdrawn { note: "申請が取り下げられたため".to_owned() };
    if letter.apply(act, who.by.clone(), moment.now).is_ok() {
        accounts::end_temporary(tx, letter.user_id(), letter.id)?;
        store::save(tx, Some(&before), &letter)?;
        let actor = match &who.by {
            By::Applicant => Actor::Visitor,
            By::Office(user_id) => Actor::Office(*user_id),
            By::Staff(person) => Actor::Staff { id: person.id, name: person.name.clone() },
            By::System => Actor::System,
        };
        record(tx, &moment.part("letter"), &letter, Event::new(actor, "letter.withdraw"), who.client)?;
    }
    Ok(())
}

/// The letter `newest` was printed, and with it the passwords of all older letters to the office have ended: they and their
/// applications are 期限切れ, and the clerk who printed withdraws the applications, so that nobody posts the older paper, is reminded
/// of it, or waits for it (spec 2: one temporary password, and its table of moves).
pub(super) fn replace_older(
    tx: &mut Tx<'_>,
    moment: &Moment,
    newest: &Letter,
    number: LetterNumber,
    hand: &Hand,
) -> Result<(), StoreError> {
    for letter in store::of_office(tx, newest.office)? {
        let (application, act) = (letter.application(), Act::Expired { replaced_by: Some(number) });
        if letter.id == newest.id || !letter.allows(&act) {
            continue;
        }
        let moment = moment.part(&format!("replaces {}", letter.id));
        let mv = Move::Expire { replaced_by: Some(number.to_string()) };
        // One whose application went another way meanwhile stays as it is: the print must not fail for it.
        let expired = change(tx, &moment, letter, act, mv, By::System.into(), Actor::System)?.is_ok();
        if let (true, Some(application)) = (expired, application) {
            let mv = Move::Withdraw { note: format!("発行番号 {number} の通知書に置き換えたため") };
            move_application(tx, &moment.part("withdrawal"), application, mv, hand.acting())?.ok();
        }
    }
    Ok(())
}

/// 期限切れ for up to `limit` letters whose passwords were not used in time; says how many rows were looked at. Fewer than `limit` means
/// that nothing more is due.
pub(super) fn expire_some(tx: &mut Tx<'_>, moment: &Moment, limit: usize) -> Result<usize, StoreError> {
    let ends = store::take_ends(tx, moment.now, limit)?;
    for (at, id) in &ends {
        // The row of an earlier print is passed over: a later one has its own.
        if let Some(letter) = store::find(tx, *id)?.filter(|letter| letter.state.is_out() && letter.valid_until == Some(*at)) {
            expire(tx, moment, letter)?;
        }
    }
    Ok(ends.len())
}

fn expire(tx: &mut Tx<'_>, moment: &Moment, letter: Letter) -> Result<(), StoreError> {
    let (user_id, id) = (letter.user_id(), letter.id);
    if change(
        tx,
        moment,
        letter,
        Act::Expired { replaced_by: None },
        Move::Expire { replaced_by: None },
        By::System.into(),
        Actor::System,
    )?
    .is_ok()
    {
        accounts::end_temporary(tx, user_id, id)?;
    }
    Ok(())
}

/// Whether the account still waits for the password of this letter; another letter to the same office ends it.
pub(super) fn carries_live_password(r: &impl Reads, letter: &Letter) -> Result<bool, StoreError> {
    let account = accounts::find(r, letter.user_id())?;
    Ok(account.and_then(|account| account.temporary).is_some_and(|temporary| temporary.letter == letter.id))
}

fn change(
    tx: &mut Tx<'_>,
    moment: &Moment,
    before: Letter,
    act: Act,
    mv: Move,
    who: Acting,
    actor: Actor,
) -> Result<Result<Letter, Refused>, StoreError> {
    let mut letter = before.clone();
    let (action, particulars) = (action(&act), act.particulars());
    if let Err(refused) = letter.apply(act, who.by.clone(), moment.now) {
        return Ok(Err(refused));
    }
    if let Some(application) = letter.application()
        && let Err(refused) = move_application(tx, moment, application, mv, who.clone())?
    {
        return Ok(Err(refused));
    }
    store::save(tx, Some(&before), &letter)?;
    let mut event = Event::new(actor, action);
    if !particulars.is_empty() {
        event = event.detail("particulars", particulars);
    }
    record(tx, moment, &letter, event, who.client)?;
    Ok(Ok(letter))
}

/// Moves the application behind a letter; its refusal becomes a sentence.
pub(super) fn move_application(
    tx: &mut Tx<'_>,
    moment: &Moment,
    number: ControlNumber,
    mv: Move,
    who: impl Into<Acting>,
) -> Result<Result<(), Refused>, StoreError> {
    match reissue::mark(tx, moment, number, mv, who) {
        Ok(_) => Ok(Ok(())),
        Err(MarkError::Store(error)) => Err(error),
        Err(refused) => Ok(Err(Refused::Application(format!("{number}：{refused}")))),
    }
}

fn action(act: &Act) -> &'static str {
    match act {
        Act::Printed { .. } => "letter.print",
        Act::Posted { .. } => "letter.post",
        Act::Returned { .. } => "letter.return",
        Act::Completed => "letter.complete",
        Act::Expired { .. } => "letter.expire",
        Act::Withdrawn { .. } => "letter.withdraw",
    }
}

fn record(tx: &mut Tx<'_>, moment: &Moment, letter: &Letter, event: Event, client: Option<IpAddr>) -> Result<(), StoreError> {
    let mut event = event.office(letter.office).subject(letter.id);
    if let Some(number) = letter.number {
        event = event.detail("number", number);
    }
    if let Some(client) = client {
        event = event.client(client);
    }
    audit::record(tx, moment, event).map(drop)
}
