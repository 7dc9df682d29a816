//! Keeping the log: every hour its head is signed with a key outside the database, so that a cut tail is found, and details that are
//! older than retention allows are erased. The signature says up to where they are, so that no others can be taken away unseen.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::chain;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::kernel::jst;
use crate::security::{Keyed, Keys, Purpose};
use crate::store::{Check, Reads, Span, Store, StoreError, Table, Tx};

const CHECKPOINTS: Table<u64, Checkpoint> = Table::new("audit_checkpoints");
/// The same rows, read for their keys.
const SIGNED: Table<u64, serde::de::IgnoredAny> = CHECKPOINTS.read_as();

/// The hourly job: signs the head, erases old details.
pub const KEEP: Kind = Kind::new("audit.keep", Lane::Clock);
/// Details that one transaction erases.
const CHUNK: usize = 500;

/// The head of the chain as it was at some time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) at: Timestamp,
    hash: [u8; 32],
    /// The last entry whose details retention has erased (0: none).
    erased: u64,
    signature: Keyed,
}

impl Checkpoint {
    fn is_signed(&self, sequence: u64, keys: &Keys) -> bool {
        keys.verify(Purpose::Checkpoint, &self.signature, &parts(&sequence.to_be_bytes(), &self.hash, &self.erased.to_be_bytes()))
    }

    /// The beginning of the hash, as the journal has it: enough to compare by eye.
    pub(super) fn short(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.hash[..8])
    }
}

fn parts<'a>(sequence: &'a [u8; 8], hash: &'a [u8; 32], erased: &'a [u8; 8]) -> [&'a [u8]; 3] {
    [sequence, hash, erased]
}

/// Handles [`KEEP`].
pub async fn keep(store: Store, keys: Keys, years: u32, job: Job) -> Outcome {
    let now = job.now;
    if let Err(error) = erase(&store, &keys, now, jst::plus_days(now, -i64::from(years) * 365)).await {
        tracing::error!(%error, "old audit details could not be erased");
    }
    match store.write(move |tx| sign_head(tx, &keys, now, 0)).await {
        // Also in the journal, which an intruder into the database does not reach: what was cut off with its signatures is missed there.
        Ok(Some((sequence, checkpoint))) => tracing::info!(sequence, hash = checkpoint.short(), "audit log signed"),
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "the audit log could not be signed"),
    }
    Outcome::Again(now.saturating_add(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MAX))
}

/// Signs the newest entry, and up to where details are erased; answers what was signed.
fn sign_head(tx: &mut Tx<'_>, keys: &Keys, now: Timestamp, erased: u64) -> Result<Option<(u64, Checkpoint)>, StoreError> {
    let Some((sequence, hash)) = chain::head(tx)? else { return Ok(None) };
    let erased = erased.max(last_erased(tx, keys)?);
    let signature = keys.mac(Purpose::Checkpoint, &parts(&sequence.to_be_bytes(), &hash, &erased.to_be_bytes()));
    let checkpoint = Checkpoint { at: now, hash, erased, signature };
    tx.put(&CHECKPOINTS, &sequence, &checkpoint)?;
    Ok(Some((sequence, checkpoint)))
}

/// What the newest true signature says. One that somebody has put in must not be signed over.
fn last_erased(r: &impl Reads, keys: &Keys) -> Result<u64, StoreError> {
    let mut found = 0;
    r.each(&CHECKPOINTS, &Span::all().descending(), |sequence, checkpoint| {
        let signed = checkpoint.is_signed(sequence, keys);
        if signed {
            found = checkpoint.erased;
        }
        Ok(!signed)
    })?;
    Ok(found)
}

/// Each transaction that erases signs how far it came: a process that dies in between leaves no details that are merely gone.
async fn erase(store: &Store, keys: &Keys, now: Timestamp, before: Timestamp) -> Result<(), StoreError> {
    loop {
        let keys = keys.clone();
        let erased = store
            .write(move |tx| {
                let erased = chain::erase_details(tx, before, now, CHUNK)?;
                erased.map(|last| sign_head(tx, &keys, now, last)).transpose()
            })
            .await?;
        if erased.is_none() {
            return Ok(());
        }
    }
}

/// Checks every row by itself.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&CHECKPOINTS, |_, _, _| Ok(()));
}

/// The newest entry that was signed; reads no signature.
pub(super) fn newest_signed(r: &impl Reads) -> Result<Option<u64>, StoreError> {
    Ok(r.first(&SIGNED, &Span::all().descending())?.map(|(sequence, _)| sequence))
}

/// The newest signature and the entry under it.
pub(super) fn newest(r: &impl Reads) -> Result<Option<(u64, Checkpoint)>, StoreError> {
    r.first(&CHECKPOINTS, &Span::all().descending())
}

/// What the signatures say.
#[derive(Default)]
pub(super) struct Signed {
    /// The hash of each entry that was signed.
    pub(super) entries: BTreeMap<u64, [u8; 32]>,
    /// Entries whose signature is not ours.
    pub(super) wrong: Vec<u64>,
    /// The last entry whose details retention has erased.
    pub(super) erased: u64,
}

/// Reads all signatures; without `keys` each is believed.
pub(super) fn signed(r: &impl Reads, keys: Option<&Keys>) -> Result<Signed, StoreError> {
    let mut signed = Signed::default();
    r.each(&CHECKPOINTS, &Span::all(), |sequence, checkpoint| {
        if keys.is_some_and(|keys| !checkpoint.is_signed(sequence, keys)) {
            signed.wrong.push(sequence);
        } else {
            signed.entries.insert(sequence, checkpoint.hash);
            signed.erased = signed.erased.max(checkpoint.erased);
        }
        Ok(true)
    })?;
    Ok(signed)
}

#[cfg(test)]
pub(super) mod test {
    //! The job's parts, and ways to spoil signatures.
    use super::*;

    pub(in crate::audit) async fn erase_before(store: &Store, keys: &Keys, before: Timestamp) {
        erase(store, keys, before, before).await.unwrap();
    }
    pub(in crate::audit) fn sign(tx: &mut Tx<'_>, keys: &Keys) -> Result<u64, StoreError> {
        Ok(sign_head(tx, keys, Timestamp::UNIX_EPOCH, 0)?.unwrap().0)
    }
    pub(in crate::audit) fn remove(tx: &mut Tx<'_>, sequence: u64) -> Result<bool, StoreError> {
        tx.delete(&CHECKPOINTS, &sequence)
    }
    /// Says, without a key, that details are erased up to there.
    pub(in crate::audit) fn claim_erased(tx: &mut Tx<'_>, sequence: u64, erased: u64) -> Result<bool, StoreError> {
        tx.update(&CHECKPOINTS, &sequence, |checkpoint| checkpoint.erased = erased)
    }
}
