//! パスキー (WebAuthn): a further way in for offices, staff and users of the portal, beside the password and never instead of it.
//!
//! `relying` is the one place that speaks the protocol; `model` holds the records and the rules, `store` the registered passkeys, `ceremonies` what
//! browsers have under way. `flow` registers, removes and lets in; whom a passkey opens is decided by `login`, `staff` and `portal_login`.

mod ceremonies;
mod clean;
mod flow;
mod model;
pub mod pages;
mod relying;
mod store;

pub use ceremonies::CEREMONIES;
pub use clean::{CLEAN, clean};
pub use model::{MOST, Passkey};
pub use pages::login_offer;
pub use relying::Relying;
pub use store::{add, by_credential, check, forget_all, of_owner, remove, save};
