//! The rows of jobs.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::model::{Job, Kind, Lane, Row};
use crate::kernel::{Id, Moment, clock};
use crate::store::{Check, Reads, Span, StoreError, Table, Tx, expect, leads_to};

const JOBS: Table<Id, Row> = Table::new("jobs");
/// Also what the runners watch.
pub(super) const DUE: Table<(u8, Timestamp, Id), ()> = Table::new("jobs_due");
/// A handler that has not come back after this long is taken for lost. Long, because mails wait for a free connection under their lease,
/// and a restart releases all leases anyway.
const LEASE: SignedDuration = SignedDuration::from_hours(2);

/// Of a job that has run and does not say when its due time was written: it is put off for no longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(48);

/// Writes a job, in the transaction of what it is for.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn enqueue(
    tx: &mut Tx<'_>,
    id: Id,
    now: Timestamp,
    kind: Kind,
    due: Timestamp,
    payload: &impl Serialize,
) -> Result<(), StoreError> {
    let payload = rmp_serde::to_vec_named(payload)
        .map_err(|error| StoreError::Unwritable { table: JOBS.name(), reason: error.to_string() })?;
    let (kind, lane) = (kind.name.to_owned(), kind.lane.number());
    let row = Row { kind, lane, payload, created: now, due, set: Some(now), attempts: 0, leased: false };
    tx.put(&DUE, &(row.lane, due, id), &())?;
    tx.put(&JOBS, &id, &row)
}

/// Sees to it that a repeating job exists, once in the whole installation.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn ensure(tx: &mut Tx<'_>, moment: &Moment, kind: Kind) -> Result<(), StoreError> {
    let id = singleton(kind);
    if tx.has(&JOBS, &id)? {
        return Ok(());
    }
    enqueue(tx, id, moment.now, kind, moment.now, &())
}

/// The id of a job of which there is only one.
fn singleton(kind: Kind) -> Id {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(kind.name.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Id::from_bytes(bytes)
}

/// Removes a job in the transaction of its effect.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn finish(tx: &mut Tx<'_>, job: &Job) -> Result<(), StoreError> {
    cancel(tx, job.id).map(drop)
}

/// Removes a job that is not wanted any more; says whether there was one.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn cancel(tx: &mut Tx<'_>, id: Id) -> Result<bool, StoreError> {
    let Some(row) = tx.get(&JOBS, &id)? else { return Ok(false) };
    tx.delete(&DUE, &(row.lane, row.due, id))?;
    tx.delete(&JOBS, &id)
}

/// How many jobs of a lane wait, counted up to `limit`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn waiting(r: &impl Reads, lane: Lane, limit: usize) -> Result<usize, StoreError> {
    r.count(&DUE, &Span::prefix(&lane.number()), limit)
}

/// When the next job of a lane is due.
pub(super) fn next_due(r: &impl Reads, lane: Lane) -> Result<Option<Timestamp>, StoreError> {
    Ok(r.first(&DUE, &Span::prefix(&lane.number()))?.map(|((_, due, _), ())| due))
}

/// Takes up to `limit` due jobs of a lane for this process.
pub(super) fn lease(tx: &mut Tx<'_>, lane: Lane, now: Timestamp, limit: usize) -> Result<Vec<Job>, StoreError> {
    let due = tx.list(&DUE, &Span::between(&(lane.number(), Timestamp::MIN), &(lane.number(), now)), limit)?;
    let mut jobs = Vec::with_capacity(due.len());
    for ((_, _, id), ()) in due {
        let Some(mut row) = tx.get(&JOBS, &id)? else { continue };
        row.attempts += 1;
        row.leased = true;
        put_off(tx, id, &mut row, now, now.saturating_add(LEASE).unwrap_or(now))?;
        jobs.push(Job { id, kind: row.kind, attempt: row.attempts, created: row.created, now, payload: row.payload });
    }
    Ok(jobs)
}

/// Puts a job that was begun at `begun` off to another time. A job that has been removed meanwhile stays removed.
pub(super) fn again(tx: &mut Tx<'_>, id: Id, begun: Timestamp, due: Timestamp, now: Timestamp) -> Result<(), StoreError> {
    let Some(mut row) = tx.get(&JOBS, &id)? else { return Ok(()) };
    row.leased = false;
    // Where the clock was set right while the job ran, the time was reckoned from the wrong one.
    let due = if clock::is_ahead(begun, now) { as_far_from(now, due.duration_since(begun)) } else { due };
    put_off(tx, id, &mut row, now, due)
}

/// Jobs that a clock put off which was ahead and has been set right: they would wait until its time comes. They keep their distance,
/// from now on. Says how many.
pub(super) fn set_right(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    let mut ahead = Vec::new();
    tx.each(&JOBS, &Span::all(), |id, row| {
        let unknown = row.set.is_none() && row.attempts > 0;
        let written = [Some(row.created), row.set];
        if written.into_iter().flatten().any(|at| clock::is_ahead(at, now)) || (unknown && row.due.duration_since(now) > LONGEST)
        {
            ahead.push((id, row));
        }
        Ok(true)
    })?;
    for (id, row) in &mut ahead {
        let wait = match row.set {
            None if row.attempts > 0 => SignedDuration::ZERO,
            set => row.due.duration_since(set.unwrap_or(row.created)),
        };
        row.created = row.created.min(now);
        put_off(tx, *id, row, now, as_far_from(now, wait))?;
    }
    Ok(ahead.len())
}

/// At the start: whatever a process before us had leased is due now.
pub(super) fn release_all(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    let mut leased = Vec::new();
    tx.each(&JOBS, &Span::all(), |id, row| {
        if row.leased {
            leased.push((id, row));
        }
        Ok(true)
    })?;
    for (id, row) in &mut leased {
        row.leased = false;
        put_off(tx, *id, row, now, now)?;
    }
    Ok(leased.len())
}

fn as_far_from(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.saturating_add(wait.max(SignedDuration::ZERO)).unwrap_or(now)
}

fn put_off(tx: &mut Tx<'_>, id: Id, row: &mut Row, now: Timestamp, due: Timestamp) -> Result<(), StoreError> {
    tx.delete(&DUE, &(row.lane, row.due, id))?;
    row.due = due;
    row.set = Some(now);
    tx.put(&DUE, &(row.lane, due, id), &())?;
    tx.put(&JOBS, &id, row)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&JOBS, |r, id, row| {
        expect(Lane::ALL.iter().any(|lane| lane.number() == row.lane), "知らない種類の仕事です")?;
        leads_to(r, &DUE, &(row.lane, row.due, *id))
    });
    c.table(&DUE, |r, (lane, due, id), ()| {
        let fits = r.get(&JOBS, id)?.is_some_and(|row| (row.lane, row.due) == (*lane, *due));
        expect(fits, "仕事の行と合いません")
    });
}

/// What the waiting jobs of a kind are about, for `verify`.
///
/// # Errors
/// [`StoreError`] when the database fails or a job cannot be read.
pub fn payloads<T: serde::de::DeserializeOwned>(r: &impl Reads, kind: Kind) -> Result<Vec<T>, StoreError> {
    let mut all = Vec::new();
    r.each(&JOBS, &Span::all(), |_, row| {
        if row.kind == kind.name {
            let payload = rmp_serde::from_slice(&row.payload);
            all.push(payload.map_err(|error| StoreError::Corrupt { table: JOBS.name(), reason: error.to_string() })?);
        }
        Ok(true)
    })?;
    Ok(all)
}
