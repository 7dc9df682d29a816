//! When a backup is due, what its file is called, and which older ones may go. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};

use crate::kernel::jst;

/// The name of a regular backup: `uketsuke-20260120-020000.redb`, in Japan's time.
pub(super) fn file_name(at: Timestamp) -> String {
    let t = jst::civil(at);
    format!("uketsuke-{:04}{:02}{:02}-{:02}{:02}{:02}.redb", t.year(), t.month(), t.day(), t.hour(), t.minute(), t.second())
}

/// When the backup of this name was made. `None` for every file that is not one of ours.
pub(super) fn time_of(name: &str) -> Option<DateTime> {
    let stamp = name.strip_prefix("uketsuke-")?.strip_suffix(".redb")?;
    let (day, time) = stamp.split_once('-')?;
    let digits = |text: &str, len: usize| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(day, 8) || !digits(time, 6) {
        return None;
    }
    let part = |text: &str, at: usize| text[at..at + 2].parse::<i8>().ok();
    let date = Date::new(day[..4].parse().ok()?, part(day, 4)?, part(day, 6)?).ok()?;
    Some(date.to_datetime(Time::new(part(time, 0)?, part(time, 2)?, part(time, 4)?, 0).ok()?))
}

/// The last instant up to `now` at which a backup was to be made.
pub(super) fn last_slot(now: Timestamp, time: Time) -> Timestamp {
    let today = jst::date(now);
    let of = |day: Date| jst::zone().to_timestamp(day.to_datetime(time)).unwrap_or(Timestamp::MIN);
    let slot = of(today);
    if slot <= now { slot } else { today.yesterday().map_or(Timestamp::MIN, of) }
}

/// The next one after `now`.
pub(super) fn next_slot(now: Timestamp, time: Time) -> Timestamp {
    last_slot(now, time).saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX)
}

/// Which backups may go now that the one of `made` is there: kept are the last of each of the newest `daily` days and the first of each
/// of the newest `monthly` months. Those dated later than `made` are no business of ours: somebody's clock was wrong.
pub(super) fn superfluous(made: DateTime, all: &[DateTime], daily: usize, monthly: usize) -> Vec<DateTime> {
    let ours: BTreeSet<DateTime> = all.iter().copied().filter(|at| *at <= made).collect();
    let (mut days, mut months) = (BTreeMap::new(), BTreeMap::new());
    for at in &ours {
        days.insert(at.date(), *at);
        months.entry((at.year(), at.month())).or_insert(*at);
    }
    let mut kept: BTreeSet<DateTime> = days.into_values().rev().take(daily).collect();
    kept.extend(months.into_values().rev().take(monthly));
    kept.insert(made);
    ours.difference(&kept).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_read_back_and_no_other_file_is_taken_for_ours() {
        let name = file_name(at("2026-01-19T17:00:05Z"));
        assert_eq!(name, "uketsuke-20260120-020005.redb");
        assert_eq!(time_of(&name), Some(jiff::civil::datetime(2026, 1, 20, 2, 0, 5, 0)));
        for other in [
            "uketsuke.redb",
            "uketsuke-20260120-020005.redb.part",
            "uketsuke-20260120-0200.redb",
            "uketsuke-20261320-020005.redb",
            "uketsuke-20260120-250005.redb",
            "uketsuke-2026012a-020005.redb",
            "my-uketsuke-20260120-020005.redb",
            "uketsuke-20260120-020005-copy.redb",
            "uketsuke-２０２６0120-020005.redb",
        ] {
            assert_eq!(time_of(other), None, "{other}");
        }
    }

    #[test]
    fn the_last_slot_is_today_once_its_time_has_come() {
        let two = Time::constant(2, 0, 0, 0);
        // 02:00 in Japan is 17:00 UTC of the day before.
        assert_eq!(last_slot(at("2026-01-19T17:00:00Z"), two), at("2026-01-19T17:00:00Z"));
        assert_eq!(last_slot(at("2026-01-19T16:59:59Z"), two), at("2026-01-18T17:00:00Z"));
        assert_eq!(next_slot(at("2026-01-19T17:00:00Z"), two), at("2026-01-20T17:00:00Z"));
    }

    fn days(list: &[(i16, i8, i8, i8)]) -> Vec<DateTime> {
        list.iter().map(|(y, m, d, h)| jiff::civil::datetime(*y, *m, *d, *h, 0, 0, 0)).collect()
    }

    #[test]
    fn the_newest_days_and_the_first_of_each_month_are_kept() {
        let all = days(&[
            (2025, 11, 30, 2),
            (2025, 12, 1, 2),
            (2025, 12, 31, 2),
            (2026, 1, 1, 2),
            (2026, 1, 2, 2),
            (2026, 1, 18, 2),
            (2026, 1, 19, 2),
            (2026, 1, 19, 15),
            (2026, 1, 20, 2),
        ]);
        let made = *all.last().unwrap();
        let gone = superfluous(made, &all, 2, 2);
        assert_eq!(gone, days(&[(2025, 11, 30, 2), (2025, 12, 31, 2), (2026, 1, 2, 2), (2026, 1, 18, 2), (2026, 1, 19, 2)]));
        assert!(superfluous(made, &all, 1, 0).len() == all.len() - 1, "the new one stays in any case");
    }

    #[test]
    fn a_backup_dated_later_than_the_new_one_is_left_alone() {
        let all = days(&[(2026, 1, 19, 2), (2026, 1, 20, 2), (2030, 1, 1, 2), (2031, 1, 1, 2)]);
        assert_eq!(superfluous(all[1], &all, 1, 0), days(&[(2026, 1, 19, 2)]));
    }

    #[test]
    fn day_after_day_the_kept_ones_stay_bounded_and_every_month_keeps_its_first() {
        let mut there: Vec<DateTime> = Vec::new();
        let mut day = jiff::civil::date(2024, 1, 1);
        for _ in 0..800 {
            let made = day.at(2, 0, 0, 0);
            there.push(made);
            let gone = superfluous(made, &there, 14, 12);
            there.retain(|at| !gone.contains(at));
            assert!(there.len() <= 26);
            day = day.tomorrow().unwrap();
        }
        let firsts = there.iter().filter(|at| at.day() == 1).count();
        assert!(firsts >= 11, "{there:?}");
    }
}
