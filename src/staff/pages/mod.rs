//! The screens of this room.

pub mod dashboard;
pub mod enrol;
pub mod login;
pub mod mails;
mod news;
pub mod session;
mod warnings;
