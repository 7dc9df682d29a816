//! A write transaction as a use case sees it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
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

/// What a use case is handed inside [`super::Store::write`]. Several use cases may share one; each is all or nothing.
///
/// The rule of a closure: read and decide before the first write. An `Err` before it costs nobody else anything; after it the whole
/// batch is dropped and each closure runs again alone.
pub struct Tx<'t> {
    txn: &'t redb::WriteTransaction,
    tables: RefCell<HashMap<&'static str, Opened<'t>>>,
    counters: Arc<Counters>,
    pub(super) seal: Option<Seal>,
    /// Whether the closure that runs now has written.
    pub(super) wrote: bool,
    /// Tables that this transaction has written to, for those who wait for changes.
    pub(super) touched: BTreeSet<&'static str>,
}

impl<'t> Tx<'t> {
    pub(super) fn new(txn: &'t redb::WriteTransaction, counters: Arc<Counters>) -> Self {
        Self { txn, tables: RefCell::default(), counters, seal: None, wrote: false, touched: BTreeSet::new() }
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
        self.note_write(table.name());
        self.table(table.name())?.borrow_mut().insert(key.as_slice(), bytes.as_slice())?;
        Ok(())
    }

    /// Removes a row. Says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn delete<K: Key, V>(&mut self, table: &Table<K, V>, key: &K) -> Result<bool, StoreError> {
        self.note_write(table.name());
        let opened = self.table(table.name())?;
        let existed = opened.borrow_mut().remove(key.bytes().as_slice())?.is_some();
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

    fn note_write(&mut self, table: &'static str) {
        self.wrote = true;
        self.touched.insert(table);
        self.counters.written.fetch_add(1, Ordering::Relaxed);
    }
}

impl Reads for Tx<'_> {
    fn raw(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.counters.read.fetch_add(1, Ordering::Relaxed);
        let table = self.table(table)?;
        let found = table.borrow().get(key)?.map(|guard| guard.value().to_vec());
        Ok(found)
    }

    fn raw_each(&self, table: &'static str, span: &Span, row: RowFn<'_>) -> Result<(), StoreError> {
        if span.is_empty() {
            return Ok(());
        }
        let table = self.table(table)?;
        let table = table.borrow();
        let range = table.range::<&[u8]>(span.bounds())?;
        walk(range, span.descending, &self.counters, row)
    }

    fn len<K, V>(&self, table: &Table<K, V>) -> Result<u64, StoreError> {
        Ok(self.table(table.name())?.borrow().len()?)
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
