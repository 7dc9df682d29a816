//! 事業所ユーザ: the account of an office and what opens it.
//!
//! The room holds records and the rules that every door needs (login, letters, reset, reissue). It has no screen of its own.
//! What happens around a change — sessions that end, mails that leave — belongs to the feature that makes the change.

mod model;
mod store;

pub use model::{Account, Kind, LastLogin, SecurityCode, Temporary};
pub use store::{create, each, end_temporary, ensure, find, prefectures_with_id, save, save_quietly, set_temporary};
