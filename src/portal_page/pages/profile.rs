//! 【登録情報の変更】.

use maud::{Markup, html};
use poem::handler;
use poem::http::StatusCode;
use poem::web::Data;

use super::acting;
use crate::app::App;
use crate::portal::{self, Bearer, Draft, HOME, Member, PortalMenu};
use crate::portal_page::flow::profile::{self, Went};
use crate::portal_page::model::person_word;
use crate::web::components::{Back, ButtonRow, Facts, Mark, error_summary, form, hidden, notice};
use crate::web::{Answer, Errors, Form, Visit, html as answer, page, page_422, see_other};

const TITLE: &str = "登録情報の変更";
const PATH: &str = "/portal/my/profile";
const SHOWN: &str = "shown";

/// 【登録情報の変更】
#[handler]
pub fn show(visit: Visit, bearer: Bearer) -> Answer {
    let Some(me) = &bearer.member else { return see_other(portal::FIRST) };
    let shown = person_word(&me.person);
    page(screen(&visit, &bearer, &Draft::of(&me.person), &Errors::default(), &shown, None))
}

/// \[変更\]
#[handler]
pub async fn change(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    let (draft, shown) = (portal::typed(&form), form.get(SHOWN).to_owned());
    let mut errors = Errors::default();
    let Some(person) = portal::read_person(&draft, &mut errors) else {
        return page_422(screen(&visit, &bearer, &draft, &errors, &shown, None));
    };
    let (here, seen) = (acting(&app, &visit, &bearer), shown);
    match app.store.write(move |tx| profile::change(tx, &here, &person, &seen)).await? {
        Went::Done => see_other("/portal/my?notice=profile"),
        Went::Ended => see_other(HOME),
        Went::Overtaken => {
            let present = app.store.read(|r| bearer.present(r))?;
            let Some((_, member, _)) = present else { return see_other(HOME) };
            let shown = person_word(&member.person);
            Ok(answer(StatusCode::CONFLICT, screen(&visit, &bearer, &draft, &errors, &shown, Some(&member))))
        }
    }
}

/// `overtaken`: as it is now, where another screen has changed it since. What was typed stays.
fn screen(visit: &Visit, bearer: &Bearer, draft: &Draft, errors: &Errors, shown: &str, overtaken: Option<&Member>) -> Markup {
    let refused = !errors.is_empty() || overtaken.is_some();
    bearer.screen(visit, TITLE, PortalMenu::My, None, refused, |csrf| {
        html! {
            (error_summary(&errors.list()))
            @if let Some(member) = overtaken {
                @let person = &member.person;
                div role="alert" {
                    (notice(Mark::Warning, "ほかの画面で登録情報が変更されたため、今回の変更は行っていません", html! {
                        p { "いまの登録内容は次のとおりです。下の入力内容で変更するときは、もう一度【変更】ボタンを押してください。" }
                        (Facts::new().row("氏名", &person.name).row("氏名カナ", &person.kana).row("電話番号", &person.telephone)
                            .row("部署", &person.department).row("職種", &person.occupation))
                    }))
                }
            }
            p.lead { "「" (bearer.name) "」での登録情報です。変更する項目を入力し直して、【変更】ボタンを押してください。" }
            (form(PATH, csrf, html! {
                (hidden(SHOWN, shown))
                (portal::person_fields(draft, errors))
                (ButtonRow::forward("変更").back(Back::Link(HOME)))
            }))
        }
    })
}
