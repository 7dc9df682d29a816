//! 【セキュリティコード設定】 and its end.

pub mod app;
pub mod remove;

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::flow::{self, Changed};
use super::model::{Did, judge};
use crate::accounts::{Heard, SecurityCode};
use crate::app::App;
use crate::kernel::text;
use crate::login::{self, CodeKind, LoginError, MOVED, MenuPage, Office};
use crate::web::components::{
    Back, ButtonRow, Choice, Facts, Mark, code_field, error_summary, form, hidden, notice, radio_cards,
};
use crate::web::{Answer, Errors, Form, Visit, form_page, page, see_other};

const TITLE: &str = "セキュリティコード設定";
const PATH: &str = "/office/user/code";
const APP: &str = "/office/user/code/app";
const REMOVE: &str = "/office/user/code/remove";
const DONE: &str = "/office/user/code/done";
/// Where it is reached from.
const BACK: &str = "/office/user";

const STEPS: [&str; 3] = ["ユーザ情報変更", TITLE, "終了"];
/// An app is registered by its first code.
const STEPS_OF_APP: [&str; 4] = ["ユーザ情報変更", TITLE, "認証アプリの登録", "終了"];

/// 【セキュリティコード設定】
#[handler]
pub fn show(visit: Visit, office: Office) -> Answer {
    page(screen(&visit, &office, "", &Errors::default()))
}

/// \[設定\], \[変更\]
#[handler]
pub async fn choose(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let (kind, shown) = (form.get("kind"), shown(&form));
    let mut errors = Errors::default();
    let code = match kind {
        "fixed" => {
            let code = errors.check("new_code", judge(form.get("new_code"), office.account.user_id));
            judge_again(&form, &mut errors);
            code
        }
        "app" => None,
        _ => {
            errors.add("kind", "コードの種類を選んでください。");
            None
        }
    };
    if !confirm(&app, &visit, &office, &form, &mut errors).await? {
        return form_page(true, screen(&visit, &office, kind, &errors));
    }
    let (changed, next) = match code {
        Some(code) => (flow::set_fixed(&app, &office, shown, code).await?, DONE),
        None => (flow::begin_app(&app, &office, visit.browser(), shown).await?, APP),
    };
    match changed {
        Changed::Done => see_other(next),
        Changed::Moved => {
            errors.add("", MOVED);
            form_page(true, screen(&visit, &office, kind, &errors))
        }
    }
}

fn judge_again(form: &Form, errors: &mut Errors) {
    let (new, again) = (text::code(form.get("new_code")), text::code(form.get("new_code_again")));
    if again.is_empty() {
        errors.add("new_code_again", "確認のため、新しいセキュリティコードをもう一度入力してください。");
    } else if new != again {
        errors.add("new_code_again", "新しいセキュリティコードと同じ数字を入力してください。");
    }
}

/// The account's revision that the screen was drawn from. None of an account is zero here: a code needs a password, which raised it.
fn shown(form: &Form) -> u64 {
    form.get("shown").parse().unwrap_or(u64::MAX)
}

/// Asks the password, if it is not fresh; not while something else has to be typed again anyway, which would cost a try for nothing.
async fn confirm(app: &App, visit: &Visit, office: &Office, form: &Form, errors: &mut Errors) -> Result<bool, LoginError> {
    if !errors.is_empty() && (login::is_fresh(office, visit.now) || !form.get("current_password").is_empty()) {
        return Ok(false);
    }
    let confirmed = login::confirm(app, office, form, visit.now).await?;
    Ok(login::confirmed(errors, &confirmed) && errors.is_empty())
}

/// 【処理終了】
#[handler]
pub fn done(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    let Some(did) = flow::done(&app, &office)? else { return see_other(PATH) };
    let (title, text) = match did {
        Did::SetFixed => (
            "セキュリティコードを設定しました",
            "次回のログインから、パスワードに続けて、設定した数字を入力してください。数字は、他の人に知られないように保管してください。",
        ),
        Did::SetApp => (
            "認証アプリを登録しました",
            "次回のログインから、パスワードに続けて、認証アプリに表示される6桁の数字を入力してください。今入力した数字はもう使えません。",
        ),
        Did::Removed => ("セキュリティコードを解除しました", "次回から、ユーザIDとパスワードだけでログインできます。"),
    };
    let steps: (&[&str], usize) = if did == Did::SetApp { (&STEPS_OF_APP, 4) } else { (&STEPS, 3) };
    page(office.screen(&visit, "処理終了", MenuPage::User, Some(steps), false, |_| {
        html! {
            (notice(Mark::Success, title, html! { p { (text) } }))
            @if did == Did::SetApp {
                p { "認証アプリの入った端末をなくしたときや、機種を変えたときは、ログイン画面の【パスワード等を紛失した方はこちら】からお手続きください。" }
            }
            p.note { (Heard::of(&office.account).sentence()) }
            (ButtonRow::forward_link("終了", BACK))
        }
    }))
}

fn screen(visit: &Visit, office: &Office, kind: &str, errors: &Errors) -> Markup {
    let set = office.account.security_code.as_ref().map(CodeKind::of);
    let chosen = match (kind, set) {
        ("", Some(CodeKind::App)) => "app",
        ("", _) => "fixed",
        (typed, _) => typed,
    };
    let choices = [
        Choice::new("fixed", "6〜8桁の数字を決めて使う").detail(html! { "ログインのたびに、同じ数字を入力します。" }),
        Choice::new("app", "認証アプリを使う").detail(html! {
            "スマートフォンなどの認証アプリに表示される、30秒ごとに変わる6桁の数字を入力します。より安全です。"
        }),
    ];
    office.screen(visit, TITLE, MenuPage::User, Some((&STEPS, 2)), !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            p.lead { "ログインのときに、パスワードに続けて入力するセキュリティコードを設定します。設定しなくても、ログインできます。" }
            (Facts::new().row("今の設定", state(office)))
            (form(PATH, csrf, html! {
                (hidden("shown", &office.account.revision.to_string()))
                (radio_cards("kind", "コードの種類", &choices).chosen(chosen).required().error(errors.of("kind")))
                div.stack.fixed-code {
                    (code_field("new_code", "新しいセキュリティコード").required().autocomplete("off")
                        .support("6〜8桁の数字。同じ数字の繰り返しや、並び順の数字は使えません。").error(errors.of("new_code")))
                    (code_field("new_code_again", "新しいセキュリティコード(確認用)").required().autocomplete("off")
                        .error(errors.of("new_code_again")))
                }
                (login::password_again(office, visit.now, errors))
                (ButtonRow::forward(if set.is_some() { "変更" } else { "設定" }).back(Back::Link(BACK)))
            }))
            @if set.is_some() {
                h2 { "セキュリティコードの解除" }
                p { "解除すると、ユーザIDとパスワードだけでログインするようになります。" }
                p { a.button href=(REMOVE) { "解除" } }
            }
            (notice(Mark::Info, "自動的に解除されるとき", html! {
                p { "次のときは、セキュリティコードが解除されます。必要に応じて、この画面からもう一度設定してください。" }
                ul {
                    li { "ログイン情報の再設定をしたとき" }
                    li { "再発行された通知書の仮パスワードで、ログインしたとき" }
                }
            }))
        }
    })
}

fn state(office: &Office) -> &'static str {
    office.account.security_code.as_ref().map_or("設定されていません", SecurityCode::word)
}
