//! Caps that protect codes and accounts: rows in the use case's own transaction, so that they survive a restart and count exactly.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::kernel::clock;
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx};

const HITS: Table<(String, String), Hits> = Table::new("limits");

/// At most `most` in any stretch of length `per`.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Tells rules apart; part of the key.
    pub name: &'static str,
    /// The length of the window.
    pub per: SignedDuration,
    /// How many fit into it.
    pub most: u32,
}

/// Whether a hit is within the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// Within it.
    Fine,
    /// Beyond it, until the oldest hit leaves the window.
    Exceeded {
        /// When the next one fits.
        again_at: Timestamp,
    },
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Hits {
    /// Milliseconds since the epoch, oldest first; never more than the rule allows.
    at: Vec<i64>,
    /// When the row is of no use any more.
    expires: Option<Timestamp>,
}

/// Looks whether one more would fit, without counting it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn peek(r: &impl Reads, now: Timestamp, rule: Rule, who: &str) -> Result<Allowance, StoreError> {
    Ok(load(r, now, rule, who)?.1)
}

/// Counts one if it fits. A hit beyond the rule is not counted: whoever waits as told may go on.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn hit(tx: &mut Tx<'_>, now: Timestamp, rule: Rule, who: &str) -> Result<Allowance, StoreError> {
    let (mut hits, allowance) = load(tx, now, rule, who)?;
    if allowance == Allowance::Fine {
        hits.at.push(now.as_millisecond());
        hits.expires = now.saturating_add(rule.per).ok();
        tx.put(&HITS, &key(rule, who), &hits)?;
    }
    Ok(allowance)
}

/// How many lie in the window now.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn count(r: &impl Reads, now: Timestamp, rule: Rule, who: &str) -> Result<usize, StoreError> {
    Ok(load(r, now, rule, who)?.0.at.len())
}

/// Forgets what was counted, e.g. after a success; says whether there was anything.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn forget(tx: &mut Tx<'_>, rule: Rule, who: &str) -> Result<bool, StoreError> {
    tx.delete(&HITS, &key(rule, who))
}

/// Takes back the hit that was counted at `at`, because nothing came of it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn take_back(tx: &mut Tx<'_>, at: Timestamp, rule: Rule, who: &str) -> Result<(), StoreError> {
    let at = at.as_millisecond();
    let change = |hits: &mut Hits| {
        if let Some(place) = hits.at.iter().rposition(|hit| *hit == at) {
            hits.at.remove(place);
        }
    };
    tx.update(&HITS, &key(rule, who), change).map(drop)
}

/// Removes rows that are of no use any more; says how many.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub async fn sweep(store: &Store, now: Timestamp) -> Result<usize, StoreError> {
    let over = move |hits: &Hits| hits.expires.is_none_or(|at| at <= now);
    store::sweep(store, HITS, over, |tx, key| tx.delete(&HITS, key).map(drop)).await
}

fn key(rule: Rule, who: &str) -> (String, String) {
    (rule.name.to_owned(), who.to_owned())
}

fn load(r: &impl Reads, now: Timestamp, rule: Rule, who: &str) -> Result<(Hits, Allowance), StoreError> {
    let mut hits = r.get(&HITS, &key(rule, who))?.unwrap_or_default();
    let window = i64::try_from(rule.per.as_millis()).unwrap_or(i64::MAX);
    let oldest_that_counts = now.as_millisecond().saturating_sub(window);
    let ahead = |at: i64| Timestamp::from_millisecond(at).is_ok_and(|at| clock::is_ahead(at, now));
    hits.at.retain(|at| *at > oldest_that_counts && !ahead(*at));
    if hits.at.len() < rule.most as usize {
        return Ok((hits, Allowance::Fine));
    }
    let place = hits.at.len() - (rule.most as usize).min(hits.at.len());
    let frees = hits.at.get(place).copied().unwrap_or_else(|| now.as_millisecond()).saturating_add(window);
    let again_at = Timestamp::from_millisecond(frees).unwrap_or(Timestamp::MAX);
    Ok((hits, Allowance::Exceeded { again_at }))
}

/// Checks every row, for `verify`.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&HITS, |_, _, _| Ok(()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { name: "test", per: SignedDuration::from_hours(1), most: 2 };

    #[test]
    fn the_window_slides_and_says_when_to_come_again() {
        let store = Store::in_memory().unwrap();
        let start: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
        let at = move |minutes: i64| start + SignedDuration::from_mins(minutes);
        let hit = |minutes: i64| {
            let now = at(minutes);
            store.write_blocking(move |tx| hit(tx, now, RULE, "a")).unwrap()
        };
        assert_eq!(hit(0), Allowance::Fine);
        assert_eq!(hit(30), Allowance::Fine);
        assert_eq!(hit(40), Allowance::Exceeded { again_at: at(60) });
        assert_eq!(hit(59), Allowance::Exceeded { again_at: at(60) });
        assert_eq!(hit(60), Allowance::Fine);
        assert_eq!(store.read(|r| peek(r, at(60), RULE, "b")).unwrap(), Allowance::Fine);
    }

    #[test]
    fn what_a_clock_counted_that_was_ahead_counts_no_more_when_it_is_set_right() {
        let store = Store::in_memory().unwrap();
        let start: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
        let ahead = start + SignedDuration::from_hours(365 * 24);
        let hit = |now: Timestamp| store.write_blocking(move |tx| hit(tx, now, RULE, "a")).unwrap();
        assert_eq!((hit(ahead), hit(ahead)), (Allowance::Fine, Allowance::Fine));
        assert!(matches!(hit(ahead), Allowance::Exceeded { .. }));
        assert_eq!((hit(start), hit(start)), (Allowance::Fine, Allowance::Fine));
        assert!(matches!(hit(start), Allowance::Exceeded { .. }), "those of today count");
    }

    #[test]
    fn a_hit_that_nothing_came_of_is_taken_back() {
        let store = Store::in_memory().unwrap();
        let now: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
        let counted = store.write_blocking(move |tx| {
            hit(tx, now, RULE, "a")?;
            hit(tx, now, RULE, "a")?;
            take_back(tx, now, RULE, "a")?;
            take_back(tx, now - SignedDuration::from_mins(1), RULE, "a")?;
            take_back(tx, now, RULE, "nobody")?;
            count(tx, now, RULE, "a")
        });
        assert_eq!(counted.unwrap(), 1);
    }

    #[tokio::test]
    async fn rows_of_no_use_any_more_are_swept() {
        let store = Store::in_memory().unwrap();
        let start: Timestamp = "2026-01-10T00:00:00Z".parse().unwrap();
        store.write(move |tx| hit(tx, start, RULE, "a")).await.unwrap();
        assert_eq!(sweep(&store, start + SignedDuration::from_mins(59)).await.unwrap(), 0);
        assert_eq!(sweep(&store, start + SignedDuration::from_mins(60)).await.unwrap(), 1);
    }
}
