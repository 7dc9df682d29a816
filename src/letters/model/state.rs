//! Where a letter stands and what may happen to it.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::LetterNumber;
use crate::kernel::jst;

/// Where a letter stands (spec 2, First issue; for an application the same names).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// 印刷待
    Waiting,
    /// 印刷済
    Printed,
    /// 発送済
    Posted,
    /// 完了
    Completed,
    /// 返戻
    Returned,
    /// 期限切れ
    Expired,
    /// 取下げ: its application was withdrawn, or the office has reset its login itself. Letters of a first issue never are.
    Withdrawn,
}

impl State {
    /// All, in the order of a letter's life.
    pub const ALL: [Self; 7] =
        [Self::Waiting, Self::Printed, Self::Posted, Self::Completed, Self::Returned, Self::Expired, Self::Withdrawn];

    /// The name on screens.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Waiting => "印刷待",
            Self::Printed => "印刷済",
            Self::Posted => "発送済",
            Self::Completed => "完了",
            Self::Returned => "返戻",
            Self::Expired => "期限切れ",
            Self::Withdrawn => "取下げ",
        }
    }

    /// A word for addresses of lists.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Printed => "printed",
            Self::Posted => "posted",
            Self::Completed => "completed",
            Self::Returned => "returned",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads [`Self::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// The number in keys of indexes. Never renumber: it is in the database.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Waiting => 1,
            Self::Printed => 2,
            Self::Posted => 3,
            Self::Completed => 4,
            Self::Returned => 5,
            Self::Expired => 6,
            Self::Withdrawn => 7,
        }
    }

    /// Whether its password may be on the way.
    #[must_use]
    pub const fn is_out(self) -> bool {
        matches!(self, Self::Printed | Self::Posted)
    }

    /// The table of moves.
    #[must_use]
    pub const fn allows(self, act: &Act) -> bool {
        match act {
            Act::Printed { .. } => matches!(self, Self::Waiting | Self::Printed | Self::Posted | Self::Returned | Self::Expired),
            Act::Posted { .. } => matches!(self, Self::Printed),
            Act::Returned { .. } | Act::Completed | Act::Expired { .. } => self.is_out(),
            Act::Withdrawn { .. } => !matches!(self, Self::Completed | Self::Withdrawn),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// What happens to a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// It was set and its password made.
    Printed {
        /// 発行番号-枝番 of this print.
        number: LetterNumber,
        /// Why again; empty at the first print.
        reason: String,
    },
    /// It was given to the post.
    Posted {
        /// The day (JST).
        on: Date,
        /// The post's own number, or empty.
        tracking: String,
    },
    /// It came back.
    Returned {
        /// 宛先不明 and the like; may be empty.
        note: String,
    },
    /// The password was used to log in.
    Completed,
    /// The password was not used in time, or another letter to the same office was printed: an account keeps one temporary password.
    Expired {
        /// 発行番号-枝番 of that other letter.
        replaced_by: Option<LetterNumber>,
    },
    /// Nobody needs it any more.
    Withdrawn {
        /// Why.
        note: String,
    },
}

impl Act {
    pub(super) const fn leads_to(&self) -> State {
        match self {
            Self::Printed { .. } => State::Printed,
            Self::Posted { .. } => State::Posted,
            Self::Returned { .. } => State::Returned,
            Self::Completed => State::Completed,
            Self::Expired { .. } => State::Expired,
            Self::Withdrawn { .. } => State::Withdrawn,
        }
    }

    /// Particulars in one line, for histories that staff read.
    #[must_use]
    pub fn particulars(&self) -> String {
        match self {
            Self::Printed { number, reason } if reason.is_empty() => format!("発行番号 {number}"),
            Self::Printed { number, reason } => format!("発行番号 {number}：{reason}"),
            Self::Posted { on, tracking } if tracking.is_empty() => format!("{}発送", jst::list(*on)),
            Self::Posted { on, tracking } => format!("{}発送：追跡番号 {tracking}", jst::list(*on)),
            Self::Returned { note } | Self::Withdrawn { note } => note.clone(),
            Self::Expired { replaced_by: Some(by) } => format!("発行番号 {by} の通知書に置き換えたため"),
            Self::Completed | Self::Expired { replaced_by: None } => String::new(),
        }
    }
}
