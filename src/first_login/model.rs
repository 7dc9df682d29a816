//! Which step somebody is at. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::accounts::Account;

/// The numbered steps after a reissue.
pub const STEPS: [&str; 2] = ["パスワード変更", "終了"];

/// What is done of the steps that one temporary password began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// When the temporary password that opened the door was first used: another one begins anew.
    pub begun: Timestamp,
    /// 【警告】 has been read.
    pub warned: bool,
}

/// The step that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// 【警告】
    Warning,
    /// 【パスワード変更】
    Password,
    /// 【処理終了】
    Done,
    /// The temporary password that opened this session counts no more: it came back, was replaced or has expired.
    Closed,
}

impl Stage {
    /// The step of an account whose session is limited to these steps.
    #[must_use]
    pub fn of(account: &Account, progress: Option<&Progress>, now: Timestamp) -> Self {
        match &account.temporary {
            Some(temporary) if temporary.first_used.is_none() || !temporary.is_live(now) => Self::Closed,
            Some(temporary) if progress.is_some_and(|p| p.warned && Some(p.begun) == temporary.first_used) => Self::Password,
            Some(_) => Self::Warning,
            None if account.password.is_some() => Self::Done,
            None => Self::Closed,
        }
    }

    /// Its page.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Warning => "/first-login/warning",
            Self::Password => "/first-login/password",
            Self::Done => "/first-login/done",
            Self::Closed => "/login?notice=temporary",
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::accounts::{Kind, Temporary};
    use crate::kernel::{Id, Random, Secret, UserId};
    use crate::security::Keys;

    #[test]
    fn q34_each_step_opens_only_after_the_one_before() {
        let now: Timestamp = "2026-01-20T00:00:00Z".parse().unwrap();
        let user_id = UserId::parse("KJ071311111111").unwrap();
        let keys = Keys::fresh(&Random::seeded(1));
        let letter = Id::new(&Random::seeded(2));
        let password = Secret::new("Abcd2345Efgh6789".to_owned());
        let mut account = Account::new(user_id, Kind::Existing, now);
        assert_eq!(Stage::of(&account, None, now), Stage::Closed, "returned or expired meanwhile");
        account.temporary = Some(Temporary::new(&keys, user_id, &password, letter, now + SignedDuration::from_hours(1)));
        assert_eq!(Stage::of(&account, None, now), Stage::Closed, "printed again meanwhile");
        account.use_temporary(now);
        let progress = |begun, warned| Some(Progress { begun, warned });
        let before = now - SignedDuration::from_hours(9);
        for (done, stage) in [
            (None, Stage::Warning),
            (progress(now, false), Stage::Warning),
            (progress(before, true), Stage::Warning),
            (progress(now, true), Stage::Password),
        ] {
            assert_eq!(Stage::of(&account, done.as_ref(), now), stage);
        }
        assert_eq!(Stage::of(&account, None, now + SignedDuration::from_hours(2)), Stage::Closed, "expired meanwhile");
    }
}
