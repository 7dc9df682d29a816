//! M2 【照会一覧】, and one application with its course.

use maud::{Markup, html};
use poem::handler;
use poem::web::{Data, Path};

use crate::app::App;
use crate::config::Federation;
use crate::kernel::{ControlNumber, jst};
use crate::login::{MenuPage, Office};
use crate::reissue::{self, Application, Source, course_of, state_badge};
use crate::web::components::{ButtonRow, Column, DataTable, Facts, Mark, empty_state, notice, print_button};
use crate::web::{Answer, Fault, Visit, page};

/// Where the list is.
const PATH: &str = "/office/inquiries";
/// Most applications that the list shows.
const ROWS: usize = 100;
/// What is asked for with a reissue application.
const REISSUE: &str = "ログイン情報再発行申請";

/// The newest applications of the office.
#[handler]
pub fn show_list(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    let mut all = app.store.read(|r| reissue::of_office(r, office.account.user_id.office(), ROWS + 1))?;
    let more = all.len() > ROWS;
    all.truncate(ROWS);
    page(office.screen(&visit, "照会一覧", MenuPage::Inquiries, None, false, |_| {
        html! {
            p.lead { "この事業所の申請とその状況です。管理番号を選ぶと、これまでの経過を表示します。" }
            @if all.is_empty() {
                (empty_state("申請はありません", html! { p { "ログイン情報再発行申請を受け付けると、ここに表示します。" } }))
            } @else {
                (table(&all))
                @if more { p.note { "新しいものから" (ROWS) "件を表示しています。" } }
            }
        }
    }))
}

fn table(all: &[Application]) -> Markup {
    const COLUMNS: [Column<'_>; 5] = [
        Column::Head("管理番号"),
        Column::Short("受付日"),
        Column::Text("手続き"),
        Column::Text("状態"),
        Column::Short("状態の日付"),
    ];
    let mut table = DataTable::new("申請", &COLUMNS);
    for one in all {
        table.push(vec![
            html! { a.mono href={ (PATH) "/" (one.number) } { (one.number) } },
            html! { (jst::list(jst::date(one.received))) },
            html! { (REISSUE) },
            state_badge(one.state),
            html! { (jst::list(jst::date(one.since))) },
        ]);
    }
    html! { (table) }
}

/// One application. That of another office does not exist.
#[handler]
pub fn show_one(app: Data<&App>, visit: Visit, office: Office, Path(number): Path<String>) -> Answer {
    let number = ControlNumber::parse(&number).ok_or(Fault::NotFound)?;
    let found = app.store.read(|r| reissue::find(r, number))?;
    let one = found.filter(|one| one.office == office.account.user_id.office()).ok_or(Fault::NotFound)?;
    let federation = app.config.federation_of(one.office.prefecture);
    page(office.screen(&visit, "照会内容", MenuPage::Inquiries, None, false, |_| application(&one, federation)))
}

fn application(one: &Application, federation: Option<&Federation>) -> Markup {
    let name = federation.map_or(one.office.prefecture.name(), |federation| &federation.name);
    html! {
        (Facts::new()
            .row("現在の状態", state_badge(one.state))
            .row("手続き", REISSUE)
            .row("管理番号", html! { span.mono { (one.number) } })
            .row("受付日時", jst::list_time(one.received))
            .row("受付の方法", how(one))
            .row("通知先メールアドレス", contact(one))
            .row("申請先連合会", name))
        @if one.state.is_open() {
            (notice(Mark::Info, "お心当たりのない申請のとき", html! {
                p {
                    "至急、" (name) @if let Some(federation) = federation { span.tel { "（電話 " (federation.telephone) "）" } }
                    "へご連絡ください。いまのユーザIDとパスワードは、通知書の仮パスワードが使われるまで、そのままお使いいただけます。"
                }
            }))
        }
        h2 { "これまでの経過" }
        (course_of(one, federation))
        (print_button("この画面を印刷する"))
        (ButtonRow::only_back(PATH))
    }
}

fn how(one: &Application) -> &'static str {
    match one.source {
        Source::Visitor => "オンライン申請",
        Source::Desk { .. } => "連合会の窓口",
    }
}

/// Masked: whoever applied may be a stranger to the office.
fn contact(one: &Application) -> String {
    match (&one.contact, &one.source) {
        (Some(contact), _) => contact.masked(),
        (None, Source::Desk { .. }) => "（なし）".to_owned(),
        (None, Source::Visitor) => "（保存期間が過ぎたため消去しました）".to_owned(),
    }
}
