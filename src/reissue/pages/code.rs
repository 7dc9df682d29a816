//! A3 【確認コード入力】.

use maud::Markup;
use poem::handler;
use poem::web::Data;

use super::{Here, STEPS, current, home};
use crate::app::App;
use crate::codes::{self, Around, Entered, Told, Waiting, Words};
use crate::reissue::flow::apply as flow;
use crate::reissue::model::Screen;
use crate::web::layout::Shell;
use crate::web::{Answer, Fault, Form, Visit, see_other};

const DELIVERY: &str = "/reissue/code/delivery";
const ADDRESS_WRONG: &str = "しばらく待っても届かないときは、メールアドレスに誤りがないかお確かめください。誤りがあれば【戻る】ボタンを押して入力し直してください。";

/// A3
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    At(&app, &visit).show()
}

/// A3 \[次へ\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let at = At(&app, &visit);
    let typed = match at.typed(&form)? {
        Ok(typed) => typed,
        Err(answer) => return answer,
    };
    let here = Here::new(&app, &visit, visit.flow().ok_or(Fault::NotFound)?);
    match app.store.write(move |tx| flow::prove(tx, &here.visitor(), typed.expose())).await? {
        Err(screen) => see_other(screen.path()),
        Ok(Entered::Right) => see_other(Screen::Check.path()),
        Ok(other) => at.refuse(Told::Entered(other)),
    }
}

/// A3 \[再送\]
#[handler]
pub async fn resend(app: Data<&App>, visit: Visit, _form: Form) -> Answer {
    let Some(key) = visit.flow() else { return home(None) };
    let here = Here::new(&app, &visit, key);
    match app.store.write(move |tx| flow::resend(tx, &here.visitor())).await? {
        Err(screen) => see_other(screen.path()),
        Ok(resent) => At(&app, &visit).resent(resent),
    }
}

/// How far the mail is.
#[handler]
pub fn delivery(app: Data<&App>, visit: Visit) -> Answer {
    At(&app, &visit).delivery()
}

/// The screen in one request. Its place is the screen before it.
struct At<'a>(&'a App, &'a Visit);

impl Around for At<'_> {
    type Place = Screen;

    fn waiting(&self) -> Waiting<Screen> {
        let Self(app, visit) = self;
        let flow = current(app, visit)?;
        let Some(stage) = flow.as_ref().map(|flow| &flow.stage) else { return Ok(Err(home(None))) };
        let Some(challenge) = stage.challenge() else { return Ok(Err(home(flow.as_ref()))) };
        let before = if stage.among().is_empty() { Screen::Apply } else { Screen::Choose };
        let view = app.store.read(|r| codes::view(r, &app.config.code, challenge, visit.now))?;
        Ok(view.map(|view| (view, before)).ok_or_else(|| see_other(Screen::Apply.path())))
    }

    fn at(&self) -> codes::Here<'_> {
        (&self.0.config, self.1, Screen::Code.path(), Some(DELIVERY))
    }

    fn words(&self, before: &Screen) -> Words {
        Words {
            resend: "/reissue/code/resend",
            back: before.path(),
            again: "ログイン情報再発行申請",
            why: "入力されたメールアドレスに誤りがないことを確認するため、".into(),
            address_wrong: ADDRESS_WRONG,
            forward: "次へ",
            ..Words::default()
        }
    }

    fn frame(&self, _: &Screen, title: &'static str, refused: bool, body: Markup) -> Markup {
        self.1.page(title, Shell::Visitor).steps(&STEPS, 3).error(refused).render(body)
    }
}
