//! The federations' staff: who they are, how they enter (name, password, authenticator code), what they may do, and the
//! frame of all screens under `/staff`.

mod authenticator;
mod desk;

pub use authenticator::Authenticator;
pub use desk::{Desk, Role, Scope};
