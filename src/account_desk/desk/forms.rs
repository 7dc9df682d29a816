//! The forms of 【ユーザの管理】: each opens below its button, says what it does, and asks why.

use maud::{Markup, html};

use super::super::model::Act;
use super::facts::Found;
use super::path;
use crate::staff::{Desk, Role};
use crate::web::components::{Mark, form, hidden, notice, text_field};
use crate::web::{Errors, Form, Visit};

/// 《確認した方法》
pub(super) const PROOF: &str = "clear_proof";

/// What was typed into the forms and could not be taken.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Into which of them.
    pub(super) act: Option<Act>,
    pub(super) reason: String,
    pub(super) proof: String,
    pub(super) errors: Errors,
    /// The account has changed since the form was drawn.
    pub(super) overtaken: bool,
}

impl Draft {
    pub(super) fn of(sent: &Form, act: Option<Act>) -> Self {
        let reason = act.map(|act| sent.get(reason_field(act)).to_owned()).unwrap_or_default();
        Self { act, reason, proof: sent.get(PROOF).to_owned(), ..Self::default() }
    }
}

/// Each form has a field of its own name: they stand on one screen.
pub(super) const fn reason_field(act: Act) -> &'static str {
    match act {
        Act::Unlock => "unlock_reason",
        Act::Suspend => "suspend_reason",
        Act::Release => "release_reason",
        Act::WithdrawTemporary => "withdraw_reason",
        Act::ClearAddresses => "clear_reason",
    }
}

/// On the button that opens the form, on the one that sends it, and what comes of it.
const fn words(act: Act) -> (&'static str, &'static str, &'static str) {
    match act {
        Act::Unlock => (
            "ロックを解除する",
            "ロックの解除を確定する",
            "このユーザIDの誤ったログインの記録とロックを、すべての端末について消します。すぐにログインできるようになります。電話などで事業所の方であることを確かめてから行ってください。",
        ),
        Act::Suspend => (
            "利用を停止する",
            "利用停止を確定する",
            "ログイン中の利用者はただちにログアウトされ、パスワードでも通知書の仮パスワードでもログインできなくなります。登録されているメールアドレスすべてにお知らせします。",
        ),
        Act::Release => (
            "利用を再開する",
            "利用再開を確定する",
            "停止する前のパスワードで、またログインできるようになります。パスワードが第三者に知られたおそれがあるときは、先に事業所の画面で「パスワードを無効にする」を行ってください。登録されているメールアドレスすべてにお知らせします。",
        ),
        Act::WithdrawTemporary => (
            "仮パスワードを取り消す",
            "仮パスワードの取消しを確定する",
            "通知書の仮パスワードは使えなくなります。まだ使われていないときは、通知書と申請が「期限切れ」になり、通知書を印刷し直せます。すでに使われたときは、仮パスワードでログインしている利用者がログアウトされ、通知書は印刷し直せません。あらためて再発行の申請を受け付けてください。",
        ),
        Act::ClearAddresses => (
            "登録アドレスを消す",
            "登録アドレスの消去を確定する",
            "登録されているメールアドレスがどれも受信できなくなった事業所のための操作です。本人確認のうえ行ってください。セキュリティ用メールアドレスをすべて消し、消したアドレスにもお知らせします。ログイン中の利用者はログアウトされ、事業所は次のログインで新しいアドレスを登録します。",
        ),
    }
}

/// What can be done now by whoever sits here.
pub(super) fn forms(visit: &Visit, desk: &Desk, found: &Found, draft: &Draft) -> Markup {
    let offered = |act: &Act| {
        let may = *act == Act::Unlock || desk.may(Role::Approver);
        may && act.fits(&found.account, found.now).is_ok() && (*act != Act::Unlock || found.locks.any())
    };
    let acts: Vec<Act> = Act::ALL.into_iter().filter(offered).collect();
    let csrf = visit.csrf();
    html! {
        @if acts.is_empty() { p { "現在、行える操作はありません。" } }
        @if let Some(act) = draft.act.filter(|act| !acts.contains(act) && !draft.reason.trim().is_empty()) { (leftover(act, draft)) }
        div.more-moves { @for act in acts { (panel(act, found, draft, &csrf)) } }
        @if !desk.may(Role::Approver) {
            p.note { "利用の停止と再開、仮パスワードの取消し、登録アドレスの消去は、承認者が行います。" }
        }
    }
}

fn panel(act: Act, found: &Found, draft: &Draft, csrf: &str) -> Markup {
    let office = found.account.user_id.office();
    let action = if act == Act::Unlock { format!("{}/unlock", path(office)) } else { path(office) };
    let (open, confirm, what) = words(act);
    let mine = draft.act == Some(act);
    let danger = matches!(act, Act::Suspend | Act::WithdrawTemporary | Act::ClearAddresses);
    let (reason, proof) = if mine { (draft.reason.as_str(), draft.proof.as_str()) } else { ("", "") };
    let field = reason_field(act);
    html! {
        details.move name="act" open[mine] {
            summary.button.danger[danger] { (open) }
            div.move-body {
                p { (what) }
                (form(&action, csrf, html! {
                    (hidden("act", act.word()))
                    (hidden("seen", found.seen.word()))
                    (text_field(field, "理由").value(reason).required().autocomplete("off").error(draft.errors.of(field)))
                    @if act == Act::ClearAddresses {
                        (text_field(PROOF, "確認した方法").value(proof).required().autocomplete("off")
                            .support("例： 台帳の電話番号へかけ直して確認した。管理者の身分証の写しを受け取った。")
                            .error(draft.errors.of(PROOF)))
                    }
                    div.buttons { button.button.primary.danger[danger] type="submit" { (confirm) } }
                }))
            }
        }
    }
}

/// What was typed for something that can no longer be done: its form is gone, its words need not be.
fn leftover(act: Act, draft: &Draft) -> Markup {
    notice(
        Mark::Info,
        &format!("「{}」に入力していた内容", words(act).0),
        html! {
            p { "現在はこの操作を行えません。必要なときは書き写してお使いください。" }
            p.pre { (draft.reason) }
            @if !draft.proof.trim().is_empty() { p.pre { (draft.proof) } }
        },
    )
}

/// What the form that led here has done, if it still is so.
pub(super) fn done_box(act: Act, found: &Found) -> Markup {
    let account = &found.account;
    let (title, next) = match act {
        Act::Unlock if !found.locks.any() => ("ロックを解除しました", "事業所は、すぐにログインできます。"),
        Act::Suspend if account.suspended => ("利用を停止しました", "ログイン中の利用者はログアウトされました。"),
        Act::Release if !account.suspended => ("利用を再開しました", "事業所は、停止する前のパスワードでログインできます。"),
        Act::WithdrawTemporary if account.live_temporary(found.now).is_none() => (
            "仮パスワードを取り消しました",
            "必要なときは、通知書を印刷し直すか、すでに使われた通知書のときは、あらためて再発行の申請を受け付けてください。",
        ),
        Act::ClearAddresses if account.security_mails.is_empty() => {
            ("登録アドレスを消しました", "事業所は、次のログインで新しいアドレスを登録します。")
        }
        _ => return html! {},
    };
    let letters = act == Act::WithdrawTemporary;
    notice(
        Mark::Success,
        title,
        html! {
            p { (next) }
            @if letters { p { a href="/staff/letters?list=expired" { "期限切れの通知書を見る" } } }
        },
    )
}
