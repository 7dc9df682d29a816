//! Q4 【処理終了】.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{STEPS, current, home};
use crate::app::App;
use crate::contact_form::model::{Ask, Inquiry, Stage};
use crate::contact_form::store;
use crate::kernel::jst;
use crate::web::components::{ButtonRow, Facts, Mark, Reached, TimelineItem, notice, print_button, timeline};
use crate::web::layout::Shell;
use crate::web::{Answer, Visit, page};

/// Q4
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    let flow = current(&app, &visit)?;
    let Some(Stage::Done { number, mailed }) = flow.as_ref().map(|flow| &flow.stage) else { return home(flow.as_ref()) };
    match app.store.read(|r| store::find(r, *number))? {
        Some(one) => page(end(&visit, &one, *mailed)),
        None => home(None),
    }
}

fn end(visit: &Visit, one: &Inquiry, mailed: bool) -> Markup {
    let received = jst::sentence_time(one.received);
    let address = one.contact.as_ref().map(|contact| contact.mail.as_str()).unwrap_or_default();
    visit.page("処理終了", Shell::PortalVisitor).steps(&STEPS, 4).render(html! {
        (notice(Mark::Success, "お問い合わせを受け付けました", html! {
            p { "受付番号" }
            p.big-number { (one.number) }
            p { "お電話でのお問い合わせの際に必要です。この画面を印刷するか、書き留めてください。" }
        }))
        (Facts::new()
            .row("受付日時", &received)
            .row("お問い合わせ区分", html! { (one.category.0) "／" (one.category.1) })
            .row("メールアドレス", address))
        @if mailed {
            p { "このメールアドレスに「お問い合わせ受付のお知らせ」をお送りします。届かないときは、受信制限や入力したアドレスをご確認ください。" }
        } @else {
            p { "このメールアドレスあての受付のお知らせが続いているため、今回はメールをお送りしていません。お問い合わせは受け付けています。" }
        }
        h2 { "このあとの流れ" }
        (course(one, &received))
        p.note { "回答や確認のご連絡まで、数日かかる場合があります。" }
        (print_button("この画面を印刷する"))
        (ButtonRow::forward_link("終了", "/portal"))
    })
}

fn course(one: &Inquiry, received: &str) -> Markup {
    let ahead = |title: &'static str| TimelineItem { reached: Reached::Ahead, title, when: "", detail: html! {} };
    let begin = TimelineItem {
        reached: Reached::Done, title: "お問い合わせを受け付けました", when: received, detail: html! {}
    };
    match one.kind {
        Ask::General => timeline(&[begin, ahead("ポータル運営の担当者が内容を確認します"), ahead("メールで回答をお送りします")]),
        Ask::IdApplication => timeline(&[
            begin,
            ahead("ポータル運営の担当者が、医療機関へ電話などで確認します"),
            ahead("担当者のメールアドレスに初期パスワードをお送りします"),
            ahead("ログイン、パスワード変更、利用規約への同意"),
            ahead("マイページの「ユーザ新規登録」で4名まで追加"),
        ]),
    }
}
