//! The append-only, chained log of who did what, when, from where.
//!
//! The chain covers ids, action, outcome and a salted digest of the details, each link sealed with a key outside the database. The details
//! themselves (mail addresses, client addresses) lie in a table of their own and can be erased by retention without breaking the chain.

mod chain;
mod check;
mod event;
mod keep;
mod times;
mod verify;

pub use chain::{about, about_before, in_prefecture, record, seal_with};
pub use check::check;
pub use event::{Actor, Entry, Event};
pub use keep::{KEEP, keep};
pub use times::ahead;
pub use verify::{Damage, notes, verify};

#[cfg(test)]
mod tests;
