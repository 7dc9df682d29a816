//! What can be done with an account from the desk, and when. Pure.

use jiff::Timestamp;

use crate::accounts::Account;
use crate::kernel::{MailAddress, text};
use crate::security::{Keys, Purpose};

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
///
/// Each act asks only for what it decides on. Somebody inside who should not be there could otherwise change something every second, and
/// nobody would ever come to suspend the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen(String);

impl Seen {
    /// As it is now. `keys`: staff see addresses masked, so what stands in the form must not be found out by trying addresses.
    pub(super) fn of(keys: &Keys, account: &Account) -> Self {
        let temporary = account.temporary.as_ref();
        let letter = temporary.map_or_else(String::new, |one| format!("{}-{}", one.letter, one.expires.as_millisecond()));
        let used = temporary.and_then(|one| one.first_used).map_or(0, Timestamp::as_millisecond);
        let mut addresses: Vec<String> = account.security_mails.iter().map(MailAddress::key).collect();
        // Which of them is the 通知先 is no matter here.
        addresses.sort();
        let addresses = keys.mac(Purpose::Csrf, &[b"addresses as shown", addresses.join(" ").as_bytes()]);
        // What no office changes by itself stands first: it is asked by all.
        Self(format!(
            "{}{}{}{letter}.{used}.{}.{}",
            u8::from(account.suspended),
            u8::from(account.password_disabled),
            u8::from(account.security_mails.is_empty()),
            account.revision,
            data_encoding::HEXLOWER.encode(&addresses.mac[..16]),
        ))
    }

    /// Reads [`Self::word`]; whatever else it may be is what no account is like.
    pub(super) fn from_word(word: &str) -> Self {
        Self(word.to_owned())
    }

    /// The value in forms.
    pub(super) fn word(&self) -> &str {
        &self.0
    }

    /// Whether `present` is the same in all that `act` decides on.
    pub(super) fn serves(&self, act: Act, present: &Self) -> bool {
        let decides: &[usize] = match act {
            Act::Unlock | Act::Suspend => &[0],
            Act::WithdrawTemporary => &[0, 1],
            // Nothing changes while it is suspended but what was under way: it opens what it has shown.
            Act::Release => &[0, 1, 2, 3],
            Act::ClearAddresses => &[0, 3],
        };
        let part = |seen: &Self, at: usize| seen.0.split('.').nth(at).map(str::to_owned);
        decides.iter().all(|at| part(self, *at).is_some_and(|part_of| part(present, *at) == Some(part_of)))
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
    use crate::kernel::{Id, Random, Secret, UserId};

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
    fn a_form_serves_its_act_until_something_changes_that_it_decides_on() {
        let keys = Keys::fresh(&Random::seeded(1));
        let address = |name: &str| MailAddress::parse(&format!("{name}@example.jp")).unwrap();
        let mut one = account();
        one.temporary = Some(letter(&one, 100));
        one.security_mails = vec![address("a"), address("b")];
        let shown = Seen::of(&keys, &one);
        assert!(!shown.word().contains("example"));
        let read = Seen::from_word(shown.word());
        let serve = |change: fn(&mut Account)| -> Vec<&str> {
            let mut changed = one.clone();
            change(&mut changed);
            let present = Seen::of(&keys, &changed);
            Act::ALL.into_iter().filter(|act| read.serves(*act, &present)).map(Act::word).collect()
        };
        let all: Vec<_> = Act::ALL.into_iter().map(Act::word).collect();
        assert_eq!(serve(|account| account.last_login = None), all);
        let by_the_office = |account: &mut Account| {
            account.security_mails.reverse();
            account.revision += 1;
        };
        assert_eq!(serve(by_the_office), ["unlock", "suspend", "withdraw_temporary", "clear_addresses"]);
        assert_eq!(serve(|account| account.security_mails.truncate(1)), ["unlock", "suspend", "withdraw_temporary"]);
        let used = |account: &mut Account| account.temporary.as_mut().unwrap().first_used = Timestamp::from_second(99).ok();
        assert_eq!(serve(used), ["unlock", "suspend", "clear_addresses"]);
        for by_staff in [
            (|account: &mut Account| account.suspended = true) as fn(&mut Account),
            |account| account.password_disabled = true,
            |account| account.security_mails.clear(),
            |account| account.temporary = None,
            |account| account.temporary = Some(letter(account, 101)),
        ] {
            assert!(serve(by_staff).is_empty());
        }
        assert!(Act::ALL.into_iter().all(|act| !Seen::from_word("").serves(act, &shown)));
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
