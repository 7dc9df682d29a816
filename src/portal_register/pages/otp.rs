//! 【ワンタイムパスワード入力】: to the 通知先 of the office, which is named masked.

use maud::Markup;
use poem::handler;
use poem::web::Data;

use super::{STEPS, current, elsewhere, home, visitor};
use crate::app::App;
use crate::codes::{self, Around, CHALLENGE, Entered, Told, Waiting, Words};
use crate::kernel::{Id, MailAddress};
use crate::portal_register::flow::otp::{self as flow, Answered};
use crate::portal_register::model::{Screen, Stage};
use crate::web::layout::Shell;
use crate::web::{Answer, Fault, Form, Visit, see_other};

const DELIVERY: &str = "/portal/register/otp/delivery";
const ADDRESS_WRONG: &str = "このメールアドレスを受信できないときは、電子請求受付システムにログインし、【ユーザ情報変更】の「セキュリティ用メールアドレス設定」で通知先を変更してから、もう一度初回利用登録を行ってください。";
const OVERTAKEN: &str = "この画面を開いた後に、操作がはじめからやり直されています。入力された数字は確認していません。いちばん新しいメールに記載された数字を入力してください。";

/// 【ワンタイムパスワード入力】
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    At { app: &app, visit: &visit }.show()
}

/// How far the mail is: a fragment, asked for again while it waits.
#[handler]
pub fn delivery(app: Data<&App>, visit: Visit) -> Answer {
    At { app: &app, visit: &visit }.delivery()
}

/// \[次へ\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let at = At { app: &app, visit: &visit };
    let typed = match at.typed(&form)? {
        Ok(typed) => typed,
        Err(answer) => return answer,
    };
    let here = visitor(&app, &visit, visit.flow().ok_or(Fault::NotFound)?);
    let shown = Id::parse(form.get(CHALLENGE));
    match app.store.write(move |tx| flow::enter(tx, &here, shown, typed.expose())).await? {
        Answered::Entered(Entered::Right) => see_other(Screen::User.path()),
        Answered::Entered(other) => at.refuse(Told::Entered(other)),
        Answered::Overtaken => at.refuse(Told::Error(OVERTAKEN.to_owned())),
        Answered::Elsewhere(place) => elsewhere(place),
    }
}

/// \[再送\]
#[handler]
pub async fn resend(app: Data<&App>, visit: Visit, _form: Form) -> Answer {
    let Some(key) = visit.flow() else { return home(&app, &visit, None) };
    let here = visitor(&app, &visit, key);
    match app.store.write(move |tx| flow::resend(tx, &here)).await? {
        Err(place) => elsewhere(place),
        Ok(resent) => At { app: &app, visit: &visit }.resent(resent),
    }
}

/// The screen in one request. Its place is the challenge and the address.
struct At<'a> {
    app: &'a App,
    visit: &'a Visit,
}

impl Around for At<'_> {
    type Place = (Id, MailAddress);

    fn at(&self) -> codes::Here<'_> {
        (&self.app.config, self.visit, Screen::Otp.path(), Some(DELIVERY))
    }

    fn waiting(&self) -> Waiting<(Id, MailAddress)> {
        let Self { app, visit } = *self;
        let flow = current(app, visit)?;
        let Some(Stage::Asking { address, challenge, .. }) = flow.as_ref().map(|flow| &flow.stage) else {
            return Ok(Err(home(app, visit, flow.as_ref())));
        };
        let view = app.store.read(|r| codes::view(r, &app.config.code, *challenge, visit.now))?;
        Ok(view.map(|view| (view, (*challenge, address.clone()))).ok_or_else(|| see_other(Screen::Ask.path())))
    }

    fn words(&self, (challenge, address): &(Id, MailAddress)) -> Words {
        Words {
            resend: "/portal/register/otp/resend",
            back: Screen::Ask.path(),
            again: STEPS[0],
            why: "電子請求受付システムに登録されているセキュリティ用メールアドレス（通知先）で本人確認を行うため、".into(),
            tied: Some(*challenge),
            address_wrong: ADDRESS_WRONG,
            forward: "次へ",
            shown: Some(address.masked()),
            ..Words::default()
        }
    }

    fn frame(&self, _: &(Id, MailAddress), title: &'static str, refused: bool, body: Markup) -> Markup {
        self.visit.page(title, Shell::PortalVisitor).steps(&STEPS, 2).error(refused).render(body)
    }
}
