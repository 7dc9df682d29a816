//! 【お知らせ】 after login, and the text of a notice that is addressed to the office.
//!
//! An unread notice is opened by a form: that it was opened is noted, and a page that is only looked at changes nothing.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use poem::handler;
use poem::web::{Data, Path};
use serde::Deserialize;

use super::model::{Addressed, Public};
use super::store::{self, MOST_SHOWN};
use crate::accounts::LastLogin;
use crate::app::App;
use crate::kernel::{ClientNetwork, Id, jst};
use crate::login::{self, Attempted, MenuPage, Office};
use crate::portal;
use crate::portal_register;
use crate::store::StoreError;
use crate::web::components::{
    ButtonRow, Column, DataTable, Facts, Mark, Tone, badge, empty_state, link_button, notice, pager, paragraphs, post_button,
};
use crate::web::{Answer, Fault, Form, Query, Visit, page, see_other};

/// The page an office lands on.
const HOME: &str = "/office";
/// Where its own notices are.
const OWN: &str = "/office/notices";
/// Own notices on one page of the list.
const ROWS: usize = 20;
/// Tries that did not lead in are told for this many days.
const ATTEMPT_DAYS: i64 = 30;
/// Where their counting stops.
const ATTEMPTS_MOST: usize = 100;
/// How many are shown.
const ATTEMPTS_SHOWN: usize = 20;

/// Kinds of notices that tell of an application.
const ABOUT_APPLICATIONS: [&str; 2] = ["N-1", "N-2"];

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    page: String,
}

/// M1: when and from where the account was last opened, what is addressed to the office, and the public notices for everybody and of its own
/// federation.
#[handler]
pub fn show_home(app: Data<&App>, visit: Visit, office: Office, Query(asked): Query<Asked>) -> Answer {
    let user = office.account.user_id;
    let a_month_ago = visit.now.saturating_sub(SignedDuration::from_hours(ATTEMPT_DAYS * 24)).unwrap_or(Timestamp::MIN);
    let (own, mut news, attempts, standing) = app.store.read(|r| {
        let attempts = login::attempts(r, user.office(), a_month_ago, visit.now, ATTEMPTS_MOST)?;
        let (own, news) = (store::of_office(r, user, MOST_SHOWN)?, store::public(r, visit.now)?);
        Ok::<_, StoreError>((own, news, attempts, portal::standing(r, user, visit.now)?))
    })?;
    news.retain(|one| one.prefecture.is_none_or(|place| place == user.office().prefecture));
    let markup = office.screen(&visit, "お知らせ", MenuPage::Notices, None, false, |csrf| {
        html! {
            @if let Some(last) = &office.account.login_before { (last_login(last)) }
            (attempts_part(&attempts, office.account.password_set))
            (portal_register::card(&standing))
            (own_part(&own, &asked.page, csrf))
            h2 { "お知らせ一覧" }
            (public_part(&news, &visit))
        }
    });
    page(markup)
}

fn last_login(last: &LastLogin) -> Markup {
    let from = last.from.parse().map_or_else(|_| "不明".to_owned(), |address| ClientNetwork::of(address).masked());
    let from = if last.agent.is_empty() { from } else { format!("{from}、{}", last.agent) };
    html! {
        (Facts::new().row("前回のログイン", html! { (jst::sentence_time(last.at)) " " span.muted.inline { "接続元 " (from) } }))
    }
}

/// Who tried to enter and did not; nothing where nobody did.
fn attempts_part(attempts: &[Attempted], password_set: Option<Timestamp>) -> Markup {
    const COLUMNS: [Column<'_>; 3] = [Column::Short("日時"), Column::Short("接続元"), Column::Text("理由")];
    let Some(newest) = attempts.first() else { return html! {} };
    let count =
        if attempts.len() >= ATTEMPTS_MOST { format!("{ATTEMPTS_MOST}回以上") } else { format!("{}回", attempts.len()) };
    // Who knew a password that has been replaced since knows nothing any more.
    let known = attempts.iter().any(|one| one.knew_password && password_set.is_none_or(|set| one.at >= set));
    let mut table = DataTable::new("ログインできなかった記録", &COLUMNS);
    for one in shown(attempts) {
        table.push(vec![html! { (jst::list_time(one.at)) }, html! { (one.from) }, html! { (one.outcome_word) }]);
    }
    html! {
        @if known {
            (notice(Mark::Warning, "正しいパスワードを入力したのに、ログインできなかった記録があります", html! {
                p { "ご自身で行ったことかどうか、下の記録をご確認ください。お心当たりがないときは、パスワードが第三者に知られているおそれがあります。すぐに" a href="/office/user/password" { "パスワードを変更" } "し、国保連合会へお電話ください。" }
            }))
        }
        details.fold open[known] {
            summary { "ログインできなかった記録（直近" (ATTEMPT_DAYS) "日間）： " (count) "、最後は " (jst::list_time(newest.at)) }
            (table)
            @if attempts.len() > ATTEMPTS_SHOWN {
                p.note { "新しいものから" (ATTEMPTS_SHOWN) "件を表示しています。正しいパスワードが入力されたものなど、ご確認いただきたいものを優先しています。" }
            }
            p.note { "誤りが続くと、その端末からのログインを一定時間停止します。接続元の末尾は伏せています。" }
        }
    }
}

/// Those in the table: what matters before all others, so that strangers push none of it out.
fn shown(attempts: &[Attempted]) -> impl Iterator<Item = &Attempted> {
    let mut room = ATTEMPTS_SHOWN.saturating_sub(attempts.iter().filter(|one| one.matters).count());
    let fits = move |one: &&Attempted| {
        let fits = one.matters || room > 0;
        room -= usize::from(fits && !one.matters);
        fits
    };
    attempts.iter().filter(fits).take(ATTEMPTS_SHOWN)
}

/// What is addressed to the office, newest first.
fn own_part(own: &[Addressed], asked: &str, csrf: &str) -> Markup {
    let unread = own.iter().filter(|one| one.read.is_none()).count();
    let last = u32::try_from(own.len().div_ceil(ROWS)).unwrap_or(1).max(1);
    let current = asked.parse::<u32>().unwrap_or(1).clamp(1, last);
    let rows = own.chunks(ROWS).nth(current as usize - 1).unwrap_or_default();
    html! {
        div.list-head {
            h2 { "事業所あてのお知らせ" @if unread > 0 { " " (badge(&format!("未読 {unread}件"), Tone::New)) } }
            @if let (true, Some(newest)) = (unread > 0, own.first()) {
                (post_button(OWN, csrf, "すべて既読にする", "small", &[("newest", &newest.id.to_string())]))
            }
        }
        @if rows.is_empty() {
            p.muted { "事業所あてのお知らせはまだありません。登録情報の変更や、再発行申請の受付と結果をここでお知らせします。" }
        } @else {
            ul.news {
                @for one in rows {
                    li {
                        time { (jst::list(jst::date(one.at))) }
                        div {
                            @if one.read.is_none() {
                                div.unread { span.unread-mark { "未読" } (link_button(&path(one.id), csrf, &one.title)) }
                            } @else {
                                a href=(path(one.id)) { (one.title) }
                            }
                            // Titles are the same for all of a kind.
                            span.under { (one.body.lines().next().unwrap_or_default()) }
                        }
                    }
                }
            }
            (pager(current, last, |page| format!("{HOME}?page={page}")))
        }
    }
}

fn public_part(news: &[Public], visit: &Visit) -> Markup {
    let today = jst::date(visit.now);
    if news.is_empty() {
        return empty_state("お知らせはありません", html! {});
    }
    html! {
        ul.news {
            @for one in news {
                li {
                    time { (one.from.map(jst::list).unwrap_or_default()) }
                    span {
                        @if one.is_new(today) { span.new-mark { "New" } }
                        a href={ "/notices/" (one.id) } { (one.shown_title()) }
                    }
                }
            }
        }
    }
}

fn path(id: Id) -> String {
    format!("{OWN}/{id}")
}

/// The text of one that is addressed to the office.
#[handler]
pub fn show_notice(app: Data<&App>, visit: Visit, office: Office, Path(id): Path<String>) -> Answer {
    let id = Id::parse(&id).ok_or(Fault::NotFound)?;
    let found = app.store.read(|r| store::of_office_one(r, office.account.user_id, id))?;
    let one = found.ok_or(Fault::NotFound)?;
    page(office.screen(&visit, "お知らせ", MenuPage::Notices, None, false, |csrf| {
        html! {
            p.muted { (jst::sentence_time(one.at)) }
            h2 { (one.title) @if one.read.is_none() { " " (badge("未読", Tone::New)) } }
            (paragraphs(&one.body))
            @if let Some(federation) = app.config.federation_of(office.account.user_id.office().prefecture) {
                p.note { "お問い合わせ先　" (federation.name) "　" (federation.department) "　" span.tel { "電話 " (federation.telephone) } }
            }
            @if ABOUT_APPLICATIONS.contains(&one.kind.as_str()) { p { a href="/office/inquiries" { "照会一覧で経過を確認する" } } }
            // Somebody has come here by an address: looking alone does not mark it.
            @if one.read.is_none() { (post_button(&path(id), csrf, "既読にする", "", &[])) }
            (ButtonRow::only_back(HOME))
        }
    }))
}

/// An unread one is opened.
#[handler]
pub async fn mark(app: Data<&App>, visit: Visit, office: Office, Path(id): Path<String>, _form: Form) -> Answer {
    let id = Id::parse(&id).ok_or(Fault::NotFound)?;
    let (now, user) = (visit.now, office.account.user_id);
    let found = app.store.write(move |tx| store::open(tx, now, user, id)).await?;
    if found { see_other(&path(id)) } else { Err(Fault::NotFound) }
}

/// \[すべて既読にする\]: those that the page has shown, and older ones. What came meanwhile has been seen by nobody.
#[handler]
pub async fn mark_all(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    if let Some(newest) = Id::parse(form.get("newest")) {
        let (now, user) = (visit.now, office.account.user_id);
        app.store.write(move |tx| store::mark_all_read(tx, now, user, newest)).await?;
    }
    see_other(HOME)
}
