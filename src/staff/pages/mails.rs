//! 【送れなかったメール】: what the mail servers have refused for good, of all that tells offices and applicants something.

use maud::{Markup, html};
use poem::handler;
use poem::web::{Data, Path};
use serde::Deserialize;

use crate::accounts;
use crate::app::App;
use crate::kernel::{Id, jst};
use crate::notices;
use crate::reissue;
use crate::staff::flow::mails::{Again, Failed, FailedPage, failed, send_again};
use crate::staff::{Desk, Nav, screen};
use crate::web::components::{Column, DataTable, Mark, empty_state, notice, pager, post_button};
use crate::web::{Answer, Fault, Form, Query, Visit, see_other};

/// Where the list is.
pub(super) const PATH: &str = "/staff/mails";

/// The address's part behind the question mark; whatever it holds, it is read without complaint.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    page: String,
    done: String,
}

/// The list.
///
/// # Errors
/// [`Fault::Store`] when the database fails.
#[handler]
pub fn show(Data(app): Data<&App>, visit: Visit, desk: Desk, Query(asked): Query<Asked>) -> Answer {
    let found = app.store.read(|r| failed(r, desk.prefecture(), asked.page.parse().unwrap_or(1)))?;
    screen(&desk, &visit, "送れなかったメール", Nav::Dashboard).answer(html! {
        (done_box(&asked.done))
        p { "メールサーバーが受け取らなかったメールです。電話や書面でお知らせするか、原因がなくなってから再送してください。" }
        section.card {
            h2 { "一覧" " " span.muted { (found.total) "通" } }
            @if found.rows.is_empty() {
                (empty_state("送れなかったメールはありません", html! {}))
            } @else {
                (table(&found, &visit.csrf()))
                (pager(found.page, found.pages, address))
            }
        }
        p.note { "確認コードとワンタイムパスワードのメールは、有効な時間が短いため、この一覧には含まれません。" }
        p { a href="/staff" { "ダッシュボードに戻る" } }
    })
}

/// \[再送\]
///
/// # Errors
/// [`Fault::NotFound`] for a mail that is none of this desk's; [`Fault::Store`] when the database fails.
#[handler]
pub async fn again(Data(app): Data<&App>, visit: Visit, desk: Desk, Path(mail): Path<String>, sent: Form) -> Answer {
    let mail = Id::parse(&mail).ok_or(Fault::NotFound)?;
    let (moment, client) = (app.moment(), visit.client);
    let word = match app.store.write(move |tx| send_again(tx, &moment, &desk, client, mail)).await? {
        Again::Waits => "again",
        Again::Already => "already",
        Again::NotHere => return Err(Fault::NotFound),
    };
    let page: u32 = sent.get("page").parse().unwrap_or(1);
    see_other(&format!("{PATH}?page={page}&done={word}"))
}

fn address(page: u32) -> String {
    format!("{PATH}?page={page}")
}

fn done_box(done: &str) -> Markup {
    match done {
        "again" => {
            notice(Mark::Success, "メールを再送します", html! { p { "送れなかったときは、この一覧にもう一度表示されます。" } })
        }
        "already" => notice(Mark::Info, "このメールは、すでに再送されています", html! {}),
        _ => html! {},
    }
}

fn table(found: &FailedPage, csrf: &str) -> Markup {
    const COLUMNS: [Column<'_>; 5] = [
        Column::Head("メール"),
        Column::Short("日時"),
        Column::Text("対象"),
        Column::Text("メールサーバーの応答"),
        Column::Short("操作"),
    ];
    let page = found.page.to_string();
    let mut table = DataTable::new("送れなかったメール", &COLUMNS);
    for one in &found.rows {
        let row = &one.row;
        table.push(vec![
            html! { (title(&row.kind)) span.under { (row.to.masked()) } },
            html! { (jst::list_time(row.posted)) },
            about(one),
            html! { span.mail-error { (row.last_error.as_deref().unwrap_or("―")) } },
            post_button(&format!("{PATH}/{}", one.id), csrf, "再送", "small", &[("page", &page)]),
        ]);
    }
    html! { (table) }
}

fn title(kind: &str) -> &str {
    reissue::mail_title(kind).or_else(|| accounts::mail_title(kind)).or_else(|| notices::mail_title(kind)).unwrap_or(kind)
}

/// The application and the office, with the ways to them.
fn about(one: &Failed) -> Markup {
    let about = &one.about;
    html! {
        @if let Some(number) = about.application { a.mono href={ "/staff/applications/" (number) } { (number) } }
        @if let Some(office) = about.office {
            span.under {
                @match &about.name {
                    Some(name) => a href={ "/staff/ledger/" (office.number) } { (name) },
                    None => "（台帳にありません）",
                }
                " " span.mono { (office.number) }
            }
        }
        @if about.application.is_none() && about.office.is_none() { span.none { "―" } }
    }
}
