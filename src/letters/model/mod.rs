//! One letter: its number, where it stands, and the moves it may make. Pure; `now` is an argument.

mod number;
mod refused;
mod state;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::number::{BRANCH_MOST, LetterNumber, Serial};
pub use self::refused::Refused;
pub(super) use self::refused::check_text;
pub use self::state::{Act, State};
use crate::kernel::{ControlNumber, Id, OfficeKey, UserId, jst};
use crate::reissue::By;

/// Why there is a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Occasion {
    /// An approved application; its state follows the letter's.
    Reissue(ControlNumber),
    /// First issue of an ID.
    FirstIssue,
}

/// One line of a letter's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: By,
    /// What.
    pub act: Act,
}

/// A letter. Its password is nowhere but on paper; the account holds a keyed hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its id; the account's temporary password names it.
    pub id: Id,
    /// To whom.
    pub office: OfficeKey,
    /// Why.
    pub occasion: Occasion,
    /// The number of the newest print; `None` before the first.
    pub number: Option<LetterNumber>,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// When it was asked for.
    pub created: Timestamp,
    /// The last instant at which the newest print's password opens.
    pub valid_until: Option<Timestamp>,
    /// Everything that happened, oldest first.
    pub history: Vec<Step>,
}

impl Letter {
    /// A letter that waits to be printed.
    #[must_use]
    pub fn new(id: Id, office: OfficeKey, occasion: Occasion, now: Timestamp) -> Self {
        Self {
            id,
            office,
            occasion,
            number: None,
            state: State::Waiting,
            since: now,
            created: now,
            valid_until: None,
            history: Vec::new(),
        }
    }

    /// The account whose password it carries.
    #[must_use]
    pub const fn user_id(&self) -> UserId {
        UserId::of(self.office)
    }

    /// The application behind it.
    #[must_use]
    pub const fn application(&self) -> Option<ControlNumber> {
        match self.occasion {
            Occasion::Reissue(number) => Some(number),
            Occasion::FirstIssue => None,
        }
    }

    /// The day it was given to the post, if the newest print was.
    #[must_use]
    pub fn posted_on(&self) -> Option<Date> {
        self.history.iter().rev().find_map(|step| match &step.act {
            Act::Posted { on, .. } => Some(Some(*on)),
            Act::Printed { .. } => Some(None),
            _ => None,
        })?
    }

    /// When the newest print was made.
    #[must_use]
    pub fn printed_at(&self) -> Option<Timestamp> {
        self.history.iter().rev().find(|step| matches!(step.act, Act::Printed { .. })).map(|step| step.at)
    }

    /// The later letter to the same office that ended the password of this one's newest print.
    #[must_use]
    pub fn replaced_by(&self) -> Option<LetterNumber> {
        self.history.iter().rev().find_map(|step| match &step.act {
            Act::Expired { replaced_by } => Some(*replaced_by),
            Act::Printed { .. } => Some(None),
            _ => None,
        })?
    }

    /// Whether this may happen to it: the table of its states, and a letter of a first issue has no 取下げ (spec 2, First issue).
    #[must_use]
    pub const fn allows(&self, act: &Act) -> bool {
        let of_application = matches!(self.occasion, Occasion::Reissue(_));
        self.state.allows(act) && (of_application || !matches!(act, Act::Withdrawn { .. }))
    }

    /// Whether a print now needs a reason: not the first one, nor one after the letter came back or expired.
    #[must_use]
    pub const fn reprint_needs_reason(&self) -> bool {
        self.state.is_out()
    }

    /// The 枝番 of the next print.
    ///
    /// # Errors
    /// [`Refused::BranchesUsedUp`].
    pub fn next_branch(&self) -> Result<u8, Refused> {
        match self.number {
            None => Ok(1),
            Some(number) if number.branch < BRANCH_MOST => Ok(number.branch + 1),
            Some(_) => Err(Refused::BranchesUsedUp),
        }
    }

    /// Lets something happen: state, number, and a line in the history.
    ///
    /// # Errors
    /// [`Refused`], and nothing is changed.
    pub fn apply(&mut self, act: Act, by: By, now: Timestamp) -> Result<(), Refused> {
        if !self.allows(&act) {
            return Err(Refused::State(self.state));
        }
        match &act {
            Act::Printed { reason, .. } => check_text(reason, self.reprint_needs_reason())?,
            Act::Posted { on, tracking } => {
                check_text(tracking, false)?;
                if *on > jst::date(now) {
                    return Err(Refused::PostedAhead);
                }
            }
            Act::Returned { note } | Act::Withdrawn { note } => check_text(note, false)?,
            Act::Completed | Act::Expired { .. } => {}
        }
        if let Act::Printed { number, .. } = &act {
            self.number = Some(*number);
        }
        self.state = act.leads_to();
        self.since = now;
        self.history.push(Step { at: now, by, act });
        Ok(())
    }

    /// Whether this is the number of the newest print.
    ///
    /// # Errors
    /// [`Refused::Superseded`] for an older one, [`Refused::UnknownNumber`] for one never printed.
    pub fn check_number(&self, given: LetterNumber) -> Result<(), Refused> {
        match self.number {
            Some(newest) if newest == given => Ok(()),
            Some(newest) if newest.serial == given.serial && (1..newest.branch).contains(&given.branch) => {
                Err(Refused::Superseded { given, newest })
            }
            _ => Err(Refused::UnknownNumber(given.to_string())),
        }
    }
}
