//! The federations' staff: who they are, how they enter (name, password, authenticator code), what they may do, and the
//! frame of all screens under `/staff`.

mod authenticator;
mod desk;
mod flow;
mod frame;
mod link;
mod model;
mod store;

pub use authenticator::Authenticator;
pub use desk::{Desk, Role, Scope};
pub use flow::administer::{Command, Done, Link, Refused, administer};
pub use frame::{Nav, Screen, page, screen};
pub use model::{NameError, StaffName};
