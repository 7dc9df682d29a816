//! N-1 受領 and N-2 結果 in the office's account (spec 4). Our own words around the seeds' facts.

use super::super::model::{Application, Rejection};
use crate::accounts;
use crate::kernel::{Moment, UserId};
use crate::notices::{self, Notice};
use crate::store::{StoreError, Tx};

/// N-1. The seed shows the contact address whole; it is masked here, because whoever applied may be a stranger to the office.
pub(super) fn received(tx: &mut Tx<'_>, moment: &Moment, one: &Application) -> Result<(), StoreError> {
    let contact = one.contact.as_ref().map_or_else(|| "（なし・窓口での受付）".to_owned(), |contact| contact.masked());
    let body = format!(
        "次のログイン情報再発行申請を受け付けました。\n\n[管理番号]\n{}\n[事業所番号]\n{}\n[通知先メールアドレス]\n{contact}\n\n\
         お心当たりがないときは、至急、連合会へお電話ください。いまのユーザIDとパスワードは、そのままお使いいただけます。",
        one.number, one.office.number
    );
    tell(tx, moment, one, "N-1", "ログイン情報再発行申請受領通知", body, false)
}

/// N-2: approved, or rejected with the reason.
pub(super) fn result(
    tx: &mut Tx<'_>,
    moment: &Moment,
    one: &Application,
    rejection: Option<&Rejection>,
) -> Result<(), StoreError> {
    let outcome = match rejection {
        None => "次のログイン情報再発行申請を承認しました。\n事業所台帳に登録されている住所へ「ログイン情報再発行通知書」を郵送します。".to_owned(),
        Some(rejection) => format!(
            "次のログイン情報再発行申請は、審査の結果、却下となりました。\n[却下の理由]\n{}\n[連合会からの説明]\n{}",
            rejection.reason.title(),
            rejection.sentence.trim()
        ),
    };
    let body = format!("{outcome}\n\n[管理番号]\n{}\n[事業所番号]\n{}", one.number, one.office.number);
    tell(tx, moment, one, "N-2", "ログイン情報再発行申請結果通知", body, true)
}

/// `by_mail`: M-6 says that it is there, unless the address has a mail of the same event already (M-12 of N-1, M-4 of N-2).
fn tell(
    tx: &mut Tx<'_>,
    moment: &Moment,
    one: &Application,
    kind: &'static str,
    title: &str,
    body: String,
    by_mail: bool,
) -> Result<(), StoreError> {
    let Some(account) = accounts::find(tx, UserId::of(one.office))? else { return Ok(()) };
    let m6 = account.notice_mail.as_ref().filter(|address| by_mail && one.contact.as_ref() != Some(*address));
    notices::tell_office(tx, moment, account.user_id, Notice { kind, title: title.to_owned(), body }, m6).map(drop)
}
