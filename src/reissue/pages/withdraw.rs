//! 取下げ by the applicant: asked once more, then proven by a one-time password to the contact address.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::Here;
use super::progress::{SHOWN, START, cannot, current};
use crate::app::App;
use crate::codes::{self, Around, Entered, Opened, Sort, Told, Waiting, Words, too_many};
use crate::reissue::flow::progress as flow;
use crate::reissue::model::{Application, State};
use crate::web::components::{Back, ButtonRow, Facts, Mark, error_summary, form, hidden, notice, print_button};
use crate::web::layout::Shell;
use crate::web::{Answer, Errors, Fault, Form, Visit, page, page_422, see_other};

/// Where it is asked once more.
pub(super) const CONFIRM: &str = "/status/withdraw";
/// Where the code is entered.
const CODE: &str = "/status/withdraw/code";
const RESEND: &str = "/status/withdraw/resend";
const DELIVERY: &str = "/status/withdraw/delivery";
const STEPS: [&str; 4] = [super::progress::TITLE, "申請の取下げ", "ワンタイムパスワード入力", "終了"];
const DONE: &str = "/status/withdraw/done";
const ADDRESS_WRONG: &str = "送信先は、申請のときに入力された通知先メールアドレスです。この画面では変更できません。このアドレスのメールを確認できないときは、国保連合会へお電話ください。";
/// What the question has shown.
const NUMBER: &str = "number";
const OTHER: &str = "同じブラウザの別の画面（タブ）で別の申請を開いたため、まだ何も行っていません。下に表示している申請を取り下げるか、お確かめください。";
const TOO_LATE: &str = "申請の状態が変わったため、取り下げできません。最新の状況をご確認ください。";

/// Asks once more.
#[handler]
pub fn confirm(app: Data<&App>, visit: Visit) -> Answer {
    match current(&app, &visit)? {
        None => see_other(START),
        Some((_, one)) if !flow::may_withdraw(&one) => page(cannot(&visit, TOO_LATE)),
        Some((_, one)) => page(question(&visit, &one, &Errors::default())),
    }
}

/// \[次へ\]: sends the one-time password.
#[handler]
pub async fn ask_code(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let Some((_, one)) = current(&app, &visit)? else { return see_other(START) };
    // One browser may hold the screens of two applications, and only one flow.
    if form.has(NUMBER) && form.get(NUMBER) != one.number.to_string() {
        let mut errors = Errors::default();
        errors.add("", OTHER);
        return page_422(question(&visit, &one, &errors));
    }
    let here = Here::new(&app, &visit, visit.flow().ok_or(Fault::NotFound)?);
    match app.store.write(move |tx| flow::ask_code(tx, &here.visitor())).await? {
        None => page_422(cannot(&visit, TOO_LATE)),
        Some(Opened::Open(_)) => see_other(CODE),
        Some(Opened::TooMany { again_at }) => {
            let mut errors = Errors::default();
            errors.add("", too_many(Sort::OneTime, again_at));
            page_422(question(&visit, &one, &errors))
        }
    }
}

fn question(visit: &Visit, one: &Application, errors: &Errors) -> Markup {
    visit.page(STEPS[1], Shell::Visitor).steps(&STEPS, 2).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "次のログイン情報再発行申請を取り下げます。通知先メールアドレスへワンタイムパスワードをお送りしますので、【次へ】ボタンを押してください。" }
        (form(CONFIRM, &visit.csrf(), html! {
            (hidden(NUMBER, &one.number.to_string()))
            (Facts::new()
                .row("管理番号", html! { span.mono { (one.number) } })
                .row("事業所番号", html! { span.mono { (one.office.number) } })
                .row("現在の状態", one.state.title()))
            (notice(Mark::Warning, "", html! { p { "取り下げた申請は、元に戻せません。必要になったときは、もう一度申請してください。" } }))
            (ButtonRow::forward("次へ").back(Back::Link(SHOWN)))
        }))
    })
}

/// The screen that waits for the one-time password.
#[handler]
pub fn code(app: Data<&App>, visit: Visit) -> Answer {
    At(&app, &visit).show()
}

/// \[取り下げる\]: the right one-time password withdraws.
#[handler]
pub async fn enter(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let at = At(&app, &visit);
    let typed = match at.typed(&form)? {
        Ok(typed) => typed,
        // A double click: the first has done it.
        Err(_) if at.waiting()?.is_err() => return see_other(DONE),
        Err(answer) => return answer,
    };
    let here = Here::new(&app, &visit, visit.flow().ok_or(Fault::NotFound)?);
    match app.store.write(move |tx| flow::withdraw(tx, &here.visitor(), typed.expose())).await? {
        None | Some(Entered::Right) => see_other(DONE),
        Some(other) => at.refuse(Told::Entered(other)),
    }
}

/// \[再送\]
#[handler]
pub async fn resend(app: Data<&App>, visit: Visit, _form: Form) -> Answer {
    let Some(key) = visit.flow() else { return see_other(START) };
    let here = Here::new(&app, &visit, key);
    match app.store.write(move |tx| flow::resend(tx, &here.visitor())).await? {
        None => see_other(SHOWN),
        Some(resent) => At(&app, &visit).resent(resent),
    }
}

/// 【処理終了】. If the federation was faster, nothing was withdrawn and the progress says why.
#[handler]
pub fn done(app: Data<&App>, visit: Visit) -> Answer {
    match current(&app, &visit)? {
        Some((_, one)) if one.state == State::Withdrawn => page(finished(&visit, &one)),
        _ => see_other(SHOWN),
    }
}

fn finished(visit: &Visit, one: &Application) -> Markup {
    visit.page("処理終了", Shell::Visitor).steps(&STEPS, 4).render(html! {
        (notice(Mark::Success, "申請を取り下げました", html! { p { "必要になったときは、もう一度申請してください。" } }))
        (Facts::new()
            .row("管理番号", html! { span.mono { (one.number) } })
            .row("事業所番号", html! { span.mono { (one.office.number) } })
            .row("現在の状態", one.state.title()))
        p { a href=(SHOWN) { "申請状況の確認へ" } }
        (print_button("この画面を印刷する"))
        (ButtonRow::forward_link("終了", "/"))
    })
}

/// How far the mail is.
#[handler]
pub fn delivery(app: Data<&App>, visit: Visit) -> Answer {
    At(&app, &visit).delivery()
}

/// The screen in one request.
struct At<'a>(&'a App, &'a Visit);

impl Around for At<'_> {
    type Place = ();

    fn waiting(&self) -> Waiting<()> {
        let Self(app, visit) = self;
        let challenge = current(app, visit)?.and_then(|(flow, _)| flow.challenge);
        let Some(challenge) = challenge else { return Ok(Err(see_other(SHOWN))) };
        let view = app.store.read(|r| codes::view(r, &app.config.code, challenge, visit.now))?;
        Ok(view.map(|view| (view, ())).ok_or_else(|| see_other(SHOWN)))
    }

    fn at(&self) -> codes::Here<'_> {
        (&self.0.config, self.1, CODE, Some(DELIVERY))
    }

    fn words(&self, (): &()) -> Words {
        Words {
            resend: RESEND,
            back: CONFIRM,
            again: "申請の取下げ",
            why: "申請したご本人であることを確認するため、".into(),
            address_wrong: ADDRESS_WRONG,
            forward: "取り下げる",
            ..Words::default()
        }
    }

    fn frame(&self, (): &(), title: &'static str, refused: bool, body: Markup) -> Markup {
        self.1.page(title, Shell::Visitor).steps(&STEPS, 3).error(refused).render(body)
    }
}
