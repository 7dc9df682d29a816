//! Tables of inquiries and of the flows that lead to them.

use jiff::Timestamp;

use super::model::{Asking, Inquiry, InquiryNumber, State};
use crate::kernel::{Prefecture, clock};
use crate::portal;
use crate::store::{self, Check, Reads, Span, Store, StoreError, Table, Tx, expect, leads_to};

const FLOWS: Table<[u8; 32], Asking> = Table::new("contact_flows");
const INQUIRIES: Table<InquiryNumber, Inquiry> = Table::new("contact_inquiries");
/// Of each federation by state, the oldest first.
const BY_STATE: Table<(Prefecture, u8, Timestamp, InquiryNumber), ()> = Table::new("contact_by_state");
/// Inquiries at rest of which it is still known who asked, the longest at rest first.
const RESTING: Table<(Timestamp, InquiryNumber), ()> = Table::new("contact_resting");

pub(super) fn flow(r: &impl Reads, key: [u8; 32]) -> Result<Option<Asking>, StoreError> {
    r.get(&FLOWS, &key)
}

pub(super) fn put_flow(tx: &mut Tx<'_>, key: [u8; 32], flow: &Asking) -> Result<(), StoreError> {
    tx.put(&FLOWS, &key, flow)
}

/// Removes flows last gone on with before `before`, or while a clock was ahead of `now`: they would stay until that day.
pub(super) async fn remove_older(store: &Store, before: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let old = move |flow: &Asking| flow.at < before || clock::is_ahead(flow.at, now);
    store::sweep(store, FLOWS, old, |tx, key| tx.delete(&FLOWS, key).map(drop)).await.map(drop)
}

/// The inquiry of this number, whoever's it is: screens of operators use `find_at`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn find(r: &impl Reads, number: InquiryNumber) -> Result<Option<Inquiry>, StoreError> {
    r.get(&INQUIRIES, &number)
}

/// The inquiry of this number, if the operators of this federation see it.
pub(super) fn find_at(r: &impl Reads, home: Prefecture, number: InquiryNumber) -> Result<Option<Inquiry>, StoreError> {
    Ok(find(r, number)?.filter(|one| one.home == home))
}

/// Inquiries of a federation in a state, the oldest first.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn in_state(r: &impl Reads, home: Prefecture, state: State, limit: usize) -> Result<Vec<Inquiry>, StoreError> {
    listed(r, &Span::prefix(&(home, state.number())), limit)
}

/// The same, the newest first.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn most_recent(r: &impl Reads, home: Prefecture, state: State, limit: usize) -> Result<Vec<Inquiry>, StoreError> {
    listed(r, &Span::prefix(&(home, state.number())).descending(), limit)
}

fn listed(r: &impl Reads, span: &Span, limit: usize) -> Result<Vec<Inquiry>, StoreError> {
    let mut all = Vec::new();
    for ((.., number), ()) in r.list(&BY_STATE, span, limit)? {
        all.extend(find(r, number)?);
    }
    Ok(all)
}

/// How many there are, up to `limit`.
pub(super) fn count(r: &impl Reads, home: Prefecture, state: State, limit: usize) -> Result<usize, StoreError> {
    r.count(&BY_STATE, &Span::prefix(&(home, state.number())), limit)
}

/// When the oldest of them came in.
pub(super) fn oldest(r: &impl Reads, home: Prefecture, state: State) -> Result<Option<Timestamp>, StoreError> {
    Ok(r.first_key(&BY_STATE, &Span::prefix(&(home, state.number())))?.map(|(_, _, received, _)| received))
}

fn state_key(one: &Inquiry) -> (Prefecture, u8, Timestamp, InquiryNumber) {
    (one.home, one.state.number(), one.received, one.number)
}

fn rest_key(one: &Inquiry) -> Option<(Timestamp, InquiryNumber)> {
    one.contact.as_ref().and(one.rests_since()).map(|since| (since, one.number))
}

pub(super) fn put_new(tx: &mut Tx<'_>, one: &Inquiry) -> Result<(), StoreError> {
    tx.put(&BY_STATE, &state_key(one), &())?;
    tx.put(&INQUIRIES, &one.number, one)
}

/// Writes an inquiry after something happened to it.
pub(super) fn replace(tx: &mut Tx<'_>, before: &Inquiry, after: &Inquiry) -> Result<(), StoreError> {
    if state_key(before) != state_key(after) {
        tx.delete(&BY_STATE, &state_key(before))?;
        tx.put(&BY_STATE, &state_key(after), &())?;
    }
    if rest_key(before) != rest_key(after) {
        rest_key(before).map_or(Ok(()), |key| tx.delete(&RESTING, &key).map(drop))?;
        rest_key(after).map_or(Ok(()), |key| tx.put(&RESTING, &key, &()))?;
    }
    tx.put(&INQUIRIES, &after.number, after)
}

/// Erases who asked and what was written of up to `limit` inquiries at rest since before `before`; says how many.
pub(super) fn erase(tx: &mut Tx<'_>, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
    let old: Vec<_> = tx.list(&RESTING, &Span::all(), limit)?.into_iter().map(|(key, ())| key).collect();
    let mut erased = 0;
    for (_, number) in old.into_iter().take_while(|(since, _)| *since < before) {
        let Some(one) = find(tx, number)? else { continue };
        let mut after = one.clone();
        after.erase();
        replace(tx, &one, &after)?;
        erased += 1;
    }
    Ok(erased)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&FLOWS, |_, _, _| Ok(()));
    c.table(&INQUIRIES, |r, number, one| {
        expect(one.number == *number, "別の問い合わせの行です")?;
        leads_to(r, &BY_STATE, &state_key(one))?;
        rest_key(one).map_or(Ok(()), |key| leads_to(r, &RESTING, &key))?;
        let made = one.institution.map_or(Ok(true), |id| portal::institution(r, id).map(|found| found.is_some()))?;
        expect(made, "発行した医療機関の行がありません")
    });
    c.table(&BY_STATE, |r, key, ()| {
        expect(find(r, key.3)?.is_some_and(|one| state_key(&one) == *key), "問い合わせの行と合いません")
    });
    c.table(&RESTING, |r, key, ()| {
        expect(find(r, key.1)?.is_some_and(|one| rest_key(&one) == Some(*key)), "問い合わせの行と合いません")
    });
}
