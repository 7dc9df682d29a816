//! Login of 介護情報基盤ポータル: mail address and password, the one-time password on devices that are not trusted, the steps before マイページ
//! (new password, institution, terms), and パスワードを忘れた方.
//!
//! Whether an address is anybody's shows nowhere before its password, its initial password or a code of its mailbox was typed: answers,
//! cookies, rows and the work behind them are the same. `tests/it/portal_same_answer.rs` holds the room to it.

mod flow;
mod model;
pub mod pages;
mod store;
mod sweep;

pub use flow::Caller;
pub use flow::by_passkey::{enter_by_passkey, refuse_passkey};
pub use flow::enter::Entered;
pub use model::{Losing, Screen, Stage, Waiting};
pub use pages::{caller, opened};
pub use store::{WAITING_LOGINS, check};
pub use sweep::{SWEEP, sweep};
