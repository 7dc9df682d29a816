//! 初回利用登録 of care offices at 介護情報基盤ポータル (S4): who has the login data of the reception system and reads its 通知先 names the main
//! user. Beside it the portal's front page, and the checklist that says where an institution stands.
//!
//! `login::prove` looks at user ID, password and security code; this room keeps what comes of it, a proof, and never opens anything of the
//! reception system.

mod checklist;
mod clean;
mod flow;
mod model;
pub mod pages;
mod store;

pub use clean::{CLEAN, clean};
pub use model::{Registering, Screen, Stage};
pub use pages::checklist::card;
pub use store::check;
