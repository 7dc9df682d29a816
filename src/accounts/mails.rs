//! M-7 登録情報変更のお知らせ to every registered address, and the notice N-3 in the account (spec 4).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Account;
use crate::config::Config;
use crate::kernel::{Moment, UserId, jst};
use crate::mail::words::Words;
use crate::mail::{self, ComposeContext, Composed, Mail};
use crate::notices::{self, Notice};
use crate::store::{StoreError, Tx};

/// The kind of the mail.
pub const CHANGED: &str = "M-7";
const SUBJECT: &str = "登録情報変更のお知らせ";

/// What changed. Never carries the new secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// First login with a temporary password: the old password, the security code and the remembered devices are gone.
    TemporaryUsed,
    /// A new password was set.
    Password,
    /// The federation made the password useless because it leaked.
    PasswordDisabled,
}

impl Change {
    const fn what(self) -> &'static str {
        match self {
            Self::TemporaryUsed => {
                "仮パスワードによるログインがありました。これまでのパスワードとセキュリティコードは解除されました。"
            }
            Self::Password => "パスワードが変更されました。",
            Self::PasswordDisabled => {
                "国保連合会がパスワードを無効にしました。再発行の通知書または再設定により、新しいパスワードを設定してください。"
            }
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Params {
    user_id: UserId,
    change: Change,
    at: Timestamp,
}

/// What staff call a mail of this room.
#[must_use]
pub fn mail_title(kind: &str) -> Option<&'static str> {
    (kind == CHANGED).then_some(SUBJECT)
}

/// Tells every registered address and the account itself, in the transaction of the change.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn tell_change(tx: &mut Tx<'_>, moment: &Moment, account: &Account, change: Change) -> Result<(), StoreError> {
    let prefecture = account.user_id.office().prefecture;
    let params = Params { user_id: account.user_id, change, at: moment.now };
    for to in account.told_addresses() {
        let mail = Mail {
            kind: CHANGED,
            to,
            prefecture: Some(prefecture),
            about: account.user_id.to_string(),
            params: serde_json::json!(params),
            useless_after: None,
        };
        mail::post(tx, moment, mail)?;
    }
    let body = format!(
        "{}\n\n[日時]\n{}\n\nお心当たりがない場合は、すぐに国保連合会へお電話ください。",
        change.what(),
        jst::sentence_time(moment.now)
    );
    notices::tell_office(tx, moment, account.user_id, Notice { kind: "N-3", title: SUBJECT.to_owned(), body })?;
    Ok(())
}

/// Writes the text when the mail is sent.
///
/// # Errors
/// Never: it reads nothing.
pub fn compose(params: &Value, context: &ComposeContext<'_>) -> Result<Composed, StoreError> {
    Ok(match serde_json::from_value::<Params>(params.clone()) {
        Ok(params) => Composed::Send { subject: SUBJECT.to_owned(), body: text(&params, context.config) },
        Err(error) => Composed::Drop(error.to_string()),
    })
}

fn text(params: &Params, config: &Config) -> String {
    let office = params.user_id.office();
    let telephone = config.federation_of(office.prefecture).map_or("", |federation| &federation.telephone);
    Words::from_federation(config, Some(office.prefecture))
        .paragraph("ログインに関する登録情報が変更されたため、登録されているすべてのメールアドレスへお知らせしています。")
        .fact("事業所番号", office.number.as_str())
        .fact("変更の内容", params.change.what())
        .fact("日時", &jst::sentence_time(params.at))
        .not_asked(&format!(
            "ご自身の事業所で行った操作でない場合は、第三者がログインしたおそれがあります。すぐに連合会（電話 {telephone}）へご連絡ください。"
        ))
        .closing(config, Some(office.prefecture))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m7_says_what_changed_when_and_whom_to_call() {
        let user_id = UserId::parse("KJ071311111111").unwrap();
        let at = "2026-01-20T05:03:00Z".parse().unwrap();
        let text = text(&Params { user_id, change: Change::TemporaryUsed, at }, &Config::demo());
        for part in ["1311111111", "仮パスワードによるログイン", "2026年1月20日 14時03分", "0000-07-0000", "お心当たりがない場合"]
        {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains("KJ07"), "the user ID is half of a login and stays out of mails");
    }
}
