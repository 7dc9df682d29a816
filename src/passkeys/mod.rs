//! パスキー (WebAuthn): what offices and staff have registered as a further way in.

mod model;
mod store;

pub use model::Passkey;
pub use store::{add, by_credential, check, forget_all, of_owner, remove, save};
