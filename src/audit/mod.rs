//! The append-only, chained log of who did what, when, from where.
//!
//! The chain covers ids, action, outcome and a salted digest of the details. The details themselves (mail addresses, client
//! addresses) lie in a table of their own and can be erased by retention without breaking the chain.

mod chain;
mod check;
mod event;
mod keep;

pub use chain::{Damage, about, in_prefecture, record, verify};
pub use check::check;
pub use event::{Actor, Entry, Event};
pub use keep::{KEEP, keep, verify_checkpoints};

#[cfg(test)]
mod tests;
