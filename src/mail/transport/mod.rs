//! The way out: one plain-text mail to one address, over real SMTP or into memory.
//!
//! Whoever sends knows only [`Deliver`]; `serve` hands it a [`Transport`], tests and `demo` a [`Memory`].
//! Nothing here retries later, counts or records: that is the outbox's work. What is promised here is that
//! an `Ok` means the server took the mail, and that every error says whether trying again can help.

mod error;
mod memory;
mod message;
mod pool;
mod session;
mod smtp;
mod wire;

use futures_util::future::BoxFuture;

pub use error::SendError;
pub use memory::Memory;
pub use message::OutgoingMail;
pub use smtp::{Options, SetupError, Transport};

/// Something that takes mails over for delivery.
pub trait Deliver: Send + Sync {
    /// Hands over one mail.
    ///
    /// `Ok` only once it was taken over for good. Calling again after an error may deliver twice: when the
    /// connection breaks between the end of the mail and the answer, nobody knows what the server did.
    ///
    /// # Errors
    /// [`SendError::Temporary`] when a later try may succeed, [`SendError::Permanent`] when this mail never will.
    fn deliver<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), SendError>>;
}
