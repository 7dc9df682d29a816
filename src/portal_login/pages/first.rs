//! `/portal/first`, and L4 【パスワード変更】.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{STEPS, path, renewed};
use crate::app::App;
use crate::login::{judge_typed, password_fields};
use crate::portal::{self, Bearer, FIRST, Next, PortalMenu, Step, User};
use crate::portal_login::flow::first as flow;
use crate::security::passwords::{PORTAL_LENGTHS, PasswordFault};
use crate::web::components::{ButtonRow, PasswordRule, error_summary, form};
use crate::web::{Answer, Errors, Form, Visit, page, page_422, see_other};

pub(super) const NEW: &str = "new_password";
/// What is said to who types the initial password again.
pub(super) const IS_INITIAL: &str = "初期パスワードと同じものは使えません。別のパスワードを入力してください。";

/// The first step that is not done.
#[handler]
pub fn resume(bearer: Bearer) -> Answer {
    see_other(path(bearer.next))
}

/// 【パスワード変更】
#[handler]
pub fn password(visit: Visit, bearer: Bearer) -> Answer {
    match bearer.next {
        Next::Step(Step::Password) => page(screen(&visit, &bearer, &Errors::default())),
        next => see_other(path(next)),
    }
}

/// \[変更\]
#[handler]
pub async fn change(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    if bearer.next != Next::Step(Step::Password) {
        return see_other(path(bearer.next));
    }
    let mut errors = Errors::default();
    let own_words = app.store.read(|r| portal::own_words(r, &bearer.user))?;
    let judged = judge_typed(&form, &mut errors, |new| check(new, &own_words));
    if let Some(new) = &judged
        && portal::is_initial_password(&app.keys, Some(&bearer.user), new)
    {
        errors.add(NEW, IS_INITIAL);
    }
    let Some(new) = judged.filter(|_| errors.is_empty()) else { return page_422(screen(&visit, &bearer, &errors)) };
    let mut response = see_other(FIRST)?;
    // Nothing was set where the user has changed meanwhile: the guard says what is due now.
    if let Some(session) = flow::set_password(&app, &bearer, new).await? {
        renewed(&visit, &mut response, &session);
    }
    Ok(response)
}

/// The rule, with the words that are the user's own.
pub(super) fn check(new: &str, own_words: &[String]) -> Result<(), PasswordFault> {
    let words: Vec<&str> = own_words.iter().map(String::as_str).collect();
    portal::check_portal(new, &words)
}

/// The two fields with the rule beside them.
pub(super) fn fields(user: &User, errors: &Errors) -> Markup {
    let (min, max) = PORTAL_LENGTHS;
    password_fields(user.mail.as_str(), &[PasswordRule::Length { min, max }], errors, &html! {})
}

fn screen(visit: &Visit, bearer: &Bearer, errors: &Errors) -> Markup {
    let steps: (&[&str], usize) = (&STEPS, 2);
    bearer.screen(visit, STEPS[1], PortalMenu::Step, Some(steps), !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            p.lead { "初期パスワードでログインしています。これからお使いになる新しいパスワードを入力し、【変更】ボタンを押してください。" }
            (form("/portal/first/password", csrf, html! {
                (fields(&bearer.user, errors))
                (ButtonRow::forward("変更"))
            }))
            p.note { "中断するときは、画面の上にある【ログアウト】を押してください。初期パスワードの有効期限までは、同じ初期パスワードでもう一度ログインできます。" }
        }
    })
}
