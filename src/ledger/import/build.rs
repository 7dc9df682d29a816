//! A generation in the making.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::report::UNPRINTABLE_NAMED;
use super::{Counts, ImportError, Report, Unprintable, Watch};
use crate::audit::{self, Actor, Event};
use crate::kernel::{Clock, Id, Moment, OfficeKey, OfficeNumber, Prefecture, Random};
use crate::ledger::csv::{Format, LedgerRow, RowError};
use crate::ledger::generations;
use crate::ledger::model::{ClaimMethod, Entry, Status};
use crate::ledger::store::{Generation, entry_in, numbers_in, put_in};
use crate::store::{Reads, Store, StoreError, Tx};

/// Rows of one write transaction: some ten milliseconds, so that nobody at a form waits for an import.
pub(super) const CHUNK: usize = 200;

/// The two generations of a ledger that an import deals with.
#[derive(Clone, Copy, Debug)]
struct Pair {
    old: Generation,
    new: Generation,
}

pub(super) struct Build<'a> {
    store: &'a Store,
    clock: &'a Clock,
    random: &'a Random,
    format: Format,
    holder: Id,
    ledgers: BTreeMap<Prefecture, Pair>,
    /// Numbers of rows that were left out: the file does name them, so they are not missing.
    rejected: HashSet<OfficeNumber>,
    report: Report,
}

impl<'a> Build<'a> {
    pub(super) fn start(store: &'a Store, (clock, random): (&'a Clock, &'a Random), format: Format) -> Result<Self, ImportError> {
        let (holder, now) = (Id::new(random), clock.now());
        if !store.write_blocking(move |tx| generations::hold(tx, holder, now))? {
            return Err(ImportError::Running);
        }
        let report = Report::default();
        Ok(Self { store, clock, random, format, holder, ledgers: BTreeMap::new(), rejected: HashSet::new(), report })
    }

    pub(super) fn pass_over(&mut self) {
        self.report.passed_over += 1;
    }

    pub(super) fn note_rejected(&mut self, row: &RowError, number: Option<&String>) {
        debug_assert!(row.line > 0);
        self.report.rejected += 1;
        self.rejected.extend(number.and_then(|number| OfficeNumber::parse(number).ok()));
    }

    pub(super) fn look_at(&mut self, row: &LedgerRow, missing: &dyn Fn(&str) -> Vec<char>) {
        let text = [row.name.as_str(), &row.address, row.building.as_deref().unwrap_or_default()].concat();
        let characters: String = missing(&text).into_iter().collect();
        if !characters.is_empty() {
            self.report.unprintable += 1;
            if self.report.unprintable_rows.len() < UNPRINTABLE_NAMED {
                let number = row.number.to_string();
                self.report.unprintable_rows.push(Unprintable { line: row.line, number, characters });
            }
        }
    }

    /// Writes rows into the new generation. Answers those that repeat an office.
    pub(super) fn take(&mut self, rows: Vec<LedgerRow>) -> Result<Vec<LedgerRow>, ImportError> {
        self.begin_ledgers(&rows)?;
        let (rows, ledgers, format) = (Arc::new(rows), self.ledgers.clone(), self.format);
        let (holder, now) = (self.holder, self.clock.now());
        let taken = self.store.write_blocking(move |tx| {
            if !generations::hold(tx, holder, now)? {
                return Ok(None);
            }
            let mut taken = Taken::default();
            for row in rows.iter() {
                let pair = ledgers[&row.prefecture];
                take_row(tx, pair, row, format, &mut taken)?;
            }
            Ok::<_, StoreError>(Some(taken))
        })?;
        let taken = taken.ok_or(ImportError::Running)?;
        self.report.rows += taken.rows;
        self.report.without_postal_code += taken.without_postal_code;
        for (prefecture, new) in taken.added {
            self.report.ledgers.entry(prefecture).or_default().added += new;
        }
        Ok(taken.repeated)
    }

    fn begin_ledgers(&mut self, rows: &[LedgerRow]) -> Result<(), ImportError> {
        for row in rows {
            let prefecture = row.prefecture;
            if self.ledgers.contains_key(&prefecture) {
                continue;
            }
            let ledger = self.store.write_blocking(move |tx| generations::begin(tx, prefecture))?;
            self.ledgers.insert(prefecture, Pair { old: ledger.current, new: ledger.newest });
            self.report.ledgers.entry(prefecture).or_default();
            // A generation left behind by an import that died.
            self.sweep(prefecture)?;
        }
        Ok(())
    }

    /// Brings over what the file does not name, and counts what became of the rest.
    pub(super) fn compare(&mut self, close_missing: bool, watch: &mut dyn Watch) -> Result<(), ImportError> {
        let sizes = self.ledgers.iter().map(|(prefecture, pair)| self.size(*prefecture, pair.old));
        let all = sizes.sum::<Result<usize, StoreError>>()?;
        let mut done = 0;
        let rejected = Arc::new(std::mem::take(&mut self.rejected));
        for (prefecture, pair) in self.ledgers.clone() {
            let mut after = None;
            loop {
                let (rejected, holder, now) = (Arc::clone(&rejected), self.holder, self.clock.now());
                let chunk = self.store.write_blocking(move |tx| {
                    let numbers = numbers_in(tx, prefecture, pair.old, after, CHUNK)?;
                    if !generations::hold(tx, holder, now)? {
                        return Ok(None);
                    }
                    let mut counts = Counts::default();
                    for number in &numbers {
                        let key = OfficeKey::new(prefecture, *number);
                        let close = close_missing && !rejected.contains(number);
                        compare_office(tx, pair, key, close, &mut counts)?;
                    }
                    Ok::<_, StoreError>(Some((numbers.len(), numbers.last().copied(), counts)))
                })?;
                let (compared, last, counts) = chunk.ok_or(ImportError::Running)?;
                let sum = self.report.ledgers.entry(prefecture).or_default();
                // Those that stood in both ledgers were counted as added when their rows came in.
                sum.added = sum.added.saturating_sub(counts.changed + counts.unchanged);
                sum.changed += counts.changed;
                sum.unchanged += counts.unchanged;
                sum.kept += counts.kept;
                sum.closed += counts.closed;
                sum.closing += counts.closing;
                sum.open += counts.open;
                done += compared;
                watch.compared(done, all);
                if compared < CHUNK {
                    break;
                }
                after = last;
            }
        }
        Ok(())
    }

    fn size(&self, prefecture: Prefecture, generation: Generation) -> Result<usize, StoreError> {
        use crate::ledger::store::DOCUMENTS;
        self.store.read(|r| r.count(&DOCUMENTS, &crate::store::Span::prefix(&(prefecture, generation)), usize::MAX))
    }

    pub(super) fn report(&self) -> Report {
        self.report.clone()
    }

    /// Puts all new generations into use at once.
    pub(super) fn switch(&mut self, actor: &Actor, name: &str) -> Result<(), ImportError> {
        let moment = Moment::new(self.clock, self.random);
        let (ledgers, report) = (self.ledgers.clone(), self.report.clone());
        let (actor, name) = (actor.clone(), name.to_owned());
        let switched = self.store.write_blocking(move |tx| {
            for (prefecture, pair) in &ledgers {
                if !generations::switch(tx, *prefecture, pair.new)? {
                    // Written switches of others must not stay: an error drops the whole transaction.
                    return Err(StoreError::Database("a ledger's generation was given up under the import".to_owned()));
                }
                let counts = report.ledgers.get(prefecture).copied().unwrap_or_default();
                let event = Event::new(actor.clone(), "ledger.import")
                    .prefecture(*prefecture)
                    .detail("file", &name)
                    .detail("added", counts.added)
                    .detail("changed", counts.changed)
                    .detail("unchanged", counts.unchanged)
                    .detail("closed", counts.closed)
                    .detail("rejected", report.rejected);
                audit::record(tx, &moment, event)?;
            }
            Ok(())
        });
        switched.map_err(ImportError::from)
    }

    /// Gives up what was not switched, clears away generations nobody needs, and lets others import.
    pub(super) fn end(&mut self) -> Result<(), ImportError> {
        for (prefecture, pair) in self.ledgers.clone() {
            self.store.write_blocking(move |tx| generations::give_up(tx, prefecture, pair.new))?;
            self.sweep(prefecture)?;
        }
        let holder = self.holder;
        Ok(self.store.write_blocking(move |tx| generations::release(tx, holder))?)
    }

    fn sweep(&self, prefecture: Prefecture) -> Result<(), ImportError> {
        let (holder, clock) = (self.holder, self.clock.clone());
        loop {
            let now = clock.now();
            let removed = self.store.write_blocking(move |tx| {
                let removed = generations::sweep(tx, prefecture, CHUNK)?;
                generations::hold(tx, holder, now)?;
                Ok::<_, StoreError>(removed)
            })?;
            if removed == 0 {
                return Ok(());
            }
        }
    }
}

/// What became of the rows of one chunk.
#[derive(Default)]
struct Taken {
    rows: u64,
    without_postal_code: u64,
    added: BTreeMap<Prefecture, usize>,
    repeated: Vec<LedgerRow>,
}

fn take_row(tx: &mut Tx<'_>, pair: Pair, row: &LedgerRow, format: Format, taken: &mut Taken) -> Result<(), StoreError> {
    let key = row.key();
    match entry_in(tx, key, pair.new)? {
        None => {
            let old = entry_in(tx, key, pair.old)?;
            let entry = entry(row, format, old.as_ref());
            put_in(tx, pair.new, &entry)?;
            *taken.added.entry(key.prefecture).or_default() += 1;
            taken.without_postal_code += u64::from(entry.postal_code.is_empty());
        }
        Some(mut entry) if format == Format::Mhlw => {
            if entry.services.iter().all(|service| !row.services.contains(service)) {
                entry.services.extend(row.services.iter().cloned());
                entry.services.sort();
                put_in(tx, pair.new, &entry)?;
            }
        }
        Some(_) => {
            taken.repeated.push(row.clone());
            return Ok(());
        }
    }
    taken.rows += 1;
    Ok(())
}

/// The entry that a row makes of what the ledger knew. What the file does not tell stays.
fn entry(row: &LedgerRow, format: Format, old: Option<&Entry>) -> Entry {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let known_postal_code = || {
        // A postal code filled in at the desk belongs to the address it was filled in for.
        old.filter(|old| old.address == row.address).map(|old| old.postal_code.clone()).unwrap_or_default()
    };
    let old_status = old.map(|old| old.status);
    let (status, services) = match format {
        Format::Uketsuke => (row.status, old.map(|old| old.services.clone()).unwrap_or_default()),
        // The ministry lists offices that are in operation; it knows nothing of 休止.
        Format::Mhlw => {
            let status = if old_status == Some(Status::Suspended) { Status::Suspended } else { Status::Active };
            (status, row.services.clone())
        }
    };
    let claim_method = row.claim_method.or(old.map(|old| old.claim_method)).unwrap_or(ClaimMethod::Unknown);
    Entry {
        key: row.key(),
        name: row.name.clone(),
        kana: text(&row.kana),
        postal_code: row.postal_code.clone().unwrap_or_else(known_postal_code),
        address: row.address.clone(),
        building: text(&row.building),
        telephone: text(&row.telephone),
        fax: text(&row.fax),
        corporation: text(&row.corporation),
        status,
        claim_method,
        services,
    }
}

fn compare_office(tx: &mut Tx<'_>, pair: Pair, key: OfficeKey, close: bool, counts: &mut Counts) -> Result<(), StoreError> {
    let Some(old) = entry_in(tx, key, pair.old)? else { return Ok(()) };
    let open = old.status != Status::Closed;
    counts.open += usize::from(open);
    match entry_in(tx, key, pair.new)? {
        Some(new) => {
            counts.closing += usize::from(open && new.status == Status::Closed);
            if new == old {
                counts.unchanged += 1;
            } else {
                counts.changed += 1;
            }
        }
        None if close && open => {
            counts.closed += 1;
            counts.closing += 1;
            put_in(tx, pair.new, &Entry { status: Status::Closed, ..old })?;
        }
        None => {
            counts.kept += 1;
            put_in(tx, pair.new, &old)?;
        }
    }
    Ok(())
}
