//! Connections kept for the next mail.
//!
//! Kept shortly, because servers and the boxes in between forget idle connections without telling; the newest goes
//! out first, so that the others can grow old.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::time::Instant;

use super::session;

/// Longest time a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// An open connection without a mail.
pub(super) struct Idle {
    pub(super) connection: AsyncSmtpConnection,
    /// The last mail on it was refused, so RSET comes first.
    pub(super) soiled: bool,
    since: Instant,
}

/// The idle connections of one transport.
pub(super) struct Pool {
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: Vec<Idle>,
    sweeping: bool,
}

impl Pool {
    /// `patience`: how long a connection is kept without use.
    pub(super) fn new(patience: Duration) -> Arc<Self> {
        Arc::new(Self { patience, state: Mutex::default() })
    }

    /// The connection used last, unless all are too old.
    pub(super) fn take(&self) -> Option<Idle> {
        let idle = self.lock().idle.pop()?;
        (idle.since.elapsed() < self.patience).then_some(idle)
    }

    /// Keeps a connection and sees to it that somebody closes it in the end.
    pub(super) fn keep(self: &Arc<Self>, connection: AsyncSmtpConnection, soiled: bool) {
        let mut state = self.lock();
        state.idle.push(Idle { connection, soiled, since: Instant::now() });
        if !state.sweeping {
            state.sweeping = true;
            tokio::spawn(sweep(Arc::downgrade(self), self.patience));
        }
    }

    /// Drops all: one was found dead, its neighbours lay as long.
    pub(super) fn clear(&self) {
        self.lock().idle.clear();
    }

    /// Closes all with a goodbye.
    pub(super) async fn close(&self) {
        let idle = std::mem::take(&mut self.lock().idle);
        goodbye(idle).await;
    }

    /// Those that waited too long; `None` when none is left at all and sweeping ends.
    fn outworn(&self) -> Option<Vec<Idle>> {
        let mut state = self.lock();
        let (old, young) = std::mem::take(&mut state.idle).into_iter().partition(|idle| idle.since.elapsed() >= self.patience);
        state.idle = young;
        if old.is_empty() && state.idle.is_empty() {
            state.sweeping = false;
            return None;
        }
        Some(old)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn sweep(pool: Weak<Pool>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(old) = pool.upgrade().and_then(|pool| pool.outworn()) else {
            return;
        };
        goodbye(old).await;
    }
}

async fn goodbye(idle: Vec<Idle>) {
    for idle in idle {
        let _ = tokio::time::timeout(GOODBYE, session::quit(idle.connection)).await;
    }
}
