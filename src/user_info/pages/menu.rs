//! U1 【ユーザ情報変更】.

use maud::{Markup, html};
use poem::handler;

use super::MENU;
use crate::accounts::{Account, SecurityCode};
use crate::kernel::{MailAddress, jst};
use crate::login::{MenuPage, Office};
use crate::passkeys::Relying;
use crate::web::components::{self, ButtonRow, Facts, help_details};
use crate::web::{Answer, Visit, page};

/// U1
#[handler]
pub fn show(visit: Visit, office: Office) -> Answer {
    page(office.screen(&visit, "ユーザ情報変更", MenuPage::User, None, false, |_| {
        html! {
            p.lead { "変更する項目を選んでください。" }
            ul.doors {
                (door("/password", "パスワード変更", "ログインに使うパスワードを変更します。"))
                (door("/mail", "メールアドレス設定", "お知らせメールを受け取るメールアドレスを変更します。"))
                (door("/code", "セキュリティコード設定", "ログインのときにパスワードに続けて入力するコードを設定・変更・解除します。"))
                (door("/addresses", "セキュリティ用メールアドレス設定", "ワンタイムパスワード等を受け取るメールアドレスを追加・変更・削除します。"))
                @if Relying::of(&visit.front().public_url).is_some() {
                    (door("/passkeys", "パスキー", "パスワードを入力せずにログインするためのパスキーを追加・削除します。"))
                }
                (door("/devices", "ログイン中の端末", "いまログインしている端末を確認し、ログアウトさせます。"))
            }
            (help_details("セキュリティ用メールアドレス設定について", html! {
                p { "セキュリティ用メールアドレスは、電子請求受付システムから送信されるセキュリティ強化のための情報（ワンタイムパスワード等）を受け取るために使用します。" }
            }))
            p.note { "ログイン情報を再設定したとき、または再発行された仮パスワードでログインしたときは、セキュリティコードが解除されます。必要に応じて、【セキュリティコード設定】からもう一度設定してください。" }
            h2 { "現在の登録内容" }
            (facts(&office.account))
            (ButtonRow::only_back("/office"))
        }
    }))
}

fn door(path: &str, title: &str, note: &str) -> Markup {
    components::door(&format!("{MENU}{path}"), false, title, note)
}

/// Addresses are masked: the page may stand open on a counter.
fn facts(account: &Account) -> Markup {
    let when = |at| jst::sentence_time(at);
    let code = account.security_code.as_ref().map_or("設定されていません", SecurityCode::word);
    let password = account.password_set.map_or_else(|| "―".to_owned(), when);
    let notices = account.notice_mail.as_ref().map_or_else(|| "登録されていません".to_owned(), MailAddress::masked);
    let before = account.login_before.as_ref().map_or_else(|| "―".to_owned(), |last| when(last.at));
    html! {
        (Facts::new()
            .row("前回のログイン", before)
            .row("パスワードの変更日時", password)
            .row("お知らせメール", html! { span.address { (notices) } })
            .row("セキュリティ用メールアドレス", addresses(account))
            .row("セキュリティコード", code))
    }
}

fn addresses(account: &Account) -> Markup {
    html! {
        @if account.security_mails.is_empty() { "登録されていません" }
        @else {
            ul.plain {
                @for (at, address) in account.security_mails.iter().enumerate() {
                    li { span.address { (address.masked()) } @if at == 0 { "（通知先）" } }
                }
            }
        }
    }
}
