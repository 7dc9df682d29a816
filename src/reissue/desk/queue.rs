//! 【再発行申請】: the queue of the desk's federation.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;
use serde::Deserialize;

use super::super::flow::desk::queue::{Ask, Filter, Queue, queue, waiting};
use super::super::model::State;
use super::{QUEUE, live, table};
use crate::app::App;
use crate::staff::{Desk, Nav, screen};
use crate::web::components::{Choice, empty_state, pager, search_field, search_form, select};
use crate::web::{Answer, Query, Visit};

/// The address's part behind the question mark; whatever it holds, it is read without complaint.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    state: String,
    order: String,
    page: String,
}

impl Asked {
    fn filter(&self) -> Filter {
        Filter::from_word(&self.state)
    }

    /// The same list at another page or in another filter.
    fn address(&self, filter: Filter, page: u32) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("q", self.q.as_str()), ("state", filter.word()), ("order", self.order.as_str())] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        let query = query.finish();
        if query.is_empty() { QUEUE.to_owned() } else { format!("{QUEUE}?{query}") }
    }
}

/// The queue.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
#[handler]
pub async fn show(Data(app): Data<&App>, visit: Visit, desk: Desk, Query(asked): Query<Asked>) -> Answer {
    let ask = Ask {
        prefecture: desk.prefecture(),
        filter: asked.filter(),
        search: asked.q.clone(),
        newest_first: asked.order == "new",
        page: asked.page.parse().unwrap_or(1),
        now: visit.now,
    };
    let found = app.store.search(move |r| queue(r, &ask)).await?;
    let counts = app.store.read(|r| waiting(r, desk.prefecture(), visit.now))?;
    let body = html! {
        div.queue-head {
            (live::frame(&counts, visit.now))
            a.button href="/staff/applications/new" { "窓口受付を入力" }
        }
        (filter_form(&asked))
        (list(&asked, &found, &visit))
    };
    screen(&desk, &visit, "再発行申請", Nav::Applications).answer(body)
}

fn filter_form(asked: &Asked) -> Markup {
    let states = State::ALL.map(|state| Choice::new(state.word(), state.title()));
    let mut choices = vec![Choice::new("open", "未完了のすべて"), Choice::new("all", "すべて")];
    choices.extend(states);
    let orders = [Choice::new("", "古い順"), Choice::new("new", "新しい順")];
    search_form(
        QUEUE,
        "絞り込む",
        Some("queue"),
        html! {
            (search_field("q", "検索").value(&asked.q).support("管理番号・事業所番号・事業所名など"))
            (select("state", "状態", &choices).empty("未処理のもの").chosen(asked.filter().word()))
            (select("order", "並び順", &orders).chosen(&asked.order))
        },
    )
}

fn list(asked: &Asked, found: &Queue, visit: &Visit) -> Markup {
    html! {
        div #queue {
            p.list-count role="status" {
                strong.num { (found.total) } "件"
                @if found.pages > 1 { "（" (found.pages) "ページ中" (found.page) "ページ目）" }
            }
            @if found.too_common {
                p.note { "この語を含む事業所が多いため、一部だけを探しました。もう少し長い語で検索してください。" }
            }
            @if found.rows.is_empty() {
                (nothing(asked, found))
            } @else {
                (table::rows(&found.rows, visit.now))
                (pager(found.page, found.pages, |page| asked.address(asked.filter(), page)))
                @if found.in_any_state > found.total { (elsewhere(asked, found.in_any_state)) }
            }
        }
    }
}

fn nothing(asked: &Asked, found: &Queue) -> Markup {
    if found.in_any_state > 0 {
        return empty_state("この状態の申請には見つかりません", elsewhere(asked, found.in_any_state));
    }
    match (asked.q.trim().is_empty(), asked.filter()) {
        (false, _) => empty_state("該当する申請はありません", html! { p { "番号や事業所名をお確かめください。" } }),
        (true, Filter::Undecided) => {
            empty_state("未処理の申請はありません", html! { p { "新しい申請が届くと、この画面の上に件数が出ます。" } })
        }
        (true, _) => empty_state("この状態の申請はありません", html! { p { a href=(QUEUE) { "未処理の申請を見る" } } }),
    }
}

fn elsewhere(asked: &Asked, in_any_state: usize) -> Markup {
    html! { p { a href=(asked.address(Filter::All, 1)) { "すべての状態から探す（" (in_any_state) "件）" } } }
}
