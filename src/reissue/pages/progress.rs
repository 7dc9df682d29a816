//! A6 申請状況の確認: control number and contact address open a timeline.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::Here;
use super::course::{course_of, state_badge};
use crate::app::App;
use crate::config::Federation;
use crate::kernel::{ControlNumber, jst};
use crate::reissue::flow::progress::{self as flow, Found};
use crate::reissue::model::{Application, Looking};
use crate::web::components::{Back, ButtonRow, Facts, Mark, error_summary, form, mail_field, notice, print_button, text_field};
use crate::web::layout::Shell;
use crate::web::{Answer, Errors, Fault, FlowCookie, Form, Visit, page, page_422, see_other, typed_address};

/// The screen's name.
pub(super) const TITLE: &str = "申請状況の確認";
/// Where number and address are asked for.
pub(super) const START: &str = "/status";
/// Where the timeline is.
pub(super) const SHOWN: &str = "/status/application";

const NUMBER: &str = "control_number";
const CONTACT: &str = "contact";
/// The same for a pair that does not match and for a number that does not exist.
const NOT_FOUND: &str = "管理番号と通知先メールアドレスの組み合わせに一致する申請がありません。受領通知のメールと見比べて、もう一度入力してください。";

/// A6
#[handler]
pub fn show(visit: Visit) -> Answer {
    page(ask(&visit, "", "", &Errors::default()))
}

/// A6 \[次へ\]
#[handler]
pub async fn look_up(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let (number, typed) = (form.get(NUMBER), form.get(CONTACT));
    let mut errors = Errors::default();
    if number.trim().is_empty() {
        errors.add(NUMBER, "管理番号を入力してください。");
    }
    let contact = typed_address(&mut errors, (CONTACT, "通知先メールアドレス"), typed);
    let (Some(contact), true) = (contact, errors.is_empty()) else {
        return page_422(ask(&visit, number, typed, &errors));
    };
    let cookie = FlowCookie::of(&visit, &app.random);
    // What is no control number at all is answered like one that does not exist.
    let (here, parsed) = (Here::new(&app, &visit, cookie.key), ControlNumber::parse(number));
    match app.store.write(move |tx| flow::look_up(tx, &here.visitor(), parsed, &contact)).await? {
        Found::Yes => return cookie.keep(&visit, see_other(SHOWN)),
        Found::No => errors.add(NUMBER, NOT_FOUND),
        Found::TooMany { again_at } => errors.add(
            "",
            format!(
                "お使いの回線から短い時間に多くの確認が行われたため、しばらく確認できません。{}以降に、もう一度お試しください。",
                jst::sentence_time(again_at)
            ),
        ),
    }
    page_422(ask(&visit, number, typed, &errors))
}

fn ask(visit: &Visit, number: &str, contact: &str, errors: &Errors) -> Markup {
    visit.page(TITLE, Shell::Visitor).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "ログイン情報再発行申請の状況を確認します。管理番号と通知先メールアドレスを入力し、【次へ】ボタンを押してください。" }
        (form(START, &visit.csrf(), html! {
            (text_field(NUMBER, "管理番号").required().value(number).autocomplete("off")
                .support("「ログイン情報再発行申請受領通知」のメールに記載されています。例: U202601000001").error(errors.of(NUMBER)))
            (mail_field(CONTACT, "通知先メールアドレス").required().value(contact)
                .support("申請のときに入力したメールアドレスです。").error(errors.of(CONTACT)))
            (ButtonRow::forward("次へ").back(Back::Link("/")))
        }))
        p.note { "管理番号がわからない場合は、国保連合会へお問い合わせください。" }
    })
}

/// The application this browser is looking at.
pub(super) fn current(app: &App, visit: &Visit) -> Result<Option<(Looking, Application)>, Fault> {
    match visit.flow() {
        Some(key) => Ok(app.store.read(|r| flow::current(r, &app.config, visit.now, key))?),
        None => Ok(None),
    }
}

/// The timeline.
#[handler]
pub fn application(app: Data<&App>, visit: Visit) -> Answer {
    match current(&app, &visit)? {
        Some((_, one)) => page(shown(&visit, &one, app.config.federation_of(one.office.prefecture))),
        None => see_other(START),
    }
}

fn shown(visit: &Visit, one: &Application, federation: Option<&Federation>) -> Markup {
    let federation_name = federation.map_or(one.office.prefecture.name(), |federation| &federation.name);
    visit.page(TITLE, Shell::Visitor).render(html! {
        (Facts::new()
            .row("現在の状態", state_badge(one.state))
            .row("管理番号", html! { span.mono { (one.number) } })
            .row("事業所番号", html! { span.mono { (one.office.number) } })
            .row("申請先連合会", federation_name)
            .row("受付日", jst::list(jst::date(one.received))))
        h2 { "これまでの経過" }
        (course_of(one, federation))
        @if one.state.is_undecided() {
            p.note { "審査の結果が出るまで、通常は数日から一週間程度かかります。申請が集中した場合、数週間お待ちいただく場合があります。" }
        }
        @if flow::may_withdraw(one) {
            p { a href=(super::withdraw::CONFIRM) { "この申請を取り下げる" } }
        } @else if one.state.is_open() {
            p.note { "通知書を印刷した後は、この画面から取り下げできません。取り下げるときは、国保連合会へお電話ください。" }
        }
        (print_button("この画面を印刷する"))
        (ButtonRow::forward_link("終了", "/").back(Back::Link(START)))
    })
}

/// A short word at the top of a screen that cannot go on.
pub(super) fn cannot(visit: &Visit, sentence: &str) -> Markup {
    visit.page(TITLE, Shell::Visitor).error(true).render(html! {
        (notice(Mark::Error, "この申請は取り下げできません", html! { p { (sentence) } }))
        (ButtonRow::only_back(SHOWN))
    })
}
