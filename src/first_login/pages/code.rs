//! 【確認コード入力】

use maud::Markup;
use poem::handler;
use poem::web::Data;

use super::super::flow;
use super::super::model::{Done, Next, Step};
use super::{CODE, elsewhere, of_row, other_step};
use crate::app::App;
use crate::codes::{
    CodeScreen, Entered, FIELD, Resent, Sort, View, delivery_line, form_sentence, looks_like, resend_sentence, sentence,
};
use crate::login::Office;
use crate::web::{Answer, Fault, Form, Visit, page, page_422, see_other};

const SORT: Sort = Sort::Confirmation;
const DELIVERY: &str = "/first-login/address/code/delivery";
const ADDRESS_WRONG: &str = "しばらく待っても届かないときは、メールアドレスに誤りがないかお確かめください。誤りがあれば【戻る】ボタンを押して、もう一度セキュリティ用メールアドレスを設定してください。";

/// 【確認コード入力】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    match waiting(&app, &visit, &office)? {
        Some(view) => page(screen(&app, &visit, &office, &view, None, None)),
        None => elsewhere(&visit, office.next),
    }
}

/// \[送信\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let Some(before) = waiting(&app, &visit, &office)? else { return elsewhere(&visit, office.next) };
    let typed = form.secret(FIELD);
    if before.end.is_none() && !looks_like(typed.expose(), SORT) {
        return page_422(screen(&app, &visit, &office, &before, Some(form_sentence(typed.expose(), SORT)), None));
    }
    match flow::prove(&app, &office, typed).await {
        Ok(Entered::Right) => see_other(Step::Done(Done::SecurityMail).path()),
        Ok(other) => refused(&app, &visit, &office, sentence(other, SORT, &app.config.code), None),
        Err(error) => other_step(&visit, error),
    }
}

/// \[再送\]
#[handler]
pub async fn resend(app: Data<&App>, visit: Visit, office: Office, _form: Form) -> Answer {
    match flow::resend(&app, &office, visit.network.to_string()).await {
        Ok(Resent::Sent | Resent::Ended) => see_other(CODE),
        Ok(other) => refused(&app, &visit, &office, None, resend_sentence(other, SORT)),
        Err(error) => other_step(&visit, error),
    }
}

/// How far the mail is: a fragment, asked for again while it waits.
#[handler]
pub fn delivery(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    match waiting(&app, &visit, &office)? {
        Some(view) => page(delivery_line(&view.delivery, Some(DELIVERY))),
        None => Err(Fault::NotFound),
    }
}

fn waiting(app: &App, visit: &Visit, office: &Office) -> Result<Option<View>, Fault> {
    Ok(app.store.read(|r| flow::waiting(r, &app.config, office, visit.now))?)
}

fn refused(app: &App, visit: &Visit, office: &Office, error: Option<String>, not_resent: Option<String>) -> Answer {
    match waiting(app, visit, office)? {
        Some(view) => page_422(screen(app, visit, office, &view, error, not_resent)),
        None => elsewhere(visit, office.next),
    }
}

fn screen(app: &App, visit: &Visit, office: &Office, view: &View, error: Option<String>, not_resent: Option<String>) -> Markup {
    let wrong = error.is_some() || not_resent.is_some() || view.end.is_some();
    let step = if office.next == Next::Step(Step::Addresses) { Step::Addresses } else { Step::SecurityMail };
    of_row(visit, office, "確認コード入力", (step, true), wrong, |csrf| {
        CodeScreen {
            view,
            config: &app.config,
            now: &visit.time,
            csrf,
            action: CODE,
            resend: "/first-login/address/code/resend",
            back: Step::SecurityMail.path(),
            again: "セキュリティ用メールアドレス設定",
            why: "入力されたメールアドレスに誤りがないことを確認するため、",
            tied: None,
            delivery: Some(DELIVERY),
            notes: &[],
            address_wrong: ADDRESS_WRONG,
            forward: "送信",
            error,
            not_resent,
        }
        .body()
    })
}
