//! L1 【ログイン】 and ログアウト.

use maud::html;
use poem::handler;
use poem::web::Data;

use super::screens::{advice, expired, locked, screen, suspended};
use super::{LOGIN, caller, opened};
use crate::app::App;
use crate::codes::{self, Sort};
use crate::portal::FIRST;
use crate::portal_login::flow::login::{self as flow, Outcome};
use crate::portal_login::flow::place;
use crate::web::components::{Mark, notice};
use crate::web::{self, Answer, Cookie, Errors, Fault, Form, Query, Visit, cookies, form_page, page_422, see_other};

/// The one sentence for an unknown address, a wrong password, an initial one that is none any more and a lock for strangers.
const REFUSED: &str = "ログインできませんでした。ID（メールアドレス）とパスワードをお確かめのうえ、もう一度入力してください。";
pub(super) const ID: &str = "id";
pub(super) const PASSWORD: &str = "password";

/// Why somebody is on the login page who did not ask for it.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Arrival {
    #[serde(default)]
    notice: String,
}

impl Arrival {
    fn told(&self) -> Option<(Mark, &'static str, &'static str)> {
        Some(match self.notice.as_str() {
            "ended" => (
                Mark::Info,
                "自動的にログアウトしました",
                "一定時間操作がなかったか、ほかの端末での操作によって、ログインが終わりました。お手数ですが、もう一度ログインしてください。ログインできないときは、利用者の登録が削除されていないか、事業所・医療機関の主たる利用者にお確かめください。",
            ),
            "form" => (
                Mark::Warning,
                "送信された内容は登録されていません",
                "ログインの有効時間が過ぎたか、ログアウトした後の画面から送信されました。お手数ですが、もう一度ログインして操作をやり直してください。",
            ),
            "logout" => (Mark::Success, "ログアウトしました", "共用のパソコンをお使いの場合は、ブラウザを閉じてください。"),
            "left" => (Mark::Success, "利用をやめました", "事業所・医療機関の利用者の登録を削除し、ログアウトしました。"),
            "initial" => (
                Mark::Warning,
                "初期パスワードが使えなくなりました",
                "有効期限が過ぎたか、新しい初期パスワードが発行されたか、別の画面でパスワードが設定されました。この画面からは、パスワードは変更されていません。パスワードがわからない方は、【パスワードを忘れた方はこちら】からお手続きください。",
            ),
            "suspended" => (
                Mark::Error,
                "利用を停止されています",
                "この利用者は、利用を停止されています。事業所・医療機関の主たる利用者、または画面の下にあるお問い合わせ先の国保連合会へご連絡ください。",
            ),
            "reauth" => (
                Mark::Warning,
                "安全のため、ログアウトしました",
                "パスワードの確認で誤りが続いたため、登録内容は変更していません。お手数ですが、もう一度ログインして操作をやり直してください。",
            ),
            "code" => (
                Mark::Warning,
                "ワンタイムパスワードの入力を終えられませんでした",
                "パスワードの入力から時間がたったか、登録内容が変更されたため、ログインを中止しました。お手数ですが、IDとパスワードからもう一度入力してください。",
            ),
            "otp" => (
                Mark::Warning,
                "ワンタイムパスワードの誤りが続いたため、ログインを中止しました",
                "届いたワンタイムパスワードは使えなくなりました。お手数ですが、IDとパスワードからもう一度入力してください。",
            ),
            "passkey" => (
                Mark::Warning,
                "パスキーでのログインを終えられませんでした",
                "時間がたったか、ほかの画面で操作されたため、ログインを中止しました。お手数ですが、もう一度【パスキーでログイン】ボタンを押してください。",
            ),
            _ => return None,
        })
    }
}

/// 【ログイン】. Who is in already is led on: the second of two clicks finds that no login waits any more, for the first has ended it well.
#[handler]
pub fn show(visit: Visit, Query(arrival): Query<Arrival>) -> Answer {
    let of_a_login = matches!(arrival.notice.as_str(), "code" | "otp" | "passkey") || arrival.told().is_none();
    if visit.session.is_some() && of_a_login {
        return see_other(FIRST);
    }
    let told = arrival.told().map(|(mark, title, text)| notice(mark, title, html! { p { (text) } }));
    web::page(screen(&visit, "", &Errors::default(), told, None))
}

/// \[ログイン\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let (typed, password) = (form.get(ID), form.secret(PASSWORD));
    let mut errors = Errors::default();
    if typed.trim().is_empty() {
        errors.add(ID, "ID（メールアドレス）を入力してください。");
    }
    if password.expose().is_empty() {
        errors.add(PASSWORD, "パスワードを入力してください。");
    }
    if !errors.is_empty() {
        return page_422(screen(&visit, typed, &errors, None, None));
    }
    if let Err(again_at) = app.logins().admit(visit.network, visit.now) {
        return Ok(web::too_many_logins(&visit, "ログイン", LOGIN, again_at));
    }
    match flow::log_in(&app, typed, password, caller(&app, &visit)).await? {
        Outcome::In(entered) => opened(&visit, &entered),
        Outcome::Code => see_other("/portal/login/otp"),
        Outcome::Refused => {
            errors.add(ID, REFUSED);
            form_page(true, screen(&visit, typed, &errors, None, Some(advice(&app.config.lockout))))
        }
        Outcome::Locked(until) => Ok(locked(&visit, &app.config.lockout, until)),
        Outcome::Crowded(again_at) => Ok(web::too_many_new_devices(&visit, "ログイン", LOGIN, None, again_at)),
        Outcome::Suspended(home) => page_422(suspended(&app, &visit, "ログイン", home)),
        Outcome::Expired => page_422(expired(&visit)),
        Outcome::TooMany(again_at) => {
            errors.add("", codes::too_many(Sort::OneTime, again_at));
            page_422(screen(&visit, typed, &errors, None, None))
        }
    }
}

/// \[ログアウト\]. A form from a page whose session has ended is as good as logged out.
#[handler]
pub async fn leave(app: Data<&App>, visit: Visit, form: poem::Result<Form>) -> Answer {
    if let (Some(session), Some(key)) = (&visit.session, visit.session_key) {
        if form.is_err() {
            return Err(Fault::StaleForm);
        }
        place::log_out(&app, key, session.clone(), visit.client.to_string()).await?;
    }
    let mut response = see_other("/portal/login?notice=logout")?;
    cookies::clear(&mut response, Cookie::Portal, visit.secure());
    Ok(response)
}
