//! Dates as Japan writes them. Instants are kept in UTC; everything shown is Japan Standard Time, which knows no summer time.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Japan Standard Time, UTC+9.
#[must_use]
pub fn zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(9))
}

/// Date and time of day in Japan.
#[must_use]
pub fn civil(at: Timestamp) -> DateTime {
    zone().to_datetime(at)
}

/// The day in Japan.
#[must_use]
pub fn date(at: Timestamp) -> Date {
    civil(at).date()
}

/// The instant at which `day` begins in Japan.
#[must_use]
pub fn start_of(day: Date) -> Timestamp {
    zone().to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).unwrap_or(Timestamp::MIN)
}

/// The last instant (to the millisecond) of `day` in Japan.
#[must_use]
pub fn end_of(day: Date) -> Timestamp {
    day.tomorrow().map_or(Timestamp::MAX, start_of) - SignedDuration::from_millis(1)
}

/// Year and month as YYYYMM, as in a control number.
#[must_use]
pub fn year_month(at: Timestamp) -> u32 {
    let day = date(at);
    u32::from(day.year().unsigned_abs()) * 100 + u32::from(day.month().unsigned_abs())
}

/// For letters: 令和08年01月10日 (S0). Days before 令和 are given in the western calendar; none can occur in a letter.
#[must_use]
pub fn era(day: Date) -> String {
    if day < jiff::civil::date(2019, 5, 1) {
        return sentence(day);
    }
    format!("令和{:02}年{:02}月{:02}日", day.year() - 2018, day.month(), day.day())
}

/// For lists: 2026/01/20 (S0).
#[must_use]
pub fn list(day: Date) -> String {
    format!("{:04}/{:02}/{:02}", day.year(), day.month(), day.day())
}

/// For lists with the time: 2026/01/20 14:03.
#[must_use]
pub fn list_time(at: Timestamp) -> String {
    let t = civil(at);
    format!("{} {:02}:{:02}", list(t.date()), t.hour(), t.minute())
}

/// For sentences: 2026年4月1日 (S1).
#[must_use]
pub fn sentence(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// For sentences with the time: 2026年4月1日 14時03分.
#[must_use]
pub fn sentence_time(at: Timestamp) -> String {
    let t = civil(at);
    format!("{} {}時{:02}分", sentence(t.date()), t.hour(), t.minute())
}

/// 時刻 of the screens: HH:MM:SS.
#[must_use]
pub fn hms(at: Timestamp) -> String {
    let t = civil(at);
    format!("{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second())
}

/// A clock time in a sentence: 14:32.
#[must_use]
pub fn hm(at: Timestamp) -> String {
    let t = civil(at);
    format!("{:02}:{:02}", t.hour(), t.minute())
}

/// With its offset, for the audit log: 2026-01-20T14:03:05.123+09:00.
#[must_use]
pub fn with_offset(at: Timestamp) -> String {
    let t = civil(at);
    let millis = t.subsec_nanosecond() / 1_000_000;
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{millis:03}+09:00",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

/// Adds whole days. Saturates far beyond any date that can occur.
#[must_use]
pub fn plus_days(at: Timestamp, days: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_hours(days.saturating_mul(24))).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_shown_in_japanese_time() {
        let at: Timestamp = "2026-01-09T15:00:05Z".parse().unwrap();
        assert_eq!(era(date(at)), "令和08年01月10日");
        assert_eq!(list(date(at)), "2026/01/10");
        assert_eq!(sentence(jiff::civil::date(2026, 4, 1)), "2026年4月1日");
        assert_eq!(hms(at), "00:00:05");
        assert_eq!(year_month("2026-01-31T15:00:00Z".parse().unwrap()), 202_602);
        assert_eq!(with_offset(at), "2026-01-10T00:00:05.000+09:00");
    }

    #[test]
    fn a_day_begins_and_ends_at_japanese_midnight() {
        let day = jiff::civil::date(2026, 1, 31);
        assert_eq!(start_of(day).to_string(), "2026-01-30T15:00:00Z");
        assert_eq!(end_of(day).to_string(), "2026-01-31T14:59:59.999Z");
    }
}
