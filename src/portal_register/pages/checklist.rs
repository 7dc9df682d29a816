//! K1 【介護情報基盤ポータルの利用準備】: the steps of S4 with where the institution stands, after login to either system.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use crate::app::App;
use crate::login::{MenuPage, Office};
use crate::portal::{self, Bearer, PortalMenu, Standing, What};
use crate::portal_register::checklist::{Item, Side, State, is_ready, of_medical, of_office};
use crate::web::components::{ButtonRow, Reached, TimelineItem, timeline};
use crate::web::{Answer, Fault, Visit, page};

const TITLE: &str = "介護情報基盤ポータルの利用準備";
/// Where an office sees it.
const AT_OFFICE: &str = "/office/portal";
const LEAD: &str = "介護情報基盤ポータルを使い始めるまでの手順です。どこまで済んでいるかと、次に行うことをご確認いただけます。";

/// After the login to the reception system.
#[handler]
pub fn office(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    let user_id = office.account.user_id;
    let standing = app.store.read(|r| portal::standing(r, user_id, visit.now))?;
    let side = Side::Office { has_address: office.account.contact().is_some() };
    page(office.screen(&visit, TITLE, MenuPage::Notices, None, false, |_| {
        html! {
            p.lead { (LEAD) }
            (steps(&of_office(&standing, side)))
            p.note { "ご不明な点は、" a href="/portal" { "介護情報基盤ポータル" } "の画面もあわせてご覧ください。" }
            (ButtonRow::only_back("/office"))
        }
    }))
}

/// After the login to the portal.
#[handler]
pub fn of_portal(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    let institution = bearer.institution.as_ref().ok_or_else(|| Fault::internal("a page of the portal without a place"))?;
    let standing = app.store.read(|r| portal::standing_of(r, institution, visit.now))?;
    let side = Side::Portal { is_main: bearer.is_main() };
    let items = match institution.what {
        What::Care(_) => of_office(&standing, side),
        What::Medical(_) => of_medical(&standing, side),
    };
    page(bearer.screen(&visit, TITLE, PortalMenu::My, None, false, |_| {
        html! {
            p.lead { (LEAD) }
            (steps(&items))
            (ButtonRow::only_back(portal::HOME))
        }
    }))
}

/// The line on お知らせ of an office, until its main user has come to マイページ.
#[must_use]
pub fn card(standing: &Standing) -> Markup {
    if is_ready(standing) {
        return html! {};
    }
    html! {
        p.note {
            @if standing.main.is_some() { "介護情報基盤ポータルの利用準備がまだ終わっていません。" }
            @else { "介護情報基盤ポータルの初回利用登録がまだ行われていません。" }
            a href=(AT_OFFICE) { (TITLE) "を確認する" }
        }
    }
}

fn steps(items: &[Item]) -> Markup {
    let entries: Vec<TimelineItem<'_>> = items
        .iter()
        .map(|item| TimelineItem {
            reached: match item.state {
                State::Done => Reached::Done,
                State::Next => Reached::Now,
                State::Ahead | State::Optional => Reached::Ahead,
            },
            title: item.title,
            when: item.state.word(),
            detail: html! {
                p { (item.what) }
                // No list: the line of the steps would draw its marks beside it.
                @for (words, path) in &item.links { p { a href=(path) { (words) } } }
            },
        })
        .collect();
    timeline(&entries)
}
