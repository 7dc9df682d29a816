//! What several letter screens show.

use maud::{Markup, html};

use super::PATH;
use crate::kernel::{Prefecture, jst};
use crate::ledger;
use crate::letters::model::{Letter, Occasion, State};
use crate::letters::store;
use crate::reissue;
use crate::store::{Reads, StoreError};
use crate::web::components::{Tone, badge};

pub(super) fn state_badge(state: State) -> Markup {
    let tone = match state {
        State::Waiting => Tone::New,
        State::Printed => Tone::Active,
        State::Posted => Tone::Waiting,
        State::Completed => Tone::Good,
        State::Returned | State::Expired => Tone::Bad,
        State::Withdrawn => Tone::Quiet,
    };
    badge(state.title(), tone)
}

/// Why the letter comes: the application's number, linked, or 新規発行.
pub(super) fn occasion(letter: &Letter) -> Markup {
    match letter.occasion {
        Occasion::Reissue(number) => html! { a href={ "/staff/applications/" (number) } { (number) } },
        Occasion::FirstIssue => html! { "新規発行" },
    }
}

pub(super) fn office_cell(number: &str, name: &str) -> Markup {
    html! { a href={ "/staff/ledger/" (number) } { (name) } br; small.muted.mono { (number) } }
}

pub(super) fn number_or_dash(letter: &Letter) -> String {
    letter.number.map_or_else(|| "―".to_owned(), |number| number.to_string())
}

pub(super) fn day(at: Option<jiff::Timestamp>) -> String {
    at.map_or_else(|| "―".to_owned(), |at| jst::list(jst::date(at)))
}

/// The last day of the temporary password; 失効 once it opens no more. `live`: the account still waits for this letter's password.
pub(super) fn validity(letter: &Letter, live: bool) -> String {
    match letter.state {
        State::Waiting => "―".to_owned(),
        State::Completed if !live => "使用済".to_owned(),
        State::Printed | State::Posted | State::Completed if live => day(letter.valid_until),
        _ => "失効".to_owned(),
    }
}

/// 事業所名 of the ledger; the number where the office is in no ledger any more.
pub(super) fn office_name(r: &impl Reads, letter: &Letter) -> Result<String, StoreError> {
    Ok(ledger::find(r, letter.office)?.map_or_else(|| "（台帳にありません）".to_owned(), |entry| entry.name))
}

/// The lists with how much is in each.
pub(super) fn tabs(r: &impl Reads, prefecture: Prefecture, current: State) -> Result<Markup, StoreError> {
    const SHOWN: [State; 6] = [State::Waiting, State::Printed, State::Posted, State::Returned, State::Expired, State::Completed];
    let mut counts = Vec::new();
    for state in SHOWN {
        let mut count = store::count_in_state(r, prefecture, state, 10_000)?;
        if state == State::Waiting {
            count += reissue::count_in_state(r, prefecture, reissue::State::Approved, 10_000)?;
        }
        counts.push((state, count));
    }
    Ok(html! {
        nav.tabs aria-label="通知書の一覧" {
            ul {
                @for (state, count) in counts {
                    li {
                        a href={ (PATH) "?list=" (state.word()) } aria-current=[(state == current).then_some("page")] {
                            (state.title()) " " span.tab-count { (count) span.vh { "通" } }
                        }
                    }
                }
                li { a href={ (PATH) "/posting" } { "発送済にする" } }
            }
        }
    })
}
