//! Waiting, shown: the rest of a lock, and when a code can be sent again.

use maud::{Markup, html};

use super::super::layout::ServerTime;

/// Whole seconds from `now` until `until_ms` (milliseconds since 1970), rounded up; zero when over.
fn seconds_left(now: &ServerTime, until_ms: i64) -> i64 {
    (until_ms.saturating_sub(now.epoch_ms).max(0) + 999) / 1000
}

/// `29分05秒`, `45秒`.
fn in_words(seconds: i64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, rest) => format!("{rest}秒"),
        (minutes, rest) => format!("{minutes}分{rest:02}秒"),
    }
}

/// The time left until `until_ms`, counted down by the script; `after` takes its place at the end.
#[must_use]
pub fn countdown(now: &ServerTime, until_ms: i64, after: &str) -> Markup {
    html! {
        span.countdown role="timer" data-countdown=(until_ms) data-after=(after) {
            (in_words(seconds_left(now, until_ms)))
        }
    }
}

/// A form with a button that sends a code again. Until `from_ms` the script disables the button and counts down beside it;
/// without the script the button is there and the server says when to try again.
#[must_use]
pub fn resend_form(action: &str, csrf: &str, label: &str, now: &ServerTime, from_ms: i64) -> Markup {
    let left = seconds_left(now, from_ms);
    html! {
        form.resend method="post" action=(action) novalidate {
            input type="hidden" name="_csrf" value=(csrf);
            button.button.small type="submit" data-wait-until=(from_ms) { (label) }
            @if left > 0 {
                span.resend-wait data-countdown=(from_ms) data-after="" data-suffix="後に再送できます" {
                    (in_words(left)) "後に再送できます"
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_rounded_up_and_never_negative() {
        let now = ServerTime { hms: "12:00:00".to_owned(), epoch_ms: 1_000_000 };
        for (until, words) in [(1_000_001, "1秒"), (1_060_000, "1分00秒"), (2_799_500, "30分00秒"), (5, "0秒")] {
            assert_eq!(in_words(seconds_left(&now, until)), words);
        }
    }
}
