//! Codes by mail: confirmation codes (確認コード) and one-time passwords (ワンタイムパスワード).
//!
//! A feature opens a [`Challenge`] inside its own use case, shows [`View`], and judges entries with [`enter`]. No code is ever
//! stored: it is an HMAC of the challenge's id and the number of the issue, cut to digits, derived when the mail is sent.

mod around;
mod caps;
mod flow;
mod mails;
mod model;
mod pages;
mod purpose;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use around::{Around, Here, Waiting};
pub use caps::KNOWN_DEVICE;
pub use flow::{Attempt, Delivery, Opened, Opening, Resent, View, clean, enter, open, regard, replace, resend, restrict, view};
pub use mails::{KINDS, compose};
pub use model::{Challenge, End, Entered};
pub use pages::{CHALLENGE, too_many};
pub(crate) use pages::{Told, Words};
pub use purpose::{Purpose, Sort};
pub use store::check;
