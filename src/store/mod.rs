//! The only room that names redb: typed tables, reading, the writer thread, migrations, copies, checks.
//!
//! All writing goes through one thread (`writer`) that shares commits: what is waiting is run in order in one transaction, committed
//! durably, and only then answered. Reading never waits for it.

mod access;
mod check;
mod copy;
mod digest;
mod error;
mod key;
mod migrations;
mod open;
mod place;
mod read;
mod snapshot;
mod sweep;
mod table;
mod times;
mod tx;
mod unfinished;
mod value;
mod writer;

pub use access::{Reads, Span};
pub use check::{Check, Damage, Findings, Verdict, Wrong, expect, leads_to};
pub use copy::{Add, Finish, Rows, Tell, write_copy};
pub use digest::{Digests, digests};
pub use error::StoreError;
pub use key::{Key, KeyPart};
pub use migrations::SCHEMA;
pub use open::{Counts, Store, StoreOptions};
pub use place::Room;
pub use read::Read;
pub use snapshot::Snapshot;
pub use sweep::sweep;
pub use table::Table;
pub use tx::{Seal, Tx};

/// Checks what this room keeps for itself, for `verify`.
pub fn check(c: &mut Check<'_>) {
    migrations::check(c);
}

#[cfg(test)]
mod tests;
