//! Mail: rows of the outbox become messages on the wire.
//!
//! [`outbox`] holds what is to be sent, [`worker`] composes and sends it as a durable job, [`transport`] is the only room that names lettre.
//! [`clean()`] removes rows when retention says so.

mod clean;
pub mod outbox;
pub mod transport;
pub mod words;
pub mod worker;

pub use clean::{CLEAN, clean};
pub use outbox::{Mail, post};
pub use worker::{ComposeContext, Composed, Composer, Composers, Postman};
