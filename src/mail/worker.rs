//! Sends the mails of the outbox. An interruption between "sent" and "recorded" may send one twice, never zero times.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::outbox::{self, Attempt, Row};
use super::transport::{Deliver, OutgoingMail, SendError};
use crate::config::Config;
use crate::jobs::{Job, Outcome};
use crate::kernel::{Clock, Id, MailAddress};
use crate::security::Keys;
use crate::store::{Read, Store, StoreError};

/// What a composer may look at.
pub struct ComposeContext<'a> {
    /// Settings: federations, help desk, public URL.
    pub config: &'a Config,
    /// Keys, for codes that are derived when the mail is sent.
    pub keys: &'a Keys,
    /// The database as it is now.
    pub read: &'a Read,
    /// The time of sending.
    pub now: Timestamp,
    /// To whom the mail goes.
    pub to: &'a MailAddress,
}

/// A mail's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Composed {
    /// To be sent.
    Send {
        /// The title.
        subject: String,
        /// The text.
        body: String,
    },
    /// Of no use any more, e.g. a newer code has replaced it. The reason is for the log.
    Drop(String),
}

/// Writes the text of one kind of mail.
pub type Composer = fn(&Value, &ComposeContext<'_>) -> Result<Composed, StoreError>;

/// The composers of all kinds, filled in by `app.rs`.
pub type Composers = HashMap<&'static str, Composer>;

/// Sends mails. Cheap to clone.
#[derive(Clone)]
pub struct Postman {
    store: Store,
    clock: Clock,
    keys: Keys,
    config: Arc<Config>,
    composers: Arc<Composers>,
    transport: Arc<dyn Deliver>,
}

impl Postman {
    /// A postman with these texts and this way out.
    #[must_use]
    pub fn new(
        store: Store,
        clock: Clock,
        keys: Keys,
        config: Arc<Config>,
        composers: Composers,
        transport: Arc<dyn Deliver>,
    ) -> Self {
        Self { store, clock, keys, config, composers: Arc::new(composers), transport }
    }

    /// Handles one job of kind [`outbox::SEND`].
    pub async fn send(&self, job: Job) -> Outcome {
        let Ok(id) = job.payload::<Id>() else { return Outcome::Done };
        let row = match self.store.read(|r| outbox::find(r, id)) {
            Ok(Some(row)) if row.state == outbox::State::Waiting => row,
            Ok(_) => return Outcome::Done,
            Err(error) => return self.store_failed(&job, &error),
        };
        let attempt = self.attempt(&job, id, &row).await;
        let now = self.clock.now();
        let again = match &attempt {
            Attempt::Later(_) => Some(now.saturating_add(outbox::back_off(row.attempts)).unwrap_or(now)),
            _ => None,
        };
        log(&row, &attempt);
        let (recorded, kept) = (attempt, job.clone());
        match self.store.write(move |tx| outbox::record(tx, &kept, id, now, &recorded)).await {
            Ok(()) => again.map_or(Outcome::Finished, Outcome::Again),
            Err(error) => self.store_failed(&job, &error),
        }
    }

    async fn attempt(&self, job: &Job, id: Id, row: &Row) -> Attempt {
        let now = self.clock.now();
        if row.useless_after.is_some_and(|end| now >= end) {
            return Attempt::Dropped("有効期間が過ぎたため送信していません".to_owned());
        }
        let (subject, body) = match self.compose(row, now) {
            Ok(Composed::Send { subject, body }) => (subject, body),
            Ok(Composed::Drop(reason)) => return Attempt::Dropped(reason),
            Err(ended) => return ended,
        };
        let Some(from) = &self.config.mail.from else {
            return Attempt::Failed("送信元（mail.from）が設定されていません".to_owned());
        };
        let mail = OutgoingMail {
            to: row.to.as_str().to_owned(),
            from: from.to_string(),
            reply_to: self.config.mail.reply_to.as_ref().map(ToString::to_string),
            subject,
            body,
            message_id: format!("{id}@{}", self.config.server.public_url.host()),
            date: now,
        };
        match self.transport.deliver(&mail).await {
            Ok(()) => Attempt::Sent,
            Err(SendError::Permanent { reason }) => Attempt::Failed(reason),
            Err(SendError::Temporary { reason }) if self.too_old(job, row) => Attempt::Failed(reason),
            Err(SendError::Temporary { reason }) => Attempt::Later(reason),
        }
    }

    fn compose(&self, row: &Row, now: Timestamp) -> Result<Composed, Attempt> {
        let failed = |what: String| Attempt::Failed(format!("文面を作れません（{what}）"));
        let composer = self.composers.get(row.kind.as_str()).ok_or_else(|| failed(format!("{} の文面がない", row.kind)))?;
        let params: Value = serde_json::from_str(&row.params).map_err(|error| failed(error.to_string()))?;
        self.store
            .read(|read| {
                let context = ComposeContext { config: &self.config, keys: &self.keys, read, now, to: &row.to };
                composer(&params, &context)
            })
            // The fault of the store, not of the mail: it must not be lost for it.
            .map_err(|error| Attempt::Later(error.japanese()))
    }

    /// Tries go on for 48 hours (spec 4), counted from posting; where the clock was ahead then, from when it was set right.
    fn too_old(&self, job: &Job, row: &Row) -> bool {
        self.clock.now().duration_since(row.posted.min(job.created)) >= self.config.mail.retry_for()
    }

    fn store_failed(&self, job: &Job, error: &StoreError) -> Outcome {
        tracing::error!(%error, "the outbox cannot be read or written");
        Outcome::Again(job.now.saturating_add(SignedDuration::from_mins(1)).unwrap_or(job.now))
    }
}

fn log(row: &Row, attempt: &Attempt) {
    let kind = row.kind.as_str();
    let masked = |reason: &str| without_address(reason, row.to.as_str());
    match attempt {
        Attempt::Sent => tracing::info!(kind, "mail sent"),
        Attempt::Dropped(reason) => tracing::info!(kind, reason = masked(reason), "mail dropped"),
        Attempt::Later(reason) => tracing::warn!(kind, reason = masked(reason), "mail will be tried again"),
        Attempt::Failed(reason) => tracing::warn!(kind, reason = masked(reason), "mail failed"),
    }
}

/// The reason without whom the mail was for: servers like to repeat the address. Staff see the whole sentence at the application.
fn without_address(reason: &str, to: &str) -> String {
    let mailbox = to.split('@').next().unwrap_or(to);
    let names = |word: &str| word.contains('@') || word.split(|c: char| "<>\"',:;()[]".contains(c)).any(|part| part == mailbox);
    reason.split(' ').map(|word| if names(word) { "***" } else { word }).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q46_a_reply_that_repeats_the_address_is_logged_without_it() {
        let masked = |reason| without_address(reason, "tanto@example.jp");
        assert_eq!(masked("550 5.1.1 <tanto@example.jp>: no such user"), "550 5.1.1 *** no such user");
        assert_eq!(masked("550 User 'tanto' is unknown here"), "550 User *** is unknown here");
        assert_eq!(masked("451 Tanto@Example.JP is greylisted"), "451 *** is greylisted");
        assert_eq!(masked("接続できません（Connection refused）"), "接続できません（Connection refused）");
    }
}
