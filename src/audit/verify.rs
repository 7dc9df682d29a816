//! Whether the log is as it was written.

use std::collections::BTreeSet;

use super::chain::{CHAIN, DETAILS, digest, sealed_parts, slices};
use super::keep;
use crate::kernel::jst;
use crate::security::{Keys, Purpose};
use crate::store::{Reads, Span, StoreError};

/// What a check of the log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// An entry is missing from the chain.
    Missing(u64),
    /// An entry was altered, or one before it was put in or taken out.
    Altered(u64),
    /// The details of an entry were altered or put in.
    Details(u64),
    /// The details of an entry are gone, though retention has not erased them.
    Lost(u64),
    /// An entry that was signed is gone or another one: the tail was cut, or the chain written anew.
    Checkpoint(u64),
    /// Later entries say that this one was signed, and the signature is gone.
    Unsigned(u64),
}

/// Checks every seal, every signature and all details. Empty if all is well. Without `keys` a chain that was written anew is not told
/// from the true one.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn verify(r: &impl Reads, keys: Option<&Keys>) -> Result<Vec<Damage>, StoreError> {
    let signed = keep::signed(r, keys)?;
    let mut damage = Vec::new();
    let (mut expected, mut previous) = (1, [0; 32]);
    let mut unsigned = BTreeSet::new();
    let mut wrong: BTreeSet<u64> = signed.wrong.iter().copied().collect();
    wrong.extend(signed.entries.keys());
    r.each(&CHAIN, &Span::all(), |sequence, link| {
        damage.extend((expected..sequence).map(Damage::Missing));
        let parts = sealed_parts(sequence, &previous, &link);
        if keys.is_some_and(|keys| !keys.verify(Purpose::AuditLink, &link.seal, &slices(&parts))) {
            damage.push(Damage::Altered(sequence));
        }
        match (link.details, r.get(&DETAILS, &sequence)?) {
            (Some(_), None) if sequence > signed.erased => damage.push(Damage::Lost(sequence)),
            (was, Some(details)) if was != Some(digest(&details)) => damage.push(Damage::Details(sequence)),
            _ => {}
        }
        if signed.entries.get(&sequence) == Some(&link.seal.mac) {
            wrong.remove(&sequence);
        }
        if link.signed > 0 && !signed.entries.contains_key(&link.signed) && !signed.wrong.contains(&link.signed) {
            unsigned.insert(link.signed);
        }
        (expected, previous) = (sequence + 1, link.seal.mac);
        Ok(true)
    })?;
    damage.extend(wrong.into_iter().map(Damage::Checkpoint));
    damage.extend(unsigned.into_iter().map(Damage::Unsigned));
    Ok(damage)
}

/// What whoever verifies should know of the log, in Japanese sentences.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn notes(r: &impl Reads, keys: Option<&Keys>) -> Result<Vec<String>, StoreError> {
    let mut notes = Vec::new();
    let erased = keep::signed(r, keys)?.erased;
    if erased > 0 {
        notes.push(format!("監査記録の詳細は、{erased}番まで、保存期間が過ぎたため消去済みです"));
    }
    if let Some((sequence, checkpoint)) = keep::newest(r)? {
        // The only thing in the database that cannot prove its own absence: a cut tail with its signatures is found by the journal alone.
        notes.push(format!(
            "監査記録の最後の署名は{sequence}番（{}、{}）です。ジャーナルの最後の audit log signed の行と同じか確かめてください",
            jst::list_time(checkpoint.at),
            checkpoint.short(),
        ));
    }
    Ok(notes)
}
