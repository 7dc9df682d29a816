//! Use cases of the desk, and the jobs: a print runs as a durable job, because up to 500 letters are more than one transaction may hold.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::model::{Letter, Refused, check_text};
use super::post::{self, Hand, Posting};
use super::print::{self, Choice, Printer};
use super::sheet::{Batch as Sheets, LetterSheet, typeset_batch};
use super::store::{self, Batch, Stage, Wanted};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::jobs::{self, Job, Kind, Lane, Outcome};
use crate::kernel::{Id, Secret, jst, thread};
use crate::reissue::Person;
use crate::staff::Desk;
use crate::store::StoreError;

/// The job that prints one batch.
pub const PRINT: Kind = Kind::new("letters.print", Lane::Work);
/// The repeating job that ends what was not used in time.
pub const EXPIRE: Kind = Kind::new("letters.expire", Lane::Clock);

/// Letters of one write transaction: some twenty rows each.
const CHUNK: usize = 25;
/// How often a print is begun: one that ends its process each time (memory, a broken font) must not do so for ever.
const ATTEMPTS: u32 = 5;
/// Why letters are printed a second time when the process ended under a print.
const INTERRUPTED: &str = "印刷処理が中断したため";

fn person(desk: &Desk) -> Person {
    Person { id: desk.id, name: desk.name.clone() }
}

fn hand(desk: &Desk, client: IpAddr) -> Hand {
    Hand { person: person(desk), client: Some(client) }
}

fn actor(desk: &Desk) -> Actor {
    Actor::Staff { id: desk.id, name: desk.name.clone() }
}

/// Asks for a print. `token` is the form's own: a form prints once, whoever sends it twice gets the first batch. `Err` tells what is
/// wrong with the reason.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn order(
    app: &App,
    desk: &Desk,
    client: IpAddr,
    token: Id,
    choices: Vec<Choice>,
    reason: String,
) -> Result<Result<Id, Refused>, StoreError> {
    if let Err(refused) = check_text(&reason, false) {
        return Ok(Err(refused));
    }
    let moment = app.moment();
    let batch = Batch {
        id: token,
        prefecture: desk.prefecture(),
        by: person(desk),
        client: Some(client),
        at: moment.now,
        wanted: choices.into_iter().map(|choice| Wanted { choice, reason: reason.clone() }).collect(),
        done: 0,
        printed: Vec::new(),
        left_out: Vec::new(),
        unprintable: Vec::new(),
        stage: Stage::Printing,
        taken_by: None,
    };
    app.store
        .write(move |tx| {
            if store::batch(tx, token)?.is_none() {
                store::add_batch(tx, &batch)?;
                let id = Id::new(&moment.part("print job").random());
                jobs::enqueue(tx, id, moment.now, PRINT, moment.now, &token)?;
            }
            Ok::<_, StoreError>(())
        })
        .await?;
    Ok(Ok(token))
}

/// Handles [`PRINT`]. Passwords live from here to the press in memory only. When the process ends in between, the next attempt prints
/// the letters of the first anew, with new passwords.
pub async fn print_job(app: App, job: Job) -> Outcome {
    match print_batch(&app, &job).await {
        Ok(()) => Outcome::Done,
        Err(error) => {
            tracing::error!(%error, "a print could not be finished");
            Outcome::Again(job.now.saturating_add(SignedDuration::from_mins(1)).unwrap_or(job.now))
        }
    }
}

async fn print_batch(app: &App, job: &Job) -> Result<(), StoreError> {
    let id: Id = job.payload().map_err(|reason| StoreError::Corrupt { table: "jobs", reason })?;
    if job.attempt > ATTEMPTS {
        tracing::error!(attempts = job.attempt - 1, "a print died with its process again and again and is given up");
        return app.store.write(move |tx| print::give_up(tx, id)).await;
    }
    let begun = app.store.write(move |tx| print::begin_attempt(tx, id, INTERRUPTED)).await?;
    let Some(batch) = begun else { return Ok(()) };
    let printer = Printer {
        prefecture: batch.prefecture,
        hand: Hand { person: batch.by.clone(), client: batch.client },
        keys: app.keys.clone(),
        valid_days: app.config.password.temporary_valid_days,
    };
    let mut sheets = Vec::with_capacity(batch.wanted.len());
    loop {
        let (moment, printer) = (app.moment(), printer.clone());
        let some = app.store.write(move |tx| print::print_some(tx, &moment, &printer, id, CHUNK)).await?;
        let Some(some) = some else { break };
        sheets.extend(some);
    }
    let now = app.clock.now();
    let (stage, unprintable) = match set(app, &batch, sheets).await {
        Ok((pdf, unprintable)) => {
            if let Some(pdf) = pdf {
                app.press().put(id, batch.prefecture, pdf, now);
            }
            (Stage::Ready, unprintable)
        }
        Err(error) => {
            tracing::error!(%error, "letters could not be set");
            (Stage::Failed, Vec::new())
        }
    };
    app.store
        .write(move |tx| {
            tx.update(&store::BATCHES, &id, |batch| {
                batch.stage = stage;
                batch.unprintable.clone_from(&unprintable);
            })
        })
        .await?;
    Ok(())
}

type Set = (Option<Vec<u8>>, Vec<(String, String)>);

/// Has the pages set, waited for by a thread of its own: seconds have no place on the threads that answer pages.
async fn set(app: &App, batch: &Batch, letters: Vec<LetterSheet>) -> Result<Set, String> {
    if letters.is_empty() {
        return Ok((None, Vec::new()));
    }
    let federation = app.config.federation_of(batch.prefecture).ok_or("the federation is not configured")?;
    let sheets = Sheets {
        sender: federation.into(),
        login_url: app.config.server.public_url.join("/login"),
        name: format!("{} {}", jst::list_time(batch.at), batch.by.name),
        printed_on: jst::era(jst::date(app.clock.now())),
        letters,
    };
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let typesetter = Arc::clone(&app.typesetter);
    let work = move || {
        // Beside a storm of logins a print takes its share of what the pages leave, and no more; the process that sets the pages steps
        // back by itself.
        thread::step_back();
        let unprintable = sheets.unprintable(&typesetter);
        let named = unprintable.into_iter().map(|letter| (letter.number, letter.characters.into_iter().collect())).collect();
        let pdf = typeset_batch(&typesetter, &sheets).map_err(|error| error.to_string());
        // Nobody listens any more when the process is stopping.
        sender.send(pdf.map(|pdf| (Some(pdf), named))).ok();
    };
    std::thread::Builder::new().name("press".to_owned()).spawn(work).map_err(|error| error.to_string())?;
    receiver.await.map_err(|_| "the press stopped".to_owned())?
}

/// Hands the PDF of a batch to the desk that asks, once. `None` if it is no longer there.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn deliver(app: &App, desk: &Desk, client: IpAddr, id: Id) -> Result<Option<Secret<Vec<u8>>>, StoreError> {
    let moment = app.moment();
    if !app.press().holds(id, moment.now) {
        return Ok(None);
    }
    let (prefecture, actor, taker) = (desk.prefecture(), actor(desk), person(desk));
    let first = app
        .store
        .write(move |tx| {
            let batch = store::batch(tx, id)?.filter(|batch| batch.prefecture == prefecture && batch.stage == Stage::Ready);
            let Some(mut batch) = batch else { return Ok(false) };
            batch.stage = Stage::Delivered(moment.now);
            batch.taken_by = Some(taker.clone());
            tx.put(&store::BATCHES, &id, &batch)?;
            let event = Event::new(actor.clone(), "letter.deliver").prefecture(prefecture).subject(id);
            audit::record(tx, &moment, event.detail("letters", batch.printed.len()).client(client))?;
            Ok::<_, StoreError>(true)
        })
        .await?;
    Ok(if first { app.press().take(id, moment.now) } else { None })
}

/// What became of one line of posted letters.
pub type Posted = (Posting, Result<Letter, Refused>);

/// Marks letters as posted, each by its number; one wrong line does not hold up the others.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn post(app: &App, desk: &Desk, client: IpAddr, postings: Vec<Posting>, on: Date) -> Result<Vec<Posted>, StoreError> {
    let mut done = Vec::with_capacity(postings.len());
    for chunk in postings.chunks(CHUNK) {
        let (moment, chunk, prefecture, hand) = (app.moment(), chunk.to_vec(), desk.prefecture(), hand(desk, client));
        let some = app
            .store
            .write(move |tx| {
                let one = |posting: &Posting| {
                    let outcome = post::post(tx, &moment.part(&posting.given), prefecture, &hand, posting, on)?;
                    Ok::<_, StoreError>((posting.clone(), outcome))
                };
                chunk.iter().map(one).collect::<Result<Vec<_>, _>>()
            })
            .await?;
        done.extend(some);
    }
    Ok(done)
}

/// Marks a letter as come back. `None` if this desk has no such letter.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn take_back(
    app: &App,
    desk: &Desk,
    client: IpAddr,
    id: Id,
    note: String,
) -> Result<Option<Result<Letter, Refused>>, StoreError> {
    let (moment, prefecture, hand) = (app.moment(), desk.prefecture(), hand(desk, client));
    app.store.write(move |tx| post::take_back(tx, &moment, prefecture, &hand, id, &note)).await
}

/// Handles [`EXPIRE`]: every hour, which finds what ended at midnight soon after it.
pub async fn expire_job(app: App, job: Job) -> Outcome {
    app.press().forget_old(job.now);
    loop {
        let moment = app.moment();
        match app.store.write(move |tx| post::expire_some(tx, &moment, CHUNK)).await {
            Ok(rows) if rows == CHUNK => {}
            Ok(_) => break,
            Err(error) => {
                tracing::error!(%error, "letters could not be ended");
                break;
            }
        }
    }
    Outcome::Again(job.now.saturating_add(SignedDuration::from_hours(1)).unwrap_or(job.now))
}
