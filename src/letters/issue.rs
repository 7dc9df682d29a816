//! First issue: accounts for offices that have none, with a letter each that waits to be printed (spec 2).

use serde::{Deserialize, Serialize};

use super::model::{Letter, Occasion};
use super::store;
use crate::accounts::{self, Account, Kind};
use crate::audit::{self, Actor, Event};
use crate::kernel::{Clock, Id, Moment, OfficeKey, OfficeNumber, Prefecture, Random, UserId};
use crate::ledger::{self, Status};
use crate::store::{Store, StoreError, Tx};

/// Offices of one write transaction.
const CHUNK: usize = 100;

/// To whom IDs are issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Offices {
    /// All of the ledger that have none and are not 廃止.
    AllNew,
    /// These, whatever their state in the ledger.
    These(Vec<OfficeNumber>),
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// Accounts made, with a letter each in the print queue.
    pub issued: usize,
    /// Offices that had an account before; they keep it.
    pub had_one: usize,
    /// 廃止 offices passed over.
    pub closed: usize,
    /// Numbers that are not in the ledger.
    pub unknown: Vec<OfficeNumber>,
    /// Of those issued: without 郵便番号 or 住所, which the letter needs.
    pub without_address: usize,
}

impl Issued {
    /// The outcome as lines for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("ユーザIDを{}件発行し、通知書を印刷待ちに入れました。", self.issued)];
        let mut some = |count: usize, text: &str| {
            if count > 0 {
                lines.push(format!("{text} {count}件"));
            }
        };
        some(self.had_one, "すでにユーザIDのある事業所（変更なし）");
        some(self.closed, "廃止の事業所（発行していません）");
        some(self.without_address, "郵便番号または住所のない事業所（印刷までに台帳画面で補ってください）");
        for number in &self.unknown {
            lines.push(format!("{number}: 台帳にありません。"));
        }
        lines
    }
}

enum Outcome {
    Issued { without_address: bool },
    HadOne,
    Closed,
    Unknown,
}

/// Issues IDs. Blocks; each hundred offices are one transaction. `progress` hears of offices done and, where known, of all.
///
/// # Errors
/// [`StoreError`] when the database fails; what was issued before that stays, and running it again goes on.
pub fn issue(
    store: &Store,
    (clock, random): (&Clock, &Random),
    actor: &Actor,
    prefecture: Prefecture,
    offices: &Offices,
    kind: Kind,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Issued, StoreError> {
    let mut report = Issued::default();
    let all = match offices {
        Offices::AllNew => store.read(|r| ledger::count(r, prefecture, usize::MAX))?,
        Offices::These(numbers) => numbers.len(),
    };
    let (mut done, mut after) = (0, None);
    loop {
        let numbers = match offices {
            Offices::AllNew => store.read(|r| ledger::numbers(r, prefecture, after, CHUNK))?,
            Offices::These(numbers) => numbers.iter().copied().skip(done).take(CHUNK).collect(),
        };
        if numbers.is_empty() {
            return Ok(report);
        }
        (done, after) = (done + numbers.len(), numbers.last().copied());
        let (moment, actor, closed_too) = (Moment::new(clock, random), actor.clone(), *offices != Offices::AllNew);
        let outcomes = store.write_blocking(move |tx| {
            let keys = numbers.iter().map(|number| OfficeKey::new(prefecture, *number));
            keys.map(|key| Ok((key.number, issue_one(tx, &moment, &actor, key, kind, closed_too)?)))
                .collect::<Result<Vec<_>, StoreError>>()
        })?;
        for (number, outcome) in outcomes {
            match outcome {
                Outcome::Issued { without_address } => {
                    report.issued += 1;
                    report.without_address += usize::from(without_address);
                }
                Outcome::HadOne => report.had_one += 1,
                Outcome::Closed => report.closed += 1,
                Outcome::Unknown => report.unknown.push(number),
            }
        }
        progress(done, all);
    }
}

fn issue_one(
    tx: &mut Tx<'_>,
    moment: &Moment,
    actor: &Actor,
    office: OfficeKey,
    kind: Kind,
    closed_too: bool,
) -> Result<Outcome, StoreError> {
    let Some(entry) = ledger::find(tx, office)? else { return Ok(Outcome::Unknown) };
    let user_id = UserId::of(office);
    if accounts::find(tx, user_id)?.is_some() {
        return Ok(Outcome::HadOne);
    }
    if entry.status == Status::Closed && !closed_too {
        return Ok(Outcome::Closed);
    }
    accounts::create(tx, &Account::new(user_id, kind, moment.now))?;
    let id = Id::new(&moment.part(&format!("first letter {office}")).random());
    store::save(tx, None, &Letter::new(id, office, Occasion::FirstIssue, moment.now))?;
    let event = Event::new(actor.clone(), "account.issue").office(office).subject(id);
    audit::record(tx, moment, event)?;
    Ok(Outcome::Issued { without_address: !entry.can_be_posted_to() })
}
