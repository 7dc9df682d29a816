//! ログイン情報再設定: an office that can read one of its security addresses sets a new password by itself (S1), and lets a device in
//! that is not known. Both are proved by a one-time password.
//!
//! Whether a number and an address belong together shows nowhere before that password was entered: answers, cookies, rows and the work
//! behind them are the same, and a pair that does not match is sent nothing. `flow` keeps to it, `tests/it/reset_same_answer.rs` holds it to it.

mod clean;
mod flow;
mod model;
pub mod pages;
mod store;

pub use clean::{CLEAN, clean};
pub use flow::close::{CLOSE, close};
pub use model::{Flow, Screen, Stage, Typed, Way};
pub use store::check;
