//! Q3 【送信確認】.

use jiff::Timestamp;
use maud::{Markup, html};
use poem::handler;
use poem::http::StatusCode;
use poem::web::Data;

use super::{Here, STEPS, category, crowded, current, home};
use crate::app::App;
use crate::contact_form::flow::ask::{self as flow, Sending};
use crate::contact_form::model::{Asked, Screen, Stage};
use crate::kernel::{Prefecture, jst};
use crate::web::components::{Back, ButtonRow, Facts, Mark, form, hidden, notice, paragraphs};
use crate::web::layout::Shell;
use crate::web::{Answer, Form, Visit, form_page, html as html_page, see_other};

const TITLE: &str = "送信確認";
/// What the screen has shown.
const SHOWN: &str = "shown";

/// Q3
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    screen(&app, &visit, None)
}

/// Q3; `full`: nothing was sent, because as many came today as are taken, until then.
fn screen(app: &App, visit: &Visit, full: Option<Timestamp>) -> Answer {
    let flow = current(app, visit)?;
    let Some(Stage::Checking(asked)) = flow.as_ref().map(|flow| &flow.stage) else { return home(flow.as_ref()) };
    let told = full.map(|again_at| too_many(app, asked.home, again_at));
    form_page(full.is_some(), check(app, visit, asked, told.as_ref()))
}

fn too_many(app: &App, home: Prefecture, again_at: Timestamp) -> Markup {
    notice(
        Mark::Error,
        "お問い合わせを送信していません",
        html! {
            p { "このメールアドレス、またはお使いの回線からのお問い合わせが、1日に受け付けられる件数に達しています。お急ぎの場合は、お電話ください。" }
            @if let Some(federation) = app.config.federation_of(home) {
                p { (federation.name) " " (federation.department) " " span.tel { "電話 " (federation.telephone) } }
            }
            @if let Some(desk) = &app.config.mail.help_desk { p { "ヘルプデスク " span.tel { "電話 " (desk) } } }
            p { "入力した内容はこの画面に残っています。" (jst::sentence_time(again_at)) "以降は、もう一度【送信】ボタンを押すと送信できます。" }
        },
    )
}

/// Q3 \[送信\]
#[handler]
pub async fn send(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    if let Some(crowded) = crowded(&app, &visit) {
        return Ok(crowded);
    }
    let flow = current(&app, &visit)?;
    let Some(key) = visit.flow() else { return home(None) };
    let (here, shown) = (Here::new(&app, &visit, key), form.get(SHOWN).to_owned());
    match app.store.write(move |tx| flow::send(tx, &here.visitor(), &shown)).await? {
        Sending::To(next) => see_other(next.path()),
        Sending::NoCategory => category::anew(&app, &visit, &flow.map(|flow| flow.draft).unwrap_or_default()),
        Sending::TooMany { again_at } => screen(&app, &visit, Some(again_at)),
        Sending::Other(now) => Ok(html_page(StatusCode::CONFLICT, other(&visit, now))),
    }
}

/// Another tab of the same browser has gone on with another inquiry.
fn other(visit: &Visit, now: Screen) -> Markup {
    visit.page(TITLE, Shell::PortalVisitor).steps(&STEPS, 3).error(true).render(html! {
        (notice(Mark::Error, "表示していた内容は送信していません", html! {
            p { "この画面を開いたあとに、同じブラウザの別の画面（タブ）で内容を変更したため、送信を行いませんでした。" }
            p { "【最新の画面へ】ボタンを押して、内容をお確かめください。" }
        }))
        (ButtonRow::forward_link("最新の画面へ", now.path()).back(Back::Link(Screen::Category.path())))
    })
}

fn check(app: &App, visit: &Visit, asked: &Asked, told: Option<&Markup>) -> Markup {
    visit.page(TITLE, Shell::PortalVisitor).steps(&STEPS, 3).error(told.is_some()).render(html! {
        @if let Some(told) = told { div role="alert" { (told) } }
        p.lead { "お問い合わせを送信します。内容を確認し、【送信】ボタンを押してください。" }
        (form(Screen::Check.path(), &visit.csrf(), html! {
            (hidden(SHOWN, &flow::checked(&app.keys, asked)))
            (facts(asked, app.config.federation.len() > 1))
            (ButtonRow::forward("送信").back(Back::Link(Screen::Content.path())))
        }))
    })
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "―" } else { text }
}

fn facts(asked: &Asked, several: bool) -> Markup {
    const TEXT: &str = "/portal/contact/content#text";
    let (contact, person) = (&asked.contact, &asked.contact.person);
    let name = "/portal/contact/content#name";
    let telephone = "/portal/contact/content#telephone";
    let category = html! { (asked.category.0) "／" (asked.category.1) };
    let mut facts = Facts::new().row_with_change("お問い合わせ区分", category, Screen::Category.path());
    if let Some(medical) = &asked.medical {
        facts = facts
            .row_with_change("医療機関コード", html! { span.mono { (medical.code) } }, "/portal/contact/content#medical_code")
            .row_with_change("医療機関の名称", &medical.name, "/portal/contact/content#medical_name")
            .row_with_change("郵便番号", &medical.postal_code, "/portal/contact/content#postal_code")
            .row_with_change("住所", &medical.address, "/portal/contact/content#address")
            .row_with_change("医療機関の電話番号", &medical.telephone, "/portal/contact/content#medical_telephone")
            .row_with_change("担当者の氏名", &person.name, name)
            .row_with_change("担当者の氏名カナ", &person.kana, "/portal/contact/content#kana")
            .row_with_change("担当者のメールアドレス", contact.mail.as_str(), "/portal/contact/content#mail_address")
            .row_with_change("担当者の電話番号", &person.telephone, telephone)
            .row_with_change("部署", &person.department, "/portal/contact/content#department")
            .row_with_change("職種", or_none(&person.occupation), "/portal/contact/content#occupation")
            .row_with_change("連絡事項", html! { (paragraphs(or_none(&asked.text))) }, TEXT);
    } else {
        if several {
            facts = facts.row_with_change("都道府県", asked.home.name(), "/portal/contact/content#prefecture");
        }
        facts = facts
            .row_with_change("氏名", &person.name, name)
            .row_with_change("メールアドレス", contact.mail.as_str(), "/portal/contact/content#mail_address")
            .row_with_change("電話番号", or_none(&person.telephone), telephone)
            .row_with_change("事業所番号または医療機関コード", or_none(&contact.number), "/portal/contact/content#number")
            .row_with_change("お問い合わせ内容", html! { (paragraphs(&asked.text)) }, TEXT);
    }
    html! { (facts) }
}
