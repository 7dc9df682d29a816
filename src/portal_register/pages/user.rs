//! 【ユーザ登録】

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{Open, STEPS, elsewhere, open, visitor};
use crate::app::App;
use crate::portal::{self, Draft};
use crate::portal_register::flow::user as flow;
use crate::portal_register::model::Screen;
use crate::web::components::{Back, ButtonRow, Mark, error_summary, form, notice};
use crate::web::layout::Shell;
use crate::web::{Answer, Errors, Fault, Form, Visit, form_page, page, see_other};

/// The name of \[戻る\], which sends what was typed.
const BACK: &str = "back";

/// 【ユーザ登録】, with what was typed before.
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    match open(&app, &visit)? {
        Ok(open) => page(screen(&visit, &open, &open.flow.draft, &Errors::default())),
        Err(answer) => answer,
    }
}

/// \[次へ\] and \[戻る\]
#[handler]
pub async fn send(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let open = match open(&app, &visit)? {
        Ok(open) => open,
        Err(answer) => return answer,
    };
    let (draft, mut errors) = (portal::typed(&form), Errors::default());
    let back = form.has(BACK);
    if !back && portal::read_user(&draft, &mut errors).is_none() {
        return form_page(true, screen(&visit, &open, &draft, &errors));
    }
    let here = visitor(&app, &visit, visit.flow().ok_or(Fault::NotFound)?);
    match app.store.write(move |tx| flow::keep(tx, &here, &draft)).await? {
        Err(place) => elsewhere(place),
        Ok(()) if back => see_other(Screen::Ask.path()),
        Ok(()) => see_other(Screen::Check.path()),
    }
}

fn screen(visit: &Visit, open: &Open, draft: &Draft, errors: &Errors) -> Markup {
    visit.page(STEPS[2], Shell::PortalVisitor).steps(&STEPS, 3).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "主たる利用者として登録する方の情報を入力し、【次へ】ボタンを押してください。" }
        @if let Some(masked) = open.replaced() { (replacing(&masked)) }
        @else if open.proven.own.is_some() {
            (notice(Mark::Info, "登録した内容を訂正します", html! {
                p { "登録し直すと、新しいご案内のメールをお送りします。前にお送りしたメールの初期パスワードは使えなくなります。" }
            }))
        }
        (form(Screen::User.path(), &visit.csrf(), html! {
            (portal::user_fields(draft, errors))
            (ButtonRow::forward("次へ").back(Back::Submit { name: BACK, value: "1" }))
        }))
    })
}

/// Said on both screens before somebody is replaced.
pub(super) fn replacing(masked: &str) -> Markup {
    notice(
        Mark::Warning,
        "登録すると、主たる利用者が交代します",
        html! {
            p { "すでに主たる利用者（" (masked) "）が登録されています。登録すると交代し、これまでの方はこの事業所の画面を使えなくなります。追加の利用者は変わりません。" }
        },
    )
}
