//! The forms of one member: each opens below its button, says what it does, and asks why.

use maud::{Markup, html};

use super::members::{Found, Someone};
use super::path;
use crate::kernel::Id;
use crate::portal::MOST_ADDITIONAL;
use crate::portal_desk::model::{Act, seen};
use crate::web::components::{Mark, form, hidden, notice, text_field};
use crate::web::{Errors, Form};

/// Which place a member has on the screen, from 1: their forms have fields of their own.
const PLACE: &str = "place";
/// Whose form it is, for one that is shown again.
const MEMBER: &str = "member";

/// What was typed into a form and could not be taken.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Into which of them, of whom.
    pub(super) act: Option<Act>,
    pub(super) member: Option<Id>,
    pub(super) reason: String,
    pub(super) errors: Errors,
    /// The member has changed since the form was drawn.
    pub(super) overtaken: bool,
}

impl Draft {
    pub(super) fn of(sent: &Form) -> Self {
        let act = Act::from_word(sent.get("act"));
        let place = sent.get(PLACE).parse().ok().filter(|place| *place <= MOST_ADDITIONAL + 1).unwrap_or_default();
        let reason = act.map(|act| sent.get(&reason_field(act, place)).to_owned()).unwrap_or_default();
        Self { act, member: Id::parse(sent.get(MEMBER)), reason, ..Self::default() }
    }
}

/// Many forms stand on one screen, and a field's id is its name.
pub(super) fn reason_field(act: Act, place: usize) -> String {
    format!("{}_reason_{place}", act.word())
}

/// On the button that opens the form, on the one that sends it, and what comes of it.
const fn words(act: Act) -> (&'static str, &'static str, &'static str) {
    match act {
        Act::Suspend => (
            "利用を停止する",
            "利用停止を確定する",
            "この利用者は、この事業所・医療機関の画面からただちにログアウトされ、ログインできなくなります。ほかの利用者には影響しません。本人にメールでお知らせします。再開できるのはポータル運営だけです。",
        ),
        Act::Release => (
            "利用を再開する",
            "利用再開を確定する",
            "停止する前のパスワードで、またログインできるようになります。本人にメールでお知らせします。",
        ),
        Act::Allow => (
            "交代を認める",
            "交代を認める（確定）",
            "利用停止中の主たる利用者は、次の初回利用登録（医療機関はIDの発行）で、別のメールアドレスの主たる利用者と交代できるようになります。それまでは停止したままです。事業所・医療機関の方からの申し出であることを確かめてから行ってください。",
        ),
        Act::Invite => (
            "初期パスワードを再送する",
            "初期パスワードの再送を確定する",
            "新しい初期パスワードを、登録されたメールアドレスにお送りします。これまでの初期パスワードは使えなくなります。",
        ),
        Act::Unlock => (
            "ロックを解除する",
            "ロックの解除を確定する",
            "この利用者の誤ったログインの記録とロックを、すべての端末について消します。電話などで本人であることを確かめてから行ってください。",
        ),
    }
}

/// What can be done now with somebody at this place of the screen.
pub(super) fn forms(csrf: &str, found: &Found, (place, one): (usize, &Someone), draft: &Draft) -> Markup {
    let offered = |act: &Act| act.fits(&one.member, &one.user) && (*act != Act::Unlock || one.locks.any());
    let mine = draft.act.filter(|_| draft.member == Some(one.member.id));
    let acts: Vec<Act> = Act::ALL.into_iter().filter(offered).collect();
    html! {
        @if let Some(act) = mine.filter(|act| !acts.contains(act) && !draft.reason.trim().is_empty()) {
            (notice(Mark::Info, &format!("「{}」に入力していた内容", words(act).0), html! {
                p { "現在はこの操作を行えません。必要なときは書き写してお使いください。" }
                p.pre { (draft.reason) }
            }))
        }
        div.more-moves {
            @for act in acts {
                (panel(csrf, &path(found.institution.id), act, (place, one), draft, mine == Some(act)))
            }
        }
    }
}

fn panel(csrf: &str, path: &str, act: Act, (place, one): (usize, &Someone), draft: &Draft, open: bool) -> Markup {
    let (button, confirm, what) = words(act);
    let danger = act == Act::Suspend;
    let field = reason_field(act, place);
    let name = &one.member.person.name;
    html! {
        details.move name={ "act-" (place) } open[open] {
            summary.button.danger[danger] { span.vh { (name) "の" } (button) }
            div.move-body {
                p { (what) }
                (form(&format!("{path}/members/{}", one.member.id), csrf, html! {
                    (hidden("act", act.word()))
                    (hidden("seen", &seen(&one.member)))
                    (hidden(PLACE, &place.to_string()))
                    (hidden(MEMBER, &one.member.id.to_string()))
                    (text_field(&field, "理由").value(if open { &draft.reason } else { "" }).required().autocomplete("off")
                        .error(draft.errors.of(&field).filter(|_| open)))
                    div.buttons { button.button.primary.danger[danger] type="submit" { (confirm) } }
                }))
            }
        }
    }
}

/// What the form that led here has done.
pub(super) fn done_box(done: Option<Act>) -> Markup {
    let (title, next) = match done {
        Some(Act::Suspend) => ("利用を停止しました", "本人にメールでお知らせします。"),
        Some(Act::Release) => ("利用を再開しました", "停止する前のパスワードでログインできます。"),
        Some(Act::Allow) => ("交代を認めました", "事業所は初回利用登録を、医療機関はIDの発行申請を、もう一度行えます。"),
        Some(Act::Invite) => ("初期パスワードを再送します", "送れなかったときは、この画面の「ご案内のメール」に表示されます。"),
        Some(Act::Unlock) => ("ロックを解除しました", "すぐにログインできます。"),
        None => return html! {},
    };
    notice(Mark::Success, title, html! { p { (next) } })
}
