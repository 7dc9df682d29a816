//! Sending an application at the flow, against redb alone writing the same rows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use redb::{Database, ReadableDatabase as _, ReadableTable as _, StorageBackend, TableDefinition, TableHandle as _};
use uketsuke::accounts::{self, Account, Kind};
use uketsuke::app::App;
use uketsuke::config::Limits;
use uketsuke::kernel::{Clock, MailAddress, Moment, Prefecture, Random};
use uketsuke::reissue::{self, Arrival, Source, State};
use uketsuke::store::{Store, StoreError, Tx};

use crate::figures::{Row, Stage};
use crate::house::ACCOUNTS;
use crate::statistics::median;
use crate::{Outcome, office};

/// Sends of one block; blocks of flow and of raw take turns.
const BLOCK: usize = 50;
const BLOCKS: usize = 4;
/// Fresh houses, each with two files alike to the byte: where the free pages of a file lie decides how many stretches of the disk a
/// commit writes, and that decides how long it takes.
const HOUSES: usize = 5;
/// Who wait at once.
const WAITING: usize = 32;
const EACH: usize = 20;
const ROUNDS: usize = 7;

type Bytes = &'static [u8];
type Rows = BTreeMap<String, BTreeMap<Vec<u8>, Vec<u8>>>;
/// Table, key, value; without a value the row goes.
type Change = (String, Vec<u8>, Option<Vec<u8>>);

/// The `n`th application: offices take turns.
pub fn arrival(n: usize) -> Arrival {
    Arrival {
        office: office::key(n % ACCOUNTS),
        contact: MailAddress::parse(&format!("visitor-{n}@example.jp")).ok(),
        source: Source::Visitor,
        client: std::net::Ipv4Addr::LOCALHOST.into(),
    }
}

fn send(tx: &mut Tx<'_>, moment: &Moment, n: usize) -> Result<(), StoreError> {
    reissue::receive(tx, moment, &Limits::default(), arrival(n)).map(drop)
}

/// Takes in one application and waits until it is durable.
pub fn send_one(app: &App, n: usize) -> Result<(), StoreError> {
    let moment = app.moment();
    app.store.write_blocking(move |tx| send(tx, &moment, n))
}

/// The control numbers of all that [`send_one`] has sent, in order.
pub fn numbers(app: &App) -> Result<Vec<String>, StoreError> {
    let mut all = Vec::new();
    for prefecture in office::PREFECTURES.into_iter().filter_map(Prefecture::new) {
        let found = app.store.read(|r| reissue::in_state(r, prefecture, State::Received, None, usize::MAX))?;
        all.extend(found.iter().map(|one| one.number.to_string()));
    }
    all.sort();
    Ok(all)
}

pub fn run(stage: &mut Stage) -> Outcome<Vec<Row>> {
    let house = stage.small()?;
    let changes = capture(BLOCK * (BLOCKS + 1))?;
    let (mut flow, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..HOUSES {
        let site = house.copy()?;
        let app = site.open()?;
        for n in 0..BLOCK {
            send_one(&app, n)?;
        }
        drop(app);
        let bare = site.second_database()?;
        let (app, database) = (site.open()?, open(&bare)?);
        for block in 1..=BLOCKS {
            let numbers = block * BLOCK..(block + 1) * BLOCK;
            let begin = Instant::now();
            for n in numbers.clone() {
                send_one(&app, n)?;
            }
            flow.push(BLOCK as f64 / begin.elapsed().as_secs_f64());
            let begin = Instant::now();
            for n in numbers {
                write(&database, &changes[n])?;
            }
            raw.push(BLOCK as f64 / begin.elapsed().as_secs_f64());
        }
    }
    let (flow, raw) = (median(&flow), median(&raw));
    let rows = changes[BLOCK].len();
    let found = format!("{:.2} ({flow:.0}/s of {raw:.0}/s, {rows} rows)", flow / raw);
    let mut table = vec![Row::new("sending an application", "0.8 of bare redb", found, flow >= 0.8 * raw)];
    let (site, bare) = (house.copy()?, house.copy()?);
    table.push(together(&site.open()?, &open(&bare.database())?)?);
    Ok(table)
}

/// Many who wait at once share commits.
fn together(app: &App, database: &Database) -> Outcome<Row> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (mut flow, mut raw) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let begin = Instant::now();
        runtime.block_on(async {
            let clients = (0..WAITING).map(|client| {
                let app = app.clone();
                tokio::spawn(async move {
                    for n in 0..EACH {
                        let (moment, n) = (app.moment(), (round * WAITING + client) * EACH + n);
                        app.store.write(move |tx| send(tx, &moment, n)).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            });
            for client in futures_util::future::join_all(clients).await {
                client??;
            }
            Outcome::Ok(())
        })?;
        flow.push((WAITING * EACH) as f64 / begin.elapsed().as_secs_f64());
        let begin = Instant::now();
        for n in 0..WAITING * EACH {
            let key = ((round * WAITING * EACH + n) as u64).to_be_bytes();
            write(database, &[("one row".to_owned(), key.to_vec(), Some(vec![7; 200]))])?;
        }
        raw.push((WAITING * EACH) as f64 / begin.elapsed().as_secs_f64());
    }
    let (flow, raw) = (median(&flow), median(&raw));
    let found = format!("{:.2} ({flow:.0}/s against {raw:.0}/s)", flow / raw);
    Ok(Row::new("… 32 waiting", "1.3 of raw one-row commits", found, flow >= 1.3 * raw))
}

fn write(database: &Database, changes: &[Change]) -> Outcome<()> {
    let txn = database.begin_write()?;
    let mut begin = 0;
    while begin < changes.len() {
        let name = &changes[begin].0;
        let end = begin + changes[begin..].iter().take_while(|(table, ..)| table == name).count();
        let mut table = txn.open_table(TableDefinition::<Bytes, Bytes>::new(name))?;
        for (_, key, value) in &changes[begin..end] {
            match value {
                Some(value) => drop(table.insert(key.as_slice(), value.as_slice())?),
                None => drop(table.remove(key.as_slice())?),
            }
        }
        begin = end;
    }
    Ok(txn.commit()?)
}

#[expect(clippy::disallowed_methods, reason = "the baseline is redb without our store")]
fn open(path: &Path) -> Outcome<Database> {
    let mut builder = Database::builder();
    builder.set_cache_size(24 * 1024 * 1024);
    Ok(builder.open(path)?)
}

/// The rows that each of the first sends writes: found by looking at a whole database before and after.
fn capture(sends: usize) -> Outcome<Vec<Vec<Change>>> {
    let memory = Memory::default();
    let store = Store::on(memory.clone())?;
    // As long as a real one: what counts here are the rows.
    store.seal_with(Arc::new(|_| (1, [7; 32])));
    let (clock, random) = (Clock::system(), Random::system());
    let now = clock.now();
    store.write_blocking(move |tx| {
        (0..ACCOUNTS).try_for_each(|n| {
            let mut account = Account::new(office::user(n), Kind::Existing, now);
            account.notice_mail = MailAddress::parse(&format!("notice-{n}@example.jp")).ok();
            accounts::create(tx, &account).map(drop)
        })
    })?;
    let mut all = Vec::with_capacity(sends);
    let mut before = dump(&memory)?;
    for n in 0..sends {
        let moment = Moment::new(&clock, &random);
        store.write_blocking(move |tx| send(tx, &moment, n))?;
        let after = dump(&memory)?;
        all.push(changes(&before, &after));
        before = after;
    }
    Ok(all)
}

fn changes(before: &Rows, after: &Rows) -> Vec<Change> {
    let (none, mut found) = (BTreeMap::new(), Vec::new());
    for (table, rows) in after {
        let old = before.get(table).unwrap_or(&none);
        let new = rows.iter().filter(|(key, value)| old.get(*key) != Some(*value));
        found.extend(new.map(|(key, value)| (table.clone(), key.clone(), Some(value.clone()))));
        let gone = old.keys().filter(|key| !rows.contains_key(*key));
        found.extend(gone.map(|key| (table.clone(), key.clone(), None)));
    }
    found
}

/// Every row of a database as it is now, read from a copy.
fn dump(memory: &Memory) -> Outcome<Rows> {
    let copy = Memory(Arc::new(Mutex::new(memory.bytes().clone())));
    let database = Database::builder().create_with_backend(copy)?;
    let txn = database.begin_read()?;
    let mut rows = Rows::new();
    for table in txn.list_tables()? {
        let name = table.name().to_owned();
        let table = txn.open_table(TableDefinition::<Bytes, Bytes>::new(&name))?;
        let mut kept = BTreeMap::new();
        for row in table.iter()? {
            let (key, value) = row?;
            kept.insert(key.value().to_vec(), value.value().to_vec());
        }
        rows.insert(name, kept);
    }
    Ok(rows)
}

/// A file in memory that can be copied.
#[derive(Clone, Debug, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn bytes(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StorageBackend for Memory {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let offset = offset as usize;
        out.copy_from_slice(&self.bytes()[offset..offset + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.bytes().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        let offset = offset as usize;
        self.bytes()[offset..offset + data.len()].copy_from_slice(data);
        Ok(())
    }
}
