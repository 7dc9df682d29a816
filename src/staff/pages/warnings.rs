//! What the dashboard warns of: things that only the system administrator can put right.

use maud::{Markup, html};

use crate::app::App;
use crate::audit;
use crate::backup::{self, Overdue};
use crate::kernel::jst;
use crate::store::StoreError;
use crate::web::Visit;
use crate::web::components::{Mark, notice};

/// That the server's clock is wrong, or was lately.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn clock(app: &App, visit: &Visit) -> Result<Markup, StoreError> {
    let Some(latest) = app.store.read(|r| audit::ahead(r, visit.now))? else { return Ok(html! {}) };
    let body = html! {
        p {
            "今より先の日時（" (jst::sentence_time(latest)) "）の記録があります。サーバーの時計が進んでいたか、今、遅れています（サーバーの今の日時は"
            (jst::sentence_time(visit.now)) "です）。システム管理者に連絡してください。"
        }
        p { "その間の受付日時や、その間に印刷した通知書の期限は、正しくないことがあります。" }
    };
    Ok(notice(Mark::Warning, "サーバーの時計が正しくないか、正しくありませんでした", body))
}

/// What is wrong with the backups, if anything is.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn backups(app: &App, visit: &Visit) -> Result<Markup, StoreError> {
    let settings = &app.config.backup;
    if !settings.is_arranged() {
        let body = html! { p { "このままでは、機械が故障したときに、申請、ユーザID、通知書の記録を元に戻せません。システム管理者に連絡してください。" } };
        return Ok(notice(Mark::Warning, "データのバックアップが設定されていません", body));
    }
    let late = app.store.read(|r| backup::overdue(r, settings, visit.now))?;
    Ok(late.as_ref().map_or_else(|| html! {}, late_backup))
}

fn late_backup(late: &Overdue) -> Markup {
    let last = late
        .good
        .map_or("まだ一度もとれていません。".to_owned(), |at| format!("最後は{}です。", jst::sentence_time(at)));
    let body = html! {
        p { (last) "システム管理者に連絡してください。" }
        @if let Some((at, reason)) = &late.failed { p { (jst::sentence_time(*at)) "の失敗: " (reason) } }
    };
    notice(Mark::Warning, "データのバックアップがとれていません", body)
}
