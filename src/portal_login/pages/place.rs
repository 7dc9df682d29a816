//! L3 【事業所・医療機関の選択】, and the change from one to another.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::screens::whom_to_call;
use super::{path, renewed};
use crate::app::App;
use crate::kernel::Id;
use crate::portal::{self, Bearer, FIRST, HOME, Member, Next, PortalMenu, Step};
use crate::portal_login::flow::place::{self as flow, Chosen};
use crate::store::StoreError;
use crate::web::components::{ButtonRow, Choice, Mark, error_summary, form, notice, radio_cards};
use crate::web::{Answer, Errors, Fault, Form, Visit, page, page_422, see_other};

const TITLE: &str = "事業所・医療機関の選択";
const PLACE: &str = "place";

/// 【事業所・医療機関の選択】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    match bearer.next {
        Next::Step(Step::Place) => page(screen(&app, &visit, &bearer, &Errors::default())?),
        next => see_other(path(next)),
    }
}

/// \[次へ\]
#[handler]
pub async fn choose(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    match bearer.next {
        Next::Step(Step::Place) => go(&app, &visit, &bearer, &form).await,
        next => see_other(path(next)),
    }
}

/// The button on マイページ that leads to another institution.
#[handler]
pub async fn switch(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    go(&app, &visit, &bearer, &form).await
}

async fn go(app: &App, visit: &Visit, bearer: &Bearer, form: &Form) -> Answer {
    let chosen = match Id::parse(form.get(PLACE)) {
        Some(place) => flow::choose(app, bearer, place).await?,
        None => Chosen::NotOne,
    };
    match chosen {
        Chosen::In(session, next) => {
            let mut response = see_other(path(next))?;
            renewed(visit, &mut response, &session);
            Ok(response)
        }
        Chosen::Here => see_other(HOME),
        Chosen::Elsewhere => see_other(FIRST),
        Chosen::NotOne => {
            let mut errors = Errors::default();
            errors.add(PLACE, "利用する事業所または医療機関を選択してください。");
            page_422(screen(app, visit, bearer, &errors)?)
        }
    }
}

/// The institutions with what the user is there.
fn places(app: &App, bearer: &Bearer) -> Result<Vec<(Member, String)>, StoreError> {
    app.store.read(|r| {
        let mut all = Vec::new();
        for member in portal::memberships(r, bearer.user.id)? {
            if let Some(institution) = portal::institution(r, member.institution)? {
                all.push((member, portal::name_of(r, &institution)?));
            }
        }
        Ok(all)
    })
}

fn screen(app: &App, visit: &Visit, bearer: &Bearer, errors: &Errors) -> Result<Markup, Fault> {
    let places = places(app, bearer)?;
    let values: Vec<String> = places.iter().map(|(member, _)| member.id.to_string()).collect();
    let choices: Vec<_> = places
        .iter()
        .zip(&values)
        .filter(|((member, _), _)| member.is_usable())
        .map(|((member, name), value)| {
            let role = if member.main { "主たる利用者" } else { "追加の利用者" };
            Choice::new(value, name).detail(html! { (role) "（" (member.person.department) "）" })
        })
        .collect();
    let suspended: Vec<&str> = places.iter().filter(|(one, _)| !one.is_usable()).map(|(_, name)| name.as_str()).collect();
    let chosen = bearer.session.place.map(|place| place.to_string()).unwrap_or_default();
    let (menu, action) = match bearer.next {
        Next::Free => (PortalMenu::My, "/portal/my/place"),
        _ => (PortalMenu::Step, "/portal/first/place"),
    };
    Ok(bearer.screen(visit, TITLE, menu, None, !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            p.lead { "利用する事業所または医療機関を選択し、【次へ】ボタンを押してください。" }
            (form(action, csrf, html! {
                (radio_cards(PLACE, "事業所・医療機関", &choices).chosen(&chosen).required().error(errors.of(PLACE)))
                p.note { "ログインした後でも、マイページから別の事業所・医療機関に切り替えることができます。" }
                (ButtonRow::forward("次へ"))
            }))
            @if !suspended.is_empty() {
                (notice(Mark::Warning, "利用を停止されている事業所・医療機関があります", html! {
                    ul { @for name in &suspended { li { (name) } } }
                    (whom_to_call(app, bearer.home()))
                }))
            }
        }
    }))
}
