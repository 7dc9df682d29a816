//! D2 【問い合わせ {番号}】: what was typed beside what exists, what happened, and what can be done.

use maud::{Markup, html};
use poem::handler;
use poem::http::StatusCode;
use poem::web::{Data, Path};
use serde::Deserialize;

use super::forms::{self, Draft};
use super::{QUEUE, address, record, state_badge};
use crate::app::App;
use crate::contact_form::flow::desk::{Operator, Went, carry_out, existing, send_again};
use crate::contact_form::model::{Act, Inquiry, InquiryNumber, Refused, Shown, State};
use crate::contact_form::{MOST, store};
use crate::kernel::{Id, Prefecture};
use crate::mail::outbox;
use crate::portal::{self, Institution, Member, User};
use crate::staff::{Desk, Nav, screen};
use crate::store::{Reads, StoreError};
use crate::web::components::{Mark, error_summary, notice};
use crate::web::{Answer, Fault, Form, Kept, Query, Visit, html as answer, page, page_422, see_other};

/// Rows of mails that are shown.
const MAILS: usize = 50;

/// Everything about one inquiry.
pub(super) struct Dossier {
    pub(super) one: Inquiry,
    /// The institution that has the code, with its main user.
    pub(super) there: Option<There>,
    /// Others that wait, with the same code or address.
    pub(super) others: Vec<Inquiry>,
    pub(super) mails: Vec<(Id, outbox::Row)>,
}

/// An institution that exists.
pub(super) struct There {
    pub(super) institution: Institution,
    pub(super) main: Member,
    pub(super) user: User,
    /// Whether the address of the application is the main user's.
    pub(super) same: bool,
}

/// What led here.
#[derive(Default, Deserialize)]
struct Arrived {
    #[serde(default)]
    done: String,
}

/// The inquiry of this number, of the operator's own federation.
///
/// # Errors
/// [`Fault::NotFound`] for another federation's; [`Fault::Store`] when the database fails.
#[handler]
pub fn show(
    Data(app): Data<&App>,
    visit: Visit,
    desk: Desk,
    Path(number): Path<String>,
    Query(arrived): Query<Arrived>,
    kept: Kept,
) -> Answer {
    let dossier = load(app, &desk, &number)?;
    let draft = kept.form().map(Draft::of).unwrap_or_default();
    page(render(&visit, &desk, &dossier, &draft, &arrived.done))
}

/// What an operator does with it.
///
/// # Errors
/// [`Fault::NotFound`] for another federation's; [`Fault::BadRequest`] for a form that is none of ours; [`Fault::Store`] when the
/// database fails.
#[handler]
pub async fn act(Data(app): Data<&App>, visit: Visit, desk: Desk, Path(number): Path<String>, sent: Form) -> Answer {
    let dossier = load(app, &desk, &number)?;
    let (number, moment, by) = (dossier.one.number, app.moment(), Operator::of(app, &desk, visit.client));
    if sent.get("act") == forms::MAIL_AGAIN {
        let mail = Id::parse(sent.get("mail")).ok_or(Fault::NotFound)?;
        let found = app.store.write(move |tx| send_again(tx, &moment, &by, number, mail)).await?;
        return if found { done(number, forms::MAIL_AGAIN) } else { Err(Fault::NotFound) };
    }
    let mut draft = Draft::of(&sent);
    let act = draft.act.ok_or(Fault::BadRequest("no such act"))?;
    let Some(order) = draft.order(&sent) else { return page_422(render(&visit, &desk, &dossier, &draft, "")) };
    let shown = Shown::from_word(sent.get("shown"));
    match app.store.write(move |tx| carry_out(tx, &moment, &by, number, &shown, &order)).await? {
        Went::Done => done(number, act.word()),
        Went::NotHere => Err(Fault::NotFound),
        Went::Overtaken => {
            draft.overtaken = true;
            let dossier = load(app, &desk, &number.to_string())?;
            Ok(answer(StatusCode::CONFLICT, render(&visit, &desk, &dossier, &draft, "")))
        }
        Went::Refused(refused) => {
            draft.errors.add(if refused == Refused::MainThere { forms::REPLACE } else { "" }, refused);
            page_422(render(&visit, &desk, &load(app, &desk, &number.to_string())?, &draft, ""))
        }
    }
}

fn done(number: InquiryNumber, what: &str) -> Answer {
    see_other(&format!("{}?done={what}", address(number)))
}

fn load(app: &App, desk: &Desk, number: &str) -> Result<Dossier, Fault> {
    let number = InquiryNumber::parse(number).ok_or(Fault::NotFound)?;
    app.store.read(|r| dossier(r, desk.prefecture(), number))?.ok_or(Fault::NotFound)
}

fn dossier(r: &impl Reads, home: Prefecture, number: InquiryNumber) -> Result<Option<Dossier>, StoreError> {
    let Some(one) = store::find_at(r, home, number)? else { return Ok(None) };
    let there = there(r, &one)?;
    let mail = one.contact.as_ref().map(|contact| contact.mail.key());
    let code = one.medical.as_ref().map(|medical| medical.code);
    let mut others = Vec::new();
    for state in State::OPEN {
        others.extend(store::in_state(r, home, state, MOST)?);
    }
    others.retain(|other| {
        let same_code = code.is_some() && other.medical.as_ref().map(|medical| medical.code) == code;
        let same_mail = mail.is_some() && other.contact.as_ref().map(|contact| contact.mail.key()) == mail;
        other.number != number && (same_code || same_mail)
    });
    Ok(Some(Dossier { there, others, mails: outbox::about(r, &number.to_string(), MAILS)?, one }))
}

fn there(r: &impl Reads, one: &Inquiry) -> Result<Option<There>, StoreError> {
    let Some(medical) = &one.medical else { return Ok(None) };
    let Some((institution, main)) = existing(r, medical)? else { return Ok(None) };
    let Some(user) = portal::user(r, main.user)? else { return Ok(None) };
    let same = one.contact.as_ref().is_some_and(|contact| contact.mail.key() == user.mail.key());
    Ok(Some(There { institution, main, user, same }))
}

fn render(visit: &Visit, desk: &Desk, dossier: &Dossier, draft: &Draft, done: &str) -> Markup {
    let one = &dossier.one;
    let csrf = visit.csrf();
    let body = html! {
        (error_summary(&draft.errors.list()))
        @if draft.overtaken {
            div role="alert" {
                (notice(Mark::Warning, "先に別の操作が行われたため、今回の操作は行っていません", html! {
                    p { "この画面を開いた後に、ほかの担当者がこの問い合わせを処理したか、医療機関の登録が変わりました。最新の状態を確認して、必要なときはもう一度操作してください。" }
                }))
            }
        }
        (done_box(done, one))
        div.columns.main-aside {
            div.stack {
                section.card #acts { h2 { "操作" } (forms::forms(&csrf, dossier, draft)) }
                section.card { h2 { "問い合わせの内容" } (record::content(one, visit.now)) }
                @if one.medical.is_some() {
                    section.card { h2 { "登録されている内容" } (record::there(dossier)) }
                }
            }
            div.stack.aside {
                section.card { h2 { "経過" } (record::history(one)) }
                section.card { h2 { "メール" } (record::mails(dossier, &csrf)) }
                section.card { h2 { "対応待ちのほかの問い合わせ" } (record::others(&dossier.others)) }
            }
        }
        p { a href=(QUEUE) { "ポータルの問い合わせの一覧に戻る" } }
    };
    let refused = !draft.errors.is_empty() || draft.overtaken;
    let title = format!("問い合わせ {}", one.number);
    screen(desk, visit, &title, Nav::Inquiries).beside(state_badge(one.state)).refused(refused).render(body)
}

/// What the form that led here has done, if it still is so.
fn done_box(done: &str, one: &Inquiry) -> Markup {
    let (title, next) = match (Act::from_word(done), one.state) {
        _ if done == forms::MAIL_AGAIN => ("メールを再送します", "送れなかったときは、この画面にもう一度表示されます。"),
        (Some(Act::Take), State::Working) => ("対応を始めました", "ほかの担当者には、あなたが担当として表示されます。"),
        (Some(Act::Answer), State::Answered) => ("回答しました", "回答をメールでお送りします。"),
        (Some(Act::Create), State::Issued) => {
            ("医療機関のIDを発行しました", "主たる利用者に、初期パスワードのお知らせをお送りします。")
        }
        (Some(Act::Reject), State::Rejected) => ("却下しました", "理由とお知らせする文をメールでお送りします。"),
        _ => return html! {},
    };
    notice(Mark::Success, title, html! { p { (next) } })
}
