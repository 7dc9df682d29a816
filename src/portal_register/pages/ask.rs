//! 【初回利用登録】 and 【セキュリティ用メールアドレスの登録が必要です】.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;
use serde::Deserialize;

use super::{CHANGED, FLOW, STEPS, TITLE, current, home, visitor};
use crate::app::App;
use crate::codes::{self, Sort};
use crate::kernel::jst;
use crate::login::{self, Asks, Attempt, Proof, Proving};
use crate::portal_register::flow::ask::{self as flow, Went};
use crate::portal_register::model::{Screen, Stage};
use crate::security::devices;
use crate::web::components::{Back, ButtonRow, Mark, error_summary, form, hidden, notice, password_field, text_field};
use crate::web::layout::Shell;
use crate::web::{self, Answer, Cookie, Errors, FlowCookie, Form, Query, Visit, form_page, page, see_other};

/// Where the code of an office is asked for that has set one.
pub(super) const CODE: &str = "/portal/register/security-code";
/// The front page.
const FRONT: &str = "/portal";
const USER_ID: &str = "user_id";
const PASSWORD: &str = "password";

/// The one sentence for an unknown ID, a wrong password and a lock for strangers.
const REFUSED: &str = "認証できませんでした。ユーザIDとパスワードをお確かめのうえ、もう一度入力してください。";
const TEMPORARY: &str = "通知書の仮パスワードでは認証できません。先に電子請求受付システムへログインして新しいパスワードを設定し、そのパスワードでもう一度お手続きください。仮パスワードは使用されていません。";

/// The login of offices as this screen speaks of it.
pub(super) const ASKS: Asks =
    Asks {
        title: TITLE, doing: "認証", anew: ("初回利用登録の画面へ", Screen::Ask.path()), back: FRONT, of_portal: true
    };

/// Why somebody is here again who did not ask for it.
#[derive(Debug, Default, Deserialize)]
pub struct Arrival {
    #[serde(default)]
    notice: String,
}

/// 【初回利用登録】, with the ID of before.
#[handler]
pub fn show(app: Data<&App>, visit: Visit, Query(arrival): Query<Arrival>) -> Answer {
    let flow = current(&app, &visit)?;
    let late =
        flow.as_ref().is_some_and(|flow| matches!(flow.stage, Stage::Proven { .. }) && flow.is_late(&app.config.code, visit.now));
    let told = match arrival.notice.as_str() {
        "code" => Some((
            "セキュリティコードの入力を終えられませんでした",
            "パスワードの入力から時間がたったか、登録情報が変更されたため、認証を中止しました。お手数ですが、ユーザIDとパスワードからもう一度入力してください。".to_owned(),
        )),
        "codes" => Some((
            "セキュリティコードの誤りが続いたため、認証を中止しました",
            "ユーザIDとパスワードからもう一度入力してください。セキュリティコードがわからないときは、【パスワード等を紛失した方はこちら】からお手続きをすると、セキュリティコードは解除されます。".to_owned(),
        )),
        "changed" => Some((
            "登録は行われていません",
            "電子請求受付システムの登録情報が変わりました。もう一度認証してください。".to_owned(),
        )),
        _ if late => Some((
            "登録は行われていません",
            format!(
                "ワンタイムパスワードの入力から{}分が過ぎたため、お手数ですが、もう一度認証してください。入力した内容は残っています。",
                app.config.code.valid_minutes
            ),
        )),
        _ => None,
    };
    let told = told.map(|(title, text)| notice(Mark::Warning, title, html! { p { (text) } }));
    let typed = flow.map(|flow| flow.stage.user_id().to_string()).unwrap_or_default();
    page(screen(&visit, FlowCookie::offer(&visit, &app.random, ""), &typed, &Errors::default(), told, None))
}

/// \[次へ\]. What is wrong writes what it writes at the login, and nothing more.
#[handler]
pub async fn prove(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let (typed, password) = (form.get(USER_ID), form.secret(PASSWORD));
    let offered = form.get(FLOW);
    let mut errors = Errors::default();
    if typed.trim().is_empty() {
        errors.add(USER_ID, "ユーザIDを入力してください。");
    }
    if password.expose().is_empty() {
        errors.add(PASSWORD, "パスワードを入力してください。");
    }
    let again = |errors: &Errors, advice: Option<Markup>| {
        let offer = FlowCookie::offer(&visit, &app.random, offered);
        form_page(true, screen(&visit, offer, typed, errors, None, advice))
    };
    if !errors.is_empty() {
        return again(&errors, None);
    }
    if let Err(again_at) = app.logins().admit(visit.network, visit.now) {
        return Ok(web::too_many_logins(&visit, TITLE, Screen::Ask.path(), again_at));
    }
    let attempt = Attempt {
        typed: typed.to_owned(),
        password,
        browser: visit.browser(),
        device: visit.cookie(Cookie::Device).and_then(|value| devices::read(&app.keys, value)),
        client: visit.client.to_string(),
        agent: visit.agent.clone(),
    };
    match login::prove(&app, attempt).await? {
        Proving::Proved(proof) => proved(&app, &visit, FlowCookie::of_form(&visit, &app.random, offered), proof).await,
        Proving::Code => see_other(CODE),
        Proving::Temporary => {
            errors.add(PASSWORD, TEMPORARY);
            again(&errors, None)
        }
        Proving::Refused => {
            errors.add(USER_ID, REFUSED);
            again(&errors, Some(login::advice(&ASKS, &app.config.lockout)))
        }
        Proving::Locked(until) => Ok(login::locked(&visit, &ASKS, &app.config.lockout, until)),
        Proving::Crowded(again_at) => {
            Ok(web::too_many_new_devices(&visit, TITLE, Screen::Ask.path(), Some("/login/device"), again_at))
        }
    }
}

/// All was right: on with the one-time password.
pub(super) async fn proved(app: &App, visit: &Visit, cookie: FlowCookie, proof: Proof) -> Answer {
    let here = visitor(app, visit, cookie.key);
    let mut errors = Errors::default();
    match app.store.write(move |tx| flow::proved(tx, &here, proof)).await? {
        Went::To(screen) => return cookie.keep(visit, see_other(screen.path())),
        Went::Changed => return see_other(CHANGED),
        Went::TooMany { again_at } => errors.add("", codes::too_many(Sort::OneTime, again_at)),
        Went::TooManyFlows { again_at } => errors.add("", too_many_flows(again_at)),
    }
    let offer = FlowCookie::offer(visit, &app.random, "");
    form_page(true, screen(visit, offer, &proof.user_id.to_string(), &errors, None, None))
}

/// What somebody is told from whose network too many were begun.
fn too_many_flows(again_at: jiff::Timestamp) -> String {
    format!(
        "お使いの回線からのお手続きが短い時間に多く始められたため、受け付けを一時的に止めています。{}以降に、もう一度お試しください。",
        jst::sentence_time(again_at)
    )
}

/// `told` stands before the form, `advice` after it.
fn screen(
    visit: &Visit,
    flow: Option<String>,
    typed: &str,
    errors: &Errors,
    told: Option<Markup>,
    advice: Option<Markup>,
) -> Markup {
    visit.page(TITLE, Shell::PortalVisitor).steps(&STEPS, 1).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        @if let Some(told) = told { (told) }
        p.lead { "電子請求受付システムのユーザIDとパスワードで、事業所の認証を行います。ユーザIDとパスワードを入力し、【次へ】ボタンを押してください。" }
        (form(Screen::Ask.path(), &visit.csrf(), html! {
            @if let Some(flow) = flow { (hidden(FLOW, &flow)) }
            (text_field(USER_ID, "ユーザID").required().value(typed).autocomplete("username")
                .support("KJから始まる14桁。例: KJ123456789012").error(errors.of(USER_ID)))
            (password_field(PASSWORD, "パスワード").required().autocomplete("current-password")
                .support("電子請求受付システムのパスワードです。").error(errors.of(PASSWORD)))
            p.note { "介護情報基盤ポータルのID（メールアドレス）とパスワードではありません。" }
            p { a href="/lost" { "パスワード等を紛失した方はこちら" } }
            (ButtonRow::forward("次へ").back(Back::Link(FRONT)))
        }))
        @if let Some(advice) = advice { (advice) }
    })
}

/// 【セキュリティ用メールアドレスの登録が必要です】
#[handler]
pub fn no_address(app: Data<&App>, visit: Visit) -> Answer {
    let flow = current(&app, &visit)?;
    match flow.as_ref().map(|flow| &flow.stage) {
        Some(Stage::NoAddress { user_id }) => {
            let federation = app.config.federation_of(user_id.office().prefecture);
            let body = html! {
                (notice(Mark::Warning, "登録はまだ行われていません", html! {
                    p { "初回利用登録では、電子請求受付システムに登録されているセキュリティ用メールアドレスへワンタイムパスワードをお送りします。この事業所には、まだ登録されていません。" }
                }))
                section.stack {
                    h2 { "お手続きの順番" }
                    ol {
                        li { "電子請求受付システムにログインします。" }
                        li { "画面の案内、または【ユーザ情報変更】の「セキュリティ用メールアドレス設定」から、メールアドレスを登録します。" }
                        li { "登録が終わったら、もう一度この【初回利用登録】を行います。" }
                    }
                }
                p.note {
                    "事業所で受信できるメールアドレスがないときは、"
                    @match federation {
                        Some(federation) => { (federation.name) span.tel { "（電話 " (federation.telephone) "）" } },
                        None => "国保連合会",
                    }
                    "へご相談ください。"
                }
                (ButtonRow::forward_link("電子請求受付システムへログイン", "/login").back(Back::Link(Screen::Ask.path())))
            };
            page(visit.page("セキュリティ用メールアドレスの登録が必要です", Shell::PortalVisitor).steps(&STEPS, 2).render(body))
        }
        _ => home(&app, &visit, flow.as_ref()),
    }
}
