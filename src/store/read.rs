//! A read transaction: a view of the last commit that never waits for the writer.

use std::cell::RefCell;
use std::ops::Bound;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use redb::{ReadOnlyTable, ReadableTableMetadata as _};

use super::access::RowFn;
use super::open::Counters;
use super::table::{Bytes, definition};
use super::{Reads, Span, StoreError, Table};

type Opened = Option<Rc<ReadOnlyTable<Bytes, Bytes>>>;

/// A consistent view of the database. Must not be held across an `.await`.
pub struct Read {
    txn: redb::ReadTransaction,
    // A page reads a handful of tables: a short list is searched faster than a map is hashed.
    tables: RefCell<Vec<(&'static str, Opened)>>,
    counters: Arc<Counters>,
}

impl Read {
    pub(super) fn new(txn: redb::ReadTransaction, counters: Arc<Counters>) -> Self {
        Self { txn, tables: RefCell::new(Vec::with_capacity(8)), counters }
    }

    /// The names of all tables, also of those that this program does not know.
    pub(super) fn names(&self) -> Result<Vec<String>, StoreError> {
        use redb::TableHandle as _;
        Ok(self.txn.list_tables()?.map(|table| table.name().to_owned()).collect())
    }

    /// Calls `row` for each raw row of the table behind `after`, until it says `false`. Answers how many rows the table says it has.
    pub(super) fn each_of(&self, name: &str, after: Option<&[u8]>, row: RowFn<'_>) -> Result<u64, StoreError> {
        let table = self.txn.open_table(redb::TableDefinition::<Bytes, Bytes>::new(name))?;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = redb::ReadableTable::range::<&[u8]>(&table, (from, Bound::Unbounded))?;
        super::tx::walk(range, false, &self.counters, row)?;
        Ok(table.len()?)
    }

    /// The table, or `None` if nothing was ever written to it.
    fn table(&self, name: &'static str) -> Result<Opened, StoreError> {
        if let Some((_, table)) = self.tables.borrow().iter().find(|(opened, _)| *opened == name) {
            return Ok(table.clone());
        }
        let table = match self.txn.open_table(definition(name)) {
            Ok(table) => Some(Rc::new(table)),
            Err(redb::TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(error.into()),
        };
        self.tables.borrow_mut().push((name, table.clone()));
        Ok(table)
    }
}

impl Reads for Read {
    fn raw(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.counters.read.fetch_add(1, Ordering::Relaxed);
        let Some(table) = self.table(table)? else { return Ok(None) };
        Ok(table.get(key)?.map(|guard| guard.value().to_vec()))
    }

    fn raw_each(&self, table: &'static str, span: &Span, row: RowFn<'_>) -> Result<(), StoreError> {
        let Some(table) = self.table(table)? else { return Ok(()) };
        if span.is_empty() {
            return Ok(());
        }
        let range = redb::ReadableTable::range::<&[u8]>(&*table, span.bounds())?;
        super::tx::walk(range, span.descending, &self.counters, row)
    }

    fn len<K, V>(&self, table: &Table<K, V>) -> Result<u64, StoreError> {
        Ok(self.table(table.name())?.map(|table| table.len()).transpose()?.unwrap_or(0))
    }
}
