//! The account record. Pure: time and keys are arguments.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::kernel::{Id, MailAddress, Secret, UserId};
use crate::security::{Keyed, Keys, PasswordHash, Purpose, Sealed};

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
    /// 利用規約: which version was agreed to, and when.
    #[serde(default)]
    pub terms: Option<Agreed>,
    /// When メールアドレス設定 of the first login was answered, with an address or with 登録しない.
    #[serde(default)]
    pub notice_answered: Option<Timestamp>,
    /// A temporary password was used: whether the security addresses are kept or replaced is still to be said.
    #[serde(default)]
    pub review_addresses: bool,
    /// When the steps of a new office were gone through to their end, once.
    #[serde(default)]
    pub settled: Option<Timestamp>,
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
    /// The codes of an authenticator app.
    App(AppCode),
}

impl SecurityCode {
    /// What screens call it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Fixed(_) => "数字のコード",
            Self::App(_) => "認証アプリ",
        }
    }
}

/// An authenticator app as the second secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AppCode {
    /// The secret shared with the app, sealed for [`Purpose::Authenticator`].
    pub secret: Sealed,
    /// The newest time step whose code was used: it and all before it are refused.
    pub last_step: u64,
}

/// An agreement to the terms of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// The version that was shown.
    pub version: u32,
    /// When.
    pub at: Timestamp,
}

/// When and from where the account was last opened, shown after the next login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastLogin {
    /// The instant of the login.
    pub at: Timestamp,
    /// The client's address.
    pub from: String,
    /// The browser, in words of our own; empty where it is not known.
    #[serde(default)]
    pub agent: String,
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
            terms: None,
            notice_answered: None,
            review_addresses: false,
            settled: None,
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

    /// Whether any door opens: a suspended account is closed whatever is typed.
    #[must_use]
    pub const fn opens(&self) -> bool {
        !self.suspended
    }

    /// First use of the temporary password: the old password and the security code go (S2), and the office is asked whether its security
    /// addresses are still its own. Remembered devices, passkeys and sessions lie in other tables; the caller ends them. Later uses change
    /// nothing and answer `false`.
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
        self.review_addresses = !self.security_mails.is_empty();
        true
    }

    /// A new password: the temporary one opens no more, and a disabled password is enabled by being replaced.
    pub fn set_password(&mut self, hash: PasswordHash, now: Timestamp) {
        self.password = Some(hash);
        self.password_set = Some(now);
        self.password_disabled = false;
        self.temporary = None;
    }

    /// A new password chosen by somebody who is logged in: as [`Account::set_password`], but a temporary one that nobody has used yet is
    /// not taken off its letter, which is on its way.
    pub fn replace_password(&mut self, hash: PasswordHash, now: Timestamp) {
        let unused = self.temporary.take().filter(|temporary| temporary.first_used.is_none());
        self.set_password(hash, now);
        self.temporary = unused;
    }

    /// ログイン情報再設定: a new password, and all else that opened is gone. Says whether a security code was set. Who has shown to read a
    /// security address is not asked whether the addresses are still theirs.
    pub fn reset(&mut self, hash: PasswordHash, now: Timestamp) -> bool {
        self.set_password(hash, now);
        self.review_addresses = false;
        self.security_code.take().is_some()
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
#[path = "model_tests.rs"]
mod tests;
