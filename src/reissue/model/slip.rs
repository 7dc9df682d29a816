//! 窓口受付: what the paper or the caller said, beside the office number and the contact address.

use serde::{Deserialize, Serialize};

use crate::kernel::Id;

/// How an application reached the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Channel {
    /// 窓口: somebody came.
    #[default]
    Counter,
    /// 郵送: a letter came.
    Post,
    /// 電話: somebody called.
    Telephone,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::Counter, Self::Post, Self::Telephone];

    /// The name on screens.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Counter => "窓口",
            Self::Post => "郵送",
            Self::Telephone => "電話",
        }
    }

    /// The value in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Post => "post",
            Self::Telephone => "telephone",
        }
    }

    /// Reads [`Self::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.word() == word)
    }
}

/// The slip that a clerk fills in for an application taken at the window. Texts may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    /// How it came.
    pub channel: Channel,
    /// 事業所名 as the paper or the caller said it, to be compared with the ledger.
    pub name: String,
    /// 電話番号 as the paper or the caller said it.
    pub telephone: String,
    /// The clerk's note: who called, what was shown.
    pub note: String,
    /// The form it was sent with: a second sending of the same form makes no second application.
    pub form: Option<Id>,
}
