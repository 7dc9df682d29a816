//! セキュリティ用メールアドレス of an office that is logged in: the list with the choice of the 通知先, and adding, changing and taking out
//! an address, each proved by codes (S1; spec 3, U2 and U3).
//!
//! The first address is registered in the steps of the first login, not here.

mod clean;
mod flow;
mod model;
pub mod pages;
mod store;

pub use clean::{CLEAN, clean};
pub use store::check;
