//! How far an application has come, as the applicant and the office are told it: no name of staff, no number of a letter.

use jiff::civil::Date;
use maud::{Markup, html};

use crate::config::Federation;
use crate::kernel::jst;
use crate::reissue::model::{Application, Move, State, Step, What};
use crate::web::components::{Reached, TimelineItem, Tone, badge, timeline};

/// The state in a small box.
#[must_use]
pub fn state_badge(state: State) -> Markup {
    badge(state.title(), tone(state))
}

/// What has happened, one under the other, and what lies ahead.
#[must_use]
pub fn course_of(one: &Application, federation: Option<&Federation>) -> Markup {
    let times: Vec<String> = one.history.iter().map(|step| jst::list_time(step.at)).collect();
    let last = one.history.len().saturating_sub(1);
    let mut items: Vec<_> = one
        .history
        .iter()
        .zip(&times)
        .enumerate()
        .map(|(at, (step, when))| TimelineItem {
            reached: if at == last { Reached::Now } else { Reached::Done },
            title: step.to.title(),
            when,
            detail: detail(step, at == last, federation),
        })
        .collect();
    items.extend(ahead(one.state).iter().map(|state| TimelineItem {
        reached: Reached::Ahead,
        title: state.title(),
        when: "",
        detail: html! {},
    }));
    timeline(&items)
}

/// What lies ahead when all goes well.
const fn ahead(state: State) -> &'static [State] {
    match state {
        State::Received => &[State::UnderReview, State::Approved, State::Posted, State::Completed],
        State::UnderReview | State::Inquiring => &[State::Approved, State::Posted, State::Completed],
        State::Approved | State::Printed => &[State::Posted, State::Completed],
        State::Posted => &[State::Completed],
        State::Rejected | State::Returned | State::Completed | State::Expired | State::Withdrawn => &[],
    }
}

/// What the applicant is told of a step. Staff names, letter numbers and clerks' notes stay inside.
fn detail(step: &Step, now: bool, federation: Option<&Federation>) -> Markup {
    let call = html! { @if let Some(one) = federation { p { (one.name) " " span.tel { "電話 " (one.telephone) } } } };
    let What::Moved(mv) = &step.what else { return html! {} };
    match mv {
        Move::Inquire(inquiry) => html! {
            p { (inquiry.reason.request()) "（" (in_words(inquiry.until)) "まで）" }
            @if !inquiry.text.trim().is_empty() { p.lines { (inquiry.text.trim()) } }
            @if now { (call) }
        },
        Move::Reject(rejection) => html! {
            p { "理由: " (rejection.reason.title()) }
            p.lines { (rejection.sentence.trim()) }
            (call)
        },
        Move::Approve { .. } => html! { p { "事業所台帳に登録された住所へ「ログイン情報再発行通知書」を郵送します。" } },
        Move::Post { on, .. } => html! {
            p { (in_words(*on)) "に「ログイン情報再発行通知書」を発送しました。" }
        },
        Move::Reprint { .. } => {
            html! { p { "「ログイン情報再発行通知書」を刷り直しました。前の通知書の仮パスワードは使えません。" } }
        }
        Move::Return { .. } => {
            html! { p { "「ログイン情報再発行通知書」が連合会に戻ってきました。国保連合会へお電話ください。" } (call) }
        }
        Move::Complete => html! { p { "仮パスワードでのログインを確認しました。" } },
        Move::Expire { replaced_by: None } => {
            html! { p { "仮パスワードが使われないまま有効期限が過ぎました。国保連合会へお電話ください。" } (call) }
        }
        Move::Supersede => html! { p { "事業所がログイン情報を再設定したため、取下げとなりました。" } },
        Move::Expire { replaced_by: Some(_) } => html! {
            p { "事業所あてに新しい「ログイン情報再発行通知書」を印刷したため、この申請の通知書の仮パスワードは使えなくなりました。" }
            (call)
        },
        Move::Withdraw { .. } if now => html! { p { "この申請は取り下げられました。必要なときは、もう一度申請してください。" } },
        _ => html! {},
    }
}

fn in_words(day: Date) -> String {
    jst::sentence(day)
}

/// The colour of a state.
const fn tone(state: State) -> Tone {
    match state {
        State::Received => Tone::New,
        State::UnderReview => Tone::Active,
        State::Inquiring => Tone::Waiting,
        State::Approved | State::Printed | State::Posted => Tone::Good,
        State::Rejected | State::Returned | State::Expired => Tone::Bad,
        State::Completed | State::Withdrawn => Tone::Quiet,
    }
}
