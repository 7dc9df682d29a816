//! What happened around an office, from the audit log.

use maud::{Markup, html};

use crate::audit;
use crate::kernel::jst;
use crate::web::components::{Reached, TimelineItem, empty_state, timeline};

/// The log in the clerk's words, newest first.
pub(super) fn timeline_of(entries: &[audit::Entry]) -> Markup {
    if entries.is_empty() {
        return empty_state("記録はありません", html! {});
    }
    let when: Vec<String> = entries.iter().map(|entry| jst::list_time(entry.at)).collect();
    let items: Vec<TimelineItem<'_>> = entries
        .iter()
        .zip(&when)
        .map(|(entry, when)| TimelineItem {
            reached: Reached::Done,
            title: title(&entry.action, &entry.outcome),
            when,
            detail: detail(entry),
        })
        .collect();
    timeline(&items)
}

fn detail(entry: &audit::Entry) -> Markup {
    const SHOWN: [(&str, &str); 5] =
        [("number", "発行番号"), ("reason", "理由"), ("before", "変更前"), ("after", "変更後"), ("contact", "通知先")];
    html! {
        (entry.actor.label())
        @for (key, label) in SHOWN {
            @if let Some(value) = entry.details.get(key).filter(|value| !value.is_empty()) { br; (label) " " (value) }
        }
    }
}

/// Actions of other rooms that are not named here are shown as they are: better than hiding them.
fn title<'a>(action: &'a str, outcome: &str) -> &'a str {
    match (action, outcome) {
        ("login.try", "entered") => "ログイン",
        ("login.try", "entered_by_temporary") => "仮パスワードでログイン",
        ("login.try", _) => "ログインできず",
        ("login.logout", _) => "ログアウト",
        ("first_login.password", _) => "パスワード変更",
        ("reissue.receive", _) => "再発行申請の受付",
        ("reissue.take", _) => "審査開始",
        ("reissue.inquire", _) => "照会",
        ("reissue.resume", _) => "審査再開",
        ("reissue.approve", _) => "承認",
        ("reissue.reject", _) => "却下",
        ("reissue.print" | "reissue.reprint", _) => "申請が印刷済に",
        ("reissue.post", _) => "申請が発送済に",
        ("reissue.return", _) => "申請が返戻に",
        ("reissue.complete", _) => "申請が完了",
        ("reissue.expire", _) => "申請が期限切れに",
        ("reissue.withdraw" | "reissue.supersede", _) => "申請の取下げ",
        ("letter.print", _) => "通知書の印刷",
        ("letter.post", _) => "通知書の発送",
        ("letter.return", _) => "通知書の返戻",
        ("letter.complete", _) => "通知書の仮パスワードで初回ログイン",
        ("letter.expire", _) => "通知書の期限切れ",
        ("letter.withdraw", _) => "通知書の取下げ",
        ("account.issue", _) => "ユーザIDの発行",
        ("account.disable_password", _) => "パスワードの無効化",
        ("ledger.postal_code", _) => "郵便番号の登録",
        (other, _) => other,
    }
}
