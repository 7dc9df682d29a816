//! The three 【処理終了】.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::super::flow;
use super::super::model::{Done, Next, Step};
use super::{elsewhere, other_step, screen};
use crate::accounts::Kind;
use crate::app::App;
use crate::login::Office;
use crate::web::components::{ButtonRow, Mark, form, notice};
use crate::web::{Answer, Form, Visit, page, see_other};

/// After 【パスワード変更】.
#[handler]
pub fn after_password(visit: Visit, office: Office) -> Answer {
    end(&visit, &office, Done::Password)
}

/// \[終了\] there.
#[handler]
pub async fn leave_password(app: Data<&App>, visit: Visit, office: Office, _form: Form) -> Answer {
    leave(&app, &visit, &office, Done::Password).await
}

/// After 【メールアドレス設定】.
#[handler]
pub fn after_mail(visit: Visit, office: Office) -> Answer {
    end(&visit, &office, Done::NoticeMail)
}

/// \[終了\] there.
#[handler]
pub async fn leave_mail(app: Data<&App>, visit: Visit, office: Office, _form: Form) -> Answer {
    leave(&app, &visit, &office, Done::NoticeMail).await
}

/// After 【確認コード入力】.
#[handler]
pub fn after_address(visit: Visit, office: Office) -> Answer {
    end(&visit, &office, Done::SecurityMail)
}

/// \[終了\] there.
#[handler]
pub async fn leave_address(app: Data<&App>, visit: Visit, office: Office, _form: Form) -> Answer {
    leave(&app, &visit, &office, Done::SecurityMail).await
}

async fn leave(app: &App, visit: &Visit, office: &Office, done: Done) -> Answer {
    match flow::finish(app, office, done).await {
        Ok(next) => see_other(next.path()),
        Err(error) => other_step(visit, error),
    }
}

fn end(visit: &Visit, office: &Office, done: Done) -> Answer {
    let step = Step::Done(done);
    if office.next != Next::Step(step) {
        return elsewhere(visit, office.next);
    }
    page(screen(visit, office, "処理終了", step, false, |csrf| {
        html! {
            (told(office, done))
            (form(step.path(), csrf, html! { (ButtonRow::forward("終了")) }))
        }
    }))
}

fn told(office: &Office, done: Done) -> Markup {
    let account = &office.account;
    html! {
        @match done {
            Done::Password => {
                (notice(Mark::Success, "パスワードを変更しました", html! {
                    p { "次回から、新しいパスワードでログインしてください。仮パスワードはもう使えません。" }
                }))
                p { "新しいパスワードは、他の人に知られないように保管してください。通知書は、第三者の目に触れない方法で処分してください。" }
            }
            Done::NoticeMail => @match &account.notice_mail {
                Some(address) => (notice(Mark::Success, "メールアドレスを登録しました", html! {
                    p { "今後、お知らせメールを " strong.address { (address) } " 宛にお送りします。" }
                })),
                None => (notice(Mark::Success, "メールアドレスを登録しないことにしました", html! {
                    p { "お知らせは、ログイン後の【お知らせ】画面でご確認ください。" }
                })),
            },
            Done::SecurityMail => {
                (notice(Mark::Success, "セキュリティ用メールアドレスの登録を完了しました。", html! {
                    @if let Some(address) = account.contact() {
                        p { "今後、ワンタイムパスワード等を " strong.address { (address) } " 宛にお送りします。" }
                    }
                }))
            }
        }
        @if let Some(what) = then(office, done) { p { "【終了】ボタンを押すと、" (what) "へ進みます。" } }
    }
}

/// What follows, as far as it is sure before the end is left.
fn then(office: &Office, done: Done) -> Option<&'static str> {
    let account = &office.account;
    let new = account.kind == Kind::New;
    match done {
        Done::Password if new && account.notice_answered.is_none() && account.notice_mail.is_none() => Some("メールアドレス設定"),
        Done::Password | Done::NoticeMail if account.security_mails.is_empty() => Some("セキュリティ用メールアドレス設定"),
        Done::Password if account.review_addresses => Some("セキュリティ用メールアドレスの確認"),
        Done::SecurityMail => Some("お知らせ画面"),
        _ => None,
    }
}
