//! Figures of each day, kept beside the applications so that a dashboard reads thirty small rows and no queue: how many came in,
//! and how long their letters took.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::model::{Application, Move, What};
use crate::kernel::{Prefecture, jst};
use crate::store::{Check, Reads, Span, StoreError, Table, Tx};

/// Prefecture and day (YYYYMMDD, JST).
const DAYS: Table<(Prefecture, u32), Figures> = Table::new("reissue_days");

/// Figures of one day of one federation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Applications that came in.
    pub received: u32,
    /// Letters that were posted for the first time: days since receipt, and how many took so long.
    pub letter_days: BTreeMap<u16, u32>,
}

/// Counts an application that has come in.
pub(super) fn arrived(tx: &mut Tx<'_>, one: &Application) -> Result<(), StoreError> {
    change(tx, one.office.prefecture, jst::date(one.received), |day| day.received += 1)
}

/// Counts the letter of an application, when its first one is given to the post.
pub(super) fn moved(tx: &mut Tx<'_>, one: &Application) -> Result<(), StoreError> {
    let mut posts = one.history.iter().filter_map(|step| match &step.what {
        What::Moved(Move::Post { on, .. }) => Some(*on),
        _ => None,
    });
    let last_is_post = one.history.last().is_some_and(|step| matches!(step.what, What::Moved(Move::Post { .. })));
    let (Some(on), None, true) = (posts.next(), posts.next(), last_is_post) else { return Ok(()) };
    let took = jst::date(one.received).until(on).map_or(0, |span| span.get_days());
    let took = u16::try_from(took.max(0)).unwrap_or(u16::MAX);
    change(tx, one.office.prefecture, on, |day| *day.letter_days.entry(took).or_default() += 1)
}

fn change(tx: &mut Tx<'_>, prefecture: Prefecture, day: Date, change: impl FnOnce(&mut Figures)) -> Result<(), StoreError> {
    let key = (prefecture, number(day));
    let mut figures = tx.get(&DAYS, &key)?.unwrap_or_default();
    change(&mut figures);
    tx.put(&DAYS, &key, &figures)
}

/// The figures of a federation from `first` to `last`, a row for every day.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn figures(r: &impl Reads, prefecture: Prefecture, first: Date, last: Date) -> Result<Vec<(Date, Figures)>, StoreError> {
    let span = Span::between(&(prefecture, number(first)), &(prefecture, number(last)));
    let mut kept: BTreeMap<u32, Figures> =
        r.list(&DAYS, &span, usize::MAX)?.into_iter().map(|((_, day), row)| (day, row)).collect();
    let days = first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last);
    Ok(days.map(|day| (day, kept.remove(&number(day)).unwrap_or_default())).collect())
}

/// The median of the days from receipt to posting over these days. `None` if no letter was posted.
#[must_use]
pub fn median_days(days: &[(Date, Figures)]) -> Option<u16> {
    let mut all: BTreeMap<u16, u32> = BTreeMap::new();
    for (_, figures) in days {
        for (took, letters) in &figures.letter_days {
            *all.entry(*took).or_default() += letters;
        }
    }
    let half = all.values().sum::<u32>().div_ceil(2);
    let mut seen = 0;
    all.into_iter().find_map(|(took, letters)| {
        seen += letters;
        (seen >= half).then_some(took)
    })
}

fn number(day: Date) -> u32 {
    let part = |n: i8| u32::from(n.unsigned_abs());
    u32::from(day.year().unsigned_abs()) * 10_000 + part(day.month()) * 100 + part(day.day())
}

/// Checks every row, for `verify`.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&DAYS, |_, _, _| Ok(()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_median_counts_every_letter_once() {
        let day = |took: &[(u16, u32)]| (date(2026, 1, 20), Figures { received: 0, letter_days: took.iter().copied().collect() });
        assert_eq!(median_days(&[]), None);
        assert_eq!(median_days(&[day(&[])]), None);
        assert_eq!(median_days(&[day(&[(3, 1)]), day(&[(9, 1)])]), Some(3), "of two the shorter");
        assert_eq!(median_days(&[day(&[(1, 1), (2, 1)]), day(&[(30, 1)])]), Some(2));
        assert_eq!(median_days(&[day(&[(5, 3), (1, 1)])]), Some(5));
    }
}
