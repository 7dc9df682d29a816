//! Screens of operators for inquiries: the queue, one inquiry, and the tiles of their dashboard.

mod forms;
pub mod one;
pub mod queue;
mod record;

use jiff::Timestamp;
use maud::{Markup, html};

use super::model::{Inquiry, InquiryNumber, State};
use super::store;
use crate::kernel::{Prefecture, jst};
use crate::store::{Reads, StoreError};
use crate::web::components::{Tile, Tone, badge, tiles as tiles_of};

/// Where the queue is.
const QUEUE: &str = "/staff/portal";
/// From this many days on an inquiry stands out (D): the receipt promises some days.
const LATE_DAYS: i32 = 7;
/// Counting stops here.
const COUNT_MOST: usize = 1_000;

/// Where one inquiry is.
fn address(number: InquiryNumber) -> String {
    format!("{QUEUE}/inquiries/{number}")
}

fn state_badge(state: State) -> Markup {
    let tone = match state {
        State::Received => Tone::New,
        State::Working => Tone::Active,
        State::Answered | State::Issued => Tone::Good,
        State::Rejected => Tone::Bad,
    };
    badge(state.title(), tone)
}

/// Days since the receipt, by the calendar.
fn days(received: Timestamp, now: Timestamp) -> i32 {
    jst::date(now).since(jst::date(received)).map_or(0, |span| span.get_days())
}

/// 本日 or how many days ago; nothing is waited for at rest.
fn waiting(one: &Inquiry, now: Timestamp) -> Markup {
    let days = days(one.received, now);
    html! {
        @if !one.state.is_open() { span.none { "―" } }
        @else if days <= 0 { "本日" }
        @else if days >= LATE_DAYS { strong.late { (days) "日" } }
        @else { (days) "日" }
    }
}

/// What waits for the operators of a federation, for their dashboard.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn tiles(r: &impl Reads, home: Prefecture, now: Timestamp) -> Result<Markup, StoreError> {
    let count = |state| store::count(r, home, state, COUNT_MOST);
    let (received, working) = (count(State::Received)?, count(State::Working)?);
    let oldest = [store::oldest(r, home, State::Received)?, store::oldest(r, home, State::Working)?];
    let oldest = oldest.into_iter().flatten().min();
    let shown = |count: usize| if count >= COUNT_MOST { format!("{COUNT_MOST}以上") } else { count.to_string() };
    let tone = |count: usize, tone| if count == 0 { Tone::Quiet } else { tone };
    let href = |state: State| format!("{QUEUE}?state={}", state.word());
    let (new, taken) = (shown(received), shown(working));
    let (to_new, to_taken) = (href(State::Received), href(State::Working));
    let age = oldest.map(|at| days(at, now));
    let age_text = age.map_or("―".to_owned(), |days| days.to_string());
    let note = oldest.map(|at| format!("{}受付", jst::list(jst::date(at)))).unwrap_or_default();
    Ok(tiles_of(&[
        Tile {
            label: "未対応の問い合わせ",
            value: &new,
            unit: "件",
            note: "",
            href: Some(&to_new),
            tone: tone(received, Tone::New),
        },
        Tile {
            label: "対応中の問い合わせ",
            value: &taken,
            unit: "件",
            note: "",
            href: Some(&to_taken),
            tone: tone(working, Tone::Active),
        },
        Tile {
            label: "いちばん古いもの",
            value: &age_text,
            unit: if age.is_some() { "日前" } else { "" },
            note: &note,
            href: age.map(|_| QUEUE),
            tone: if age >= Some(LATE_DAYS) { Tone::Bad } else { Tone::Quiet },
        },
    ]))
}
