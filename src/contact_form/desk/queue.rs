//! D1 【ポータルの問い合わせ】: what waits for the operators of the desk's federation, and mails of the portal that did not go.

use std::collections::BTreeMap;

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;
use serde::Deserialize;

use super::{QUEUE, address, state_badge, waiting};
use crate::app::App;
use crate::contact_form::model::{Inquiry, InquiryNumber, State};
use crate::contact_form::{MOST, mails, store};
use crate::kernel::{Id, MedicalCode, Prefecture, jst};
use crate::mail::outbox;
use crate::portal;
use crate::staff::{Desk, Nav, screen};
use crate::store::{Reads, StoreError};
use crate::web::components::{Choice, Column, DataTable, Tone, badge, empty_state, pager, search_form, select};
use crate::web::{Answer, Query, Visit};

/// Rows of a page.
const ROWS: usize = 25;
/// Failed mails that are shown.
const MAILS: usize = 20;
/// And rows of the outbox that are looked through for them.
const MAILS_LOOKED_AT: usize = 500;

/// The address's part behind the question mark; whatever it holds, it is read without complaint.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    state: String,
    category: String,
    page: String,
}

impl Asked {
    /// The states that are asked for: those that wait, unless another is named.
    fn states(&self) -> Vec<State> {
        match State::ALL.into_iter().find(|state| state.word() == self.state) {
            Some(state) => vec![state],
            None if self.state == "all" => State::ALL.to_vec(),
            None => State::OPEN.to_vec(),
        }
    }

    fn address(&self, page: u32) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("state", &self.state), ("category", &self.category)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("{QUEUE}?{}", query.append_pair("page", &page.to_string()).finish())
    }
}

/// What the screen shows.
struct Found {
    rows: Vec<Row>,
    total: usize,
    page: u32,
    pages: u32,
    failed: Vec<FailedMail>,
}

struct Row {
    one: Inquiry,
    /// Other applications for the same code wait.
    twin: bool,
    /// The code has an account.
    known: bool,
}

/// A mail of the portal that could not be sent, with what leads to it.
struct FailedMail {
    row: outbox::Row,
    href: Option<String>,
}

/// The queue.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
#[handler]
pub fn show(Data(app): Data<&App>, visit: Visit, desk: Desk, Query(asked): Query<Asked>) -> Answer {
    let found = app.store.read(|r| look(r, desk.prefecture(), &asked))?;
    screen(&desk, &visit, "ポータルの問い合わせ", Nav::Inquiries).answer(html! {
        (filter_form(app, &asked))
        (list(&asked, &found, &visit))
        (mails_part(&found.failed))
    })
}

fn look(r: &impl Reads, home: Prefecture, asked: &Asked) -> Result<Found, StoreError> {
    let (mut open, mut rest) = (Vec::new(), Vec::new());
    for state in asked.states() {
        if state.is_open() {
            open.extend(store::in_state(r, home, state, MOST)?);
        } else {
            rest.extend(store::most_recent(r, home, state, MOST)?);
        }
    }
    // Who waits longest comes first; of what is at rest the newest is looked for.
    open.sort_by_key(|one| one.received);
    rest.sort_by_key(|one| std::cmp::Reverse(one.received));
    let mut all = open;
    all.append(&mut rest);
    all.retain(|one| asked.category.is_empty() || one.category.0 == asked.category);
    let pages = u32::try_from(all.len().div_ceil(ROWS)).unwrap_or(u32::MAX).max(1);
    let page = asked.page.parse().unwrap_or(1).clamp(1, pages);
    let codes = open_codes(r, home)?;
    let total = all.len();
    let mut rows = Vec::new();
    for one in all.into_iter().skip((page as usize - 1) * ROWS).take(ROWS) {
        let code = one.medical.as_ref().map(|medical| medical.code).filter(|_| one.state.is_open());
        let twin = code.is_some_and(|code| codes.get(&code).is_some_and(|count| *count > 1));
        let known = code.map_or(Ok(false), |code| portal::of_code(r, &code).map(|found| found.is_some()))?;
        rows.push(Row { one, twin, known });
    }
    Ok(Found { rows, total, page, pages, failed: failed(r, home)? })
}

/// How many applications wait for each code.
fn open_codes(r: &impl Reads, home: Prefecture) -> Result<BTreeMap<MedicalCode, usize>, StoreError> {
    let mut codes = BTreeMap::new();
    for state in State::OPEN {
        for one in store::in_state(r, home, state, MOST)? {
            if let Some(medical) = one.medical {
                *codes.entry(medical.code).or_default() += 1;
            }
        }
    }
    Ok(codes)
}

fn failed(r: &impl Reads, home: Prefecture) -> Result<Vec<FailedMail>, StoreError> {
    let own = |row: &outbox::Row| mails::mail_home(row).or_else(|| portal::mail_home(row)) == Some(home);
    let mut all = Vec::new();
    for (_, row) in outbox::list(r, outbox::State::Failed, None, 0, MAILS_LOOKED_AT)? {
        if all.len() < MAILS && row.can_be_sent_again() && own(&row) {
            all.push(FailedMail { href: href(r, home, &row.about)?, row });
        }
    }
    Ok(all)
}

/// Where what a mail is about is looked after: the inquiry, or the institution of the member or user.
fn href(r: &impl Reads, home: Prefecture, about: &str) -> Result<Option<String>, StoreError> {
    if let Some(number) = InquiryNumber::parse(about) {
        return Ok(Some(address(number)));
    }
    let Some(id) = about.strip_prefix("portal ").and_then(Id::parse) else { return Ok(None) };
    for member in portal::member(r, id)?.into_iter().chain(portal::memberships(r, id)?) {
        if portal::institution(r, member.institution)?.is_some_and(|one| one.home == home) {
            return Ok(Some(format!("{QUEUE}/institutions/{}", member.institution)));
        }
    }
    Ok(None)
}

fn filter_form(app: &App, asked: &Asked) -> Markup {
    let states = State::ALL.iter().map(|state| Choice::new(state.word(), state.title()));
    let states: Vec<Choice<'_>> = states.chain([Choice::new("all", "すべて")]).collect();
    let categories: Vec<Choice<'_>> = app.config.portal.categories.iter().map(|one| Choice::new(&one.name, &one.name)).collect();
    search_form(
        QUEUE,
        "絞り込む",
        Some("queue"),
        html! {
            (select("state", "状態", &states).empty("未対応と対応中").chosen(&asked.state))
            (select("category", "大カテゴリー", &categories).empty("すべて").chosen(&asked.category))
        },
    )
}

fn list(asked: &Asked, found: &Found, visit: &Visit) -> Markup {
    html! {
        div #queue {
            p.list-count role="status" {
                strong.num { (found.total) } "件"
                @if found.pages > 1 { "（" (found.pages) "ページ中" (found.page) "ページ目）" }
            }
            @if found.rows.is_empty() {
                (empty_state("該当する問い合わせはありません", html! {}))
            } @else {
                (table(&found.rows, visit))
                (pager(found.page, found.pages, |page| asked.address(page)))
            }
        }
    }
}

fn table(rows: &[Row], visit: &Visit) -> Markup {
    const COLUMNS: [Column<'_>; 6] = [
        Column::Head("受付番号"),
        Column::Short("受付"),
        Column::Number("経過"),
        Column::Text("区分"),
        Column::Text("状態"),
        Column::Text("確認事項"),
    ];
    let mut table = DataTable::new("ポータルの問い合わせの一覧", &COLUMNS);
    for Row { one, twin, known } in rows {
        table.push(vec![
            html! { a.mono href=(address(one.number)) { (one.number) } },
            html! { (jst::list(jst::date(one.received))) },
            waiting(one, visit.now),
            html! {
                (one.category.0) "／" (one.category.1)
                @if let Some(medical) = &one.medical { span.under { (medical.name) " " span.mono { (medical.code) } } }
            },
            html! {
                (state_badge(one.state))
                @if let Some(who) = last_hand(one) { span.under { "担当 " (who) } }
            },
            html! {
                @if *twin || *known {
                    ul.flags {
                        @if *twin { li { (badge("同じ医療機関コードの申請あり", Tone::Waiting)) } }
                        @if *known { li { (badge("登録済みの医療機関", Tone::Waiting)) } }
                    }
                }
            },
        ]);
    }
    html! { (table) }
}

/// Who did something with it last.
fn last_hand(one: &Inquiry) -> Option<&str> {
    one.history.last().map(|step| step.who.as_str()).filter(|who| !who.is_empty())
}

fn mails_part(failed: &[FailedMail]) -> Markup {
    let title = |row: &outbox::Row| mails::mail_title(&row.kind).or_else(|| portal::mail_title(&row.kind));
    html! {
        @if !failed.is_empty() {
            section.card #mails {
                h2 { "送れなかったメール" }
                p { "メールサーバーが受け取らなかったメールです。電話でお知らせするか、対象の画面から再送してください。" }
                ul.mail-list {
                    @for FailedMail { row, href } in failed {
                        li {
                            p { (title(row).unwrap_or(&row.kind)) }
                            p.muted { (row.to.masked()) " " (jst::list_time(row.posted)) }
                            @if let Some(error) = &row.last_error { p.mail-error { "メールサーバーの応答： " (error) } }
                            @if let Some(href) = href { p { a href=(href) { "対象の画面を開く" } } }
                        }
                    }
                }
            }
        }
    }
}
