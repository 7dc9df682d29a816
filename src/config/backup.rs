//! `[backup]`: regular backups.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::Findings;

/// Where backups go and how many are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backup {
    /// Folder of the daily backups; `None`: none are made by the server itself.
    pub directory: Option<PathBuf>,
    /// How many are kept.
    pub keep: u32,
}

impl Default for Backup {
    fn default() -> Self {
        Self { directory: None, keep: 14 }
    }
}

pub(super) const KEYS: &[(&str, &str)] =
    &[("backup.directory", "バックアップを置くフォルダー"), ("backup.keep", "1から1000までの整数（個）")];

impl Backup {
    pub(super) fn validate(&self, found: &mut Findings) {
        found.expect("backup.directory", self.directory.as_ref().is_none_or(|path| !path.as_os_str().is_empty()));
        found.expect("backup.keep", (1..=1000).contains(&self.keep));
    }
}
