//! Mail: rows of the outbox become messages on the wire.
//!
//! `transport` is the only room that names lettre; everything else hands it an [`transport::OutgoingMail`].

pub mod transport;
pub mod words;
