//! A browser without JavaScript over a real connection, which may break at any time.

use std::collections::BTreeMap;
use std::io::{Error, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::support::browser::Page;

/// A server that is there answers within this.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser of one visitor, in a network of its own.
pub struct Client {
    port: u16,
    network: String,
    cookies: BTreeMap<String, String>,
    csrf: String,
}

impl Client {
    /// The proxy says that this is the `n`th network.
    pub fn new(port: u16, n: u32) -> Self {
        // Limits count networks of 256 addresses.
        let network = format!("10.{}.{}.1", n >> 8 & 255, n & 255);
        Self { port, network, cookies: BTreeMap::new(), csrf: String::new() }
    }

    pub fn get(&mut self, path: &str) -> Result<Page, Error> {
        self.send("GET", path, "")
    }

    /// Sends a form with the token of the last page. An `Ok` is an answer that came whole.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Page, Error> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("_csrf", &self.csrf);
        fields.iter().for_each(|(name, value)| {
            form.append_pair(name, value);
        });
        self.send("POST", path, &form.finish())
    }

    /// Fetches a page and follows up to ten redirections.
    pub fn open(&mut self, path: &str) -> Result<Page, Error> {
        let mut page = self.get(path)?;
        for _ in 0..10 {
            let Some(next) = page.location().map(str::to_owned) else { return Ok(page) };
            page = self.get(&next)?;
        }
        panic!("redirected in a circle");
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Result<Page, Error> {
        let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port)))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let origin = format!("http://localhost:{}", self.port);
        let form = "Content-Type: application/x-www-form-urlencoded";
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nX-Forwarded-For: {}\r\nCookie: {cookies}\r\n\
             Origin: {origin}\r\n{form}\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            self.network,
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let page = parse(&answer).ok_or_else(|| Error::other("the answer broke off"))?;
        for line in page.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(csrf) = page.value("_csrf") {
            self.csrf = csrf;
        }
        Ok(page)
    }
}

/// `None` if the answer is not whole.
fn parse(answer: &[u8]) -> Option<Page> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let bytes = answer[end + 4..].to_vec();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse::<u16>().ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        headers.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value.trim()).ok()?);
    }
    let length: usize = headers.get("content-length").map_or(Some(0), |value| value.to_str().ok()?.parse().ok())?;
    let body = String::from_utf8_lossy(&bytes).into_owned();
    (bytes.len() == length).then_some(Page { status: StatusCode::from_u16(status).ok()?, headers, bytes, body })
}
