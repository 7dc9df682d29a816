//! Login of offices: user ID and password, lock-out, remembered devices, logout, and the guard before every page of an office.
//!
//! `model` holds the lock-out rules (staff logins are counted by the same), `decision` who enters. `office` is what handlers behind the guard receive.

mod claim;
mod decision;
mod first_use;
mod flow;
mod model;
mod office;
pub mod pages;
mod store;

pub use flow::{Attempt, Entered, LoginError, Outcome, log_in, log_out};
pub use model::{MOST_CONSECUTIVE, Strangers, Tries};
pub use office::{Admission, Door, MenuPage, Office, admit, turn_away};
pub use store::{RefusedTries, SWEEP, check, refused_tries, sweep};
