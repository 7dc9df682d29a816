//! What a job is.

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::kernel::Id;

/// Jobs of one lane do not wait for those of another: a slow mail server must not hold up a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lane {
    /// Mails; many at once.
    Mail,
    /// Long work in chunks: imports, printing. One at a time.
    Work,
    /// Reminders and clean-up. One at a time.
    Clock,
    /// Backups: minutes of work that must hold up neither a letter nor a reminder. One at a time.
    Backup,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 4] = [Self::Mail, Self::Work, Self::Clock, Self::Backup];

    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Mail => 0,
            Self::Work => 1,
            Self::Clock => 2,
            Self::Backup => 3,
        }
    }

    /// How many jobs of the lane are worked on at once.
    pub(super) const fn width(self) -> usize {
        match self {
            Self::Mail => 32,
            Self::Work | Self::Clock | Self::Backup => 1,
        }
    }
}

/// A kind of job: a feature's constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// `feature.verb`, unique.
    pub name: &'static str,
    /// Where it waits.
    pub lane: Lane,
}

impl Kind {
    /// The kind of this name.
    #[must_use]
    pub const fn new(name: &'static str, lane: Lane) -> Self {
        Self { name, lane }
    }
}

/// A job that has been leased.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: Id,
    /// Its kind's name.
    pub kind: String,
    /// How often it was begun, this time included.
    pub attempt: u32,
    /// When it was written.
    pub created: Timestamp,
    /// The time of this attempt.
    pub now: Timestamp,
    pub(super) payload: Vec<u8>,
}

impl Job {
    /// What the job is about.
    ///
    /// # Errors
    /// A sentence for the log when the payload does not fit, which only a change of the code can cause.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, String> {
        rmp_serde::from_slice(&self.payload).map_err(|error| format!("payload of job {}: {error}", self.kind))
    }
}

/// How a handler ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Over; the runner removes the row.
    Done,
    /// To be done (again) at this time: a repeating job, or one to be tried later.
    Again(Timestamp),
    /// The handler removed the row itself with [`super::finish`], in the transaction of its effect.
    Finished,
}

impl Outcome {
    /// Again in an hour: of a clean-up, whatever became of it.
    #[must_use]
    pub fn cleaned(job: &Job, of: &'static str, result: Result<(), impl std::fmt::Display>) -> Self {
        if let Err(error) = result {
            tracing::error!(%error, of, "a clean-up failed");
        }
        Self::Again(job.now.saturating_add(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MAX))
    }
}

/// The row of a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) kind: String,
    pub(super) lane: u8,
    pub(super) payload: Vec<u8>,
    pub(super) created: Timestamp,
    pub(super) due: Timestamp,
    /// When `due` was written. None in rows of programs that did not know it.
    #[serde(default)]
    pub(super) set: Option<Timestamp>,
    pub(super) attempts: u32,
    /// Being worked on by this process.
    pub(super) leased: bool,
}
