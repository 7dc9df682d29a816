//! The account record. Pure: time and keys are arguments.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::kernel::{Id, MailAddress, Secret, UserId};
use crate::security::{Keyed, Keys, PasswordHash, Purpose};

/// How an account came to be; decides which steps its first login has (S1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// 新規: an ID never used before.
    New,
    /// 既存: an office that has logged in before the address became required.
    Existing,
}

/// The account of an office. At most one per office and prefecture, since its key is the user ID.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// ユーザID; also says which office it is.
    pub user_id: UserId,
    /// 新規 or 既存.
    pub kind: Kind,
    /// The password the office chose. `None` before the first one, and again from the first use of a temporary password.
    #[serde(default)]
    pub password: Option<PasswordHash>,
    /// パスワードを無効にする: the password leaked; only letter or reset opens again (spec 2, D).
    #[serde(default)]
    pub password_disabled: bool,
    /// The temporary password that is out on a letter.
    #[serde(default)]
    pub temporary: Option<Temporary>,
    /// Closed by the federation: no door opens.
    #[serde(default)]
    pub suspended: bool,
    /// メールアドレス (お知らせ用).
    #[serde(default)]
    pub notice_mail: Option<MailAddress>,
    /// セキュリティ用メールアドレス, at most five (S1). The first is the 通知先.
    #[serde(default)]
    pub security_mails: Vec<MailAddress>,
    /// セキュリティコード, if one is set.
    #[serde(default)]
    pub security_code: Option<SecurityCode>,
    /// When the account was made.
    pub created: Timestamp,
    /// When the present password was chosen.
    #[serde(default)]
    pub password_set: Option<Timestamp>,
    /// The last login that opened the account.
    #[serde(default)]
    pub last_login: Option<LastLogin>,
    /// The one before, which the screen after a login shows.
    #[serde(default)]
    pub login_before: Option<LastLogin>,
    /// Rises with every change that decides whom the chosen password lets in. A hash that ran outside a transaction counts only for the
    /// revision it was read with. A temporary password that comes or goes is compared by itself and leaves it.
    #[serde(default)]
    pub revision: u64,
}

/// A temporary password on its way by post: kept as a keyed HMAC only. It has 90 bits or more, so no argon2 is needed and every login
/// costs exactly one argon2 whether a letter is out or not (spec 2, D).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Temporary {
    /// HMAC of user ID and password.
    pub keyed: Keyed,
    /// The letter it is printed on.
    pub letter: Id,
    /// The last instant at which it opens.
    pub expires: Timestamp,
    /// When it was first used. It goes on opening until a new password is set or it expires, so that breaking off does no harm.
    #[serde(default)]
    pub first_used: Option<Timestamp>,
}

/// The optional second secret at login (S1).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum SecurityCode {
    /// 6–8 digits of the user's choice.
    Fixed(PasswordHash),
}

/// When and from where the account was last opened, shown after the next login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastLogin {
    /// The instant of the login.
    pub at: Timestamp,
    /// The client's address.
    pub from: String,
}

impl Account {
    /// A new account that nothing opens yet.
    #[must_use]
    pub fn new(user_id: UserId, kind: Kind, now: Timestamp) -> Self {
        Self {
            user_id,
            kind,
            password: None,
            password_disabled: false,
            temporary: None,
            suspended: false,
            notice_mail: None,
            security_mails: Vec::new(),
            security_code: None,
            created: now,
            password_set: None,
            last_login: None,
            login_before: None,
            revision: 0,
        }
    }

    /// The temporary password, if one is out that still opens at `now`.
    #[must_use]
    pub fn live_temporary(&self, now: Timestamp) -> Option<&Temporary> {
        self.temporary.as_ref().filter(|temporary| temporary.is_live(now))
    }

    /// The chosen password, if it may open the account.
    #[must_use]
    pub fn usable_password(&self) -> Option<&PasswordHash> {
        self.password.as_ref().filter(|_| !self.password_disabled)
    }

    /// First use of the temporary password: the old password and the security code go (S2). Remembered devices and sessions lie in
    /// other tables; the caller ends them. Later uses change nothing and answer `false`.
    pub fn use_temporary(&mut self, now: Timestamp) -> bool {
        let Some(temporary) = &mut self.temporary else { return false };
        if temporary.first_used.is_some() {
            return false;
        }
        temporary.first_used = Some(now);
        self.password = None;
        self.password_set = None;
        self.password_disabled = false;
        self.security_code = None;
        true
    }

    /// A new password: the temporary one opens no more, and a disabled password is enabled by being replaced.
    pub fn set_password(&mut self, hash: PasswordHash, now: Timestamp) {
        self.password = Some(hash);
        self.password_set = Some(now);
        self.password_disabled = false;
        self.temporary = None;
    }

    /// Every address that hears of a change of login data (M-7): security addresses and the notice address, each once.
    #[must_use]
    pub fn told_addresses(&self) -> Vec<MailAddress> {
        let mut all: Vec<MailAddress> = Vec::new();
        for address in self.security_mails.iter().chain(&self.notice_mail) {
            if !all.contains(address) {
                all.push(address.clone());
            }
        }
        all
    }
}

impl Temporary {
    /// What is kept of the password `typed` for `user_id` when a letter is printed.
    #[must_use]
    pub fn new(keys: &Keys, user_id: UserId, typed: &Secret<String>, letter: Id, expires: Timestamp) -> Self {
        let keyed = keys.mac(Purpose::TemporaryPassword, &parts(&user_id.to_string(), typed));
        Self { keyed, letter, expires, first_used: None }
    }

    /// Whether it is in time at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now <= self.expires
    }

    /// Whether `typed` is the password, compared in constant time. Says nothing of its time: see [`Temporary::is_live`].
    #[must_use]
    pub fn matches(&self, keys: &Keys, user_id: UserId, typed: &Secret<String>) -> bool {
        keys.verify(Purpose::TemporaryPassword, &self.keyed, &parts(&user_id.to_string(), typed))
    }
}

fn parts<'a>(user_id: &'a str, typed: &'a Secret<String>) -> [&'a [u8]; 2] {
    [user_id.as_bytes(), typed.expose().as_bytes()]
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::kernel::Random;

    fn user() -> UserId {
        UserId::parse("KJ131311111111").unwrap()
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn account(now: Timestamp) -> (Keys, Account) {
        let keys = Keys::fresh(&Random::seeded(1));
        let letter = Id::new(&Random::seeded(2));
        let mut account = Account::new(user(), Kind::Existing, now);
        let expires = now + SignedDuration::from_hours(24 * 30);
        account.temporary = Some(Temporary::new(&keys, user(), &secret("Abcd2345Efgh6789"), letter, expires));
        (keys, account)
    }

    #[test]
    fn q26_a_temporary_password_is_bound_to_its_user_id_and_its_time() {
        let now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
        let (keys, account) = account(now);
        let temporary = account.temporary.as_ref().unwrap();
        assert!(temporary.matches(&keys, user(), &secret("Abcd2345Efgh6789")));
        for wrong in ["abcd2345Efgh6789", "Abcd2345Efgh6789 ", ""] {
            assert!(!temporary.matches(&keys, user(), &secret(wrong)), "{wrong:?}");
        }
        let other = UserId::parse("KJ071311111111").unwrap();
        assert!(!temporary.matches(&keys, other, &secret("Abcd2345Efgh6789")));
        assert!(account.live_temporary(temporary.expires).is_some());
        assert!(account.live_temporary(temporary.expires + SignedDuration::from_millis(1)).is_none());
    }

    #[test]
    fn first_use_takes_the_old_password_and_the_code_and_later_uses_change_nothing() {
        let now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
        let (_, mut account) = account(now);
        account.password_disabled = true;
        assert!(account.use_temporary(now));
        assert!(account.password.is_none() && account.security_code.is_none() && !account.password_disabled);
        assert!(!account.use_temporary(now + SignedDuration::from_hours(1)));
        assert_eq!(account.temporary.unwrap().first_used, Some(now));
    }

    #[test]
    fn an_address_registered_twice_is_told_once() {
        let mut account = Account::new(user(), Kind::New, Timestamp::UNIX_EPOCH);
        let address = |text: &str| MailAddress::parse(text).unwrap();
        account.security_mails = vec![address("a@example.jp"), address("b@example.jp")];
        account.notice_mail = Some(address("A@example.jp"));
        assert_eq!(account.told_addresses(), [address("a@example.jp"), address("b@example.jp")]);
    }
}
