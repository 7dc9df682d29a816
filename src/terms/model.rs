//! A version of the terms. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Which terms: each has versions of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// Those of the reception system, for offices.
    Reception,
    /// Those of the portal, for its users.
    Portal,
}

impl Text {
    /// All.
    pub const ALL: [Self; 2] = [Self::Reception, Self::Portal];

    /// The text that comes with the program. A release that changes it makes a new version for all who use no text of their own.
    #[must_use]
    pub const fn built_in(self) -> &'static str {
        match self {
            Self::Reception => include_str!("../../assets/terms.txt"),
            Self::Portal => include_str!("../../assets/terms-portal.txt"),
        }
    }

    /// Where a federation puts a text of its own, in the data folder.
    pub(super) const fn own_file(self) -> &'static str {
        match self {
            Self::Reception => "templates/terms.txt",
            Self::Portal => "templates/terms-portal.txt",
        }
    }

    /// How the log names it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Reception => "reception",
            Self::Portal => "portal",
        }
    }
}

/// One version of the terms, kept for ever: an agreement names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// From 1, without gaps.
    pub version: u32,
    /// SHA-256 of the text.
    pub digest: [u8; 32],
    /// The text, plain: paragraphs are parted by an empty line.
    pub text: String,
    /// Since when it is asked for.
    pub from: Timestamp,
}

impl Terms {
    /// The version after `before`, unless that has this very text.
    #[must_use]
    pub fn after(before: Option<&Self>, text: String, now: Timestamp) -> Option<Self> {
        let digest = digest(&text);
        match before {
            Some(before) if before.digest == digest => None,
            _ => Some(Self { version: before.map_or(0, |before| before.version) + 1, digest, text, from: now }),
        }
    }

    /// Whether text and digest belong together.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.digest == digest(&self.text)
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// A file's text without what editors add: marks and line ends of other systems make no new version. `None` if nothing is left.
#[must_use]
pub fn tidy(text: &str) -> Option<String> {
    let lines = text.trim_start_matches('\u{FEFF}').lines().map(str::trim_end);
    let text = lines.collect::<Vec<_>>().join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_text_is_the_next_version_and_the_same_is_none() {
        let now = Timestamp::UNIX_EPOCH;
        let first = Terms::after(None, "第1条".to_owned(), now).unwrap();
        assert!(first.version == 1 && first.is_whole());
        assert_eq!(Terms::after(Some(&first), "第1条".to_owned(), now), None);
        let second = Terms::after(Some(&first), "第1条 改".to_owned(), now).unwrap();
        assert_eq!(second.version, 2);
        assert_eq!(
            Terms::after(Some(&second), "第1条".to_owned(), now).map(|terms| terms.version),
            Some(3),
            "back is a change too"
        );
    }

    #[test]
    fn what_editors_add_makes_no_new_version() {
        assert_eq!(tidy("\u{FEFF}第1条  \r\n\r\n本文\r\n\n").as_deref(), Some("第1条\n\n本文"));
        assert_eq!((tidy(""), tidy("\u{FEFF} \r\n")), (None, None));
        assert!(Text::ALL.iter().all(|text| tidy(text.built_in()).is_some_and(|text| text.contains("第1条"))));
    }
}
