//! An inquiry from its receipt to its answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::InquiryNumber;
use crate::kernel::{Id, MailAddress, Prefecture};
use crate::portal::{Medical, Person};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// An answer.
    General,
    /// An account for a medical institution (S4 27).
    IdApplication,
}

/// Where an inquiry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// 受付済.
    Received,
    /// 対応中: an operator has taken it up.
    Working,
    /// 回答済.
    Answered,
    /// ID発行済: the account was made.
    Issued,
    /// 却下.
    Rejected,
}

impl State {
    /// All, in the order in which they come.
    pub const ALL: [Self; 5] = [Self::Received, Self::Working, Self::Answered, Self::Issued, Self::Rejected];
    /// Those that wait for an operator.
    pub const OPEN: [Self; 2] = [Self::Received, Self::Working];

    /// The name on screens.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Received => "受付済",
            Self::Working => "対応中",
            Self::Answered => "回答済",
            Self::Issued => "ID発行済",
            Self::Rejected => "却下",
        }
    }

    /// The word in addresses and forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Working => "working",
            Self::Answered => "answered",
            Self::Issued => "issued",
            Self::Rejected => "rejected",
        }
    }

    /// The number in the index.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Received => 0,
            Self::Working => 1,
            Self::Answered => 2,
            Self::Issued => 3,
            Self::Rejected => 4,
        }
    }

    /// Whether an operator is waited for.
    #[must_use]
    pub fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }
}

/// Who asks. Erased a year after the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The person; an inquiry that is no application asks for 氏名 and, if they like, 電話番号 only.
    pub person: Person,
    /// Where M-10 goes.
    pub mail: MailAddress,
    /// 事業所番号または医療機関コード as typed, if it was.
    pub number: String,
}

/// What happened to an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// It came in.
    Received,
    /// An operator took it up.
    Taken,
    /// It was answered.
    Answered,
    /// The account was made.
    Issued,
    /// It was rejected.
    Rejected(Reason),
}

/// Why an inquiry is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// 医療機関を確認できない.
    Unconfirmed,
    /// 重複.
    Duplicate,
    /// A care office registers by itself.
    CareOffice,
    /// その他.
    Other,
}

impl Reason {
    /// In the order of the form.
    pub const ALL: [Self; 4] = [Self::Unconfirmed, Self::Duplicate, Self::CareOffice, Self::Other];

    /// On screens.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Unconfirmed => "医療機関を確認できない",
            Self::Duplicate => "重複",
            Self::CareOffice => "介護事業所は初回利用登録",
            Self::Other => "その他",
        }
    }

    /// What the inquirer reads of it beside the operator's own words.
    #[must_use]
    pub const fn told(self) -> Option<&'static str> {
        match self {
            Self::Unconfirmed => Some("申請された医療機関を確認できませんでした。"),
            Self::Duplicate => Some("同じ内容の申請を、すでに受け付けています。"),
            Self::CareOffice => {
                Some("介護事業所・みなし介護事業所の方は、介護情報基盤ポータルの【初回利用登録】からご登録いただけます。")
            }
            Self::Other => None,
        }
    }

    /// In forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Duplicate => "duplicate",
            Self::CareOffice => "care_office",
            Self::Other => "other",
        }
    }

    /// Reads [`Self::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Which operator; empty for who asked.
    pub who: String,
    /// What.
    pub what: What,
    /// The answer, how the operator made sure, or what the inquirer was told. Erased with the contact.
    pub text: String,
}

/// An inquiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// 受付番号.
    pub number: InquiryNumber,
    /// The federation whose operators see it.
    pub home: Prefecture,
    /// When it came in.
    pub received: Timestamp,
    /// 大カテゴリー and 中カテゴリー as they were in config.
    pub category: (String, String),
    /// What is asked for.
    pub kind: Ask,
    /// Who asks; `None` once retention has erased it.
    pub contact: Option<Contact>,
    /// What they wrote; erased with the contact.
    pub text: String,
    /// The medical institution of an application; erased with the contact: once there is an account, it lies there.
    pub medical: Option<Medical>,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// What happened, oldest first.
    pub history: Vec<Step>,
    /// The institution that came of it.
    pub institution: Option<Id>,
}

impl Inquiry {
    /// Since when nobody waits for anything.
    #[must_use]
    pub fn rests_since(&self) -> Option<Timestamp> {
        (!self.state.is_open()).then_some(self.since)
    }

    /// Goes on to `state`.
    pub(in crate::contact_form) fn go_on(&mut self, at: Timestamp, who: &str, (state, what): (State, What), text: &str) {
        self.state = state;
        self.since = at;
        self.history.push(Step { at, who: who.to_owned(), what, text: text.to_owned() });
    }

    /// Forgets who asked and what was written.
    pub(in crate::contact_form) fn erase(&mut self) {
        self.contact = None;
        self.medical = None;
        self.text.clear();
        self.history.iter_mut().for_each(|step| step.text.clear());
    }
}

/// What operators do with an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// 対応を始める.
    Take,
    /// 回答する.
    Answer,
    /// 医療機関のIDを発行する.
    Create,
    /// 却下する.
    Reject,
}

impl Act {
    /// In the order of the screen.
    pub const ALL: [Self; 4] = [Self::Take, Self::Create, Self::Answer, Self::Reject];

    /// The word in forms and addresses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Answer => "answer",
            Self::Create => "create",
            Self::Reject => "reject",
        }
    }

    /// Reads [`Self::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.word() == word)
    }

    /// Whether the inquiry is such that this can be done. A rule of states (D): an answer may be followed by another, nothing else by
    /// anything.
    #[must_use]
    pub fn fits(self, one: &Inquiry) -> bool {
        // Whom should be told of it?
        if one.contact.is_none() {
            return false;
        }
        match self {
            Self::Take => one.state == State::Received,
            Self::Answer => one.state.is_open() || one.state == State::Answered,
            Self::Create => one.state.is_open() && one.kind == Ask::IdApplication,
            Self::Reject => one.state.is_open(),
        }
    }
}

/// Why something was not done. Each is a sentence for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is a main user, and the box was not ticked.
    #[error("この医療機関には登録済みの主たる利用者がいます。交代するときは、チェックを入れてください。")]
    MainThere,
    /// The main user is suspended by staff.
    #[error(
        "この医療機関の主たる利用者は利用停止中です。交代してよいときは、【ポータルの利用者】の画面で「交代を認める」を行ってから発行してください。"
    )]
    MainSuspended,
    /// So is the member who has the address.
    #[error(
        "このメールアドレスの利用者は、この医療機関で利用停止中です。【ポータルの利用者】の画面で利用を再開するか、別のメールアドレスでの申請をお願いしてください。"
    )]
    AddressSuspended,
}

/// An inquiry as a form has shown it: whoever clicks decides on what they have seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// As it is now.
    #[must_use]
    pub fn of(one: &Inquiry) -> Self {
        Self(format!("{}.{}", one.state.word(), one.history.len()))
    }

    /// Reads [`Self::word`]; whatever else it may be is what no inquiry is like.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        Self(word.to_owned())
    }

    /// The value in forms.
    #[must_use]
    pub fn word(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Random;

    fn inquiry(kind: Ask) -> Inquiry {
        let now = Timestamp::UNIX_EPOCH;
        let mail = MailAddress::parse("a@example.jp").unwrap();
        Inquiry {
            number: InquiryNumber::drawn(202_601, &Random::seeded(1)),
            home: Prefecture::new(7).unwrap(),
            received: now,
            category: ("その他".to_owned(), "その他".to_owned()),
            kind,
            contact: Some(Contact { person: Person::default(), mail, number: String::new() }),
            text: "本文".to_owned(),
            medical: None,
            state: State::Received,
            since: now,
            history: vec![Step { at: now, who: String::new(), what: What::Received, text: String::new() }],
            institution: None,
        }
    }

    #[test]
    fn each_state_offers_what_may_follow_it() {
        let offered = |one: &Inquiry| Act::ALL.into_iter().filter(|act| act.fits(one)).map(Act::word).collect::<Vec<_>>();
        let mut one = inquiry(Ask::IdApplication);
        assert_eq!(offered(&one), ["take", "create", "answer", "reject"]);
        assert_eq!(offered(&inquiry(Ask::General)), ["take", "answer", "reject"]);
        for (state, acts) in [
            (State::Working, &["create", "answer", "reject"][..]),
            (State::Answered, &["answer"]),
            (State::Issued, &[]),
            (State::Rejected, &[]),
        ] {
            one.state = state;
            assert_eq!(offered(&one), acts, "{state:?}");
            assert_eq!(one.rests_since().is_none(), state.is_open());
        }
        one.state = State::Answered;
        one.erase();
        assert_eq!(offered(&one), [""; 0], "nobody is left to be told");
    }

    #[test]
    fn a_form_serves_until_something_has_happened() {
        let mut one = inquiry(Ask::General);
        one.go_on(one.since, "小林", (State::Answered, What::Answered), "はい");
        let shown = Shown::of(&one);
        assert_eq!(Shown::from_word(shown.word()), shown);
        one.go_on(one.since, "小林", (State::Answered, What::Answered), "もう一度");
        assert_ne!(Shown::of(&one), shown, "a second answer is another state of things");
    }

    #[test]
    fn what_is_erased_leaves_number_state_and_times() {
        let mut one = inquiry(Ask::General);
        one.go_on(one.since, "小林", (State::Answered, What::Answered), "回答");
        one.erase();
        assert!(one.contact.is_none() && one.text.is_empty() && one.history.iter().all(|step| step.text.is_empty()));
        assert_eq!((one.state, one.history.len()), (State::Answered, 2));
    }
}
