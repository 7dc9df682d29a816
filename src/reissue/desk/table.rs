//! The rows of the queue.

use jiff::Timestamp;
use maud::{Markup, html};

use super::super::flow::desk::flags::{Flag, LATE_DAYS, days_waiting};
use super::super::flow::desk::queue::Row;
use super::super::model::{Application, State};
use super::{number_link, source_title, state_badge};
use crate::kernel::jst;
use crate::web::components::{Column, DataTable, Tone, badge};

const COLUMNS: [Column<'_>; 6] = [
    Column::Head("管理番号"),
    Column::Short("受付"),
    Column::Number("経過"),
    Column::Text("事業所"),
    Column::Text("状態"),
    Column::Text("確認事項"),
];

pub(super) fn rows(rows: &[Row], now: Timestamp) -> Markup {
    let mut table = DataTable::new("再発行申請の一覧", &COLUMNS);
    for row in rows {
        let one = &row.one;
        let cells = vec![
            number_link(one.number),
            html! { (jst::list(jst::date(one.received))) },
            html! { (waiting(one, now)) },
            office(row),
            state(one),
            flag_list(&row.flags),
        ];
        let late = row.flags.iter().any(|flag| matches!(flag, Flag::Late | Flag::AnswerOverdue));
        if late { table.push_marked(cells) } else { table.push(cells) }
    }
    html! { (table) }
}

/// Days since the receipt while anybody waits for something.
fn waiting(one: &Application, now: Timestamp) -> Markup {
    if !one.state.is_open() {
        return html! { span.none { "―" } };
    }
    let late = one.state.is_undecided() && days_waiting(one, now) > LATE_DAYS;
    html! { @if late { strong.late { (age(one, now)) } } @else { (age(one, now)) } }
}

/// 本日 or how many days ago.
pub(super) fn age(one: &Application, now: Timestamp) -> String {
    match days_waiting(one, now) {
        days if days <= 0 => "本日".to_owned(),
        days => format!("{days}日"),
    }
}

fn office(row: &Row) -> Markup {
    let by_desk = matches!(row.one.source, super::super::model::Source::Desk { .. });
    html! {
        @match &row.entry {
            Some(entry) => span.office-name { (entry.name) },
            None => span.none { "（台帳にありません）" },
        }
        span.under {
            span.mono { (row.one.office.number) }
            @if by_desk { " " (source_title(&row.one)) }
        }
    }
}

fn state(one: &Application) -> Markup {
    html! {
        (state_badge(one.state))
        @if let Some(inquiry) = one.inquiry() {
            span.under { (inquiry.reason.title()) " " (short_day(inquiry.until)) "まで" }
        } @else if one.state == State::UnderReview {
            @if let Some(person) = one.taken_by() { span.under { "担当 " (person.name) } }
        }
    }
}

fn short_day(day: jiff::civil::Date) -> String {
    format!("{}/{}", day.month(), day.day())
}

pub(super) fn flag_list(flags: &[Flag]) -> Markup {
    html! {
        @if !flags.is_empty() {
            ul.flags {
                @for flag in flags { li { (badge(&flag.title(), tone(flag))) } }
            }
        }
    }
}

fn tone(flag: &Flag) -> Tone {
    match flag {
        Flag::Late | Flag::AnswerOverdue | Flag::NotInLedger => Tone::Bad,
        Flag::Standing(_) | Flag::SameOffice(_) | Flag::CheckDigit => Tone::Waiting,
        Flag::SameContact(_) | Flag::NoPostalCode => Tone::Quiet,
    }
}
