//! お問い合わせ of 介護情報基盤ポータル: the form, its mail M-10, and what the portal's operators do with an inquiry (spec 2, Portal; S4 27).
//!
//! Nothing opens by an inquiry: an account of a medical institution comes to be only when an operator has made sure who asked, and said how.

mod clean;
pub mod desk;
mod flow;
mod mails;
mod model;
pub mod pages;
mod store;

pub use clean::{CLEAN, clean};
pub use desk::tiles;
pub use flow::ask::receive;
pub use flow::desk::{Operator, Order, Went, carry_out};
pub use mails::{KIND, compose, mail_home, mail_title};
pub use model::{Ask, Asked, Contact, Inquiry, InquiryNumber, Reason, Refused, Shown, State, Step, What};
pub use store::{check, find, in_state, most_recent};

/// Inquiries of a federation that are looked through at once: nobody works off more.
const MOST: usize = 1_000;
