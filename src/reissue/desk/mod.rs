//! Screens of federation staff for applications: the queue, one application, 窓口受付.

pub mod act;
mod banner;
pub mod counter;
mod facts;
pub mod live;
pub mod one;
mod panels;
pub mod queue;
mod record;
mod table;

use maud::{Markup, html};

use super::model::{Application, MoveKind};
use super::pages::state_badge;
use crate::kernel::ControlNumber;

/// Where the queue is.
const QUEUE: &str = "/staff/applications";

/// Where one application is.
fn address(number: ControlNumber) -> String {
    format!("{QUEUE}/{number}")
}

/// A link to an application by its number.
fn number_link(number: ControlNumber) -> Markup {
    html! { a.mono href=(address(number)) { (number) } }
}

/// What a move is called on buttons and in the history.
const fn move_title(kind: MoveKind) -> &'static str {
    match kind {
        MoveKind::Take => "審査を始める",
        MoveKind::Inquire => "照会する",
        MoveKind::Resume => "審査に戻す",
        MoveKind::Approve => "承認する",
        MoveKind::Reject => "却下する",
        MoveKind::Print => "印刷",
        MoveKind::Reprint => "再印刷",
        MoveKind::Post => "発送済",
        MoveKind::Return => "返戻",
        MoveKind::Complete => "初回ログイン",
        MoveKind::Expire => "期限切れ",
        MoveKind::Withdraw => "取下げ",
        MoveKind::Supersede => "ログイン情報再設定による取下げ",
    }
}

/// How an application came in.
fn source_title(one: &Application) -> String {
    match &one.source {
        super::model::Source::Visitor => "オンライン申請".to_owned(),
        super::model::Source::Desk { slip, .. } => format!("窓口受付（{}）", slip.channel.title()),
    }
}
