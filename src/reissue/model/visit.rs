//! Where a browser stands in the visitor's flows: one record each, under the hash of the flow cookie. Each says which screens it
//! may see; everything else leads back to the screen of its state. A restart of the server loses none of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::kernel::{ControlNumber, Id, MailAddress, OfficeKey, OfficeNumber, Prefecture, text};

/// What was typed on A1, so that 戻る and 変更 show it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// 事業所番号.
    pub number: String,
    /// 通知先メールアドレス.
    pub contact: String,
    /// 通知先メールアドレス(確認用).
    pub again: String,
}

impl Typed {
    /// As it is kept in the flow's row: normalised, and never longer than any right text.
    #[must_use]
    pub fn kept(&self) -> Self {
        Self { number: text::kept(&self.number), contact: text::kept(&self.contact), again: text::kept(&self.again) }
    }
}

/// The flow A1–A5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applying {
    /// When it was last gone on with.
    pub at: Timestamp,
    /// A1 as typed.
    pub typed: Typed,
    /// Where it stands.
    pub stage: Stage,
}

/// Where an application in the making stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// A1 left by 戻る: nothing is checked yet, what was typed waits for the way back.
    Typing,
    /// A2: the number lies in several prefectures, one is to be chosen.
    Choosing {
        /// The office number.
        number: OfficeNumber,
        /// The contact address.
        contact: MailAddress,
        /// The address if this flow has proven it before (somebody came back from A4).
        proven: Option<MailAddress>,
        /// What can be chosen.
        among: Vec<Prefecture>,
    },
    /// A3: a code is on its way.
    Proving {
        /// The office.
        office: OfficeKey,
        /// The contact address.
        contact: MailAddress,
        /// What could be chosen on A2; empty if it was not shown.
        among: Vec<Prefecture>,
        /// The code's challenge.
        challenge: Id,
    },
    /// A4: the address is proven; everything is to be checked and sent.
    Checking {
        /// The office.
        office: OfficeKey,
        /// The contact address, proven.
        contact: MailAddress,
        /// What could be chosen on A2; empty if it was not shown.
        among: Vec<Prefecture>,
    },
    /// A5: sent.
    Sent {
        /// 管理番号.
        number: ControlNumber,
    },
}

/// The screens A1–A5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// A1 ログイン情報再発行申請.
    Apply,
    /// A2 請求先都道府県選択.
    Choose,
    /// A3 確認コード入力.
    Code,
    /// A4 送信確認.
    Check,
    /// A5 処理終了.
    Done,
}

impl Screen {
    /// Its address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Apply => "/reissue",
            Self::Choose => "/reissue/prefecture",
            Self::Code => "/reissue/code",
            Self::Check => "/reissue/check",
            Self::Done => "/reissue/done",
        }
    }
}

impl Stage {
    /// The screen of this state.
    #[must_use]
    pub const fn home(&self) -> Screen {
        match self {
            Self::Typing => Screen::Apply,
            Self::Choosing { .. } => Screen::Choose,
            Self::Proving { .. } => Screen::Code,
            Self::Checking { .. } => Screen::Check,
            Self::Sent { .. } => Screen::Done,
        }
    }

    /// Whether this state may see a screen: its own and, until it is sent, those before it on which something can be changed.
    #[must_use]
    pub fn sees(&self, screen: Screen) -> bool {
        screen == self.home()
            || match screen {
                // After sending, A1 begins another application.
                Screen::Apply => true,
                Screen::Choose => !self.among().is_empty(),
                Screen::Code | Screen::Check | Screen::Done => false,
            }
    }

    /// What could be chosen on A2; empty if it was not shown.
    #[must_use]
    pub fn among(&self) -> &[Prefecture] {
        match self {
            Self::Choosing { among, .. } | Self::Proving { among, .. } | Self::Checking { among, .. } => among,
            Self::Typing | Self::Sent { .. } => &[],
        }
    }

    /// The contact address that this flow has proven, if it has.
    #[must_use]
    pub const fn proven(&self) -> Option<&MailAddress> {
        match self {
            Self::Choosing { proven, .. } => proven.as_ref(),
            Self::Checking { contact, .. } => Some(contact),
            Self::Typing | Self::Proving { .. } | Self::Sent { .. } => None,
        }
    }

    /// The office, once its prefecture is settled.
    #[must_use]
    pub const fn office(&self) -> Option<OfficeKey> {
        match self {
            Self::Proving { office, .. } | Self::Checking { office, .. } => Some(*office),
            Self::Typing | Self::Choosing { .. } | Self::Sent { .. } => None,
        }
    }

    /// The code's challenge, while one is open.
    #[must_use]
    pub const fn challenge(&self) -> Option<Id> {
        match self {
            Self::Proving { challenge, .. } => Some(*challenge),
            _ => None,
        }
    }
}

/// The flow A6: an application found by number and address, perhaps being withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looking {
    /// When it was last gone on with.
    pub at: Timestamp,
    /// 管理番号.
    pub number: ControlNumber,
    /// The challenge of 取下げ, while its code is waited for.
    pub challenge: Option<Id>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages() -> Vec<Stage> {
        let number = OfficeNumber::parse("1311111111").unwrap();
        let office = OfficeKey::new(Prefecture::new(13).unwrap(), number);
        let contact = MailAddress::parse("a@example.jp").unwrap();
        let both: Vec<_> = [7, 13].into_iter().filter_map(Prefecture::new).collect();
        vec![
            Stage::Typing,
            Stage::Choosing { number, contact: contact.clone(), proven: None, among: both.clone() },
            Stage::Proving { office, contact: contact.clone(), among: Vec::new(), challenge: Id::from_bytes([0; 16]) },
            Stage::Proving { office, contact: contact.clone(), among: both, challenge: Id::from_bytes([0; 16]) },
            Stage::Checking { office, contact, among: Vec::new() },
            Stage::Sent { number: ControlNumber::new(202_601, 1).unwrap() },
        ]
    }

    #[test]
    fn typed_texts_are_kept_normalised_and_short() {
        let padded = format!("13{}1111-1111", "-".repeat(60_000));
        let typed =
            Typed { number: padded, contact: format!(" ａ@example.jp{}", " ".repeat(60_000)), again: "a@example.jp".to_owned() };
        let kept = typed.kept();
        assert_eq!(kept.number.len(), text::LONGEST_KEPT);
        assert_eq!((kept.contact.as_str(), kept.again.as_str()), ("a@example.jp", "a@example.jp"));
    }

    #[test]
    fn q34_each_state_sees_its_screen_and_those_before_it() {
        use Screen::{Apply, Check, Choose, Code, Done};
        let all = [Apply, Choose, Code, Check, Done];
        let seen: Vec<Vec<Screen>> =
            stages().iter().map(|s| all.into_iter().filter(|screen| s.sees(*screen)).collect()).collect();
        assert_eq!(
            seen,
            [
                vec![Apply],
                vec![Apply, Choose],
                vec![Apply, Code],
                vec![Apply, Choose, Code],
                vec![Apply, Check],
                vec![Apply, Done]
            ]
        );
    }
}
