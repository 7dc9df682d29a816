//! The screens of this room.

pub mod dashboard;
pub mod enrol;
pub mod login;
pub mod mails;
pub mod session;
mod warnings;
