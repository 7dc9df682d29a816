//! The mail server's URL: parsed once, shown without its password, plain only for loopback.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::net::is_loopback_name;

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// Not at all: loopback only (spec 2, D; ASVS 12.3).
    None,
    /// STARTTLS, no fall-back (`smtp+starttls://`, `smtp://…?tls=required`).
    StartTls,
    /// TLS from the first byte (`smtps://`).
    Tls,
}

/// The mail server's address:
///
/// | form | meaning | usual port |
/// | --- | --- | --- |
/// | `smtps://[user:password@]host` | TLS | 465 |
/// | `smtp+starttls://[user:password@]host` or `smtp://…?tls=required` | STARTTLS, never less | 587 |
/// | `smtp://host` | plain, loopback only | 25 |
///
/// A path is the name said in EHLO. `Debug`, `Display` and `Serialize` show `***` for the password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SmtpUrl(Url);

impl SmtpUrl {
    /// The whole URL, password included, in the syntax of the mail library.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.as_str()
    }

    /// Host name or address, without the brackets of IPv6.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port given, else the usual one: 25 plain, 587 STARTTLS, 465 TLS.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port().unwrap_or(match self.tls() {
            SmtpTls::None => 25,
            SmtpTls::StartTls => 587,
            SmtpTls::Tls => 465,
        })
    }

    /// How the connection is protected.
    #[must_use]
    pub fn tls(&self) -> SmtpTls {
        match self.0.scheme() {
            "smtps" => SmtpTls::Tls,
            "smtp" if self.0.query().is_none() => SmtpTls::None,
            _ => SmtpTls::StartTls,
        }
    }

    /// User name and password, percent-decoded, if the URL has both.
    #[must_use]
    pub fn credentials(&self) -> Option<(String, String)> {
        let password = self.0.password()?;
        Some((percent_decoded(self.0.username()), percent_decoded(password)))
    }

    /// The name to say in EHLO, if the URL gives one as its path.
    #[must_use]
    pub fn hello_name(&self) -> Option<&str> {
        Some(self.0.path().trim_matches('/')).filter(|name| !name.is_empty())
    }
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl Default for SmtpUrl {
    fn default() -> Self {
        Self(Url::parse("smtp://127.0.0.1:25").expect("a constant that parses"))
    }
}

impl FromStr for SmtpUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let given = Self(Url::parse(text.trim()).map_err(|error| error.to_string())?);
        // Hosts of such schemes are left as they were typed: names must be plain ASCII, addresses whole.
        let host = given.host();
        let is_name = matches!(Host::parse(host), Ok(Host::Domain(name)) if name.eq_ignore_ascii_case(host));
        if !is_name && host.parse::<IpAddr>().is_err() {
            return Err("no host".into());
        }
        match (given.0.scheme(), given.0.query()) {
            ("smtps" | "smtp+starttls", None) | ("smtp", Some("tls=required")) => {}
            ("smtp", None) if is_loopback_name(host) => {}
            _ => return Err("not protected".into()),
        }
        let user_and_password = match given.credentials() {
            // NUL separates the parts of AUTH PLAIN; no control character can be part of either.
            Some((user, password)) => {
                !user.is_empty() && !password.is_empty() && !format!("{user}{password}").contains(char::is_control)
            }
            None => given.0.username().is_empty(),
        };
        let name_fits = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        if !user_and_password || !given.hello_name().is_none_or(name_fits) || given.0.fragment().is_some() {
            return Err("not a mail server's URL".into());
        }
        Ok(given)
    }
}

impl TryFrom<String> for SmtpUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<SmtpUrl> for String {
    fn from(url: SmtpUrl) -> Self {
        url.to_string()
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        if shown.password().is_some() && shown.set_password(Some("***")).is_err() {
            return f.write_str("***");
        }
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_smtp_is_for_loopback_only() {
        for good in [
            "smtp://127.0.0.1:2525",
            "smtp://localhost",
            "smtp://[::1]:25",
            "smtps://u:p@mail.example.jp",
            "smtp://mail.example.jp?tls=required",
            "smtp+starttls://u:p@mail.example.jp:587/relay.example.jp",
        ] {
            assert!(good.parse::<SmtpUrl>().is_ok(), "{good}");
        }
        for bad in [
            "smtp://mail.example.jp",
            "smtp://10.0.0.1",
            "smtp://mail.example.jp?tls=opportunistic",
            "smtp://localhost?tls=opportunistic",
            "http://localhost",
            "smtps://",
            "smtps://メール.example.jp",
            "smtps://us%00er:pw@mail.example.jp",
            "smtps://:pw@mail.example.jp",
            "smtps://mail.example.jp/a%0d%0ab",
            "smtps://mail.example.jp?tls=none",
            "smtp://localhost.example.jp",
            "smtps://u@mail.example.jp",
            "mail.example.jp",
            "",
        ] {
            assert!(bad.parse::<SmtpUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_password_is_read_but_never_shown() {
        let url: SmtpUrl = "smtp://post:p%40ss+1@mail.example.jp/kokuho.example.jp?tls=required".parse().unwrap();
        assert_eq!(url.credentials(), Some(("post".into(), "p@ss+1".into())));
        assert_eq!((url.host(), url.port(), url.tls()), ("mail.example.jp", 587, SmtpTls::StartTls));
        assert_eq!(url.hello_name(), Some("kokuho.example.jp"));
        for shown in [url.to_string(), format!("{url:?}"), serde_json::to_string(&url).unwrap()] {
            assert!(!shown.contains("p%40ss") && !shown.contains("p@ss") && shown.contains("***"), "{shown}");
        }
    }
}
