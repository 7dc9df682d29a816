//! `[mail]`: how mail leaves, who signs it, whom the reader may ask.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::SmtpUrl;
use super::error::Findings;
use crate::kernel::MailAddress;

/// The way out for mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The mail server.
    pub smtp_url: SmtpUrl,
    /// `From` of every mail; needed by `serve`.
    pub from: Option<Sender>,
    /// `Reply-To`, where answers should go although each mail says not to answer.
    pub reply_to: Option<Sender>,
    /// ヘルプデスク (use of the system): telephone number or words, shown in mails, help and error pages.
    pub help_desk: Option<String>,
    /// One delivery may take this many seconds.
    pub timeout_seconds: u32,
    /// Deliveries at the same time.
    pub connections: u32,
    /// A mail refused for the time being is tried again for this many hours (spec 4).
    pub retry_hours: u32,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            smtp_url: SmtpUrl::default(),
            from: None,
            reply_to: None,
            help_desk: None,
            timeout_seconds: 30,
            connections: 4,
            retry_hours: 48,
        }
    }
}

pub(super) const KEYS: &[(&str, &str)] = &[
    (
        "mail.smtp_url",
        "メールサーバーのURL（smtps://利用者:パスワード@ホスト か smtp+starttls://利用者:パスワード@ホスト。暗号化なしの smtp:// は localhost など同じ機械のときだけ）",
    ),
    ("mail.from", "差出人（例 \"受付係 <uketsuke@example.jp>\"）"),
    ("mail.reply_to", "返信先（例 \"受付係 <uketsuke@example.jp>\"）"),
    ("mail.help_desk", "ヘルプデスクの電話番号などの1行の文字列"),
    ("mail.timeout_seconds", "5から300までの整数（秒）"),
    ("mail.connections", "1から32までの整数"),
    ("mail.retry_hours", "1から168までの整数（時間）"),
];

impl Mail {
    pub(super) fn validate(&self, found: &mut Findings) {
        found.expect("mail.timeout_seconds", (5..=300).contains(&self.timeout_seconds));
        found.expect("mail.connections", (1..=32).contains(&self.connections));
        found.expect("mail.retry_hours", (1..=168).contains(&self.retry_hours));
        found.expect("mail.help_desk", self.help_desk.as_deref().is_none_or(one_line));
    }

    /// How long one delivery may take.
    #[must_use]
    pub fn timeout(&self) -> SignedDuration {
        SignedDuration::from_secs(self.timeout_seconds.into())
    }

    /// How long a mail is tried again.
    #[must_use]
    pub fn retry_for(&self) -> SignedDuration {
        SignedDuration::from_hours(self.retry_hours.into())
    }
}

/// Something written and without line breaks: safe in a header and on one line of a page.
pub(super) fn one_line(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// `name <address>` or `address`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sender {
    /// The name shown beside the address.
    pub name: Option<String>,
    /// The address.
    pub address: MailAddress,
}

impl FromStr for Sender {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.split_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address),
            None => ("", text),
        };
        if name.chars().any(char::is_control) {
            return Err("no name".into());
        }
        let address = MailAddress::parse(address).map_err(|error| error.to_string())?;
        Ok(Self { name: Some(name.to_owned()).filter(|name| !name.is_empty()), address })
    }
}

impl TryFrom<String> for Sender {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Sender> for String {
    fn from(sender: Sender) -> Self {
        sender.to_string()
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(self.address.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        let with: Sender = "受付係 <uketsuke@example.jp>".parse().unwrap();
        assert_eq!((with.name.as_deref(), with.address.as_str()), (Some("受付係"), "uketsuke@example.jp"));
        assert_eq!("uketsuke@example.jp".parse::<Sender>().unwrap().name, None);
        assert_eq!(with.to_string().parse::<Sender>().unwrap(), with);
        for bad in ["", "uketsuke", "a@b@c", "名前 <>", "x <a@b> y", "a\r\nBcc: x <a@b.example>", "a b@example.jp"] {
            assert!(bad.parse::<Sender>().is_err(), "{bad}");
        }
    }
}
