//! The mails about an application: M-3, M-4, M-5, M-11, M-12, M-13 (spec 4). Texts are our own words around the seeds' facts.

#[cfg(test)]
mod tests;
mod texts;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::{Inquiry, Rejection};
use crate::config::Config;
use crate::kernel::{ControlNumber, MailAddress, OfficeKey};
use crate::mail::{ComposeContext, Composed, Mail};
use crate::store::StoreError;

/// What a mail tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Told {
    /// M-3: the application has arrived.
    Received,
    /// M-4: approved.
    Approved,
    /// M-4: rejected.
    Rejected(Rejection),
    /// M-5: the letter was posted on this day.
    Posted(Date),
    /// M-11: something is wanted.
    Inquired(Inquiry),
    /// M-12: to the office's registered addresses, that somebody applied, and when.
    Warned(Timestamp),
    /// M-13: the temporary password ends on this day.
    Expiring(Date),
}

/// What the outbox keeps of a mail until it is sent. The application may have moved on by then, so the facts travel along.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Params {
    pub(super) number: ControlNumber,
    pub(super) office: OfficeKey,
    pub(super) told: Told,
}

/// The kinds that [`compose`] knows.
pub const KINDS: [&str; 6] = ["M-3", "M-4", "M-5", "M-11", "M-12", "M-13"];

/// What staff call a mail of [`KINDS`].
#[must_use]
pub fn title(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "M-3" => "受領通知",
        "M-4" => "結果通知",
        "M-5" => "発送のお知らせ",
        "M-11" => "照会のご連絡",
        "M-12" => "登録アドレスへの申請のお知らせ",
        "M-13" => "仮パスワードの期限のお知らせ",
        _ => return None,
    })
}

impl Params {
    /// Its number in spec 4.
    pub(super) const fn kind(&self) -> &'static str {
        match self.told {
            Told::Received => "M-3",
            Told::Approved | Told::Rejected(_) => "M-4",
            Told::Posted(_) => "M-5",
            Told::Inquired(_) => "M-11",
            Told::Warned(_) => "M-12",
            Told::Expiring(_) => "M-13",
        }
    }

    /// The outbox row.
    pub(super) fn mail(&self, to: MailAddress) -> Mail {
        Mail {
            kind: self.kind(),
            to,
            prefecture: Some(self.office.prefecture),
            about: self.number.to_string(),
            params: serde_json::json!(self),
            useless_after: None,
        }
    }

    /// Subject (the seeds' title) and text.
    pub(super) fn text(&self, config: &Config) -> (&'static str, String) {
        match &self.told {
            Told::Received => ("ログイン情報再発行申請受領通知", texts::received(self, config)),
            Told::Approved => ("ログイン情報再発行申請結果通知", texts::approved(self, config)),
            Told::Rejected(rejection) => ("ログイン情報再発行申請結果通知", texts::rejected(self, rejection, config)),
            Told::Posted(on) => ("ログイン情報再発行通知書発送のお知らせ", texts::posted(self, *on, config)),
            Told::Inquired(inquiry) => ("ログイン情報再発行申請に関するご連絡", texts::inquired(self, inquiry, config)),
            Told::Warned(at) => ("ログイン情報再発行申請がありました", texts::warned(self, *at, config)),
            Told::Expiring(day) => ("仮パスワードの有効期限のお知らせ", texts::expiring(self, *day, config)),
        }
    }
}

/// Composes a mail of [`KINDS`].
///
/// # Errors
/// Never; the type is that of all composers.
pub fn compose(params: &Value, ctx: &ComposeContext<'_>) -> Result<Composed, StoreError> {
    Ok(match serde_json::from_value::<Params>(params.clone()) {
        Ok(params) => {
            let (subject, body) = params.text(ctx.config);
            Composed::Send { subject: subject.to_owned(), body }
        }
        Err(error) => Composed::Drop(format!("unreadable parameters: {error}")),
    })
}
