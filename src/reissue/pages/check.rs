//! A4 【送信確認】 and A5 【処理終了】.

use jiff::Timestamp;
use maud::{Markup, html};
use poem::handler;
use poem::http::StatusCode;
use poem::web::Data;

use super::{Here, STEPS, current, home};
use crate::app::App;
use crate::kernel::{MailAddress, OfficeKey, jst};
use crate::ledger;
use crate::reissue::flow::apply::{self as flow, Sending};
use crate::reissue::model::{Application, Screen, Stage};
use crate::web::components::{Back, ButtonRow, Facts, Mark, Reached, TimelineItem, form, hidden, notice, print_button, timeline};
use crate::web::layout::Shell;
use crate::web::{Answer, Form, Visit, form_page, html as html_page, page, see_other};

/// What the screen has shown.
const SHOWN: &str = "shown";

/// A4
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    screen(&app, &visit, None)
}

/// A4; `full`: nothing was sent, because the office's applications of the day are used up until then.
fn screen(app: &App, visit: &Visit, full: Option<Timestamp>) -> Answer {
    let flow = current(app, visit)?;
    let Some(Stage::Checking { office, contact, among }) = flow.as_ref().map(|flow| &flow.stage) else {
        return home(flow.as_ref());
    };
    let name = app.store.read(|r| ledger::find(r, *office))?.map(|entry| entry.name).unwrap_or_default();
    let told = full.map(|again_at| too_many(app, *office, again_at));
    form_page(full.is_some(), check(visit, *office, &name, contact, !among.is_empty(), told))
}

fn too_many(app: &App, office: OfficeKey, again_at: Timestamp) -> Markup {
    notice(
        Mark::Error,
        "申請を送信していません",
        html! {
            p { "この事業所番号の申請が、オンラインで1日に受け付けられる件数に達しています。お手続きは、国保連合会へお電話ください。" }
            @if let Some(federation) = app.config.federation_of(office.prefecture) {
                p { (federation.name) " " (federation.department) " " span.tel { "電話 " (federation.telephone) } }
            }
            p { "入力した内容はこの画面に残っています。" (jst::sentence_time(again_at)) "以降は、もう一度【送信】ボタンを押すと送信できます。" }
        },
    )
}

/// A4 \[送信\]
#[handler]
pub async fn send(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    let Some(key) = visit.flow() else { return home(None) };
    let here = Here::new(&app, &visit, key);
    let shown = form.has(SHOWN).then(|| form.get(SHOWN).to_owned());
    match app.store.write(move |tx| flow::send(tx, &here.visitor(), shown.as_deref())).await? {
        Sending::To(next) => see_other(next.path()),
        Sending::TooMany { again_at } => screen(&app, &visit, Some(again_at)),
        Sending::Other(now) => Ok(html_page(StatusCode::CONFLICT, other(&visit, now))),
    }
}

/// Another tab of the same browser has gone on with another office.
fn other(visit: &Visit, now: Screen) -> Markup {
    let what = if now == Screen::Done { "別の申請を送信した" } else { "申請の内容を変更した" };
    visit.page(STEPS[3], Shell::Visitor).steps(&STEPS, 4).error(true).render(html! {
        (notice(Mark::Error, "表示していた内容は送信していません", html! {
            p { "この画面を開いたあとに、同じブラウザの別の画面（タブ）で" (what) "ため、送信を行いませんでした。" }
            p { "【最新の画面へ】ボタンを押して、内容をお確かめください。複数の事業所について申請するときは、1件ずつ【処理終了】まで進めてください。" }
        }))
        (ButtonRow::forward_link("最新の画面へ", now.path()).back(Back::Link(Screen::Apply.path())))
    })
}

fn check(visit: &Visit, office: OfficeKey, name: &str, contact: &MailAddress, chosen: bool, told: Option<Markup>) -> Markup {
    let doubtful = !office.number.check_digit_fits();
    let number = html! {
        p.mono { (office.number) }
        p.note { "事業所番号にお間違えがないよう、十分ご注意ください。" }
        @if doubtful { (notice(Mark::Warning, "", html! { p { "番号をお確かめください。入力に誤りがある可能性があります。" } })) }
    };
    visit.page(STEPS[3], Shell::Visitor).steps(&STEPS, 4).error(told.is_some()).render(html! {
        @if let Some(told) = &told { div role="alert" { (told) } }
        p.lead { "ログイン情報の再発行を申請します。内容を確認し、【送信】ボタンを押してください。" }
        (form(Screen::Check.path(), &visit.csrf(), html! {
            (hidden(SHOWN, &flow::checked(office, contact)))
            (Facts::new()
                .row_with_change("事業所番号", number, "/reissue#number")
                .row_with_change("事業所名", name, "/reissue#number")
                .row_with_change("通知先メールアドレス", contact.as_str(), "/reissue#contact")
                .row_with_change("請求先都道府県", office.prefecture.name(), if chosen { Screen::Choose.path() } else { "/reissue#number" }))
            (ButtonRow::forward("送信").back(Back::Link(Screen::Apply.path())))
        }))
    })
}

/// A5
#[handler]
pub fn done(app: Data<&App>, visit: Visit) -> Answer {
    let flow = current(&app, &visit)?;
    let sent = match &flow {
        Some(flow) => app.store.read(|r| flow::sent(r, &flow.stage))?,
        None => None,
    };
    match sent {
        Some(one) => page(end(&app, &visit, &one)),
        None => home(flow.as_ref()),
    }
}

fn end(app: &App, visit: &Visit, one: &Application) -> Markup {
    let federation = app.config.federation_of(one.office.prefecture);
    let federation_name = federation.map_or(one.office.prefecture.name(), |federation| &federation.name);
    let contact = one.contact.as_ref().map(MailAddress::as_str).unwrap_or_default();
    let received = jst::sentence_time(one.received);
    let ahead = |title: &'static str, detail: Markup| TimelineItem { reached: Reached::Ahead, title, when: "", detail };
    visit.page("処理終了", Shell::Visitor).steps(&STEPS, 5).render(html! {
        (notice(Mark::Success, "ログイン情報再発行申請を完了しました", html! {
            p { "管理番号" }
            p.big-number { (one.number) }
            p { "お問い合わせや申請状況の確認に必要です。この画面を印刷するか、書き留めてください。" }
        }))
        (Facts::new()
            .row("受付日時", &received)
            .row("事業所番号", html! { span.mono { (one.office.number) } })
            .row("申請先連合会", federation_name)
            .row("通知先メールアドレス", contact))
        p { "通知先メールアドレスに「ログイン情報再発行申請受領通知」を送信しました。" }
        h2 { "このあとの流れ" }
        (timeline(&[
            TimelineItem { reached: Reached::Done, title: "申請を受け付けました", when: &received, detail: html! {} },
            ahead("国保連合会が審査します", html! {
                p { "通知先メールアドレスや、事業所台帳に登録された電話番号などへ、ご連絡する場合があります。" }
            }),
            ahead("審査の結果をメールでお知らせします", html! {
                p { "通知先メールアドレスに「ログイン情報再発行申請結果通知」が届きます。" }
            }),
            ahead("承認されると、通知書を郵送します", html! {
                p { "事業所台帳に登録された住所へ、ユーザIDとログイン用の仮パスワードを記載した「ログイン情報再発行通知書」をお送りします。" }
                p { "返信用封筒を先にお送りいただくなど、国保連合会からお願いをする場合がありますので、国保連合会の案内（ホームページ等）に従ってください。" }
            }),
        ]))
        div {
            p.note { "結果通知と通知書が届くまで、通常は数日から一週間程度かかります。" }
            p.note { "申請が集中した場合、数週間お待ちいただく場合があります。" }
        }
        (notice(Mark::Warning, "パスワードの変更をお急ぎの場合", html! {
            p {
                "パスワードが漏れたおそれがあるなど、至急の変更が必要なときは、国保連合会へお電話ください。"
                @if let Some(federation) = federation { br; (federation.name) " " (federation.department) " " span.tel { "電話 " (federation.telephone) } }
            }
        }))
        p { "審査の進み具合は、" a href="/status" { "申請状況の確認" } "で、管理番号と通知先メールアドレスを入力するとご覧いただけます。" }
        (print_button("この画面を印刷する"))
        (ButtonRow::forward_link("終了", "/"))
    })
}
