//! Forms under attack: token and origin for every row that changes something (quality bar 35), and bodies that are too large, without a
//! length or with a false one.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use poem::http::Method;
use poem::listener::{Acceptor as _, Listener as _, TcpListener};
use poem::{Body, EndpointExt as _, Server};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use uketsuke::routes::{Row, Who, rows};
use uketsuke::staff::Role;
use uketsuke::web::DEFAULT_LIMIT;

use crate::security_matrix::take_token;
use crate::support::TestApp;
use crate::support::office::{PASSWORD, USER};
use crate::support::world::{Kind, Person, World, dump};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const OURS: (&str, &str) = ("origin", "http://localhost:8080");

/// Rows whose form, without a session to end, is answered kindly whatever it holds.
fn ends_nothing(row: &Row) -> bool {
    row.path.ends_with("/logout")
}

/// The person whom a row admits; each row of the table has one.
fn who_may<'a>(people: &'a mut [Person], row: &Row) -> &'a mut Person {
    let wanted = |person: &Person| match row.who {
        Who::Office | Who::AnyOffice => person.kind == Kind::Office,
        Who::FirstLogin => person.kind == Kind::Wizard,
        Who::Staff(Role::Operator) => person.kind == Kind::Staff(Role::Operator),
        Who::Staff(_) | Who::AnyStaff => person.kind == Kind::Staff(Role::Admin),
        Who::Portal | Who::AnyPortal => person.kind == Kind::Portal,
        Who::PortalStep => person.kind == Kind::PortalStep,
        // So that there is a session to end.
        Who::Public if row.path == "/logout" => person.kind == Kind::Office,
        Who::Public if row.path == "/staff/logout" => person.kind == Kind::Staff(Role::Admin),
        Who::Public if row.path == "/portal/logout" => person.kind == Kind::Portal,
        Who::Public | Who::Machine => person.kind == Kind::Stranger,
    };
    people.iter_mut().find(|person| wanted(person)).unwrap()
}

fn posts() -> Vec<Row> {
    rows().into_iter().filter(|row| row.method == "POST").collect()
}

fn form(fields: &[(&str, &str)]) -> Body {
    let mut out = form_urlencoded::Serializer::new(String::new());
    out.extend_pairs(fields);
    Body::from(out.finish())
}

#[tokio::test]
async fn q35_every_change_needs_the_token_of_its_own_page() {
    let world = World::new().await;
    let mut people = world.people().await;
    let mut other = world.app.browser();
    other.get("/login").await;
    let foreign = other.csrf().to_owned();
    let before = dump(&world.app);
    for row in posts() {
        let person = who_may(&mut people, &row);
        let path = world.of(person.at).path(row.path);
        take_token(&mut person.browser, &path).await;
        let own = person.browser.csrf().to_owned();
        let flipped = format!("{}{}", &own[..own.len() - 1], if own.ends_with('A') { 'B' } else { 'A' });
        for token in [None, Some(""), Some("1."), Some("2.AAAA"), Some(&foreign), Some(&flipped), Some("０.x")] {
            let mut fields: Vec<(&str, &str)> = vec![("move", "take"), ("reason", "x")];
            fields.extend(token.map(|token| ("_csrf", token)));
            let page = person.browser.raw(Method::POST, &path, &[FORM, OURS], form(&fields)).await;
            assert_eq!(page.status.as_u16(), 403, "{} with {token:?}: {}", row.path, page.text());
        }
        // The right token of a page of the other side of the house, or in the address, is none.
        let page = person.browser.raw(Method::POST, &format!("{path}?_csrf={own}"), &[FORM, OURS], form(&[])).await;
        assert_eq!(page.status.as_u16(), 403, "{}", row.path);
    }
    assert_eq!(dump(&world.app), before);
}

#[tokio::test]
async fn q35_every_change_needs_to_come_from_our_own_pages() {
    let world = World::new().await;
    let mut people = world.people().await;
    let before = dump(&world.app);
    for row in posts() {
        let person = who_may(&mut people, &row);
        let path = world.of(person.at).path(row.path);
        take_token(&mut person.browser, &path).await;
        let token = person.browser.csrf().to_owned();
        for from in [
            ("origin", "https://elsewhere.example"),
            ("origin", "null"),
            ("origin", ""),
            ("origin", "http://localhost:8081"),
            ("origin", "https://localhost:8080"),
            ("origin", "http://localhost:8080.elsewhere.example"),
            ("origin", "http://localhost.elsewhere.example:8080"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let page = person.browser.raw(Method::POST, &path, &[FORM, from], form(&[("_csrf", &token)])).await;
            assert_eq!(page.status.as_u16(), 403, "{} from {from:?}: {}", row.path, page.text());
        }
        for kind in ["text/plain", "application/json", "multipart/form-data; boundary=x", ""] {
            let page = person.browser.raw(Method::POST, &path, &[("content-type", kind), OURS], form(&[("_csrf", &token)])).await;
            let refused = if ends_nothing(&row) { 403 } else { 400 };
            assert_eq!(page.status.as_u16(), refused, "{} as {kind:?}", row.path);
        }
    }
    assert_eq!(dump(&world.app), before);
}

/// A body that never ends, and how much of it was taken.
struct Endless {
    head: Vec<u8>,
    taken: Arc<AtomicUsize>,
}

impl AsyncRead for Endless {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = to.filled().len();
        let head = self.head.len().min(to.remaining());
        let head: Vec<u8> = self.head.drain(..head).collect();
        to.put_slice(&head);
        let rest = to.remaining();
        to.initialize_unfilled().fill(b'x');
        to.advance(rest);
        self.taken.fetch_add(to.filled().len() - before, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn every_form_has_a_limit_and_takes_no_memory_beyond_it() {
    let world = World::new().await;
    let mut people = world.people().await;
    let before = dump(&world.app);
    for row in posts() {
        let limit = row.limit;
        let person = who_may(&mut people, &row);
        let path = world.of(person.at).path(row.path);
        take_token(&mut person.browser, &path).await;
        let head = format!("_csrf={}&number=", person.browser.csrf());
        let large = format!("{head}{}", "9".repeat(limit + 1_048_576));
        let taken = Arc::new(AtomicUsize::new(0));
        let endless = Endless { head: head.clone().into_bytes(), taken: Arc::clone(&taken) };
        for body in [Body::from(large), Body::from_async_read(endless)] {
            let page = person.browser.raw(Method::POST, &path, &[FORM, OURS], body).await;
            if ends_nothing(&row) {
                assert_eq!(page.status.as_u16(), 403, "{}", row.path);
            } else {
                assert_eq!(page.status.as_u16(), 413, "{}: {}", row.path, page.text());
                assert_eq!(page.title(), "送信内容が大きすぎます");
            }
        }
        // What is beyond the limit is dropped piece by piece, and not for ever.
        let most = limit + 4 * 1024 * 1024 + 64 * 1024;
        assert!(taken.load(Ordering::Relaxed) <= most, "{}: {taken:?} bytes were read", row.path);
    }
    assert_eq!(dump(&world.app), before);
}

#[tokio::test]
async fn the_limit_of_each_row_is_the_longest_body_it_takes() {
    let world = World::new().await;
    let mut people = world.people().await;
    // Those that end a session last.
    let (ends, others): (Vec<Row>, Vec<Row>) = posts().into_iter().partition(ends_nothing);
    for row in others.into_iter().chain(ends) {
        let person = who_may(&mut people, &row);
        let path = world.of(person.at).path(row.path);
        take_token(&mut person.browser, &path).await;
        let head = format!("_csrf={}&more=", person.browser.csrf());
        let within = format!("{head}{}", "x".repeat(row.limit - head.len()));
        let over = format!("{within}x");
        let page = person.browser.raw(Method::POST, &path, &[FORM, OURS], Body::from(over)).await;
        let refused = if ends_nothing(&row) { 403 } else { 413 };
        assert_eq!(page.status.as_u16(), refused, "{}: {}", row.path, page.text());
        assert!(page.says("内容は登録されていません"), "{}: {}", row.path, page.text());
        let page = person.browser.raw(Method::POST, &path, &[FORM, OURS], Body::from(within)).await;
        let taken = ![400, 403, 413].contains(&page.status.as_u16()) && !page.status.is_server_error();
        // A form that is stale, because what it needs is not in it, was read as well.
        assert!(taken || page.says("前の画面に戻り") && page.status == 400, "{}: {} {}", row.path, page.status, page.text());
    }
}

#[tokio::test]
async fn who_asks_for_a_page_sends_no_body() {
    let world = World::new().await;
    let mut people = world.people().await;
    for row in rows().into_iter().filter(|row| row.method == "GET") {
        assert_eq!(row.limit, 0, "{}", row.path);
        let person = who_may(&mut people, &row);
        let path = world.of(person.at).path(row.path);
        let endless = Endless { head: Vec::new(), taken: Arc::default() };
        let taken = Arc::clone(&endless.taken);
        for body in [Body::from("x"), Body::from_async_read(endless)] {
            let page = person.browser.raw(Method::GET, &path, &[], body).await;
            assert_eq!((page.status.as_u16(), page.title().as_str()), (413, "送信内容が大きすぎます"), "{}", row.path);
        }
        assert_eq!(taken.load(Ordering::Relaxed), 0, "{}: nothing of it was read", row.path);
    }
}

#[tokio::test]
async fn a_form_without_a_length_is_taken_and_one_of_exactly_the_limit_too() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    browser.get("/login").await;
    let fields = format!("_csrf={}&user_id={USER}&password={PASSWORD}&more=", browser.csrf());
    let exact = format!("{fields}{}", "x".repeat(DEFAULT_LIMIT - fields.len()));
    let over = format!("{exact}x");
    let stream = |text: &str| Body::from_async_read(std::io::Cursor::new(text.as_bytes().to_vec()));
    assert_eq!(browser.clone().raw(Method::POST, "/login", &[FORM, OURS], stream(&over)).await.status, 413);
    let page = browser.raw(Method::POST, "/login", &[FORM, OURS], stream(&exact)).await;
    assert_eq!(page.location(), Some("/office"), "{}", page.text());
}

/// The endpoint behind a real listener.
async fn listening(app: &TestApp) -> std::net::SocketAddr {
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
    let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
    let endpoint = app.app.endpoint().boxed();
    tokio::spawn(async move { Server::new_with_acceptor(acceptor).run(endpoint).await });
    address
}

/// Sends these bytes, shuts its side if `shut`, and reads all that comes.
async fn exchange(address: std::net::SocketAddr, request: Vec<u8>, shut: bool) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&request).await.unwrap();
    if shut {
        stream.shutdown().await.unwrap();
    }
    let mut answer = Vec::new();
    let read = tokio::time::timeout(std::time::Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "no end of the answer: {}", String::from_utf8_lossy(&answer));
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|code| code.parse().ok()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_wire_lengths_that_are_missing_false_or_huge_are_answered_with_a_page() {
    let app = TestApp::new();
    let address = listening(&app).await;
    let mut browser = app.browser();
    browser.get("/login").await;
    let cookie = format!("browser={}", browser.cookies["browser"]);
    let fields = format!("_csrf={}&user_id={USER}&password=wrong", browser.csrf());
    let head = |length: &str| {
        format!(
            "POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {cookie}\r\nOrigin: http://localhost:8080\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n{length}\r\n\r\n"
        )
    };
    let before = app.app.store.counts().written;

    // A megabyte beyond the limit: the whole of it is sent, and the page is read.
    let body = format!("{fields}&more={}", "x".repeat(DEFAULT_LIMIT + 1_048_576));
    let sent = format!("{}{body}", head(&format!("Content-Length: {}", body.len())));
    let answer = exchange(address, sent.into_bytes(), false).await;
    assert!(status(&answer) == 413 && answer.contains("送信内容が大きすぎます"), "{answer}");

    // The same in chunks, without a length.
    let chunk = format!("{:x}\r\n{}\r\n", 65_536, "x".repeat(65_536));
    let first = format!("{:x}\r\n{fields}&more=\r\n", fields.len() + "&more=".len());
    let chunks = first + &chunk.repeat(DEFAULT_LIMIT / 65_536 + 4);
    let sent = format!("{}{chunks}0\r\n\r\n", head("Transfer-Encoding: chunked"));
    let answer = exchange(address, sent.into_bytes(), false).await;
    assert!(status(&answer) == 413 && answer.contains("送信内容が大きすぎます"), "{answer}");

    // A length that promises more than comes.
    let sent = format!("{}{fields}", head("Content-Length: 60000"));
    let answer = exchange(address, sent.into_bytes(), true).await;
    assert!([0, 400].contains(&status(&answer)), "{answer}");

    // One that is no number, a negative one, two that differ, and one together with chunks.
    for lengths in [
        "Content-Length: many",
        "Content-Length: -1",
        "Content-Length: 1\r\nContent-Length: 9",
        "Content-Length: 99999999999999999999999",
    ] {
        let answer = exchange(address, format!("{}{fields}", head(lengths)).into_bytes(), false).await;
        assert_eq!(status(&answer), 400, "{lengths}: {answer}");
    }
    assert_eq!(app.app.store.counts().written, before, "none of them was taken");

    // A length shorter than the form cuts it: what is left is not read as another request.
    let smuggled = format!("{fields}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let sent = format!("{}{smuggled}", head(&format!("Content-Length: {}", fields.len())));
    let answer = exchange(address, sent.into_bytes(), false).await;
    assert_eq!((status(&answer), answer.matches("HTTP/1.1 ").count()), (422, 1), "{answer}");

    // Chunks without a length are a form like any other.
    let (one, two) = fields.split_at(20);
    let chunked = format!("{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n", one.len(), two.len());
    let answer = exchange(address, format!("{}{chunked}", head("Transfer-Encoding: chunked")).into_bytes(), false).await;
    assert_eq!(status(&answer), 422, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_wire_a_megabyte_of_cookies_or_address_is_refused_before_it_reaches_us() {
    let app = TestApp::new();
    let address = listening(&app).await;
    for head in [
        format!(
            "GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: office={}\r\n\r\n",
            "x".repeat(1_048_576)
        ),
        format!("GET /{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "x".repeat(1_048_576)),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}\r\n", "X-A: b\r\n".repeat(50_000)),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The server may hang up while the rest is still being sent.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!([0, 400, 414, 431].contains(&status(&answer)), "{answer}");
    }
    let answer = exchange(address, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(), false).await;
    assert_eq!(status(&answer), 200, "and the next one is served");
}
