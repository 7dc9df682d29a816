//! 【警告】, 【パスワード変更】, 【処理終了】.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::flow::{self, Renewed, StepError};
use super::model::{STEPS, Stage};
use crate::app::App;
use crate::kernel::jst;
use crate::login::{MenuPage, Office};
use crate::security::devices;
use crate::security::passwords::{self, OFFICE_MIN, PasswordFault, SYMBOLS};
use crate::web::components::{
    Back, ButtonRow, Mark, PasswordRule, error_summary, form, notice, password_field, password_rules, suggest_password,
};
use crate::web::{Answer, Cookie, Errors, Fault, Form, Visit, cookies, form_page, page, see_other};

/// `/first-login`: the first step that is not done.
#[handler]
pub fn resume(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    elsewhere(&visit, flow::stage(&app, &office, visit.now)?)
}

/// Leads to the step that is due. A session without one is of no use: its cookie goes.
fn elsewhere(visit: &Visit, stage: Stage) -> Answer {
    let mut response = see_other(stage.path())?;
    if stage == Stage::Closed {
        cookies::clear(&mut response, Cookie::Office, visit.secure());
    }
    Ok(response)
}

/// 【警告】. \[戻る\] from the next screen shows it again.
#[handler]
pub fn warning(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    let stage = flow::stage(&app, &office, visit.now)?;
    if !matches!(stage, Stage::Warning | Stage::Password) {
        return elsewhere(&visit, stage);
    }
    page(screen(&visit, &office, "警告", 1, false, |csrf| {
        html! {
            (notice(Mark::Warning, "仮パスワードの変更が必要です", html! {
                p { "仮パスワードでログインしています。仮パスワードのままでは、電子請求受付システムをご利用いただけません。" }
                p { "【パスワード変更】ボタンを押して、新しいパスワードを設定してください。" }
                @if let Some(temporary) = &office.account.temporary {
                    p { "途中で中断した場合は、" (jst::sentence_time(temporary.expires)) "まで、同じ仮パスワードでもう一度ログインできます。" }
                }
            }))
            p.note { "以前に設定したパスワードとセキュリティコードは、使えなくなりました。セキュリティコードをお使いだった方は、ログイン後にもう一度設定してください。" }
            (form("/first-login/warning", csrf, html! { (ButtonRow::forward("パスワード変更")) }))
        }
    }))
}

/// \[パスワード変更\] on 【警告】.
#[handler]
pub async fn confirm_warning(app: Data<&App>, visit: Visit, office: Office, _form: Form) -> Answer {
    match flow::confirm_warning(&app, &office).await {
        Ok(()) => see_other(Stage::Password.path()),
        Err(error) => other_step(&visit, error),
    }
}

/// 【パスワード変更】
#[handler]
pub fn password(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    match flow::stage(&app, &office, visit.now)? {
        Stage::Password => page(password_screen(&app, &visit, &office, &Errors::default())),
        stage => elsewhere(&visit, stage),
    }
}

/// \[変更\]
#[handler]
pub async fn change_password(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let stage = flow::stage(&app, &office, visit.now)?;
    if stage != Stage::Password {
        return elsewhere(&visit, stage);
    }
    let errors = judge(&app, &office, &form);
    if !errors.is_empty() {
        return form_page(true, password_screen(&app, &visit, &office, &errors));
    }
    let device = visit.cookie(Cookie::Device).and_then(|value| devices::read(&app.keys, value));
    match flow::change_password(&app, &office, form.secret("new_password"), device).await {
        Ok(renewed) => renew(&visit, Stage::Done.path(), &renewed),
        Err(error) => other_step(&visit, error),
    }
}

/// What is wrong with the three fields, in their order.
fn judge(app: &App, office: &Office, form: &Form) -> Errors {
    let mut errors = Errors::default();
    let (current, new, again) = (form.secret("current_password"), form.secret("new_password"), form.secret("new_password_again"));
    if current.expose().is_empty() {
        errors.add("current_password", "現在のパスワードを入力してください。");
    } else if !flow::is_current(app, office, &current) {
        errors.add("current_password", "現在のパスワードが違います。通知書に書かれた仮パスワードを入力してください。");
    }
    let user_id = office.account.user_id;
    let judged = passwords::check_office(new.expose(), user_id, &office.name, app.config.password.max).and_then(|()| {
        // The temporary password is the current one; the one before it was forgotten at the login.
        if flow::is_current(app, office, &new) { Err(PasswordFault::Same) } else { Ok(()) }
    });
    errors.check("new_password", judged);
    if again.expose().is_empty() {
        errors.add("new_password_again", "新しいパスワード(確認用)を入力してください。");
    } else if again.expose() != new.expose() {
        errors.add("new_password_again", "新しいパスワードと同じものを入力してください。");
    }
    errors
}

/// 【処理終了】
#[handler]
pub fn done(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    match flow::stage(&app, &office, visit.now)? {
        Stage::Done => page(screen(&visit, &office, "処理終了", 2, false, |csrf| {
            html! {
                (notice(Mark::Success, "パスワードを変更しました", html! {
                    p { "次回から、新しいパスワードでログインしてください。仮パスワードはもう使えません。" }
                }))
                p { "新しいパスワードは、他の人に知られないように保管してください。通知書は、第三者の目に触れない方法で処分してください。" }
                (form("/first-login/done", csrf, html! { (ButtonRow::forward("終了")) }))
            }
        })),
        stage => elsewhere(&visit, stage),
    }
}

/// \[終了\]
#[handler]
pub async fn finish(app: Data<&App>, visit: Visit, office: Office, _form: Form) -> Answer {
    match flow::finish(&app, &office).await {
        Ok(renewed) => renew(&visit, "/office", &renewed),
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

fn other_step(visit: &Visit, error: StepError) -> Answer {
    match error {
        StepError::Elsewhere(stage) => elsewhere(visit, stage),
        // The cookie stays: the browser may have been given a new one by the answer to its first click.
        StepError::Ended => see_other("/first-login"),
        StepError::Store(error) => Err(error.into()),
        StepError::Busy(_) => Err(Fault::Busy),
    }
}

fn password_screen(app: &App, visit: &Visit, office: &Office, errors: &Errors) -> Markup {
    let user_id = office.account.user_id.to_string();
    let rules = [
        PasswordRule::Length { min: OFFICE_MIN, max: app.config.password.max },
        PasswordRule::Letter,
        PasswordRule::Digit,
        PasswordRule::Symbols(SYMBOLS),
        PasswordRule::Not(&user_id),
        PasswordRule::SameAs("new_password_again"),
    ];
    screen(visit, office, "パスワード変更", 1, !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            p.lead { "現在のパスワードと新しいパスワードを入力し、【変更】ボタンを押してください。" }
            (form("/first-login/password", csrf, html! {
                // Password managers file the new password under this name.
                input type="text" name="user_id" value=(user_id) autocomplete="username" readonly hidden;
                (password_field("current_password", "現在のパスワード").required().autocomplete("current-password")
                    .support("通知書に書かれた仮パスワード（16桁）").error(errors.of("current_password")))
                (password_field("new_password", "新しいパスワード").required().autocomplete("new-password")
                    .error(errors.of("new_password")))
                (password_rules("new_password", &rules))
                p.note { "よく使われる言葉や事業所番号など、推測されやすいものは使えません。13文字以上にすると、より安全です。" }
                (suggest_password(&["new_password", "new_password_again"]))
                (password_field("new_password_again", "新しいパスワード(確認用)").required().autocomplete("new-password")
                    .error(errors.of("new_password_again")))
                (ButtonRow::forward("変更").back(Back::Link("/first-login/warning")))
            }))
        }
    })
}

fn screen(visit: &Visit, office: &Office, title: &str, step: usize, error: bool, body: impl FnOnce(&str) -> Markup) -> Markup {
    office.screen(visit, title, MenuPage::Wizard, Some((&STEPS, step)), error, body)
}
