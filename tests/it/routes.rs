//! The table of routes: nothing is open by accident.

use uketsuke::routes::{Row, Who, rows};
use uketsuke::security::sessions::{self, Subject};
use uketsuke::staff::Role;

use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::office::{PASSWORD, USER};
use crate::support::staff::staff;

/// Every path that a visitor may call. A new public route must be written down here by hand.
const PUBLIC: &[&str] = &[
    "GET /",
    "GET /assets/*path",
    "GET /healthz",
    "GET /login",
    "GET /login/code",
    "GET /login/device",
    "GET /login/device/code",
    "GET /login/device/done",
    "GET /login/passkey",
    "GET /lost",
    "GET /notices/:id",
    "GET /portal",
    "GET /portal/contact",
    "GET /portal/contact/check",
    "GET /portal/contact/content",
    "GET /portal/contact/done",
    "GET /portal/login",
    "GET /portal/login/otp",
    "GET /portal/login/otp/delivery",
    "GET /portal/login/passkey",
    "GET /portal/lost",
    "GET /portal/lost/done",
    "GET /portal/lost/otp",
    "GET /portal/lost/password",
    "GET /portal/register",
    "GET /portal/register/check",
    "GET /portal/register/done",
    "GET /portal/register/no-address",
    "GET /portal/register/otp",
    "GET /portal/register/otp/delivery",
    "GET /portal/register/security-code",
    "GET /portal/register/user",
    "GET /readyz",
    "GET /reissue",
    "GET /reissue/check",
    "GET /reissue/code",
    "GET /reissue/code/delivery",
    "GET /reissue/done",
    "GET /reissue/prefecture",
    "GET /reset",
    "GET /reset/code",
    "GET /reset/done",
    "GET /reset/password",
    "GET /reset/prefecture",
    "GET /staff/enrol",
    "GET /staff/enrol/app",
    "GET /staff/enrol/done",
    "GET /staff/login",
    "GET /staff/login/code",
    "GET /staff/login/passkey",
    "GET /status",
    "GET /status/application",
    "GET /status/withdraw",
    "GET /status/withdraw/code",
    "GET /status/withdraw/delivery",
    "GET /status/withdraw/done",
    "POST /login",
    "POST /login/code",
    "POST /login/device",
    "POST /login/device/code",
    "POST /login/device/code/resend",
    "POST /login/passkey",
    "POST /login/passkey/begin",
    "POST /logout",
    "POST /lost",
    "POST /portal/contact",
    "POST /portal/contact/check",
    "POST /portal/contact/content",
    "POST /portal/login",
    "POST /portal/login/otp",
    "POST /portal/login/otp/resend",
    "POST /portal/login/passkey",
    "POST /portal/login/passkey/begin",
    "POST /portal/logout",
    "POST /portal/lost",
    "POST /portal/lost/otp",
    "POST /portal/lost/otp/resend",
    "POST /portal/lost/password",
    "POST /portal/register",
    "POST /portal/register/check",
    "POST /portal/register/otp",
    "POST /portal/register/otp/resend",
    "POST /portal/register/security-code",
    "POST /portal/register/user",
    "POST /reissue",
    "POST /reissue/check",
    "POST /reissue/code",
    "POST /reissue/code/resend",
    "POST /reissue/number",
    "POST /reissue/prefecture",
    "POST /reset",
    "POST /reset/code",
    "POST /reset/code/resend",
    "POST /reset/number",
    "POST /reset/password",
    "POST /reset/prefecture",
    "POST /staff/enrol",
    "POST /staff/enrol/app",
    "POST /staff/login",
    "POST /staff/login/code",
    "POST /staff/login/passkey",
    "POST /staff/login/passkey/begin",
    "POST /staff/logout",
    "POST /status",
    "POST /status/withdraw",
    "POST /status/withdraw/code",
    "POST /status/withdraw/resend",
];

/// Every other path with whom it admits. The matrix takes this from the table itself, so a row that is opened further must be opened
/// here by hand as well.
const GUARDED: &[(&str, &str)] = &[
    ("GET /first-login", "FirstLogin"),
    ("GET /first-login/address", "FirstLogin"),
    ("GET /first-login/address/code", "FirstLogin"),
    ("GET /first-login/address/code/delivery", "FirstLogin"),
    ("GET /first-login/address/done", "FirstLogin"),
    ("GET /first-login/addresses", "FirstLogin"),
    ("GET /first-login/done", "FirstLogin"),
    ("GET /first-login/mail", "FirstLogin"),
    ("GET /first-login/mail/done", "FirstLogin"),
    ("GET /first-login/password", "FirstLogin"),
    ("GET /first-login/terms", "FirstLogin"),
    ("GET /first-login/warning", "FirstLogin"),
    ("GET /office", "Office"),
    ("GET /office/inquiries", "Office"),
    ("GET /office/inquiries/:number", "Office"),
    ("GET /office/notices/:notice", "Office"),
    ("GET /office/portal", "Office"),
    ("GET /office/user", "Office"),
    ("GET /office/user/addresses", "Office"),
    ("GET /office/user/addresses/code", "Office"),
    ("GET /office/user/addresses/code/delivery", "Office"),
    ("GET /office/user/addresses/done", "Office"),
    ("GET /office/user/addresses/edit", "Office"),
    ("GET /office/user/addresses/otp", "Office"),
    ("GET /office/user/addresses/otp/delivery", "Office"),
    ("GET /office/user/code", "Office"),
    ("GET /office/user/code/app", "Office"),
    ("GET /office/user/code/done", "Office"),
    ("GET /office/user/code/remove", "Office"),
    ("GET /office/user/devices", "Office"),
    ("GET /office/user/mail", "Office"),
    ("GET /office/user/mail/done", "Office"),
    ("GET /office/user/passkeys", "Office"),
    ("GET /office/user/passkeys/new", "Office"),
    ("GET /office/user/password", "Office"),
    ("GET /office/user/password/done", "Office"),
    ("GET /portal/first", "PortalStep"),
    ("GET /portal/first/password", "PortalStep"),
    ("GET /portal/first/place", "PortalStep"),
    ("GET /portal/first/terms", "PortalStep"),
    ("GET /portal/my", "Portal"),
    ("GET /portal/my/devices", "Portal"),
    ("GET /portal/my/mail", "Portal"),
    ("GET /portal/my/mail/code", "Portal"),
    ("GET /portal/my/mail/code/delivery", "Portal"),
    ("GET /portal/my/mail/done", "Portal"),
    ("GET /portal/my/mail/otp", "Portal"),
    ("GET /portal/my/mail/otp/delivery", "Portal"),
    ("GET /portal/my/passkeys", "Portal"),
    ("GET /portal/my/passkeys/new", "Portal"),
    ("GET /portal/my/password", "Portal"),
    ("GET /portal/my/password/done", "Portal"),
    ("GET /portal/my/profile", "Portal"),
    ("GET /portal/my/steps", "Portal"),
    ("GET /portal/my/users/:member", "Portal"),
    ("GET /portal/my/users/check", "Portal"),
    ("GET /portal/my/users/done", "Portal"),
    ("GET /portal/my/users/new", "Portal"),
    ("GET /staff", "AnyStaff"),
    ("GET /staff/applications", "Staff(Clerk)"),
    ("GET /staff/applications/:number", "Staff(Clerk)"),
    ("GET /staff/applications/:number/decision", "Staff(Clerk)"),
    ("GET /staff/applications/count", "Staff(Clerk)"),
    ("GET /staff/applications/new", "Staff(Clerk)"),
    ("GET /staff/ledger", "Staff(Clerk)"),
    ("GET /staff/ledger/:number", "Staff(Clerk)"),
    ("GET /staff/ledger/:number/account", "Staff(Clerk)"),
    ("GET /staff/letters", "Staff(Clerk)"),
    ("GET /staff/letters/:id", "Staff(Clerk)"),
    ("GET /staff/letters/batches/:id", "Staff(Clerk)"),
    ("GET /staff/letters/posting", "Staff(Clerk)"),
    ("GET /staff/mails", "Staff(Clerk)"),
    ("GET /staff/passkeys", "AnyStaff"),
    ("GET /staff/passkeys/new", "AnyStaff"),
    ("GET /staff/portal", "Staff(Operator)"),
    ("GET /staff/portal/inquiries/:inquiry", "Staff(Operator)"),
    ("GET /staff/portal/institutions", "Staff(Operator)"),
    ("GET /staff/portal/institutions/:institution", "Staff(Operator)"),
    ("POST /first-login/address", "FirstLogin"),
    ("POST /first-login/address/code", "FirstLogin"),
    ("POST /first-login/address/code/resend", "FirstLogin"),
    ("POST /first-login/address/done", "FirstLogin"),
    ("POST /first-login/addresses", "FirstLogin"),
    ("POST /first-login/done", "FirstLogin"),
    ("POST /first-login/mail", "FirstLogin"),
    ("POST /first-login/mail/done", "FirstLogin"),
    ("POST /first-login/password", "FirstLogin"),
    ("POST /first-login/terms", "FirstLogin"),
    ("POST /first-login/warning", "FirstLogin"),
    ("POST /office/notices", "Office"),
    ("POST /office/notices/:notice", "Office"),
    ("POST /office/user/addresses/begin", "Office"),
    ("POST /office/user/addresses/code", "Office"),
    ("POST /office/user/addresses/code/resend", "Office"),
    ("POST /office/user/addresses/contact", "Office"),
    ("POST /office/user/addresses/edit", "Office"),
    ("POST /office/user/addresses/otp", "Office"),
    ("POST /office/user/addresses/otp/resend", "Office"),
    ("POST /office/user/code", "Office"),
    ("POST /office/user/code/app", "Office"),
    ("POST /office/user/code/remove", "Office"),
    ("POST /office/user/devices", "Office"),
    ("POST /office/user/mail", "Office"),
    ("POST /office/user/passkeys/begin", "Office"),
    ("POST /office/user/passkeys/new", "Office"),
    ("POST /office/user/passkeys/remove", "Office"),
    ("POST /office/user/password", "Office"),
    ("POST /portal/first/password", "PortalStep"),
    ("POST /portal/first/place", "PortalStep"),
    ("POST /portal/first/terms", "PortalStep"),
    ("POST /portal/my/devices", "Portal"),
    ("POST /portal/my/mail", "Portal"),
    ("POST /portal/my/mail/code", "Portal"),
    ("POST /portal/my/mail/code/resend", "Portal"),
    ("POST /portal/my/mail/otp", "Portal"),
    ("POST /portal/my/mail/otp/resend", "Portal"),
    ("POST /portal/my/passkeys/begin", "Portal"),
    ("POST /portal/my/passkeys/new", "Portal"),
    ("POST /portal/my/passkeys/remove", "Portal"),
    ("POST /portal/my/password", "Portal"),
    ("POST /portal/my/place", "Portal"),
    ("POST /portal/my/profile", "Portal"),
    ("POST /portal/my/users/:member", "Portal"),
    ("POST /portal/my/users/check", "Portal"),
    ("POST /portal/my/users/new", "Portal"),
    ("POST /portal/session/extend", "AnyPortal"),
    ("POST /session/extend", "AnyOffice"),
    ("POST /staff/applications/:number", "Staff(Clerk)"),
    ("POST /staff/applications/:number/decision", "Staff(Approver)"),
    ("POST /staff/applications/:number/mails/:mail", "Staff(Clerk)"),
    ("POST /staff/applications/new", "Staff(Clerk)"),
    ("POST /staff/federation", "AnyStaff"),
    ("POST /staff/ledger/:number/account", "Staff(Approver)"),
    ("POST /staff/ledger/:number/account/unlock", "Staff(Clerk)"),
    ("POST /staff/ledger/:number/disable-password", "Staff(Approver)"),
    ("POST /staff/ledger/:number/postal-code", "Staff(Clerk)"),
    ("POST /staff/letters/:id/reprint", "Staff(Clerk)"),
    ("POST /staff/letters/:id/return", "Staff(Clerk)"),
    ("POST /staff/letters/batches/:id/again", "Staff(Clerk)"),
    ("POST /staff/letters/batches/:id/pdf", "Staff(Clerk)"),
    ("POST /staff/letters/posting", "Staff(Clerk)"),
    ("POST /staff/letters/print", "Staff(Clerk)"),
    ("POST /staff/mails/:mail", "Staff(Clerk)"),
    ("POST /staff/passkeys/begin", "AnyStaff"),
    ("POST /staff/passkeys/new", "AnyStaff"),
    ("POST /staff/passkeys/remove", "AnyStaff"),
    ("POST /staff/portal/inquiries/:inquiry", "Staff(Operator)"),
    ("POST /staff/portal/institutions/:institution/members/:member", "Staff(Operator)"),
    ("POST /staff/session", "AnyStaff"),
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
fn q41_the_guarded_routes_admit_these_and_nobody_else() {
    let mut found: Vec<_> =
        rows().iter().filter(|row| !is_public(row)).map(|row| (name(row), format!("{:?}", row.who))).collect();
    found.sort();
    let found: Vec<_> = found.iter().map(|(name, who)| (name.as_str(), who.as_str())).collect();
    assert_eq!(found, GUARDED);
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
        let to_login = page
            .location()
            .is_some_and(|place| ["/login", "/staff/login", "/portal/login"].iter().any(|login| place.starts_with(login)));
        assert!(page.status.as_u16() == 303 && to_login, "{} answered {} {:?}", name(row), page.status, page.location());
    }
}

/// Posts to every row that `browser` may call, each time with a token that is not its own, and expects that nothing happens.
async fn refuses_foreign_tokens(app: &TestApp, browser: &mut Browser, which: impl Fn(&Row) -> bool) {
    let foreign = {
        let mut other = app.browser();
        other.get("/login").await.value("_csrf").unwrap()
    };
    let mut tried = 0;
    for row in rows().iter().filter(|row| row.method.as_str() == "POST" && which(row)) {
        for token in ["", "made-up", "1.AAAA", foreign.as_str()] {
            let before = app.app.store.counts().written;
            let page = browser.post(&sample(row.path), &[("_csrf", token)]).await;
            // A path whose parts do not fit may be refused before its form is read.
            let unknown = row.path.contains(':') && page.status.as_u16() == 404;
            assert!(page.status.as_u16() == 403 || unknown, "{} answered {} to {token:?}", name(row), page.status);
            assert_eq!(app.app.store.counts().written, before, "{}", name(row));
            tried += 1;
        }
    }
    assert!(tried > 0);
}

#[tokio::test]
async fn q35_a_visitors_form_with_a_foreign_token_is_refused() {
    let app = TestApp::new();
    let mut browser = app.browser();
    assert!(browser.get("/login").await.value("_csrf").is_some(), "the browser has its cookie");
    // Without a session there is nothing to end by logging out.
    refuses_foreign_tokens(&app, &mut browser, |row| is_public(row) && !row.path.ends_with("/logout")).await;
}

#[tokio::test]
async fn q35_a_form_of_staff_with_a_foreign_token_is_refused() {
    let app = TestApp::new();
    let mut browser = staff(&app, "山田", Role::Admin, 7).await;
    refuses_foreign_tokens(&app, &mut browser, |row| row.path.starts_with("/staff/") && !is_public(row)).await;
    assert_eq!(browser.get("/staff").await.status.as_u16(), 200, "still logged in");
}

#[tokio::test]
async fn q35_a_form_of_an_office_with_a_foreign_token_is_refused() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    refuses_foreign_tokens(&app, &mut browser, |row| matches!(row.who, Who::AnyOffice | Who::Office) || row.path == "/logout")
        .await;
    assert_eq!(browser.get("/office").await.status.as_u16(), 200, "still logged in");
}

#[tokio::test]
async fn q35_a_form_of_a_portal_user_with_a_foreign_token_is_refused() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    browser.get("/login").await;
    browser.portal(&app, &main.user, &main.member).await;
    refuses_foreign_tokens(&app, &mut browser, |row| matches!(row.who, Who::AnyPortal | Who::Portal)).await;
    assert!(app.app.store.read(|r| sessions::list(r, Subject::Portal(main.user.id))).unwrap().len() == 1, "still logged in");
}

#[tokio::test]
async fn q37_every_page_carries_the_security_headers() {
    let app = TestApp::with(|config| config.server.public_url = "https://uketsuke.example.jp".parse().unwrap());
    let mut browser = app.browser();
    for row in rows().iter().filter(|row| row.method.as_str() == "GET") {
        let page = browser.get(&sample(row.path)).await;
        let header = |name: &str| page.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!(header("x-content-type-options"), "nosniff", "{}", name(row));
        assert_eq!(header("x-frame-options"), "DENY", "{}", name(row));
        assert!(header("strict-transport-security").contains("max-age=63072000"), "{}", name(row));
        assert!(header("cache-control").contains("no-store") || row.path.starts_with("/assets"), "{}", name(row));
        let csp = header("content-security-policy");
        assert!(csp.contains("default-src 'none'") && !csp.contains("unsafe"), "{}: {csp}", name(row));
    }
}

#[tokio::test]
async fn q29_cookies_are_bound_to_the_host_and_hidden_from_scripts() {
    let app = TestApp::with(|config| config.server.public_url = "https://uketsuke.example.jp".parse().unwrap());
    let page = app.browser().get("/login").await;
    let cookie = page.headers.get("set-cookie").unwrap().to_str().unwrap().to_owned();
    for part in ["__Host-", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
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

#[tokio::test]
async fn a_path_asked_for_in_another_way_says_which_ways_there_are() {
    let app = TestApp::new();
    let mut browser = app.browser();
    let table = rows();
    for row in &table {
        let has = |method: &str| table.iter().any(|other| other.path == row.path && other.method.as_str() == method);
        let allowed = match (has("GET"), has("POST")) {
            (true, true) => "GET, HEAD, POST",
            (true, false) => "GET, HEAD",
            _ => "POST",
        };
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
            if allowed.split(", ").any(|one| one == method) {
                continue;
            }
            let page = browser.raw(method.parse().unwrap(), &sample(row.path), &[], poem::Body::empty()).await;
            assert_eq!(page.status.as_u16(), 405, "{method} {}", row.path);
            assert_eq!(page.headers["allow"], allowed, "{method} {}", row.path);
            assert!(method == "HEAD" || page.says("この画面は直接開けません"), "{}", page.text());
        }
    }
    assert_eq!(browser.raw("PUT".parse().unwrap(), "/nowhere", &[], poem::Body::empty()).await.status.as_u16(), 404);
}
