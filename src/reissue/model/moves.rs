//! Moves with what belongs to them: reasons, sentences, dates, letters.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::state::MoveKind;

/// Longest text of a reason or sentence, in characters.
pub const TEXT_MOST: usize = 500;

/// Why the federation asks back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InquiryReason {
    /// 電話確認: the federation telephones, or asks to be telephoned.
    Telephone,
    /// 返信用封筒待ち: a return envelope is awaited.
    Envelope,
    /// その他: said in the text.
    Other,
}

impl InquiryReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Telephone, Self::Envelope, Self::Other];

    /// The name on the desk's screens.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Telephone => "電話確認",
            Self::Envelope => "返信用封筒待ち",
            Self::Other => "その他",
        }
    }

    /// What the applicant is asked for, in the mail and on the progress page.
    #[must_use]
    pub const fn request(self) -> &'static str {
        match self {
            Self::Telephone => "電話での確認のお願い",
            Self::Envelope => "返信用封筒のご送付のお願い",
            Self::Other => "そのほかの確認のお願い",
        }
    }

    /// The value in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Telephone => "telephone",
            Self::Envelope => "envelope",
            Self::Other => "other",
        }
    }

    /// Reads [`Self::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// What is wanted of the applicant, until when (M-11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// The kind.
    pub reason: InquiryReason,
    /// Words of the clerk to the applicant; needed for その他, else may be empty.
    pub text: String,
    /// The last day for an answer (JST).
    pub until: Date,
}

/// Why the federation refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RejectionReason {
    /// 台帳と相違.
    Ledger,
    /// 事業所に確認できない.
    Unconfirmed,
    /// 重複.
    Duplicate,
    /// その他.
    Other,
}

impl RejectionReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Ledger, Self::Unconfirmed, Self::Duplicate, Self::Other];

    /// The name on screens and in the mail.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ledger => "台帳と相違",
            Self::Unconfirmed => "事業所に確認できない",
            Self::Duplicate => "重複",
            Self::Other => "その他",
        }
    }

    /// The value in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Unconfirmed => "unconfirmed",
            Self::Duplicate => "duplicate",
            Self::Other => "other",
        }
    }

    /// Reads [`Self::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// A refusal: the reason and a sentence for the applicant, both told in M-4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The kind.
    pub reason: RejectionReason,
    /// For the applicant; must not be empty.
    pub sentence: String,
}

/// The letter that a print made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printing {
    /// 発行番号-枝番 as it stands on the letter.
    pub letter: String,
    /// The last instant at which its temporary password works.
    pub valid_until: Timestamp,
}

/// A move with its particulars, as it is asked for and as the history keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Move {
    /// 受付済→審査中.
    Take,
    /// 審査中→照会中.
    Inquire(Inquiry),
    /// 照会中→審査中.
    Resume,
    /// 審査中→承認. Carries the rule of the installation (`review.two_person`) that held, so that a history tells it.
    Approve {
        /// Whether the approver had to differ from whoever took it into 審査中.
        two_person: bool,
    },
    /// 審査中/照会中→却下.
    Reject(Rejection),
    /// 承認/返戻/期限切れ→印刷済.
    Print(Printing),
    /// 印刷済/発送済→印刷済: the older password ends.
    Reprint {
        /// The new letter.
        printing: Printing,
        /// Why; must not be empty.
        reason: String,
    },
    /// 印刷済→発送済.
    Post {
        /// The day it was given to the post (JST).
        on: Date,
        /// The post's own number, if it has one; else empty.
        tracking: String,
    },
    /// 印刷済/発送済→返戻.
    Return {
        /// 宛先不明 and the like; may be empty.
        note: String,
    },
    /// 印刷済/発送済→完了.
    Complete,
    /// 印刷済/発送済→期限切れ.
    Expire {
        /// 発行番号-枝番 of the letter to the same office whose print ended this one's password; `None` where the time was up.
        replaced_by: Option<String>,
    },
    /// →取下げ by the applicant or a clerk.
    Withdraw {
        /// A clerk's note; empty from the applicant.
        note: String,
    },
    /// →取下げ because the office has reset its login itself.
    Supersede,
}

impl Move {
    /// The move without its particulars.
    #[must_use]
    pub const fn kind(&self) -> MoveKind {
        match self {
            Self::Take => MoveKind::Take,
            Self::Inquire(_) => MoveKind::Inquire,
            Self::Resume => MoveKind::Resume,
            Self::Approve { .. } => MoveKind::Approve,
            Self::Reject(_) => MoveKind::Reject,
            Self::Print(_) => MoveKind::Print,
            Self::Reprint { .. } => MoveKind::Reprint,
            Self::Post { .. } => MoveKind::Post,
            Self::Return { .. } => MoveKind::Return,
            Self::Complete => MoveKind::Complete,
            Self::Expire { .. } => MoveKind::Expire,
            Self::Withdraw { .. } => MoveKind::Withdraw,
            Self::Supersede => MoveKind::Supersede,
        }
    }

    /// The reason in one line, for histories that staff read. Empty where there is none.
    #[must_use]
    pub fn reason(&self) -> String {
        let with = |title: &str, text: &str| if text.is_empty() { title.to_owned() } else { format!("{title}：{text}") };
        match self {
            Self::Inquire(inquiry) => {
                let until = crate::kernel::jst::list(inquiry.until);
                format!("{}（{until}まで）", with(inquiry.reason.title(), &inquiry.text))
            }
            Self::Reject(rejection) => with(rejection.reason.title(), &rejection.sentence),
            Self::Print(printing) => format!("発行番号 {}", printing.letter),
            Self::Reprint { printing, reason } => with(&format!("発行番号 {}", printing.letter), reason),
            Self::Post { on, tracking } => with(
                &format!("{}発送", crate::kernel::jst::list(*on)),
                &if tracking.is_empty() { String::new() } else { format!("追跡番号 {tracking}") },
            ),
            Self::Return { note } | Self::Withdraw { note } => note.clone(),
            Self::Supersede => "事業所がログイン情報を再設定したため".to_owned(),
            Self::Expire { replaced_by: Some(letter) } => format!("発行番号 {letter} の通知書に置き換えたため"),
            Self::Take | Self::Resume | Self::Approve { .. } | Self::Complete | Self::Expire { replaced_by: None } => {
                String::new()
            }
        }
    }
}
