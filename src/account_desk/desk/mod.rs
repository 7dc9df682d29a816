//! 【ユーザの管理】: the account of one office, and what can be done with it.

mod facts;
mod forms;

use maud::{Markup, html};
use poem::handler;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use serde::Deserialize;

pub use self::facts::state_badge;
use self::facts::{Found, found};
use self::forms::{Draft, done_box, forms};
use super::flow::{Order, Went, carry_out};
use super::model::{Act, Refused, Seen, proof, reason};
use crate::app::App;
use crate::kernel::{OfficeKey, OfficeNumber};
use crate::ledger;
use crate::staff::{Desk, Nav, screen};
use crate::web::components::{Mark, error_summary, notice};
use crate::web::{Answer, Fault, Form, Kept, Query, Visit, html, page, page_422, see_other};

/// The screen's name.
const TITLE: &str = "ユーザの管理";

/// Where the office is.
fn office_path(office: OfficeKey) -> String {
    format!("/staff/ledger/{}", office.number)
}

/// Where its account is.
fn path(office: OfficeKey) -> String {
    format!("{}/account", office_path(office))
}

/// What led here.
#[derive(Default, Deserialize)]
struct Arrived {
    #[serde(default)]
    done: String,
}

/// The account of the office of this number in the federation's own ledger.
#[handler]
pub fn show(
    app: Data<&App>,
    visit: Visit,
    desk: Desk,
    Path(number): Path<String>,
    Query(arrived): Query<Arrived>,
    kept: Kept,
) -> Answer {
    let found = load(&app, &visit, &desk, &number)?;
    let draft = kept.form().map(|form| Draft::of(form, Act::from_word(form.get("act")))).unwrap_or_default();
    page(render(&visit, &desk, &found, &draft, Act::from_word(&arrived.done)))
}

/// \[ロックを解除する\], for whoever sits at the desk.
#[handler]
pub async fn unlock(app: Data<&App>, visit: Visit, desk: Desk, Path(number): Path<String>, form: Form) -> Answer {
    carry(&app, &visit, &desk, &number, &form, Act::Unlock).await
}

/// What approvers do.
#[handler]
pub async fn manage(app: Data<&App>, visit: Visit, desk: Desk, Path(number): Path<String>, form: Form) -> Answer {
    // Whatever the form says: what is not here is not found.
    load(&app, &visit, &desk, &number)?;
    let act = Act::from_word(form.get("act")).filter(|act| *act != Act::Unlock);
    carry(&app, &visit, &desk, &number, &form, act.ok_or(Fault::BadRequest("no such act"))?).await
}

async fn carry(app: &App, visit: &Visit, desk: &Desk, number: &str, form: &Form, act: Act) -> Answer {
    let office = of_path(desk, number)?;
    let mut draft = Draft::of(form, Some(act));
    let why = draft.errors.check(forms::reason_field(act), reason(&draft.reason));
    let proven = match act {
        Act::ClearAddresses => draft.errors.check(forms::PROOF, proof(&draft.proof)),
        _ => Some(String::new()),
    };
    let (Some(reason), Some(proof)) = (why, proven) else {
        return page_422(render(visit, desk, &load(app, visit, desk, number)?, &draft, None));
    };
    let order = Order { act, seen: Seen::from_word(form.get("seen")), reason, proof };
    match carry_out(app, desk, visit.client, office, order).await? {
        Went::Done => see_other(&format!("{}?done={}", path(office), act.word())),
        Went::NotHere => Err(Fault::NotFound),
        Went::Overtaken => {
            draft.overtaken = true;
            let found = load(app, visit, desk, number)?;
            Ok(html(StatusCode::CONFLICT, render(visit, desk, &found, &draft, None)))
        }
        Went::Refused(refused) => {
            draft.errors.add(field_of(act, refused), refused);
            page_422(render(visit, desk, &load(app, visit, desk, number)?, &draft, None))
        }
    }
}

/// The field that a refusal is about; none for what no field is to blame for.
fn field_of(act: Act, refused: Refused) -> &'static str {
    match refused {
        Refused::ReasonMissing | Refused::ReasonForm => forms::reason_field(act),
        Refused::ProofMissing | Refused::ProofForm => forms::PROOF,
        _ => "",
    }
}

/// The office of this desk's federation with the number in the path.
fn of_path(desk: &Desk, number: &str) -> Result<OfficeKey, Fault> {
    let number = OfficeNumber::parse(number).map_err(|_| Fault::NotFound)?;
    Ok(OfficeKey::new(desk.prefecture(), number))
}

fn load(app: &App, visit: &Visit, desk: &Desk, number: &str) -> Result<Found, Fault> {
    let office = of_path(desk, number)?;
    app.store.read(|r| found(app, r, office, visit.now))?.ok_or(Fault::NotFound)
}

fn render(visit: &Visit, desk: &Desk, found: &Found, draft: &Draft, done: Option<Act>) -> Markup {
    let office = found.account.user_id.office();
    let body = html! {
        (error_summary(&draft.errors.list()))
        @if draft.overtaken {
            div role="alert" {
                (notice(Mark::Warning, "先に別の操作が行われたため、今回の操作は行っていません", html! {
                    p { "この画面を開いた後に、ほかの職員か事業所がこのユーザIDを変更しました。下の「最近の経過」と最新の状態を確認して、必要なときはもう一度操作してください。" }
                }))
            }
        }
        @if let Some(act) = done { (done_box(act, found)) }
        div.columns.main-aside {
            div.stack {
                section.card #acts { h2 { "操作" } (forms(visit, desk, found, draft)) }
                section.card { h2 { "登録されている内容" } (facts::account(found)) }
            }
            div.stack.aside {
                section.card { h2 { "ログインのロック" } (facts::locks(found)) }
                section.card {
                    h2 { "最近の経過" }
                    (ledger::timeline_of(&found.history))
                    p { a href={ (office_path(office)) "#history" } { "すべての経過を見る" } }
                }
            }
        }
        p { a href=(office_path(office)) { "事業所の画面に戻る" } }
    };
    let refused = !draft.errors.is_empty() || draft.overtaken;
    let beside = html! { span { (found.name) } " " (state_badge(&found.account)) };
    screen(desk, visit, TITLE, Nav::Ledger).beside(beside).refused(refused).render(body)
}
