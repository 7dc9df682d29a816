//! The print queue: approved applications and first issues together.

use std::collections::HashMap;

use jiff::Timestamp;
use maud::{Markup, html};

use super::{PATH, ROWS, letters_screen, parts};
use crate::app::App;
use crate::kernel::{Id, OfficeKey, Prefecture, jst};
use crate::ledger;
use crate::letters;
use crate::letters::model::State;
use crate::letters::store::{self, Batch, Stage};
use crate::reissue;
use crate::staff::Desk;
use crate::store::{Read, Reads, StoreError};
use crate::web::components::{Column, DataTable, Mark, empty_state, error_summary, form, hidden, notice, pager};
use crate::web::{Answer, Errors, Visit};

/// Most letters that wait at once, as the tabs count them; the rest comes up as these are printed.
const MOST: usize = 10_000;

/// One line of the queue.
struct Row {
    value: String,
    occasion: Markup,
    office: OfficeKey,
    name: String,
    since: Timestamp,
    can_be_posted_to: bool,
    beside: Option<Beside>,
}

/// Another letter to the same office: an account keeps one temporary password, so the clerk is warned before one ends the other.
#[derive(Clone)]
enum Beside {
    /// A newer one waits as well; of both in one batch only that one is printed.
    Newer,
    /// This one is out, and printing ends its password.
    Out(String),
}

impl Beside {
    fn sentence(&self) -> String {
        match self {
            Self::Newer => {
                "同じ事業所あての新しい通知書も印刷待ちです。一緒に選択すると、新しいほうだけを印刷します。".to_owned()
            }
            Self::Out(number) => {
                format!("この事業所あての通知書 {number} が使われていません。印刷すると、{number}は無効になります。")
            }
        }
    }
}

/// What waits, a page of it.
struct Queue {
    rows: Vec<Row>,
    page: u32,
    last: u32,
    /// On all pages.
    unaddressed: usize,
}

/// The screen. `ticked`: what a refused form had chosen, which stays chosen.
pub(super) async fn show(app: &App, visit: &Visit, desk: &Desk, page: u32, ticked: Option<&[&str]>, errors: &Errors) -> Answer {
    let prefecture = desk.prefecture();
    // A first issue may let a whole prefecture wait: more than a page of rows is looked at.
    let read = move |r: &Read| {
        let tabs = parts::tabs(r, prefecture, State::Waiting)?;
        Ok::<_, StoreError>((tabs, queue(r, prefecture, page)?, store::batches(r, prefecture, 5)?))
    };
    let (tabs, queue, batches) = app.store.search(read).await?;
    let token = Id::new(&app.random);
    letters_screen(desk, visit, "通知書").refused(!errors.is_empty()).answer(html! {
        (error_summary(&errors.list()))
        (tabs)
        section.card {
            h2 { "印刷待ちの通知書" }
            @if queue.rows.is_empty() {
                (empty_state("印刷待ちの通知書はありません", html! { p { "申請を承認するか、ユーザIDを新規発行すると、ここに並びます。" } }))
            } @else {
                (queue_form(app, visit, token, &queue, ticked))
                (pager(queue.page, queue.last, |page| format!("{PATH}?list=waiting&page={page}")))
            }
        }
        @if !batches.is_empty() { section.card { h2 { "最近の印刷" } (recent(app, visit, &batches)) } }
    })
}

fn queue_form(app: &App, visit: &Visit, token: Id, queue: &Queue, ticked: Option<&[&str]>) -> Markup {
    let unaddressed = queue.unaddressed;
    let printable = queue.rows.iter().any(|row| row.can_be_posted_to);
    let most = app.config.letter.batch_max;
    let mut checked = 0;
    let mut table = DataTable::new("印刷待ちの通知書", &COLUMNS).id("queue");
    for row in &queue.rows {
        let number = row.office.number;
        let pick = if row.can_be_posted_to {
            let check = match ticked {
                Some(ticked) => ticked.contains(&row.value.as_str()),
                None => row.beside.is_none() && checked < most,
            };
            checked += usize::from(check);
            let label = format!("{}を選択", row.name);
            html! {
                input.pick type="checkbox" name="choice" value=(row.value) aria-label=(label) checked[check];
            }
        } else {
            html! { span.none { "―" } }
        };
        let address = if row.can_be_posted_to {
            html! { "あり" }
        } else {
            html! { a href={ "/staff/ledger/" (number) "#postal_code" } { "郵便番号または住所を補う" } }
        };
        let cells = vec![
            pick,
            row.occasion.clone(),
            html! {
                (parts::office_cell(number.as_str(), &row.name))
                @if let Some(beside) = &row.beside { p.note { (beside.sentence()) } }
            },
            html! { (jst::list(jst::date(row.since))) },
            address,
        ];
        if row.can_be_posted_to { table.push(cells) } else { table.push_marked(cells) }
    }
    html! {
        p { "印刷すると仮パスワードが作られ、以前の仮パスワードは使えなくなります。有効期間は印刷日から" (app.config.password.temporary_valid_days) "日間です。一度に" (most) "通まで印刷できます。" }
        @if unaddressed > 0 {
            (notice(Mark::Warning, &format!("宛先が足りないため印刷できない通知書が{unaddressed}通あります"), html! {
                p { "窓あき封筒で送るため、郵便番号と住所が必要です。台帳の画面で補ってください。" }
            }))
        }
        (form(&format!("{PATH}/print"), &visit.csrf(), html! {
            (hidden("token", &token.to_string()))
            (hidden("page", &queue.page.to_string()))
            (table)
            @if printable { div.buttons { button.button.primary type="submit" { "選択した通知書を印刷する" } } }
        }))
    }
}

const COLUMNS: [Column<'_>; 5] =
    [Column::Short("選択"), Column::Short("管理番号"), Column::Text("事業所"), Column::Short("受付日"), Column::Text("宛先")];

/// Those that can be printed come first, else rows without an address could fill the pages before them; each longest waiting first.
fn queue(r: &impl Reads, prefecture: Prefecture, page: u32) -> Result<Queue, StoreError> {
    let mut rows = Vec::new();
    for application in reissue::approved_waiting(r, prefecture, MOST)? {
        let number = application.number;
        let occasion = html! { a href={ "/staff/applications/" (number) } { (number) } };
        rows.push((number.to_string(), occasion, application.office, application.received));
    }
    for letter in store::in_state(r, prefecture, State::Waiting, false, MOST - rows.len())? {
        rows.push((letter.id.to_string(), parts::occasion(&letter), letter.office, letter.created));
    }
    let with_name = |(value, occasion, office, since)| {
        let entry = ledger::find(r, office)?;
        let can_be_posted_to = entry.as_ref().is_some_and(ledger::Entry::can_be_posted_to);
        let name = entry.map_or_else(|| "（台帳にありません）".to_owned(), |entry| entry.name);
        Ok(Row { value, occasion, office, name, since, can_be_posted_to, beside: None })
    };
    let mut rows = rows.into_iter().map(with_name).collect::<Result<Vec<Row>, StoreError>>()?;
    rows.sort_by_key(|row| !row.can_be_posted_to);
    let unaddressed = rows.iter().filter(|row| !row.can_be_posted_to).count();
    let last = u32::try_from(rows.len().div_ceil(ROWS)).unwrap_or(u32::MAX).max(1);
    let page = page.clamp(1, last);
    let mut newest: HashMap<OfficeKey, Timestamp> = HashMap::new();
    for row in &rows {
        let since = newest.entry(row.office).or_insert(row.since);
        *since = row.since.max(*since);
    }
    let mut rows: Vec<Row> = rows.into_iter().skip((page as usize - 1) * ROWS).take(ROWS).collect();
    for row in &mut rows {
        row.beside = if newest.get(&row.office).is_some_and(|newest| *newest > row.since) {
            Some(Beside::Newer)
        } else {
            let out = letters::of_office(r, row.office)?.into_iter().find(|letter| letter.state.is_out());
            out.map(|letter| Beside::Out(parts::number_or_dash(&letter)))
        };
    }
    Ok(Queue { rows, page, last, unaddressed })
}

fn recent(app: &App, visit: &Visit, batches: &[Batch]) -> Markup {
    const COLUMNS: [Column<'_>; 4] =
        [Column::Head("印刷日時"), Column::Text("担当"), Column::Number("通数"), Column::Text("PDF")];
    let mut table = DataTable::new("最近の印刷", &COLUMNS);
    for batch in batches {
        let stage = match batch.stage {
            Stage::Printing => "作成中",
            Stage::Ready if app.press().holds(batch.id, visit.now) => "受け取り待ち",
            Stage::Ready => "受け取られず",
            Stage::Delivered(_) => "受け取り済み",
            Stage::Failed => "失敗",
        };
        table.push(vec![
            html! { a href={ (PATH) "/batches/" (batch.id) } { (jst::list_time(batch.at)) } },
            html! { (batch.by.name) },
            html! { (batch.printed.len()) },
            html! { (stage) },
        ]);
    }
    html! { (table) }
}
