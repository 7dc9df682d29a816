//! 【お知らせ】 after login, and the text of a notice that is addressed to the office.
//!
//! An unread notice is opened by a form: that it was opened is noted, and a page that is only looked at changes nothing.

use maud::{Markup, html};
use poem::handler;
use poem::web::{Data, Path};
use serde::Deserialize;

use super::model::{Addressed, Public};
use super::store::{self, MOST_SHOWN};
use crate::accounts::LastLogin;
use crate::app::App;
use crate::kernel::{Id, jst};
use crate::login::{MenuPage, Office};
use crate::store::StoreError;
use crate::web::components::{ButtonRow, Facts, Tone, badge, empty_state, link_button, pager, paragraphs, post_button};
use crate::web::{Answer, Fault, Form, Query, Visit, page, see_other};

/// The page an office lands on.
const HOME: &str = "/office";
/// Where its own notices are.
const OWN: &str = "/office/notices";
/// Own notices on one page of the list.
const ROWS: usize = 20;

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
    let (own, mut news) =
        app.store.read(|r| Ok::<_, StoreError>((store::of_office(r, user, MOST_SHOWN)?, store::public(r, visit.now)?)))?;
    news.retain(|one| one.prefecture.is_none_or(|place| place == user.office().prefecture));
    let markup = office.screen(&visit, "お知らせ", MenuPage::Notices, None, false, |csrf| {
        html! {
            @if let Some(last) = &office.account.login_before { (last_login(last)) }
            (own_part(&own, &asked.page, csrf))
            h2 { "お知らせ一覧" }
            (public_part(&news, &visit))
        }
    });
    page(markup)
}

fn last_login(last: &LastLogin) -> Markup {
    let from = if last.agent.is_empty() { last.from.clone() } else { format!("{}、{}", last.from, last.agent) };
    html! {
        (Facts::new().row("前回のログイン", html! { (jst::sentence_time(last.at)) " " span.muted { "接続元 " (from) } }))
    }
}

/// What is addressed to the office, newest first.
fn own_part(own: &[Addressed], asked: &str, csrf: &str) -> Markup {
    let unread = own.iter().filter(|notice| notice.read.is_none()).count();
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
                @for notice in rows {
                    li {
                        time { (jst::list(jst::date(notice.at))) }
                        span {
                            @if notice.read.is_none() {
                                span.unread-mark { "未読" }
                                (link_button(&path(notice.id), csrf, &notice.title))
                            } @else {
                                a href=(path(notice.id)) { (notice.title) }
                            }
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
