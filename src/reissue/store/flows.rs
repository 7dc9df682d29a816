//! Tables of the visitor's flows, under the hash of the flow cookie.

use jiff::Timestamp;

use super::super::model::{Applying, Looking};
use crate::store::{Reads, Span, StoreError, Table, Tx};

const APPLYING: Table<[u8; 32], Applying> = Table::new("reissue_applying");
const LOOKING: Table<[u8; 32], Looking> = Table::new("reissue_looking");

pub(in crate::reissue) fn applying(r: &impl Reads, key: [u8; 32]) -> Result<Option<Applying>, StoreError> {
    r.get(&APPLYING, &key)
}

pub(in crate::reissue) fn put_applying(tx: &mut Tx<'_>, key: [u8; 32], flow: &Applying) -> Result<(), StoreError> {
    tx.put(&APPLYING, &key, flow)
}

pub(in crate::reissue) fn looking(r: &impl Reads, key: [u8; 32]) -> Result<Option<Looking>, StoreError> {
    r.get(&LOOKING, &key)
}

pub(in crate::reissue) fn put_looking(tx: &mut Tx<'_>, key: [u8; 32], flow: &Looking) -> Result<(), StoreError> {
    tx.put(&LOOKING, &key, flow)
}

/// Removes up to `limit` flows of each sort last gone on with before `before`; says how many.
pub(in crate::reissue) fn remove_older(tx: &mut Tx<'_>, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
    let mut old = (Vec::new(), Vec::new());
    tx.each(&APPLYING, &Span::all(), |key, flow| {
        if flow.at < before {
            old.0.push(key);
        }
        Ok(old.0.len() < limit)
    })?;
    tx.each(&LOOKING, &Span::all(), |key, flow| {
        if flow.at < before {
            old.1.push(key);
        }
        Ok(old.1.len() < limit)
    })?;
    for key in &old.0 {
        tx.delete(&APPLYING, key)?;
    }
    for key in &old.1 {
        tx.delete(&LOOKING, key)?;
    }
    Ok(old.0.len() + old.1.len())
}
