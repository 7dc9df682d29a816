//! The rules of a reissue application (ログイン情報再発行申請): its states, the moves between them, who may make them. Pure.

mod application;
mod moves;
mod person;
mod slip;
mod state;
#[cfg(test)]
mod tests;
mod visit;

pub use application::{Application, Refused, Source, Step, What};
pub use moves::{Inquiry, InquiryReason, Move, Printing, Rejection, RejectionReason, TEXT_MOST};
pub use person::{By, Person};
pub use slip::{Channel, Slip};
pub use state::{MoveKind, State};
pub use visit::{Applying, Looking, Screen, Stage, Typed};
