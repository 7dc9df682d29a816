//! A login that waits for its one-time password, and where a browser stands in パスワードを忘れた方. Pure.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config;
use crate::kernel::{Id, MailAddress, clock};
use crate::security::PasswordHash;

/// How long a login waits after its code was last sent (D): no code lives longer.
const WAITS: SignedDuration = SignedDuration::from_mins(30);

/// A login whose password was right and that waits for its one-time password, kept under the browser: one each.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Waiting {
    /// Who.
    pub user: Id,
    /// The user's when the password was right: what has changed since ends the login.
    pub revision: u64,
    /// It was the initial password.
    pub initial: bool,
    /// The code's challenge.
    pub challenge: Id,
    /// The device, if its cookie was ours.
    pub device: Option<Id>,
    /// What tries of the typed ID are counted under.
    pub door: [u8; 32],
    /// When this login was counted as a failed one: with its first wrong code, whatever becomes of it.
    #[serde(default)]
    pub failed: Option<Timestamp>,
    /// The password hashed anew, where the parameters have changed.
    #[serde(default)]
    pub rehashed: Option<PasswordHash>,
    /// The client's address when the password was typed.
    pub client: String,
    /// When its code was last sent.
    pub at: Timestamp,
}

impl Waiting {
    /// Whether it is in time.
    #[must_use]
    pub fn waits(&self, now: Timestamp) -> bool {
        clock::runs(self.at.saturating_add(WAITS).unwrap_or(Timestamp::MAX), WAITS, now)
    }
}

/// The screens of パスワードを忘れた方.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// G1 【パスワードを忘れた方】
    Ask,
    /// G2 【ワンタイムパスワード入力】
    Code,
    /// G3 【パスワード再設定】
    Password,
    /// G4 【処理終了】
    Done,
}

impl Screen {
    /// Its address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Ask => "/portal/lost",
            Self::Code => "/portal/lost/otp",
            Self::Password => "/portal/lost/password",
            Self::Done => "/portal/lost/done",
        }
    }
}

/// A flow of パスワードを忘れた方, under the hash of the flow cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losing {
    /// When it was last gone on with.
    pub at: Timestamp,
    /// G1 as typed, so that 戻る shows it again: normalised, and never longer than any address.
    pub typed: String,
    /// Where it stands.
    pub stage: Stage,
}

/// Where a flow stands. Says nowhere whether the address is anybody's before a code has proved it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// G1.
    Typing,
    /// G2: a code is on its way, or none is and it looks so.
    Proving {
        /// The address; it need not be anybody's.
        address: MailAddress,
        /// The code's challenge.
        challenge: Id,
    },
    /// G3: the code was entered.
    Proven {
        /// Whose password may be set.
        user: Id,
        /// The address that was proved.
        address: MailAddress,
        /// The user as they were then: a password is set only while nothing has changed.
        revision: u64,
        /// When.
        since: Timestamp,
    },
    /// G4.
    Done {
        /// Whose it was.
        address: MailAddress,
        /// The device that is known from then on. Its cookie is handed out again to whoever sees the end: the answer to the first of two
        /// clicks may have been lost.
        device: Id,
    },
}

impl Losing {
    /// The screen where it goes on.
    #[must_use]
    pub fn home(&self, rules: &config::Code, now: Timestamp) -> Screen {
        match self.stage {
            Stage::Typing => Screen::Ask,
            Stage::Proving { .. } => Screen::Code,
            Stage::Proven { .. } if self.is_late(rules, now) => Screen::Ask,
            Stage::Proven { .. } => Screen::Password,
            Stage::Done { .. } => Screen::Done,
        }
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
    /// The address of a flow under way.
    #[must_use]
    pub const fn address(&self) -> Option<&MailAddress> {
        match self {
            Self::Proving { address, .. } | Self::Proven { address, .. } => Some(address),
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
    use super::*;

    fn now() -> Timestamp {
        "2026-01-20T01:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_login_waits_for_half_an_hour() {
        let id = Id::from_bytes([1; 16]);
        let (device, failed, rehashed) = (None, None, None);
        let client = "203.0.113.9".to_owned();
        let waiting = Waiting {
            user: id,
            revision: 1,
            initial: false,
            challenge: id,
            device,
            door: [1; 32],
            failed,
            rehashed,
            client,
            at: now(),
        };
        for (seconds, waits) in [(0, true), (30 * 60 - 1, true), (30 * 60, false), (-3600, false)] {
            assert_eq!(waiting.waits(now() + SignedDuration::from_secs(seconds)), waits, "{seconds}");
        }
    }

    #[test]
    fn q34_a_proof_leads_to_the_new_password_for_as_long_as_a_code_lives() {
        let rules = config::Code::default();
        let address = MailAddress::parse("a@example.jp").unwrap();
        let (user, device) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
        let flow = |stage| Losing { at: now(), typed: String::new(), stage };
        let proven = flow(Stage::Proven { user, address: address.clone(), revision: 3, since: now() });
        for (seconds, home) in [
            (0, Screen::Password),
            (30 * 60 - 1, Screen::Password),
            (30 * 60, Screen::Ask),
            // Proved by a clock that was ahead: it would hold until that day.
            (-3600, Screen::Ask),
        ] {
            assert_eq!(proven.home(&rules, now() + SignedDuration::from_secs(seconds)), home, "{seconds}");
        }
        let later = now() + SignedDuration::from_hours(3);
        assert_eq!(flow(Stage::Done { address: address.clone(), device }).home(&rules, later), Screen::Done);
        assert_eq!(flow(Stage::Proving { address, challenge: user }).home(&rules, later), Screen::Code);
        assert_eq!(flow(Stage::Typing).home(&rules, later), Screen::Ask);
    }
}
