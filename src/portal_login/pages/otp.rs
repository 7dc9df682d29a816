//! L2 【ワンタイムパスワード入力】 of the login. Who sees it has typed the password: the address and the way of the mail may be told.

use maud::Markup;
use poem::handler;
use poem::web::Data;

use super::{here, opened};
use crate::app::App;
use crate::codes::{self, Around, CHALLENGE, Told, Words};
use crate::kernel::Id;
use crate::portal_login::flow::otp::{self as flow, Over, Proved};
use crate::web::components::checkbox;
use crate::web::layout::Shell;
use crate::web::{Answer, Form, Visit, see_other};

const PATH: &str = "/portal/login/otp";
/// Where a login begins anew that nothing waits for any more.
const GONE: &str = "/portal/login?notice=code";
/// The box.
const TRUST: &str = "trust";
const ADDRESS_WRONG: &str = "しばらく待っても届かないときは、再送のボタンを押してください。このメールアドレスを使えなくなったときは、主たる利用者、または国保連合会へご連絡ください。";
const OVERTAKEN: &str = "この画面を開いた後に、ログインがはじめからやり直されています。入力された数字は確認していません。画面のメールアドレスをお確かめのうえ、いちばん新しいメールに記載された数字を入力してください。";

/// 【ワンタイムパスワード入力】
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    At { app: &app, visit: &visit, trust: false }.show()
}

/// \[ログイン\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let trust = form.has(TRUST);
    let at = At { app: &app, visit: &visit, trust };
    let typed = match at.typed(&form)? {
        Ok(typed) => typed,
        Err(answer) => return answer,
    };
    let (here, shown) = (here(&app, &visit), Id::parse(form.get(CHALLENGE)));
    match app.store.write(move |tx| flow::prove(tx, &here, shown, typed.expose(), trust)).await? {
        Proved::In(entered) => opened(&visit, &entered),
        Proved::Not(entered) => at.refuse(Told::Entered(entered)),
        // As it is now: with the address of the login that waits.
        Proved::Overtaken => at.refuse(Told::Error(OVERTAKEN.to_owned())),
        Proved::Over(Over::Gone) => see_other(GONE),
        Proved::Over(Over::Wrong) => see_other("/portal/login?notice=otp"),
        Proved::Over(Over::Suspended) => see_other("/portal/login?notice=suspended"),
        Proved::Over(Over::Initial) => see_other("/portal/login?notice=initial"),
    }
}

/// \[再送\]
#[handler]
pub async fn resend(app: Data<&App>, visit: Visit, _form: Form) -> Answer {
    let here = here(&app, &visit);
    match app.store.write(move |tx| flow::resend(tx, &here)).await? {
        None => see_other(GONE),
        Some(resent) => At { app: &app, visit: &visit, trust: false }.resent(resent),
    }
}

/// How far the mail is: a fragment, asked for again while it waits.
#[handler]
pub fn delivery(app: Data<&App>, visit: Visit) -> Answer {
    At { app: &app, visit: &visit, trust: false }.delivery()
}

/// The screen in one request. Its place is the challenge.
struct At<'a> {
    app: &'a App,
    visit: &'a Visit,
    /// The box as it was sent.
    trust: bool,
}

impl Around for At<'_> {
    type Place = Id;

    fn waiting(&self) -> codes::Waiting<Id> {
        let Self { app, visit, .. } = *self;
        let found = app.store.read(|r| {
            let Some((waiting, _)) = flow::waiting(r, &visit.browser(), visit.now)? else { return Ok(None) };
            let view = codes::view(r, &app.config.code, waiting.challenge, visit.now)?;
            Ok::<_, crate::store::StoreError>(view.map(|view| (view, waiting.challenge)))
        })?;
        Ok(found.ok_or_else(|| see_other(GONE)))
    }

    fn at(&self) -> codes::Here<'_> {
        (&self.app.config, self.visit, PATH, Some("/portal/login/otp/delivery"))
    }

    fn words(&self, challenge: &Id) -> Words {
        let below = checkbox(TRUST, "この端末では、次回からワンタイムパスワードの入力を省略する", self.trust)
            .support("ほかの人と共用する端末では、選ばないでください。");
        Words {
            resend: "/portal/login/otp/resend",
            back: super::LOGIN,
            again: "ログイン",
            why: "ご本人であることを確認するため、".into(),
            tied: Some(*challenge),
            address_wrong: ADDRESS_WRONG,
            forward: "ログイン",
            below: Some(maud::html! { (below) }),
            ..Words::default()
        }
    }

    fn frame(&self, _: &Id, title: &'static str, refused: bool, body: Markup) -> Markup {
        self.visit.page(title, Shell::PortalVisitor).error(refused).render(body)
    }
}
