//! Days as people type them.

use jiff::civil::Date;

use super::text;

/// A day as a browser's calendar sends it or as people write it: 2026-01-31, 2026/1/31, 2026.1.31, 20260131, 2026年1月31日, all of
/// them in digits of either width.
#[must_use]
pub fn parse(typed: &str) -> Option<Date> {
    let line: String = text::line(typed).split_whitespace().collect();
    let line = line.strip_suffix('日').unwrap_or(&line);
    let parts: Vec<&str> = match line.split(['/', '-', '.', '年', '月', 'ー', '−']).collect::<Vec<_>>() {
        whole if whole.len() == 1 && line.len() == 8 && line.is_ascii() => vec![&line[..4], &line[4..6], &line[6..]],
        parts => parts,
    };
    let [year, month, day] = parts[..] else { return None };
    // No sign, which the parser of numbers would take.
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || ![year, month, day].into_iter().all(digits) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q52_days_are_read_forgivingly() {
        let january = Date::new(2026, 1, 31).ok();
        for typed in [
            "2026-01-31",
            "2026/1/31",
            " ２０２６／０１／３１ ",
            "20260131",
            "２０２６０１３１",
            "2026.1.31",
            "2026年1月31日",
            "2026 年 1 月 31 日",
            "２０２６ー１ー３１",
            "2026−01−31",
        ] {
            assert_eq!(parse(typed), january, "{typed}");
        }
        for typed in ["2026/1/2", "2026-01-02", "20260102"] {
            assert_eq!(parse(typed), Date::new(2026, 1, 2).ok(), "{typed}");
        }
        for typed in
            ["", "2026-02-30", "1/31", "あさって", "2026-01-31-1", "２０２６年", "26/1/31", "2026/+1/31", "2026013", "年月日"]
        {
            assert_eq!(parse(typed), None, "{typed}");
        }
    }
}
