//! The only room that names redb: typed tables, reading, the writer thread, migrations.
//!
//! All writing goes through one thread (`writer`) that shares commits: what is waiting is run in order in one transaction, committed
//! durably, and only then answered. Reading never waits for it.

mod access;
mod error;
mod key;
mod migrations;
mod open;
mod read;
mod sweep;
mod table;
mod tx;
mod value;
mod writer;

pub use access::{Reads, Span};
pub use error::StoreError;
pub use key::{Key, KeyPart};
pub use migrations::SCHEMA;
pub use open::{Counts, Store, StoreOptions};
pub use read::Read;
pub use sweep::sweep;
pub use table::Table;
pub use tx::Tx;

#[cfg(test)]
mod tests;
