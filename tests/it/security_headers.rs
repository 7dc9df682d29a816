//! Quality bar 36 and 37: every answer of every kind carries the security headers, errors, fragments, files and assets included.

use std::sync::Arc;

use poem::http::Method;
use poem::{Body, EndpointExt as _, handler};
use uketsuke::routes::{Row, Who, rows};
use uketsuke::staff::Role;
use uketsuke::store::Table;
use uketsuke::web::assets::asset_url;
use uketsuke::web::{Answer, Fault};

use crate::security_matrix::token_page;
use crate::support::browser::{Browser, Page};
use crate::support::office::USER;
use crate::support::world::{World, dump};
use crate::support::{TestApp, staff};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn header<'a>(page: &'a Page, name: &str) -> &'a str {
    let mut all = page.headers.get_all(name).iter();
    let first = all.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert!(all.next().is_none(), "{name} stands twice");
    first
}

/// What row 36 asks of the policy.
fn check_policy(page: &Page, what: &str) {
    let policy = header(page, "content-security-policy");
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{what}: {policy}");
    let directives: Vec<(&str, &str)> = policy.split(';').filter_map(|one| one.trim().split_once(' ')).collect();
    for (name, value) in [
        ("default-src", "'none'"),
        ("object-src", "'none'"),
        ("base-uri", "'none'"),
        ("frame-ancestors", "'none'"),
        ("form-action", "'self'"),
        ("script-src", "'self'"),
        ("style-src", "'self'"),
    ] {
        assert!(directives.contains(&(name, value)), "{what}: {name} in {policy}");
    }
}

/// What every answer carries.
fn check(page: &Page, what: &str, tls: bool) {
    check_policy(page, what);
    assert_eq!(header(page, "x-content-type-options"), "nosniff", "{what}");
    assert_eq!(header(page, "x-frame-options"), "DENY", "{what}");
    assert_eq!(header(page, "referrer-policy"), "same-origin", "{what}");
    let kept = header(page, "cache-control");
    let hashed = page.status == 200 && what.contains("/assets/");
    assert_eq!(kept, if hashed { "public, max-age=31536000, immutable" } else { "no-store" }, "{what}");
    let kind = header(page, "content-type");
    if kind.starts_with("text/") || kind.contains("javascript") || kind.contains("svg") {
        assert!(kind.ends_with("charset=utf-8"), "{what}: {kind}");
    } else {
        assert!(page.bytes.is_empty() || kind == "application/pdf", "{what}: a body of the kind {kind:?}");
    }
    let age = header(page, "strict-transport-security").strip_prefix("max-age=").map(|age| age.parse::<u64>().unwrap());
    assert_eq!(age.is_some(), tls, "{what}: HSTS with https and only then");
    assert!(age.is_none_or(|age| age >= 31_536_000), "{what}: a year at least");
    check_markup(page, what);
}

/// Nothing in the page that the policy would have to forgive.
fn check_markup(page: &Page, what: &str) {
    for wrong in ["<style", " style=\"", "javascript:", " onclick", " onload", " onerror", " onsubmit", " oninput"] {
        assert!(!page.body.contains(wrong) || !header(page, "content-type").starts_with("text/html"), "{what}: {wrong}");
    }
    for (at, _) in page.body.match_indices("<script") {
        assert!(
            page.body[at..].starts_with("<script src=\"/assets/") || page.body[at..].contains("src=\"/assets/"),
            "{what}: inline"
        );
    }
}

#[tokio::test]
async fn q36_q37_every_route_answers_everybody_with_the_security_headers() {
    let world = World::new().await;
    for mut person in world.people().await {
        let mut all = rows();
        all.sort_by_key(|row| row.path.ends_with("/logout"));
        for row in all {
            let path = world.of(person.at).path(row.path);
            let what = format!("{} {path} for {}", row.method, person.name);
            if row.method == "GET" {
                check(&person.browser.get(&path).await, &what, false);
                let head = person.browser.raw(Method::HEAD, &path, &[], Body::empty()).await;
                check(&head, &format!("HEAD {what}"), false);
                assert!(head.bytes.is_empty(), "{what}");
            } else {
                check(&person.browser.post(&path, &[("_csrf", "none")]).await, &what, false);
                person.browser.open(token_page(&path)).await;
                check(&person.browser.post(&path, &[]).await, &what, false);
            }
        }
    }
}

#[handler]
fn panics() -> Answer {
    panic!("the details of a failure")
}
#[handler]
fn fails() -> Answer {
    Err(Fault::internal("the details of a failure"))
}
#[handler]
fn is_busy() -> Answer {
    Err(Fault::Busy)
}

/// A browser at an installation that has rows which go wrong.
pub fn with_broken_rows(app: &TestApp) -> Browser {
    let more = vec![
        Row::get("/broken/panic", Who::Public, panics),
        Row::get("/broken/failure", Who::Public, fails),
        Row::get("/broken/busy", Who::Public, is_busy),
        Row::get("/staff/broken", Who::Public, fails),
    ];
    let endpoint = Arc::new(app.app.endpoint_with(more).boxed());
    Browser::new(endpoint, app.app.config.server.public_url.origin())
}

async fn every_error(app: &TestApp) -> Vec<(u16, Page)> {
    let mut browser = with_broken_rows(app);
    let form = |fields: &str| Body::from(fields.to_owned());
    browser.get("/login").await;
    let csrf = format!("_csrf={}", browser.csrf());
    let large = format!("{csrf}&user_id={}", "x".repeat(5_100_000));
    let mut answers = vec![
        (400, browser.raw(Method::POST, "/login", &[("content-type", "text/plain")], form(&csrf)).await),
        (403, browser.raw(Method::POST, "/login", &[FORM], form("_csrf=none")).await),
        (404, browser.get("/nowhere").await),
        (404, browser.get("/notices/zzz").await),
        (404, browser.get("/assets/nothing.css").await),
        (404, browser.get(&asset_url("css/app.css").replace(".css", ".map")).await),
        (404, browser.get("/staff/nowhere").await),
        (405, browser.raw(Method::PUT, "/login", &[FORM], form(&csrf)).await),
        (405, browser.raw(Method::DELETE, "/", &[], Body::empty()).await),
        (405, browser.raw(Method::POST, "/healthz", &[FORM], form(&csrf)).await),
        (405, browser.raw(Method::TRACE, "/office", &[], Body::empty()).await),
        (413, browser.raw(Method::POST, "/login", &[FORM], form(&large)).await),
        (422, browser.raw(Method::POST, "/login", &[FORM], form(&csrf)).await),
        (500, browser.get("/broken/panic").await),
        (500, browser.get("/broken/failure").await),
        (503, browser.get("/broken/busy").await),
        (503, browser.get("/readyz").await),
        (200, browser.post("/reissue/number", &[("number", "9")]).await),
    ];
    for _ in 0..2 {
        browser.log_in(USER, "wrong").await;
    }
    answers.push((429, browser.log_in(USER, "wrong").await));
    // A session row that cannot be read: the store fails before anybody is known.
    browser.cookies.insert(cookie(app, "office"), "broken".to_owned());
    let key: [u8; 32] = uketsuke::security::sessions::hash("broken");
    app.write(move |tx| tx.put(&Table::<[u8; 32], u32>::new("sessions"), &key, &1)).await;
    answers.push((500, browser.get("/login").await));
    answers
}

fn cookie(app: &TestApp, name: &str) -> String {
    if app.app.config.server.public_url.is_https() { format!("__Host-{name}") } else { name.to_owned() }
}

#[tokio::test]
async fn q36_q37_every_error_page_carries_the_security_headers() {
    for tls in [false, true] {
        let app = TestApp::with(|config| {
            if tls {
                config.server.public_url = "https://uketsuke.example.jp".parse().unwrap();
            }
        });
        for (place, (status, page)) in every_error(&app).await.into_iter().enumerate() {
            let what = format!("error {place}: {}", page.text());
            // A path that is there for another method is as good as none to a person.
            let alike = status == 405 && page.status == 404;
            assert!(page.status == status || alike, "{} instead of {status}: {what}", page.status);
            check(&page, &what, tls);
        }
    }
}

#[tokio::test]
async fn q37_with_https_every_route_tells_browsers_to_stay_with_it() {
    let app = TestApp::with(|config| config.server.public_url = "https://uketsuke.example.jp".parse().unwrap());
    let mut browser = app.browser();
    for row in rows() {
        let path = row.path.replace("*path", asset_url("css/app.css").trim_start_matches("/assets/")).replace(':', "");
        let what = format!("{} {path}", row.method);
        let page = if row.method == "GET" { browser.get(&path).await } else { browser.post(&path, &[]).await };
        check(&page, &what, true);
    }
}

#[tokio::test]
async fn q37_a_letter_and_a_live_fragment_are_kept_by_nobody() {
    let world = World::new().await;
    let mut clerk = staff(&world.app, "受付", Role::Clerk, 7).await;
    clerk.open("/staff").await;
    let pdf = clerk.post(&format!("/staff/letters/batches/{}/pdf", world.at07.batch), &[]).await;
    assert_eq!(header(&pdf, "content-type"), "application/pdf");
    check(&pdf, "a letter", false);
    clerk.headers.push(("HX-Request".to_owned(), "true".to_owned()));
    let count = clerk.get("/staff/applications/count").await;
    assert!(count.says("未処理"), "{}", count.text());
    check(&count, "a fragment", false);
}

/// Quality bar 35, first half: whoever only looks changes not one row.
#[tokio::test]
async fn q35_get_changes_not_one_row_for_anybody() {
    let world = World::new().await;
    let people = world.people().await;
    let before = dump(&world.app);
    for mut person in people {
        for row in rows().iter().filter(|row| row.method == "GET") {
            let path = world.of(person.at).path(row.path);
            for path in [format!("{path}?q=1&list=printed&state=all&page=2&token={}&done=x", "t".repeat(43)), path] {
                person.browser.get(&path).await;
                person.browser.raw(Method::HEAD, &path, &[], Body::empty()).await;
            }
        }
        assert_eq!(dump(&world.app), before, "{}", person.name);
    }
    assert!(before.len() > 50, "there was something to change: {}", before.len());
}

/// Quality bar 10: nowhere is a hint or a secret question asked for or shown.
#[tokio::test]
async fn q10_no_page_knows_hints_or_secret_questions() {
    let world = World::new().await;
    let mut seen = 0;
    for mut person in world.people().await {
        let mut waiting: Vec<String> = rows()
            .iter()
            .filter(|row| row.method == "GET" && row.path != "/assets/*path")
            .map(|row| world.of(person.at).path(row.path))
            .collect();
        let mut known = waiting.clone();
        while let Some(path) = waiting.pop() {
            let page = person.browser.open(&path).await;
            seen += 1;
            for word in ["秘密の質問", "ひみつの質問", "質問の答え", "ヒント", "合言葉", "旧姓", "母親", "ペットの名前"]
            {
                assert!(!page.body.contains(word), "{path}: {word}");
            }
            for (at, _) in page.body.match_indices("name=\"") {
                let name = page.body[at + 6..].split('"').next().unwrap();
                assert!(!name.contains("hint") && !name.contains("question") && !name.contains("answer"), "{path}: {name}");
            }
            // Links to pages of our own, each place once.
            for part in page.body.split("href=\"/").skip(1) {
                let link = format!("/{}", part.split(['"', '#']).next().unwrap().replace("&amp;", "&"));
                if !link.starts_with("/assets/") && !known.contains(&link) && known.len() < 400 {
                    known.push(link.clone());
                    waiting.push(link);
                }
            }
        }
    }
    assert!(seen > 300, "{seen}");
}
