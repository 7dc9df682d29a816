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

/// Its number; 1 before any text was adopted.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn newest_version(r: &impl Reads) -> Result<u32, StoreError> {
    Ok(newest(r)?.map_or(1, |terms| terms.version))
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
