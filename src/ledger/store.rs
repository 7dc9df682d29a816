//! The tables of the ledger: entries by prefecture, generation and number, and which generation is in use.

use serde::{Deserialize, Serialize};

use super::model::Entry;
use super::search::document;
use crate::kernel::{OfficeKey, OfficeNumber, Prefecture};
use crate::store::{Check, Reads, Span, StoreError, Table, Tx, expect, leads_to};

/// A generation of one prefecture's ledger.
pub(super) type Generation = u32;

/// The entries of all generations.
pub(super) const ENTRIES: Table<(Prefecture, Generation, OfficeNumber), Entry> = Table::new("ledger_entries");
/// What is searched of each entry: see [`document`].
pub(super) const DOCUMENTS: Table<(Prefecture, Generation, OfficeNumber), String> = Table::new("ledger_documents");
/// Which generations each prefecture has.
pub(super) const LEDGERS: Table<Prefecture, Ledger> = Table::new("ledgers");

/// The generations of one prefecture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger {
    /// The one in use; 0 before anything was put in.
    pub current: Generation,
    /// The one before, for undoing an import.
    #[serde(default)]
    pub previous: Option<Generation>,
    /// The one that an import is filling.
    #[serde(default)]
    pub building: Option<Generation>,
    /// The highest number ever given to a generation.
    #[serde(default)]
    pub newest: Generation,
}

pub(super) fn ledger(r: &impl Reads, prefecture: Prefecture) -> Result<Option<Ledger>, StoreError> {
    r.get(&LEDGERS, &prefecture)
}

pub(super) fn entry_in(r: &impl Reads, key: OfficeKey, generation: Generation) -> Result<Option<Entry>, StoreError> {
    r.get(&ENTRIES, &(key.prefecture, generation, key.number))
}

/// Writes an entry and what is searched of it into one generation.
pub(super) fn put_in(tx: &mut Tx<'_>, generation: Generation, entry: &Entry) -> Result<(), StoreError> {
    let key = (entry.key.prefecture, generation, entry.key.number);
    tx.put(&ENTRIES, &key, entry)?;
    tx.put(&DOCUMENTS, &key, &document(entry))
}

/// The office of this key in the generation in use.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn find(r: &impl Reads, key: OfficeKey) -> Result<Option<Entry>, StoreError> {
    let Some(ledger) = ledger(r, key.prefecture)? else { return Ok(None) };
    entry_in(r, key, ledger.current)
}

/// The prefectures in whose ledgers this number stands, in the order of their codes.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn prefectures_of(r: &impl Reads, number: OfficeNumber) -> Result<Vec<Prefecture>, StoreError> {
    // One read for each ledger, and there are at most 47: an index by number would have to be switched with the generations.
    let mut found = Vec::new();
    for (prefecture, ledger) in r.list(&LEDGERS, &Span::all(), 47)? {
        if r.has(&ENTRIES, &(prefecture, ledger.current, number))? {
            found.push(prefecture);
        }
    }
    Ok(found)
}

/// Puts one entry into the ledger in use, replacing one of the same key; for single edits and the demo. An import that is under way
/// does not undo it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn put(tx: &mut Tx<'_>, entry: &Entry) -> Result<(), StoreError> {
    let prefecture = entry.key.prefecture;
    let ledger = match ledger(tx, prefecture)? {
        Some(ledger) => ledger,
        None => {
            let first = Ledger { current: 1, newest: 1, ..Ledger::default() };
            tx.put(&LEDGERS, &prefecture, &first)?;
            first
        }
    };
    put_in(tx, ledger.current, entry)?;
    // A row that the import has not reached yet will be made from the one just written.
    if let Some(building) = ledger.building
        && tx.has(&ENTRIES, &(prefecture, building, entry.key.number))?
    {
        put_in(tx, building, entry)?;
    }
    Ok(())
}

/// Fills in the 郵便番号 of an office; `postal_code` is in the form of [`super::model::postal_code`]. `Ok(false)` if there is no such office.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn set_postal_code(tx: &mut Tx<'_>, key: OfficeKey, postal_code: &str) -> Result<bool, StoreError> {
    let Some(ledger) = ledger(tx, key.prefecture)? else { return Ok(false) };
    for generation in [Some(ledger.current), ledger.building].into_iter().flatten() {
        let Some(mut entry) = entry_in(tx, key, generation)? else {
            if generation == ledger.current {
                return Ok(false);
            }
            continue;
        };
        postal_code.clone_into(&mut entry.postal_code);
        put_in(tx, generation, &entry)?;
    }
    Ok(true)
}

/// The number of offices in one prefecture's ledger, counted up to `limit`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn count(r: &impl Reads, prefecture: Prefecture, limit: usize) -> Result<usize, StoreError> {
    let Some(ledger) = ledger(r, prefecture)? else { return Ok(0) };
    r.count(&ENTRIES, &Span::prefix(&(prefecture, ledger.current)), limit)
}

/// The first `limit` office numbers of one prefecture's ledger behind `after`, in order: for walking through all of it in chunks.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn numbers(
    r: &impl Reads,
    prefecture: Prefecture,
    after: Option<OfficeNumber>,
    limit: usize,
) -> Result<Vec<OfficeNumber>, StoreError> {
    let Some(ledger) = ledger(r, prefecture)? else { return Ok(Vec::new()) };
    numbers_in(r, prefecture, ledger.current, after, limit)
}

pub(super) fn numbers_in(
    r: &impl Reads,
    prefecture: Prefecture,
    generation: Generation,
    after: Option<OfficeNumber>,
    limit: usize,
) -> Result<Vec<OfficeNumber>, StoreError> {
    let mut span = Span::prefix(&(prefecture, generation));
    if let Some(number) = after {
        span = span.after(&(prefecture, generation, number));
    }
    let mut numbers = Vec::new();
    if limit > 0 {
        r.each(&DOCUMENTS, &span, |(_, _, number), _| {
            numbers.push(number);
            Ok(numbers.len() < limit)
        })?;
    }
    Ok(numbers)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&LEDGERS, |_, _, _| Ok(()));
    c.table(&ENTRIES, |r, key, entry| {
        expect((entry.key.prefecture, entry.key.number) == (key.0, key.2), "別の事業所の行です")?;
        leads_to(r, &LEDGERS, &key.0)?;
        let searched = r.get(&DOCUMENTS, key)?;
        expect(searched.is_some(), "検索用の行がありません")?;
        expect(searched.is_some_and(|text| text == document(entry)), "検索用の行の内容が合いません")
    });
    c.table(&DOCUMENTS, |r, key, _| leads_to(r, &ENTRIES, key));
    super::generations::check(c);
}
