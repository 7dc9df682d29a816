//! R3 【ワンタイムパスワード入力】, and the same for a device. It never says whether a mail has left: that would tell whether the address
//! is registered.

use maud::Markup;

use super::{DEVICE_STEPS, Here, STEPS, crowded, current, device, home, is_device};
use crate::app::App;
use crate::codes::{self, CodeScreen, Entered, FIELD, Resent, Sort, View, form_sentence, looks_like, resend_sentence, sentence};
use crate::reset::flow::{ask, prove};
use crate::reset::model::{Screen, Way};
use crate::web::layout::Shell;
use crate::web::{Answer, Fault, Form, Visit, page, page_422, see_other};

const SORT: Sort = Sort::OneTime;
const ADDRESS_WRONG: &str = "しばらく待っても届かないときは、入力した内容に誤りがないかお確かめください。誤りがあれば【戻る】ボタンを押して入力し直してください。";
const NOTES: [&str; 2] = [
    "入力したメールアドレスが、実際に登録済みのセキュリティ用メールアドレスと異なる場合、ワンタイムパスワードは送信されません。",
    "登録済みのセキュリティ用メールアドレスが不明な場合、パスワード等を紛失した方画面で、「セキュリティ用メールアドレスが不明または未登録の場合はこちら」を選択してください。",
];

/// What is waited for.
pub(super) fn show(app: &App, visit: &Visit, way: Way) -> Answer {
    match waiting(app, visit, way)? {
        Ok(waiting) => page(screen(app, visit, way, &waiting, None, None)),
        Err(elsewhere) => elsewhere,
    }
}

/// \[次へ\]
pub(super) async fn enter(app: &App, visit: &Visit, way: Way, form: &Form) -> Answer {
    if let Some(crowded) = crowded(app, visit, way) {
        return Ok(crowded);
    }
    let before = match waiting(app, visit, way)? {
        Ok(waiting) => waiting,
        Err(elsewhere) => return elsewhere,
    };
    let typed = form.secret(FIELD);
    if before.view.end.is_none() && !looks_like(typed.expose(), SORT) {
        return page_422(screen(app, visit, way, &before, Some(form_sentence(typed.expose(), SORT)), None));
    }
    let here = Here::new(app, visit, way, visit.flow().ok_or(Fault::NotFound)?);
    let id = device(app, visit, &here.moment);
    match app.store.write(move |tx| prove::prove(tx, &here.visitor(), typed.expose(), id)).await? {
        Err(screen) => see_other(way.path(screen)),
        Ok(Entered::Right) => {
            let next = if way == Way::Reset { Screen::Password } else { Screen::Done };
            let mut response = see_other(way.path(next))?;
            is_device(app, visit, &mut response, (way == Way::Device).then_some(id));
            Ok(response)
        }
        Ok(other) => refused(app, visit, way, sentence(other, SORT, &app.config.code), None),
    }
}

/// \[再送\]
pub(super) async fn resend(app: &App, visit: &Visit, way: Way) -> Answer {
    if let Some(crowded) = crowded(app, visit, way) {
        return Ok(crowded);
    }
    let Some(key) = visit.flow() else { return home(app, visit, way, None) };
    let here = Here::new(app, visit, way, key);
    match app.store.write(move |tx| ask::resend(tx, &here.visitor())).await? {
        Err(screen) => see_other(way.path(screen)),
        Ok(Resent::Sent | Resent::Ended) => see_other(way.path(Screen::Code)),
        Ok(other) => refused(app, visit, way, None, resend_sentence(other, SORT)),
    }
}

fn refused(app: &App, visit: &Visit, way: Way, error: Option<String>, not_resent: Option<String>) -> Answer {
    match waiting(app, visit, way)? {
        Ok(waiting) => page_422(screen(app, visit, way, &waiting, error, not_resent)),
        Err(elsewhere) => elsewhere,
    }
}

/// What the screen shows: the challenge, and the screen before it.
struct Waiting {
    view: View,
    before: Screen,
}

/// The challenge that this browser is to answer, or where it belongs instead.
fn waiting(app: &App, visit: &Visit, way: Way) -> Result<Result<Waiting, Answer>, Fault> {
    let flow = current(app, visit, way)?;
    let Some(stage) = flow.as_ref().map(|flow| &flow.stage) else { return Ok(Err(home(app, visit, way, None))) };
    let Some(challenge) = stage.challenge() else { return Ok(Err(home(app, visit, way, flow.as_ref()))) };
    let before = if stage.among().is_empty() { Screen::Ask } else { Screen::Choose };
    let view = app.store.read(|r| codes::view(r, &app.config.code, challenge, visit.now))?;
    Ok(view.map(|view| Waiting { view, before }).ok_or_else(|| see_other(way.path(Screen::Ask))))
}

fn screen(app: &App, visit: &Visit, way: Way, waiting: &Waiting, error: Option<String>, not_resent: Option<String>) -> Markup {
    let view = &waiting.view;
    let csrf = visit.csrf();
    let refused = error.is_some() || not_resent.is_some() || view.end.is_some();
    let reset = way == Way::Reset;
    let screen = CodeScreen {
        view,
        config: &app.config,
        now: &visit.time,
        csrf: &csrf,
        action: way.path(Screen::Code),
        resend: if reset { "/reset/code/resend" } else { "/login/device/code/resend" },
        back: way.path(waiting.before),
        again: if reset { STEPS[1] } else { DEVICE_STEPS[0] },
        why: "ユーザの本人確認を行うため、",
        tied: None,
        delivery: None,
        notes: &NOTES,
        address_wrong: ADDRESS_WRONG,
        forward: "次へ",
        error,
        not_resent,
    };
    let (steps, at): (&[&str], usize) = if reset { (&STEPS, 3) } else { (&DEVICE_STEPS, 2) };
    visit.page(screen.title(), Shell::Visitor).steps(steps, at).error(refused).render(screen.body())
}
