//! A browser without JavaScript: keeps cookies, sends forms with the hidden fields of the page it came from.

use std::collections::BTreeMap;
use std::sync::Arc;

use poem::endpoint::{BoxEndpoint, Endpoint as _};
use poem::http::{HeaderMap, Method, StatusCode, header};
use poem::{Request, Response};

/// What browsers send forms as.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A page as it came.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    pub body: String,
}

impl Page {
    /// Where it sends the browser.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok())
    }

    /// The text of the one `<h1>`.
    pub fn title(&self) -> String {
        between(&self.body, "<h1", "</h1>").map(|h1| strip(&format!("<h1{h1}"))).unwrap_or_default()
    }

    /// What a person reads, tags removed.
    pub fn text(&self) -> String {
        strip(between(&self.body, "<body", "</body>").unwrap_or(&self.body))
    }

    /// Whether a person reads this.
    pub fn says(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// The value of the first input of this name.
    pub fn value(&self, name: &str) -> Option<String> {
        let at = self.body.find(&format!("name=\"{name}\""))?;
        let start = self.body[..at].rfind('<')?;
        let tag = &self.body[start..start + self.body[start..].find('>')?];
        Some(unescape(between(tag, "value=\"", "\"")?))
    }
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let start = text.find(from)? + from.len();
    Some(&text[start..start + text[start..].find(to)?])
}

fn strip(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    unescape(&out).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// A browser. Clone it to keep its cookies as they are now.
#[derive(Clone)]
pub struct Browser {
    endpoint: Arc<BoxEndpoint<'static, Response>>,
    origin: String,
    pub cookies: BTreeMap<String, String>,
    /// Sent with every request.
    pub headers: Vec<(String, String)>,
    csrf: String,
}

impl Browser {
    pub fn new(endpoint: Arc<BoxEndpoint<'static, Response>>, origin: &str) -> Self {
        Self { endpoint, origin: origin.to_owned(), cookies: BTreeMap::new(), headers: Vec::new(), csrf: String::new() }
    }

    /// Reaches this server from now on.
    pub fn move_to(&mut self, endpoint: Arc<BoxEndpoint<'static, Response>>) {
        self.endpoint = endpoint;
    }

    /// The same server and its cookies are those of another browser.
    pub fn with_cookies(mut self, of: &Self) -> Self {
        self.cookies.clone_from(&of.cookies);
        self
    }

    /// Fetches a page without following where it leads.
    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, None).await
    }

    /// Fetches a page and follows up to ten redirections.
    pub async fn open(&mut self, path: &str) -> Page {
        let page = self.get(path).await;
        self.follow(page).await
    }

    /// Sends a form with the token of the last page, without following.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = {
            let mut form = form_urlencoded::Serializer::new(String::new());
            if !fields.iter().any(|(name, _)| *name == "_csrf") {
                form.append_pair("_csrf", &self.csrf);
            }
            for (name, value) in fields {
                form.append_pair(name, value);
            }
            form.finish()
        };
        self.send(Method::POST, path, Some((FORM, body.into_bytes()))).await
    }

    /// Sends these bytes as a body of this kind, without following. [`Browser::csrf`] is not added.
    pub async fn post_raw(&mut self, path: &str, kind: &str, body: Vec<u8>) -> Page {
        self.send(Method::POST, path, Some((kind, body))).await
    }

    /// Sends a form and follows.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.post(path, fields).await;
        self.follow(page).await
    }

    async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..10 {
            let Some(next) = page.location().map(str::to_owned) else { return page };
            page = self.get(&next).await;
        }
        panic!("redirected in a circle at {:?}", page.location());
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Page {
        let mut request = Request::builder().method(method.clone()).uri_str(path);
        if !self.cookies.is_empty() {
            let line = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
            request = request.header(header::COOKIE, line);
        }
        if method == Method::POST && !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("origin")) {
            request = request.header(header::ORIGIN, self.origin.as_str());
        }
        for (name, value) in &self.headers {
            request = request.header(name.as_str(), value.as_str());
        }
        let request = match body {
            Some((kind, body)) => request.header(header::CONTENT_TYPE, kind).body(body),
            None => request.finish(),
        };
        self.exchange(request).await
    }

    /// Sends exactly this, with the cookies of this browser and nothing else of its own.
    pub async fn raw(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: poem::Body) -> Page {
        let mut request = Request::builder().method(method).uri_str(path);
        if !self.cookies.is_empty() {
            let line = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
            request = request.header(header::COOKIE, line);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.exchange(request.body(body)).await
    }

    /// The token of the last page that had one.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    async fn exchange(&mut self, request: Request) -> Page {
        let mut response = self.endpoint.get_response(request).await;
        self.keep_cookies(response.headers());
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.take_body().into_vec().await.unwrap();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(csrf) = between(&body, "name=\"_csrf\" value=\"", "\"") {
            self.csrf = csrf.to_owned();
        }
        Page { status, headers, bytes, body }
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name.trim());
            } else {
                self.cookies.insert(name.trim().to_owned(), value.to_owned());
            }
        }
    }
}
