//! G1 【パスワードを忘れた方】 and G2 【ワンタイムパスワード入力】. Neither ever says whether a mail has left: that would tell whether the address
//! is anybody's.

use maud::{Markup, html};
use poem::web::Data;
use poem::{Response, handler};

use super::here;
use super::screens::suspended;
use crate::app::App;
use crate::codes::{self, Around, Sort, Told, Words};
use crate::kernel::text;
use crate::lost;
use crate::portal_login::flow::lost::{self as flow, Visitor, Went};
use crate::portal_login::flow::lost_code::{self, Proved};
use crate::portal_login::model::{Losing, Screen};
use crate::web::components::{Back, ButtonRow, Mark, error_summary, form, hidden, mail_field, notice};
use crate::web::layout::Shell;
use crate::web::{self, Answer, Errors, Fault, FlowCookie, Form, Visit, page, page_422, see_other, typed_address};

/// Steps of パスワードを忘れた方.
pub(super) const STEPS: [&str; 4] = ["パスワードを忘れた方", "ワンタイムパスワード入力", "パスワード再設定", "終了"];
const FLOW: &str = "flow";
const BACK: &str = "back";
const ID: &str = "id";
const LABEL: &str = "ID（メールアドレス）";
const ADDRESS_WRONG: &str = "しばらく待っても届かないときは、入力したメールアドレスに誤りがないかお確かめください。誤りがあれば【戻る】ボタンを押して入力し直してください。";
/// Always there: whether the mailbox has had its share must not show.
const NOTES: [&str; 3] = [
    "登録のないメールアドレスには、ワンタイムパスワードは送信されません。利用者として登録したメールアドレスを入力してください。",
    "登録したメールアドレスがわからない、または使えなくなったときは、事業所・医療機関の主たる利用者、または国保連合会へご連絡ください。",
    "同じメールアドレスへの送信が続いたときは、しばらくお送りできないことがあります。時間をおいてお試しください。",
];

/// G1, with what was typed before.
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    let flow = current(&app, &visit)?;
    let late = flow.as_ref().is_some_and(|flow| flow.is_late(&app.config.code, visit.now));
    let told = late.then(|| {
        let minutes = app.config.code.valid_minutes;
        notice(Mark::Warning, "パスワードは変更されていません", html! {
            p { "ワンタイムパスワードの入力から" (minutes) "分が過ぎたため、お手数ですが、もう一度【次へ】ボタンを押してお手続きください。" }
        })
    });
    let typed = flow.map(|flow| flow.typed).unwrap_or_default();
    page(screen(&visit, FlowCookie::offer(&visit, &app.random, ""), &typed, &Errors::default(), told))
}

/// G1 \[次へ\]
#[handler]
pub async fn start(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    if let Some(crowded) = crowded(&app, &visit) {
        return Ok(crowded);
    }
    let typed = form.get(ID).to_owned();
    let cookie = FlowCookie::of_form(&visit, &app.random, form.get(FLOW));
    let (visitor, kept) = (Visitor { here: here(&app, &visit), flow: cookie.key }, text::kept(&typed));
    if form.has(BACK) {
        app.store.write(move |tx| flow::leave(tx, &visitor, kept.clone())).await?;
        return cookie.keep(&visit, see_other(super::LOGIN));
    }
    let mut errors = Errors::default();
    if let Some(address) = typed_address(&mut errors, (ID, LABEL), &typed) {
        match app.store.write(move |tx| flow::ask(tx, &visitor, kept.clone(), address.clone())).await? {
            Went::To(screen) => return cookie.keep(&visit, see_other(screen.path())),
            Went::TooMany { again_at } => errors.add("", codes::too_many(Sort::OneTime, again_at)),
            Went::TooManyFlows { again_at } => errors.add("", lost::too_many_flows(again_at)),
        }
    }
    page_422(screen(&visit, FlowCookie::offer(&visit, &app.random, form.get(FLOW)), &typed, &errors, None))
}

fn screen(visit: &Visit, flow: Option<String>, typed: &str, errors: &Errors, told: Option<Markup>) -> Markup {
    visit.page(STEPS[0], Shell::PortalVisitor).steps(&STEPS, 1).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        @if let Some(told) = told { (told) }
        p.lead { "パスワードを再設定するため、本人確認を行います。ID（メールアドレス）を入力し、【次へ】ボタンを押してください。ワンタイムパスワードをお送りします。" }
        (form(Screen::Ask.path(), &visit.csrf(), html! {
            @if let Some(flow) = flow { (hidden(FLOW, &flow)) }
            (mail_field(ID, LABEL).required().value(typed).autocomplete("username")
                .support("利用者として登録したメールアドレスを入力してください。").error(errors.of(ID)))
            p.note { "初期パスワードの有効期限が過ぎた方も、こちらからパスワードを設定できます。" }
            (ButtonRow::forward("次へ").back(Back::Submit { name: BACK, value: "1" }))
        }))
    })
}

/// G2
#[handler]
pub fn show_code(app: Data<&App>, visit: Visit) -> Answer {
    At { app: &app, visit: &visit }.show()
}

/// G2 \[次へ\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    if let Some(crowded) = crowded(&app, &visit) {
        return Ok(crowded);
    }
    let at = At { app: &app, visit: &visit };
    let typed = match at.typed(&form)? {
        Ok(typed) => typed,
        Err(answer) => return answer,
    };
    let visitor = Visitor { here: here(&app, &visit), flow: visit.flow().ok_or(Fault::NotFound)? };
    match app.store.write(move |tx| lost_code::prove(tx, &visitor, typed.expose())).await? {
        Proved::Right => see_other(Screen::Password.path()),
        Proved::To(screen) => see_other(screen.path()),
        Proved::Suspended(home) => page_422(suspended(&app, &visit, STEPS[0], home)),
        Proved::Not(entered) => at.refuse(Told::Entered(entered)),
    }
}

/// G2 \[再送\]
#[handler]
pub async fn resend(app: Data<&App>, visit: Visit, _form: Form) -> Answer {
    if let Some(crowded) = crowded(&app, &visit) {
        return Ok(crowded);
    }
    let Some(flow) = visit.flow() else { return see_other(Screen::Ask.path()) };
    let visitor = Visitor { here: here(&app, &visit), flow };
    match app.store.write(move |tx| lost_code::resend(tx, &visitor)).await? {
        Err(screen) => see_other(screen.path()),
        Ok(resent) => At { app: &app, visit: &visit }.resent(resent),
    }
}

/// Too many forms came from this network: nothing of this one is looked at. The same bound as that of the resets of offices.
pub(super) fn crowded(app: &App, visit: &Visit) -> Option<Response> {
    let again_at = app.resets().admit(visit.network, visit.now).err()?;
    Some(web::too_many_forms(visit, STEPS[0], Screen::Ask.path(), again_at))
}

/// The flow of this browser, if there is one.
pub(super) fn current(app: &App, visit: &Visit) -> Result<Option<Losing>, Fault> {
    match visit.flow() {
        Some(key) => Ok(app.store.read(|r| flow::current(r, &app.config, visit.now, key))?),
        None => Ok(None),
    }
}

/// Where a browser belongs that may not see the screen it asked for.
pub(super) fn home(app: &App, visit: &Visit, flow: Option<&Losing>) -> Answer {
    see_other(flow.map_or(Screen::Ask, |flow| flow.home(&app.config.code, visit.now)).path())
}

/// G2 in one request.
struct At<'a> {
    app: &'a App,
    visit: &'a Visit,
}

impl Around for At<'_> {
    type Place = ();

    fn waiting(&self) -> codes::Waiting<()> {
        let Self { app, visit } = *self;
        let flow = current(app, visit)?;
        let Some(challenge) = flow.as_ref().and_then(|flow| flow.stage.challenge()) else {
            return Ok(Err(home(app, visit, flow.as_ref())));
        };
        let view = app.store.read(|r| codes::view(r, &app.config.code, challenge, visit.now))?;
        Ok(view.map(|view| (view, ())).ok_or_else(|| see_other(Screen::Ask.path())))
    }

    fn at(&self) -> codes::Here<'_> {
        (&self.app.config, self.visit, Screen::Code.path(), None)
    }

    fn words(&self, (): &()) -> Words {
        Words {
            resend: "/portal/lost/otp/resend",
            back: Screen::Ask.path(),
            again: STEPS[0],
            why: "ご本人であることを確認するため、".into(),
            notes: &NOTES,
            address_wrong: ADDRESS_WRONG,
            forward: "次へ",
            ..Words::default()
        }
    }

    fn frame(&self, (): &(), title: &'static str, refused: bool, body: Markup) -> Markup {
        self.visit.page(title, Shell::PortalVisitor).steps(&STEPS, 2).error(refused).render(body)
    }
}
