//! ログイン情報再発行申請: an office without a provable mail address asks its federation for a new login, by letter.
//!
//! `model` holds the states and the one table of moves; [`mark`] is the one place that changes an application; `flow` has the
//! visitor's use cases (A1–A6) and those of the desk, `pages` and `desk` their screens, `mails` the texts.

pub mod desk;
mod flow;
mod mails;
mod model;
pub mod pages;
mod statistics;
mod store;

pub use flow::clean::{CLEAN, clean};
pub use flow::mark::{Acting, Arrival, MarkError, mark, receive};
pub use flow::remind::{REMIND, remind};
pub use mails::{KINDS, compose, title as mail_title};
pub use model::{
    Application, By, Channel, Inquiry, InquiryReason, Move, MoveKind, Person, Printing, Refused, Rejection, RejectionReason,
    Slip, Source, State, Step, TEXT_MOST, What,
};
pub use pages::{course_of, state_badge};
pub use statistics::{Figures, figures, median_days};
pub use store::{
    approved_waiting, check, count_in_state, find, find_at, given_up_to, in_state, last_number, of_contact, of_office,
};
