//! The writer. Its thread takes what is waiting, runs it in order in one transaction, commits, then answers all. Whoever may block and
//! finds nobody waiting takes the thread's place for one use case, and spares two changes of thread.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::open::{Counters, StoreOptions, Watchers};
use super::place::Place;
use super::times::Times;
use super::tx::Seal;
use super::{StoreError, Tx};

/// How long the thread waits for those whom it has just answered, if they were several: a commit costs as much for one as for all.
const GATHER: Duration = Duration::from_micros(100);

pub(super) struct Writer {
    sender: Option<mpsc::Sender<Box<dyn Work>>>,
    thread: Option<JoinHandle<()>>,
    id: ThreadId,
    room: Arc<Room>,
    broken: watch::Receiver<bool>,
}

thread_local! {
    /// Whether this thread runs use cases now.
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

impl Writer {
    pub(super) fn start(
        database: Arc<redb::Database>,
        place: Option<Arc<Place>>,
        options: &StoreOptions,
        counters: Arc<Counters>,
        watchers: Arc<Watchers>,
        seal: Arc<OnceLock<Seal>>,
    ) -> Self {
        let (batch, (sender, queue)) = (options.batch, mpsc::channel(options.queue));
        let (broken_sender, broken) = watch::channel(false);
        let (turn, waiting) = (Mutex::new(Turn::Open), AtomicUsize::new(0));
        let room = Arc::new(Room { database, place, batch, counters, watchers, seal, broken: broken_sender, turn, waiting });
        let of_thread = Arc::clone(&room);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || of_thread.run(queue))
            .expect("a process that cannot start one thread cannot serve");
        let id = thread.thread().id();
        Self { sender: Some(sender), thread: Some(thread), id, room, broken }
    }

    fn sender(&self) -> Result<&mpsc::Sender<Box<dyn Work>>, StoreError> {
        // It would wait for itself for ever.
        assert!(!WRITING.get(), "store.write was called inside a use case");
        self.sender.as_ref().ok_or(StoreError::Closed)
    }

    pub(super) async fn submit(&self, job: Box<dyn Work>) -> Result<(), StoreError> {
        let (sender, waiting) = (self.sender()?, Waiting::one_more(&self.room));
        sender.send(job).await.map_err(|_| StoreError::Closed)?;
        waiting.handed_in();
        Ok(())
    }

    /// Runs it on the calling thread if nobody waits for the writer, otherwise hands it in.
    pub(super) fn submit_blocking(&self, job: Box<dyn Work>) -> Result<(), StoreError> {
        let sender = self.sender()?;
        // Whoever writes one chunk after the other must not be faster than those who wait.
        let nobody_waits = self.room.waiting.load(Ordering::SeqCst) == 0;
        if nobody_waits && let Some(mut turn) = self.room.free() {
            self.room.serve(&mut turn, &mut vec![job]);
            return Ok(());
        }
        // Without the turn in hand: the thread needs it to make room in the queue.
        let waiting = Waiting::one_more(&self.room);
        sender.blocking_send(job).map_err(|_| StoreError::Closed)?;
        waiting.handed_in();
        Ok(())
    }

    pub(super) async fn broken(&self) {
        let mut broken = self.broken.clone();
        if broken.wait_for(|broken| *broken).await.is_err() {
            // The writer ended in peace; there is nothing to report, ever.
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        !*self.broken.borrow() && self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take()
            && std::thread::current().id() != self.id
            && thread.join().is_err()
        {
            tracing::error!("the writer thread panicked");
        }
    }
}

/// A use case waiting for its turn, and whom to tell.
pub(super) trait Work: Send {
    /// Where in the source the closure stands.
    fn name(&self) -> &'static str;
    /// Runs the closure and keeps its result. Says whether it was `Ok`.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Tells the caller the kept result.
    fn answer(self: Box<Self>);
    /// Tells the caller that nothing was kept.
    fn fail(self: Box<Self>, error: StoreError);
}

pub(super) struct Job<T, E, F> {
    use_case: F,
    result: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job<T, E, F>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    pub(super) fn boxed(use_case: F, caller: oneshot::Sender<Result<T, E>>) -> Box<dyn Work> {
        Box::new(Self { use_case, result: None, caller })
    }
}

impl<T, E, F> Work for Job<T, E, F>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    fn name(&self) -> &'static str {
        std::any::type_name::<F>()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        self.result = None;
        let result = catch_unwind(AssertUnwindSafe(|| (self.use_case)(tx)))
            .unwrap_or_else(|panic| Err(StoreError::Panicked(panic_text(panic.as_ref())).into()));
        let fine = result.is_ok();
        self.result = Some(result);
        fine
    }

    fn answer(self: Box<Self>) {
        // A caller that has gone away (a closed browser) needs no answer.
        let _ = self.caller.send(self.result.unwrap_or_else(|| Err(StoreError::Closed.into())));
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let _ = self.caller.send(Err(error.into()));
    }
}

/// A text that stands in the source as it is. One put together at run time may quote a record, and would get into the log.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic.downcast_ref::<&'static str>().map_or_else(|| "no message".to_owned(), |text| (*text).to_owned())
}

struct Room {
    database: Arc<redb::Database>,
    place: Option<Arc<Place>>,
    /// The largest number of use cases in one commit.
    batch: usize,
    counters: Arc<Counters>,
    watchers: Arc<Watchers>,
    seal: Arc<OnceLock<Seal>>,
    broken: watch::Sender<bool>,
    /// Held by whoever runs use cases.
    turn: Mutex<Turn>,
    /// Use cases that were handed in, or are about to be, and that the thread has not begun.
    waiting: AtomicUsize,
}

/// One more who waits for the thread; no more if it cannot be handed in, or if the caller gives up before.
struct Waiting<'r>(&'r Room);

impl<'r> Waiting<'r> {
    fn one_more(room: &'r Room) -> Self {
        room.waiting.fetch_add(1, Ordering::SeqCst);
        Self(room)
    }

    /// From now on the thread counts it.
    fn handed_in(self) {
        std::mem::forget(self);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether use cases may run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Open,
    /// A commit has failed, or the database panicked.
    Broken,
}

/// Marks the thread that runs use cases, as long as it lives.
struct Mark;

impl Mark {
    fn set() -> Self {
        WRITING.set(true);
        Self
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        WRITING.set(false);
    }
}

/// How a transaction with several use cases ended.
enum Ended {
    /// Committed, or nothing was written.
    Kept,
    /// A use case failed after it had written: nothing is kept.
    Spoilt,
    /// The commit itself failed.
    Broken(StoreError),
}

impl Room {
    fn run(&self, mut queue: mpsc::Receiver<Box<dyn Work>>) {
        let mut batch = Vec::with_capacity(self.batch);
        let mut answered = 0;
        while let Some(first) = queue.blocking_recv() {
            gather(&queue, answered);
            let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            batch.push(first);
            while batch.len() < self.batch
                && let Ok(next) = queue.try_recv()
            {
                batch.push(next);
            }
            answered = batch.len();
            self.waiting.fetch_sub(answered, Ordering::SeqCst);
            self.serve(&mut turn, &mut batch);
            if *turn == Turn::Broken {
                break;
            }
        }
        // Whoever handed work in meanwhile must not wait for ever: what is sent while a queue is only dropped may stay in it.
        queue.close();
        while let Some(late) = queue.blocking_recv() {
            late.fail(StoreError::Closed);
        }
    }

    /// The turn, if nobody has it and use cases may run.
    fn free(&self) -> Option<MutexGuard<'_, Turn>> {
        self.turn.try_lock().ok().filter(|turn| **turn == Turn::Open)
    }

    /// Runs a batch and answers all of it.
    fn serve(&self, turn: &mut Turn, batch: &mut Vec<Box<dyn Work>>) {
        let _mark = Mark::set();
        if *turn == Turn::Broken {
            return batch.drain(..).for_each(|job| job.fail(StoreError::Closed));
        }
        if let Err(error) = self.place.as_ref().map_or(Ok(()), |place| place.check()) {
            tracing::error!(%error, "the writer refuses work");
            return batch.drain(..).for_each(|job| job.fail(error.again()));
        }
        // A panic here is one of the database itself (those of use cases are caught): it ends the process as a failed commit does.
        let fine = catch_unwind(AssertUnwindSafe(|| self.settle(batch))).unwrap_or_else(|_| {
            tracing::error!("the writer panicked; the process must end and be started again");
            self.broken.send_replace(true);
            // Whoever was not answered sees the other end of their line gone.
            batch.clear();
            false
        });
        if !fine {
            *turn = Turn::Broken;
        }
    }

    /// Runs a batch to its end. `false` when the database must not be used any more.
    fn settle(&self, batch: &mut Vec<Box<dyn Work>>) -> bool {
        match self.attempt(batch) {
            Ended::Kept => batch.drain(..).for_each(Work::answer),
            Ended::Broken(error) => return self.break_off(batch, &error),
            Ended::Spoilt if batch.len() == 1 => batch.drain(..).for_each(Work::answer),
            Ended::Spoilt => {
                // Somebody failed after writing. Nobody has been answered yet, so all run again, each for itself.
                while !batch.is_empty() {
                    let mut alone = vec![batch.remove(0)];
                    match self.attempt(&mut alone) {
                        Ended::Kept | Ended::Spoilt => alone.drain(..).for_each(Work::answer),
                        Ended::Broken(error) => {
                            alone.append(batch);
                            return self.break_off(&mut alone, &error);
                        }
                    }
                }
            }
        }
        true
    }

    /// As [`Room::try_batch`]; says where the time went.
    fn attempt(&self, batch: &mut [Box<dyn Work>]) -> Ended {
        let mut times = Times::new();
        let ended = self.try_batch(batch, &mut times);
        times.tell(batch.len());
        ended
    }

    fn try_batch(&self, batch: &mut [Box<dyn Work>], times: &mut Times) -> Ended {
        let txn = match self.database.begin_write() {
            Ok(txn) => txn,
            Err(error) => return Ended::Broken(error.into()),
        };
        let mut tx = Tx::new(&txn, Arc::clone(&self.counters));
        tx.seal = self.seal.get().map(Arc::clone);
        for job in batch {
            tx.wrote = false;
            let fine = job.run(&mut tx);
            times.ran(job.name());
            if !fine && tx.wrote {
                drop(tx);
                return match txn.abort() {
                    Ok(()) => Ended::Spoilt,
                    Err(error) => Ended::Broken(error.into()),
                };
            }
        }
        if let Err(error) = tx.hand_over() {
            return Ended::Broken(error);
        }
        let touched = std::mem::take(&mut tx.touched);
        drop(tx);
        if touched.is_empty() {
            return match txn.abort() {
                Ok(()) => Ended::Kept,
                Err(error) => Ended::Broken(error.into()),
            };
        }
        if let Err(error) = txn.commit() {
            return Ended::Broken(error.into());
        }
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        self.watchers.touched(touched.iter());
        Ended::Kept
    }

    fn break_off(&self, batch: &mut Vec<Box<dyn Work>>, error: &StoreError) -> bool {
        tracing::error!(%error, "a commit failed; the process must end and be started again");
        batch.drain(..).for_each(|job| job.fail(StoreError::Database(error.to_string())));
        self.broken.send_replace(true);
        false
    }
}

/// Waits until as many are there as were answered together before, at most for [`GATHER`]. Whoever was alone is not waited for.
fn gather(queue: &mpsc::Receiver<Box<dyn Work>>, answered: usize) {
    let end = Instant::now() + GATHER;
    while queue.len() + 1 < answered && Instant::now() < end {
        std::thread::yield_now();
    }
}
