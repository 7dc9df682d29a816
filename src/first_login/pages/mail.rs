//! 【メールアドレス設定】: where notices are mailed to. Asked once, and may be left empty.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::super::flow;
use super::super::model::{Done, Next, Step};
use super::{BACK, BACK_LOGS_OUT, elsewhere, log_out, other_step, screen};
use crate::app::App;
use crate::login::Office;
use crate::web::components::{Back, ButtonRow, Choice, error_summary, form, mail_field, radio_cards};
use crate::web::{Answer, Errors, Form, Twice, Visit, form_page, page, see_other};

const WAY: &str = "way";
const REGISTER: &str = "register";
const NONE: &str = "none";
const ADDRESS: &str = "mail";
const AGAIN: &str = "mail_again";
const LABEL: &str = "新しいメールアドレス";
const TWICE: Twice<'_> = Twice { first: (ADDRESS, LABEL), again: AGAIN };

/// 【メールアドレス設定】
#[handler]
pub fn show(visit: Visit, office: Office) -> Answer {
    match office.next {
        Next::Step(Step::NoticeMail) => page(draw(&visit, &office, (REGISTER, "", ""), &Errors::default())),
        next => elsewhere(&visit, next),
    }
}

/// \[変更\]
#[handler]
pub async fn answer(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    if office.next != Next::Step(Step::NoticeMail) {
        return elsewhere(&visit, office.next);
    }
    if form.has(BACK) {
        return log_out(&app, &visit, &office).await;
    }
    let (way, typed, again) = (form.get(WAY), form.get(ADDRESS), form.get(AGAIN));
    let mut errors = Errors::default();
    let chosen = match way {
        NONE => None,
        REGISTER => TWICE.check(&mut errors, typed, again),
        _ => {
            errors.add(WAY, "メールアドレスを登録するかどうかを選択してください。");
            None
        }
    };
    if !errors.is_empty() {
        return form_page(true, draw(&visit, &office, (way, typed, again), &errors));
    }
    match flow::answer_notice_mail(&app, &office, chosen).await {
        Ok(()) => see_other(Step::Done(Done::NoticeMail).path()),
        Err(error) => other_step(&visit, error),
    }
}

fn draw(visit: &Visit, office: &Office, (way, typed, again): (&str, &str, &str), errors: &Errors) -> Markup {
    let choices = [
        Choice::new(REGISTER, "メールアドレスを登録する"),
        Choice::new(NONE, "メールアドレスを登録しない").detail(html! { p.note { "下の欄に入力した内容は登録されません。" } }),
    ];
    screen(visit, office, "メールアドレス設定", Step::NoticeMail, !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            p.lead { "お知らせを受け取るメールアドレスを入力し、【変更】ボタンを押してください。" }
            p { "ここで登録するのは、介護電子請求受付システムからのお知らせメールを受け取るためのメールアドレスです。登録は必須ではありません。" }
            (form("/first-login/mail", csrf, html! {
                (radio_cards(WAY, "お知らせメール", &choices).chosen(way).required().error(errors.of(WAY)))
                (mail_field(ADDRESS, LABEL).value(typed)
                    .support("登録しない場合は、「メールアドレスを登録しない」を選択してください。").error(errors.of(ADDRESS)))
                (mail_field(AGAIN, "新しいメールアドレス(確認用)").value(again)
                    .support("入力間違いがないか確かめるため、同じアドレスをもう一度入力してください。").error(errors.of(AGAIN)))
                (ButtonRow::forward("変更").back(Back::Submit { name: BACK, value: "logout" }))
            }))
            p.note { (BACK_LOGS_OUT) }
        }
    })
}
