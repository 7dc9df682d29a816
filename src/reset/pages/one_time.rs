//! R3 【ワンタイムパスワード入力】, and the same for a device. It never says whether a mail has left: that would tell whether the address
//! is registered.

use maud::Markup;

use super::{DEVICE_STEPS, Here, STEPS, crowded, current, device, home, is_device};
use crate::app::App;
use crate::codes::{self, Around, Entered, Told, Waiting, Words};
use crate::reset::flow::{ask, prove};
use crate::reset::model::{Screen, Way};
use crate::web::layout::Shell;
use crate::web::{Answer, Fault, Form, Visit, see_other};

const ADDRESS_WRONG: &str = "しばらく待っても届かないときは、入力した内容に誤りがないかお確かめください。誤りがあれば【戻る】ボタンを押して入力し直してください。";
/// The last is always there: whether the mailbox has had its share must not show.
const NOTES: [&str; 3] = [
    "入力したメールアドレスが、実際に登録済みのセキュリティ用メールアドレスと異なる場合、ワンタイムパスワードは送信されません。",
    "登録済みのセキュリティ用メールアドレスが不明な場合、パスワード等を紛失した方画面で、「セキュリティ用メールアドレスが不明または未登録の場合はこちら」を選択してください。",
    "同じメールアドレスへの送信が続いたときは、しばらくお送りできないことがあります。時間をおいてお試しください。",
];

/// What is waited for.
pub(super) fn show(app: &App, visit: &Visit, way: Way) -> Answer {
    At { app, visit, way }.show()
}

/// \[次へ\]
pub(super) async fn enter(app: &App, visit: &Visit, way: Way, form: &Form) -> Answer {
    if let Some(crowded) = crowded(app, visit, way) {
        return Ok(crowded);
    }
    let at = At { app, visit, way };
    let typed = match at.typed(form)? {
        Ok(typed) => typed,
        Err(answer) => return answer,
    };
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
        Ok(other) => at.refuse(Told::Entered(other)),
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
        Ok(resent) => At { app, visit, way }.resent(resent),
    }
}

/// The screen in one request. Its place is the screen before it.
struct At<'a> {
    app: &'a App,
    visit: &'a Visit,
    way: Way,
}

impl Around for At<'_> {
    type Place = Screen;

    fn waiting(&self) -> Waiting<Screen> {
        let Self { app, visit, way } = *self;
        let flow = current(app, visit, way)?;
        let Some(stage) = flow.as_ref().map(|flow| &flow.stage) else { return Ok(Err(home(app, visit, way, None))) };
        let Some(challenge) = stage.challenge() else { return Ok(Err(home(app, visit, way, flow.as_ref()))) };
        let before = if stage.among().is_empty() { Screen::Ask } else { Screen::Choose };
        let view = app.store.read(|r| codes::view(r, &app.config.code, challenge, visit.now))?;
        Ok(view.map(|view| (view, before)).ok_or_else(|| see_other(way.path(Screen::Ask))))
    }

    fn at(&self) -> codes::Here<'_> {
        (&self.app.config, self.visit, self.way.path(Screen::Code), None)
    }

    fn words(&self, before: &Screen) -> Words {
        let reset = self.way == Way::Reset;
        Words {
            resend: if reset { "/reset/code/resend" } else { "/login/device/code/resend" },
            back: self.way.path(*before),
            again: if reset { STEPS[1] } else { DEVICE_STEPS[0] },
            why: "ユーザの本人確認を行うため、".into(),
            notes: &NOTES,
            address_wrong: ADDRESS_WRONG,
            forward: "次へ",
            ..Words::default()
        }
    }

    fn frame(&self, _: &Screen, title: &'static str, refused: bool, body: Markup) -> Markup {
        let (steps, at): (&[&str], usize) = if self.way == Way::Reset { (&STEPS, 3) } else { (&DEVICE_STEPS, 2) };
        self.visit.page(title, Shell::Visitor).steps(steps, at).error(refused).render(body)
    }
}
