//! The states and the table of moves (spec 2, "Reissue applications").

use serde::{Deserialize, Serialize};

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum State {
    /// 受付済: arrived, nobody has looked yet.
    Received,
    /// 審査中: a clerk examines it against the ledger.
    UnderReview,
    /// 照会中: waits for an answer of the applicant.
    Inquiring,
    /// 承認: the letter waits to be printed.
    Approved,
    /// 却下: closed with a reason.
    Rejected,
    /// 印刷済: the letter is on paper, not yet posted.
    Printed,
    /// 発送済: the letter is in the post.
    Posted,
    /// 返戻: the letter came back; its password has ended.
    Returned,
    /// 完了: the temporary password was used to log in.
    Completed,
    /// 期限切れ: the temporary password was not used in time.
    Expired,
    /// 取下げ: withdrawn by the applicant, a clerk, or the office's own reset.
    Withdrawn,
}

/// A move without its particulars: what the table knows and what buttons are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MoveKind {
    /// 審査を始める.
    Take,
    /// 照会する.
    Inquire,
    /// 審査に戻す.
    Resume,
    /// 承認.
    Approve,
    /// 却下.
    Reject,
    /// The first print, or a print after 返戻 or 期限切れ.
    Print,
    /// A print that replaces a letter not yet come back: spoilt on paper, or lost in the post.
    Reprint,
    /// 発送済にする.
    Post,
    /// 返戻にする.
    Return,
    /// First login with the temporary password.
    Complete,
    /// The temporary password was not used in time, or can no longer be used.
    Expire,
    /// 取下げ by the applicant or a clerk.
    Withdraw,
    /// 取下げ because the office has reset its login itself.
    Supersede,
}

impl State {
    /// Every state, in the order of an application's life.
    pub const ALL: [Self; 11] = [
        Self::Received,
        Self::UnderReview,
        Self::Inquiring,
        Self::Approved,
        Self::Rejected,
        Self::Printed,
        Self::Posted,
        Self::Returned,
        Self::Completed,
        Self::Expired,
        Self::Withdrawn,
    ];

    /// The name on every screen.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Received => "受付済",
            Self::UnderReview => "審査中",
            Self::Inquiring => "照会中",
            Self::Approved => "承認",
            Self::Rejected => "却下",
            Self::Printed => "印刷済",
            Self::Posted => "発送済",
            Self::Returned => "返戻",
            Self::Completed => "完了",
            Self::Expired => "期限切れ",
            Self::Withdrawn => "取下げ",
        }
    }

    /// A word for addresses of filters and for the log.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::UnderReview => "under_review",
            Self::Inquiring => "inquiring",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Printed => "printed",
            Self::Posted => "posted",
            Self::Returned => "returned",
            Self::Completed => "completed",
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
            Self::Received => 1,
            Self::UnderReview => 2,
            Self::Inquiring => 3,
            Self::Approved => 4,
            Self::Rejected => 5,
            Self::Printed => 6,
            Self::Posted => 7,
            Self::Returned => 8,
            Self::Completed => 9,
            Self::Expired => 10,
            Self::Withdrawn => 11,
        }
    }

    /// Whether something may still become of it. 返戻 and 期限切れ are open: a new letter can be printed.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Rejected | Self::Completed | Self::Withdrawn)
    }

    /// Whether the federation has not decided yet.
    #[must_use]
    pub const fn is_undecided(self) -> bool {
        matches!(self, Self::Received | Self::UnderReview | Self::Inquiring)
    }

    /// The table of moves: where this move leads from here, `None` if it may not be made.
    #[must_use]
    pub const fn after(self, mv: MoveKind) -> Option<Self> {
        use MoveKind as M;
        Some(match (self, mv) {
            (Self::Received, M::Take) | (Self::Inquiring, M::Resume) => Self::UnderReview,
            (Self::UnderReview, M::Inquire) => Self::Inquiring,
            (Self::UnderReview, M::Approve) => Self::Approved,
            (Self::UnderReview | Self::Inquiring, M::Reject) => Self::Rejected,
            (Self::Approved | Self::Returned | Self::Expired, M::Print) | (Self::Printed | Self::Posted, M::Reprint) => {
                Self::Printed
            }
            (Self::Printed, M::Post) => Self::Posted,
            (Self::Printed | Self::Posted, M::Return) => Self::Returned,
            (Self::Printed | Self::Posted, M::Complete) => Self::Completed,
            (Self::Printed | Self::Posted, M::Expire) => Self::Expired,
            (
                Self::Received | Self::UnderReview | Self::Inquiring | Self::Approved | Self::Returned | Self::Expired,
                M::Withdraw,
            ) => Self::Withdrawn,
            (from, M::Supersede) if from.is_open() => Self::Withdrawn,
            _ => return None,
        })
    }

    /// Whether this move may be made from here.
    #[must_use]
    pub const fn allows(self, mv: MoveKind) -> bool {
        self.after(mv).is_some()
    }

    /// The moves that may be made from here.
    pub fn moves(self) -> impl Iterator<Item = MoveKind> {
        MoveKind::ALL.into_iter().filter(move |mv| self.allows(*mv))
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.title())
    }
}

impl MoveKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Take,
        Self::Inquire,
        Self::Resume,
        Self::Approve,
        Self::Reject,
        Self::Print,
        Self::Reprint,
        Self::Post,
        Self::Return,
        Self::Complete,
        Self::Expire,
        Self::Withdraw,
        Self::Supersede,
    ];

    /// The action in the audit log.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Take => "reissue.take",
            Self::Inquire => "reissue.inquire",
            Self::Resume => "reissue.resume",
            Self::Approve => "reissue.approve",
            Self::Reject => "reissue.reject",
            Self::Print => "reissue.print",
            Self::Reprint => "reissue.reprint",
            Self::Post => "reissue.post",
            Self::Return => "reissue.return",
            Self::Complete => "reissue.complete",
            Self::Expire => "reissue.expire",
            Self::Withdraw => "reissue.withdraw",
            Self::Supersede => "reissue.supersede",
        }
    }
}
