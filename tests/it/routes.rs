//! The table of routes: nothing is open by accident.

use uketsuke::routes::{Row, Who, rows};

use crate::support::TestApp;

/// Every path that a visitor may call. A new public route must be written down here by hand.
const PUBLIC: &[&str] = &[
    "GET /",
    "GET /assets/*path",
    "GET /healthz",
    "GET /login",
    "GET /lost",
    "GET /lost/telephone",
    "GET /notices/:id",
    "GET /readyz",
    "GET /reissue",
    "GET /reissue/check",
    "GET /reissue/code",
    "GET /reissue/code/delivery",
    "GET /reissue/done",
    "GET /reissue/prefecture",
    "GET /staff/enrol",
    "GET /staff/enrol/app",
    "GET /staff/enrol/done",
    "GET /staff/login",
    "GET /staff/login/code",
    "GET /status",
    "GET /status/application",
    "GET /status/withdraw",
    "GET /status/withdraw/code",
    "GET /status/withdraw/delivery",
    "POST /login",
    "POST /logout",
    "POST /lost",
    "POST /reissue",
    "POST /reissue/check",
    "POST /reissue/code",
    "POST /reissue/code/resend",
    "POST /reissue/number",
    "POST /reissue/prefecture",
    "POST /staff/enrol",
    "POST /staff/enrol/app",
    "POST /staff/login",
    "POST /staff/login/code",
    "POST /staff/logout",
    "POST /status",
    "POST /status/withdraw",
    "POST /status/withdraw/code",
    "POST /status/withdraw/resend",
];

fn name(row: &Row) -> String {
    format!("{} {}", row.method, row.path)
}

fn is_public(row: &Row) -> bool {
    matches!(row.who, Who::Public | Who::Machine)
}

/// A path that fits the pattern; the values need not exist.
fn sample(pattern: &str) -> String {
    pattern.split('/').map(|part| if part.starts_with([':', '*']) { "x" } else { part }).collect::<Vec<_>>().join("/")
}

#[test]
fn the_public_routes_are_these_and_no_others() {
    let mut found: Vec<String> = rows().iter().filter(|row| is_public(row)).map(name).collect();
    found.sort();
    assert_eq!(found, PUBLIC);
}

#[test]
fn no_row_stands_twice() {
    let mut names: Vec<String> = rows().iter().map(name).collect();
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[tokio::test]
async fn q41_without_login_no_guarded_route_opens() {
    let app = TestApp::new();
    for row in rows().iter().filter(|row| !is_public(row)) {
        let mut browser = app.browser();
        let page = match row.method.as_str() {
            "GET" => browser.get(&sample(row.path)).await,
            _ => browser.post(&sample(row.path), &[]).await,
        };
        let to_login = page.location().is_some_and(|place| place.starts_with("/login") || place.starts_with("/staff/login"));
        assert!(page.status.as_u16() == 303 && to_login, "{} answered {} {:?}", name(row), page.status, page.location());
    }
}

#[tokio::test]
async fn q35_every_post_without_our_token_is_refused() {
    let app = TestApp::new();
    for row in rows().iter().filter(|row| row.method.as_str() == "POST" && is_public(row)) {
        // Without a session there is nothing to end; with one it is refused (login tests).
        if row.path.ends_with("/logout") {
            continue;
        }
        let page = app.browser().post(&sample(row.path), &[("_csrf", "made-up")]).await;
        assert_eq!(page.status.as_u16(), 403, "{}", name(row));
    }
}

#[tokio::test]
async fn q35_a_form_from_another_origin_is_refused() {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.get("/login").await;
    browser.headers.push(("Origin".to_owned(), "https://elsewhere.example".to_owned()));
    assert_eq!(browser.post("/login", &[("user_id", "KJ131311111111"), ("password", "x")]).await.status.as_u16(), 403);
    browser.headers.clear();
    let page = browser.post("/login", &[("user_id", "KJ131311111111"), ("password", "x")]).await;
    assert_ne!(page.status.as_u16(), 403, "the same form from our own page");
}
