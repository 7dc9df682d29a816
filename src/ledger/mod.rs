//! 事業所台帳: the federation's register of offices, one ledger per prefecture.
//!
//! Every ledger is kept in generations: an import fills a new one beside the one in use and a single small transaction switches to
//! it, so a file comes in whole or not at all, and the generation before stays for undoing.

pub mod csv;
pub mod desk;
pub mod encoding;
mod flow;
mod generations;
pub mod import;
mod incoming;
pub mod model;
mod search;
mod store;

pub use desk::timeline_of;
pub use generations::{forget_dead_import, undo};
pub use import::{ImportError, ImportOptions, Report, Watch, import};
pub use incoming::{INCOMING, clear_incoming};
pub use model::{ClaimMethod, Entry, Status, postal_code};
pub use search::{Found, search};
pub use store::{check, count, find, numbers, prefectures_of, put, set_postal_code};
