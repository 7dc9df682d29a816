//! What one entry says.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::kernel::{Id, OfficeKey, Prefecture, UserId};

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// Somebody without a login.
    Visitor,
    /// An office that is logged in (or tries to be).
    Office(UserId),
    /// A member of staff.
    Staff {
        /// The staff record.
        id: Id,
        /// The name at that time: records may be renamed, the log may not.
        name: String,
    },
    /// The program itself: a durable job.
    System,
    /// The system administrator at the command line of the host.
    Console,
    /// Somebody who uses 介護情報基盤ポータル. Their name is theirs and leaves with them; the log keeps the record's.
    Portal {
        /// The user's record.
        id: Id,
    },
}

impl Actor {
    /// For lists that people read.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Visitor => "来訪者".to_owned(),
            Self::Office(user) => user.to_string(),
            Self::Staff { name, .. } => name.clone(),
            Self::System => "システム".to_owned(),
            Self::Console => "システム管理者".to_owned(),
            Self::Portal { .. } => "ポータル利用者".to_owned(),
        }
    }
}

/// One thing that happened, as the use case reports it.
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) actor: Actor,
    pub(super) action: &'static str,
    pub(super) outcome: &'static str,
    pub(super) prefecture: Option<Prefecture>,
    pub(super) subjects: Vec<String>,
    pub(super) details: BTreeMap<String, String>,
}

impl Event {
    /// `action` is `feature.verb`, e.g. `reissue.approve`. The outcome is `done` unless said otherwise.
    #[must_use]
    pub fn new(actor: Actor, action: &'static str) -> Self {
        Self { actor, action, outcome: "done", prefecture: None, subjects: Vec::new(), details: BTreeMap::new() }
    }

    /// How it ended, e.g. `refused`.
    #[must_use]
    pub fn outcome(mut self, outcome: &'static str) -> Self {
        self.outcome = outcome;
        self
    }

    /// The federation that may read the entry.
    #[must_use]
    pub fn prefecture(mut self, prefecture: Prefecture) -> Self {
        self.prefecture = Some(prefecture);
        self
    }

    /// The office it is about; its federation may read the entry.
    #[must_use]
    pub fn office(mut self, office: OfficeKey) -> Self {
        self.prefecture = Some(office.prefecture);
        self.subjects.push(office.to_string());
        self
    }

    /// Something else it is about: a control number, the id of a letter.
    #[must_use]
    pub fn subject(mut self, subject: impl ToString) -> Self {
        self.subjects.push(subject.to_string());
        self
    }

    /// A detail that retention may erase: a reason, a masked mail address. Never a secret.
    #[must_use]
    pub fn detail(mut self, key: &str, value: impl ToString) -> Self {
        self.details.insert(key.to_owned(), value.to_string());
        self
    }

    /// The client's address.
    #[must_use]
    pub fn client(self, address: impl ToString) -> Self {
        self.detail("client", address)
    }
}

/// An entry as it is read.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place in the chain, from 1, without gaps.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: String,
    /// How it ended.
    pub outcome: String,
    /// The federation it belongs to.
    pub prefecture: Option<Prefecture>,
    /// What it is about.
    pub subjects: Vec<String>,
    /// The details, empty once they are erased.
    pub details: BTreeMap<String, String>,
}
