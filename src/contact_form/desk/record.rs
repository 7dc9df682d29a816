//! What is known of an inquiry: what was typed, what exists, what happened, its mails, others like it.

use jiff::Timestamp;
use maud::{Markup, html};

use super::one::{Dossier, There};
use super::{QUEUE, address, forms, state_badge, waiting};
use crate::contact_form::mails as texts;
use crate::contact_form::model::{Contact, Inquiry, What};
use crate::kernel::jst;
use crate::mail::outbox;
use crate::portal::{self, Medical, Member};
use crate::web::components::{
    CompareRow, Facts, Mark, Reached, TimelineItem, Tone, badge, comparison, notice, paragraphs, post_button, timeline,
};

/// What was typed. The operator telephones and answers: nothing of it is masked.
pub(super) fn content(one: &Inquiry, now: Timestamp) -> Markup {
    html! {
        (Facts::new()
            .row("区分", html! { (one.category.0) "／" (one.category.1) })
            .row("受付日時", jst::list_time(one.received))
            .row("経過日数", waiting(one, now)))
        @if let Some(medical) = &one.medical { h3 { "医療機関" } (medical_facts(medical)) }
        @match &one.contact {
            Some(contact) => {
                h3 { "送信した方" }
                (contact_facts(contact))
            },
            None => (notice(Mark::Info, "", html! {
                p { "保存期間が過ぎたため、送信した方の情報と内容は消去されています。" }
            })),
        }
        @if !one.text.is_empty() {
            h3 { "内容" }
            (paragraphs(&one.text))
        }
    }
}

fn medical_facts(medical: &Medical) -> Markup {
    html! {
        (Facts::new()
            .row("医療機関コード", html! { span.mono { (medical.code) } })
            .row("名称", &medical.name)
            .row("所在地", html! { "〒" (medical.postal_code) " " (medical.address) })
            .row("電話番号", html! { span.tel { (medical.telephone) } }))
    }
}

fn contact_facts(contact: &Contact) -> Markup {
    let person = &contact.person;
    let mut facts = Facts::new().row("氏名", &person.name);
    for (label, value) in [
        ("氏名カナ", &person.kana),
        ("電話番号", &person.telephone),
        ("部署", &person.department),
        ("職種", &person.occupation),
        ("事業所番号または医療機関コード", &contact.number),
    ] {
        if !value.is_empty() {
            facts = facts.row(label, value);
        }
    }
    html! { (facts.row("メールアドレス", contact.mail.as_str())) }
}

/// The institution that has the code already.
pub(super) fn there(dossier: &Dossier) -> Markup {
    let Some(There { institution, main, user, same }) = &dossier.there else {
        return html! { p.muted { "この医療機関コードの登録はありません。" } };
    };
    let issued = dossier.one.institution == Some(institution.id);
    html! {
        @if !issued {
            (notice(Mark::Warning, "この医療機関コードは登録されています", html! {
                @if *same { p { "申請のメールアドレスは、登録済みの主たる利用者のものです。" } }
                @else { p { "発行すると、主たる利用者が交代します。なりすましでないことを、特に注意して確かめてください。" } }
            }))
        }
        @if let (portal::What::Medical(known), Some(typed)) = (&institution.what, &dossier.one.medical) {
            (comparison("登録と申請の比較", "申請", "登録", &[
                CompareRow { label: "名称", left: &typed.name, right: Some(&known.name) },
                CompareRow { label: "郵便番号", left: &typed.postal_code, right: Some(&known.postal_code) },
                CompareRow { label: "住所", left: &typed.address, right: Some(&known.address) },
                CompareRow { label: "電話番号", left: &typed.telephone, right: Some(&known.telephone) },
            ]))
        }
        (Facts::new()
            .row("主たる利用者", html! { (main.person.name) " " (user.mail.masked()) })
            .row("状態", main_state(main)))
        p { a href={ (QUEUE) "/institutions/" (institution.id) } { "ポータルの利用者の画面を開く" } }
    }
}

fn main_state(main: &Member) -> &'static str {
    match (main.is_suspended_by_staff(), main.entered) {
        (true, _) => "利用停止（運営による）",
        (false, Some(_)) => "利用中",
        (false, None) => "初回ログイン前",
    }
}

/// 経過: who, when, what.
pub(super) fn history(one: &Inquiry) -> Markup {
    let when: Vec<String> = one.history.iter().map(|step| jst::list_time(step.at)).collect();
    let last = one.history.len().saturating_sub(1);
    let items: Vec<TimelineItem<'_>> = one
        .history
        .iter()
        .zip(&when)
        .enumerate()
        .map(|(at, (step, when))| TimelineItem {
            reached: if at == last { Reached::Now } else { Reached::Done },
            title: match step.what {
                What::Received => "受付済",
                What::Taken => "対応中",
                What::Answered => "回答済",
                What::Issued => "ID発行済",
                What::Rejected(_) => "却下",
            },
            when,
            detail: html! {
                p { @if step.who.is_empty() { "送信者" } @else { (step.who) } }
                @if let What::Rejected(reason) = step.what { p { "理由 " (reason.title()) } }
                @if step.what == What::Issued && !step.text.is_empty() { p { "確認した方法" } }
                @if !step.text.is_empty() { p.pre { (step.text) } }
            },
        })
        .collect();
    timeline(&items)
}

/// メール: what was sent, what waits, what failed.
pub(super) fn mails(dossier: &Dossier, csrf: &str) -> Markup {
    html! {
        @if dossier.mails.is_empty() {
            p.muted { "この問い合わせのメールはありません。" }
        } @else {
            ul.mail-list {
                @for (id, row) in &dossier.mails {
                    @let mail = id.to_string();
                    li {
                        p { (texts::mail_title(&row.kind).unwrap_or(&row.kind)) " " (mail_state(row)) }
                        p.muted { (row.to.masked()) " " (jst::list_time(row.sent.unwrap_or(row.posted))) }
                        @if let (outbox::State::Failed | outbox::State::Waiting, Some(error)) = (row.state, &row.last_error) {
                            p.mail-error { "メールサーバーの応答： " (error) }
                        }
                        @if row.can_be_sent_again() {
                            (post_button(&address(dossier.one.number), csrf, "再送", "small", &[("act", forms::MAIL_AGAIN), ("mail", &mail)]))
                        }
                    }
                }
            }
        }
    }
}

fn mail_state(row: &outbox::Row) -> Markup {
    match row.state {
        outbox::State::Waiting => badge("送信待ち", Tone::New),
        outbox::State::Sent => badge("送信済", Tone::Good),
        outbox::State::Failed => badge("送信失敗", Tone::Bad),
        outbox::State::Dropped => badge("送信取りやめ", Tone::Quiet),
    }
}

/// Others that wait, with the same code or address.
pub(super) fn others(others: &[Inquiry]) -> Markup {
    html! {
        @if others.is_empty() {
            p.muted { "同じ医療機関コードまたはメールアドレスのものはありません。" }
        } @else {
            ul.references {
                @for other in others {
                    li {
                        p { a.mono href=(address(other.number)) { (other.number) } " " (state_badge(other.state)) }
                        p.muted { (jst::list(jst::date(other.received))) " " (other.category.1) }
                    }
                }
            }
        }
    }
}
