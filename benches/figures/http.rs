//! A browser that costs next to nothing: HTTP/1.1 on one connection, cookies, the token of the last form.

use std::collections::BTreeMap;
use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Outcome;

/// An answer.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The values of a header.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.trim())
    }
}

/// One connection.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    pub async fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(32 * 1024) })
    }

    /// Sends a request and waits for the whole answer; says how long its body is.
    pub async fn pass(&mut self, request: &[u8]) -> io::Result<(usize, usize)> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        let mut head = None;
        loop {
            if head.is_none()
                && let Some(end) = find(&self.buffer, b"\r\n\r\n")
            {
                let text = std::str::from_utf8(&self.buffer[..end]).map_err(io::Error::other)?;
                let length = text.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
                });
                head = Some((end + 4, length.unwrap_or(0)));
            }
            if let Some((start, length)) = head
                && self.buffer.len() >= start + length
            {
                return Ok((start, length));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    pub async fn answer(&mut self, request: &[u8]) -> io::Result<Answer> {
        let (start, length) = self.pass(request).await?;
        let head = String::from_utf8_lossy(&self.buffer[..start]).into_owned();
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
        Ok(Answer { status, head, body: self.buffer[start..start + length].to_vec() })
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// A GET without cookies.
pub fn plain_get(port: u16, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n").into_bytes()
}

/// A browser.
pub struct Browser {
    port: u16,
    wire: Wire,
    pub cookies: BTreeMap<String, String>,
    pub csrf: String,
    /// The address that the trusted proxy says the client has.
    client: Option<String>,
}

impl Browser {
    pub async fn open(port: u16) -> io::Result<Self> {
        Ok(Self { port, wire: Wire::open(port).await?, cookies: BTreeMap::new(), csrf: String::new(), client: None })
    }

    /// From the `n`th client network.
    pub async fn from_network(port: u16, n: usize) -> io::Result<Self> {
        let mut browser = Self::open(port).await?;
        browser.client = Some(format!("10.{}.{}.7", n / 250 % 250, n % 250));
        Ok(browser)
    }

    pub async fn get(&mut self, path: &str) -> io::Result<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\n{}\r\n", self.head());
        self.send(request).await
    }

    /// Sends a form with the token of the last page.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> io::Result<Answer> {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("_csrf", &self.csrf).extend_pairs(fields).finish();
        let request = format!(
            "POST {path} HTTP/1.1\r\n{}Origin: http://localhost:{}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.head(),
            self.port,
            body.len(),
        );
        self.send(request).await
    }

    /// Fetches a page that must be there.
    pub async fn page(&mut self, path: &str) -> Outcome<String> {
        let answer = self.get(path).await?;
        if answer.status == 200 { Ok(answer.text()) } else { Err(format!("{path}: {}", answer.head).into()) }
    }

    fn head(&self) -> String {
        let mut head = format!("Host: localhost:{}\r\n", self.port);
        if !self.cookies.is_empty() {
            let line: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            head.push_str(&format!("Cookie: {}\r\n", line.join("; ")));
        }
        if let Some(client) = &self.client {
            head.push_str(&format!("X-Forwarded-For: {client}\r\n"));
        }
        head
    }

    async fn send(&mut self, request: String) -> io::Result<Answer> {
        let answer = self.wire.answer(request.as_bytes()).await?;
        for line in answer.headers("set-cookie") {
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).unwrap_or_default();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        if let Some(at) = find(&answer.body, b"name=\"_csrf\" value=\"") {
            let rest = String::from_utf8_lossy(&answer.body[at + 20..]);
            rest.split('"').next().unwrap_or_default().clone_into(&mut self.csrf);
        }
        Ok(answer)
    }
}
