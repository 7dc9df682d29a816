//! What can be done with an account from the desk, and when. Pure.

use jiff::Timestamp;

use crate::accounts::Account;
use crate::kernel::text;

/// Longest reason, in characters.
pub(super) const REASON_MOST: usize = 500;

/// What the desk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Wrong tries and locks are forgotten. All others are approvers' business.
    Unlock,
    /// No door opens any more.
    Suspend,
    /// The doors open again.
    Release,
    /// The temporary password on a letter opens no more.
    WithdrawTemporary,
    /// All security addresses are taken out.
    ClearAddresses,
}

/// Why something was not done. Each is a sentence for the clerk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("理由を入力してください。")]
    ReasonMissing,
    #[error("理由は{REASON_MOST}文字以内の1行で入力してください。")]
    ReasonForm,
    #[error("確認した方法を入力してください。")]
    ProofMissing,
    #[error("確認した方法は{REASON_MOST}文字以内の1行で入力してください。")]
    ProofForm,
    #[error("現在、ロックされている端末も、誤ったログインの記録もありません。")]
    NothingLocked,
    #[error("このユーザIDは、すでに利用停止になっています。")]
    Suspended,
    #[error("このユーザIDは、利用停止になっていません。")]
    NotSuspended,
    #[error("有効な仮パスワードはありません。")]
    NoTemporary,
    #[error("セキュリティ用メールアドレスは登録されていません。")]
    NoAddress,
}

impl Act {
    /// In the order of the screen.
    pub(super) const ALL: [Self; 5] = [Self::Unlock, Self::Suspend, Self::Release, Self::WithdrawTemporary, Self::ClearAddresses];

    /// The word in forms and addresses.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Unlock => "unlock",
            Self::Suspend => "suspend",
            Self::Release => "release",
            Self::WithdrawTemporary => "withdraw_temporary",
            Self::ClearAddresses => "clear_addresses",
        }
    }

    /// Reads [`Self::word`].
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.word() == word)
    }

    /// What the log calls it.
    pub(super) const fn action(self) -> &'static str {
        match self {
            Self::Unlock => "account.unlock",
            Self::Suspend => "account.suspend",
            Self::Release => "account.release",
            Self::WithdrawTemporary => "account.withdraw_temporary",
            Self::ClearAddresses => "account.clear_addresses",
        }
    }

    /// Whether the account is such that this can be done.
    pub(super) fn fits(self, account: &Account, now: Timestamp) -> Result<(), Refused> {
        let or = |fits: bool, refused| if fits { Ok(()) } else { Err(refused) };
        match self {
            // Whether there is anything to forget lies in other tables.
            Self::Unlock => Ok(()),
            Self::Suspend => or(!account.suspended, Refused::Suspended),
            Self::Release => or(account.suspended, Refused::NotSuspended),
            Self::WithdrawTemporary => or(account.live_temporary(now).is_some(), Refused::NoTemporary),
            Self::ClearAddresses => or(!account.security_mails.is_empty(), Refused::NoAddress),
        }
    }
}

/// An account as a form has shown it: whoever clicks decides on what they have seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen(String);

impl Seen {
    /// As it is now. A temporary password that comes or goes leaves the revision, so it is named beside.
    pub(super) fn of(account: &Account) -> Self {
        let temporary = account.temporary.as_ref();
        let temporary = temporary.map_or_else(String::new, |one| format!("{}.{}", one.letter, one.expires.as_millisecond()));
        Self(format!("{}.{temporary}", account.revision))
    }

    /// Reads [`Self::word`]; whatever else it may be is what no account is like.
    pub(super) fn from_word(word: &str) -> Self {
        Self(word.to_owned())
    }

    /// The value in forms.
    pub(super) fn word(&self) -> &str {
        &self.0
    }
}

/// A reason as it was typed, made fit to be kept.
pub(super) fn reason(typed: &str) -> Result<String, Refused> {
    one_line(typed, Refused::ReasonMissing, Refused::ReasonForm)
}

/// How somebody made sure who asked.
pub(super) fn proof(typed: &str) -> Result<String, Refused> {
    one_line(typed, Refused::ProofMissing, Refused::ProofForm)
}

fn one_line(typed: &str, missing: Refused, form: Refused) -> Result<String, Refused> {
    let line = text::line(typed);
    if line.is_empty() {
        Err(missing)
    } else if line.chars().count() > REASON_MOST || line.chars().any(char::is_control) {
        Err(form)
    } else {
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Kind, Temporary};
    use crate::kernel::{Id, MailAddress, Random, Secret, UserId};
    use crate::security::Keys;

    fn account() -> Account {
        Account::new(UserId::parse("KJ131311111111").unwrap(), Kind::Existing, Timestamp::UNIX_EPOCH)
    }

    fn letter(account: &Account, expires: i64) -> Temporary {
        let keys = Keys::fresh(&Random::seeded(1));
        let expires = Timestamp::from_second(expires).unwrap();
        Temporary::new(&keys, account.user_id, &Secret::new("x".to_owned()), Id::from_bytes([1; 16]), expires)
    }

    #[test]
    fn each_act_is_offered_where_there_is_something_to_do() {
        let now = Timestamp::from_second(100).unwrap();
        let offered = |account: &Account| -> Vec<&str> {
            Act::ALL.into_iter().filter(|act| act.fits(account, now).is_ok()).map(Act::word).collect()
        };
        let mut one = account();
        assert_eq!(offered(&one), ["unlock", "suspend"]);
        one.suspended = true;
        one.security_mails = vec![MailAddress::parse("a@example.jp").unwrap()];
        assert_eq!(offered(&one), ["unlock", "release", "clear_addresses"]);
        one.temporary = Some(letter(&one, 100));
        assert_eq!(offered(&one), ["unlock", "release", "withdraw_temporary", "clear_addresses"]);
        one.temporary = Some(letter(&one, 99));
        assert_eq!(one.live_temporary(now), None, "one whose time is over needs nobody");
        assert_eq!(Act::WithdrawTemporary.fits(&one, now), Err(Refused::NoTemporary));
    }

    #[test]
    fn what_a_form_has_shown_is_another_after_any_change_that_decides() {
        let one = account();
        let seen = |change: fn(&mut Account)| {
            let mut changed = one.clone();
            changed.temporary = Some(letter(&one, 100));
            change(&mut changed);
            Seen::of(&changed)
        };
        let same = seen(|_| {});
        assert_eq!(same, seen(|account| account.last_login = None));
        assert_eq!(Seen::from_word(same.word()), same);
        for other in [
            seen(|account| account.revision += 1),
            seen(|account| account.temporary = None),
            seen(|account| account.temporary = Some(letter(account, 101))),
        ] {
            assert_ne!(same, other);
        }
    }

    #[test]
    fn a_reason_is_one_line_of_1_to_500_characters() {
        assert_eq!(reason("  漏えい\u{200B} "), Ok("漏えい".to_owned()));
        assert_eq!(reason(&"あ".repeat(500)).map(|line| line.chars().count()), Ok(500));
        for (typed, refused) in [
            ("", Refused::ReasonMissing),
            (" 　\u{FEFF}", Refused::ReasonMissing),
            ("一\n二", Refused::ReasonForm),
            ("一\u{7}二", Refused::ReasonForm),
            (&*"あ".repeat(501), Refused::ReasonForm),
        ] {
            assert_eq!(reason(typed), Err(refused), "{typed:?}");
        }
        assert_eq!(proof(""), Err(Refused::ProofMissing));
        assert_eq!(proof(&"あ".repeat(501)), Err(Refused::ProofForm));
    }
}
