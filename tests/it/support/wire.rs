//! The way from a [`Browser`] of the tests to a real server: one connection for each request. Keeps what went over it.

use std::sync::{Arc, Mutex};

use poem::endpoint::EndpointExt as _;
use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{Endpoint, Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::browser::Browser;

/// A server's port, and what was exchanged with it.
#[derive(Clone)]
pub struct Wire {
    port: u16,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    addresses: Vec<String>,
    cookies: Vec<String>,
    tokens: Vec<String>,
}

impl Wire {
    pub fn to(port: u16) -> Self {
        Self { port, kept: Arc::default() }
    }

    pub fn browser(&self) -> Browser {
        Browser::new(Arc::new(self.clone().boxed()), &format!("http://localhost:{}", self.port))
    }

    /// Every address asked for or sent to, with its query.
    pub fn addresses(&self) -> Vec<String> {
        self.kept.lock().unwrap().addresses.clone()
    }

    /// The value of every cookie that was given out.
    pub fn cookies(&self) -> Vec<String> {
        self.kept.lock().unwrap().cookies.clone()
    }

    /// The token of every form that was shown, each once.
    pub fn tokens(&self) -> Vec<String> {
        self.kept.lock().unwrap().tokens.clone()
    }

    fn keep(&self, address: &str, response: &Response, body: &[u8]) {
        let mut kept = self.kept.lock().unwrap();
        let text = String::from_utf8_lossy(body);
        for form in text.split("name=\"_csrf\" value=\"").skip(1) {
            let token = form.split('"').next().unwrap_or_default().to_owned();
            if !kept.tokens.contains(&token) {
                kept.tokens.push(token);
            }
        }
        kept.addresses.push(address.to_owned());
        kept.addresses.extend(response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned()));
        for line in response.headers().get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap_or_default().to_owned();
            let value = pair.split_once('=').map_or("", |(_, value)| value);
            if !value.is_empty() {
                kept.cookies.push(value.to_owned());
            }
        }
    }
}

impl Endpoint for Wire {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let address = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let body = request.take_body().into_vec().await.unwrap();
        let mut sent =
            format!("{} {address} HTTP/1.1\r\nhost: localhost:{}\r\nconnection: close\r\n", request.method(), self.port);
        for (name, value) in request.headers() {
            sent += &format!("{name}: {}\r\n", value.to_str().unwrap());
        }
        sent += &format!("content-length: {}\r\n\r\n", body.len());
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        stream.write_all(&[sent.as_bytes(), &body].concat()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let (mut response, body) = parse(&answer);
        self.keep(&address, &response, &body);
        response.set_body(body);
        Ok(response)
    }
}

fn parse(answer: &[u8]) -> (Response, Vec<u8>) {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap();
    let mut response = Response::builder().status(StatusCode::from_bytes(status.as_bytes()).unwrap()).finish();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
        response.headers_mut().append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let mut body = answer[end + 4..].to_vec();
    if response.headers().get(header::TRANSFER_ENCODING).is_some() {
        body = unchunk(&body);
    }
    (response, body)
}

fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 4 + size..];
    }
    whole
}
