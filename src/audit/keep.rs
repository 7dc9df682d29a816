//! Keeping the log: once a day its head is signed with a key outside the database, so that a cut tail is found, and details that are
//! older than retention allows are erased.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::chain::{self, Damage};
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::kernel::jst;
use crate::security::{Keyed, Keys, Purpose};
use crate::store::{Check, Reads, Span, Store, StoreError, Table, Tx};

const CHECKPOINTS: Table<u64, Checkpoint> = Table::new("audit_checkpoints");

/// The daily job: signs the head, erases old details.
pub const KEEP: Kind = Kind::new("audit.keep", Lane::Clock);
/// Details that one transaction erases.
const CHUNK: usize = 500;

/// The head of the chain as it was at some time.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Checkpoint {
    at: Timestamp,
    hash: [u8; 32],
    signature: Keyed,
}

/// Handles [`KEEP`].
pub async fn keep(store: Store, keys: Keys, years: u32, job: Job) -> Outcome {
    let now = job.now;
    let signed = store.write(move |tx| sign_head(tx, &keys, now)).await;
    match signed {
        // Also in the journal, which an intruder into the database does not reach.
        Ok(Some(sequence)) => tracing::info!(sequence, "audit log signed"),
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "the audit log could not be signed"),
    }
    if let Err(error) = erase(&store, jst::plus_days(now, -i64::from(years) * 365)).await {
        tracing::error!(%error, "old audit details could not be erased");
    }
    Outcome::Again(now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX))
}

/// Signs the newest entry; says which.
fn sign_head(tx: &mut Tx<'_>, keys: &Keys, now: Timestamp) -> Result<Option<u64>, StoreError> {
    let Some((sequence, hash)) = chain::head(tx)? else { return Ok(None) };
    let signature = keys.mac(Purpose::Checkpoint, &[&sequence.to_be_bytes(), &hash]);
    tx.put(&CHECKPOINTS, &sequence, &Checkpoint { at: now, hash, signature })?;
    Ok(Some(sequence))
}

async fn erase(store: &Store, before: Timestamp) -> Result<(), StoreError> {
    while store.write(move |tx| chain::erase_details(tx, before, CHUNK)).await? > 0 {}
    Ok(())
}

/// Checks every row by itself.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&CHECKPOINTS, |_, _, _| Ok(()));
}

/// Checks every signature against the chain: whoever cut the tail or wrote the chain anew cannot sign.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn verify_checkpoints(r: &impl Reads, keys: &Keys) -> Result<Vec<Damage>, StoreError> {
    let mut damage = Vec::new();
    r.each(&CHECKPOINTS, &Span::all(), |sequence, checkpoint| {
        let signed = keys.verify(Purpose::Checkpoint, &checkpoint.signature, &[&sequence.to_be_bytes(), &checkpoint.hash]);
        if !signed || chain::hash_of(r, sequence)? != Some(checkpoint.hash) {
            damage.push(Damage::Checkpoint(sequence));
        }
        Ok(true)
    })?;
    Ok(damage)
}

#[cfg(test)]
pub(super) fn sign_for_test(tx: &mut Tx<'_>, keys: &Keys, now: Timestamp) -> Result<Option<u64>, StoreError> {
    sign_head(tx, keys, now)
}
