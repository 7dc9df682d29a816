//! What is kept of a staff member, of an enrolment and of a login that waits for its code; and the rules about them.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::news::PasskeyNews;
use super::{Desk, Role, Scope};
use crate::kernel::{Id, Prefecture, clock, text};
use crate::security::{PasswordHash, Sealed};

/// An enrolment link opens this long (D): over a weekend, so that one made on Friday is still good on Monday.
pub const ENROLMENT_OPEN: SignedDuration = SignedDuration::from_hours(72);

/// How long a login waits for the authenticator code (D).
pub const ATTEMPT_OPEN: SignedDuration = SignedDuration::from_mins(10);

/// Wrong codes that end a login attempt; it then counts as one failed login (spec 2, D).
pub const WRONG_CODES_END: u32 = 5;

/// Wrong codes in a row after which only a new enrolment opens again (quality bar 16; NIST 800-63B 3.2.2).
pub const WRONG_CODES_CLOSE: u32 = 100;

/// Longest name in characters.
const NAME_MAX: usize = 40;

/// The name a staff member logs in with: shown as it was given, compared in [`text::search_form`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StaffName(String);

/// Why a text is no staff name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was typed.
    #[error("職員名を入力してください。")]
    Empty,
    /// Longer than a page can show.
    #[error("職員名は{NAME_MAX}文字までです。")]
    TooLong,
    /// A line break or another control character.
    #[error("職員名に使えない文字が含まれています。")]
    Control,
}

impl StaffName {
    /// Reads a name as typed: NFKC, trimmed, 1 to 40 characters.
    ///
    /// # Errors
    /// [`NameError`] as a sentence.
    pub fn parse(typed: &str) -> Result<Self, NameError> {
        let name = text::line(typed);
        if text::search_form(&name).is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().any(char::is_control) {
            return Err(NameError::Control);
        }
        if name.chars().count() > NAME_MAX {
            return Err(NameError::TooLong);
        }
        Ok(Self(name))
    }

    /// The name as shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form names are compared in: case, width, spaces and the two kana do not count.
    #[must_use]
    pub fn key(&self) -> String {
        text::search_form(&self.0)
    }
}

impl fmt::Display for StaffName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A staff member.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// Never changes; histories and the audit log name it.
    pub id: Id,
    /// What they log in with.
    pub name: StaffName,
    /// What they may do.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// When they were first added.
    pub created: Timestamp,
    /// Since when they may not enter any more.
    pub disabled: Option<Timestamp>,
    /// Set at enrolment.
    pub password: Option<PasswordHash>,
    /// The secret of the authenticator app, sealed; set at enrolment.
    pub authenticator: Option<Sealed>,
    /// The newest time step whose code was used: that one and all before it are refused.
    pub last_step: u64,
    /// Wrong codes since the last right one.
    pub wrong_codes: u32,
    /// The last complete login.
    pub last_login: Option<Timestamp>,
    /// For a scope of all federations: where they last worked.
    pub working_at: Option<Prefecture>,
    /// What they are told at the next login.
    #[serde(default)]
    pub passkey_news: Vec<PasskeyNews>,
    /// Rises when password, authenticator, role, scope or standing change: what was decided on an older one is void.
    pub revision: u64,
}

impl Member {
    /// A member who has not enrolled yet.
    #[must_use]
    pub fn new(id: Id, name: StaffName, role: Role, scope: Scope, now: Timestamp) -> Self {
        Self {
            id,
            name,
            role,
            scope,
            created: now,
            disabled: None,
            password: None,
            authenticator: None,
            last_step: 0,
            wrong_codes: 0,
            last_login: None,
            working_at: None,
            passkey_news: Vec::new(),
            revision: 0,
        }
    }

    /// Whether they may enter at all: enrolled, not disabled, not closed after wrong codes.
    #[must_use]
    pub fn may_enter(&self) -> bool {
        self.disabled.is_none() && self.password.is_some() && self.authenticator.is_some() && self.wrong_codes < WRONG_CODES_CLOSE
    }

    /// Takes password and authenticator away: only an enrolment link opens again. Their passkeys go with them, and what was to be told of
    /// these.
    pub fn strip(&mut self) {
        self.password = None;
        self.authenticator = None;
        self.last_step = 0;
        self.wrong_codes = 0;
        self.passkey_news.clear();
        self.revision += 1;
    }

    /// Their desk; `first` is where somebody of all federations stands who has not chosen yet.
    #[must_use]
    pub fn desk(&self, first: Prefecture) -> Desk {
        Desk::new(self.id, self.name.to_string(), self.role, self.scope, self.working_at.unwrap_or(first))
    }
}

/// A one-time enrolment link, kept under the hash of its token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invitation {
    /// Whom it is for.
    pub member: Id,
    /// Until when.
    pub expires: Timestamp,
    /// The browser that began; no other may go on.
    pub browser: Option<[u8; 32]>,
    /// How far it has come.
    pub stage: Stage,
}

/// The steps of an enrolment. Nothing reaches the member's record before the last.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Stage {
    /// The link has not been used.
    Invited,
    /// The password is chosen; the app's secret is shown and waits for a code.
    PasswordChosen {
        /// The new password's hash.
        password: PasswordHash,
        /// The app's secret, sealed.
        authenticator: Sealed,
    },
    /// Done: the link opens nothing more, the browser may read that it is done.
    Enrolled,
}

impl Invitation {
    /// Whether this browser may go on with it now.
    #[must_use]
    pub fn open_for(&self, browser: [u8; 32], now: Timestamp) -> bool {
        clock::runs(self.expires, ENROLMENT_OPEN, now) && self.browser.is_none_or(|own| own == browser)
    }
}

/// A login whose password was right and which waits for the code; kept under its browser: no other can go on with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// Who.
    pub member: Id,
    /// The member's revision when the password was compared.
    pub revision: u64,
    /// Wrong codes so far.
    pub wrong: u32,
    /// Until when it waits.
    pub expires: Timestamp,
    /// The password hashed with the present parameters, to be kept once the code is right.
    pub rehashed: Option<PasswordHash>,
}

impl Attempt {
    /// Whether it waits.
    #[must_use]
    pub fn waits(&self, now: Timestamp) -> bool {
        clock::runs(self.expires, ATTEMPT_OPEN, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_of_a_clock_that_was_ahead_is_over_when_it_is_set_right() {
        let made: Timestamp = "2026-01-20T01:00:00Z".parse().unwrap();
        let expires = made + ENROLMENT_OPEN;
        let link = Invitation { member: Id::from_bytes([1; 16]), expires, browser: None, stage: Stage::Invited };
        let opens = |minutes: i64| link.open_for([0; 32], made + SignedDuration::from_mins(minutes));
        assert_eq!([-365 * 24 * 60, -9 * 60, -4, 0, 71 * 60, 72 * 60].map(opens), [false, false, true, true, true, false]);
    }

    #[test]
    fn names_are_compared_without_width_case_and_spaces() {
        let key = |name: &str| StaffName::parse(name).unwrap().key();
        assert_eq!(key("Ｓａｔｏ　Hanako"), key("satohanako"));
        assert_eq!(StaffName::parse(" 佐藤　花子 ").unwrap().as_str(), "佐藤 花子");
    }

    #[test]
    fn q48_names_hold_no_control_characters() {
        assert_eq!(StaffName::parse("a\nb"), Err(NameError::Control));
        assert_eq!(StaffName::parse("　 "), Err(NameError::Empty));
        assert_eq!(StaffName::parse(&"名".repeat(41)), Err(NameError::TooLong));
    }
}
