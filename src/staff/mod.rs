//! The federations' staff: who they are, how they enter (name, password, authenticator code), what they may do, and the
//! frame of all screens under `/staff`.

mod desk;
mod flow;
mod frame;
mod guard;
mod link;
mod model;
mod news;
pub mod pages;
mod reauth;
mod store;

pub use crate::security::Authenticator;
pub use desk::{Desk, Role, Scope};
pub use flow::FlowError;
pub use flow::administer::{Command, Done, Link, Refused, administer};
pub use flow::login::{Caller, enter_by_passkey, refuse_passkey};
pub use flow::may_enter;
pub use flow::news::tell_passkey;
pub use flow::seat::{Seat, seat};
pub use flow::sweep::{SWEEP, sweep};
pub use frame::{Nav, Screen, page, screen};
pub use guard::{Admission, admit, turn_away};
pub use model::{NameError, StaffName};
pub use news::PasskeyChange;
pub use pages::login::{caller as login_caller, opened};
pub use reauth::{confirm, confirm_anew, is_fresh, password_again, password_anew};
pub use store::{WAITING_LOGINS, check};
