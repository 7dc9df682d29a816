//! Clean-up, once a day: counted tries, links and waiting logins that say nothing any more.

use std::collections::HashSet;

use jiff::Timestamp;

use super::tries;
use crate::jobs::{Job, Kind, Lane, Outcome};
use crate::kernel::jst;
use crate::security::Keys;
use crate::staff::store::{self, STRANGERS, TRIES};
use crate::store::{Reads as _, Span, Store, StoreError, Tx};

/// Removes what is of no use any more.
pub const SWEEP: Kind = Kind::new("staff.sweep", Lane::Clock);
/// Rows of each table that one transaction removes.
const CHUNK: usize = 500;

/// Handles [`SWEEP`]: some rows at a time, then again the next day.
pub async fn sweep(store: Store, keys: Keys, job: Job) -> Outcome {
    let now = job.now;
    loop {
        let keys = keys.clone();
        match store.write(move |tx| some(tx, &keys, now)).await {
            Ok(0) => return Outcome::Again(jst::plus_days(now, 1)),
            Ok(_) => {}
            Err(error) => {
                let error: StoreError = error;
                tracing::error!(%error, "rows of staff logins could not be swept");
                return Outcome::Again(jst::plus_days(now, 1));
            }
        }
    }
}

fn some(tx: &mut Tx<'_>, keys: &Keys, now: Timestamp) -> Result<usize, StoreError> {
    // The run of wrong tries on a member's own name is kept until it ends (quality bar 16); names that nobody has are forgotten.
    let members: HashSet<[u8; 32]> = store::all(tx)?.iter().map(|member| tries::door(keys, &member.name)).collect();
    let mut devices = Vec::new();
    tx.each(&TRIES, &Span::all(), |key, row| {
        if row.is_stale(now) {
            devices.push(key);
        }
        Ok(devices.len() < CHUNK)
    })?;
    let mut strangers = Vec::new();
    tx.each(&STRANGERS, &Span::all(), |key, row| {
        if row.is_stale(now) && !members.contains(&key) {
            strangers.push(key);
        }
        Ok(strangers.len() < CHUNK)
    })?;
    let over = store::sweep_attempts(tx, now, CHUNK)? + store::sweep_invitations(tx, now, CHUNK)?;
    for key in &devices {
        tx.delete(&TRIES, key)?;
    }
    for key in &strangers {
        tx.delete(&STRANGERS, key)?;
    }
    Ok(over + devices.len() + strangers.len())
}
