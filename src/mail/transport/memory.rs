//! Mails kept in the process: for tests and for `demo`, where they are shown at `/demo/mail`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt, ready};

use super::{Deliver, OutgoingMail, SendError};

/// How many mails are kept unless told otherwise; the oldest give way, so that a long demo does not grow.
const KEPT: usize = 1_000;

/// A mailer that keeps what it is handed. Clones share their mails.
#[derive(Debug, Clone)]
pub struct Memory {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    mails: Vec<OutgoingMail>,
    limit: usize,
    failure: Option<(SendError, Option<usize>)>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::keeping(KEPT)
    }
}

impl Memory {
    /// An empty mailer that keeps at most `limit` mails.
    pub fn keeping(limit: usize) -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { mails: Vec::new(), limit: limit.max(1), failure: None })) }
    }

    /// Every mail kept, oldest first.
    pub fn mails(&self) -> Vec<OutgoingMail> {
        self.lock().mails.clone()
    }

    /// Hands out what is kept and forgets it.
    pub fn take(&self) -> Vec<OutgoingMail> {
        std::mem::take(&mut self.lock().mails)
    }

    /// From now on every mail fails like this; `None` ends it.
    pub fn fail_with(&self, error: Option<SendError>) {
        self.lock().failure = error.map(|error| (error, None));
    }

    /// The next `times` mails fail like this, later ones are kept again.
    pub fn fail_next(&self, times: usize, error: SendError) {
        self.lock().failure = (times > 0).then_some((error, Some(times)));
    }

    fn keep(&self, mail: &OutgoingMail) -> Result<(), SendError> {
        // The same refusals as on the wire, so that a test with this mailer cannot pass what SMTP would not.
        super::message::Composed::of(mail)?;
        let mut inner = self.lock();
        if let Some((error, left)) = inner.failure.take() {
            let left = left.map(|n| n - 1);
            if left != Some(0) {
                inner.failure = Some((error.clone(), left));
            }
            return Err(error);
        }
        if inner.mails.len() >= inner.limit {
            inner.mails.remove(0);
        }
        inner.mails.push(mail.clone());
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves the list as it was: there is no half-done change to hide.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deliver for Memory {
    fn deliver<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), SendError>> {
        ready(self.keep(mail)).boxed()
    }
}
