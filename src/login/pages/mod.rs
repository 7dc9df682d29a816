//! 【ログイン】, 【ログイン(セキュリティコード)】 and ログアウト.

pub mod code;
mod screens;

use maud::html;
use poem::http::{HeaderValue, StatusCode};
use poem::web::Data;
use poem::{Response, handler};

pub use screens::{Asks, advice, codes_closed, locked};
use screens::{LOGIN, screen};

use super::flow::{self, Attempt, Entered, LoginError, Outcome};
use super::office::Office;
use crate::app::App;
use crate::security::devices;
use crate::security::sessions::Subject;
use crate::web::components::{Mark, notice};
use crate::web::{self, Answer, Cookie, Errors, Fault, Form, Query, Visit, cookies, form_page, see_other};

/// The one sentence for an unknown ID, a wrong password, an expired temporary password and a lock for strangers.
const REFUSED: &str = "ログインできませんでした。ユーザIDとパスワードをお確かめのうえ、もう一度入力してください。";

/// Why somebody is on the login page who did not ask for it.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Arrival {
    #[serde(default)]
    notice: String,
}

/// 【ログイン】
#[handler]
pub fn show(visit: Visit, Query(arrival): Query<Arrival>) -> Answer {
    if let Some(session) = &visit.session {
        return see_other(if session.limited { "/first-login" } else { "/office" });
    }
    let told = match arrival.notice.as_str() {
        "ended" => Some((
            Mark::Info,
            "自動的にログアウトしました",
            "一定時間操作がなかったか、ほかの端末や国保連合会の操作によって、ログインが終わりました。お手数ですが、もう一度ログインしてください。",
        )),
        "form" => Some((
            Mark::Warning,
            "送信された内容は登録されていません",
            "ログインの有効時間が過ぎたか、ログアウトした後の画面から送信されました。お手数ですが、もう一度ログインして操作をやり直してください。",
        )),
        "logout" => Some((Mark::Success, "ログアウトしました", "共用のパソコンをお使いの場合は、ブラウザを閉じてください。")),
        "temporary" => Some((
            Mark::Warning,
            "仮パスワードが使えなくなりました",
            "有効期限が過ぎたか、新しい通知書が発行されました。パスワードは変更されていません。新しい通知書をお持ちでない方は、【パスワード等を紛失した方はこちら】から、もう一度お手続きください。",
        )),
        "reauth" => Some((
            Mark::Warning,
            "安全のため、ログアウトしました",
            "パスワードの確認で誤りが続いたため、登録情報は変更していません。お手数ですが、もう一度ログインして操作をやり直してください。",
        )),
        "code" => Some((
            Mark::Warning,
            "セキュリティコードの入力を終えられませんでした",
            "パスワードの入力から時間がたったか、登録情報が変更されたため、ログインを中止しました。お手数ですが、ユーザIDとパスワードからもう一度入力してください。",
        )),
        "codes" => Some((
            Mark::Warning,
            "セキュリティコードの誤りが続いたため、ログインを中止しました",
            "ユーザIDとパスワードからもう一度入力してください。セキュリティコードがわからないときは、【パスワード等を紛失した方はこちら】からお手続きをすると、セキュリティコードは解除されます。",
        )),
        "passkey" => Some((
            Mark::Warning,
            "パスキーでのログインを終えられませんでした",
            "時間がたったか、ほかの画面で操作されたため、ログインを中止しました。お手数ですが、もう一度【パスキーでログイン】ボタンを押してください。",
        )),
        _ => None,
    };
    let told = told.map(|(mark, title, text)| notice(mark, title, html! { p { (text) } }));
    web::page(screen(&visit, "", &Errors::default(), told, None))
}

/// \[ログイン\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let (typed, password) = (form.get("user_id"), form.secret("password"));
    let mut errors = Errors::default();
    if typed.trim().is_empty() {
        errors.add("user_id", "ユーザIDを入力してください。");
    }
    if password.expose().is_empty() {
        errors.add("password", "パスワードを入力してください。");
    }
    if !errors.is_empty() {
        return form_page(true, screen(&visit, typed, &errors, None, None));
    }
    if let Err(again_at) = app.logins().admit(visit.network, visit.now) {
        return Ok(web::too_many_logins(&visit, "ログイン", "/login", again_at));
    }
    let attempt = Attempt {
        typed: typed.to_owned(),
        password,
        browser: visit.browser(),
        device: visit.cookie(Cookie::Device).and_then(|value| devices::read(&app.keys, value)),
        client: visit.client.to_string(),
        agent: visit.agent.clone(),
    };
    match flow::log_in(&app, attempt).await? {
        Outcome::Entered(entered) => opened(&visit, &entered),
        Outcome::Code => see_other("/login/code"),
        Outcome::Refused => {
            errors.add("user_id", REFUSED);
            form_page(true, screen(&visit, typed, &errors, None, Some(advice(&LOGIN, &app.config.lockout))))
        }
        Outcome::Locked(until) => Ok(locked(&visit, &LOGIN, &app.config.lockout, until)),
        Outcome::Crowded(again_at) => {
            Ok(web::too_many_new_devices(&visit, "ログイン", "/login", Some("/login/device"), again_at))
        }
    }
}

/// The answer to a login that has opened a session.
///
/// # Errors
/// Never; the type is what handlers return.
pub fn opened(visit: &Visit, entered: &Entered) -> Answer {
    let mut response = see_other(if entered.limited { "/first-login" } else { "/office" })?;
    cookies::set(&mut response, Cookie::Office, entered.session.expose(), visit.secure());
    if let Some(device) = &entered.device {
        cookies::set(&mut response, Cookie::Device, device, visit.secure());
    }
    Ok(response)
}

/// \[ログアウト\]. A form from a page whose session has ended is as good as logged out.
#[handler]
pub async fn leave(app: Data<&App>, visit: Visit, form: poem::Result<Form>) -> Answer {
    if let (Some(session), Some(key)) = (&visit.session, visit.session_key) {
        if form.is_err() {
            return Err(Fault::StaleForm);
        }
        if let Subject::Office(user_id) = session.subject {
            flow::log_out(&app, key, user_id, visit.client.to_string()).await?;
        }
    }
    let mut response = see_other("/login?notice=logout")?;
    cookies::clear(&mut response, Cookie::Office, visit.secure());
    Ok(response)
}

/// \[操作を続ける\]: the request itself counts as use; the answer says when the session ends now.
#[handler]
pub fn extend(office: Office, _form: Form) -> Answer {
    let ends = HeaderValue::from_str(&office.session_ends_ms().to_string()).map_err(Fault::internal)?;
    Ok(Response::builder().status(StatusCode::NO_CONTENT).header("X-Session-Ends", ends).finish())
}

impl From<LoginError> for Fault {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Store(error) => error.into(),
            LoginError::Busy(busy) => busy.into(),
            LoginError::Ended => Self::Elsewhere("/login?notice=reauth".to_owned()),
        }
    }
}
