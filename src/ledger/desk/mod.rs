//! Screens of the desk: searching the ledger, and one office with all that belongs to it.

mod history;
pub mod office;

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;
use serde::Deserialize;

pub use self::history::timeline_of;
use super::model::{Entry, Status};
use super::{Found, search};
use crate::app::App;
use crate::staff::{Desk, Nav, screen};
use crate::web::components::{Column, DataTable, Tone, badge, empty_state, search_field, search_form};
use crate::web::{Answer, Query, Visit};

/// Most offices that a search shows.
const ROWS: usize = 100;
/// Where the screens begin.
const PATH: &str = "/staff/ledger";
/// The part of the page that changes while somebody types.
const RESULTS: &str = "results";

#[derive(Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    q: String,
}

/// 事業所台帳: a search within the federation's own ledger.
#[handler]
pub async fn show(app: Data<&App>, visit: Visit, desk: Desk, Query(wanted): Query<Wanted>) -> Answer {
    let (prefecture, text) = (desk.prefecture(), wanted.q.clone());
    let found = app.store.search(move |r| search(r, prefecture, &text, ROWS)).await?;
    screen(&desk, &visit, "事業所台帳", Nav::Ledger).answer(html! {
        (search_form(PATH, "検索", Some(RESULTS), html! {
            (search_field("q", "検索").value(&wanted.q).support("事業所番号・事業所名・カナ・電話番号・住所の一部"))
        }))
        section.card id=(RESULTS) { (results(&wanted.q, &found)) }
    })
}

fn results(typed: &str, found: &Found) -> Markup {
    const COLUMNS: [Column<'_>; 5] = [
        Column::Head("事業所番号"),
        Column::Text("事業所名"),
        Column::Text("住所"),
        Column::Short("電話番号"),
        Column::Text("状態"),
    ];
    let mut table = DataTable::new("事業所", &COLUMNS);
    for entry in &found.entries {
        table.push(vec![
            html! { a.mono href={ (PATH) "/" (entry.key.number) } { (entry.key.number) } },
            html! { (entry.name) @if !entry.kana.is_empty() { br; small.muted { (entry.kana) } } },
            html! {
                @if entry.postal_code.is_empty() { (badge("郵便番号なし", Tone::Waiting)) } @else { "〒" (entry.postal_code) }
                br; (entry.address) " " (entry.building)
            },
            html! { (entry.telephone) },
            status_badge(entry.status),
        ]);
    }
    html! {
        h2 { @if typed.trim().is_empty() { "すべての事業所" } @else { "検索結果" } " " span.muted { (found.total) "件" } }
        @if found.entries.is_empty() {
            (empty_state("該当する事業所はありません", html! { p { "別の言葉でお試しください。番号は一部だけでも検索できます。" } }))
        } @else {
            (table)
            @if found.total > found.entries.len() {
                p.note { "先頭の" (found.entries.len()) "件を表示しています。言葉を足して絞り込んでください。" }
            }
        }
    }
}

fn status_badge(status: Status) -> Markup {
    let tone = match status {
        Status::Active => Tone::Good,
        Status::Suspended => Tone::Waiting,
        Status::Closed => Tone::Quiet,
    };
    badge(status.name(), tone)
}

/// The address in one line.
fn address(entry: &Entry) -> String {
    [entry.address.as_str(), &entry.building].join(" ").trim().to_owned()
}
