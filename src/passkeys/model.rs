//! A registered passkey, and a ceremony under way. Pure.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::kernel::{Id, clock, text};
use crate::security::sessions::Subject;

/// As many may one account or member have (D): enough for every machine of an office, few enough to look through.
pub const MOST: usize = 10;

/// How long a ceremony waits for its answer (D): looking for a telephone or a key takes its time.
pub(super) const OPEN: SignedDuration = SignedDuration::from_mins(10);

/// Longest name in characters.
const NAME_MAX: usize = 40;

/// A passkey as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passkey {
    /// Its name among our rows.
    pub id: Id,
    /// Whom it lets in.
    pub owner: Subject,
    /// The user handle that the authenticator keeps: it names the owner to us and says nothing to others.
    pub handle: [u8; 16],
    /// SHA-256 of the credential's id, by which a login finds it.
    pub digest: [u8; 32],
    /// Public key, counter and flags, as the library that checks them writes them (JSON). Nothing in it is secret.
    pub credential: String,
    /// What its owner calls it.
    pub name: String,
    /// When it was registered.
    pub created: Timestamp,
    /// When it last let somebody in.
    #[serde(default)]
    pub last_used: Option<Timestamp>,
}

/// Why a text is no name for a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NameFault {
    /// Nothing was typed.
    #[error("パスキーの名前を入力してください。")]
    Empty,
    /// Longer than a list can show.
    #[error("パスキーの名前は{NAME_MAX}文字までです。")]
    TooLong,
    /// A line break or another control character.
    #[error("パスキーの名前に使えない文字が含まれています。")]
    Control,
}

/// Reads a name as typed: NFKC, trimmed, 1 to 40 characters.
pub(super) fn name(typed: &str) -> Result<String, NameFault> {
    let name = text::line(typed);
    if name.is_empty() {
        Err(NameFault::Empty)
    } else if name.chars().any(char::is_control) {
        Err(NameFault::Control)
    } else if name.chars().count() > NAME_MAX {
        Err(NameFault::TooLong)
    } else {
        Ok(name)
    }
}

/// Which login a visitor stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gate {
    /// That of offices.
    Office,
    /// That of staff.
    Staff,
    /// That of 介護情報基盤ポータル.
    Portal,
}

impl Gate {
    /// Whether a passkey of this owner opens here.
    #[must_use]
    pub const fn is_of(self, owner: Subject) -> bool {
        matches!(
            (self, owner),
            (Self::Office, Subject::Office(_)) | (Self::Staff, Subject::Staff(_)) | (Self::Portal, Subject::Portal(_))
        )
    }
}

/// What a ceremony is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Purpose {
    /// A new passkey of somebody who is logged in.
    Register {
        /// Whose.
        owner: Subject,
        /// The user handle that was offered.
        handle: [u8; 16],
        /// A name that the screen proposes.
        proposed: String,
    },
    /// Logging in.
    Enter {
        /// Where.
        gate: Gate,
        /// It has taken a token of the bucket of unknown devices, which a right answer gives back.
        counted: bool,
    },
}

/// What a browser was asked to sign, and what is needed to check its answer. It is answered once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ceremony {
    /// When it was begun.
    pub at: Timestamp,
    /// The browser that began it; no other can answer.
    pub browser: [u8; 32],
    /// What it is for.
    pub purpose: Purpose,
    /// What the page hands to the browser (JSON).
    pub options: String,
    /// What checks the answer (JSON of the library).
    pub state: String,
}

impl Ceremony {
    /// Whether it still waits.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        clock::runs(self.at.saturating_add(OPEN).unwrap_or(Timestamp::MAX), OPEN, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_to_forty_characters_on_one_line() {
        assert_eq!(name("　受付の パソコン ").as_deref(), Ok("受付の パソコン"));
        assert_eq!(name(&"名".repeat(40)).map(|name| name.chars().count()), Ok(40));
        assert_eq!(name(&"名".repeat(41)), Err(NameFault::TooLong));
        assert_eq!(name("一\n二"), Err(NameFault::Control));
        assert_eq!(name("\u{200B}　"), Err(NameFault::Empty));
    }

    #[test]
    fn a_ceremony_waits_ten_minutes_and_not_for_a_clock_that_was_ahead() {
        let at: Timestamp = "2026-01-20T01:00:00Z".parse().unwrap();
        let purpose = Purpose::Enter { gate: Gate::Office, counted: true };
        let one = Ceremony { at, browser: [0; 32], purpose, options: String::new(), state: String::new() };
        let open = |minutes: i64| one.is_open(at + SignedDuration::from_mins(minutes));
        assert_eq!([-60, -4, 0, 9, 10].map(open), [false, true, true, true, false]);
    }
}
