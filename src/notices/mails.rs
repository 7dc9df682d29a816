//! M-6 お知らせ登録通知: a notice waits in the account (spec 4). It names the title only, since mail is read by others as well.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Config;
use crate::kernel::{MailAddress, Moment, UserId};
use crate::mail::words::Words;
use crate::mail::{self, ComposeContext, Composed, Mail};
use crate::store::{StoreError, Tx};

/// The kind of the mail.
pub const KIND: &str = "M-6";
const SUBJECT: &str = "お知らせ登録通知";

#[derive(Debug, Serialize, Deserialize)]
struct Params {
    user_id: UserId,
    title: String,
}

/// What staff call a mail of this room.
#[must_use]
pub fn mail_title(kind: &str) -> Option<&'static str> {
    (kind == KIND).then_some(SUBJECT)
}

/// Posts it with the notice, to the address for notices.
pub(super) fn post(tx: &mut Tx<'_>, part: &Moment, to: UserId, title: &str, address: &MailAddress) -> Result<(), StoreError> {
    let mail = Mail {
        kind: KIND,
        to: address.clone(),
        prefecture: Some(to.office().prefecture),
        about: to.to_string(),
        params: serde_json::json!(Params { user_id: to, title: title.to_owned() }),
        useless_after: None,
    };
    mail::post(tx, part, mail).map(drop)
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
    Words::from_federation(config, Some(office.prefecture))
        .paragraph("新しいお知らせが登録されました。ログインのうえ、お知らせの画面で内容をご確認ください。")
        .fact("事業所番号", office.number.as_str())
        .fact("お知らせの件名", &params.title)
        .fact("ログイン画面", &config.server.public_url.join("/login"))
        .closing(config, Some(office.prefecture))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m6_names_the_title_and_where_to_read_it_and_nothing_else() {
        let params =
            Params { user_id: UserId::parse("KJ071311111111").unwrap(), title: "審査結果のお知らせ".to_owned() };
        let text = text(&params, &Config::demo());
        for part in ["1311111111", "審査結果のお知らせ", "/login", "0000-07-0000"] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains("KJ07"), "the user ID is half of a login and stays out of mails");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!("mail_m6_notice", format!("件名: {SUBJECT}\n\n{text}")));
    }
}
