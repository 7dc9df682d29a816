//! The moves that this person may make now, and no others.

use jiff::civil::Date;
use maud::{Markup, html};

use super::super::flow::desk::decide::Shown;
use super::super::flow::desk::dossier::Dossier;
use super::super::flow::desk::{Clerk, role_for};
use super::super::model::{Application, InquiryReason, MoveKind, Refused, RejectionReason, State};
use super::{address, move_title};
use crate::kernel::jst;
use crate::staff::Role;
use crate::web::components::{
    ButtonRow, Choice, Facts, Mark, checkbox, copy_button, date_field, form, hidden, notice, post_button, radio_cards, textarea,
};

use super::one::Draft;

/// What the panels are drawn from.
pub(super) struct Room<'a> {
    pub(super) dossier: &'a Dossier,
    pub(super) clerk: &'a Clerk,
    pub(super) two_person: bool,
    pub(super) csrf: &'a str,
    pub(super) draft: &'a Draft,
    pub(super) today: Date,
}

/// An inquiry's answer is asked for within this many days, unless the clerk says otherwise (D).
const ANSWER_DAYS: i64 = 7;
/// What the applicant of a duplicate reads, unless the approver writes something else.
const DUPLICATE_SENTENCE: &str = "同じ事業所から受け付けた別の申請で手続きを進めているため、この申請は却下とします。";

impl Room<'_> {
    /// Whether this person may make such a move now, and why not if the rules of the move forbid it.
    fn may(&self, kind: MoveKind) -> Result<(), Refused> {
        self.dossier.one.permits(kind, &self.clerk.by(), self.two_person)?;
        if self.clerk.role.covers(role_for(kind)) { Ok(()) } else { Err(Refused::Hand) }
    }

    fn offers(&self, kind: MoveKind) -> bool {
        self.may(kind).is_ok()
    }

    fn shown(&self) -> String {
        Shown::of(&self.dossier.one).word()
    }

    /// Where the form of a move goes: decisions of approvers have an address of their own.
    fn action(&self, kind: MoveKind) -> String {
        let one = address(self.dossier.one.number);
        if role_for(kind) == Role::Approver { format!("{one}/decision") } else { one }
    }

    fn button(&self, kind: MoveKind, tone: &str) -> Markup {
        let values = [("move", super::banner::word(kind)), ("shown", &self.shown())];
        post_button(&self.action(kind), self.csrf, move_title(kind), tone, &values)
    }

    fn form(&self, kind: MoveKind, fields: Markup) -> Markup {
        form(
            &self.action(kind),
            self.csrf,
            html! { (hidden("move", super::banner::word(kind))) (hidden("shown", &self.shown())) (fields) },
        )
    }

    /// A form that opens below its button; open when what was typed into it could not be taken.
    fn panel(&self, kind: MoveKind, tone: &str, fields: Markup) -> Markup {
        let open = self.draft.get("move") == super::banner::word(kind);
        html! {
            details.move name="move" open[open] {
                summary class={ "button " (tone) } { (move_title(kind)) }
                div.move-body { (self.form(kind, fields)) }
            }
        }
    }
}

/// Everything that can be done.
pub(super) fn panels(room: &Room<'_>) -> Markup {
    let one = &room.dossier.one;
    html! {
        (hint(room))
        @if room.offers(MoveKind::Take) {
            div.moves { (room.button(MoveKind::Take, "primary")) }
        }
        @if room.offers(MoveKind::Resume) {
            div.moves { (room.button(MoveKind::Resume, "primary")) }
        }
        @if room.offers(MoveKind::Approve) { (approve(room)) }
        @else if one.state.allows(MoveKind::Approve) { (why_not(room)) }
        (leftover(room))
        @if [MoveKind::Inquire, MoveKind::Reject, MoveKind::Withdraw].into_iter().any(|kind| room.offers(kind)) {
            div.more-moves {
                @if room.offers(MoveKind::Inquire) { (room.panel(MoveKind::Inquire, "", inquire(room))) }
                @if room.offers(MoveKind::Reject) { (room.panel(MoveKind::Reject, "danger", reject(room))) }
                @if room.offers(MoveKind::Withdraw) { (room.panel(MoveKind::Withdraw, "", withdraw(room))) }
            }
        }
    }
}

/// What was typed for a move that somebody else's has made impossible meanwhile: its form is gone, its words need not be.
fn leftover(room: &Room<'_>) -> Markup {
    let draft = room.draft;
    let typed = [
        (MoveKind::Inquire, draft.get("inquire_text")),
        (MoveKind::Reject, draft.get("reject_sentence")),
        (MoveKind::Withdraw, draft.get("withdraw_note")),
    ];
    let lost = typed
        .into_iter()
        .find(|(kind, words)| draft.get("move") == super::banner::word(*kind) && !words.trim().is_empty() && !room.offers(*kind));
    html! {
        @if let Some((kind, words)) = lost {
            (notice(Mark::Info, &format!("「{}」に入力していた内容", move_title(kind)), html! {
                p { "現在はこの操作を行えません。必要なときは書き写してお使いください。" }
                p.pre { (words) }
            }))
        }
    }
}

fn hint(room: &Room<'_>) -> Markup {
    let letters = || {
        let href =
            room.dossier.letter.as_ref().map_or_else(|| "/staff/letters".to_owned(), |one| format!("/staff/letters/{}", one.id));
        html! { a href=(href) { "「通知書」の画面" } }
    };
    let text = match room.dossier.one.state {
        State::UnderReview => return html! {},
        State::Received => html! { "まず審査を始めてください。ほかの職員には、あなたが担当として表示されます。" },
        State::Inquiring => html! { "回答を待っています。回答が届いたら審査に戻してください。" },
        State::Approved => html! { "承認済みです。" a href="/staff/letters" { "「通知書」の画面" } "で印刷してください。" },
        State::Printed => html! { "通知書を印刷しました。発送、返戻、再印刷は" (letters()) "で行います。" },
        State::Posted => html! { "通知書を発送しました。返戻や再印刷は" (letters()) "で行います。" },
        State::Returned => html! { "通知書が返戻されました。送付先を確かめ、" (letters()) "で印刷し直してください。" },
        State::Expired => html! { "仮パスワードの期限が切れました。必要なときは" (letters()) "で印刷し直してください。" },
        State::Rejected | State::Completed | State::Withdrawn => html! { "この申請の手続きは終わっています。" },
    };
    html! { p { (text) } }
}

/// Why the decision is not offered to whoever looks.
fn why_not(room: &Room<'_>) -> Markup {
    let sentence = match room.may(MoveKind::Approve) {
        Err(refused @ (Refused::TookIt | Refused::EnteredIt)) => refused.to_string(),
        _ => "承認と却下は承認者が行います。".to_owned(),
    };
    html! { p.note { (sentence) } }
}

fn approve(room: &Room<'_>) -> Markup {
    let dossier = room.dossier;
    let duplicates: Vec<&Application> = dossier.duplicates().collect();
    let to = dossier.entry.as_ref().map(|entry| {
        html! {
            @if entry.postal_code.is_empty() { span.none { "郵便番号なし" } } @else { "〒" (entry.postal_code) }
            " " (entry.address) (entry.building) br; (entry.name) " 殿"
        }
    });
    let mail = dossier.one.contact.as_ref().map_or_else(|| "（送りません）".to_owned(), ToString::to_string);
    let facts = Facts::new()
        .row("通知書の送付先", to.unwrap_or_else(|| html! { span.none { "台帳にありません" } }))
        .row("結果通知メール", mail);
    html! {
        div.approve {
            (room.form(MoveKind::Approve, html! {
                (facts)
                @if !duplicates.is_empty() { (reject_duplicates(room, &duplicates)) }
                (ButtonRow::forward(move_title(MoveKind::Approve)))
            }))
        }
    }
}

fn reject_duplicates(room: &Room<'_>, duplicates: &[&Application]) -> Markup {
    let typed = room.draft.get("duplicate_sentence");
    let sentence = if typed.is_empty() { DUPLICATE_SENTENCE } else { typed };
    html! {
        fieldset.duplicates {
            legend.label { "同じ事業所の未処理の申請を、あわせて「重複」で却下する" }
            @for (at, other) in duplicates.iter().enumerate() {
                @let name = duplicate_name(at);
                @let value = Shown::of(other).word();
                @let label = format!("{}（{}、{}受付）", other.number, other.state, jst::list(jst::date(other.received)));
                (checkbox(&name, &label, room.draft.get("duplicates").split(' ').any(|chosen| chosen == value)).value(&value))
            }
            (textarea("duplicate_sentence", "却下する申請の申請者への説明", 2).value(sentence)
                .error(room.draft.errors.of("duplicate_sentence")))
        }
    }
}

/// The box of the `at`-th duplicate.
pub(super) fn duplicate_name(at: usize) -> String {
    format!("duplicate_{}", at + 1)
}

fn inquire(room: &Room<'_>) -> Markup {
    let choices = [
        Choice::new(InquiryReason::Telephone.word(), InquiryReason::Telephone.title())
            .detail(html! { p { "期限までに連合会へ電話するようお願いします。" } }),
        Choice::new(InquiryReason::Envelope.word(), InquiryReason::Envelope.title())
            .detail(html! { p { "返信用封筒を期限までに送るようお願いします。送り先はメールに入ります。" } }),
        Choice::new(InquiryReason::Other.word(), InquiryReason::Other.title())
            .detail(html! { p { "お願いしたいことを下の欄に書いてください。" } }),
    ];
    let draft = room.draft;
    let usual = room.today.checked_add(jiff::Span::new().days(ANSWER_DAYS)).unwrap_or(room.today).to_string();
    let until = if draft.get("move").is_empty() { usual.as_str() } else { draft.get("inquire_until") };
    html! {
        (no_contact(room))
        div.pairs {
            (radio_cards("inquire_reason", "照会の理由", &choices).chosen(draft.get("inquire_reason")).required()
                .error(draft.errors.of("inquire_reason")))
        }
        (textarea("inquire_text", "申請者への説明", 3).value(draft.get("inquire_text"))
            .support("メールに記載されます。「その他」のときは必ず入力してください。").error(draft.errors.of("inquire_text")))
        (date_field("inquire_until", "回答期限").value(until).required().error(draft.errors.of("inquire_until")))
        (ButtonRow::forward("照会中にする"))
    }
}

fn reject(room: &Room<'_>) -> Markup {
    let choices = RejectionReason::ALL.map(|reason| Choice::new(reason.word(), reason.title()));
    let draft = room.draft;
    html! {
        (no_contact(room))
        div.pairs {
            (radio_cards("reject_reason", "却下の理由", &choices).chosen(draft.get("reject_reason")).required()
                .error(draft.errors.of("reject_reason")))
        }
        (textarea("reject_sentence", "申請者への説明", 3).value(draft.get("reject_sentence")).required()
            .support("理由とともに結果通知メールに記載されます。次にしていただくことは、理由に応じてメールに自動で入ります。")
            .error(draft.errors.of("reject_sentence")))
        (samples())
        (ButtonRow::forward("却下を確定する"))
    }
}

/// Sentences to begin with, one for each reason.
fn samples() -> Markup {
    const SAMPLES: [(&str, &str); 3] = [
        ("台帳と相違", "申請された内容が、事業所台帳に登録されている内容と一致しませんでした。"),
        (
            "事業所に確認できない",
            "台帳に登録されている電話番号へご連絡しましたが、事業所からの申請であることを確認できませんでした。",
        ),
        ("重複", DUPLICATE_SENTENCE),
    ];
    html! {
        details.samples {
            summary { "文例を見る" }
            ul.plain {
                @for (reason, text) in SAMPLES { li { strong { (reason) } "： " (text) " " (copy_button(text, "コピー")) } }
            }
        }
    }
}

fn withdraw(room: &Room<'_>) -> Markup {
    let draft = room.draft;
    html! {
        p { "申請者から取下げの申し出があったときなどに使います。申請者へのメールは送りません。" }
        (textarea("withdraw_note", "取下げの理由", 2).value(draft.get("withdraw_note")).required()
            .support("経過に記録されます。").error(draft.errors.of("withdraw_note")))
        (ButtonRow::forward("取下げを確定する"))
    }
}

fn no_contact(room: &Room<'_>) -> Markup {
    html! {
        @if room.dossier.one.contact.is_none() {
            (notice(Mark::Warning, "", html! { p { "通知先メールアドレスがないため、メールは送られません。電話や書面でお知らせください。" } }))
        }
    }
}
