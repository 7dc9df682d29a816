//! 【セキュリティコード解除】

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::super::flow::{self, Changed};
use super::{DONE, PATH, REMOVE, STEPS, confirm, screen, shown, state};
use crate::app::App;
use crate::login::{self, MOVED, MenuPage, Office};
use crate::web::components::{Back, ButtonRow, Facts, Mark, error_summary, form, hidden, notice};
use crate::web::{Answer, Errors, Form, Visit, form_page, page, see_other};

/// 【セキュリティコード解除】
#[handler]
pub fn show(visit: Visit, office: Office) -> Answer {
    if office.account.security_code.is_none() {
        return see_other(PATH);
    }
    page(remove_screen(&visit, &office, &Errors::default()))
}

/// \[解除\]
#[handler]
pub async fn remove(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let mut errors = Errors::default();
    if !confirm(&app, &visit, &office, &form, &mut errors).await? {
        return form_page(true, remove_screen(&visit, &office, &errors));
    }
    match flow::remove(&app, &office, shown(&form)).await? {
        Changed::Done => see_other(DONE),
        Changed::Moved => {
            errors.add("", MOVED);
            form_page(true, screen(&visit, &office, "", &errors))
        }
    }
}

fn remove_screen(visit: &Visit, office: &Office, errors: &Errors) -> Markup {
    office.screen(visit, "セキュリティコード解除", MenuPage::User, Some((&STEPS, 2)), !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            p.lead { "セキュリティコードを解除します。よろしければ、【解除】ボタンを押してください。" }
            (Facts::new().row("今の設定", state(office)))
            (notice(Mark::Warning, "解除すると、パスワードだけでログインできるようになります", html! {
                p { "パスワードを知られたときに、ほかの人にログインされるおそれがあります。" }
            }))
            (form(REMOVE, csrf, html! {
                (hidden("shown", &office.account.revision.to_string()))
                (login::password_again(office, visit.now, errors))
                (ButtonRow::forward("解除").back(Back::Link(PATH)))
            }))
        }
    })
}
