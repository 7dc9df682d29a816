//! What the dashboard tells a member of their own account, as the page of an office does of its logins.

use maud::{Markup, html};

use crate::app::App;
use crate::kernel::{ClientNetwork, jst};
use crate::staff::flow::news;
use crate::staff::{Desk, PasskeyChange};
use crate::store::StoreError;
use crate::web::Visit;
use crate::web::components::{Mark, notice};

/// Passkeys that were registered or removed in the member's name since they last entered with their password.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn passkeys(app: &App, visit: &Visit, desk: &Desk) -> Result<Markup, StoreError> {
    let by_passkey = visit.session.as_ref().is_some_and(|session| session.passkey.is_some());
    let told = app.store.read(|r| news::passkeys(r, desk.id, by_passkey, visit.now))?;
    if told.is_empty() {
        return Ok(html! {});
    }
    let body = html! {
        ul.plain {
            @for one in &told {
                li {
                    "パスキー「" (one.name) "」の"
                    @match one.change { PasskeyChange::Added => { "登録" } PasskeyChange::Removed => { "削除" } }
                    span.under { (jst::sentence_time(one.at)) "　接続元 " (ClientNetwork::masked_text(&one.client)) }
                }
            }
        }
        p {
            "ご自身で行ったことかどうか、ご確認ください。お心当たりがないときは、" a href="/staff/passkeys" { "パスキーの一覧" }
            "で覚えのないものを削除し、すぐにシステム管理者に連絡してください。"
        }
    };
    Ok(notice(Mark::Info, "ご自身のパスキーが変更されました", body))
}
