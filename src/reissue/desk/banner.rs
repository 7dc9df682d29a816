//! What stands on top of one application: what was just done, who was faster, what to look at twice.

use jiff::Timestamp;
use maud::{Markup, html};

use super::super::flow::desk::dossier::Dossier;
use super::super::flow::desk::flags::{Flag, LATE_DAYS};
use super::super::model::{Application, MoveKind, State, Step, What};
use super::{move_title, number_link};
use crate::kernel::{Id, jst};
use crate::web::components::{Mark, notice};

/// What the move that led here has done; nothing if it is not the last thing that happened, or was somebody else's.
pub(super) fn done(one: &Application, asked: &str, me: Id) -> Markup {
    let Some(step) = one.history.last().filter(|step| step.by.person().is_some_and(|person| person.id == me)) else {
        return html! {};
    };
    let told = |mail: &str| match &one.contact {
        Some(contact) => format!("{contact} へ{mail}をお送りします。"),
        None => "通知先メールアドレスがないため、メールは送りません。電話や書面でお知らせください。".to_owned(),
    };
    let (title, text) = match &step.what {
        What::Arrived if asked == "entered" => ("申請を受け付けました", told("受領通知")),
        What::Moved(mv) if asked == word(mv.kind()) => match mv.kind() {
            MoveKind::Take => ("審査を始めました", String::new()),
            MoveKind::Resume => ("審査に戻しました", String::new()),
            MoveKind::Inquire => ("照会中にしました", told("照会のご連絡")),
            MoveKind::Approve => ("承認しました", told("結果通知") + "通知書は印刷待ちになりました。"),
            MoveKind::Reject => ("却下しました", told("結果通知")),
            MoveKind::Withdraw => ("取下げにしました", "申請者へのメールは送りません。".to_owned()),
            _ => return html! {},
        },
        _ => return html! {},
    };
    notice(Mark::Success, title, html! { @if !text.is_empty() { p { (text) } } })
}

/// The value of `done` in the address behind a move.
pub(super) const fn word(kind: MoveKind) -> &'static str {
    match kind {
        MoveKind::Take => "take",
        MoveKind::Inquire => "inquire",
        MoveKind::Resume => "resume",
        MoveKind::Approve => "approve",
        MoveKind::Reject => "reject",
        MoveKind::Withdraw => "withdraw",
        _ => "",
    }
}

/// Somebody was faster: who did what, when; nothing of this form was done.
pub(super) fn overtaken(now: &Application, knew: usize) -> Markup {
    let since = now.history.get(knew..).unwrap_or_default();
    notice(
        Mark::Important,
        "先に別の操作が行われたため、今回の操作は行っていません",
        html! {
            p { "画面を開いたあとに、申請 " (number_link(now.number)) " は次のように処理されました。最新の内容をご確認ください。" }
            ul.plain {
                @for step in since { li { (happened(step)) } }
                @if since.is_empty() { li { "画面の内容が古くなっていました。" } }
            }
        },
    )
}

fn happened(step: &Step) -> Markup {
    let what = match &step.what {
        What::Arrived => "受付",
        What::Moved(mv) => move_title(mv.kind()),
    };
    html! {
        (jst::list_time(step.at)) " " strong { (step.by.title()) } " が「" (what) "」（" (step.to.title()) "）"
        @if !step.reason().is_empty() { "： " (step.reason()) }
    }
}

/// One box with everything to look at twice; nothing where there is nothing.
pub(super) fn warnings(dossier: &Dossier, now: Timestamp) -> Markup {
    let lines: Vec<Markup> = dossier.flags.iter().map(|flag| warning(flag, dossier, now)).collect();
    if lines.is_empty() {
        return html! {};
    }
    notice(Mark::Warning, "ご確認ください", html! { ul.plain { @for line in &lines { li { (line) } } } })
}

fn warning(flag: &Flag, dossier: &Dossier, now: Timestamp) -> Markup {
    let one = &dossier.one;
    match flag {
        Flag::Late => html! {
            "受付から" strong { (super::super::flow::desk::flags::days_waiting(one, now)) "日" } "たっています（目安は" (LATE_DAYS) "日以内）。"
        },
        Flag::AnswerOverdue => html! {
            strong { "回答期限" @if let Some(inquiry) = one.inquiry() { "（" (jst::list(inquiry.until)) "）" } "を過ぎています。" }
            "事業所へ電話で確認するか、審査に戻して判断してください。"
        },
        Flag::SameOffice(_) => {
            let open: Vec<&Application> = dossier.others.iter().filter(|other| other.state.is_open()).collect();
            let decided = open.iter().any(|other| !other.state.is_undecided());
            html! {
                "同じ事業所の申請がほかに" strong { (open.len()) "件" } "あります： "
                @for (at, other) in open.iter().enumerate() {
                    @if at > 0 { "、" }
                    (number_link(other.number)) "（" (other.state.title()) "）"
                }
                "。"
                @if decided { "すでに承認された申請があります。二重に通知書を送らないようご注意ください。" }
            }
        }
        Flag::SameContact(offices) => html! {
            "同じ通知先メールアドレスが、ほかに" strong { (offices) "事業所" } "の申請でも使われています（本部などがまとめて申請している場合があります）。"
        },
        Flag::CheckDigit => html! { "事業所番号の検査数字が合いません。番号の誤りがないかお確かめください。" },
        Flag::Standing(status) => html! {
            "この事業所は台帳で" strong { "「" (status.name()) "」" } "です。過去分の請求のための申請かどうかをお確かめください。"
        },
        Flag::NotInLedger => {
            html! { strong { "この事業所は現在の台帳にありません。" } "通知書の送付先がないため、台帳をお確かめください。" }
        }
        Flag::NoPostalCode => html! {
            a href={ "/staff/ledger/" (one.office.number) } { "台帳" } "に郵便番号または住所がありません。" @if one.state == State::Approved { "このままでは通知書を印刷できません。" } @else { "通知書の印刷までに補ってください。" }
        },
    }
}
