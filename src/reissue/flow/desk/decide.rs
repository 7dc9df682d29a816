//! Moving an application from the desk. Two may decide at once: a form knows how long the history was when it was drawn, and is
//! refused when the history has grown since, with what happened meanwhile.

use super::super::super::model::{Application, By, Move, Refused, Rejection, RejectionReason, State};
use super::super::super::store;
use super::super::mark::{MarkError, mark};
use super::{Clerk, role_for};
use crate::kernel::{ControlNumber, Moment, OfficeKey};
use crate::store::{Reads, StoreError, Tx};

/// An application as a form has shown it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Which.
    pub number: ControlNumber,
    /// How many lines its history had.
    pub steps: usize,
}

impl Shown {
    /// As it is now.
    #[must_use]
    pub fn of(one: &Application) -> Self {
        Self { number: one.number, steps: one.history.len() }
    }

    /// The value in forms: `U202601000001.2`.
    #[must_use]
    pub fn word(self) -> String {
        format!("{}.{}", self.number, self.steps)
    }

    /// Reads [`Self::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let (number, steps) = word.split_once('.')?;
        Some(Self { number: ControlNumber::parse(number)?, steps: steps.parse().ok()? })
    }
}

/// Others of the same office that an approval rejects as 重複.
#[derive(Clone, Debug, Default)]
pub struct Duplicates {
    /// Which.
    pub shown: Vec<Shown>,
    /// For their applicants.
    pub sentence: String,
}

/// How it ended. Only [`Went::Done`] has changed anything.
#[derive(Clone, Debug)]
pub enum Went {
    /// The move is made.
    Done,
    /// There is no such application at this desk.
    NotHere,
    /// Somebody was faster: the application (or a duplicate) as it is now, and how many lines of its history the form knew.
    Overtaken {
        /// As it is now.
        now: Box<Application>,
        /// Lines the form knew.
        knew: usize,
    },
    /// The rules refuse it.
    Refused(Refused),
}

/// Makes one move.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn decide(tx: &mut Tx<'_>, moment: &Moment, clerk: &Clerk, shown: Shown, mv: &Move) -> Result<Went, StoreError> {
    match stands(tx, clerk, shown)? {
        Err(went) => Ok(went),
        Ok(_) if !clerk.role.covers(role_for(mv.kind())) => Ok(Went::Refused(Refused::Hand)),
        Ok(_) => made(mark(tx, moment, shown.number, mv.clone(), clerk.acting())),
    }
}

/// Approves, and rejects the chosen others of the office as 重複. A 受付済 one is taken into 審査中 on the way, because nothing is
/// rejected that nobody has looked at.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn approve(
    tx: &mut Tx<'_>,
    moment: &Moment,
    clerk: &Clerk,
    shown: Shown,
    two_person: bool,
    others: &Duplicates,
) -> Result<Went, StoreError> {
    let one = match stands(tx, clerk, shown)? {
        Ok(one) => one,
        Err(went) => return Ok(went),
    };
    if !clerk.role.covers(role_for(crate::reissue::MoveKind::Approve)) {
        return Ok(Went::Refused(Refused::Hand));
    }
    let approval = Move::Approve { two_person };
    if let Err(refused) = one.check(&approval, &clerk.by(), moment.now) {
        return Ok(Went::Refused(refused));
    }
    // Everything is judged before the first write.
    let mut rejections: Vec<(Shown, Vec<Move>)> = Vec::new();
    for other in &others.shown {
        // Named twice, the second rejection would be refused after the first was written.
        if other.number == shown.number || rejections.iter().any(|(named, _)| named.number == other.number) {
            continue;
        }
        let duplicate = match stands(tx, clerk, *other)? {
            Ok(duplicate) => duplicate,
            Err(went) => return Ok(went),
        };
        match rejection_of(&duplicate, one.office, &clerk.by(), moment, &others.sentence) {
            Ok(moves) => rejections.push((*other, moves)),
            Err(refused) => return Ok(Went::Refused(refused)),
        }
    }
    let mut went = made(mark(tx, moment, shown.number, approval, clerk.acting()))?;
    for (other, moves) in rejections {
        for mv in moves {
            if let Went::Done = went {
                went = made(mark(tx, &moment.part(&other.word()), other.number, mv, clerk.acting()))?;
            }
        }
    }
    Ok(went)
}

/// The moves that reject a duplicate, tried on a copy.
fn rejection_of(one: &Application, office: OfficeKey, by: &By, moment: &Moment, sentence: &str) -> Result<Vec<Move>, Refused> {
    if one.office != office {
        return Err(Refused::State { from: one.state });
    }
    let reject = Move::Reject(Rejection { reason: RejectionReason::Duplicate, sentence: sentence.to_owned() });
    let moves = if one.state == State::Received { vec![Move::Take, reject] } else { vec![reject] };
    let mut tried = one.clone();
    for mv in &moves {
        tried.apply(mv.clone(), by.clone(), moment.now)?;
    }
    Ok(moves)
}

/// The application, if it is this desk's and still as the form has shown it.
fn stands(r: &impl Reads, clerk: &Clerk, shown: Shown) -> Result<Result<Application, Went>, StoreError> {
    let Some(one) = store::find_at(r, clerk.prefecture, shown.number)? else { return Ok(Err(Went::NotHere)) };
    if one.history.len() == shown.steps {
        return Ok(Ok(one));
    }
    Ok(Err(Went::Overtaken { now: Box::new(one), knew: shown.steps }))
}

fn made(marked: Result<Application, MarkError>) -> Result<Went, StoreError> {
    match marked {
        Ok(_) => Ok(Went::Done),
        Err(MarkError::NotFound) => Ok(Went::NotHere),
        Err(MarkError::Refused(refused)) => Ok(Went::Refused(refused)),
        Err(MarkError::Store(error)) => Err(error),
    }
}
