//! Who may do what to whom at an institution, and where a session stands in ユーザ新規登録 and メールアドレス変更. Pure.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::kernel::{Id, MailAddress, TypedTwice, clock, jst};
use crate::portal::{Draft, INITIAL_DAYS, Member, Person, Suspended, SuspendedBy};

/// How long the password that was asked for a new user's data stands for them: whoever comes back later types it again.
const CHECKED_FOR: SignedDuration = SignedDuration::from_mins(30);

/// An act of 【利用者の管理】.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// \[利用を停止する\]
    Suspend,
    /// \[利用を再開する\]
    Release,
    /// \[案内を再送する\]
    Invite,
    /// \[主たる利用者を引き継ぐ\]
    HandOver,
    /// \[利用者を削除する\]
    Remove,
    /// \[この事業所の利用をやめる\], of oneself.
    Leave,
}

impl Act {
    /// In the order of the screen.
    pub const ALL: [Self; 6] = [Self::Invite, Self::Suspend, Self::Release, Self::HandOver, Self::Remove, Self::Leave];

    /// How forms name it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Release => "release",
            Self::Invite => "invite",
            Self::HandOver => "hand_over",
            Self::Remove => "remove",
            Self::Leave => "leave",
        }
    }

    /// The act of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.word() == word)
    }

    /// The box that must be ticked for what cannot be taken back.
    #[must_use]
    pub const fn sure(self) -> Option<&'static str> {
        match self {
            Self::Remove => Some("sure_remove"),
            Self::HandOver => Some("sure_hand_over"),
            Self::Leave => Some("sure_leave"),
            Self::Suspend | Self::Release | Self::Invite => None,
        }
    }

    /// Whether it is counted: what sends mails to others, and is of no help against somebody who should not be here.
    #[must_use]
    pub const fn is_counted(self) -> bool {
        matches!(self, Self::Release | Self::Invite | Self::HandOver)
    }

    /// Whether `me` may do it to `target`, of the same institution.
    ///
    /// # Errors
    /// [`Why`] not.
    pub fn may(self, me: &Member, target: &Member) -> Result<(), Why> {
        let own = me.id == target.id;
        if self == Self::Leave {
            return match (own, me.main) {
                (true, false) => Ok(()),
                (true, true) => Err(Why::MainStays),
                (false, _) => Err(Why::State),
            };
        }
        if !me.main {
            return Err(Why::NotMain);
        }
        let suspended = target.suspended.map(|suspended| suspended.by);
        match (self, suspended) {
            // The main user hands over first.
            _ if own || target.main => Err(Why::State),
            (Self::Suspend, None) | (Self::Release | Self::Remove, Some(SuspendedBy::Main)) | (Self::Remove, None) => Ok(()),
            (Self::Invite, None) if target.entered.is_none() => Ok(()),
            (Self::HandOver, None) if target.entered.is_some() => Ok(()),
            (Self::HandOver, None) => Err(Why::NotEntered),
            (Self::Release | Self::Remove, Some(SuspendedBy::Staff)) => Err(Why::Staff),
            _ => Err(Why::State),
        }
    }
}

/// Why an act is not carried out. `Display` is what the user is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Only the main user.
    NotMain,
    /// Not in this state.
    State,
    /// Staff have suspended the user, and only they decide about it.
    Staff,
    /// Nobody takes over who has never come in.
    NotEntered,
    /// An institution is not left without a main user.
    MainStays,
    /// The last invitation has only just gone.
    TooSoon {
        /// When the next may go.
        from: Timestamp,
    },
    /// As many as may go.
    TooMany {
        /// When the next may go.
        again_at: Timestamp,
    },
    /// So many changes in a short time.
    TooManyChanges {
        /// When the next may be made.
        again_at: Timestamp,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMain => f.write_str("この操作は、主たる利用者だけが行えます。"),
            Self::State => f.write_str("この利用者のいまの状態では、この操作は行えません。"),
            Self::Staff => f.write_str(
                "この利用者は、ポータル運営が利用を停止しています。利用の再開や削除については、国保連合会へお電話ください。",
            ),
            Self::NotEntered => f.write_str(
                "まだログインしたことのない利用者には引き継げません。ログインを済ませてから、もう一度操作してください。",
            ),
            Self::MainStays => f.write_str("主たる利用者は、先に役割をほかの利用者に引き継いでから、利用をやめてください。"),
            Self::TooSoon { from } => write!(f, "案内を送信したばかりです。{}以降に、もう一度お試しください。", jst::hms(*from)),
            Self::TooMany { again_at } => {
                write!(f, "案内の再送回数が上限に達しました。{}以降に、もう一度お試しください。", jst::sentence_time(*again_at))
            }
            Self::TooManyChanges { again_at } => write!(
                f,
                "登録情報の変更が短い時間に続いたため、{}まで変更できません。お心当たりがない場合は、すぐにパスワードを変更し、国保連合会へお電話ください。",
                jst::sentence_time(*again_at)
            ),
        }
    }
}

/// What the list says of a member. The same whether their address had an account before: nobody learns that here.
#[must_use]
pub fn state_words(member: &Member, now: Timestamp) -> String {
    match (member.suspended, member.entered) {
        (Some(Suspended { by: SuspendedBy::Main, .. }), _) => "利用停止中（主たる利用者）".to_owned(),
        (Some(Suspended { by: SuspendedBy::Staff, .. }), _) => "利用停止中（ポータル運営）".to_owned(),
        (None, Some(_)) => "利用中".to_owned(),
        (None, None) => {
            let until = invited_until(member);
            let over = now > until || clock::is_ahead(member.invited, now);
            format!("未ログイン（{}{}）", if over { "期限切れ: " } else { "期限: " }, jst::sentence_time(until))
        }
    }
}

/// Until when the newest invitation is meant to be used.
#[must_use]
pub fn invited_until(member: &Member) -> Timestamp {
    member.invited.saturating_add(SignedDuration::from_hours(24 * INITIAL_DAYS)).unwrap_or(member.invited)
}

/// What tells one content of the profile from another, for the form that has shown it.
#[must_use]
pub fn person_word(person: &Person) -> String {
    let Person { name, kana, telephone, department, occupation } = person;
    let mut hash = Sha256::new();
    for text in [name, kana, telephone, department, occupation] {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    data_encoding::HEXLOWER.encode(&hash.finalize())
}

/// ユーザ新規登録 of one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adding {
    /// When it was last gone on with.
    pub at: Timestamp,
    /// What was typed.
    #[serde(default)]
    pub draft: Draft,
    /// Where it stands.
    pub stage: AddStage,
}

/// Where ユーザ新規登録 stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AddStage {
    /// Left by 戻る.
    Typing,
    /// Every field fits, and the password was asked for.
    Checking,
    /// Done.
    Done {
        /// Who was added.
        member: Id,
        /// Their address as it was typed.
        mail: MailAddress,
    },
}

impl Adding {
    /// Whether \[登録\] may follow what was typed.
    #[must_use]
    pub fn may_be_sent(&self, now: Timestamp) -> bool {
        let in_time = now.duration_since(self.at) <= CHECKED_FOR && !clock::is_ahead(self.at, now);
        self.stage == AddStage::Checking && in_time
    }
}

/// メールアドレス変更 of one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moving {
    /// When it was last gone on with.
    pub at: Timestamp,
    /// What was typed.
    #[serde(default)]
    pub typed: TypedTwice,
    /// Where it stands.
    pub stage: MoveStage,
}

/// Where メールアドレス変更 stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MoveStage {
    /// The address is typed.
    Typing,
    /// A one-time password is on its way to the present address.
    Asking {
        /// The new address.
        new: MailAddress,
        /// The present one at that time. If it is another later, it was changed meanwhile.
        present: MailAddress,
        /// The challenge.
        challenge: Id,
    },
    /// It was right. A confirmation code is on its way to the new address.
    Proving {
        /// The new address.
        new: MailAddress,
        /// Who was asked for the one-time password.
        present: MailAddress,
        /// The challenge.
        challenge: Id,
    },
    /// Done.
    Done,
}

/// The screens of メールアドレス変更.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// 【メールアドレス変更】
    Edit,
    /// 【ワンタイムパスワード入力】
    Otp,
    /// 【確認コード入力】
    Code,
    /// 【処理終了】
    Done,
}

impl Screen {
    /// Its address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Edit => "/portal/my/mail",
            Self::Otp => "/portal/my/mail/otp",
            Self::Code => "/portal/my/mail/code",
            Self::Done => "/portal/my/mail/done",
        }
    }

    /// Its place among the steps, from 1.
    #[must_use]
    pub const fn step(self) -> usize {
        match self {
            Self::Edit => 1,
            Self::Otp => 2,
            Self::Code => 3,
            Self::Done => 4,
        }
    }
}

impl MoveStage {
    /// The screen of this state.
    #[must_use]
    pub const fn home(&self) -> Screen {
        match self {
            Self::Typing => Screen::Edit,
            Self::Asking { .. } => Screen::Otp,
            Self::Proving { .. } => Screen::Code,
            Self::Done => Screen::Done,
        }
    }

    /// The challenge that waits for a code.
    #[must_use]
    pub const fn challenge(&self) -> Option<Id> {
        match self {
            Self::Asking { challenge, .. } | Self::Proving { challenge, .. } => Some(*challenge),
            Self::Typing | Self::Done => None,
        }
    }

    /// Whether a code for this very address, asked for at this very present one, is on its way.
    #[must_use]
    pub fn waits_for(&self, wanted: &MailAddress, at: &MailAddress) -> bool {
        match self {
            Self::Asking { new, present, .. } | Self::Proving { new, present, .. } => new == wanted && present == at,
            Self::Typing | Self::Done => false,
        }
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
