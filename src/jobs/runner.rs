//! Works off what is due. In the server one task for each lane; in tests by hand.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::model::{Job, Kind, Lane, Outcome};
use super::store;
use crate::kernel::{Clock, clock};
use crate::store::{Store, StoreError};

/// What does the work of one kind.
pub type Handler = Arc<dyn Fn(Job) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// The handlers of all kinds, filled in by `app.rs`.
#[derive(Clone, Default)]
pub struct Handlers(HashMap<&'static str, Handler>);

impl Handlers {
    /// Registers the handler of a kind.
    pub fn on<F, Fut>(&mut self, kind: Kind, handler: F)
    where
        F: Fn(Job) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        self.0.insert(kind.name, Arc::new(move |job| Box::pin(handler(job))));
    }
}

/// Counts the lanes that are working, for `/readyz`. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Alive(Arc<AtomicUsize>);

impl Alive {
    /// Whether every lane is working.
    #[must_use]
    pub fn all(&self) -> bool {
        self.0.load(Ordering::Relaxed) == Lane::ALL.len()
    }

    fn enter(&self) -> Working {
        self.0.fetch_add(1, Ordering::Relaxed);
        Working(self.clone())
    }
}

/// One lane at work; also ends when its task panics.
struct Working(Alive);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs jobs. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    store: Store,
    clock: Clock,
    handlers: Handlers,
}

impl Runner {
    /// A runner with these handlers. Nothing runs yet.
    #[must_use]
    pub fn new(store: Store, clock: Clock, handlers: Handlers) -> Self {
        Self { store, clock, handlers }
    }

    /// Makes due again what a process before us had begun and not ended.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn recover(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        self.set_right(now).await?;
        self.store.write(move |tx| store::release_all(tx, now)).await
    }

    /// Calls back what a clock that was ahead has put off.
    async fn set_right(&self, now: Timestamp) -> Result<(), StoreError> {
        let called_back = self.store.write(move |tx| store::set_right(tx, now)).await?;
        if called_back > 0 {
            tracing::warn!(jobs = called_back, "the clock was ahead: jobs that it had put off keep their distance from now on");
        }
        Ok(())
    }

    /// Calls back what was put off by a clock that has been set back since `last`; until that is done, `last` stays what it is.
    pub(super) async fn look_at_clock(&self, lane: Lane, last: &mut Timestamp) -> Result<(), StoreError> {
        let now = self.clock.now();
        if clock::is_ahead(*last, now) {
            // All lanes see it; one tells it.
            if lane == Lane::Clock {
                tracing::error!(was = %last, is = %now, "the clock of this machine ran back: it was ahead, or is behind now");
            }
            self.set_right(now).await?;
        }
        *last = now;
        Ok(())
    }

    /// Starts one task for each lane; they end when `stop` turns true, after the jobs in hand.
    pub fn start(&self, stop: &watch::Receiver<bool>, alive: &Alive) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for lane in Lane::ALL {
            let (runner, stop, working) = (self.clone(), stop.clone(), alive.enter());
            tasks.spawn(async move {
                runner.serve(lane, stop).await;
                drop(working);
            });
        }
        tasks
    }

    /// Works off everything that is due at the clock's time, also what comes into being meanwhile. For tests; says how many ran.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn run_due(&self) -> Result<usize, StoreError> {
        let mut ran = 0;
        loop {
            let mut found = false;
            for lane in Lane::ALL {
                for job in self.lease(lane, lane.width()).await? {
                    found = true;
                    ran += 1;
                    self.work(job).await;
                }
            }
            if !found {
                return Ok(ran);
            }
        }
    }

    async fn serve(self, lane: Lane, mut stop: watch::Receiver<bool>) {
        let mut changes = self.store.watch(&store::DUE);
        let mut running = FuturesUnordered::new();
        let mut failures = 0_u32;
        let mut last = self.clock.now();
        loop {
            changes.mark_unchanged();
            if let Err(error) = self.look_at_clock(lane, &mut last).await {
                tracing::error!(%error, ?lane, "jobs cannot be called back");
            }
            let free = lane.width() - running.len();
            if free > 0 && !*stop.borrow() {
                match self.lease(lane, free).await {
                    Ok(jobs) => {
                        failures = 0;
                        running.extend(jobs.into_iter().map(|job| self.work(job)));
                    }
                    Err(error) => {
                        failures += 1;
                        tracing::error!(%error, ?lane, "jobs cannot be leased");
                    }
                }
            }
            // What is due stays due while the disk is full: ask again after a while, not at once.
            let pause = if failures > 0 { Duration::from_secs(1 << failures.min(5)) } else { self.pause(lane) };
            if *stop.borrow() && running.is_empty() {
                return;
            }
            tokio::select! {
                _ = running.next(), if !running.is_empty() => {}
                _ = changes.changed(), if running.len() < lane.width() => {}
                () = tokio::time::sleep(pause), if running.len() < lane.width() => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// How long until the next job is due; looked at again after a minute in any case, in case somebody set the clock.
    fn pause(&self, lane: Lane) -> Duration {
        let longest = Duration::from_secs(60);
        let due = self.store.read(|r| store::next_due(r, lane)).ok().flatten();
        due.and_then(|due| self.clock.wait_until(due)).map_or(longest, |wait| wait.clamp(Duration::from_millis(5), longest))
    }

    async fn lease(&self, lane: Lane, limit: usize) -> Result<Vec<Job>, StoreError> {
        let now = self.clock.now();
        // Looking first keeps idle lanes from writing.
        if self.store.read(|r| store::next_due(r, lane))?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        self.store.write(move |tx| store::lease(tx, lane, now, limit)).await
    }

    async fn work(&self, job: Job) {
        let (id, kind, begun) = (job.id, job.kind.clone(), job.now);
        let outcome = match self.handlers.0.get(kind.as_str()) {
            // In a task of its own, so that a panic in a handler ends the job and not the lane.
            Some(handler) => tokio::spawn(handler(job)).await.unwrap_or_else(|error| {
                // Not the panic's own text, which may quote what the job was about.
                tracing::error!(panicked = error.is_panic(), kind, "a job failed");
                Outcome::Again(self.later())
            }),
            None => {
                tracing::error!(kind, "nobody is registered for this kind of job");
                Outcome::Again(self.later())
            }
        };
        let ended = match outcome {
            Outcome::Finished => Ok(()),
            Outcome::Done => self.store.write(move |tx| store::cancel(tx, id).map(drop)).await,
            Outcome::Again(due) => {
                let now = self.clock.now();
                self.store.write(move |tx| store::again(tx, id, begun, due, now)).await
            }
        };
        if let Err(error) = ended {
            tracing::error!(%error, kind, "the end of a job could not be written; it will run again");
        }
    }

    fn later(&self) -> Timestamp {
        self.clock.now().saturating_add(SignedDuration::from_mins(10)).unwrap_or(Timestamp::MAX)
    }
}
