//! The versions of the terms.

use super::model::{Terms, Text};
use crate::store::{Check, Reads, Span, StoreError, Table, Tx, expect};

const TERMS: Table<u32, Terms> = Table::new("terms");
const PORTAL: Table<u32, Terms> = Table::new("terms_portal");

const fn table(which: Text) -> &'static Table<u32, Terms> {
    match which {
        Text::Reception => &TERMS,
        Text::Portal => &PORTAL,
    }
}

/// The version that is asked for now; `None` before any text was adopted.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn newest(r: &impl Reads, which: Text) -> Result<Option<Terms>, StoreError> {
    Ok(r.first(table(which), &Span::all().descending())?.map(|(_, terms)| terms))
}

/// Its number; 1 before any text was adopted. Asked at every request of who has agreed: the text is not read for it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn newest_version(r: &impl Reads, which: Text) -> Result<u32, StoreError> {
    Ok(r.first_key(table(which), &Span::all().descending())?.unwrap_or(1))
}

pub(super) fn put(tx: &mut Tx<'_>, which: Text, terms: &Terms) -> Result<(), StoreError> {
    tx.put(table(which), &terms.version, terms)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    for which in Text::ALL {
        c.table(table(which), |_, version, terms| {
            expect(terms.version == *version, "別の版の行です")?;
            expect(terms.is_whole(), "利用規約の文面が変わっています")
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn the_newest_version_is_told_without_its_text() {
        let store = Store::in_memory().unwrap();
        let version = |which| store.read(|r| newest_version(r, which)).unwrap();
        assert_eq!((version(Text::Reception), version(Text::Portal)), (1, 1));
        // What cannot be decoded has not been read.
        let other: Table<u32, u8> = Table::new(TERMS.name());
        let written = store.write_blocking(move |tx| {
            tx.put(&other, &3, &0)?;
            tx.put(&other, &12, &0)
        });
        written.unwrap();
        assert_eq!((version(Text::Reception), version(Text::Portal)), (12, 1), "each text has versions of its own");
        assert!(store.read(|r| newest(r, Text::Reception)).is_err());
    }
}
