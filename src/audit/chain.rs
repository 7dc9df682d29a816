//! Writing and checking the chain.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Actor, Entry, Event};
use crate::kernel::{Moment, Prefecture};
use crate::store::{Check, Reads, Span, StoreError, Table, Tx, expect, leads_to};

const CHAIN: Table<u64, Link> = Table::new("audit");
const DETAILS: Table<u64, Details> = Table::new("audit_details");
const BY_SUBJECT: Table<(String, u64), ()> = Table::new("audit_by_subject");
const BY_PREFECTURE: Table<(Prefecture, u64), ()> = Table::new("audit_by_prefecture");

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Link {
    at: Timestamp,
    actor: Actor,
    action: String,
    outcome: String,
    prefecture: Option<Prefecture>,
    subjects: Vec<String>,
    /// Salted digest of the details.
    details: [u8; 32],
    /// Digest of the previous link's and of everything above.
    hash: [u8; 32],
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Details {
    /// Without the salt, a short detail could be found by trying once it is erased.
    salt: [u8; 16],
    values: BTreeMap<String, String>,
}

/// Appends an entry, in the transaction of what it reports.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn record(tx: &mut Tx<'_>, moment: &Moment, event: Event) -> Result<(), StoreError> {
    let last = tx.first(&CHAIN, &Span::all().descending())?;
    let (sequence, previous) = last.map_or((1, [0; 32]), |(n, link)| (n + 1, link.hash));
    let details = Details { salt: moment.part(&format!("audit {sequence}")).random().bytes(), values: event.details };
    let mut link = Link {
        at: moment.now,
        actor: event.actor,
        action: event.action.to_owned(),
        outcome: event.outcome.to_owned(),
        prefecture: event.prefecture,
        subjects: event.subjects,
        details: digest_details(&details),
        hash: [0; 32],
    };
    link.hash = digest_link(sequence, &previous, &link);
    tx.put(&CHAIN, &sequence, &link)?;
    if !details.values.is_empty() {
        tx.put(&DETAILS, &sequence, &details)?;
    }
    for subject in &link.subjects {
        tx.put(&BY_SUBJECT, &(subject.clone(), sequence), &())?;
    }
    if let Some(prefecture) = link.prefecture {
        tx.put(&BY_PREFECTURE, &(prefecture, sequence), &())?;
    }
    Ok(())
}

/// The newest entries about a subject (an office key, a control number, an id), newest first.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn about(r: &impl Reads, subject: &str, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let keys = r.list(&BY_SUBJECT, &Span::prefix(&subject.to_owned()).descending(), limit)?;
    keys.into_iter().filter_map(|((_, n), ())| entry(r, n).transpose()).collect()
}

/// The newest entries of a federation, newest first; `before` continues a list.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn in_prefecture(
    r: &impl Reads,
    prefecture: Prefecture,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    let mut span = Span::prefix(&prefecture).descending();
    if let Some(before) = before {
        span = span.after(&(prefecture, before));
    }
    let keys = r.list(&BY_PREFECTURE, &span, limit)?;
    keys.into_iter().filter_map(|((_, n), ())| entry(r, n).transpose()).collect()
}

fn entry(r: &impl Reads, sequence: u64) -> Result<Option<Entry>, StoreError> {
    let Some(link) = r.get(&CHAIN, &sequence)? else { return Ok(None) };
    let details = r.get(&DETAILS, &sequence)?.unwrap_or_default();
    Ok(Some(Entry {
        sequence,
        at: link.at,
        actor: link.actor,
        action: link.action,
        outcome: link.outcome,
        prefecture: link.prefecture,
        subjects: link.subjects,
        details: details.values,
    }))
}

/// What a check of the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// An entry is missing from the chain.
    Missing(u64),
    /// An entry was altered, or one before it was put in or taken out.
    Altered(u64),
    /// The details of an entry were altered (erased details are not damage).
    Details(u64),
    /// An entry that was signed is gone or another one: the tail was cut, or the chain written anew.
    Checkpoint(u64),
}

/// Checks every link and all details that are still there. Empty if all is well.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn verify(r: &impl Reads) -> Result<Vec<Damage>, StoreError> {
    let mut damage = Vec::new();
    let (mut expected, mut previous) = (1, [0; 32]);
    r.each(&CHAIN, &Span::all(), |sequence, link| {
        damage.extend((expected..sequence).map(Damage::Missing));
        if digest_link(sequence, &previous, &link) != link.hash {
            damage.push(Damage::Altered(sequence));
        }
        if let Some(details) = r.get(&DETAILS, &sequence)?
            && digest_details(&details) != link.details
        {
            damage.push(Damage::Details(sequence));
        }
        (expected, previous) = (sequence + 1, link.hash);
        Ok(true)
    })?;
    Ok(damage)
}

/// Checks every row by itself; the chain between them is [`verify`]'s.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&CHAIN, |r, sequence, link| {
        for subject in &link.subjects {
            leads_to(r, &BY_SUBJECT, &(subject.clone(), *sequence))?;
        }
        link.prefecture.map_or(Ok(()), |prefecture| leads_to(r, &BY_PREFECTURE, &(prefecture, *sequence)))
    });
    c.table(&DETAILS, |r, sequence, _| leads_to(r, &CHAIN, sequence));
    c.table(&BY_SUBJECT, |r, (subject, sequence), ()| {
        expect(r.get(&CHAIN, sequence)?.is_some_and(|link| link.subjects.contains(subject)), "監査記録と合いません")
    });
    c.table(&BY_PREFECTURE, |r, (prefecture, sequence), ()| {
        expect(r.get(&CHAIN, sequence)?.is_some_and(|link| link.prefecture == Some(*prefecture)), "監査記録と合いません")
    });
}

/// The newest entry and its hash.
pub(super) fn head(r: &impl Reads) -> Result<Option<(u64, [u8; 32])>, StoreError> {
    Ok(r.first(&CHAIN, &Span::all().descending())?.map(|(sequence, link)| (sequence, link.hash)))
}

/// The hash of an entry.
pub(super) fn hash_of(r: &impl Reads, sequence: u64) -> Result<Option<[u8; 32]>, StoreError> {
    Ok(r.get(&CHAIN, &sequence)?.map(|link| link.hash))
}

/// Erases the details of up to `limit` entries that are older than `before`; says how many. The chain stays whole.
pub(super) fn erase_details(tx: &mut Tx<'_>, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
    let mut old = Vec::new();
    // Details lie in the order of their entries, so the first young one ends the search.
    for (sequence, _) in tx.list(&DETAILS, &Span::all(), limit)? {
        match tx.get(&CHAIN, &sequence)? {
            Some(link) if link.at >= before => break,
            _ => old.push(sequence),
        }
    }
    for sequence in &old {
        tx.delete(&DETAILS, sequence)?;
    }
    Ok(old.len())
}

fn digest_details(details: &Details) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(details.salt);
    for (key, value) in &details.values {
        part(&mut hash, key.as_bytes());
        part(&mut hash, value.as_bytes());
    }
    hash.finalize().into()
}

fn digest_link(sequence: u64, previous: &[u8; 32], link: &Link) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(previous).chain_update(sequence.to_be_bytes());
    part(&mut hash, link.at.as_millisecond().to_string().as_bytes());
    part(&mut hash, actor_form(&link.actor).as_bytes());
    part(&mut hash, link.action.as_bytes());
    part(&mut hash, link.outcome.as_bytes());
    part(&mut hash, link.prefecture.map(|p| p.to_string()).unwrap_or_default().as_bytes());
    for subject in &link.subjects {
        part(&mut hash, subject.as_bytes());
    }
    hash.update(link.details);
    hash.finalize().into()
}

/// One fixed spelling of each actor: the derived formats may change with the code, a digest may not.
fn actor_form(actor: &Actor) -> String {
    match actor {
        Actor::Visitor => "visitor".to_owned(),
        Actor::Office(user) => format!("office {user}"),
        Actor::Staff { id, name } => format!("staff {id} {name}"),
        Actor::System => "system".to_owned(),
        Actor::Console => "console".to_owned(),
    }
}

/// With its length in front, so that two parts cannot be cut at another place.
fn part(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

#[cfg(test)]
pub(super) mod damage {
    //! Ways to spoil a chain, for the tests.
    use super::*;

    pub(in crate::audit) fn alter(tx: &mut Tx<'_>, sequence: u64) -> Result<bool, StoreError> {
        tx.update(&CHAIN, &sequence, |link| link.outcome.push('!'))
    }
    pub(in crate::audit) fn remove(tx: &mut Tx<'_>, sequence: u64) -> Result<bool, StoreError> {
        tx.delete(&CHAIN, &sequence)
    }
    pub(in crate::audit) fn alter_details(tx: &mut Tx<'_>, sequence: u64) -> Result<bool, StoreError> {
        tx.update(&DETAILS, &sequence, |details| {
            details.values.insert("client".to_owned(), "elsewhere".to_owned());
        })
    }
    pub(in crate::audit) fn erase_details(tx: &mut Tx<'_>, sequence: u64) -> Result<bool, StoreError> {
        tx.delete(&DETAILS, &sequence)
    }
}
