//! Where a browser stands in a 初回利用登録: one record each, under the hash of the flow cookie. Pure.

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config;
use crate::kernel::{Id, MailAddress, UserId, clock};
use crate::login::Proof;
use crate::portal::{Draft, Member};

/// The screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// 初回利用登録: user ID and password of the reception system.
    Ask,
    /// セキュリティ用メールアドレスの登録が必要です.
    NoAddress,
    /// ワンタイムパスワード入力.
    Otp,
    /// ユーザ登録.
    User,
    /// 登録内容の確認.
    Check,
    /// 処理終了.
    Done,
}

impl Screen {
    /// Its address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Ask => "/portal/register",
            Self::NoAddress => "/portal/register/no-address",
            Self::Otp => "/portal/register/otp",
            Self::User => "/portal/register/user",
            Self::Check => "/portal/register/check",
            Self::Done => "/portal/register/done",
        }
    }
}

/// A registration under way. There is none before the password of the office was right: strangers must not fill the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registering {
    /// When it was last gone on with.
    pub at: Timestamp,
    /// ユーザ登録 as typed.
    #[serde(default)]
    pub draft: Draft,
    /// Where it stands.
    pub stage: Stage,
}

/// Where a registration stands. The proof lies in each of its steps: what the account has become since ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The office has no address that a one-time password could go to.
    NoAddress {
        /// Which office.
        user_id: UserId,
    },
    /// A one-time password is on its way to the 通知先.
    Asking {
        /// Who has shown to be which office.
        proof: Proof,
        /// The 通知先.
        address: MailAddress,
        /// The code's challenge.
        challenge: Id,
    },
    /// It was entered.
    Proven {
        /// Who has shown to be which office.
        proof: Proof,
        /// The 通知先 that was read.
        address: MailAddress,
        /// When.
        since: Timestamp,
    },
    /// Somebody was registered; while the proof is fresh, what was typed can be corrected.
    Done {
        /// The main user of this registration.
        member: Id,
        /// Who has shown to be which office.
        proof: Proof,
        /// The 通知先 that was read.
        address: MailAddress,
        /// When it was.
        since: Timestamp,
    },
}

/// What a fresh proof allows to register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Who has shown to be which office.
    pub proof: Proof,
    /// The 通知先 that was read.
    pub address: MailAddress,
    /// When.
    pub since: Timestamp,
    /// The main user whom this very flow has registered already.
    pub own: Option<Id>,
}

impl Registering {
    /// The screen where it goes on.
    #[must_use]
    pub fn home(&self, rules: &config::Code, now: Timestamp) -> Screen {
        match self.stage {
            Stage::NoAddress { .. } => Screen::NoAddress,
            Stage::Asking { .. } => Screen::Otp,
            Stage::Proven { .. } if self.is_late(rules, now) => Screen::Ask,
            Stage::Proven { .. } => Screen::User,
            Stage::Done { .. } => Screen::Done,
        }
    }

    /// Whether the proof is too old to register anybody: it lives as long as a code does.
    #[must_use]
    pub fn is_late(&self, rules: &config::Code, now: Timestamp) -> bool {
        match self.stage {
            Stage::Proven { since, .. } | Stage::Done { since, .. } => {
                now.duration_since(since) >= rules.valid() || clock::is_ahead(since, now)
            }
            Stage::NoAddress { .. } | Stage::Asking { .. } => false,
        }
    }

    /// What it may register, while the proof is fresh.
    #[must_use]
    pub fn proven(&self, rules: &config::Code, now: Timestamp) -> Option<Proven> {
        let (proof, address, since, own) = match &self.stage {
            Stage::Proven { proof, address, since } => (*proof, address.clone(), *since, None),
            Stage::Done { member, proof, address, since } => (*proof, address.clone(), *since, Some(*member)),
            Stage::NoAddress { .. } | Stage::Asking { .. } => return None,
        };
        (!self.is_late(rules, now)).then_some(Proven { proof, address, since, own })
    }
}

impl Stage {
    /// The office.
    #[must_use]
    pub const fn user_id(&self) -> UserId {
        match self {
            Self::NoAddress { user_id } => *user_id,
            Self::Asking { proof, .. } | Self::Proven { proof, .. } | Self::Done { proof, .. } => proof.user_id,
        }
    }

    /// The code's challenge, while one is open.
    #[must_use]
    pub const fn challenge(&self) -> Option<Id> {
        match self {
            Self::Asking { challenge, .. } => Some(*challenge),
            _ => None,
        }
    }
}

/// What 登録内容の確認 has shown: who is the main user, and what was typed. Its form carries this along, and a form that was drawn from
/// something else registers nobody.
#[must_use]
pub fn shown(main: Option<&Member>, draft: &Draft) -> String {
    let Draft { name, kana, mail, telephone, department, occupation } = draft;
    let mut digest = Sha256::new();
    for text in [name, kana, &mail.address, telephone, department, occupation] {
        digest.update(text.len().to_be_bytes());
        digest.update(text);
    }
    let typed = HEXLOWER.encode(&digest.finalize()[..8]);
    match main {
        // Registered again they are the same, and yet another mail has gone out.
        Some(main) => format!("{}.{}.{typed}", main.id, main.invited.as_millisecond()),
        None => format!("none.{typed}"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::kernel::{Clock, Moment, Random};
    use crate::portal::Person;

    fn now() -> Timestamp {
        "2026-01-20T01:00:00Z".parse().unwrap()
    }

    fn proof() -> Proof {
        Proof { user_id: UserId::parse("KJ131311111111").unwrap(), revision: 3 }
    }

    fn address() -> MailAddress {
        MailAddress::parse("a@example.jp").unwrap()
    }

    fn flow(stage: Stage) -> Registering {
        Registering { at: now(), draft: Draft::default(), stage }
    }

    #[test]
    fn q34_a_proof_registers_for_as_long_as_a_code_lives() {
        let rules = config::Code::default();
        let member = Id::from_bytes([1; 16]);
        let proven = flow(Stage::Proven { proof: proof(), address: address(), since: now() });
        let done = flow(Stage::Done { member, proof: proof(), address: address(), since: now() });
        for (seconds, fresh) in [
            (0, true),
            (30 * 60 - 1, true),
            (30 * 60, false),
            // Proved by a clock that was ahead: it would hold until that day.
            (-3600, false),
        ] {
            let at = now() + SignedDuration::from_secs(seconds);
            assert_eq!(proven.home(&rules, at), if fresh { Screen::User } else { Screen::Ask }, "{seconds}");
            assert_eq!(proven.proven(&rules, at).is_some(), fresh, "{seconds}");
            assert_eq!((done.home(&rules, at), done.proven(&rules, at).is_some()), (Screen::Done, fresh), "{seconds}");
        }
        assert_eq!(done.proven(&rules, now()).unwrap().own, Some(member));
        let challenge = Id::from_bytes([2; 16]);
        let asking = flow(Stage::Asking { proof: proof(), address: address(), challenge });
        let bare = flow(Stage::NoAddress { user_id: proof().user_id });
        assert_eq!((asking.home(&rules, now()), bare.home(&rules, now())), (Screen::Otp, Screen::NoAddress));
        assert!(asking.proven(&rules, now()).is_none() && bare.proven(&rules, now()).is_none());
        assert_eq!((asking.stage.challenge(), done.stage.challenge()), (Some(challenge), None));
    }

    #[test]
    fn what_was_shown_is_told_from_everything_else() {
        let moment = Moment::new(&Clock::manual(now()), &Random::seeded(1));
        let of = |n: u8| Member::new(&moment, Id::from_bytes([9; 16]), Id::from_bytes([n; 16]), true, Person::default());
        let one = of(1);
        let mut again = one.clone();
        again.invited = now() + SignedDuration::from_secs(1);
        let draft = |name: &str, kana: &str| Draft { name: name.to_owned(), kana: kana.to_owned(), ..Draft::default() };
        let mut all = vec![
            shown(None, &draft("佐藤", "サトウ")),
            shown(Some(&one), &draft("佐藤", "サトウ")),
            shown(Some(&again), &draft("佐藤", "サトウ")),
            shown(Some(&of(2)), &draft("佐藤", "サトウ")),
            shown(None, &draft("佐藤サ", "トウ")),
        ];
        assert_eq!(all[1], shown(Some(&one.clone()), &draft("佐藤", "サトウ")));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 5, "{all:?}");
    }
}
