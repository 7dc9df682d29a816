//! The cookies of the product: all HttpOnly and SameSite, and with an https public URL also Secure and `__Host-`.

use std::collections::HashMap;

use cookie::{Cookie as Header, SameSite};
use poem::http::{HeaderMap, HeaderValue, header};

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cookie {
    /// A random value that tells browsers apart before anybody logs in; forms are bound to it.
    Browser,
    /// The session of an office.
    Office,
    /// The session of a member of staff.
    Staff,
    /// The device, signed, for a year.
    Device,
    /// The flow that a visitor is in.
    Flow,
    /// The one-time link by which a member of staff enrols.
    Enrolment,
    /// The session of somebody who uses 介護情報基盤ポータル.
    Portal,
}

impl Cookie {
    const fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Office => "office",
            Self::Staff => "staff",
            Self::Device => "device",
            Self::Flow => "flow",
            Self::Enrolment => "enrolment",
            Self::Portal => "portal",
        }
    }

    fn full_name(self, secure: bool) -> String {
        if secure { format!("__Host-{}", self.name()) } else { self.name().to_owned() }
    }

    fn header(self, value: String, secure: bool) -> Header<'static> {
        let mut header = Header::new(self.full_name(secure), value);
        header.set_http_only(true);
        header.set_secure(secure);
        // Lax and not Strict: whoever follows a link out of one of our mails must arrive with the login. Forms carry tokens.
        header.set_same_site(SameSite::Lax);
        header.set_path("/");
        if self == Self::Device {
            header.set_max_age(Some(cookie::time::Duration::days(365)));
        }
        header
    }
}

/// Adds a cookie to a response. `secure` is whether the public URL is https.
pub fn set(response: &mut poem::Response, cookie: Cookie, value: &str, secure: bool) {
    append(response, &cookie.header(value.to_owned(), secure));
}

/// Makes the browser forget a cookie.
pub fn clear(response: &mut poem::Response, cookie: Cookie, secure: bool) {
    let mut header = cookie.header(String::new(), secure);
    header.set_max_age(Some(cookie::time::Duration::ZERO));
    append(response, &header);
}

fn append(response: &mut poem::Response, header: &Header<'_>) {
    if let Ok(value) = HeaderValue::from_str(&header.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// The cookies of a request. Anything unreadable is as good as absent.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar(HashMap<String, String>);

impl Jar {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let mut jar = HashMap::new();
        for line in headers.get_all(header::COOKIE) {
            let Ok(line) = line.to_str() else { continue };
            for parsed in Header::split_parse(line).flatten() {
                jar.entry(parsed.name().to_owned()).or_insert_with(|| parsed.value().to_owned());
            }
        }
        Self(jar)
    }

    pub(super) fn get(&self, cookie: Cookie, secure: bool) -> Option<&str> {
        // Ours are short; a longer value is somebody else's or an attack.
        self.0.get(&cookie.full_name(secure)).map(String::as_str).filter(|value| !value.is_empty() && value.len() <= 256)
    }
}
