//! Files that wait for the server to import them.

use std::path::Path;

use jiff::Timestamp;

use crate::kernel::leftover;

/// Where they lie in the data folder.
pub const INCOMING: &str = "incoming";

/// Removes those whose command was killed: each is a whole ledger.
pub fn clear_incoming(data_folder: &Path, now: Timestamp) {
    leftover::clear(&data_folder.join(INCOMING), now);
}
