//! A write transaction as a use case sees it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use redb::{ReadableTable as _, ReadableTableMetadata as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::access::RowFn;
use super::open::Counters;
use super::table::{Bytes, definition};
use super::{Key, Reads, Span, StoreError, Table, value};

/// Makes a keyed hash of parts, with the id of its key: what only this installation can write. The store knows no keys; whoever holds them
/// hands this in with [`super::Store::seal_with`].
pub type Seal = Arc<dyn Fn(&[&[u8]]) -> (u32, [u8; 32]) + Send + Sync>;

type Opened<'t> = Rc<RefCell<redb::Table<'t, Bytes, Bytes>>>;

/// Rows of one table that the database has not been given yet, by key. Without a value the row goes.
type Held = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// How much is held back at most, in bytes of keys and values: an import or a migration writes more than should lie in memory.
const HELD_BACK: usize = 1024 * 1024;

/// What a use case is handed inside [`super::Store::write`]. Several use cases may share one; each is all or nothing.
///
/// The rule of a closure: read and decide before the first write. An `Err` before it costs nobody else anything; after it the whole
/// batch is dropped and each closure runs again alone.
///
/// What is written is held back and handed to the database table by table in the order of the keys: pages that belong together then lie
/// together on the disk, and a commit has fewer places to write to. Reads see it all the same.
pub struct Tx<'t> {
    txn: &'t redb::WriteTransaction,
    tables: RefCell<HashMap<&'static str, Opened<'t>>>,
    held: RefCell<BTreeMap<&'static str, Held>>,
    /// Bytes in `held`.
    held_bytes: usize,
    counters: Arc<Counters>,
    pub(super) seal: Option<Seal>,
    /// Whether the closure that runs now has written.
    pub(super) wrote: bool,
    /// Tables that this transaction has written to, for those who wait for changes.
    pub(super) touched: BTreeSet<&'static str>,
}

impl<'t> Tx<'t> {
    pub(super) fn new(txn: &'t redb::WriteTransaction, counters: Arc<Counters>) -> Self {
        Self {
            txn,
            tables: RefCell::default(),
            held: RefCell::default(),
            held_bytes: 0,
            counters,
            seal: None,
            wrote: false,
            touched: BTreeSet::new(),
        }
    }

    /// Runs one use case that the writer has nothing to do with, and hands over what it wrote.
    ///
    /// # Errors
    /// Those of the use case; [`StoreError`] when the database fails.
    pub(super) fn run<T>(
        txn: &'t redb::WriteTransaction,
        counters: Arc<Counters>,
        use_case: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut tx = Self::new(txn, counters);
        let done = use_case(&mut tx)?;
        tx.hand_over()?;
        Ok(done)
    }

    fn table(&self, name: &'static str) -> Result<Opened<'t>, StoreError> {
        if let Some(table) = self.tables.borrow().get(name) {
            return Ok(Rc::clone(table));
        }
        let table = Rc::new(RefCell::new(self.txn.open_table(definition(name))?));
        self.tables.borrow_mut().insert(name, Rc::clone(&table));
        Ok(table)
    }

    /// Writes a row, replacing one of the same key.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn put<K: Key, V: Serialize>(&mut self, table: &Table<K, V>, key: &K, record: &V) -> Result<(), StoreError> {
        let key = key.bytes();
        let bytes = value::encode(table.name(), &key, record)?;
        self.hold(table.name(), key, Some(bytes))
    }

    /// Removes a row. Says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn delete<K: Key, V>(&mut self, table: &Table<K, V>, key: &K) -> Result<bool, StoreError> {
        let key = key.bytes();
        let existed = self.find(table.name(), &key, |_| ())?.is_some();
        self.hold(table.name(), key, None)?;
        Ok(existed)
    }

    /// Reads a row, lets `change` alter it and writes it back. `Ok(false)` if there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails or the record cannot be read.
    pub fn update<K: Key, V: Serialize + DeserializeOwned>(
        &mut self,
        table: &Table<K, V>,
        key: &K,
        change: impl FnOnce(&mut V),
    ) -> Result<bool, StoreError> {
        let Some(mut record) = self.get(table, key)? else { return Ok(false) };
        change(&mut record);
        self.put(table, key, &record)?;
        Ok(true)
    }

    /// Seals with the key of this installation.
    ///
    /// # Errors
    /// [`StoreError::Unsealed`] when the store was handed none: what is to be sealed is never written without it.
    pub fn seal(&self, parts: &[&[u8]]) -> Result<(u32, [u8; 32]), StoreError> {
        self.seal.as_ref().map(|seal| seal(parts)).ok_or(StoreError::Unsealed)
    }

    fn hold(&mut self, table: &'static str, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), StoreError> {
        self.wrote = true;
        self.touched.insert(table);
        self.counters.written.fetch_add(1, Ordering::Relaxed);
        self.held_bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        self.held.get_mut().entry(table).or_default().insert(key, value);
        if self.held_bytes > HELD_BACK { self.hand_over() } else { Ok(()) }
    }

    /// The value of a row as this transaction sees it.
    fn find<T>(&self, table: &'static str, key: &[u8], take: impl Fn(&[u8]) -> T) -> Result<Option<T>, StoreError> {
        if let Some(held) = self.held.borrow().get(table).and_then(|rows| rows.get(key)) {
            return Ok(held.as_deref().map(take));
        }
        let table = self.table(table)?;
        let found = table.borrow().get(key)?.map(|guard| take(guard.value()));
        Ok(found)
    }

    /// Gives the database all that was held back. Whoever ends a transaction does this before the commit.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; the transaction is then of no use.
    pub(super) fn hand_over(&mut self) -> Result<(), StoreError> {
        self.held_bytes = 0;
        for (table, rows) in std::mem::take(self.held.get_mut()) {
            self.apply(table, rows)?;
        }
        Ok(())
    }

    /// The table with all that was written to it, for whoever reads more than one row.
    fn whole(&self, table: &'static str) -> Result<Opened<'t>, StoreError> {
        let rows = self.held.borrow_mut().remove(table);
        rows.map_or(Ok(()), |rows| self.apply(table, rows))?;
        self.table(table)
    }

    fn apply(&self, table: &'static str, rows: Held) -> Result<(), StoreError> {
        let table = self.table(table)?;
        let mut table = table.borrow_mut();
        for (key, value) in rows {
            match value {
                Some(value) => drop(table.insert(key.as_slice(), value.as_slice())?),
                None => drop(table.remove(key.as_slice())?),
            }
        }
        Ok(())
    }
}

impl Reads for Tx<'_> {
    fn raw(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.counters.read.fetch_add(1, Ordering::Relaxed);
        self.find(table, key, <[u8]>::to_vec)
    }

    fn raw_each(&self, table: &'static str, span: &Span, row: RowFn<'_>) -> Result<(), StoreError> {
        if span.is_empty() {
            return Ok(());
        }
        let table = self.whole(table)?;
        let table = table.borrow();
        let range = table.range::<&[u8]>(span.bounds())?;
        walk(range, span.descending, &self.counters, row)
    }

    fn len<K, V>(&self, table: &Table<K, V>) -> Result<u64, StoreError> {
        Ok(self.whole(table.name())?.borrow().len()?)
    }
}

pub(super) fn walk(
    mut range: redb::Range<'_, Bytes, Bytes>,
    descending: bool,
    counters: &Counters,
    row: RowFn<'_>,
) -> Result<(), StoreError> {
    loop {
        let Some(next) = (if descending { range.next_back() } else { range.next() }) else { return Ok(()) };
        let (key, value) = next?;
        counters.read.fetch_add(1, Ordering::Relaxed);
        if !row(key.value(), value.value())? {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::open::builder;
    use super::*;

    const ROWS: Table<u32, String> = Table::new("held");

    /// Runs a use case on rows 1, 3 and 5, then commits; hands out what it found and what the database holds at the end.
    fn among_three<T>(use_case: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> (T, Vec<u32>) {
        let database = builder().create_with_backend(redb::backends::InMemoryBackend::new()).unwrap();
        let txn = database.begin_write().unwrap();
        Tx::run(&txn, Arc::default(), |tx| [1, 3, 5].iter().try_for_each(|n| tx.put(&ROWS, n, &"old".to_owned()))).unwrap();
        txn.commit().unwrap();
        let txn = database.begin_write().unwrap();
        let found = Tx::run(&txn, Arc::default(), use_case).unwrap();
        txn.commit().unwrap();
        let txn = database.begin_write().unwrap();
        let left = Tx::new(&txn, Arc::default()).list(&ROWS, &Span::all(), 9).unwrap();
        (found, left.into_iter().map(|(n, _)| n).collect())
    }

    #[test]
    fn a_use_case_reads_what_it_has_written() {
        let (found, left) = among_three(|tx| {
            tx.put(&ROWS, &3, &"new".to_owned())?;
            tx.put(&ROWS, &4, &"new".to_owned())?;
            let gone = (tx.delete(&ROWS, &5)?, tx.delete(&ROWS, &5)?, tx.delete(&ROWS, &9)?);
            Ok((tx.get(&ROWS, &3)?, tx.has(&ROWS, &4)?, tx.has(&ROWS, &5)?, gone))
        });
        assert_eq!(found, (Some("new".to_owned()), true, false, (true, false, false)));
        assert_eq!(left, [1, 3, 4]);
    }

    #[test]
    fn a_stretch_of_rows_holds_what_was_written_before_it_was_asked_for() {
        let (found, left) = among_three(|tx| {
            tx.put(&ROWS, &4, &"new".to_owned())?;
            tx.delete(&ROWS, &1)?;
            let last = tx.first_key(&ROWS, &Span::all().descending())?;
            tx.put(&ROWS, &6, &"new".to_owned())?;
            let all = tx.list(&ROWS, &Span::all(), 9)?;
            tx.delete(&ROWS, &6)?;
            Ok((last, all.into_iter().map(|(n, _)| n).collect::<Vec<_>>(), tx.len(&ROWS)?))
        });
        assert_eq!(found, (Some(5), vec![3, 4, 5, 6], 3));
        assert_eq!(left, [3, 4, 5]);
    }

    #[test]
    fn what_is_too_much_to_be_held_back_is_handed_over_on_the_way() {
        let long = "x".repeat(HELD_BACK / 2);
        let (held, left) = among_three(|tx| {
            (6..9).try_for_each(|n| tx.put(&ROWS, &n, &long))?;
            Ok(tx.held_bytes)
        });
        assert!(held < HELD_BACK, "{held} bytes lie in memory");
        assert_eq!(left, [1, 3, 5, 6, 7, 8]);
    }
}
