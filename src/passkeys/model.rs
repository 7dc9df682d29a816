//! A registered passkey. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::kernel::Id;
use crate::security::sessions::Subject;

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
