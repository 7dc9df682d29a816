use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::SignedDuration;

use super::*;
use crate::kernel::{Clock, Id, Moment, Random};
use crate::store::{Store, StoreOptions};

const KIND: Kind = Kind::new("test.count", Lane::Clock);

fn counting(store: &Store, clock: &Clock, outcome: impl Fn(&Job) -> Outcome + Send + Sync + 'static) -> (Runner, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let mut handlers = Handlers::default();
    let (counted, outcome) = (Arc::clone(&count), Arc::new(outcome));
    handlers.on(KIND, move |job| {
        let (counted, outcome) = (Arc::clone(&counted), Arc::clone(&outcome));
        async move {
            counted.fetch_add(job.payload::<u32>().unwrap_or(1), Ordering::SeqCst);
            outcome(&job)
        }
    });
    (Runner::new(store.clone(), clock.clone(), handlers), count)
}

fn clock() -> Clock {
    Clock::manual("2026-01-10T00:00:00Z".parse().unwrap())
}

fn put(store: &Store, clock: &Clock, seed: u64, in_minutes: i64, payload: u32) {
    let (now, id) = (clock.now(), Id::new(&Random::seeded(seed)));
    let due = now + SignedDuration::from_mins(in_minutes);
    store.write_blocking(move |tx| enqueue(tx, id, now, KIND, due, &payload)).unwrap();
}

#[tokio::test]
async fn a_job_runs_when_it_is_due_and_once() {
    let (store, clock) = (Store::in_memory().unwrap(), clock());
    let (runner, count) = counting(&store, &clock, |_| Outcome::Done);
    let (s, c) = (store.clone(), clock.clone());
    tokio::task::spawn_blocking(move || put(&s, &c, 1, 5, 3)).await.unwrap();
    assert_eq!(runner.run_due().await.unwrap(), 0);
    clock.advance(SignedDuration::from_mins(5));
    assert_eq!(runner.run_due().await.unwrap(), 1);
    assert_eq!(runner.run_due().await.unwrap(), 0);
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_job_that_was_begun_and_not_ended_runs_again_after_a_restart() {
    let (store, clock) = (Store::in_memory().unwrap(), clock());
    let (s, c) = (store.clone(), clock.clone());
    tokio::task::spawn_blocking(move || put(&s, &c, 1, 0, 1)).await.unwrap();
    let now = clock.now();
    let leased = store.write(move |tx| super::store::lease(tx, Lane::Clock, now, 9)).await.unwrap();
    assert_eq!(leased.len(), 1, "the process dies here");
    let (runner, count) = counting(&store, &clock, |job| {
        assert_eq!(job.attempt, 2);
        Outcome::Done
    });
    assert_eq!(runner.run_due().await.unwrap(), 0, "it is leased");
    assert_eq!(runner.recover().await.unwrap(), 1);
    assert_eq!(runner.run_due().await.unwrap(), 1);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_repeating_job_exists_once_and_comes_back() {
    let (store, clock) = (Store::in_memory().unwrap(), clock());
    for seed in 0..2 {
        let moment = Moment::new(&clock, &Random::seeded(seed));
        store.write(move |tx| ensure(tx, &moment, KIND)).await.unwrap();
    }
    let (runner, count) = counting(&store, &clock, |job| Outcome::Again(job.now + SignedDuration::from_hours(1)));
    for _ in 0..3 {
        runner.run_due().await.unwrap();
        clock.advance(SignedDuration::from_hours(1));
    }
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_panic_in_a_handler_puts_the_job_off() {
    let (store, clock) = (Store::in_memory().unwrap(), clock());
    let (s, c) = (store.clone(), clock.clone());
    tokio::task::spawn_blocking(move || put(&s, &c, 1, 0, 1)).await.unwrap();
    let (runner, _) = counting(&store, &clock, |_| panic!("boom"));
    assert_eq!(runner.run_due().await.unwrap(), 1);
    assert_eq!(store.read(|r| waiting(r, Lane::Clock, 9)).unwrap(), 1, "it waits for its next try");
}

#[tokio::test]
async fn the_lanes_of_a_running_server_pick_up_new_jobs_by_themselves() {
    let (store, clock) = (Store::in_memory().unwrap(), Clock::system());
    let (done, mut finished) = tokio::sync::mpsc::unbounded_channel();
    let (runner, _) = counting(&store, &clock, move |_| {
        let _ = done.send(());
        Outcome::Done
    });
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let alive = Alive::default();
    let mut tasks = runner.start(&stopping, &alive);
    assert!(alive.all());
    let (now, id) = (clock.now(), Id::new(&Random::seeded(1)));
    store.write(move |tx| enqueue(tx, id, now, KIND, now, &1_u32)).await.unwrap();
    finished.recv().await.unwrap();
    stop.send(true).unwrap();
    while tasks.join_next().await.is_some() {}
    assert!(!alive.all());
    assert_eq!(store.read(|r| waiting(r, Lane::Clock, 9)).unwrap(), 0);
}

#[tokio::test]
async fn a_clock_that_was_ahead_holds_no_job_back_once_it_is_set_right() {
    let (store, clock) = (Store::in_memory().unwrap(), clock());
    let year = SignedDuration::from_hours(365 * 24);
    clock.advance(year);
    let (runner, count) = counting(&store, &clock, |job| Outcome::Again(job.now + SignedDuration::from_hours(24)));
    let (s, c) = (store.clone(), clock.clone());
    // One that runs while the clock is ahead and is put off by a day of that year, and one that is written for half an hour later.
    tokio::task::spawn_blocking(move || (put(&s, &c, 1, 0, 1), put(&s, &c, 2, 30, 10))).await.unwrap();
    assert_eq!(runner.run_due().await.unwrap(), 1);
    clock.advance(-year);
    assert_eq!(runner.run_due().await.unwrap(), 0, "nothing has called them back yet");
    runner.recover().await.unwrap();
    for (minutes, ran, sum) in [(0, 0, 1), (30, 1, 11), (23 * 60 + 29, 0, 11), (1, 1, 12)] {
        clock.advance(SignedDuration::from_mins(minutes));
        assert_eq!(runner.run_due().await.unwrap(), ran, "both keep their distance: {minutes}");
        assert_eq!(count.load(Ordering::SeqCst), sum);
    }
}

#[tokio::test]
async fn a_job_that_runs_while_the_clock_is_set_right_keeps_its_distance_too() {
    let (store, clock) = (Store::in_memory().unwrap(), clock());
    let ahead = SignedDuration::from_hours(9);
    clock.advance(ahead);
    let set = clock.clone();
    let (runner, count) = counting(&store, &clock, move |job| {
        if job.attempt == 1 {
            set.advance(-ahead);
        }
        Outcome::Again(job.now + SignedDuration::from_hours(1))
    });
    let (s, c) = (store.clone(), clock.clone());
    tokio::task::spawn_blocking(move || put(&s, &c, 1, 0, 1)).await.unwrap();
    assert_eq!(runner.run_due().await.unwrap(), 1);
    clock.advance(SignedDuration::from_hours(1));
    assert_eq!(runner.run_due().await.unwrap(), 1);
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn jobs_that_could_not_be_called_back_are_called_back_the_next_time() {
    let clock = clock();
    let ahead = clock.now() + SignedDuration::from_hours(9);
    let folder = tempfile::tempdir().unwrap();
    let no_room = StoreOptions { reserve_mib: u64::MAX / (1024 * 1024), ..StoreOptions::default() };
    let full = Store::open(&folder.path().join("full.redb"), no_room).unwrap();
    let mut last = ahead;
    assert!(counting(&full, &clock, |_| Outcome::Done).0.look_at_clock(Lane::Mail, &mut last).await.is_err());
    assert_eq!(last, ahead, "it still has to be done");
    let store = Store::in_memory().unwrap();
    counting(&store, &clock, |_| Outcome::Done).0.look_at_clock(Lane::Mail, &mut last).await.unwrap();
    assert_eq!(last, clock.now());
}

#[tokio::test]
async fn a_job_that_is_to_run_in_weeks_is_left_alone_when_the_clock_is_right() {
    let (store, clock) = (Store::in_memory().unwrap(), clock());
    let (runner, _) = counting(&store, &clock, |_| Outcome::Done);
    let (s, c) = (store.clone(), clock.clone());
    tokio::task::spawn_blocking(move || put(&s, &c, 1, 23 * 24 * 60, 1)).await.unwrap();
    runner.recover().await.unwrap();
    assert_eq!(runner.run_due().await.unwrap(), 0);
}
