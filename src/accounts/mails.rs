//! M-7 登録情報変更のお知らせ to every registered address, and the notice N-3 in the account (spec 4).

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Account;
use crate::config::Config;
use crate::kernel::{MailAddress, Moment, UserId, jst};
use crate::mail::words::Words;
use crate::mail::{self, ComposeContext, Composed, Mail};
use crate::notices::{self, Notice};
use crate::security::limits::{self, Allowance, Rule};
use crate::store::{Reads, StoreError, Tx};

/// The kind of the mail.
pub const CHANGED: &str = "M-7";
const SUBJECT: &str = "登録情報変更のお知らせ";

/// Changes of one account that are told, in an hour and in a day (D): each is a mail to all its addresses and a notice, and whoever made
/// more of them would bury the one that matters.
const CHANGES: [Rule; 2] = [
    Rule { name: "account.changes.hour", per: SignedDuration::from_hours(1), most: 20 },
    Rule { name: "account.changes.day", per: SignedDuration::from_hours(24), most: 40 },
];

/// What changed. Never carries the new secret; addresses are masked, since one mail goes to all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// First login with a temporary password: the old password, the security code, passkeys and the remembered devices are gone.
    TemporaryUsed,
    /// A new password was set.
    Password,
    /// The federation made the password useless because it leaked.
    PasswordDisabled,
    /// ログイン情報再設定 was done.
    Reset,
    /// A security code was set where there was none.
    CodeSet,
    /// The security code was changed.
    CodeChanged,
    /// The security code was taken away.
    CodeRemoved,
    /// An address for notices was set where there was none.
    NoticeMailSet,
    /// The address for notices was changed.
    NoticeMail,
    /// The address for notices was taken away.
    NoticeMailRemoved,
    /// The first security address was registered.
    AddressFirst,
    /// A security address was added.
    AddressAdded {
        /// It, masked.
        masked: String,
    },
    /// A security address was changed.
    AddressChanged {
        /// The one before, masked.
        masked_old: String,
        /// The new one, masked.
        masked_new: String,
    },
    /// A security address was taken out.
    AddressDeleted {
        /// It, masked.
        masked: String,
    },
    /// Another address became the 通知先.
    AddressContact,
    /// After a letter: one new address in the place of all.
    AddressesReplaced,
    /// The federation took all addresses out, after it made sure who asked.
    AddressesCleared,
    /// A passkey was registered.
    PasskeyAdded,
    /// A passkey was taken away.
    PasskeyRemoved,
    /// The federation closed the account.
    Suspended,
    /// The federation opened it again.
    Released,
    /// The federation withdrew the temporary password of a letter.
    TemporaryWithdrawn,
    /// A one-time password let a device in that was not known.
    DeviceAdmitted,
    /// Devices were logged out from the list of sessions, and are strangers at the next login.
    DevicesForgotten,
    /// Somebody was registered as the main user of the office at the portal.
    PortalRegistered {
        /// Their address, masked.
        masked: String,
    },
}

impl Change {
    fn what(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::TemporaryUsed => {
                "仮パスワードによるログインがありました。これまでのパスワード、セキュリティコード、パスキー、記憶した端末は解除されました。"
            }
            Self::Password => "パスワードが変更されました。",
            Self::PasswordDisabled => {
                "国保連合会がパスワードを無効にしました。再発行の通知書または再設定により、新しいパスワードを設定してください。"
            }
            Self::Reset => {
                "ログイン情報の再設定により、パスワードが変更されました。セキュリティコード、パスキー、記憶した端末は解除されました。"
            }
            Self::CodeSet => "セキュリティコードが設定されました。",
            Self::CodeChanged => "セキュリティコードが変更されました。",
            Self::CodeRemoved => "セキュリティコードが解除されました。",
            Self::NoticeMailSet => "お知らせを受け取るメールアドレスが登録されました。",
            Self::NoticeMail => "お知らせを受け取るメールアドレスが変更されました。",
            Self::NoticeMailRemoved => "お知らせを受け取るメールアドレスが削除されました。",
            Self::AddressFirst => "セキュリティ用メールアドレスが登録されました。",
            Self::AddressAdded { masked } => return format!("セキュリティ用メールアドレス（{masked}）が追加されました。").into(),
            Self::AddressChanged { masked_old, masked_new } => {
                return format!("セキュリティ用メールアドレスが、{masked_old} から {masked_new} に変更されました。").into();
            }
            Self::AddressDeleted { masked } => {
                return format!("セキュリティ用メールアドレス（{masked}）が削除されました。").into();
            }
            Self::AddressContact => "ワンタイムパスワードを受け取る通知先のメールアドレスが変更されました。",
            Self::AddressesReplaced => {
                "登録されていたセキュリティ用メールアドレスがすべて削除され、新しいメールアドレスに置き換えられました。"
            }
            Self::AddressesCleared => {
                "国保連合会が、ご本人の確認のうえ、登録されていたセキュリティ用メールアドレスを削除しました。"
            }
            Self::PasskeyAdded => "ログインに使うパスキーが登録されました。",
            Self::PasskeyRemoved => "ログインに使うパスキーが削除されました。",
            Self::Suspended => "国保連合会が、このユーザIDの利用を停止しました。",
            Self::Released => "国保連合会が、このユーザIDの利用を再開しました。",
            Self::TemporaryWithdrawn => "国保連合会が、発行した仮パスワードを取り消しました。",
            Self::DeviceAdmitted => "ワンタイムパスワードにより、新しい端末からのログインが許可されました。",
            Self::DevicesForgotten => {
                "【ログイン中の端末】の操作により、端末がログアウトされました。次にその端末からログインするときは、初めて使う端末として扱われます。"
            }
            Self::PortalRegistered { masked } => {
                return format!("介護情報基盤ポータルの利用者（{masked}）が登録されました。").into();
            }
        })
    }
}

/// Who hears of a change beside, and who does not.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Addresses that are not registered any more: those removed or replaced.
    pub also: Vec<MailAddress>,
    /// The address that has just been proved by a code: it knows.
    pub except: Option<MailAddress>,
}

/// Which of the two sorts of addresses a change was told, for the screen after it: nobody is to be told of mails that were never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// One that is registered.
    registered: bool,
    /// One that is registered no more.
    gone: bool,
}

impl Heard {
    /// Of a change that touches no address.
    #[must_use]
    pub fn of(account: &Account) -> Self {
        Self { registered: !account.told_addresses().is_empty(), gone: false }
    }

    /// What the screen says.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match (self.registered, self.gone) {
            (true, true) => "登録されているメールアドレスと、使われなくなったメールアドレスへ、変更のお知らせを送信しました。",
            (true, false) => "登録されているメールアドレスへ、変更のお知らせを送信しました。",
            (false, true) => "使われなくなったメールアドレスへ、変更のお知らせを送信しました。",
            (false, false) => {
                "お知らせするメールアドレスがほかに登録されていないため、メールはお送りしていません。変更したことは、【お知らせ】画面でご確認いただけます。"
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

/// From when on the account may be changed again, if it was too often. Asked before a change that an office makes by itself; one that
/// must be told is told however many there were.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn too_many_changes(r: &impl Reads, now: Timestamp, user_id: UserId) -> Result<Option<Timestamp>, StoreError> {
    let who = user_id.to_string();
    let mut again = None;
    for rule in CHANGES {
        if let Allowance::Exceeded { again_at } = limits::peek(r, now, rule, &who)? {
            again = again.max(Some(again_at));
        }
    }
    Ok(again)
}

/// A new password has put out whoever was inside, and what was counted goes with them.
fn count_change(tx: &mut Tx<'_>, now: Timestamp, user_id: UserId, change: &Change) -> Result<(), StoreError> {
    let who = user_id.to_string();
    for rule in CHANGES {
        if matches!(change, Change::Password | Change::Reset | Change::TemporaryUsed) {
            limits::forget(tx, rule, &who)?;
        } else {
            limits::hit(tx, now, rule, &who)?;
        }
    }
    Ok(())
}

/// Tells every registered address and the account itself, in the transaction of the change.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn tell_change(tx: &mut Tx<'_>, moment: &Moment, account: &Account, change: Change) -> Result<(), StoreError> {
    tell_change_to(tx, moment, account, change, Told::default()).map(drop)
}

/// As [`tell_change`], to more addresses or all but one. Each is written to once. Gives who was told.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn tell_change_to(
    tx: &mut Tx<'_>,
    moment: &Moment,
    account: &Account,
    change: Change,
    told: Told,
) -> Result<Heard, StoreError> {
    let prefecture = account.user_id.office().prefecture;
    count_change(tx, moment.now, account.user_id, &change)?;
    let what = change.what();
    let params = serde_json::json!(Params { user_id: account.user_id, change, at: moment.now });
    let registered = account.told_addresses();
    let mut heard = Heard { registered: false, gone: false };
    for to in recipients(account, told) {
        if registered.contains(&to) {
            heard.registered = true;
        } else {
            heard.gone = true;
        }
        let mail = Mail {
            kind: CHANGED,
            to,
            prefecture: Some(prefecture),
            about: account.user_id.to_string(),
            params: params.clone(),
            useless_after: None,
        };
        mail::post(tx, moment, mail)?;
    }
    let body = format!(
        "{what}\n\n[日時]\n{}\n\nお心当たりがない場合は、すぐに国保連合会へお電話ください。",
        jst::sentence_time(moment.now)
    );
    // The mail itself goes to the address for notices.
    notices::tell_office(tx, moment, account.user_id, Notice { kind: "N-3", title: SUBJECT.to_owned(), body }, None)?;
    Ok(heard)
}

fn recipients(account: &Account, told: Told) -> Vec<MailAddress> {
    let mut all = account.told_addresses();
    for address in told.also {
        if !all.contains(&address) {
            all.push(address);
        }
    }
    all.retain(|address| told.except.as_ref() != Some(address));
    all
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
        .fact("変更の内容", &params.change.what())
        .fact("日時", &jst::sentence_time(params.at))
        .not_asked(&format!(
            "ご自身の事業所で行った操作でない場合は、第三者がログインしたおそれがあります。すぐに連合会（電話 {telephone}）へご連絡ください。"
        ))
        .closing(config, Some(office.prefecture))
}

#[cfg(test)]
#[path = "mails_tests.rs"]
mod tests;
