//! Moves made from 【再発行申請の審査】. Each form says which application it has shown, and how.

use poem::handler;
use poem::http::StatusCode;
use poem::web::{Data, Path};

use super::super::flow::desk::Clerk;
use super::super::flow::desk::again::send_again;
use super::super::flow::desk::decide::{Duplicates, Shown, Went, approve, decide};
use super::super::model::{Inquiry, InquiryReason, Move, MoveKind, Refused, Rejection, RejectionReason};
use super::one::{Draft, load, render};
use super::{address, banner, panels};
use crate::app::App;
use crate::kernel::{ControlNumber, Id, day, text};
use crate::staff::Desk;
use crate::web::{Answer, Fault, Form, Visit, html, page_422, see_other};

const FIELDS: [&str; 8] = [
    "move",
    "inquire_reason",
    "inquire_text",
    "inquire_until",
    "reject_reason",
    "reject_sentence",
    "withdraw_note",
    "duplicate_sentence",
];
/// More duplicates than a screen shows.
const DUPLICATES_MOST: usize = 50;

/// What clerks do: 審査を始める, 照会する, 審査に戻す, 取下げ.
///
/// # Errors
/// [`Fault::NotFound`] if it is none of this desk's; [`Fault::BadRequest`] for a form that is none of ours; [`Fault::Store`] when
/// the database fails.
#[handler]
pub async fn clerk(Data(app): Data<&App>, visit: Visit, desk: Desk, Path(number): Path<String>, sent: Form) -> Answer {
    let shown = shown(&sent, &number)?;
    let mut draft = draft(&sent);
    let mv = match sent.get("move") {
        "take" => Some(Move::Take),
        "resume" => Some(Move::Resume),
        "inquire" => inquiry(&mut draft).map(Move::Inquire),
        "withdraw" => withdrawal(&mut draft),
        _ => return Err(Fault::BadRequest("no such move")),
    };
    let Some(mv) = mv else { return again(app, &visit, &desk, &number, draft) };
    let (moment, who, kind) = (app.moment(), Clerk::of(&desk, visit.client), mv.kind());
    let went = app.store.write(move |tx| decide(tx, &moment, &who, shown, &mv)).await?;
    answer(app, &visit, &desk, shown.number, kind, went, draft)
}

/// What approvers do: 承認する, 却下する.
///
/// # Errors
/// As [`clerk`].
#[handler]
pub async fn decision(Data(app): Data<&App>, visit: Visit, desk: Desk, Path(number): Path<String>, sent: Form) -> Answer {
    let shown = shown(&sent, &number)?;
    let mut draft = draft(&sent);
    let (moment, who) = (app.moment(), Clerk::of(&desk, visit.client));
    let (kind, went) = match sent.get("move") {
        "approve" => {
            let others = Duplicates {
                shown: draft.get("duplicates").split(' ').filter_map(Shown::from_word).collect(),
                sentence: text::paragraph(sent.get("duplicate_sentence")),
            };
            let two_person = app.config.review.two_person;
            let went = app.store.write(move |tx| approve(tx, &moment, &who, shown, two_person, &others)).await?;
            (MoveKind::Approve, went)
        }
        "reject" => {
            let Some(mv) = rejection(&mut draft).map(Move::Reject) else { return again(app, &visit, &desk, &number, draft) };
            (MoveKind::Reject, app.store.write(move |tx| decide(tx, &moment, &who, shown, &mv)).await?)
        }
        _ => return Err(Fault::BadRequest("no such move")),
    };
    answer(app, &visit, &desk, shown.number, kind, went, draft)
}

/// \[再送\] of a mail that could not be sent.
///
/// # Errors
/// [`Fault::NotFound`] if the application is none of this desk's or the mail none of its; [`Fault::Store`] when the database fails.
#[handler]
pub async fn mail_again(
    Data(app): Data<&App>,
    visit: Visit,
    desk: Desk,
    Path((number, mail)): Path<(String, String)>,
    _sent: Form,
) -> Answer {
    let number = ControlNumber::parse(&number).ok_or(Fault::NotFound)?;
    let mail = Id::parse(&mail).ok_or(Fault::NotFound)?;
    let (moment, who) = (app.moment(), Clerk::of(&desk, visit.client));
    let found = app.store.write(move |tx| send_again(tx, &moment, &who, number, mail)).await?;
    if found { see_other(&address(number)) } else { Err(Fault::NotFound) }
}

/// What was typed and chosen, of whichever form it is.
pub(super) fn draft(sent: &Form) -> Draft {
    let mut draft = Draft::of(sent, &FIELDS);
    let words: Vec<&str> = (0..DUPLICATES_MOST).map(|at| sent.get(&panels::duplicate_name(at))).collect();
    draft.typed.insert("duplicates", words.join(" "));
    draft
}

fn shown(sent: &Form, number: &str) -> Result<Shown, Fault> {
    let number = ControlNumber::parse(number).ok_or(Fault::NotFound)?;
    Shown::from_word(sent.get("shown"))
        .filter(|shown| shown.number == number)
        .ok_or(Fault::BadRequest("the form does not say what it has shown"))
}

fn inquiry(draft: &mut Draft) -> Option<Inquiry> {
    let reason = InquiryReason::from_word(draft.get("inquire_reason"));
    let words = text::paragraph(draft.get("inquire_text"));
    let until = day::parse(draft.get("inquire_until"));
    if reason.is_none() {
        draft.errors.add("inquire_reason", "照会の理由を選択してください。");
    }
    if reason == Some(InquiryReason::Other) && words.is_empty() {
        draft.errors.add("inquire_text", "申請者にお願いしたいことを入力してください。");
    }
    if until.is_none() {
        draft.errors.add("inquire_until", "回答期限を 2026/01/31 のように入力してください。");
    }
    if draft.errors.is_empty() { Some(Inquiry { reason: reason?, text: words, until: until? }) } else { None }
}

fn rejection(draft: &mut Draft) -> Option<Rejection> {
    let reason = RejectionReason::from_word(draft.get("reject_reason"));
    let sentence = text::paragraph(draft.get("reject_sentence"));
    if reason.is_none() {
        draft.errors.add("reject_reason", "却下の理由を選択してください。");
    }
    if sentence.is_empty() {
        draft.errors.add("reject_sentence", "申請者への説明を入力してください。");
    }
    if draft.errors.is_empty() { Some(Rejection { reason: reason?, sentence }) } else { None }
}

fn withdrawal(draft: &mut Draft) -> Option<Move> {
    let note = text::paragraph(draft.get("withdraw_note"));
    if note.is_empty() {
        draft.errors.add("withdraw_note", "取下げの理由を入力してください。");
        return None;
    }
    Some(Move::Withdraw { note })
}

fn answer(app: &App, visit: &Visit, desk: &Desk, number: ControlNumber, kind: MoveKind, went: Went, mut draft: Draft) -> Answer {
    match went {
        Went::Done => see_other(&format!("{}?done={}", address(number), banner::word(kind))),
        Went::NotHere => Err(Fault::NotFound),
        Went::Overtaken { now, knew } => {
            draft.overtaken = Some((now, knew));
            let dossier = load(app, visit, desk, &number.to_string())?;
            Ok(html(StatusCode::CONFLICT, render(app, visit, desk, &dossier, &draft, "")))
        }
        Went::Refused(refused) => {
            draft.errors.add(field_of(kind, &refused), &refused);
            again(app, visit, desk, &number.to_string(), draft)
        }
    }
}

/// The screen again, with what is wrong and what was typed.
fn again(app: &App, visit: &Visit, desk: &Desk, number: &str, draft: Draft) -> Answer {
    let dossier = load(app, visit, desk, number)?;
    page_422(render(app, visit, desk, &dossier, &draft, ""))
}

/// The field that a refusal is about; none for what no field is to blame for.
fn field_of(kind: MoveKind, refused: &Refused) -> &'static str {
    match (refused, kind) {
        (Refused::UntilPast | Refused::UntilFar, _) => "inquire_until",
        (Refused::TextMissing | Refused::TextForm, MoveKind::Inquire) => "inquire_text",
        (Refused::TextMissing | Refused::TextForm, MoveKind::Reject) => "reject_sentence",
        (Refused::TextMissing | Refused::TextForm, MoveKind::Withdraw) => "withdraw_note",
        (Refused::TextMissing | Refused::TextForm, MoveKind::Approve) => "duplicate_sentence",
        _ => "",
    }
}
