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

/// A3
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    match view(&app, &visit)? {
        Ok(view) => page(screen(&app, &visit, &view, None)),
        Err(elsewhere) => elsewhere,
    }
}

/// A3 [次へ]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let before = match view(&app, &visit)? {
        Ok(view) => view,
        Err(elsewhere) => return elsewhere,
    };
    let typed = form.secret(FIELD);
    if before.end.is_none() && !looks_like(typed.expose(), SORT) {
        return page_422(screen(&app, &visit, &before, Some(form_sentence(typed.expose(), SORT))));
    }
    let here = Here::new(&app, &visit, visit.flow().ok_or(Fault::NotFound)?);
    let answer = app.store.write(move |tx| flow::prove(tx, &here.visitor(), typed.expose())).await?;
    match answer {
        Err(screen) => see_other(screen.path()),
        Ok(Entered::Right) => see_other(Screen::Check.path()),
        Ok(other) => refused(&app, &visit, sentence(other, SORT, &app.config.code)),
    }
}

/// A3 [再送]
#[handler]
pub async fn resend(app: Data<&App>, visit: Visit, _form: Form) -> Answer {
    let Some(key) = visit.flow() else { return home(None) };
    let here = Here::new(&app, &visit, key);
    match app.store.write(move |tx| flow::resend(tx, &here.visitor())).await? {
        Err(screen) => see_other(screen.path()),
        Ok(Resent::Sent | Resent::Ended) => see_other(Screen::Code.path()),
        Ok(other) => refused(&app, &visit, resend_sentence(other, SORT)),
    }
}

/// How far the mail is: a fragment, asked for again while it waits.
#[handler]
pub fn delivery(app: Data<&App>, visit: Visit) -> Answer {
    match view(&app, &visit)? {
        Ok(view) => page(delivery_line(&view.delivery, Some("/reissue/code/delivery"))),
        Err(_) => Err(Fault::NotFound),
    }
}

fn refused(app: &App, visit: &Visit, sentence: Option<String>) -> Answer {
    match view(app, visit)? {
        Ok(view) => page_422(screen(app, visit, &view, sentence)),
        Err(elsewhere) => elsewhere,
    }
}

/// The challenge that this browser is to answer, or where it belongs instead.
fn view(app: &App, visit: &Visit) -> Result<Result<View, Answer>, Fault> {
    let flow = current(app, visit)?;
    let Some(challenge) = flow.as_ref().and_then(|flow| flow.stage.challenge()) else { return Ok(Err(home(flow.as_ref()))) };
    let view = app.store.read(|r| codes::view(r, &app.config.code, challenge))?;
    Ok(view.ok_or_else(|| see_other(Screen::Apply.path())))
}

fn screen(app: &App, visit: &Visit, view: &View, error: Option<String>) -> Markup {
    let csrf = visit.csrf();
    let refused = error.is_some() || view.end.is_some();
    let screen = CodeScreen {
        view,
        config: &app.config,
        now: &visit.time,
        csrf: &csrf,
        action: Screen::Code.path(),
        resend: "/reissue/code/resend",
        back: Screen::Apply.path(),
        again: "ログイン情報再発行申請",
        why: "入力されたメールアドレスに誤りがないことを確認するため、",
        delivery: Some("/reissue/code/delivery"),
        error,
    };
    visit.page(screen.title(), Shell::Visitor).steps(&STEPS, 3).error(refused).render(screen.body())
}
