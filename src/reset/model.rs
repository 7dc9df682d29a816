//! Where a browser stands in a reset, or in the admission of a device: one record each, under the hash of the flow cookie. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config;
use crate::kernel::{Id, MailAddress, OfficeKey, OfficeNumber, Prefecture, UserId, clock, text};

/// What a one-time password to a security address opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// ログイン情報再設定 (R1–R5).
    Reset,
    /// 端末の確認: a device that is not known may log in while strangers are refused.
    Device,
}

/// The screens of both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// R1 ログイン情報再設定認証, or 端末の確認: who it is.
    Ask,
    /// R2 請求先都道府県選択.
    Choose,
    /// R3 ワンタイムパスワード入力.
    Code,
    /// R4 ログイン情報再設定.
    Password,
    /// R5 処理終了.
    Done,
}

impl Way {
    /// The address of a screen. A device is admitted without a choice and without a new password.
    #[must_use]
    pub const fn path(self, screen: Screen) -> &'static str {
        match (self, screen) {
            (Self::Reset, Screen::Ask) => "/reset",
            (Self::Reset, Screen::Choose) => "/reset/prefecture",
            (Self::Reset, Screen::Code) => "/reset/code",
            (Self::Reset, Screen::Password) => "/reset/password",
            (Self::Reset, Screen::Done) => "/reset/done",
            (Self::Device, Screen::Ask | Screen::Choose) => "/login/device",
            (Self::Device, Screen::Code) => "/login/device/code",
            (Self::Device, Screen::Password | Screen::Done) => "/login/device/done",
        }
    }
}

/// What was typed on the first screen, so that 戻る shows it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// 事業所番号, or ユーザID.
    pub who: String,
    /// セキュリティ用メールアドレス.
    pub address: String,
}

impl Typed {
    /// As it is kept in the flow's row: normalised, and never longer than any right text.
    #[must_use]
    pub fn kept(&self) -> Self {
        Self { who: text::kept(&self.who), address: text::kept(&self.address) }
    }
}

/// A flow of either way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// When it was last gone on with.
    pub at: Timestamp,
    /// The first screen as typed.
    pub typed: Typed,
    /// Where it stands.
    pub stage: Stage,
}

/// Where a flow stands. Says nowhere whether the address is registered before a code has proved it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The first screen: what was typed waits for the way back.
    Typing,
    /// R2: the number has user IDs in several prefectures, one is to be chosen.
    Choosing {
        /// The office number.
        number: OfficeNumber,
        /// The address.
        address: MailAddress,
        /// What can be chosen.
        among: Vec<Prefecture>,
    },
    /// R3: a code is on its way, or none is and it looks so.
    Proving {
        /// The office; it need not exist.
        office: OfficeKey,
        /// The address; it need not be registered.
        address: MailAddress,
        /// What could be chosen on R2; empty if it was not shown.
        among: Vec<Prefecture>,
        /// The code's challenge.
        challenge: Id,
    },
    /// R4: the code was entered.
    Proven {
        /// Whose it is.
        user_id: UserId,
        /// The address that was proved.
        address: MailAddress,
        /// The account as it was then: a password is set only while nothing has changed.
        revision: u64,
        /// When.
        since: Timestamp,
        /// What could be chosen on R2; empty if it was not shown.
        among: Vec<Prefecture>,
    },
    /// R5.
    Done {
        /// Whose it was.
        user_id: UserId,
        /// The device that is known from then on. Its cookie is handed out again to whoever sees the end: the answer to the first of two
        /// clicks may have been lost.
        #[serde(default)]
        device: Option<Id>,
    },
}

impl Flow {
    /// The screen where it goes on.
    #[must_use]
    pub fn home(&self, rules: &config::Code, now: Timestamp) -> Screen {
        if self.is_late(rules, now) { Screen::Ask } else { self.stage.home() }
    }

    /// Whether the proof is too old to set a password: it lives as long as a code does.
    #[must_use]
    pub fn is_late(&self, rules: &config::Code, now: Timestamp) -> bool {
        match self.stage {
            Stage::Proven { since, .. } => now.duration_since(since) >= rules.valid() || clock::is_ahead(since, now),
            _ => false,
        }
    }
}

impl Stage {
    const fn home(&self) -> Screen {
        match self {
            Self::Typing => Screen::Ask,
            Self::Choosing { .. } => Screen::Choose,
            Self::Proving { .. } => Screen::Code,
            Self::Proven { .. } => Screen::Password,
            Self::Done { .. } => Screen::Done,
        }
    }

    /// What could be chosen on R2; empty if it was not shown, or is over.
    #[must_use]
    pub fn among(&self) -> &[Prefecture] {
        match self {
            Self::Choosing { among, .. } | Self::Proving { among, .. } | Self::Proven { among, .. } => among,
            Self::Typing | Self::Done { .. } => &[],
        }
    }

    /// The office, once its prefecture is settled.
    #[must_use]
    pub const fn office(&self) -> Option<OfficeKey> {
        match self {
            Self::Proving { office, .. } => Some(*office),
            Self::Proven { user_id, .. } => Some(user_id.office()),
            Self::Typing | Self::Choosing { .. } | Self::Done { .. } => None,
        }
    }

    /// Number and address of a flow under way.
    #[must_use]
    pub fn pair(&self) -> Option<(OfficeNumber, &MailAddress)> {
        match self {
            Self::Choosing { number, address, .. } => Some((*number, address)),
            Self::Proving { office, address, .. } => Some((office.number, address)),
            Self::Proven { user_id, address, .. } => Some((user_id.office().number, address)),
            Self::Typing | Self::Done { .. } => None,
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

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn now() -> Timestamp {
        "2026-01-20T01:00:00Z".parse().unwrap()
    }

    fn flow(stage: Stage) -> Flow {
        Flow { at: now(), typed: Typed::default(), stage }
    }

    fn proven() -> Flow {
        let user_id = UserId::parse("KJ131311111111").unwrap();
        let address = MailAddress::parse("a@example.jp").unwrap();
        flow(Stage::Proven { user_id, address, revision: 3, since: now(), among: Vec::new() })
    }

    #[test]
    fn typed_texts_are_kept_normalised_and_short() {
        let typed = Typed { who: format!("13{}1111-1111", "-".repeat(60_000)), address: " ａ@example.jp ".to_owned() };
        assert_eq!((typed.kept().who.len(), typed.kept().address.as_str()), (text::LONGEST_KEPT, "a@example.jp"));
    }

    #[test]
    fn q34_a_proof_leads_to_the_new_password_for_as_long_as_a_code_lives() {
        let rules = config::Code::default();
        for (seconds, home) in [
            (0, Screen::Password),
            (30 * 60 - 1, Screen::Password),
            (30 * 60, Screen::Ask),
            // Proved by a clock that was ahead: it would hold until that day.
            (-3600, Screen::Ask),
        ] {
            assert_eq!(proven().home(&rules, now() + SignedDuration::from_secs(seconds)), home, "{seconds}");
        }
        let user_id = UserId::parse("KJ131311111111").unwrap();
        let done = flow(Stage::Done { user_id, device: None });
        assert_eq!(done.home(&rules, now() + SignedDuration::from_hours(3)), Screen::Done);
        assert_eq!(flow(Stage::Typing).home(&rules, now()), Screen::Ask);
    }
}
