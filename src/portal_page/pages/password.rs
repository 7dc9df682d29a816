//! 【パスワード変更】 of a user who is logged in.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::acting;
use crate::app::App;
use crate::login::{self, MOVED};
use crate::passkeys;
use crate::portal::{self, Bearer, HOME, PortalMenu};
use crate::portal_page::flow::password::{self, ChangeError, Went};
use crate::security::passwords::PORTAL_LENGTHS;
use crate::web::components::{Back, ButtonRow, Mark, PasswordRule, error_summary, form, notice};
use crate::web::{Answer, Cookie, Errors, Fault, Form, Visit, cookies, page, page_422, see_other};

const STEPS: [&str; 2] = ["パスワード変更", "終了"];
const PATH: &str = "/portal/my/password";
const NEW: &str = "new_password";
const SAME: &str = "現在のパスワードと同じものは使えません。別のパスワードを入力してください。";

impl From<ChangeError> for Fault {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Store(error) => error.into(),
            ChangeError::Busy(busy) => busy.into(),
        }
    }
}

/// 【パスワード変更】
#[handler]
pub fn show(visit: Visit, bearer: Bearer) -> Answer {
    page(screen(&visit, &bearer, &Errors::default()))
}

/// \[変更\]
#[handler]
pub async fn change(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    let mut errors = Errors::default();
    login::note_missing(&mut errors, &form);
    let words = app.store.read(|r| portal::own_words(r, &bearer.user))?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let judged = login::judge_typed(&form, &mut errors, |new| portal::check_portal(new, &words));
    let Some(new) = judged.filter(|_| errors.is_empty()) else {
        return page_422(screen(&visit, &bearer, &errors));
    };
    // The present password is asked for even if it was entered a moment ago (quality bar 7), and before the new one is compared with it:
    // whoever does not know it learns nothing about it here.
    let confirmed = portal::confirm_always(&app, &bearer, &form, visit.now).await?;
    if login::confirmed(&mut errors, &confirmed) && app.hasher.verify(new.clone(), bearer.user.password.clone()).await?.matches {
        errors.add(NEW, SAME);
    }
    if !errors.is_empty() {
        return page_422(screen(&visit, &bearer, &errors));
    }
    match password::change(acting(&app, &visit, &bearer), new).await? {
        Went::Done(session) => {
            let mut response = see_other("/portal/my/password/done")?;
            cookies::set(&mut response, Cookie::Portal, session.expose(), visit.secure());
            Ok(response)
        }
        Went::Moved => {
            errors.add("", MOVED);
            page_422(screen(&visit, &bearer, &errors))
        }
        // The cookie stays: the browser may have been given a new one by the answer to its first click.
        Went::Ended => see_other(HOME),
    }
}

/// 【処理終了】, of the session that was opened by it: both were written at the same instant.
#[handler]
pub fn done(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    if bearer.user.password_set != Some(bearer.session.created) {
        return see_other(HOME);
    }
    let passkeys = app.store.read(|r| passkeys::of_owner(r, bearer.subject()))?.len();
    page(bearer.screen(&visit, "処理終了", PortalMenu::My, Some((&STEPS, 2)), false, |_| {
        html! {
            (notice(Mark::Success, "パスワードを変更しました", html! {
                p { "次回から、新しいパスワードでログインしてください。ほかの端末は、すべてログアウトしました。" }
                p { "ワンタイムパスワードの入力を省略していたほかの端末では、もう一度入力が必要になります。" }
                @if passkeys > 0 {
                    p {
                        "登録されているパスキー（" (passkeys) "件）は、これまでどおり使えます。心当たりのないものがないか、"
                        a href="/portal/my/passkeys" { "パスキー" } "の画面でお確かめください。"
                    }
                }
                p { "変更のお知らせを、" span.address { (bearer.user.mail.masked()) } " 宛に送信しました。" }
            }))
            (ButtonRow::forward_link("マイページへ", HOME))
        }
    }))
}

fn screen(visit: &Visit, bearer: &Bearer, errors: &Errors) -> Markup {
    let (min, max) = PORTAL_LENGTHS;
    let rules = [PasswordRule::Length { min, max }];
    let present = portal::password_anew(bearer, errors);
    bearer.screen(visit, STEPS[0], PortalMenu::My, Some((&STEPS, 1)), !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            p.lead { "現在のパスワードと新しいパスワードを入力し、【変更】ボタンを押してください。" }
            p.note { "変更すると、ほかの端末はすべてログアウトします。" }
            (form(PATH, csrf, html! {
                (login::password_fields(bearer.user.mail.as_str(), &rules, errors, &present))
                (ButtonRow::forward("変更").back(Back::Link(HOME)))
            }))
        }
    })
}
