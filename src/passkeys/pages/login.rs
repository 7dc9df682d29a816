//! 【パスキーでログイン】

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::super::flow::{self, Answer as Taken, Visitor};
use super::super::relying::Relying;
use super::{Asking, CREDENTIAL, NO_SCRIPT};
use crate::app::App;
use crate::login::{self, CodeCaller};
use crate::portal_login;
use crate::security::devices;
use crate::staff;
use crate::web::components::{Back, ButtonRow, Mark, error_summary, help_details, notice};
use crate::web::layout::Shell;
use crate::web::{self, Answer, Cookie, Errors, Fault, Form, Visit, form_page, page, see_other};

/// One gate's words and ways.
struct Ways {
    title: &'static str,
    login: &'static str,
    path: &'static str,
    over: &'static str,
    /// Where a device is made known, if there is such a place.
    device: Option<&'static str>,
    /// Whom to turn to if no passkey helps.
    otherwise: &'static str,
    /// Where \[戻る\] of a refusal leads.
    front: &'static str,
    /// Whether it is the portal's.
    of_portal: bool,
}

impl Ways {
    const fn shell(&self) -> Shell<'static> {
        if self.of_portal { Shell::PortalVisitor } else { Shell::Visitor }
    }
}

const OFFICE: Ways = Ways {
    title: "パスキーでログイン",
    login: "/login",
    path: "/login/passkey",
    over: "/login?notice=passkey",
    device: Some("/login/device"),
    otherwise: "パスキーを使えないときは、ユーザIDとパスワードでログインしてください。",
    front: "/",
    of_portal: false,
};

const STAFF: Ways = Ways {
    title: "パスキーでログイン",
    login: "/staff/login",
    path: "/staff/login/passkey",
    over: "/staff/login?notice=passkey",
    device: None,
    otherwise: "パスキーを使えないときは、職員名、パスワード、認証コードでログインしてください。",
    front: "/",
    of_portal: false,
};

const PORTAL: Ways = Ways {
    title: "パスキーでログイン",
    login: "/portal/login",
    path: "/portal/login/passkey",
    over: "/portal/login?notice=passkey",
    device: None,
    otherwise: "パスキーを使えないときは、ID（メールアドレス）とパスワードでログインしてください。",
    front: "/portal",
    of_portal: true,
};

/// The one sentence for an unknown passkey, a wrong answer and a closed account.
const REFUSED: &str = "このパスキーではログインできませんでした。ログイン画面に戻り、もう一度お試しください。";
const NOT_AN_ANSWER: &str = "パスキーを確認できませんでした。もう一度、ボタンを押してください。";

/// \[パスキーでログイン\] of 【ログイン】
#[handler]
pub async fn begin(app: Data<&App>, visit: Visit, _form: Form) -> Answer {
    begin_at(&app, &visit, &OFFICE, &office(&app, &visit)).await
}

/// 【パスキーでログイン】
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    show_at(&app, &visit, &OFFICE, &office(&app, &visit))
}

/// What the browser has answered.
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let visitor = office(&app, &visit);
    enter_at(&app, &visit, &OFFICE, (visitor, None), form.get(CREDENTIAL)).await
}

/// \\[パスキーでログイン\\] of 【職員ログイン】
#[handler]
pub async fn begin_staff(app: Data<&App>, visit: Visit, _form: Form) -> Answer {
    begin_at(&app, &visit, &STAFF, &member(&app, &visit).0).await
}

/// 【パスキーでログイン】 of staff
#[handler]
pub fn show_staff(app: Data<&App>, visit: Visit) -> Answer {
    show_at(&app, &visit, &STAFF, &member(&app, &visit).0)
}

/// What the browser has answered, at the login of staff.
#[handler]
pub async fn enter_staff(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let visitor = member(&app, &visit);
    enter_at(&app, &visit, &STAFF, visitor, form.get(CREDENTIAL)).await
}

/// \[パスキーでログイン\] of the portal's 【ログイン】
#[handler]
pub async fn begin_portal(app: Data<&App>, visit: Visit, _form: Form) -> Answer {
    begin_at(&app, &visit, &PORTAL, &user(&app, &visit)).await
}

/// 【パスキーでログイン】 of the portal
#[handler]
pub fn show_portal(app: Data<&App>, visit: Visit) -> Answer {
    show_at(&app, &visit, &PORTAL, &user(&app, &visit))
}

/// What the browser has answered, at the login of the portal.
#[handler]
pub async fn enter_portal(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let visitor = user(&app, &visit);
    enter_at(&app, &visit, &PORTAL, (visitor, None), form.get(CREDENTIAL)).await
}

fn user(app: &App, visit: &Visit) -> Visitor {
    Visitor::Portal(portal_login::caller(app, visit))
}

/// With the cookie of a device that has none yet.
fn member(app: &App, visit: &Visit) -> (Visitor, Option<String>) {
    let (caller, device) = staff::login_caller(app, visit);
    (Visitor::Staff(caller), device)
}

fn office(app: &App, visit: &Visit) -> Visitor {
    Visitor::Office(CodeCaller {
        browser: visit.browser(),
        device: visit.cookie(Cookie::Device).and_then(|value| devices::read(&app.keys, value)),
        client: visit.client.to_string(),
        agent: visit.agent.clone(),
    })
}

fn relying(visit: &Visit) -> Result<Relying, Fault> {
    Relying::of(&visit.front().public_url).ok_or(Fault::NotFound)
}

async fn begin_at(app: &App, visit: &Visit, ways: &Ways, visitor: &Visitor) -> Answer {
    let relying = relying(visit)?;
    if let Err(again_at) = app.logins().admit(visit.network, visit.now) {
        return Ok(web::too_many_logins(visit, ways.title, ways.login, again_at));
    }
    match flow::begin_login(app, &relying, visitor).await? {
        Ok(()) => see_other(ways.path),
        Err(again_at) => Ok(web::too_many_new_devices(visit, ways.title, ways.login, ways.device, again_at)),
    }
}

fn show_at(app: &App, visit: &Visit, ways: &Ways, visitor: &Visitor) -> Answer {
    match flow::waiting_login(app, visitor)? {
        Some(ceremony) => page(screen(visit, ways, &ceremony.options, &Errors::default())),
        None => see_other(ways.over),
    }
}

async fn enter_at(app: &App, visit: &Visit, ways: &Ways, (visitor, device): (Visitor, Option<String>), typed: &str) -> Answer {
    let Some(ceremony) = flow::waiting_login(app, &visitor)? else { return see_other(ways.over) };
    let mut errors = Errors::default();
    match flow::enter(app, &relying(visit)?, typed, visitor).await? {
        Taken::Office(entered) => return login::opened(visit, &entered),
        Taken::Staff(session, member) => return staff::opened(visit, &session, member, device.as_deref()),
        Taken::Portal(entered) => return portal_login::opened(visit, &entered),
        Taken::Over => return see_other(ways.over),
        Taken::Refused => return form_page(true, refused(visit, ways)),
        Taken::Unreadable if typed.is_empty() => errors.add("", NO_SCRIPT),
        Taken::Unreadable => errors.add("", NOT_AN_ANSWER),
    }
    form_page(true, screen(visit, ways, &ceremony.options, &errors))
}

fn screen(visit: &Visit, ways: &Ways, options: &str, errors: &Errors) -> Markup {
    let csrf = visit.csrf();
    let asking = Asking {
        kind: "get",
        options,
        action: ways.path,
        csrf: &csrf,
        answer: "",
        fields: html! {},
        buttons: ButtonRow::forward("パスキーを確認").back(Back::Link(ways.login)),
    };
    visit.page(ways.title, ways.shell()).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "端末の案内に従って、指紋、顔、暗証番号などで確認してください。案内が表示されないときは、【パスキーを確認】ボタンを押してください。" }
        (asking.render())
        (help_details("パスキーでログインできないとき", html! {
            p { "パスキーを登録した端末か、そのパスキーが保存されているスマートフォンやセキュリティキーをお使いください。" }
            p { (ways.otherwise) }
        }))
    })
}

fn refused(visit: &Visit, ways: &Ways) -> Markup {
    visit.page(ways.title, ways.shell()).error(true).render(html! {
        (notice(Mark::Error, "ログインできませんでした", html! { p { (REFUSED) } p { (ways.otherwise) } }))
        (ButtonRow::forward_link("ログイン画面へ", ways.login).back(Back::Link(ways.front)))
    })
}
