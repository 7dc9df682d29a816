//! D3 【ポータルの利用者】: the institutions of the desk's federation that have users.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;
use serde::Deserialize;

use super::{LIST, kind, number, path};
use crate::app::App;
use crate::kernel::{MailAddress, MedicalCode, OfficeKey, OfficeNumber, Prefecture, UserId, text};
use crate::portal::{self, Institution, MOST_ADDITIONAL, Standing, What};
use crate::staff::{Desk, Nav, screen};
use crate::store::{Read, StoreError};
use crate::web::components::{Column, DataTable, Tone, badge, empty_state, pager, search_field, search_form};
use crate::web::{Answer, Query, Visit};

/// Rows of a page.
const ROWS: usize = 25;
/// The longest word that is searched for.
const LONGEST: usize = 100;

/// The address's part behind the question mark; whatever it holds, it is read without complaint.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    page: String,
}

impl Asked {
    fn address(&self, page: u32) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.q.is_empty() {
            query.append_pair("q", &self.q);
        }
        format!("{LIST}?{}", query.append_pair("page", &page.to_string()).finish())
    }
}

/// One page of institutions.
struct Found {
    rows: Vec<Row>,
    total: usize,
    page: u32,
    pages: u32,
}

struct Row {
    institution: Institution,
    name: String,
    standing: Standing,
}

/// The list.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
#[handler]
pub async fn show(Data(app): Data<&App>, visit: Visit, desk: Desk, Query(asked): Query<Asked>) -> Answer {
    let (home, now) = (desk.prefecture(), visit.now);
    let ask = asked.clone();
    let found = app.store.search(move |r| look(r, home, &ask, now)).await?;
    screen(&desk, &visit, "ポータルの利用者", Nav::PortalUsers).answer(html! {
        (search_form(LIST, "検索", Some("institutions"), html! {
            (search_field("q", "検索").value(&asked.q)
                .support("事業所番号・ユーザID・医療機関コード・名称の一部、または利用者のメールアドレス（全部）"))
        }))
        (list(&asked, &found))
    })
}

fn look(r: &Read, home: Prefecture, asked: &Asked, now: jiff::Timestamp) -> Result<Found, StoreError> {
    let mut all = Vec::new();
    match exact(r, home, &asked.q)? {
        Some(found) => all = found,
        None => {
            let word: String = text::search_form(&asked.q).chars().take(LONGEST).collect();
            portal::each_of_home(r, home, |one| {
                let name = portal::name_of(r, &one)?;
                if word.is_empty() || text::search_form(&name).contains(&word) || number(&one).contains(&word) {
                    all.push((one, name));
                }
                Ok(true)
            })?;
        }
    }
    all.sort_by_cached_key(|(one, _)| (number(one), one.id));
    let pages = u32::try_from(all.len().div_ceil(ROWS)).unwrap_or(u32::MAX).max(1);
    let page = asked.page.parse().unwrap_or(1).clamp(1, pages);
    let total = all.len();
    let mut rows = Vec::new();
    for (institution, name) in all.into_iter().skip((page as usize - 1) * ROWS).take(ROWS) {
        rows.push(Row { standing: portal::standing_of(r, &institution, now)?, institution, name });
    }
    Ok(Found { rows, total, page, pages })
}

/// What a whole number, ID, code or address names; `None` for a word that is none of these.
fn exact(r: &Read, home: Prefecture, typed: &str) -> Result<Option<Vec<(Institution, String)>>, StoreError> {
    let mut found = Vec::new();
    if let Ok(mail) = MailAddress::parse(typed) {
        if let Some(user) = portal::user_by_mail(r, &mail)? {
            for member in portal::memberships(r, user.id)? {
                found.extend(portal::institution(r, member.institution)?);
            }
        }
    } else if let Some(user_id) = UserId::parse(typed) {
        found.extend(portal::of_office(r, user_id)?);
    } else {
        // Ten digits may be both.
        let office = OfficeNumber::parse(typed).ok().map(|number| UserId::of(OfficeKey::new(home, number)));
        let code = MedicalCode::parse(typed).ok();
        if office.is_none() && code.is_none() {
            return Ok(None);
        }
        found.extend(office.map_or(Ok(None), |user_id| portal::of_office(r, user_id))?);
        found.extend(code.map_or(Ok(None), |code| portal::of_code(r, &code))?);
    }
    found.retain(|one| one.home == home);
    found.into_iter().map(|one| portal::name_of(r, &one).map(|name| (one, name))).collect::<Result<_, _>>().map(Some)
}

fn list(asked: &Asked, found: &Found) -> Markup {
    html! {
        div #institutions {
            p.list-count role="status" {
                strong.num { (found.total) } "件"
                @if found.pages > 1 { "（" (found.pages) "ページ中" (found.page) "ページ目）" }
            }
            @if found.rows.is_empty() {
                (empty_state("該当する事業所・医療機関はありません", html! {
                    p { "介護事業所は初回利用登録のあと、医療機関はIDの発行のあとに、この一覧に表示されます。" }
                }))
            } @else {
                (table(&found.rows))
                (pager(found.page, found.pages, |page| asked.address(page)))
            }
        }
    }
}

fn table(rows: &[Row]) -> Markup {
    const COLUMNS: [Column<'_>; 5] = [
        Column::Head("名称"),
        Column::Short("種別"),
        Column::Text("主たる利用者"),
        Column::Number("追加の利用者"),
        Column::Text("状態"),
    ];
    let mut table = DataTable::new("ポータルの利用者がいる事業所・医療機関", &COLUMNS);
    for Row { institution, name, standing } in rows {
        table.push(vec![
            html! { a href=(path(institution.id)) { (name) } span.under.mono { (number(institution)) } },
            html! { (kind(institution)) },
            html! { (standing.main.as_deref().unwrap_or("―")) },
            html! { (standing.additional) "／" (MOST_ADDITIONAL) },
            state(institution, standing),
        ]);
    }
    html! { (table) }
}

/// How far the main user has come.
pub(super) fn state(institution: &Institution, standing: &Standing) -> Markup {
    let again = match institution.what {
        What::Care(_) => "初期パスワード期限切れ",
        What::Medical(_) => "初期パスワード期限切れ（再送できます）",
    };
    if standing.suspended {
        badge("主たる利用者が利用停止", Tone::Bad)
    } else if standing.initial_expired {
        badge(again, Tone::Bad)
    } else if standing.entered && standing.agreed {
        badge("利用中", Tone::Good)
    } else {
        badge("初回ログイン前", Tone::Waiting)
    }
}
