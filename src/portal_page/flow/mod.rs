//! Use cases, each one write transaction that first asks who its bearer is now.

pub mod devices;
pub mod mail;
pub mod manage;
pub mod password;
pub mod profile;
pub mod users;

use jiff::{SignedDuration, Timestamp};

use super::model::Why;
use crate::app::App;
use crate::kernel::{Id, Moment};
use crate::portal::Bearer;
use crate::security::limits::{self, Allowance, Rule};
use crate::store::{Reads, StoreError, Tx};

/// Changes of one user that send mails to others, or to addresses that are not theirs yet (D): as many as an office may make.
const OF_HOUR: Rule = Rule { name: "portal.changes.hour", per: SignedDuration::from_hours(1), most: 20 };
/// The same in a day.
const OF_DAY: Rule = Rule { name: "portal.changes.day", per: SignedDuration::from_hours(24), most: 40 };

/// What a step needs of its request, owned, so that the writer thread can have it.
#[derive(Clone)]
pub struct Acting {
    /// Settings and keys.
    pub app: App,
    /// Time and randomness.
    pub moment: Moment,
    /// Who acts, as the guard saw them.
    pub bearer: Bearer,
    /// The client's network, as limits count it.
    pub network: String,
}

impl Acting {
    fn key(&self) -> &[u8; 32] {
        &self.bearer.session_key
    }

    /// Flows that were gone on with before this are over.
    fn oldest(&self) -> Timestamp {
        oldest(&self.app, self.moment.now)
    }
}

fn oldest(app: &App, now: Timestamp) -> Timestamp {
    now.saturating_sub(app.config.retention.flow()).unwrap_or(Timestamp::MIN)
}

/// From when on this user may make changes again, if there were too many.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn too_many_changes(r: &impl Reads, now: Timestamp, user: Id) -> Result<Option<Timestamp>, StoreError> {
    let who = user.to_string();
    let mut again = None;
    for rule in [OF_HOUR, OF_DAY] {
        if let Allowance::Exceeded { again_at } = limits::peek(r, now, rule, &who)? {
            again = again.max(Some(again_at));
        }
    }
    Ok(again)
}

/// As [`too_many_changes`], where something is about to be changed.
fn too_many(r: &impl Reads, now: Timestamp, user: Id) -> Result<Option<Why>, StoreError> {
    Ok(too_many_changes(r, now, user)?.map(|again_at| Why::TooManyChanges { again_at }))
}

fn count_change(tx: &mut Tx<'_>, now: Timestamp, user: Id) -> Result<(), StoreError> {
    [OF_HOUR, OF_DAY].iter().try_for_each(|rule| limits::hit(tx, now, *rule, &user.to_string()).map(drop))
}

/// A new password has put out whoever was inside, and what was counted goes with them.
fn forget_changes(tx: &mut Tx<'_>, user: Id) -> Result<(), StoreError> {
    [OF_HOUR, OF_DAY].iter().try_for_each(|rule| limits::forget(tx, *rule, &user.to_string()).map(drop))
}
