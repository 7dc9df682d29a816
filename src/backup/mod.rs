//! Backups: a consistent copy of the live database in one file, with the federation's own templates inside; taken on demand and on a
//! schedule, read back before it counts, restored into an empty data folder, verified at any time.
//!
//! The keys are never in it: a stolen backup is as worthless as a stolen database. They are exported apart, and nothing is restored
//! without them, nor anything that was altered since they sealed it.

mod disk;
mod error;
mod files;
mod model;
mod restore;
mod schedule;
mod seal;
mod store;
mod take;
mod verify;

pub use disk::settle;
pub use error::BackupError;
pub use restore::{Given, Restored, STAGING, restore};
pub use schedule::{DAILY, Overdue, daily, overdue};
pub use store::{check, tell_restore};
pub use take::{Taken, Tell, clear_outgoing, record, take, take_aside};
pub use verify::{Verified, verify_backup, verify_database, verify_given, verify_live};
