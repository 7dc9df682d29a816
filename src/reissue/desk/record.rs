//! What has happened to an application: its history, its mails, its letter, and the office's other applications.

use maud::{Markup, html};

use super::super::flow::desk::dossier::Dossier;
use super::super::mails;
use super::super::model::{Application, MoveKind, Source, State, Step, What};
use super::{address, number_link, source_title, state_badge};
use crate::kernel::jst;
use crate::mail::outbox;
use crate::web::components::{Facts, Reached, TimelineItem, Tone, badge, post_button, timeline};

/// 経過: who, when, what, why.
pub(super) fn history(one: &Application) -> Markup {
    let titles: Vec<(String, String)> = one.history.iter().map(|step| (step_title(one, step), jst::list_time(step.at))).collect();
    let last = titles.len().saturating_sub(1);
    let items: Vec<TimelineItem<'_>> = one
        .history
        .iter()
        .zip(&titles)
        .enumerate()
        .map(|(at, (step, (title, when)))| TimelineItem {
            reached: if at == last { Reached::Now } else { Reached::Done },
            title,
            when,
            detail: html! {
                p { (step.by.title()) }
                @if !step.reason().is_empty() { p.pre { (step.reason()) } }
            },
        })
        .collect();
    timeline(&items)
}

fn step_title(one: &Application, step: &Step) -> String {
    let state = step.to.title();
    let how = match &step.what {
        What::Arrived => {
            // No bracket inside a bracket.
            return match &one.source {
                Source::Visitor => format!("{state}（{}）", source_title(one)),
                Source::Desk { slip, .. } => format!("{state}（窓口受付・{}）", slip.channel.title()),
            };
        }
        What::Moved(mv) => match mv.kind() {
            MoveKind::Resume => "照会を終えて審査に戻す",
            MoveKind::Reprint => "再印刷",
            MoveKind::Supersede => "再設定による",
            _ => return state.to_owned(),
        },
    };
    format!("{state}（{how}）")
}

/// メール: what was sent, what waits, what failed.
pub(super) fn mails(dossier: &Dossier, csrf: &str) -> Markup {
    let rows = &dossier.mails;
    html! {
        @if rows.is_empty() {
            p.muted { "この申請のメールはありません。" }
        } @else {
            ul.mail-list {
                @for (id, row) in rows {
                    li {
                        p { (mails::title(&row.kind).unwrap_or(&row.kind)) " " (mail_state(row)) }
                        p.muted { (row.to.masked()) " " (jst::list_time(row.sent.unwrap_or(row.posted))) }
                        @if let (outbox::State::Failed | outbox::State::Waiting, Some(error)) = (row.state, &row.last_error) {
                            p.mail-error { "メールサーバーの応答： " (error) }
                        }
                        @if row.state == outbox::State::Failed {
                            p { "電話や書面でお知らせするか、原因がなくなってから再送してください。" }
                            (post_button(&format!("{}/mails/{id}", address(dossier.one.number)), csrf, "再送", "small", &[]))
                        }
                    }
                }
            }
        }
    }
}

fn mail_state(row: &outbox::Row) -> Markup {
    match row.state {
        outbox::State::Waiting if row.attempts > 0 => badge(&format!("再送待ち（{}回失敗）", row.attempts), Tone::Waiting),
        outbox::State::Waiting => badge("送信待ち", Tone::New),
        outbox::State::Sent => badge("送信済", Tone::Good),
        outbox::State::Failed => badge("送信失敗", Tone::Bad),
        outbox::State::Dropped => badge("送信取りやめ", Tone::Quiet),
    }
}

/// 通知書: the newest letter, while there is one.
pub(super) fn letter(dossier: &Dossier) -> Option<Markup> {
    let one = &dossier.one;
    let printing = one.letter()?;
    let number = html! {
        @match &dossier.letter {
            Some(letter) => a.mono href={ "/staff/letters/" (letter.id) } { (printing.letter) },
            None => span.mono { (printing.letter) },
        }
    };
    let mut facts = Facts::new().row("発行番号", number);
    if let Some(day) = one.posted_on() {
        facts = facts.row("発送日", jst::list(day));
    }
    if matches!(one.state, State::Printed | State::Posted | State::Expired) {
        facts = facts.row("仮パスワードの期限", jst::list(jst::date(printing.valid_until)));
    }
    Some(html! { (facts) })
}

/// 同じ事業所のほかの申請, and those of other offices with the same contact address.
pub(super) fn others(dossier: &Dossier) -> Markup {
    html! {
        @if dossier.others.is_empty() {
            p.muted { "ほかの申請はありません。" }
        } @else {
            (references(&dossier.others, false))
        }
        @if !dossier.same_contact.is_empty() {
            h3 { "同じ通知先の、ほかの事業所の申請" }
            (references(&dossier.same_contact, true))
        }
    }
}

fn references(list: &[Application], with_office: bool) -> Markup {
    html! {
        ul.references {
            @for other in list {
                li {
                    p { (number_link(other.number)) " " (state_badge(other.state)) }
                    p.muted {
                        (jst::list(jst::date(other.received))) " " (source_title(other))
                        @if with_office { " " span.mono { (other.office.number) } }
                    }
                }
            }
        }
    }
}
