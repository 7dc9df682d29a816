//! 【警告】 and 【パスワード変更】.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::super::flow::{self, Renewed};
use super::super::model::{Course, Done, Next, Step, course};
use super::{elsewhere, other_step, screen};
use crate::app::App;
use crate::kernel::jst;
use crate::login::{self, Office, new_password_fields_below};
use crate::security::devices;
use crate::security::passwords::PasswordFault;
use crate::web::components::{Back, ButtonRow, Mark, error_summary, form, notice, password_field};
use crate::web::{Answer, Cookie, Errors, Form, Visit, cookies, form_page, page, see_other};

/// 【警告】. \[戻る\] from the next screen shows it again.
#[handler]
pub fn warning(visit: Visit, office: Office) -> Answer {
    if !matches!(office.next, Next::Step(Step::Warning | Step::Password)) {
        return elsewhere(&visit, office.next);
    }
    page(screen(&visit, &office, "警告", Step::Warning, false, |csrf| {
        html! {
            (notice(Mark::Warning, "仮パスワードの変更が必要です", html! {
                p { "仮パスワードでログインしています。仮パスワードのままでは、電子請求受付システムをご利用いただけません。" }
                p { "【パスワード変更】ボタンを押して、新しいパスワードを設定してください。" }
                @if let Some(temporary) = &office.account.temporary {
                    p { "途中で中断した場合は、" (jst::sentence_time(temporary.expires)) "まで、同じ仮パスワードでもう一度ログインできます。" }
                }
            }))
            // A new office has set neither.
            @if course(&office.account, Step::Warning) != Course::New {
                p.note { "以前に設定したパスワード、セキュリティコード、パスキーは、使えなくなりました。お使いだった方は、ログイン後にもう一度設定してください。" }
            }
            (form("/first-login/warning", csrf, html! { (ButtonRow::forward("パスワード変更")) }))
        }
    }))
}

/// \[パスワード変更\] on 【警告】.
#[handler]
pub async fn confirm_warning(app: Data<&App>, visit: Visit, office: Office, _form: Form) -> Answer {
    match flow::confirm_warning(&app, &office).await {
        Ok(()) => see_other(Step::Password.path()),
        Err(error) => other_step(&visit, error),
    }
}

/// 【パスワード変更】
#[handler]
pub fn password(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    match office.next {
        Next::Step(Step::Password) => page(password_screen(&app, &visit, &office, &Errors::default())),
        next => elsewhere(&visit, next),
    }
}

/// \[変更\]
#[handler]
pub async fn change_password(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    if office.next != Next::Step(Step::Password) {
        return elsewhere(&visit, office.next);
    }
    let mut errors = Errors::default();
    let current = form.secret("current_password");
    if current.expose().is_empty() {
        errors.add("current_password", "現在のパスワードを入力してください。");
    } else if !flow::is_current(&app, &office, &current) {
        errors.add("current_password", "現在のパスワードが違います。通知書に書かれた仮パスワードを入力してください。");
    }
    let judged = login::judge_new(&app, (&office.account.user_id, &office.name), &form, &mut errors);
    // The temporary password is the current one; the one before it was forgotten at the login.
    if let Some(judged) = &judged
        && login::is_old(&app, &office.account, judged).await?
    {
        errors.add("new_password", PasswordFault::Same);
    }
    let Some(judged) = judged.filter(|_| errors.is_empty()) else {
        return form_page(true, password_screen(&app, &visit, &office, &errors));
    };
    let device = visit.cookie(Cookie::Device).and_then(|value| devices::read(&app.keys, value));
    match flow::change_password(&app, &office, judged, device).await {
        Ok(renewed) => renew(&visit, Step::Done(Done::Password).path(), &renewed),
        Err(error) => other_step(&visit, error),
    }
}

fn renew(visit: &Visit, path: &str, renewed: &Renewed) -> Answer {
    let mut response = see_other(path)?;
    cookies::set(&mut response, Cookie::Office, renewed.session.expose(), visit.secure());
    if let Some(device) = &renewed.device {
        cookies::set(&mut response, Cookie::Device, device, visit.secure());
    }
    Ok(response)
}

fn password_screen(app: &App, visit: &Visit, office: &Office, errors: &Errors) -> Markup {
    let user_id = office.account.user_id.to_string();
    let current = html! {
        (password_field("current_password", "現在のパスワード").required().autocomplete("current-password")
            .support("通知書に書かれた仮パスワード（16桁）").error(errors.of("current_password")))
    };
    screen(visit, office, "パスワード変更", Step::Password, !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            p.lead { "現在のパスワードと新しいパスワードを入力し、【変更】ボタンを押してください。" }
            (form("/first-login/password", csrf, html! {
                (new_password_fields_below(&current, &user_id, app.config.password.max, errors))
                (ButtonRow::forward("変更").back(Back::Link("/first-login/warning")))
            }))
        }
    })
}
