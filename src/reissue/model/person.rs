//! Who made a move.

use serde::{Deserialize, Serialize};

use crate::kernel::{Id, UserId};

/// A member of the federation's staff, with the name as it was then: a history must not change when somebody marries or leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The staff member's id; two people of one name stay two.
    pub id: Id,
    /// The name as screens showed it.
    pub name: String,
}

/// Who makes a move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// The visitor who applied, proven by a code to the contact address.
    Applicant,
    /// The office, logged in or in its reset.
    Office(UserId),
    /// A clerk, approver or admin of the federation.
    Staff(Person),
    /// The system's own clock.
    System,
}

impl By {
    /// The staff member, if it was one.
    #[must_use]
    pub const fn person(&self) -> Option<&Person> {
        match self {
            Self::Staff(person) => Some(person),
            _ => None,
        }
    }

    /// For histories that staff read: 申請者, 事業所, 自動 or the name.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Applicant => "申請者",
            Self::Office(_) => "事業所",
            Self::Staff(person) => &person.name,
            Self::System => "自動処理",
        }
    }
}
