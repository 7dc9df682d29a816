//! Inquiries, their states, and where a browser stands that writes one. Pure.

mod draft;
mod inquiry;
mod number;

pub use draft::Asked;
pub(super) use draft::{Asking, Draft, Screen, Stage, TEXT_MOST, item_word, listed};
pub(super) use inquiry::Act;
pub use inquiry::{Ask, Contact, Inquiry, Reason, Refused, Shown, State, Step, What};
pub use number::InquiryNumber;
