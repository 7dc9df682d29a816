//! The screens of the login.

use jiff::Timestamp;
use maud::{Markup, html};
use poem::Response;

use crate::config::Lockout;
use crate::passkeys;
use crate::web::components::{Back, ButtonRow, Mark, countdown, error_summary, form, notice, password_field, text_field};
use crate::web::layout::Shell;
use crate::web::{self, Errors, Visit};

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
pub(super) fn advice(rules: &Lockout) -> Markup {
    notice(
        Mark::Info,
        "ログインできないときは",
        html! {
            ul {
                li { "パスワードは大文字と小文字を区別します。" }
                li { "同じ端末で" (rules.failures) "回続けて誤ると、その端末からは" (rules.minutes) "分間ログインできません。" }
                li { "仮パスワードは、通知書に書かれた有効期限まで使えます。再発行された場合は、新しい通知書のものを入力してください。" }
                li { "安全のため、初めて使う端末からのログインを一時的に止めている場合があります。以前ログインした端末から、または時間をおいてお試しください。" }
            }
            p { "初めて使う端末からログインできないときは、セキュリティ用メールアドレスで端末を確認できます。" }
            p { a href="/login/device" { "端末を確認する" } }
        },
    )
}

/// The device's own lock, counted down.
pub(super) fn locked(visit: &Visit, rules: &Lockout, until: Timestamp) -> Response {
    let body = html! {
        (notice(Mark::Error, "ログインを一時的に停止しています", html! {
            p {
                "ユーザID、パスワードまたはセキュリティコードの誤りが" (rules.failures) "回続いたため、この端末からは、このユーザIDでログインできません。あと"
                strong { (countdown(&visit.time, until.as_millisecond(), "0秒")) }
                "で、もう一度ログインできるようになります（" (crate::kernel::jst::hms(until)) "から）。"
            }
        }))
        (instead())
    };
    web::come_again(visit, visit.page("ログイン", Shell::Visitor).error(true).render(body), until)
}

/// No security code is looked at from this device, or from any that is not known. Only who has typed the password comes here.
pub(super) fn codes_closed(visit: &Visit, until: Timestamp) -> Response {
    let body = html! {
        (notice(Mark::Error, "セキュリティコードの入力を一時的に停止しています", html! {
            p {
                "セキュリティコードの誤りが1日に受け付けられる回数を超えたため、入力されたコードは確認していません。あと"
                strong { (countdown(&visit.time, until.as_millisecond(), "0秒")) }
                "で、もう一度入力できるようになります（" (crate::kernel::jst::sentence_time(until)) "から）。"
            }
            p { "以前ログインした端末からは、お待ちにならずにログインできる場合があります。" }
        }))
        (instead())
    };
    web::come_again(visit, visit.page("ログイン", Shell::Visitor).error(true).render(body), until)
}

/// What can be done without waiting.
fn instead() -> Markup {
    html! {
        p { "お待ちにならずに、次のお手続きができます。" }
        ul {
            li { a href="/login/device" { "端末を確認する" } "（セキュリティ用メールアドレスで確認すると、この端末からログインできるようになります）" }
            li { a href="/lost" { "パスワード等を紛失した方はこちら" } "（再設定すると、セキュリティコードは解除されます）" }
        }
        (ButtonRow::forward_link("ログイン画面へ", "/login").back(Back::Link("/")))
    }
}
