//! D4: one institution, its users, and what can be done with each.

use maud::{Markup, html};
use poem::handler;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use serde::Deserialize;

use super::forms::{Draft, done_box, forms, reason_field};
use super::list::state;
use super::members::{Found, Someone, found, institution, person, warnings};
use super::{LIST, path};
use crate::app::App;
use crate::kernel::Id;
use crate::ledger;
use crate::portal_desk::flow::{Order, Went, carry_out};
use crate::portal_desk::model::{Act, Refused, reason};
use crate::staff::{Desk, Nav, screen};
use crate::web::components::{Mark, error_summary, notice};
use crate::web::{Answer, Fault, Form, Kept, Query, Visit, html as answer, page, page_422, see_other};

/// What led here.
#[derive(Default, Deserialize)]
struct Arrived {
    #[serde(default)]
    done: String,
}

/// The institution of this id, of the operator's own federation.
///
/// # Errors
/// [`Fault::NotFound`] for another federation's; [`Fault::Store`] when the database fails.
#[handler]
pub fn show(
    Data(app): Data<&App>,
    visit: Visit,
    desk: Desk,
    Path(id): Path<String>,
    Query(arrived): Query<Arrived>,
    kept: Kept,
) -> Answer {
    let found = load(app, &visit, &desk, &id)?;
    let draft = kept.form().map(Draft::of).unwrap_or_default();
    page(render(&visit, &desk, &found, &draft, Act::from_word(&arrived.done)))
}

/// What an operator does with a member.
///
/// # Errors
/// [`Fault::NotFound`] for another federation's; [`Fault::BadRequest`] for a form that is none of ours; [`Fault::Store`] when the
/// database fails.
#[handler]
pub async fn act(
    Data(app): Data<&App>,
    visit: Visit,
    desk: Desk,
    Path((id, member)): Path<(String, String)>,
    sent: Form,
) -> Answer {
    // Whatever the form says: who is not here is not found.
    let found = load(app, &visit, &desk, &id)?;
    let member = Id::parse(&member).ok_or(Fault::NotFound)?;
    let place = place(&found, member).ok_or(Fault::NotFound)?;
    let mut draft = Draft { member: Some(member), ..Draft::of(&sent) };
    let act = draft.act.ok_or(Fault::BadRequest("no such act"))?;
    let field = reason_field(act, place);
    let Some(why) = draft.errors.check(&field, reason(&draft.reason)) else {
        return page_422(render(&visit, &desk, &found, &draft, None));
    };
    let institution = found.institution.id;
    let order = Order { institution, member, act, seen: sent.get("seen").to_owned(), reason: why };
    match carry_out(app, &desk, visit.client, order).await? {
        Went::Done => see_other(&format!("{}?done={}", path(institution), act.word())),
        Went::NotHere => Err(Fault::NotFound),
        Went::Overtaken => {
            draft.overtaken = true;
            let found = load(app, &visit, &desk, &id)?;
            Ok(answer(StatusCode::CONFLICT, render(&visit, &desk, &found, &draft, None)))
        }
        Went::Refused(refused) => {
            let field = if refused == Refused::NothingLocked { String::new() } else { field };
            draft.errors.add(&field, refused);
            page_422(render(&visit, &desk, &load(app, &visit, &desk, &id)?, &draft, None))
        }
    }
}

/// The place of a member on the screen, from 1.
fn place(found: &Found, member: Id) -> Option<usize> {
    found.people.iter().position(|one| one.member.id == member).map(|at| at + 1)
}

fn load(app: &App, visit: &Visit, desk: &Desk, id: &str) -> Result<Found, Fault> {
    let id = Id::parse(id).ok_or(Fault::NotFound)?;
    app.store.read(|r| found(app, r, desk.prefecture(), id, visit.now))?.ok_or(Fault::NotFound)
}

fn render(visit: &Visit, desk: &Desk, found: &Found, draft: &Draft, done: Option<Act>) -> Markup {
    let csrf = visit.csrf();
    let body = html! {
        (error_summary(&draft.errors.list()))
        @if draft.overtaken {
            div role="alert" {
                (notice(Mark::Warning, "先に別の操作が行われたため、今回の操作は行っていません", html! {
                    p { "この画面を開いた後に、ほかの担当者か事業所・医療機関の方が、この利用者の登録を変更しました。最新の状態を確認して、必要なときはもう一度操作してください。" }
                }))
            }
        }
        (done_box(done))
        (warnings(found))
        div.columns.main-aside {
            div.stack #members {
                @for (at, one) in found.people.iter().enumerate() { (card(&csrf, found, (at + 1, one), draft)) }
            }
            div.stack.aside {
                section.card { h2 { "登録されている内容" } (institution(found)) }
                section.card { h2 { "最近の経過" } (ledger::timeline_of(&found.history)) }
            }
        }
        p { a href=(LIST) { "ポータルの利用者の一覧に戻る" } }
    };
    let refused = !draft.errors.is_empty() || draft.overtaken;
    let beside = state(&found.institution, &found.standing);
    screen(desk, visit, &found.name, Nav::PortalUsers).beside(beside).refused(refused).render(body)
}

fn card(csrf: &str, found: &Found, (place, one): (usize, &Someone), draft: &Draft) -> Markup {
    html! {
        section.card {
            h2 { (one.member.person.name) }
            (person(found, one))
            (forms(csrf, found, (place, one), draft))
        }
    }
}
