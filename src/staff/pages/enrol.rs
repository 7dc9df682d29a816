//! 【職員登録】: by a one-time link, a password and an authenticator app.

use maud::{Markup, html};
use poem::web::Data;
use poem::{Request, handler};

use super::login::{caller, not_a_code};
use crate::app::App;
use crate::security::passwords::{self, STAFF_LENGTHS};
use crate::security::{Authenticator, sessions};
use crate::staff::flow::enrol::{self, Chosen, Enrolment, Proved};
use crate::staff::model::{Member, Stage};
use crate::staff::{Scope, link};
use crate::web::components::{
    Back, ButtonRow, Facts, Mark, PasswordRule, code_field, copy_button, error_summary, form, notice, password_field,
    password_rules, qr,
};
use crate::web::cookies::{self, Cookie};
use crate::web::layout::Shell;
use crate::web::{Answer, Errors, Form, Visit, form_page, html as answer, page, see_other};

const STEPS: [&str; 3] = ["パスワード設定", "認証アプリ登録", "終了"];
const PASSWORD: &str = "/staff/enrol";
const APP: &str = "/staff/enrol/app";
const DONE: &str = "/staff/enrol/done";

/// The link itself, and the screen it leads to. The token goes into a cookie and out of the address bar.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
#[handler]
pub async fn start(Data(app): Data<&App>, visit: Visit, request: &Request) -> Answer {
    let query = request.uri().query().unwrap_or_default();
    if let Some((_, token)) = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "token") {
        let mut response = see_other(PASSWORD)?;
        if link::is_token(&token) {
            cookies::set(&mut response, Cookie::Enrolment, &token, visit.secure());
        }
        return Ok(response);
    }
    match find(app, &visit)? {
        None => over(&visit),
        Some((_, Enrolment { stage: Stage::Enrolled, .. })) => see_other(DONE),
        Some((_, enrolment)) => page(choose_page(&visit, &enrolment.member, &Errors::default())),
    }
}

/// A password was chosen.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails or too many hashes wait.
#[handler]
pub async fn password(Data(app): Data<&App>, visit: Visit, sent: Form) -> Answer {
    let Some((token, enrolment)) = find(app, &visit)? else { return over(&visit) };
    let (new, again) = (sent.secret("new_password"), sent.secret("new_password_again"));
    let mut errors = Errors::default();
    errors.check("new_password", passwords::check_staff(new.expose(), enrolment.member.name.as_str()));
    if again.expose().is_empty() {
        errors.add("new_password_again", "確認のため、新しいパスワードをもう一度入力してください。");
    } else if new.expose() != again.expose() {
        errors.add("new_password_again", "新しいパスワードと同じものを入力してください。");
    }
    if errors.is_empty() {
        match enrol::choose(app, token, visit.browser(), new).await? {
            Chosen::Next => return see_other(APP),
            Chosen::Over => return over(&visit),
            Chosen::Refused(fault) => errors.add("new_password", fault),
        }
    }
    form_page(true, choose_page(&visit, &enrolment.member, &errors))
}

/// The screen with the code to scan.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
#[handler]
pub async fn show_app(Data(app): Data<&App>, visit: Visit) -> Answer {
    let Some((_, enrolment)) = find(app, &visit)? else { return over(&visit) };
    match enrol::authenticator(&app.keys, &enrolment.stage) {
        Some(shown) => page(app_page(&visit, &enrolment.member, &shown, &Errors::default())),
        None => see_other(PASSWORD),
    }
}

/// The app's first code was sent.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
#[handler]
pub async fn prove(Data(app): Data<&App>, visit: Visit, sent: Form) -> Answer {
    let Some((token, enrolment)) = find(app, &visit)? else { return over(&visit) };
    let Some(shown) = enrol::authenticator(&app.keys, &enrolment.stage) else { return see_other(PASSWORD) };
    let typed = sent.get("code").to_owned();
    if let Some(sentence) = not_a_code(&typed) {
        let mut errors = Errors::default();
        errors.add("code", sentence);
        return form_page(true, app_page(&visit, &enrolment.member, &shown, &errors));
    }
    let (caller, device) = caller(app, &visit);
    match enrol::prove(app, token, typed, caller).await? {
        Proved::Enrolled => {
            let mut response = see_other(DONE)?;
            if let Some(device) = device {
                cookies::set(&mut response, Cookie::Device, &device, visit.secure());
            }
            Ok(response)
        }
        Proved::Over => over(&visit),
        Proved::Wrong => {
            let mut errors = Errors::default();
            errors.add("code", "認証コードが違います。認証アプリに表示されている新しい6桁を入力してください。");
            form_page(true, app_page(&visit, &enrolment.member, &shown, &errors))
        }
    }
}

/// 【処理終了】.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
#[handler]
pub async fn done(Data(app): Data<&App>, visit: Visit) -> Answer {
    match find(app, &visit)? {
        Some((_, Enrolment { stage: Stage::Enrolled, member })) => page(done_page(&visit, &member)),
        Some(_) => see_other(PASSWORD),
        None => over(&visit),
    }
}

fn find(app: &App, visit: &Visit) -> Result<Option<([u8; 32], Enrolment)>, crate::store::StoreError> {
    let Some(token) = visit.cookie(Cookie::Enrolment).map(sessions::hash) else { return Ok(None) };
    Ok(enrol::find(app, token, visit.browser(), visit.now)?.map(|enrolment| (token, enrolment)))
}

/// Unknown, used, over, or begun in another browser: all look alike.
fn over(visit: &Visit) -> Answer {
    let body = html! {
        p { "この登録用リンクは使えません。有効期間が過ぎたか、すでに使われたか、別のブラウザで登録が始められています。" }
        p { "登録がまだのときは、システム管理者に登録用リンクの再発行を依頼してください。" }
        p { a href="/staff/login" { "職員ログインへ" } }
    };
    Ok(answer(poem::http::StatusCode::NOT_FOUND, visit.page("登録用リンクが使えません", Shell::Visitor).render(body)))
}

fn choose_page(visit: &Visit, member: &Member, errors: &Errors) -> Markup {
    let (min, max) = STAFF_LENGTHS;
    let place = match member.scope {
        Scope::One(prefecture) => prefecture.name(),
        Scope::All => "すべての連合会",
    };
    visit.page("職員登録（パスワード設定）", Shell::Visitor).steps(&STEPS, 1).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "あなたの登録内容をお確かめのうえ、これから使うパスワードを決めてください。" }
        (Facts::new().row("職員名", member.name.as_str()).row("所属", place).row("役割", member.role.label()))
        (form(PASSWORD, &visit.csrf(), html! {
            // Password managers keep the new password under this name.
            input type="text" name="username" autocomplete="username" value=(member.name) hidden;
            (password_field("new_password", "新しいパスワード").required().autocomplete("new-password")
                .support("単語をいくつかつなげると、長くても覚えやすくなります。文字の種類の決まりはありません。")
                .error(errors.of("new_password")))
            (password_rules("new_password", &[PasswordRule::Length { min, max }]))
            (password_field("new_password_again", "新しいパスワード(確認用)").required().autocomplete("new-password")
                .error(errors.of("new_password_again")))
            (ButtonRow::forward("次へ"))
        }))
        p.note { "登録を始めると、このリンクはほかのブラウザでは使えなくなります。" }
    })
}

fn app_page(visit: &Visit, member: &Member, shown: &Authenticator, errors: &Errors) -> Markup {
    let secret = shown.in_groups();
    visit.page("職員登録（認証アプリ登録）", Shell::Visitor).steps(&STEPS, 2).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "スマートフォンなどの認証アプリでQRコードを読み取り、表示された6桁の数字を入力してください。" }
        div.qr-part {
            (qr(shown.address(member.name.as_str()).expose(), "認証アプリで読み取るQRコード"))
            div.stack {
                p { "読み取れないときは、次の文字を認証アプリに入力してください（種類は「時間ベース」）。" }
                p.setup-key { (secret) }
                (copy_button(&secret.replace(' ', ""), "文字をコピー"))
            }
        }
        (form(APP, &visit.csrf(), html! {
            (code_field("code", "認証コード").required().support("認証アプリに表示された6桁の数字").error(errors.of("code")))
            (ButtonRow::forward("登録").back(Back::Link(PASSWORD)))
        }))
        p.note { "QRコードと文字は、この画面でしか表示されません。ほかの人に見せないでください。" }
    })
}

fn done_page(visit: &Visit, member: &Member) -> Markup {
    visit.page("処理終了", Shell::Visitor).steps(&STEPS, 3).render(html! {
        (notice(Mark::Success, "登録が終わりました", html! {
            p { (member.name) " さんのパスワードと認証アプリを登録しました。" }
        }))
        p { "次からは、職員名とパスワード、認証アプリの6桁の数字でログインしてください。" }
        p.note { "今入力した数字はもう使えません。ログインには、次に表示される数字を使ってください。" }
        (ButtonRow::forward_link("ログイン画面へ", "/staff/login"))
    })
}
