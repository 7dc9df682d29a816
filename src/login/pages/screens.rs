//! The screens of the login.

use jiff::Timestamp;
use maud::{Markup, html};
use poem::Response;

use crate::config::Lockout;
use crate::passkeys;
use crate::web::components::{Back, ButtonRow, Mark, countdown, error_summary, form, notice, password_field, text_field};
use crate::web::layout::Shell;
use crate::web::{self, Errors, Visit};

/// Where user ID, password and security code of an office are asked for: at its login, and at the portal's first registration, which answers
/// in the same words.
#[derive(Clone, Copy, Debug)]
pub struct Asks {
    /// The screen that asks for ID and password.
    pub title: &'static str,
    /// What is not possible just now.
    pub doing: &'static str,
    /// Where it is begun anew, as its button says.
    pub anew: (&'static str, &'static str),
    /// Where \[戻る\] leads.
    pub back: &'static str,
    /// Whether it stands in the portal.
    pub of_portal: bool,
}

/// The login itself.
pub(super) const LOGIN: Asks =
    Asks { title: "ログイン", doing: "ログイン", anew: ("ログイン画面へ", "/login"), back: "/", of_portal: false };

impl Asks {
    const fn shell(&self) -> Shell<'static> {
        if self.of_portal { Shell::PortalVisitor } else { Shell::Visitor }
    }
}

/// `told` stands before the form, `advice` after it.
pub(super) fn screen(visit: &Visit, typed: &str, errors: &Errors, told: Option<Markup>, advice: Option<Markup>) -> Markup {
    visit.page("ログイン", Shell::Visitor).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        @if let Some(told) = told { (told) }
        p.lead { "ユーザIDとパスワードを入力して、【ログイン】ボタンを押してください。" }
        (form("/login", &visit.csrf(), html! {
            (text_field("user_id", "ユーザID").required().value(typed).autocomplete("username")
                .support("KJから始まる14桁。大文字と小文字は区別しません。").error(errors.of("user_id")))
            (password_field("password", "パスワード").required().autocomplete("current-password")
                .support("初めてログインする方、再発行を受けた方は、通知書の仮パスワードを入力してください。").error(errors.of("password")))
            p { a href="/lost" { "パスワード等を紛失した方はこちら" } }
            (ButtonRow::forward("ログイン").back(Back::Link("/")))
        }))
        (passkeys::login_offer(visit, "/login/passkey/begin"))
        @if let Some(advice) = advice { (advice) }
    })
}

/// Shown with every refusal, whatever its cause.
#[must_use]
pub fn advice(asks: &Asks, rules: &Lockout) -> Markup {
    let doing = asks.doing;
    notice(
        Mark::Info,
        &format!("{doing}できないときは"),
        html! {
            ul {
                li { "パスワードは大文字と小文字を区別します。" }
                li { "同じ端末で" (rules.failures) "回続けて誤ると、その端末からは" (rules.minutes) "分間" (doing) "できません。" }
                @if asks.of_portal {
                    li { "通知書の仮パスワードでは認証できません。先に電子請求受付システムへログインして、新しいパスワードを設定してください。" }
                } @else {
                    li { "仮パスワードは、通知書に書かれた有効期限まで使えます。再発行された場合は、新しい通知書のものを入力してください。" }
                }
                li { "安全のため、初めて使う端末からのログインを一時的に止めている場合があります。以前ログインした端末から、または時間をおいてお試しください。" }
            }
            p { "初めて使う端末から" (doing) "できないときは、セキュリティ用メールアドレスで端末を確認できます。" }
            p { a href="/login/device" { "端末を確認する" } }
        },
    )
}

/// The device's own lock, counted down.
#[must_use]
pub fn locked(visit: &Visit, asks: &Asks, rules: &Lockout, until: Timestamp) -> Response {
    let doing = asks.doing;
    let body = html! {
        (notice(Mark::Error, &format!("{doing}を一時的に停止しています"), html! {
            p {
                "ユーザID、パスワードまたはセキュリティコードの誤りが" (rules.failures) "回続いたため、この端末からは、このユーザIDで" (doing) "できません。あと"
                strong { (countdown(&visit.time, until.as_millisecond(), "0秒")) }
                "で、もう一度" (doing) "できるようになります（" (crate::kernel::jst::hms(until)) "から）。"
            }
        }))
        (instead(asks))
    };
    web::come_again(visit, visit.page(asks.title, asks.shell()).error(true).render(body), until)
}

/// No security code is looked at from this device, or from any that is not known. Only who has typed the password comes here.
#[must_use]
pub fn codes_closed(visit: &Visit, asks: &Asks, until: Timestamp) -> Response {
    let body = html! {
        (notice(Mark::Error, "セキュリティコードの入力を一時的に停止しています", html! {
            p {
                "セキュリティコードの誤りが1日に受け付けられる回数を超えたため、入力されたコードは確認していません。あと"
                strong { (countdown(&visit.time, until.as_millisecond(), "0秒")) }
                "で、もう一度入力できるようになります（" (crate::kernel::jst::sentence_time(until)) "から）。"
            }
            p { "以前ログインした端末からは、お待ちにならずに" (asks.doing) "できる場合があります。" }
        }))
        (instead(asks))
    };
    web::come_again(visit, visit.page(asks.title, asks.shell()).error(true).render(body), until)
}

/// What can be done without waiting.
fn instead(asks: &Asks) -> Markup {
    html! {
        p { "お待ちにならずに、次のお手続きができます。" }
        ul {
            li { a href="/login/device" { "端末を確認する" } "（セキュリティ用メールアドレスで確認すると、この端末から" (asks.doing) "できるようになります）" }
            li { a href="/lost" { "パスワード等を紛失した方はこちら" } "（再設定すると、セキュリティコードは解除されます）" }
        }
        (ButtonRow::forward_link(asks.anew.0, asks.anew.1).back(Back::Link(asks.back)))
    }
}
