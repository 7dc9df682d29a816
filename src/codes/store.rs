//! The table of challenges.

use super::model::Challenge;
use crate::kernel::Id;
use crate::security::KeyId;
use crate::store::{Reads, Span, StoreError, Table, Tx};

const CHALLENGES: Table<Id, Challenge<KeyId>> = Table::new("codes");

pub(super) fn find(r: &impl Reads, id: Id) -> Result<Option<Challenge<KeyId>>, StoreError> {
    r.get(&CHALLENGES, &id)
}

pub(super) fn put(tx: &mut Tx<'_>, id: Id, challenge: &Challenge<KeyId>) -> Result<(), StoreError> {
    tx.put(&CHALLENGES, &id, challenge)
}

/// Removes up to `limit` challenges opened before `before`; says how many.
pub(super) fn remove_older(tx: &mut Tx<'_>, before: jiff::Timestamp, limit: usize) -> Result<usize, StoreError> {
    let mut old = Vec::new();
    tx.each(&CHALLENGES, &Span::all(), |id, challenge| {
        if challenge.opened < before {
            old.push(id);
        }
        Ok(old.len() < limit)
    })?;
    for id in &old {
        tx.delete(&CHALLENGES, id)?;
    }
    Ok(old.len())
}
