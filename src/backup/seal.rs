//! The seal of a backup: a keyed hash over every row of it. Checksums of rows need no key, so whoever gets hold of a copy that left the
//! machine could make a clerk an administrator in it and hand it back.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{BackupError, store};
use crate::security::{KeyError, Keyed, Keys, Purpose};
use crate::store::{Digests, Read, Tell, digests};

/// What stands in a backup as its last row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Seal {
    /// Of every table but that of the seal.
    tables: Digests,
    /// Over the names and digests of them.
    seal: Keyed,
}

impl Seal {
    pub(super) fn of(tables: &Digests, keys: &Keys) -> Self {
        Self { tables: tables.clone(), seal: keys.mac(Purpose::Backup, &parts(tables)) }
    }
}

fn parts(tables: &Digests) -> Vec<&[u8]> {
    tables.iter().flat_map(|(name, digest)| [name.as_bytes(), digest.as_slice()]).collect()
}

/// Reads every row and compares it with the seal.
///
/// # Errors
/// [`BackupError::Unsealed`], [`BackupError::Doctored`]; [`KeyError::Foreign`] when it was sealed with a key that is not in the file.
pub(super) fn check(r: &Read, path: &Path, keys: &Keys, tell: Tell<'_>) -> Result<(), BackupError> {
    let Some(Seal { tables, seal }) = store::seal(r)? else { return Err(BackupError::Unsealed(path.to_owned())) };
    if keys.derived(Purpose::Backup, seal.key).is_none() {
        return Err(KeyError::Foreign.into());
    }
    let doctored = |tables| BackupError::Doctored { path: path.to_owned(), tables };
    if !keys.verify(Purpose::Backup, &seal, &parts(&tables)) {
        return Err(doctored(Vec::new()));
    }
    let there = digests(r, store::SEAL_TABLE, tell)?;
    let mut wrong: Vec<String> =
        there.iter().filter(|(name, digest)| tables.get(*name) != Some(*digest)).map(|(name, _)| name.clone()).collect();
    wrong.extend(tables.into_keys().filter(|name| !there.contains_key(name)));
    if wrong.is_empty() { Ok(()) } else { Err(doctored(wrong)) }
}
