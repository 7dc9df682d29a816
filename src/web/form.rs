//! Forms: read within a limit, and only if they come from one of our own pages in this browser.

use std::time::Duration;

use poem::http::{HeaderMap, header};
use poem::{Body, FromRequest, Request, RequestBody};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::fault::Fault;
use super::kept::ShownAt;
use super::visit::Visit;
use crate::kernel::Secret;

/// The largest body of a form in which something is typed, in bytes: whoever pastes a megabyte by mistake, which three bytes of the body
/// hold for one of the text, is told so beside the field and keeps the rest of what they typed.
pub const DEFAULT_LIMIT: usize = 4 * 1024 * 1024;
/// Beyond this many bytes a body needs one of [`LARGE_AT_ONCE`] places, and a token of ours at its beginning.
pub const SMALL: usize = 64 * 1024;
/// Bodies beyond [`SMALL`] that are in memory at the same time, those whose answers are not yet taken included. A form, what is made of
/// it and the page that shows it again are some ten times its size.
pub const LARGE_AT_ONCE: usize = 4;
/// A form of ours arrives at once even over a mobile line; whoever trickles one in must not hold a connection for ever.
const PATIENCE: Duration = Duration::from_secs(15);
/// How much of a body that is too large is taken in and forgotten, in bytes.
const MOST_DRAINED: usize = 4 * 1024 * 1024;
/// And for how long.
const DRAIN_PATIENCE: Duration = Duration::from_secs(2);
/// More fields than any form of ours has.
const MOST_FIELDS: usize = 2_000;

/// The largest body of this route, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(pub usize);

/// The fields of a POST. It cannot be had without the checks of token and origin.
pub struct Form(Vec<(String, Secret<String>)>);

impl Form {
    /// The first value of a field; empty if it was not sent.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.expose())
    }

    /// All values of a field, in order.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.expose().as_str()).collect()
    }

    /// Whether the field was sent: boxes and buttons.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// A password or code, untouched.
    #[must_use]
    pub fn secret(&self, name: &str) -> Secret<String> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(key, _)| key)).finish()
    }
}

impl<'a> FromRequest<'a> for Form {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let visit = Visit::from_request(request, body).await?;
        let form = Self::read(&visit, request, body).await?;
        if visit.csrf_fits(form.get("_csrf")) {
            return Ok(form);
        }
        match request.extensions().get::<ShownAt>() {
            // Logged out and in again meanwhile: what was typed is shown on the screen of now.
            Some(shown_at) if visit.session.is_some() && visit.keep(form, shown_at.path()) => {
                Err(Fault::Elsewhere(shown_at.path().to_owned()).into())
            }
            _ => Err(Fault::StaleForm.into()),
        }
    }
}

impl Form {
    /// The fields, if they come from a page of ours. Whether the form belongs to this browser and session is not asked yet.
    pub(super) async fn read(visit: &Visit, request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        check_origin(visit, request.headers())?;
        let kind = request.content_type().unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Fault::BadRequest("the body is no form").into());
        }
        let limit = request.extensions().get::<BodyLimit>().map_or(DEFAULT_LIMIT, |limit| limit.0);
        let bytes = read(visit, body.take()?, limit, PATIENCE).await?;
        let fields: Vec<_> = form_urlencoded::parse(&bytes)
            .take(MOST_FIELDS + 1)
            .map(|(key, value)| (key.into_owned(), Secret::new(value.into_owned())))
            .collect();
        if fields.len() > MOST_FIELDS {
            return Err(Fault::TooLarge.into());
        }
        Ok(Self(fields))
    }

    /// Bytes of its texts.
    pub(super) fn size(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + value.expose().len()).sum()
    }

    /// Drops the fields whose names are not wanted.
    pub(super) fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.0.retain(|(key, _)| wanted(key));
    }

    #[cfg(test)]
    pub(super) fn of(fields: &[(&str, &str)]) -> Self {
        Self(fields.iter().map(|(key, value)| ((*key).to_owned(), Secret::new((*value).to_owned()))).collect())
    }
}

/// The whole body, unless it is too large or takes too long.
async fn read(visit: &Visit, body: Body, limit: usize, patience: Duration) -> Result<Vec<u8>, Fault> {
    let mut reader = body.into_async_read();
    let mut bytes = Vec::new();
    let most = limit.min(SMALL);
    if up_to(&mut reader, &mut bytes, most, patience).await? {
        return Ok(bytes);
    }
    // Whoever has no form of ours gets no memory, and nobody more than there is.
    let refused = if limit <= SMALL {
        Fault::TooLarge
    } else if !visit.begins_as_ours(&bytes) {
        Fault::StaleForm
    } else if !visit.hold_large() {
        tracing::warn!("as many large forms as there is room for are in hand");
        Fault::TooLarge
    } else if up_to(&mut reader, &mut bytes, limit, patience).await? {
        return Ok(bytes);
    } else {
        Fault::TooLarge
    };
    drop(bytes);
    drain(&mut reader).await;
    Err(refused)
}

/// Reads until `bytes` are `most`, and one more to tell a body that is too large from one that just fits. `false`: there is more.
async fn up_to(
    reader: &mut (impl AsyncRead + Unpin),
    bytes: &mut Vec<u8>,
    most: usize,
    patience: Duration,
) -> Result<bool, Fault> {
    let left = (most + 1).saturating_sub(bytes.len());
    match tokio::time::timeout(patience, reader.take(left as u64).read_to_end(bytes)).await {
        Ok(Ok(_)) => Ok(bytes.len() <= most),
        Ok(Err(_)) => Err(Fault::BadRequest("the body broke off")),
        Err(_) => Err(Fault::BadRequest("the body did not come in time")),
    }
}

impl Visit {
    /// Whether a body that begins like this carries a token that was made for this browser. Our forms have it in front.
    fn begins_as_ours(&self, beginning: &[u8]) -> bool {
        // A value that is cut off at the end is no token.
        let whole = beginning.iter().rposition(|byte| *byte == b'&').map_or(&[][..], |end| &beginning[..end]);
        let token = form_urlencoded::parse(whole).take(1).find(|(name, _)| name == "_csrf");
        token.is_some_and(|(_, token)| self.is_genuine(&token))
    }
}

/// Takes in and forgets what else is on its way: a browser that is still sending would see a broken connection instead of the page
/// that says why.
async fn drain(reader: &mut (impl AsyncRead + Unpin)) {
    let rest = async {
        let mut piece = [0; 8 * 1024];
        let mut left = MOST_DRAINED;
        while left > 0
            && let Ok(read @ 1..) = reader.read(&mut piece).await
        {
            left = left.saturating_sub(read);
        }
    };
    // However it ends, the answer is the same.
    let _ = tokio::time::timeout(DRAIN_PATIENCE, rest).await;
}

/// Browsers say where a form comes from; a token alone would not stop a page that has read one (quality bar 35).
fn check_origin(visit: &Visit, headers: &HeaderMap) -> Result<(), Fault> {
    if let Some(origin) = headers.get(header::ORIGIN) {
        let ours = &visit.front().public_url;
        let origin = origin.to_str().unwrap_or_default();
        // Somebody who tries the demo may type 127.0.0.1 where the public URL says localhost.
        let same =
            origin == ours.origin() || (is_loopback(ours.origin()) && is_loopback(origin) && port(origin) == port(ours.origin()));
        return if same { Ok(()) } else { Err(Fault::StaleForm) };
    }
    match headers.get("sec-fetch-site").and_then(|value| value.to_str().ok()) {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(Fault::StaleForm),
    }
}

fn is_loopback(origin: &str) -> bool {
    ["http://localhost", "http://127.0.0.1", "http://[::1]"]
        .iter()
        .any(|host| origin.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')))
}

fn port(origin: &str) -> &str {
    origin.rsplit(':').next().filter(|port| port.bytes().all(|b| b.is_ascii_digit())).unwrap_or("80")
}

/// What is wrong with a form: a sentence for each field, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors(Vec<(String, String)>);

impl Errors {
    /// Adds a sentence for a field.
    pub fn add(&mut self, field: &str, sentence: impl ToString) {
        self.0.push((field.to_owned(), sentence.to_string()));
    }

    /// Unwraps a parsed field, or notes its sentence.
    pub fn check<T>(&mut self, field: &str, parsed: Result<T, impl ToString>) -> Option<T> {
        parsed.map_err(|sentence| self.add(field, sentence)).ok()
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something is wrong with this field.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.of(field).is_some()
    }

    /// For the summary on top of the form.
    #[must_use]
    pub fn list(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(field, sentence)| (field.as_str(), sentence.as_str())).collect()
    }

    /// The sentence beside a field.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, sentence)| sentence.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_does_not_come_in_time_is_a_bad_request() {
        let (reader, _writer) = tokio::io::duplex(16);
        let mut never = Body::from_async_read(reader).into_async_read();
        let ended = up_to(&mut never, &mut Vec::new(), 16, Duration::ZERO).await;
        assert!(matches!(ended, Err(Fault::BadRequest("the body did not come in time"))));
        let mut bytes = Vec::new();
        for (most, whole) in [(1, false), (2, false), (3, true)] {
            let mut body = Body::from("a=1").into_async_read();
            bytes.clear();
            assert_eq!(up_to(&mut body, &mut bytes, most, PATIENCE).await.unwrap(), whole, "{most}");
        }
        assert_eq!(bytes, b"a=1");
    }
}
