//! Writing the chain. Each link is sealed with a key outside the database, over the link before it: whoever can write the file, but has no
//! key, can neither alter an entry nor put one in or take one out unseen. What is left to them is cutting the tail, which `keep` is for.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Actor, Entry, Event, keep};
use crate::kernel::{Moment, Prefecture, clock};
use crate::security::{KeyId, Keyed, Keys, Purpose};
use crate::store::{Check, Reads, Span, Store, StoreError, Table, Tx, expect, leads_to};

pub(super) const CHAIN: Table<u64, Link> = Table::new("audit");
pub(super) const DETAILS: Table<u64, Details> = Table::new("audit_details");
const BY_SUBJECT: Table<(String, u64), ()> = Table::new("audit_by_subject");
const BY_PREFECTURE: Table<(Prefecture, u64), ()> = Table::new("audit_by_prefecture");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) at: Timestamp,
    actor: Actor,
    action: String,
    outcome: String,
    prefecture: Option<Prefecture>,
    subjects: Vec<String>,
    /// Salted digest of the details; none when there were none, so that details taken away are missed.
    pub(super) details: Option<[u8; 32]>,
    /// The newest entry that was signed when this one was written (0: none), so that a signature taken away is missed.
    pub(super) signed: u64,
    /// Keyed hash of the previous link's and of everything above.
    pub(super) seal: Keyed,
}

/// The same rows, read for what the next entry hangs on: decoding a whole link for each entry would cost more than its own row.
const HEADS: Table<u64, Head> = CHAIN.read_as();

#[derive(Deserialize)]
struct Head {
    seal: Keyed,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Details {
    /// Without the salt, a short detail could be found by trying once it is erased.
    salt: [u8; 16],
    values: BTreeMap<String, String>,
}

/// Tells a store the key that entries are sealed with; without it none is written.
pub fn seal_with(store: &Store, keys: &Keys) {
    let keys = keys.clone();
    store.seal_with(Arc::new(move |parts| {
        let Keyed { key, mac } = keys.mac(Purpose::AuditLink, parts);
        (key.0, mac)
    }));
}

/// Appends an entry, in the transaction of what it reports.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn record(tx: &mut Tx<'_>, moment: &Moment, event: Event) -> Result<(), StoreError> {
    let (sequence, previous) = head(tx)?.map_or((1, [0; 32]), |(n, mac)| (n + 1, mac));
    let details = Details { salt: moment.part(&format!("audit {sequence}")).random().bytes(), values: event.details };
    let mut link = Link {
        at: moment.now,
        actor: event.actor,
        action: event.action.to_owned(),
        outcome: event.outcome.to_owned(),
        prefecture: event.prefecture,
        subjects: event.subjects,
        details: (!details.values.is_empty()).then(|| digest(&details)),
        signed: keep::newest_signed(tx)?.unwrap_or(0),
        seal: Keyed { key: KeyId(0), mac: [0; 32] },
    };
    let (key, mac) = tx.seal(&slices(&sealed_parts(sequence, &previous, &link)))?;
    link.seal = Keyed { key: KeyId(key), mac };
    tx.put(&CHAIN, &sequence, &link)?;
    if link.details.is_some() {
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
    about_before(r, subject, None, limit)
}

/// The same; `before` continues a list.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn about_before(r: &impl Reads, subject: &str, before: Option<u64>, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let mut span = Span::prefix(&subject.to_owned()).descending();
    if let Some(before) = before {
        span = span.after(&(subject.to_owned(), before));
    }
    let keys = r.list(&BY_SUBJECT, &span, limit)?;
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

/// Checks every row by itself; the chain between them is [`super::verify()`]'s.
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

/// The newest entry and the hash in its seal.
pub(super) fn head(r: &impl Reads) -> Result<Option<(u64, [u8; 32])>, StoreError> {
    Ok(r.first(&HEADS, &Span::all().descending())?.map(|(sequence, head)| (sequence, head.seal.mac)))
}

/// Erases the details of up to `limit` entries that are older than `before`; says which was the last. The chain stays whole.
pub(super) fn erase_details(tx: &mut Tx<'_>, before: Timestamp, now: Timestamp, limit: usize) -> Result<Option<u64>, StoreError> {
    let (mut old, mut ahead) = (Vec::new(), Vec::new());
    // Details lie in the order of their entries, so the first young one ends the search. One dated ahead is as old as those after it:
    // it must not keep them until its time comes.
    for (sequence, _) in tx.list(&DETAILS, &Span::all(), limit)? {
        match tx.get(&CHAIN, &sequence)? {
            Some(link) if clock::is_ahead(link.at, now) => ahead.push(sequence),
            Some(link) if link.at >= before => break,
            _ => {
                old.append(&mut ahead);
                old.push(sequence);
            }
        }
    }
    for sequence in &old {
        tx.delete(&DETAILS, sequence)?;
    }
    Ok(old.last().copied())
}

/// The digest of details, salted.
pub(super) fn digest(details: &Details) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(details.salt);
    for part in details.values.iter().flat_map(|(key, value)| [key, value]) {
        // With its length in front, so that two parts cannot be cut at another place.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// Everything that the seal of a link covers, in one fixed spelling. The seal itself tells the parts apart.
pub(super) fn sealed_parts(sequence: u64, previous: &[u8; 32], link: &Link) -> Vec<Vec<u8>> {
    let mut parts = vec![
        previous.to_vec(),
        sequence.to_be_bytes().to_vec(),
        link.at.as_millisecond().to_be_bytes().to_vec(),
        actor_form(&link.actor).into_bytes(),
        link.action.clone().into_bytes(),
        link.outcome.clone().into_bytes(),
        link.prefecture.map(|prefecture| prefecture.to_string()).unwrap_or_default().into_bytes(),
        link.details.map(Vec::from).unwrap_or_default(),
        link.signed.to_be_bytes().to_vec(),
    ];
    parts.extend(link.subjects.iter().map(|subject| subject.clone().into_bytes()));
    parts
}

/// The parts as the seal takes them.
pub(super) fn slices(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(Vec::as_slice).collect()
}

/// One fixed spelling of each actor: the derived formats may change with the code, a digest may not.
fn actor_form(actor: &Actor) -> String {
    match actor {
        Actor::Visitor => "visitor".to_owned(),
        Actor::Office(user) => format!("office {user}"),
        Actor::Staff { id, name } => format!("staff {id} {name}"),
        Actor::System => "system".to_owned(),
        Actor::Console => "console".to_owned(),
        Actor::Portal { id } => format!("portal {id}"),
    }
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
    /// Alters an entry and makes every seal from there on anew, as somebody does who knows the program but has no key: with plain
    /// hashes, or with a key of their own.
    pub(in crate::audit) fn rewrite(tx: &mut Tx<'_>, from: u64, others: Option<&Keys>) -> Result<(), StoreError> {
        let mut previous = [0; 32];
        for (sequence, mut link) in tx.list(&CHAIN, &Span::all(), usize::MAX)? {
            if sequence >= from {
                link.outcome.push('!');
                let parts = sealed_parts(sequence, &previous, &link);
                link.seal.mac = others.map_or_else(
                    || Sha256::digest(parts.concat()).into(),
                    |keys| keys.mac(Purpose::AuditLink, &slices(&parts)).mac,
                );
                tx.put(&CHAIN, &sequence, &link)?;
            }
            previous = link.seal.mac;
        }
        Ok(())
    }
}
