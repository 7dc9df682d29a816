//! The schema number and the steps from one to the next, each in a transaction of its own.

use super::open::Counters;
use super::{Reads as _, StoreError, Table, Tx};
use std::sync::Arc;

/// The schema that this program writes.
pub const SCHEMA: u32 = 1;

const META: Table<String, u32> = Table::new("meta");

type Step = fn(&mut Tx<'_>) -> Result<(), StoreError>;

/// `STEPS[n]` leads from schema n to n + 1.
const STEPS: [Step; SCHEMA as usize] = [first];

/// Schema 1: tables come into being when they are first written; there is nothing to convert.
fn first(_: &mut Tx<'_>) -> Result<(), StoreError> {
    Ok(())
}

/// Brings a database up to [`SCHEMA`].
pub(super) fn run(database: &redb::Database, counters: &Arc<Counters>) -> Result<(), StoreError> {
    loop {
        let txn = database.begin_write()?;
        let found = {
            let mut tx = Tx::new(&txn, Arc::clone(counters));
            let key = "schema".to_owned();
            let found = tx.get(&META, &key)?.unwrap_or(0);
            if found > SCHEMA {
                return Err(StoreError::Newer { found, known: SCHEMA });
            }
            if let Some(step) = STEPS.get(found as usize) {
                step(&mut tx)?;
                tx.put(&META, &key, &(found + 1))?;
            }
            found
        };
        if found == SCHEMA {
            txn.abort()?;
            return Ok(());
        }
        txn.commit()?;
        tracing::info!(from = found, to = found + 1, "schema migrated");
    }
}
