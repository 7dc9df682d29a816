//! A3 【確認コード入力】.

use maud::Markup;
use poem::handler;
use poem::web::Data;

use super::{Here, STEPS, current, home};
use crate::app::App;
use crate::codes::{
    self, CodeScreen, Entered, FIELD, Resent, Sort, View, delivery_line, form_sentence, looks_like, resend_sentence, sentence,
};
use crate::reissue::flow::apply as flow;
use crate::reissue::model::Screen;
use crate::web::layout::Shell;
use crate::web::{Answer, Fault, Form, Visit, page, page_422, see_other};

const SORT: Sort = Sort::Confirmation;
const ADDRESS_WRONG: &str = "しばらく待っても届かないときは、メールアドレスに誤りがないかお確かめください。誤りがあれば【戻る】ボタンを押して入力し直してください。";

/// A3
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    match waiting(&app, &visit)? {
        Ok(waiting) => page(screen(&app, &visit, &waiting, None, None)),
        Err(elsewhere) => elsewhere,
    }
}

/// A3 \[次へ\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let before = match waiting(&app, &visit)? {
        Ok(waiting) => waiting,
        Err(elsewhere) => return elsewhere,
    };
    let typed = form.secret(FIELD);
    if before.view.end.is_none() && !looks_like(typed.expose(), SORT) {
        return page_422(screen(&app, &visit, &before, Some(form_sentence(typed.expose(), SORT)), None));
    }
    let here = Here::new(&app, &visit, visit.flow().ok_or(Fault::NotFound)?);
    let answer = app.store.write(move |tx| flow::prove(tx, &here.visitor(), typed.expose())).await?;
    match answer {
        Err(screen) => see_other(screen.path()),
        Ok(Entered::Right) => see_other(Screen::Check.path()),
        Ok(other) => refused(&app, &visit, sentence(other, SORT, &app.config.code), None),
    }
}

/// A3 \[再送\]
#[handler]
pub async fn resend(app: Data<&App>, visit: Visit, _form: Form) -> Answer {
    let Some(key) = visit.flow() else { return home(None) };
    let here = Here::new(&app, &visit, key);
    match app.store.write(move |tx| flow::resend(tx, &here.visitor())).await? {
        Err(screen) => see_other(screen.path()),
        Ok(Resent::Sent | Resent::Ended) => see_other(Screen::Code.path()),
        Ok(other) => refused(&app, &visit, None, resend_sentence(other, SORT)),
    }
}

/// How far the mail is: a fragment, asked for again while it waits.
#[handler]
pub fn delivery(app: Data<&App>, visit: Visit) -> Answer {
    match waiting(&app, &visit)? {
        Ok(waiting) => page(delivery_line(&waiting.view.delivery, Some("/reissue/code/delivery"))),
        Err(_) => Err(Fault::NotFound),
    }
}

fn refused(app: &App, visit: &Visit, error: Option<String>, not_resent: Option<String>) -> Answer {
    match waiting(app, visit)? {
        Ok(waiting) => page_422(screen(app, visit, &waiting, error, not_resent)),
        Err(elsewhere) => elsewhere,
    }
}

/// What the screen shows: the challenge, and the screen before it.
struct Waiting {
    view: View,
    before: Screen,
}

/// The challenge that this browser is to answer, or where it belongs instead.
fn waiting(app: &App, visit: &Visit) -> Result<Result<Waiting, Answer>, Fault> {
    let flow = current(app, visit)?;
    let Some(stage) = flow.as_ref().map(|flow| &flow.stage) else { return Ok(Err(home(None))) };
    let Some(challenge) = stage.challenge() else { return Ok(Err(home(flow.as_ref()))) };
    let before = if stage.among().is_empty() { Screen::Apply } else { Screen::Choose };
    let view = app.store.read(|r| codes::view(r, &app.config.code, challenge, visit.now))?;
    Ok(view.map(|view| Waiting { view, before }).ok_or_else(|| see_other(Screen::Apply.path())))
}

fn screen(app: &App, visit: &Visit, waiting: &Waiting, error: Option<String>, not_resent: Option<String>) -> Markup {
    let view = &waiting.view;
    let csrf = visit.csrf();
    let refused = error.is_some() || not_resent.is_some() || view.end.is_some();
    let screen = CodeScreen {
        view,
        config: &app.config,
        now: &visit.time,
        csrf: &csrf,
        action: Screen::Code.path(),
        resend: "/reissue/code/resend",
        back: waiting.before.path(),
        again: "ログイン情報再発行申請",
        why: "入力されたメールアドレスに誤りがないことを確認するため、",
        tied: None,
        delivery: Some("/reissue/code/delivery"),
        notes: &[],
        address_wrong: ADDRESS_WRONG,
        forward: "次へ",
        error,
        not_resent,
    };
    visit.page(screen.title(), Shell::Visitor).steps(&STEPS, 3).error(refused).render(screen.body())
}
