//! The versions of the terms.

use super::model::Terms;
use crate::store::{Check, Reads, Span, StoreError, Table, Tx, expect};

const TERMS: Table<u32, Terms> = Table::new("terms");

/// The version that is asked for now; `None` before any text was adopted.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn newest(r: &impl Reads) -> Result<Option<Terms>, StoreError> {
    Ok(r.first(&TERMS, &Span::all().descending())?.map(|(_, terms)| terms))
}

/// Its number; 1 before any text was adopted. Asked at every request of an office: the text is not read for it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn newest_version(r: &impl Reads) -> Result<u32, StoreError> {
    Ok(r.first_key(&TERMS, &Span::all().descending())?.unwrap_or(1))
}

pub(super) fn put(tx: &mut Tx<'_>, terms: &Terms) -> Result<(), StoreError> {
    tx.put(&TERMS, &terms.version, terms)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&TERMS, |_, version, terms| {
        expect(terms.version == *version, "別の版の行です")?;
        expect(terms.is_whole(), "利用規約の文面が変わっています")
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn the_newest_version_is_told_without_its_text() {
        let store = Store::in_memory().unwrap();
        assert_eq!(store.read(newest_version).unwrap(), 1);
        // What cannot be decoded has not been read.
        let other: Table<u32, u8> = Table::new(TERMS.name());
        let written = store.write_blocking(move |tx| {
            tx.put(&other, &3, &0)?;
            tx.put(&other, &12, &0)
        });
        written.unwrap();
        assert_eq!(store.read(newest_version).unwrap(), 12);
        assert!(store.read(newest).is_err());
    }
}
