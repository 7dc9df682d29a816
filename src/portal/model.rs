//! Users, institutions and who belongs to which. Pure.
//!
//! A user is a person: one mail address, one password, one set of devices and sessions. A member is this person at one institution, so one
//! address may belong to several (spec 2).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::person::Person;
use crate::accounts::{Agreed, LastLogin};
use crate::kernel::{Id, MailAddress, MedicalCode, Moment, Prefecture, UserId, clock};
use crate::security::{KeyId, PasswordHash};

/// How many users an institution may have beside its main one (S4 step 4).
pub const MOST_ADDITIONAL: usize = 4;
/// How many days an initial password lives (spec 2).
pub const INITIAL_DAYS: i64 = 7;
/// How long an initial password lives.
const INITIAL_LIFE: SignedDuration = SignedDuration::from_hours(24 * INITIAL_DAYS);

/// A person who uses the portal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// Its name in every table and in the log.
    pub id: Id,
    /// The ID that is typed at the login; no other user has it.
    pub mail: MailAddress,
    /// The password that was chosen, once there is one.
    #[serde(default)]
    pub password: Option<PasswordHash>,
    /// When it was chosen.
    #[serde(default)]
    pub password_set: Option<Timestamp>,
    /// The initial password that is out by mail.
    #[serde(default)]
    pub initial: Option<Initial>,
    /// Which terms of the portal were agreed to, and when.
    #[serde(default)]
    pub terms: Option<Agreed>,
    /// When the user was made.
    pub created: Timestamp,
    /// The last login.
    #[serde(default)]
    pub last_login: Option<LastLogin>,
    /// The one before, which the screen after a login shows.
    #[serde(default)]
    pub login_before: Option<LastLogin>,
    /// Rises with every change that decides who gets in: what was hashed or begun before it no longer counts.
    #[serde(default)]
    pub revision: u64,
}

/// An initial password. It lies nowhere: it is derived from the key file when the mail is written and when somebody logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initial {
    /// Tells it from those before.
    pub grant: Id,
    /// The key that it is derived with.
    pub key: KeyId,
    /// When it was granted.
    pub issued: Timestamp,
    /// The last instant at which it opens.
    pub expires: Timestamp,
    /// When it was first used. It goes on opening until a password is set, so that breaking off does no harm.
    #[serde(default)]
    pub first_used: Option<Timestamp>,
}

/// 事業所 or 医療機関.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Institution {
    /// Its name in every table.
    pub id: Id,
    /// Which one.
    pub what: What,
    /// The federation whose operators see it.
    pub home: Prefecture,
    /// The member who is 主たる利用者.
    pub main: Id,
    /// When it first had a user.
    pub created: Timestamp,
}

/// What an institution is, and what it is known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A care office, by its user ID of the reception system: a number in two prefectures is two of them.
    Care(UserId),
    /// A medical institution, by its code.
    Medical(Medical),
}

/// A medical institution as its application described it; no ledger of ours knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Medical {
    /// 医療機関コード.
    pub code: MedicalCode,
    /// Its name.
    pub name: String,
    /// 郵便番号.
    pub postal_code: String,
    /// Its address.
    pub address: String,
    /// Its telephone number, not that of a person.
    pub telephone: String,
}

/// A user at one institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name in every table; where a session works ([`crate::security::sessions::Session::place`]).
    pub id: Id,
    /// Where.
    pub institution: Id,
    /// Who.
    pub user: Id,
    /// 主たる利用者: one an institution.
    pub main: bool,
    /// What was typed about the person, for this institution.
    pub person: Person,
    /// Since when.
    pub since: Timestamp,
    /// When the newest mail with an initial password or an invitation was posted.
    pub invited: Timestamp,
    /// When the person first came to マイページ here.
    #[serde(default)]
    pub entered: Option<Timestamp>,
    /// 利用停止.
    #[serde(default)]
    pub suspended: Option<Suspended>,
}

/// A suspension of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspended {
    /// Who lifts it again.
    pub by: SuspendedBy,
    /// Since when.
    pub at: Timestamp,
    /// Staff allow a main user who is suspended to be replaced by a new registration.
    #[serde(default)]
    pub may_be_replaced: bool,
}

/// Who has suspended a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SuspendedBy {
    /// The main user of the institution.
    Main,
    /// ポータル運営: only staff lift what staff have set.
    Staff,
}

impl User {
    /// A new user whom nothing lets in yet.
    #[must_use]
    pub const fn new(id: Id, mail: MailAddress, now: Timestamp) -> Self {
        Self {
            id,
            mail,
            password: None,
            password_set: None,
            initial: None,
            terms: None,
            created: now,
            last_login: None,
            login_before: None,
            revision: 0,
        }
    }

    /// Whether an initial password is out that still opens at `now`.
    #[must_use]
    pub fn initial_is_live(&self, now: Timestamp) -> bool {
        self.initial.is_some_and(|initial| initial.is_live(now))
    }

    /// Whether there is a password of one's own. Then no initial one is ever granted.
    #[must_use]
    pub const fn opens_by_password(&self) -> bool {
        self.password.is_some()
    }

    /// A new password; the initial one opens no more. The revision rises when it is saved.
    pub fn set_password(&mut self, hash: PasswordHash, now: Timestamp) {
        self.password = Some(hash);
        self.password_set = Some(now);
        self.initial = None;
    }
}

impl Initial {
    /// A new one, for [`INITIAL_DAYS`].
    #[must_use]
    pub fn new(grant: Id, key: KeyId, now: Timestamp) -> Self {
        Self { grant, key, issued: now, expires: now.saturating_add(INITIAL_LIFE).unwrap_or(now), first_used: None }
    }

    /// Whether it opens at `now`. One that a clock has granted which was ahead is over.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now <= self.expires && !clock::is_ahead(self.issued, now)
    }
}

impl Member {
    /// A new member.
    #[must_use]
    pub fn new(moment: &Moment, institution: Id, user: Id, main: bool, person: Person) -> Self {
        let random = moment.part(&format!("portal member {institution} {user}")).random();
        let (id, now) = (Id::new(&random), moment.now);
        Self { id, institution, user, main, person, since: now, invited: now, entered: None, suspended: None }
    }

    /// Whether staff have suspended it.
    #[must_use]
    pub fn is_suspended_by_staff(&self) -> bool {
        self.suspended.is_some_and(|suspended| suspended.by == SuspendedBy::Staff)
    }

    /// Whether it lets its user work at the institution.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        self.suspended.is_none()
    }

    /// What tells one state from another, for forms that say what they have shown.
    #[must_use]
    pub fn state_word(&self) -> &'static str {
        match (self.suspended, self.main, self.entered) {
            (Some(Suspended { by: SuspendedBy::Staff, may_be_replaced: true, .. }), ..) => "replaceable",
            (Some(Suspended { by: SuspendedBy::Staff, .. }), ..) => "suspended_by_staff",
            (Some(_), ..) => "suspended",
            (None, true, _) => "main",
            (None, false, Some(_)) => "active",
            (None, false, None) => "invited",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn user() -> User {
        User::new(Id::from_bytes([1; 16]), MailAddress::parse("a@example.jp").unwrap(), at("2026-01-20T01:00:00Z"))
    }

    #[test]
    fn an_initial_password_lives_for_seven_days() {
        let mut user = user();
        assert!(!user.initial_is_live(user.created));
        user.initial = Some(Initial::new(Id::from_bytes([2; 16]), KeyId(1), user.created));
        for (now, live) in [
            ("2026-01-20T01:00:00Z", true),
            ("2026-01-27T01:00:00Z", true),
            ("2026-01-27T01:00:00.001Z", false),
            // Granted by a clock that was ahead.
            ("2026-01-19T01:00:00Z", false),
        ] {
            assert_eq!(user.initial_is_live(at(now)), live, "{now}");
        }
    }

    #[test]
    fn who_is_suspended_by_whom_is_told_apart() {
        let now = at("2026-01-20T01:00:00Z");
        let moment = Moment::new(&crate::kernel::Clock::manual(now), &crate::kernel::Random::seeded(1));
        let mut member = Member::new(&moment, Id::from_bytes([1; 16]), Id::from_bytes([2; 16]), false, Person::default());
        let mut words = vec![member.state_word()];
        member.entered = Some(now);
        words.push(member.state_word());
        for (by, may_be_replaced) in [(SuspendedBy::Main, false), (SuspendedBy::Staff, false), (SuspendedBy::Staff, true)] {
            member.suspended = Some(Suspended { by, at: now, may_be_replaced });
            assert_eq!((member.is_usable(), member.is_suspended_by_staff()), (false, by == SuspendedBy::Staff));
            words.push(member.state_word());
        }
        member.suspended = None;
        member.main = true;
        words.push(member.state_word());
        assert_eq!(words, ["invited", "active", "suspended", "suspended_by_staff", "replaceable", "main"]);
        assert!(member.is_usable());
    }
}
