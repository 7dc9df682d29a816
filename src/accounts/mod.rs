//! 事業所ユーザ: the account of an office and what opens it.
//!
//! The room holds records, the rules that every door needs (login, letters, reset, reissue) and the mail that tells of a change.
//! It has no screen of its own; sessions that end with a change belong to the feature that makes it.

mod addresses;
mod mails;
mod model;
mod store;

pub use addresses::{AddressFault, MOST_ADDRESSES};
pub use mails::{CHANGED, Change, Heard, Told, compose, mail_title, tell_change, tell_change_to, too_many_changes};
pub use model::{Account, Agreed, AppCode, Kind, LastLogin, SecurityCode, Temporary};
pub use store::{
    check, create, each, end_temporary, ensure, exists, find, prefectures_with_id, save, save_quietly, set_temporary,
};
