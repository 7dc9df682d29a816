//! 【職員ログイン】: name and password, then the code of the authenticator app.

use jiff::Timestamp;
use maud::{Markup, html};
use poem::web::Data;
use poem::{Response, handler};

use crate::app::App;
use crate::config::Lockout;
use crate::kernel::{Id, jst};
use crate::passkeys;
use crate::security::devices;
use crate::security::sessions::{SessionToken, Subject};
use crate::staff::flow::login::{self, Caller, Entered, Passed};
use crate::staff::{Authenticator, StaffName, guard};
use crate::web::components::{
    Back, ButtonRow, Mark, code_field, countdown, error_summary, form, help_details, notice, password_field, text_field,
};
use crate::web::cookies::{self, Cookie};
use crate::web::layout::Shell;
use crate::web::{self, Answer, Errors, Form, Query, Visit, form_page, page, see_other};

const STEPS: [&str; 2] = ["職員名とパスワード", "認証コード"];
const HELP: &str =
    "パスワードを忘れたとき、認証アプリの入った端末をなくしたときは、システム管理者に登録用リンクの再発行を依頼してください。";
/// The one sentence for an unknown name, a wrong password, a disabled member and a lock for strangers.
const REFUSED: &str = "ログインできませんでした。職員名とパスワードをお確かめのうえ、もう一度入力してください。";

/// Why somebody is on the login page who did not ask for it.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Arrival {
    #[serde(default)]
    notice: String,
}

/// The first screen; whoever is logged in already goes on.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
#[handler]
pub async fn start(Data(app): Data<&App>, visit: Visit, Query(arrival): Query<Arrival>) -> Answer {
    if let Some(desk) = guard::desk(app, &visit)? {
        return see_other(&first_screen(&visit, desk.id));
    }
    page(first(&visit, "", &Errors::default(), told(&visit, &arrival.notice), None))
}

/// Where a member goes on after the login: at what they had typed when the one before was over, else at the dashboard.
fn first_screen(visit: &Visit, member: Id) -> String {
    visit.way_back(Subject::Staff(member)).unwrap_or_else(|| "/staff".to_owned())
}

fn told(visit: &Visit, word: &str) -> Markup {
    let (mark, title, text) = match word {
        "ended" => (
            Mark::Info,
            "ログインの有効時間が過ぎました",
            "一定時間操作がなかったため、自動的にログアウトしました。もう一度ログインしてください。",
        ),
        "form" if visit.has_kept() => (
            Mark::Warning,
            "送信された内容はまだ登録されていません",
            "ログインの有効時間が過ぎたか、ログアウトした後の画面から送信されました。30分以内に同じ職員名でログインすると、入力した内容をもう一度表示します。",
        ),
        "form" => (
            Mark::Warning,
            "送信された内容は登録されていません",
            "ログインの有効時間が過ぎたか、ログアウトした後の画面から送信されました。もう一度ログインして操作をやり直してください。",
        ),
        "code" => (
            Mark::Warning,
            "認証コードの入力を終えられませんでした",
            "時間がたったか、誤りが続いたため、はじめからログインし直してください。",
        ),
        "reauth" => (
            Mark::Warning,
            "安全のため、ログアウトしました",
            "パスワードの確認で誤りが続いたため、登録情報は変更していません。お手数ですが、もう一度ログインして操作をやり直してください。",
        ),
        "passkey" => (
            Mark::Warning,
            "パスキーでのログインを終えられませんでした",
            "時間がたったか、ほかの画面で操作されたため、ログインを中止しました。もう一度【パスキーでログイン】ボタンを押してください。",
        ),
        "logout" => (Mark::Success, "ログアウトしました", "共用のパソコンをお使いの場合は、ブラウザを閉じてください。"),
        _ => return html! {},
    };
    notice(mark, title, html! { p { (text) } })
}

/// Name and password were sent.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails or too many log in at once.
#[handler]
pub async fn password(Data(app): Data<&App>, visit: Visit, sent: Form) -> Answer {
    let typed = sent.get("name");
    let mut errors = Errors::default();
    let name = errors.check("name", StaffName::parse(typed));
    let password = sent.secret("password");
    if password.expose().is_empty() {
        errors.add("password", "パスワードを入力してください。");
    }
    let Some(name) = name.filter(|_| errors.is_empty()) else {
        return form_page(true, first(&visit, typed, &errors, html! {}, None));
    };
    if let Err(again_at) = app.logins().admit(visit.network, visit.now) {
        return Ok(web::too_many_logins(&visit, "職員ログイン", "/staff/login", again_at));
    }
    match login::pass(app, name, password, caller(app, &visit).0).await? {
        Passed::Code => see_other("/staff/login/code"),
        Passed::Refused => {
            errors.add("name", REFUSED);
            form_page(true, first(&visit, typed, &errors, html! {}, Some(advice(&app.config.lockout))))
        }
        Passed::Locked(until) => Ok(locked(&visit, &app.config.lockout, until)),
        Passed::Crowded(again_at) => Ok(web::too_many_new_devices(&visit, "職員ログイン", "/staff/login", None, again_at)),
    }
}

/// The second screen.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
#[handler]
pub async fn ask_code(Data(app): Data<&App>, visit: Visit) -> Answer {
    if !login::waits(app, visit.browser(), visit.now)? {
        return see_other("/staff/login?notice=code");
    }
    page(second(&visit, &Errors::default()))
}

/// A code was sent.
///
/// # Errors
/// [`crate::web::Fault`] when the database fails.
#[handler]
pub async fn code(Data(app): Data<&App>, visit: Visit, sent: Form) -> Answer {
    let mut errors = Errors::default();
    let typed = sent.get("code").to_owned();
    if let Some(sentence) = not_a_code(&typed) {
        errors.add("code", sentence);
        return form_page(true, second(&visit, &errors));
    }
    let (caller, device) = caller(app, &visit);
    match login::enter(app, typed, caller).await? {
        Entered::In(session, member) => opened(&visit, &session, member, device.as_deref()),
        Entered::Wrong { left } => {
            errors.add(
                "code",
                format!("認証コードが違います。新しい6桁が表示されたら、それを入力してください。あと{left}回入力できます。"),
            );
            form_page(true, second(&visit, &errors))
        }
        Entered::Over => see_other("/staff/login?notice=code"),
    }
}

/// The answer to a login that has opened a session. `device` is the cookie of a browser that had none.
///
/// # Errors
/// Never; the type is what handlers return.
pub fn opened(visit: &Visit, session: &SessionToken, member: Id, device: Option<&str>) -> Answer {
    let mut response = see_other(&first_screen(visit, member))?;
    cookies::set(&mut response, Cookie::Staff, session.expose(), visit.secure());
    if let Some(device) = device {
        cookies::set(&mut response, Cookie::Device, device, visit.secure());
    }
    Ok(response)
}

/// What something that cannot be a code of the authenticator is answered with; it costs no try.
pub(super) fn not_a_code(typed: &str) -> Option<&'static str> {
    if Authenticator::looks_like(typed) {
        None
    } else if typed.trim().is_empty() {
        Some("認証コードを入力してください。")
    } else {
        Some("認証コードは6桁の数字で入力してください。")
    }
}

/// The browser of this visit; the second is the cookie of a device that has none yet.
#[must_use]
pub fn caller(app: &App, visit: &Visit) -> (Caller, Option<String>) {
    let device = visit.cookie(Cookie::Device).and_then(|cookie| devices::read(&app.keys, cookie));
    let (cookie, remember_as) = match device {
        Some(known) => (None, known),
        None => {
            let (cookie, new) = devices::issue(&app.keys, &app.moment().part("device").random());
            (Some(cookie), new)
        }
    };
    let (client, agent, former) = (visit.client.to_string(), visit.agent.clone(), visit.session_key);
    (Caller { browser: visit.browser(), device, remember_as, client, agent, former }, cookie)
}

/// The device's own lock, counted down.
fn locked(visit: &Visit, rules: &Lockout, until: Timestamp) -> Response {
    let body = html! {
        (notice(Mark::Error, "ログインを一時的に停止しています", html! {
            p {
                "誤りが" (rules.failures) "回続いたため、この端末からは、この職員名でログインできません。あと"
                strong { (countdown(&visit.time, until.as_millisecond(), "0秒")) }
                "で、もう一度ログインできるようになります（" (jst::hms(until)) "から）。"
            }
        }))
        p { (HELP) }
        (ButtonRow::forward_link("ログイン画面へ", "/staff/login"))
    };
    web::come_again(visit, visit.page("職員ログイン", Shell::Visitor).error(true).render(body), until)
}

/// `above` stands before the form, `advice` after it.
fn first(visit: &Visit, typed: &str, errors: &Errors, above: Markup, advice: Option<Markup>) -> Markup {
    visit.page("職員ログイン", Shell::Visitor).steps(&STEPS, 1).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        (above)
        p.lead { "国保連合会の職員の方のログイン画面です。職員名とパスワードを入力し、【次へ】ボタンを押してください。" }
        (form("/staff/login", &visit.csrf(), html! {
            (text_field("name", "職員名").value(typed).required().autocomplete("username").error(errors.of("name")))
            (password_field("password", "パスワード").required().autocomplete("current-password").error(errors.of("password")))
            (ButtonRow::forward("次へ").back(Back::Link("/")))
        }))
        (passkeys::login_offer(visit, "/staff/login/passkey/begin"))
        @if let Some(advice) = advice { (advice) }
        p.note { (HELP) }
    })
}

/// Shown with every refusal, whatever its cause.
fn advice(rules: &Lockout) -> Markup {
    notice(
        Mark::Info,
        "ログインできないときは",
        html! {
            ul {
                li { "パスワードは大文字と小文字を区別します。" }
                li { "同じ端末で" (rules.failures) "回続けて誤ると、その端末からは" (rules.minutes) "分間ログインできません。" }
                li { "安全のため、初めて使う端末からのログインを一時的に止めている場合があります。以前ログインした端末から、または時間をおいてお試しください。" }
            }
        },
    )
}

fn second(visit: &Visit, errors: &Errors) -> Markup {
    visit.page("職員ログイン（認証コード）", Shell::Visitor).steps(&STEPS, 2).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "認証アプリに表示されている6桁の数字を入力し、【ログイン】ボタンを押してください。" }
        (form("/staff/login/code", &visit.csrf(), html! {
            (code_field("code", "認証コード").required().error(errors.of("code"))
                .support("数字は30秒ごとに変わります。一度使った数字は使えません。"))
            (ButtonRow::forward("ログイン").back(Back::Link("/staff/login")))
        }))
        (help_details("認証コードが合わないとき", html! {
            p { "端末の時刻がずれていると合いません。端末の時刻の自動設定を有効にしてから、新しく表示された数字を入力してください。" }
        }))
    })
}
