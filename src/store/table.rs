//! A table's name together with the types of its keys and values.

use std::marker::PhantomData;

/// A typed table. Features declare theirs as constants in their `store.rs`.
pub struct Table<K, V> {
    name: &'static str,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Table<K, V> {
    /// The table of this name. Names are unique in the whole product; `tests/it/architecture.rs` checks it.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, types: PhantomData }
    }

    /// The same rows, read as another type: a part of the record, where decoding all of it would cost too much. For reading only.
    #[must_use]
    pub const fn read_as<W>(&self) -> Table<K, W> {
        Table::new(self.name)
    }

    /// Its name in the file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

pub(super) type Bytes = &'static [u8];
pub(super) const fn definition(name: &'static str) -> redb::TableDefinition<'static, Bytes, Bytes> {
    redb::TableDefinition::new(name)
}
