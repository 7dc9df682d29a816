//! 【セキュリティコード設定】, second screen: the secret for the app to scan, and its first code.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::super::flow::{self, Proved};
use super::{APP, DONE, PATH, STEPS_OF_APP, TITLE, confirm, screen};
use crate::app::App;
use crate::login::{self, MOVED, MenuPage, Office};
use crate::security::Authenticator;
use crate::web::components::{Back, ButtonRow, code_field, copy_button, error_summary, form, help_details, qr};
use crate::web::{Answer, Errors, Form, Visit, form_page, page, see_other};

/// The secret.
#[handler]
pub fn show(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    match flow::waiting(&app, &office, &visit)? {
        Some(shown) => page(app_screen(&visit, &office, &shown, &Errors::default())),
        None => see_other(PATH),
    }
}

/// \[登録\]
#[handler]
pub async fn prove(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let Some(shown) = flow::waiting(&app, &office, &visit)? else {
        // A double click: the first has done it.
        return see_other(if flow::done(&app, &office)?.is_some() { DONE } else { PATH });
    };
    let (typed, mut errors) = (form.get("code"), Errors::default());
    if typed.trim().is_empty() {
        errors.add("code", "認証コードを入力してください。");
    } else if !Authenticator::looks_like(typed) {
        errors.add("code", "認証コードは6桁の数字で入力してください。");
    }
    if !confirm(&app, &visit, &office, &form, &mut errors).await? {
        return form_page(true, app_screen(&visit, &office, &shown, &errors));
    }
    match flow::prove(&app, &office, typed).await? {
        Proved::Done => see_other(DONE),
        Proved::Over => see_other(PATH),
        Proved::Wrong => {
            errors.add("code", "認証コードが違います。認証アプリに表示されている新しい6桁を入力してください。");
            form_page(true, app_screen(&visit, &office, &shown, &errors))
        }
        Proved::Moved => {
            errors.add("", MOVED);
            form_page(true, screen(&visit, &office, "app", &errors))
        }
    }
}

/// For the app, to be read off the screen or typed.
fn secret(office: &Office, shown: &Authenticator) -> Markup {
    let secret = shown.in_groups();
    html! {
        div.qr-part {
            (qr(shown.address(&office.account.user_id.to_string()).expose(), "認証アプリで読み取るQRコード"))
            div.stack {
                p { "読み取れないときは、次の文字を認証アプリに入力してください（種類は「時間ベース」）。" }
                p.setup-key { (secret) }
                (copy_button(&secret.replace(' ', ""), "文字をコピー"))
            }
        }
    }
}

fn app_screen(visit: &Visit, office: &Office, shown: &Authenticator, errors: &Errors) -> Markup {
    office.screen(visit, TITLE, MenuPage::User, Some((&STEPS_OF_APP, 3)), !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            // To whoever has just entered the password, and not to whoever finds the screen open.
            @if login::is_fresh(office, visit.now) {
                p.lead { "スマートフォンなどの認証アプリでQRコードを読み取り、表示された6桁の数字を入力して、【登録】ボタンを押してください。" }
                (secret(office, shown))
            } @else {
                p.lead { "認証アプリに表示された6桁の数字と現在のパスワードを入力して、【登録】ボタンを押してください。" }
                p.note { "安全のため、QRコードと文字は、パスワードを入力してから10分間だけ表示します。まだ読み取っていないときは、【戻る】ボタンを押して、もう一度はじめから操作してください。" }
            }
            (form(APP, csrf, html! {
                (code_field("code", "認証コード").required().support("認証アプリに表示された6桁の数字").error(errors.of("code")))
                (login::password_again(office, visit.now, errors))
                (ButtonRow::forward("登録").back(Back::Link(PATH)))
            }))
            p.note { "登録を終えるまで、セキュリティコードは変わりません。QRコードと文字は、ほかの人に見せないでください。" }
            (help_details("認証アプリとは", html! {
                p { "30秒ごとに変わる数字を表示する、スマートフォンやパソコンのアプリです。時間ベースのワンタイムパスワード（TOTP）に対応したものであれば、どれでも使えます。" }
                p { "数字が合わないときは、端末の時刻の自動設定を有効にしてください。" }
            }))
        }
    })
}
