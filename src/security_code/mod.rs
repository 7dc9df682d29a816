//! 【セキュリティコード設定】: the optional second secret of an office – digits of its choice, or an authenticator app – set, changed, taken away.
//!
//! What is asked at the login is `login`'s; a reset and the first use of a temporary password take the code away by themselves.

mod flow;
mod model;
pub mod pages;
mod store;

pub use flow::{CLEAN, clean};
pub use model::{CodeFault, judge};
pub use store::check;
