//! ログイン情報再発行申請: an office without a provable mail address asks its federation for a new login, by letter.
//!
//! `model` holds the states and the one table of moves; nothing else decides what may happen to an application.

mod mails;
mod model;

pub use model::{
    Application, By, Inquiry, InquiryReason, Move, MoveKind, Person, Printing, Refused, Rejection, RejectionReason, Source,
    State, Step, TEXT_MOST, What,
};
