//! The outbox: a mail is a row in the transaction of what it reports. Its text is composed when it is sent, so that no code and no
//! body ever lies in the database.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::jobs::{self, Job, Kind, Lane};
use crate::kernel::{Id, MailAddress, Moment, Prefecture};
use crate::store::{Check, Reads, Span, StoreError, Table, Tx, expect, leads_to};

const OUTBOX: Table<Id, Row> = Table::new("outbox");
/// Pile, federation (0 = none), when posted: for the lists of staff.
const BY_STATE: Table<StateKey, ()> = Table::new("outbox_by_state");
type StateKey = (u8, u8, Timestamp, Id);
/// What a mail is about, when posted: for the file of one application.
const BY_SUBJECT: Table<(String, Timestamp, Id), ()> = Table::new("outbox_by_subject");

/// The pile of mails that failed and would be of no use any more (codes): nobody is to send them again, so no list of staff and no count
/// holds them. Strangers may ask for as many as they like.
const FAILED_FOR_ITS_TIME: u8 = 4;
/// The piles of mails that nothing more happens to by itself.
pub(super) const AT_REST: [u8; 4] = [State::Sent.number(), State::Failed.number(), State::Dropped.number(), FAILED_FOR_ITS_TIME];

/// The job that sends one mail.
pub const SEND: Kind = Kind::new("mail.send", Lane::Mail);

/// A mail to be sent.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Which text, e.g. `M-3` (spec 4); `app.rs` knows the composer.
    pub kind: &'static str,
    /// To whom.
    pub to: MailAddress,
    /// The federation whose staff may see it waiting or failed.
    pub prefecture: Option<Prefecture>,
    /// What it is about, for lists: a control number, a user ID.
    pub about: String,
    /// What the composer needs. Never a code or a password.
    pub params: Value,
    /// After this it is of no use any more and is not sent (codes).
    pub useless_after: Option<Timestamp>,
}

/// Where a mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Not sent yet, or to be tried again.
    Waiting,
    /// Taken over by the mail server.
    Sent,
    /// Refused for good, or given up.
    Failed,
    /// Of no use any more before it could be sent.
    Dropped,
}

impl State {
    const fn number(self) -> u8 {
        match self {
            Self::Waiting => 0,
            Self::Sent => 1,
            Self::Failed => 2,
            Self::Dropped => 3,
        }
    }
}

/// The row of a mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// Which text.
    pub kind: String,
    /// To whom.
    pub to: MailAddress,
    /// The federation whose staff may see it.
    pub prefecture: Option<Prefecture>,
    /// What it is about.
    pub about: String,
    /// What the composer needs, as JSON; erased once the mail is sent or dropped.
    pub params: String,
    /// When it was posted.
    pub posted: Timestamp,
    /// After this it is of no use.
    pub useless_after: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: u32,
    /// What the mail server said last.
    pub last_error: Option<String>,
    /// When it was taken over.
    pub sent: Option<Timestamp>,
}

impl Row {
    /// Whether it failed and is still of use.
    #[must_use]
    pub fn can_be_sent_again(&self) -> bool {
        self.state == State::Failed && self.useless_after.is_none()
    }

    fn pile(&self) -> u8 {
        if self.state == State::Failed && self.useless_after.is_some() { FAILED_FOR_ITS_TIME } else { self.state.number() }
    }
}

/// Posts a mail, in the transaction of what it reports. `seed` tells apart several mails of one use case.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn post(tx: &mut Tx<'_>, moment: &Moment, mail: Mail) -> Result<Id, StoreError> {
    // Several mails of one use case differ in kind, recipient or subject; the id must differ as well.
    let random = moment.part(&format!("mail {} {} {}", mail.kind, mail.to.key(), mail.about)).random();
    let (id, job) = (Id::new(&random), Id::new(&random));
    let row = Row {
        kind: mail.kind.to_owned(),
        to: mail.to,
        prefecture: mail.prefecture,
        about: mail.about,
        params: mail.params.to_string(),
        posted: moment.now,
        useless_after: mail.useless_after,
        state: State::Waiting,
        attempts: 0,
        last_error: None,
        sent: None,
    };
    tx.put(&OUTBOX, &id, &row)?;
    tx.put(&BY_STATE, &index(&row, id), &())?;
    tx.put(&BY_SUBJECT, &(row.about.clone(), row.posted, id), &())?;
    jobs::enqueue(tx, job, moment.now, SEND, moment.now, &id)?;
    Ok(id)
}

/// A mail's row.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn find(r: &impl Reads, id: Id) -> Result<Option<Row>, StoreError> {
    r.get(&OUTBOX, &id)
}

/// `limit` mails of one state and federation after the first `skip`, newest first; failed ones as far as staff may send them again.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn list(
    r: &impl Reads,
    state: State,
    prefecture: Option<Prefecture>,
    skip: usize,
    limit: usize,
) -> Result<Vec<(Id, Row)>, StoreError> {
    let span = Span::prefix(&(state.number(), federation(prefecture))).descending();
    let keys = r.list(&BY_STATE, &span, skip.saturating_add(limit))?.into_iter().skip(skip);
    keys.filter_map(|((.., id), ())| r.get(&OUTBOX, &id).map(|row| Some((id, row?))).transpose()).collect()
}

/// The newest `limit` mails about one thing, newest first. Whoever asks has checked that they may see it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn about(r: &impl Reads, subject: &str, limit: usize) -> Result<Vec<(Id, Row)>, StoreError> {
    let keys = r.list(&BY_SUBJECT, &Span::prefix(&subject.to_owned()).descending(), limit)?;
    keys.into_iter().filter_map(|((.., id), ())| r.get(&OUTBOX, &id).map(|row| Some((id, row?))).transpose()).collect()
}

/// How many mails [`list`] can show of one state and federation, counted up to `limit`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn count(r: &impl Reads, state: State, prefecture: Option<Prefecture>, limit: usize) -> Result<usize, StoreError> {
    r.count(&BY_STATE, &Span::prefix(&(state.number(), federation(prefecture))), limit)
}

/// How many mails wait in the whole installation.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn waiting(r: &impl Reads) -> Result<usize, StoreError> {
    r.count(&BY_STATE, &Span::prefix(&State::Waiting.number()), usize::MAX)
}

/// Sends a failed mail again. `false` if it is not a failed one (any more), or would be of no use.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn send_again(tx: &mut Tx<'_>, moment: &Moment, id: Id) -> Result<bool, StoreError> {
    let Some(row) = tx.get(&OUTBOX, &id)?.filter(Row::can_be_sent_again) else { return Ok(false) };
    settle(tx, id, row, |row| row.state = State::Waiting)?;
    let job = Id::new(&moment.part("send again").random());
    jobs::enqueue(tx, job, moment.now, SEND, moment.now, &id)?;
    Ok(true)
}

/// How an attempt to send ended.
#[derive(Clone, Debug)]
pub(super) enum Attempt {
    Sent,
    Failed(String),
    Dropped(String),
    Later(String),
}

/// Writes down an attempt; the job ends with it unless it is to be tried later.
pub(super) fn record(tx: &mut Tx<'_>, job: &Job, id: Id, now: Timestamp, attempt: &Attempt) -> Result<(), StoreError> {
    let Some(row) = tx.get(&OUTBOX, &id)? else { return jobs::finish(tx, job) };
    settle(tx, id, row, |row| {
        row.attempts += 1;
        match attempt {
            Attempt::Sent => {
                row.state = State::Sent;
                row.sent = Some(now);
                row.last_error = None;
                row.params.clear();
            }
            Attempt::Dropped(reason) => {
                row.state = State::Dropped;
                row.last_error = Some(reason.clone());
                row.params.clear();
            }
            // The parameters stay: staff may send it again.
            Attempt::Failed(reason) => {
                row.state = State::Failed;
                row.last_error = Some(reason.clone());
            }
            Attempt::Later(reason) => row.last_error = Some(reason.clone()),
        }
    })?;
    if matches!(attempt, Attempt::Later(_)) { Ok(()) } else { jobs::finish(tx, job) }
}

/// Up to `limit` mails of one pile and federation (`None`: of none) that were posted before `before`, for [`remove`].
pub(super) fn older(
    r: &impl Reads,
    pile: u8,
    prefecture: Option<Prefecture>,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<StateKey>, StoreError> {
    let keys = r.list(&BY_STATE, &Span::prefix(&(pile, federation(prefecture))), limit)?;
    Ok(keys.into_iter().map(|(key, ())| key).take_while(|(_, _, posted, _)| *posted < before).collect())
}

/// Removes what [`older`] has found, unless it has got another state meanwhile.
pub(super) fn remove(tx: &mut Tx<'_>, keys: &[StateKey]) -> Result<(), StoreError> {
    for key in keys {
        let id = key.3;
        let Some(row) = tx.get(&OUTBOX, &id)?.filter(|row| index(row, id) == *key) else { continue };
        tx.delete(&BY_SUBJECT, &(row.about, row.posted, id))?;
        tx.delete(&BY_STATE, key)?;
        tx.delete(&OUTBOX, &id)?;
    }
    Ok(())
}

fn settle(tx: &mut Tx<'_>, id: Id, mut row: Row, change: impl FnOnce(&mut Row)) -> Result<(), StoreError> {
    let before = index(&row, id);
    change(&mut row);
    let after = index(&row, id);
    if before != after {
        tx.delete(&BY_STATE, &before)?;
        tx.put(&BY_STATE, &after, &())?;
    }
    tx.put(&OUTBOX, &id, &row)
}

fn index(row: &Row, id: Id) -> StateKey {
    (row.pile(), federation(row.prefecture), row.posted, id)
}

fn federation(prefecture: Option<Prefecture>) -> u8 {
    prefecture.map_or(0, Prefecture::number)
}

/// How long to wait before the next try: half a minute, doubled each time, an hour at most.
pub(super) fn back_off(attempts: u32) -> SignedDuration {
    SignedDuration::from_secs((30_i64 << attempts.min(7)).min(3600))
}

/// Checks every row, for `verify`: a mail that waits must have the job that sends it.
pub fn check(c: &mut Check<'_>) {
    // Jobs that cannot be read are named by their own room.
    let sending: Option<HashSet<Id>> = jobs::payloads(c.read(), SEND).ok().map(|ids| ids.into_iter().collect());
    c.table(&OUTBOX, |r, id, row| {
        leads_to(r, &BY_STATE, &index(row, *id))?;
        leads_to(r, &BY_SUBJECT, &(row.about.clone(), row.posted, *id))?;
        let has_job = sending.as_ref().is_none_or(|sending| sending.contains(id));
        expect(row.state != State::Waiting || has_job, "送信待ちなのに、送信の仕事がありません")
    });
    c.table(&BY_STATE, |r, key, ()| {
        expect(find(r, key.3)?.is_some_and(|row| index(&row, key.3) == *key), "メールの行と合いません")
    });
    c.table(&BY_SUBJECT, |r, (about, posted, id), ()| {
        expect(find(r, *id)?.is_some_and(|row| row.about == *about && row.posted == *posted), "メールの行と合いません")
    });
}
