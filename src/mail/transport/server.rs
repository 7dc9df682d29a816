//! The mail server's address as it stands in the configuration.

use std::fmt;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// How the connection is protected. There is no "if the server can": nothing falls back to plain text (D, ASVS 12.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Plain text; loopback only.
    Plain,
    /// Plain greeting, then STARTTLS or nothing.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// A parsed `mail.smtp_url`.
///
/// | form | meaning | default port |
/// | --- | --- | --- |
/// | `smtp://host` | plain, loopback only | 25 |
/// | `smtp+starttls://[user:pass@]host` or `smtp://…?tls=required` | STARTTLS | 587 |
/// | `smtps://[user:pass@]host` | TLS | 465 |
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl {
    /// Host name or bare IP address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Protection of the connection.
    pub security: Security,
    pub(super) credentials: Option<(String, String)>,
}

/// Why an address of a mail server was refused. Never repeats the address: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerUrlError {
    /// Not a URL with a host, or with a part that has no meaning here.
    #[error(
        "smtp://、smtp+starttls://、smtps:// のいずれかで始まるアドレス(例: smtp+starttls://利用者名:パスワード@mail.example.jp:587)を指定してください"
    )]
    Malformed,
    /// Plain text to another machine.
    #[error(
        "暗号化しない smtp:// は同じ機械(localhost、127.0.0.1、[::1])宛てに限ります。smtp+starttls:// または smtps:// を指定してください"
    )]
    PlainBeyondLoopback,
}

impl ServerUrl {
    /// Reads a `mail.smtp_url`.
    ///
    /// # Errors
    /// See [`ServerUrlError`].
    pub fn parse(text: &str) -> Result<Self, ServerUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| ServerUrlError::Malformed)?;
        let security = security(&url)?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(ServerUrlError::Malformed);
        }
        let host = url.host_str().ok_or(ServerUrlError::Malformed)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        // `Url` leaves the host of such schemes as it was typed; names go on the wire in their ASCII form.
        let host = match Host::parse(host) {
            Ok(Host::Domain(name)) => name,
            _ if host.parse::<IpAddr>().is_ok() => host.to_owned(),
            _ => return Err(ServerUrlError::Malformed),
        };
        if security == Security::Plain && !is_loopback(&host) {
            return Err(ServerUrlError::PlainBeyondLoopback);
        }
        Ok(Self {
            host,
            port: url.port().unwrap_or(match security {
                Security::Plain => 25,
                Security::StartTls => 587,
                Security::Tls => 465,
            }),
            security,
            credentials: credentials(&url)?,
        })
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.credentials.as_ref().map(|_| "***");
        f.debug_struct("ServerUrl")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("credentials", &user)
            .finish()
    }
}

fn security(url: &Url) -> Result<Security, ServerUrlError> {
    match (url.scheme(), url.query()) {
        ("smtp", None) => Ok(Security::Plain),
        ("smtp", Some("tls=required")) | ("smtp+starttls", None) => Ok(Security::StartTls),
        ("smtps", None) => Ok(Security::Tls),
        _ => Err(ServerUrlError::Malformed),
    }
}

fn credentials(url: &Url) -> Result<Option<(String, String)>, ServerUrlError> {
    let decode = |part: &str| {
        let text = percent_decode_str(part).decode_utf8();
        let text = text.map_err(|_| ServerUrlError::Malformed)?.into_owned();
        // NUL separates the parts of AUTH PLAIN; none of the others can be typed at a mail server either.
        match text.contains(char::is_control) {
            true => Err(ServerUrlError::Malformed),
            false => Ok(text),
        }
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(ServerUrlError::Malformed),
        (user, Some(password)) => Ok(Some((decode(user)?, decode(password)?))),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, u16, Security) {
        let url = ServerUrl::parse(text).unwrap();
        (url.host, url.port, url.security)
    }

    #[test]
    fn every_form_has_its_protection_and_port() {
        let name = "mail.example.jp".to_owned();
        for (text, port, security) in [
            ("smtp+starttls://mail.example.jp", 587, Security::StartTls),
            ("smtp+starttls://mail.example.jp:25", 25, Security::StartTls),
            ("smtp://mail.example.jp?tls=required", 587, Security::StartTls),
            ("smtps://mail.example.jp/", 465, Security::Tls),
        ] {
            assert_eq!(parsed(text), (name.clone(), port, security), "{text}");
        }
        assert_eq!(parsed("smtp://[::1]:2525"), ("::1".into(), 2525, Security::Plain));
        assert_eq!(parsed("smtp://localhost"), ("localhost".into(), 25, Security::Plain));
        assert_eq!(parsed("smtp://127.0.0.9:1"), ("127.0.0.9".into(), 1, Security::Plain));
    }

    #[test]
    fn q40_plain_is_for_loopback_only() {
        for text in
            ["smtp://mail.example.jp", "smtp://192.0.2.1:25", "smtp://localhost.example.jp", "smtp://user:pw@mail.example.jp"]
        {
            assert_eq!(ServerUrl::parse(text), Err(ServerUrlError::PlainBeyondLoopback), "{text}");
        }
    }

    #[test]
    fn q40_no_form_means_encrypt_if_you_can() {
        for text in [
            "smtp://localhost?tls=opportunistic",
            "smtps://mail.example.jp?tls=none",
            "http://mail.example.jp",
            "mail.example.jp:25",
            "smtps://",
            "smtps://user@mail.example.jp",
            "smtps://us%00er:pw@mail.example.jp",
            "",
        ] {
            assert_eq!(ServerUrl::parse(text), Err(ServerUrlError::Malformed), "{text}");
        }
    }

    #[test]
    fn credentials_are_decoded_and_never_shown() {
        let url = ServerUrl::parse("smtps://kaigo%40example.jp:p%3Aa%2Fss@mail.example.jp").unwrap();
        let expected = ("kaigo@example.jp".to_owned(), "p:a/ss".to_owned());
        assert_eq!(url.credentials, Some(expected));
        let shown = format!("{url:?}");
        assert!(!shown.contains("p:a/ss") && !shown.contains("kaigo"), "{shown}");
    }
}
