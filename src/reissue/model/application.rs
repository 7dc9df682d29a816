//! An application and the rule by which it moves.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::moves::{Inquiry, InquiryReason, Move, Rejection, TEXT_MOST};
use super::person::{By, Person};
use super::slip::Slip;
use super::state::{MoveKind, State};
use crate::kernel::{ControlNumber, MailAddress, OfficeKey, jst, text};

/// How an application came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// On-line, the contact address proven by a code.
    Visitor,
    /// 窓口受付: on paper or by telephone, typed in by staff.
    Desk {
        /// Who typed it in; they may not approve it.
        by: Person,
        /// What the paper or the caller said.
        #[serde(default)]
        slip: Slip,
    },
}

/// What a line of the history tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// It arrived.
    Arrived,
    /// It moved.
    Moved(Move),
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: By,
    /// The state after it.
    pub to: State,
    /// What, with its reason.
    pub what: What,
}

impl Step {
    /// The reason in one line; empty where there is none.
    #[must_use]
    pub fn reason(&self) -> String {
        match &self.what {
            What::Arrived => String::new(),
            What::Moved(mv) => mv.reason(),
        }
    }
}

/// A reissue application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// 管理番号.
    pub number: ControlNumber,
    /// The office whose login is asked for, in the ledger of the federation that decides.
    pub office: OfficeKey,
    /// 通知先メールアドレス. `None` for an application at the window without one, and after retention erased it.
    pub contact: Option<MailAddress>,
    /// When it arrived.
    pub received: Timestamp,
    /// Where it stands.
    pub state: State,
    /// Since when it stands there.
    pub since: Timestamp,
    /// How it came in.
    pub source: Source,
    /// Everything that happened, oldest first; never empty.
    pub history: Vec<Step>,
}

/// Why a move is refused. Each is a sentence for the person who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The table has no such move from this state.
    State {
        /// Where the application stands.
        from: State,
    },
    /// This move is not made by such a person (a visitor approving, staff completing).
    Hand,
    /// The two-person rule: whoever took it into 審査中 may not approve it.
    TookIt,
    /// Whoever typed it in at the window may not approve it.
    EnteredIt,
    /// A text that must be there is missing.
    TextMissing,
    /// A text is too long or holds control characters.
    TextForm,
    /// 照会 must leave time for an answer.
    UntilPast,
    /// A deadline of 照会 so far ahead that its year was mistyped.
    UntilFar,
    /// A day of posting that lies ahead.
    PostedAhead,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State { from } => {
                write!(f, "この申請は現在「{from}」のため、この操作はできません。最新の内容をご確認ください。")
            }
            Self::Hand => f.write_str("この操作を行う権限がありません。"),
            Self::TookIt => f.write_str("審査を始めた方は、この申請を承認できません。別の承認者が承認してください。"),
            Self::EnteredIt => f.write_str("窓口受付を入力した方は、この申請を承認できません。別の承認者が承認してください。"),
            Self::TextMissing => f.write_str("理由または申請者への説明を入力してください。"),
            Self::TextForm => write!(f, "理由や説明は{TEXT_MOST}文字以内で、制御文字を含めずに入力してください。"),
            Self::UntilPast => f.write_str("回答期限には本日以降の日付を入力してください。"),
            Self::UntilFar => f.write_str("回答期限には1年以内の日付を入力してください。年をお確かめください。"),
            Self::PostedAhead => f.write_str("発送日には本日以前の日付を入力してください。"),
        }
    }
}

impl std::error::Error for Refused {}

impl Application {
    /// An application that has just arrived.
    #[must_use]
    pub fn arrived(
        number: ControlNumber,
        office: OfficeKey,
        contact: Option<MailAddress>,
        source: Source,
        at: Timestamp,
    ) -> Self {
        let by = match &source {
            Source::Visitor => By::Applicant,
            Source::Desk { by, .. } => By::Staff(by.clone()),
        };
        let first = Step { at, by, to: State::Received, what: What::Arrived };
        Self { number, office, contact, received: at, state: State::Received, since: at, source, history: vec![first] }
    }

    /// Whether `by` may make this move now.
    ///
    /// # Errors
    /// [`Refused`] says why not.
    pub fn check(&self, mv: &Move, by: &By, at: Timestamp) -> Result<State, Refused> {
        let two_person = matches!(mv, Move::Approve { two_person: true });
        let to = self.permits(mv.kind(), by, two_person)?;
        particulars_fit(mv, jst::date(at))?;
        Ok(to)
    }

    /// Whether `by` may make a move of this kind now, whatever its particulars: what buttons are drawn from. `two_person` is the
    /// installation's rule for approving.
    ///
    /// # Errors
    /// [`Refused`] says why not.
    pub fn permits(&self, kind: MoveKind, by: &By, two_person: bool) -> Result<State, Refused> {
        let to = self.state.after(kind).ok_or(Refused::State { from: self.state })?;
        if !hand_fits(kind, by) {
            return Err(Refused::Hand);
        }
        if let (MoveKind::Approve, Some(person)) = (kind, by.person()) {
            if two_person && self.took_it(person) {
                return Err(Refused::TookIt);
            }
            if matches!(&self.source, Source::Desk { by, .. } if by.id == person.id) {
                return Err(Refused::EnteredIt);
            }
        }
        Ok(to)
    }

    /// Makes the move: state, and a line in the history.
    ///
    /// # Errors
    /// [`Refused`], and nothing is changed.
    pub fn apply(&mut self, mv: Move, by: By, at: Timestamp) -> Result<(), Refused> {
        let to = self.check(&mv, &by, at)?;
        self.state = to;
        self.since = at;
        self.history.push(Step { at, by, to, what: What::Moved(mv) });
        Ok(())
    }

    /// Whether this person has ever moved it into 審査中. Resuming after an answer counts: it is an examination as well.
    fn took_it(&self, person: &Person) -> bool {
        self.history
            .iter()
            .any(|step| step.to == State::UnderReview && step.by.person().is_some_and(|taker| taker.id == person.id))
    }

    /// Whoever moved it into 審査中 last.
    #[must_use]
    pub fn taken_by(&self) -> Option<&Person> {
        self.history.iter().rev().find(|step| step.to == State::UnderReview).and_then(|step| step.by.person())
    }

    /// The open question while 照会中.
    #[must_use]
    pub fn inquiry(&self) -> Option<&Inquiry> {
        match (self.state, self.last_move()) {
            (State::Inquiring, Some(Move::Inquire(inquiry))) => Some(inquiry),
            _ => None,
        }
    }

    /// The refusal of a rejected one.
    #[must_use]
    pub fn rejection(&self) -> Option<&Rejection> {
        match (self.state, self.last_move()) {
            (State::Rejected, Some(Move::Reject(rejection))) => Some(rejection),
            _ => None,
        }
    }

    /// 発行番号-枝番 of the newest letter, and until when its password works.
    #[must_use]
    pub fn letter(&self) -> Option<&super::Printing> {
        self.history.iter().rev().find_map(|step| match &step.what {
            What::Moved(Move::Print(printing) | Move::Reprint { printing, .. }) => Some(printing),
            _ => None,
        })
    }

    /// The day the newest letter was given to the post, if it was.
    #[must_use]
    pub fn posted_on(&self) -> Option<Date> {
        let newest = self.history.iter().rev().find_map(|step| match &step.what {
            What::Moved(Move::Post { on, .. }) => Some(Some(*on)),
            What::Moved(Move::Print(_) | Move::Reprint { .. }) => Some(None),
            _ => None,
        });
        newest.flatten()
    }

    /// Since when nobody waits for it any more: it has ended, or its letter came back or expired and no other was printed. Retention
    /// counts from here.
    #[must_use]
    pub fn rests_since(&self) -> Option<Timestamp> {
        let rests = !self.state.is_open() || matches!(self.state, State::Returned | State::Expired);
        rests.then_some(self.since)
    }

    fn last_move(&self) -> Option<&Move> {
        self.history.last().and_then(|step| match &step.what {
            What::Moved(mv) => Some(mv),
            What::Arrived => None,
        })
    }
}

/// Which kind of person makes which move at all. Roles among staff are the routes' business.
const fn hand_fits(kind: MoveKind, by: &By) -> bool {
    match kind {
        MoveKind::Complete | MoveKind::Supersede => matches!(by, By::Office(_)),
        MoveKind::Expire => matches!(by, By::System),
        MoveKind::Withdraw => matches!(by, By::Applicant | By::Staff(_)),
        _ => matches!(by, By::Staff(_)),
    }
}

fn particulars_fit(mv: &Move, today: Date) -> Result<(), Refused> {
    match mv {
        Move::Inquire(inquiry) => {
            text_fits(&inquiry.text, inquiry.reason == InquiryReason::Other)?;
            if inquiry.until < today {
                Err(Refused::UntilPast)
            } else if today.checked_add(jiff::Span::new().years(1)).is_ok_and(|latest| inquiry.until > latest) {
                Err(Refused::UntilFar)
            } else {
                Ok(())
            }
        }
        Move::Reject(rejection) => text_fits(&rejection.sentence, true),
        Move::Reprint { reason, .. } => text_fits(reason, true),
        Move::Post { on, tracking } => {
            text_fits(tracking, false)?;
            if *on > today { Err(Refused::PostedAhead) } else { Ok(()) }
        }
        Move::Return { note } | Move::Withdraw { note } => text_fits(note, false),
        _ => Ok(()),
    }
}

fn text_fits(given: &str, needed: bool) -> Result<(), Refused> {
    if needed && given.trim().is_empty() {
        return Err(Refused::TextMissing);
    }
    if given.chars().count() > TEXT_MOST || text::has_control(given) { Err(Refused::TextForm) } else { Ok(()) }
}
