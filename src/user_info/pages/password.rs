//! 【パスワード変更】 of an office that is logged in.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{MENU, steps};
use crate::accounts::Heard;
use crate::app::App;
use crate::login::{self, MOVED, MenuPage, Office, new_password_fields_below};
use crate::passkeys;
use crate::security::passwords::PasswordFault;
use crate::security::sessions::Subject;
use crate::user_info::flow::{self, ChangeError};
use crate::user_info::store::Did;
use crate::web::components::{Back, ButtonRow, error_summary, form, password_field};
use crate::web::{Answer, Cookie, Errors, Form, Visit, cookies, page, page_422, see_other};

const TITLE: &str = "パスワード変更";
const PATH: &str = "/office/user/password";
const CURRENT: &str = "current_password";

/// 【パスワード変更】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    page(screen(&app, &visit, &office, &Errors::default()))
}

/// \[変更\]
#[handler]
pub async fn change(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let mut errors = Errors::default();
    login::note_missing(&mut errors, &form);
    let judged = login::judge_new(&app, (&office.account.user_id, &office.name), &form, &mut errors);
    let Some(judged) = judged.filter(|_| errors.is_empty()) else {
        return page_422(screen(&app, &visit, &office, &errors));
    };
    // The present password is asked for even if it was entered a moment ago (quality bar 7), and before the new one is compared with it:
    // whoever does not know it learns nothing about it here.
    let confirmed = login::confirm_always(&app, &office, &form, visit.now).await?;
    if login::confirmed(&mut errors, &confirmed) && login::is_old(&app, &office.account, &judged).await? {
        errors.add("new_password", PasswordFault::Same);
    }
    if !errors.is_empty() {
        return page_422(screen(&app, &visit, &office, &errors));
    }
    match flow::change_password(&app, &office, judged).await {
        Ok(session) => {
            let mut response = see_other("/office/user/password/done")?;
            cookies::set(&mut response, Cookie::Office, session.expose(), visit.secure());
            Ok(response)
        }
        Err(ChangeError::Moved) => {
            errors.add("", MOVED);
            page_422(screen(&app, &visit, &office, &errors))
        }
        // The cookie stays: the browser may have been given a new one by the answer to its first click.
        Err(ChangeError::Ended) => see_other(MENU),
        Err(error) => Err(error.into()),
    }
}

/// 【処理終了】, of the session that was opened by it.
#[handler]
pub fn done(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    if !matches!(flow::kept(&app, &office)?, (Some(Did::Password), _)) {
        return see_other(MENU);
    }
    let passkeys = app.store.read(|r| passkeys::of_owner(r, Subject::Office(office.account.user_id)))?.len();
    let text = html! {
        p { "次回から、新しいパスワードでログインしてください。ほかの端末は、すべてログアウトしました。" }
        @if passkeys > 0 {
            p {
                "登録されているパスキー（" (passkeys) "件）は、これまでどおり使えます。心当たりのないものがないか、"
                a href="/office/user/passkeys" { "パスキー" } "の画面でお確かめください。"
            }
        }
        p { (Heard::of(&office.account).sentence()) }
    };
    page(super::done(&visit, &office, TITLE, "パスワードを変更しました", &text))
}

fn screen(app: &App, visit: &Visit, office: &Office, errors: &Errors) -> Markup {
    let user_id = office.account.user_id.to_string();
    let current = html! {
        (password_field(CURRENT, "現在のパスワード").required().autocomplete("current-password").error(errors.of(CURRENT)))
    };
    office.screen(visit, TITLE, MenuPage::User, Some((&steps(TITLE), 2)), !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            p.lead { "現在のパスワードと新しいパスワードを入力し、【変更】ボタンを押してください。" }
            p.note { "変更すると、ほかの端末はすべてログアウトします。" }
            (form(PATH, csrf, html! {
                (new_password_fields_below(&current, &user_id, app.config.password.max, errors))
                (ButtonRow::forward("変更").back(Back::Link(MENU)))
            }))
        }
    })
}
