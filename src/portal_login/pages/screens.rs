//! The screens of the login.

use jiff::Timestamp;
use maud::{Markup, html};
use poem::Response;

use super::LOGIN;
use super::login::{ID, PASSWORD};
use crate::app::App;
use crate::config::Lockout;
use crate::kernel::{Prefecture, jst};
use crate::passkeys;
use crate::portal::INITIAL_DAYS;
use crate::web::components::{Back, ButtonRow, Mark, countdown, error_summary, form, mail_field, notice, password_field};
use crate::web::layout::Shell;
use crate::web::{self, Errors, Visit};

/// `told` stands before the form, `advice` after it.
pub(super) fn screen(visit: &Visit, typed: &str, errors: &Errors, told: Option<Markup>, advice: Option<Markup>) -> Markup {
    visit.page("ログイン", Shell::PortalVisitor).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        @if let Some(told) = told { (told) }
        p.lead { "ID（メールアドレス）とパスワードを入力して、【ログイン】ボタンを押してください。" }
        (form(LOGIN, &visit.csrf(), html! {
            (mail_field(ID, "ID（メールアドレス）").required().value(typed).autocomplete("username")
                .support("利用者として登録したメールアドレスを入力してください。").error(errors.of(ID)))
            (password_field(PASSWORD, "パスワード").required().autocomplete("current-password")
                .support("初めての方は、メールに記載の初期パスワードを入力してください。").error(errors.of(PASSWORD)))
            p { a href="/portal/lost" { "パスワードを忘れた方はこちら" } }
            (ButtonRow::forward("ログイン").back(Back::Link("/portal")))
        }))
        (passkeys::login_offer(visit, "/portal/login/passkey/begin"))
        p.note {
            "介護事業所の方で、まだ利用者を登録していない場合は、" a href="/portal/register" { "初回利用登録" } "から始めてください。"
        }
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
                li { "電子請求受付システムのユーザIDとパスワードでは、ログインできません。" }
                li { "初期パスワードは、メールが届いてから" (INITIAL_DAYS) "日間、新しいパスワードを設定するまで使えます。再送された場合は、いちばん新しいメールのものを入力してください。" }
                li { "同じ端末で" (rules.failures) "回続けて誤ると、その端末からは" (rules.minutes) "分間ログインできません。" }
                li { "安全のため、初めて使う端末からのログインを一時的に止めている場合があります。以前ログインした端末から、または時間をおいてお試しください。" }
            }
            p { a href="/portal/lost" { "パスワードを忘れた方はこちら" } "（パスワードを再設定すると、その端末からログインできるようになります）" }
        },
    )
}

/// The device's own lock, counted down.
pub(super) fn locked(visit: &Visit, rules: &Lockout, until: Timestamp) -> Response {
    let body = html! {
        (notice(Mark::Error, "ログインを一時的に停止しています", html! {
            p {
                "ID、パスワードまたはワンタイムパスワードの誤りが" (rules.failures) "回続いたため、この端末からは、このIDでログインできません。あと"
                strong { (countdown(&visit.time, until.as_millisecond(), "0秒")) }
                "で、もう一度ログインできるようになります（" (jst::hms(until)) "から）。"
            }
        }))
        p { "お待ちにならずに、次のお手続きができます。" }
        ul {
            li { a href="/portal/lost" { "パスワードを忘れた方はこちら" } "（パスワードを再設定すると、この端末からログインできるようになります）" }
        }
        (ButtonRow::forward_link("ログイン画面へ", LOGIN).back(Back::Link("/portal")))
    };
    web::come_again(visit, visit.page("ログイン", Shell::PortalVisitor).error(true).render(body), until)
}

/// Whom to call. Told only to who has typed the right password, or read the mailbox.
pub(super) fn suspended(app: &App, visit: &Visit, title: &str, home: Prefecture) -> Markup {
    visit.page(title, Shell::PortalVisitor).help_of(home).error(true).render(html! {
        (notice(Mark::Error, "この利用者は利用を停止されています", html! {
            p { "ログインすることはできません。パスワードを再設定しても、利用は再開されません。" }
            (whom_to_call(app, home))
        }))
        (ButtonRow::forward_link("ログイン画面へ", LOGIN).back(Back::Link("/portal")))
    })
}

/// The sentence with the federation that helps.
pub(super) fn whom_to_call(app: &App, home: Prefecture) -> Markup {
    let federation = app.config.federation_of(home);
    html! {
        p {
            "利用の再開については、事業所・医療機関の主たる利用者、または"
            @if let Some(federation) = federation { (federation.name) span.tel { "（電話 " (federation.telephone) "）" } } @else { "国保連合会" }
            "へご連絡ください。操作方法については、画面の下にあるヘルプデスクへお問い合わせください。"
        }
    }
}

/// The initial password is right and opens no more. Told only to who has typed it.
pub(super) fn expired(visit: &Visit) -> Markup {
    visit.page("ログイン", Shell::PortalVisitor).error(true).render(html! {
        (notice(Mark::Error, "初期パスワードの有効期限が過ぎています", html! {
            p { "初期パスワードが使えるのは、メールをお送りしてから" (INITIAL_DAYS) "日間です。次のいずれかの方法で、パスワードを設定してください。" }
        }))
        ul {
            li { a href="/portal/lost" { "パスワードを忘れた方はこちら" } "（登録したメールアドレスで本人確認を行い、パスワードを設定します）" }
            li { "介護事業所の主たる利用者の方は、もう一度" a href="/portal/register" { "初回利用登録" } "を行うと、新しい初期パスワードが届きます。" }
            li { "追加された利用者の方は、主たる利用者に「案内の再送」を依頼してください。" }
        }
        (ButtonRow::forward_link("ログイン画面へ", LOGIN).back(Back::Link("/portal")))
    })
}
