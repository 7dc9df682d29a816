//! The token of an enrolment link.

use crate::kernel::{Random, Secret};
use crate::security::sessions;

/// Where a link leads; the token follows. It stands in the query, which our log leaves out, and is exchanged for a cookie at
/// once, so that it does not stay in the address bar.
pub const PATH: &str = "/staff/enrol?token=";

/// 256 random bits. The database knows only their hash, the log not even that.
#[derive(Debug)]
pub struct Token(Secret<String>);

impl Token {
    /// A new token.
    #[must_use]
    pub fn new(random: &Random) -> Self {
        Self(Secret::new(data_encoding::BASE64URL_NOPAD.encode(&random.bytes::<32>())))
    }

    /// What the database keeps: the same hash that names a flow whose cookie holds the token.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        sessions::hash(self.0.expose())
    }

    /// The whole link; `base` is the installation's address without a slash at the end.
    #[must_use]
    pub fn link(&self, base: &str) -> String {
        format!("{base}{PATH}{}", self.0.expose())
    }
}

/// Whether a text has the form of a token; anything else need not be looked up.
#[must_use]
pub fn is_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
