//! マイページ of 介護情報基盤ポータル (S4 steps 4 and 5): what a user sees and changes of their own, and how the main user adds and manages
//! the others of the institution.
//!
//! Who may do what is decided in `model`, read anew in each transaction; the acts themselves are those of `portal`.

mod clean;
mod flow;
mod model;
pub mod pages;
mod store;

pub use clean::{CLEAN, clean};
pub use store::check;
