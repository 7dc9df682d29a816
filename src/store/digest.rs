//! Digests of whole tables: what somebody seals who must know later that no row was altered, put in or taken out.

use std::collections::BTreeMap;

use redb::{ReadableTable as _, TableHandle as _};
use sha2::{Digest as _, Sha256};

use super::copy::{REPORT, Tell};
use super::table::Bytes;
use super::{Check, Read, StoreError};

/// The digest of each table.
pub type Digests = BTreeMap<String, [u8; 32]>;

/// A table under way: its name, then the key and the stored value of each row in the order of the keys, each with its length in front.
/// Backups of every schema are compared with this, so it never changes.
pub(super) struct Digesting(Sha256);

impl Digesting {
    pub(super) fn new(table: &str) -> Self {
        let mut new = Self(Sha256::new());
        new.part(table.as_bytes());
        new
    }

    pub(super) fn row(&mut self, key: &[u8], value: &[u8]) {
        self.part(key);
        self.part(value);
    }

    fn part(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    pub(super) fn end(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// Reads every table except `without`. Tells how many rows of how many are done.
///
/// # Errors
/// [`StoreError`], [`StoreError::Stopped`] when `tell` says so.
pub fn digests(read: &Read, without: &str, tell: Tell<'_>) -> Result<Digests, StoreError> {
    let rows = Check::rows(read)?;
    let (mut done, all) = (0_u64, rows.values().sum());
    let mut found = Digests::new();
    for name in rows.into_keys().filter(|name| name != without) {
        let mut digest = Digesting::new(&name);
        let mut goes_on = true;
        read.each_of(&name, None, &mut |key, value| {
            digest.row(key, value);
            done += 1;
            goes_on = !done.is_multiple_of(REPORT) || tell(done, all);
            Ok(goes_on)
        })?;
        if !goes_on {
            return Err(StoreError::Stopped);
        }
        found.insert(name, digest.end());
    }
    Ok(found)
}

/// Adds the tables that a transaction sees and that are not in `found` yet.
pub(super) fn add_others(txn: &redb::WriteTransaction, found: &mut Digests) -> Result<(), StoreError> {
    let names: Vec<String> = txn.list_tables()?.map(|table| table.name().to_owned()).collect();
    for name in names.into_iter().filter(|name| !found.contains_key(name)).collect::<Vec<_>>() {
        let mut digest = Digesting::new(&name);
        {
            let table = txn.open_table(redb::TableDefinition::<Bytes, Bytes>::new(&name))?;
            for row in table.iter()? {
                let (key, value) = row?;
                digest.row(key.value(), value.value());
            }
        }
        found.insert(name, digest.end());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_the_table_and_on_where_each_key_and_value_ends() {
        let of = |table: &str, rows: &[(&[u8], &[u8])]| {
            let mut digest = Digesting::new(table);
            for (key, value) in rows {
                digest.row(key, value);
            }
            digest.end()
        };
        let one = of("t", &[(b"ab", b"c"), (b"d", b"e")]);
        assert_eq!(one, of("t", &[(b"ab", b"c"), (b"d", b"e")]));
        for other in [
            of("u", &[(b"ab", b"c"), (b"d", b"e")]),
            of("t", &[(b"a", b"bc"), (b"d", b"e")]),
            of("t", &[(b"ab", b"c")]),
            of("t", &[(b"d", b"e"), (b"ab", b"c")]),
            of("t", &[(b"ab", b"cd"), (b"", b"e")]),
        ] {
            assert_ne!(one, other);
        }
    }
}
