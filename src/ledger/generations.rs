//! Making a generation, switching to it, going back, and clearing away what nobody needs any more.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::store::{DOCUMENTS, ENTRIES, Generation, LEDGERS, Ledger, ledger};
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, Moment, Prefecture, clock};
use crate::store::{Check, Reads, Span, StoreError, Table, Tx};

/// Which import is under way. One row.
const LEASE: Table<u8, Lease> = Table::new("ledger_import");
/// An import that has shown no sign of life for this long is dead.
/// Each chunk renews it, and a chunk takes milliseconds.
const LEASE_FOR: SignedDuration = SignedDuration::from_secs(15);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Lease {
    holder: Id,
    until: Timestamp,
}

/// Takes or renews the right to import. `Ok(false)` if another import lives.
pub(super) fn hold(tx: &mut Tx<'_>, holder: Id, now: Timestamp) -> Result<bool, StoreError> {
    if tx.get(&LEASE, &0)?.is_some_and(|lease| lease.holder != holder && clock::runs(lease.until, LEASE_FOR, now)) {
        return Ok(false);
    }
    let until = now.saturating_add(LEASE_FOR).unwrap_or(Timestamp::MAX);
    tx.put(&LEASE, &0, &Lease { holder, until })?;
    Ok(true)
}

/// Gives the right back.
pub(super) fn release(tx: &mut Tx<'_>, holder: Id) -> Result<(), StoreError> {
    if tx.get(&LEASE, &0)?.is_some_and(|lease| lease.holder == holder) {
        tx.delete(&LEASE, &0)?;
    }
    Ok(())
}

/// At the start: an import of a process before is dead, and the next one need not wait until its right has run out.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn forget_dead_import(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    if tx.has(&LEASE, &0)? {
        tx.delete(&LEASE, &0)?;
    }
    Ok(())
}

/// Opens a new generation for filling; one that a dead import left behind is given up. Answers the ledger as it then stands.
pub(super) fn begin(tx: &mut Tx<'_>, prefecture: Prefecture) -> Result<Ledger, StoreError> {
    let mut ledger = ledger(tx, prefecture)?.unwrap_or_default();
    ledger.newest += 1;
    ledger.building = Some(ledger.newest);
    tx.put(&LEDGERS, &prefecture, &ledger)?;
    Ok(ledger)
}

/// Gives up the generation that is being filled.
pub(super) fn give_up(tx: &mut Tx<'_>, prefecture: Prefecture, building: Generation) -> Result<(), StoreError> {
    tx.update(&LEDGERS, &prefecture, |ledger| {
        if ledger.building == Some(building) {
            ledger.building = None;
        }
    })?;
    Ok(())
}

/// Puts the filled generation into use and keeps the one before. `Ok(false)` if it is no longer the one being filled.
pub(super) fn switch(tx: &mut Tx<'_>, prefecture: Prefecture, building: Generation) -> Result<bool, StoreError> {
    let Some(mut ledger) = ledger(tx, prefecture)?.filter(|ledger| ledger.building == Some(building)) else { return Ok(false) };
    ledger.previous = (ledger.current != 0).then_some(ledger.current);
    ledger.current = building;
    ledger.building = None;
    tx.put(&LEDGERS, &prefecture, &ledger)?;
    Ok(true)
}

/// Undoes the last import of one prefecture: the generation before comes back into use, with the desk's edits of that time. Called
/// again, it undoes the undoing. `Ok(false)` if there is no generation before.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn undo(tx: &mut Tx<'_>, moment: &Moment, actor: Actor, prefecture: Prefecture) -> Result<bool, StoreError> {
    let Some(mut ledger) = ledger(tx, prefecture)? else { return Ok(false) };
    let Some(previous) = ledger.previous else { return Ok(false) };
    ledger.previous = Some(ledger.current);
    ledger.current = previous;
    tx.put(&LEDGERS, &prefecture, &ledger)?;
    audit::record(tx, moment, Event::new(actor, "ledger.undo").prefecture(prefecture))?;
    Ok(true)
}

/// Removes up to `limit` rows of generations that are neither in use, nor kept for undoing, nor being filled; says how many.
pub(super) fn sweep(tx: &mut Tx<'_>, prefecture: Prefecture, limit: usize) -> Result<usize, StoreError> {
    let Some(ledger) = ledger(tx, prefecture)? else { return Ok(0) };
    let kept = [Some(ledger.current), ledger.previous, ledger.building];
    let mut from = 0;
    while let Some(((_, generation, _), _)) =
        tx.first(&DOCUMENTS, &Span::between(&(prefecture, from), &(prefecture, Generation::MAX)))?
    {
        if kept.contains(&Some(generation)) {
            from = generation + 1;
            continue;
        }
        let numbers = super::store::numbers_in(tx, prefecture, generation, None, limit)?;
        for number in &numbers {
            tx.delete(&ENTRIES, &(prefecture, generation, *number))?;
            tx.delete(&DOCUMENTS, &(prefecture, generation, *number))?;
        }
        return Ok(numbers.len());
    }
    Ok(0)
}

/// Checks what this file keeps.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&LEASE, |_, _, _| Ok(()));
}
