//! 【ログイン(セキュリティコード)】

use maud::{Markup, Render, html};
use poem::handler;
use poem::web::Data;

use super::super::code::{self, CodeAnswer, CodeCaller, CodeKind, Ended};
use super::opened;
use super::screens::{LOGIN, codes_closed, locked};
use crate::app::App;
use crate::security::devices;
use crate::web::components::{Back, ButtonRow, code_field, error_summary, form, help_details};
use crate::web::layout::Shell;
use crate::web::{Answer, Cookie, Errors, Form, Visit, form_page, page, see_other};

const PATH: &str = "/login/code";
/// The name of the field.
const FIELD: &str = "code";
/// Where a login begins anew that nothing waits for any more.
const GONE: &str = "/login?notice=code";
/// And one that had too many wrong codes.
const WRONG: &str = "/login?notice=codes";

/// 【ログイン(セキュリティコード)】
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    match code::waits_for(&app, &visit.browser(), visit.now)? {
        Some(kind) => page(screen(&visit, kind, &Errors::default())),
        None => see_other(GONE),
    }
}

/// \[ログイン\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let Some(kind) = code::waits_for(&app, &visit.browser(), visit.now)? else { return see_other(GONE) };
    let (typed, mut errors) = (form.get(FIELD), Errors::default());
    if !judge_code(kind, typed, &mut errors) {
        return form_page(true, screen(&visit, kind, &errors));
    }
    let caller = CodeCaller {
        browser: visit.browser(),
        device: visit.cookie(Cookie::Device).and_then(|value| devices::read(&app.keys, value)),
        client: visit.client.to_string(),
        agent: visit.agent.clone(),
    };
    match code::enter_code(&app, typed, caller).await? {
        CodeAnswer::Entered(entered) => opened(&visit, &entered),
        CodeAnswer::Wrong { left } => {
            errors.add(FIELD, wrong_code(kind, left));
            form_page(true, screen(&visit, kind, &errors))
        }
        CodeAnswer::Over(Ended::Gone) => see_other(GONE),
        CodeAnswer::Over(Ended::Wrong) => see_other(WRONG),
        CodeAnswer::Over(Ended::Locked(until)) => Ok(locked(&visit, &LOGIN, &app.config.lockout, until)),
        CodeAnswer::Over(Ended::Closed(until)) => Ok(codes_closed(&visit, &LOGIN, until)),
    }
}

fn screen(visit: &Visit, kind: CodeKind, errors: &Errors) -> Markup {
    visit.page("ログイン(セキュリティコード)", Shell::Visitor).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "セキュリティコードを入力して、【ログイン】ボタンを押してください。" }
        (code_part(kind, PATH, &visit.csrf(), errors, ButtonRow::forward("ログイン").back(Back::Link("/login"))))
    })
}

/// The form that asks for a security code, with the help below it. `rest` is the end of the form: its buttons, and what it carries along.
#[must_use]
pub fn code_part(kind: CodeKind, action: &str, csrf: &str, errors: &Errors, rest: impl Render) -> Markup {
    let field = code_field(FIELD, "セキュリティコード").required().error(errors.of(FIELD));
    let field = match kind {
        // Nothing sends such a code: there is none to fill in.
        CodeKind::Fixed => field.autocomplete("off").support("ご自身で決めた6〜8桁の数字"),
        CodeKind::App => field.support("認証アプリに表示されている6桁の数字。30秒ごとに変わり、一度使った数字は使えません。"),
    };
    html! {
        (form(action, csrf, html! {
            (field)
            p { a href="/lost" { "パスワード等を紛失した方はこちら" } }
            (rest)
        }))
        (help_details("セキュリティコードがわからないとき", html! {
            @if kind == CodeKind::App {
                p { "端末の時刻がずれていると、正しい数字になりません。端末の時刻の自動設定を有効にしてから、新しく表示された数字を入力してください。" }
            }
            p { "【パスワード等を紛失した方はこちら】からお手続きをすると、セキュリティコードは解除されます。ログインした後に、もう一度設定してください。" }
        }))
    }
}

/// Whether what was typed can be such a code; else what is wrong stands beside the field. What cannot be one costs no try.
pub fn judge_code(kind: CodeKind, typed: &str, errors: &mut Errors) -> bool {
    if typed.trim().is_empty() {
        errors.add(FIELD, "セキュリティコードを入力してください。");
    } else if !kind.looks_like(typed) {
        errors.add(
            FIELD,
            match kind {
                CodeKind::Fixed => "セキュリティコードは6〜8桁の数字で入力してください。",
                CodeKind::App => "認証アプリに表示されている6桁の数字を入力してください。",
            },
        );
    }
    !errors.has(FIELD)
}

/// What a wrong code is answered with.
#[must_use]
pub fn wrong_code(kind: CodeKind, left: u32) -> String {
    let next = match kind {
        CodeKind::Fixed => "お確かめのうえ、もう一度入力してください。",
        CodeKind::App => "新しい6桁が表示されたら、それを入力してください。",
    };
    format!("セキュリティコードが違います。{next}あと{left}回入力できます。")
}
