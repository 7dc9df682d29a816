//! Which keys a database belongs to: a keyed hash in the database that only they can make.

use super::keys::{KeyError, Keyed, Keys, Purpose};
use crate::store::{Check, Reads, Store, StoreError, Table};

const BELONGS: Table<String, Keyed> = Table::new("belongs");
const NAME: &str = "keys";
const MARK: &[&[u8]] = &[b"this database"];

impl Keys {
    /// Writes into a new database which keys it belongs to, and refuses one that belongs to others. Blocks.
    ///
    /// # Errors
    /// [`KeyError::Foreign`], or [`KeyError::Store`].
    pub fn confirm(&self, store: &Store) -> Result<(), KeyError> {
        match store.read(|r| r.get(&BELONGS, &NAME.to_owned()))? {
            Some(keyed) if self.verify(Purpose::Checkpoint, &keyed, MARK) => Ok(()),
            Some(_) => Err(KeyError::Foreign),
            None => {
                let keyed = self.mac(Purpose::Checkpoint, MARK);
                Ok(store.write_blocking(move |tx| tx.put(&BELONGS, &NAME.to_owned(), &keyed))?)
            }
        }
    }

    /// Whether a database was made with these keys. `false` also for one that does not say.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub fn own(&self, r: &impl Reads) -> Result<bool, StoreError> {
        let keyed = r.get(&BELONGS, &NAME.to_owned())?;
        Ok(keyed.is_some_and(|keyed| self.verify(Purpose::Checkpoint, &keyed, MARK)))
    }
}

/// Checks every row, for `verify`.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&BELONGS, |_, _, _| Ok(()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Random;

    #[test]
    fn a_database_opens_only_with_the_keys_it_was_made_with() {
        let store = Store::in_memory().unwrap();
        let (keys, others) = (Keys::fresh(&Random::seeded(1)), Keys::fresh(&Random::seeded(2)));
        assert!(!store.read(|r| keys.own(r)).unwrap());
        keys.confirm(&store).unwrap();
        keys.confirm(&store).unwrap();
        assert!(matches!(others.confirm(&store), Err(KeyError::Foreign)));
        assert!(store.read(|r| keys.own(r)).unwrap() && !store.read(|r| others.own(r)).unwrap());
    }
}
