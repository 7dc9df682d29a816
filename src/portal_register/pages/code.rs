//! 【セキュリティコード入力】, only where the office has set one (S4).

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::ask::{ASKS, CODE, proved};
use super::{FLOW, STEPS};
use crate::app::App;
use crate::login::{self, CodeCaller, CodeKind, Ended, ProofAnswer, waits_for_proof};
use crate::portal_register::flow;
use crate::portal_register::model::{Screen, Stage};
use crate::security::devices;
use crate::web::components::{Back, ButtonRow, error_summary, hidden};
use crate::web::layout::Shell;
use crate::web::{Answer, Cookie, Errors, FlowCookie, Form, Visit, form_page, page, see_other};

/// Nothing waits for a code any more.
const GONE: &str = "/portal/register?notice=code";
/// Too many were wrong.
const WRONG: &str = "/portal/register?notice=codes";
const FIELD: &str = "code";

/// 【セキュリティコード入力】
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    match waits_for_proof(&app, visit.browser(), visit.now)? {
        Some(kind) => page(screen(&visit, FlowCookie::offer(&visit, &app.random, ""), kind, &Errors::default())),
        None => see_other(GONE),
    }
}

/// \[次へ\]
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let offered = form.get(FLOW);
    let cookie = FlowCookie::of_form(&visit, &app.random, offered);
    let Some(kind) = waits_for_proof(&app, visit.browser(), visit.now)? else { return gone(&app, &visit, cookie) };
    let (typed, mut errors) = (form.get(FIELD), Errors::default());
    if login::judge_code(kind, typed, &mut errors) {
        let caller = CodeCaller {
            browser: visit.browser(),
            device: visit.cookie(Cookie::Device).and_then(|value| devices::read(&app.keys, value)),
            client: visit.client.to_string(),
            agent: visit.agent.clone(),
        };
        match login::prove_code(&app, typed, caller).await? {
            ProofAnswer::Proved(proof) => return proved(&app, &visit, cookie, proof).await,
            ProofAnswer::Wrong { left } => errors.add(FIELD, login::wrong_code(kind, left)),
            ProofAnswer::Over(Ended::Gone) => return gone(&app, &visit, cookie),
            ProofAnswer::Over(Ended::Wrong) => return see_other(WRONG),
            ProofAnswer::Over(Ended::Locked(until)) => return Ok(login::locked(&visit, &ASKS, &app.config.lockout, until)),
            ProofAnswer::Over(Ended::Closed(until)) => return Ok(login::codes_closed(&visit, &ASKS, until)),
        }
    }
    form_page(true, screen(&visit, FlowCookie::offer(&visit, &app.random, offered), kind, &errors))
}

/// Nothing waits. The second of two clicks goes where the first one went: its form has carried the same flow along.
fn gone(app: &App, visit: &Visit, cookie: FlowCookie) -> Answer {
    let flow = app.store.read(|r| flow::current(r, &app.config, visit.now, cookie.key))?;
    match flow.map(|flow| (flow.at, flow.stage)) {
        Some((at, Stage::Asking { .. } | Stage::NoAddress { .. })) if visit.now.duration_since(at) < app.config.code.valid() => {
            cookie.keep(visit, see_other(Screen::Otp.path()))
        }
        _ => see_other(GONE),
    }
}

fn screen(visit: &Visit, flow: Option<String>, kind: CodeKind, errors: &Errors) -> Markup {
    let rest = html! {
        @if let Some(flow) = flow { (hidden(FLOW, &flow)) }
        (ButtonRow::forward("次へ").back(Back::Link(Screen::Ask.path())))
    };
    visit.page("セキュリティコード入力", Shell::PortalVisitor).steps(&STEPS, 1).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "電子請求受付システムで設定しているセキュリティコードを入力し、【次へ】ボタンを押してください。" }
        (login::code_part(kind, CODE, &visit.csrf(), errors, rest))
    })
}
