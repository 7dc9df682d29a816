//! Reading by key and by span, the same inside and outside a write transaction.

use std::ops::Bound;

use serde::de::DeserializeOwned;

use super::{Key, KeyPart, StoreError, Table, value};

/// A stretch of keys, in ascending or descending order.
#[derive(Clone, Debug)]
pub struct Span {
    pub(super) from: Bound<Vec<u8>>,
    pub(super) to: Bound<Vec<u8>>,
    pub(super) descending: bool,
}

impl Span {
    /// Every key.
    #[must_use]
    pub const fn all() -> Self {
        Self { from: Bound::Unbounded, to: Bound::Unbounded, descending: false }
    }

    /// Every key that begins with this part (or with these parts, as a tuple).
    #[must_use]
    pub fn prefix(part: &impl Key) -> Self {
        let from = part.bytes();
        let to = successor(from.clone()).map_or(Bound::Unbounded, Bound::Excluded);
        Self { from: Bound::Included(from), to, descending: false }
    }

    /// Keys that begin with the text itself, i.e. strings that start so. For searches by the first characters of a string key
    /// which stands behind `part`.
    #[must_use]
    pub fn starting(part: Option<&dyn DynPart>, text: &str) -> Self {
        let mut from = Vec::new();
        if let Some(part) = part {
            part.append(&mut from);
        }
        from.extend(text.bytes());
        let to = successor(from.clone()).map_or(Bound::Unbounded, Bound::Excluded);
        Self { from: Bound::Included(from), to, descending: false }
    }

    /// From `first` to `last`, both included. Either may be a leading part of the key.
    #[must_use]
    pub fn between(first: &impl Key, last: &impl Key) -> Self {
        let to = successor(last.bytes()).map_or(Bound::Unbounded, Bound::Excluded);
        Self { from: Bound::Included(first.bytes()), to, descending: false }
    }

    /// Only what comes after this key: for the next page of a list.
    #[must_use]
    pub fn after(mut self, key: &impl Key) -> Self {
        if self.descending {
            self.to = Bound::Excluded(key.bytes());
        } else {
            self.from = Bound::Excluded(key.bytes());
        }
        self
    }

    /// The same keys, last first.
    #[must_use]
    pub const fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// A span with its ends crossed holds nothing; redb would panic on it.
    pub(super) fn is_empty(&self) -> bool {
        match (&self.from, &self.to) {
            (Bound::Included(a), Bound::Included(b)) => a > b,
            (Bound::Included(a) | Bound::Excluded(a), Bound::Excluded(b)) | (Bound::Excluded(a), Bound::Included(b)) => a >= b,
            _ => false,
        }
    }

    pub(super) fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (self.from.as_ref().map(Vec::as_slice), self.to.as_ref().map(Vec::as_slice))
    }
}

/// A key part whose type is not known to the caller.
pub trait DynPart {
    /// Appends its bytes.
    fn append(&self, out: &mut Vec<u8>);
}

impl<P: KeyPart> DynPart for P {
    fn append(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
}

/// The first byte string behind all that begin with this one. `None` if there is none.
fn successor(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    while let Some(last) = bytes.pop() {
        if last < u8::MAX {
            bytes.push(last + 1);
            return Some(bytes);
        }
    }
    None
}

/// Called with the raw key and value of a row; says whether to go on.
#[doc(hidden)]
pub type RowFn<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<bool, StoreError>;

/// What both a read and a write transaction can do. Queries of features are written against this.
pub trait Reads {
    /// The raw bytes of a row.
    #[doc(hidden)]
    fn raw(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Calls `row` for each raw row of the span until it says `false`.
    #[doc(hidden)]
    fn raw_each(&self, table: &'static str, span: &Span, row: RowFn<'_>) -> Result<(), StoreError>;

    /// The number of rows of a table.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    fn len<K, V>(&self, table: &Table<K, V>) -> Result<u64, StoreError>;

    /// The row of this key.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails or the record cannot be read.
    fn get<K: Key, V: DeserializeOwned>(&self, table: &Table<K, V>, key: &K) -> Result<Option<V>, StoreError> {
        let key = key.bytes();
        self.raw(table.name(), &key)?.map(|bytes| value::decode(table.name(), &key, &bytes)).transpose()
    }

    /// Whether there is a row of this key.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    fn has<K: Key, V>(&self, table: &Table<K, V>, key: &K) -> Result<bool, StoreError> {
        Ok(self.raw(table.name(), &key.bytes())?.is_some())
    }

    /// Calls `row` for each row of the span, in order, until it says `false`.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails or a record cannot be read; an error of `row` is handed on.
    fn each<K: Key, V: DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        span: &Span,
        mut row: impl FnMut(K, V) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let name = table.name();
        self.raw_each(name, span, &mut |raw, bytes| {
            let key =
                K::parse(raw).ok_or_else(|| StoreError::Corrupt { table: name, reason: "its key does not fit".to_owned() })?;
            row(key, value::decode(name, raw, bytes)?)
        })
    }

    /// The first `limit` rows of the span.
    ///
    /// # Errors
    /// As [`Reads::each`].
    fn list<K: Key, V: DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        span: &Span,
        limit: usize,
    ) -> Result<Vec<(K, V)>, StoreError> {
        let mut rows = Vec::new();
        if limit > 0 {
            self.each(table, span, |key, value| {
                rows.push((key, value));
                Ok(rows.len() < limit)
            })?;
        }
        Ok(rows)
    }

    /// The first row of the span.
    ///
    /// # Errors
    /// As [`Reads::each`].
    fn first<K: Key, V: DeserializeOwned>(&self, table: &Table<K, V>, span: &Span) -> Result<Option<(K, V)>, StoreError> {
        Ok(self.list(table, span, 1)?.pop())
    }

    /// The first key of the span. Its record is not decoded.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails or the key cannot be read.
    fn first_key<K: Key, V>(&self, table: &Table<K, V>, span: &Span) -> Result<Option<K>, StoreError> {
        let (name, mut first) = (table.name(), None);
        self.raw_each(name, span, &mut |raw, _| {
            let unfit = || StoreError::Corrupt { table: name, reason: "its key does not fit".to_owned() };
            first = Some(K::parse(raw).ok_or_else(unfit)?);
            Ok(false)
        })?;
        Ok(first)
    }

    /// The number of rows of the span, counted up to `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    fn count<K, V>(&self, table: &Table<K, V>, span: &Span, limit: usize) -> Result<usize, StoreError> {
        let mut rows = 0;
        self.raw_each(table.name(), span, &mut |_, _| {
            rows += 1;
            Ok(rows < limit)
        })?;
        Ok(rows)
    }
}
