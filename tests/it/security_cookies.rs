//! Cookies that are none of ours: garbage, those of another installation, and one sent twice.

use poem::Body;
use poem::http::Method;
use uketsuke::kernel::UserId;
use uketsuke::routes::{Who, rows};
use uketsuke::staff::Role;

use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::office::{PASSWORD, USER};
use crate::support::world::World;

/// What stands in a cookie of ours and was not put there by this installation.
fn garbage(foreign: &str) -> Vec<String> {
    vec![
        String::new(),
        "x".to_owned(),
        "=;=".to_owned(),
        "\"quoted\"".to_owned(),
        "%00%ff%0d%0a".to_owned(),
        "a.b.c".to_owned(),
        "1.1.1.1.1".to_owned(),
        "../../etc".to_owned(),
        "A".repeat(22),
        "A".repeat(43),
        "A".repeat(1_048_576),
        foreign.to_owned(),
        format!("{foreign}{foreign}"),
        foreign.chars().rev().collect(),
    ]
}

/// A browser that is logged in as office and as staff, in the middle of a flow, at another installation.
async fn at_another_installation() -> Browser {
    let mut world = World::new().await;
    world.app.may_leave_mails = true;
    let mut browser = crate::support::staff(&world.app, "管理者", Role::Admin, 7).await;
    browser.log_in(&UserId::of(world.at07.office).to_string(), PASSWORD).await;
    browser.apply(&world.at07.only_here.number.to_string(), "a@example.jp").await;
    browser.portal(&world.app, &world.at07.main.user, &world.at07.main.member).await;
    browser
}

#[tokio::test]
async fn cookies_of_nobody_or_of_another_installation_open_nothing_and_break_nothing() {
    let foreign = at_another_installation().await;
    let app = TestApp::seeded(2);
    app.office(USER).await;
    let names = ["browser", "office", "staff", "device", "flow", "enrolment", "portal"];
    for name in names {
        let theirs = foreign.cookies.get(name).cloned().unwrap_or_else(|| "A".repeat(43));
        for value in garbage(&theirs) {
            let mut browser = app.browser();
            browser.cookies.insert(name.to_owned(), value.clone());
            let short: String = value.chars().take(60).collect();
            for row in rows().iter().filter(|row| row.method == "GET" && !row.path.contains(['*', ':'])) {
                let page = browser.get(row.path).await;
                let status = page.status.as_u16();
                assert!([200, 303, 404].contains(&status) || row.path == "/readyz", "{name}={short} at {}: {status}", row.path);
                assert!(matches!(row.who, Who::Public | Who::Machine) || status == 303, "{name}={short} opens {}", row.path);
            }
        }
    }
    // All of them at once: still nobody, and whoever logs in is let in as from an unknown device.
    let mut browser = app.browser();
    browser.cookies = foreign.cookies.clone();
    assert_eq!(browser.open("/office").await.title(), "ログイン");
    assert_eq!(browser.open("/staff").await.title(), "職員ログイン");
    assert_eq!(browser.open("/reissue/code").await.title(), "ログイン情報再発行申請");
    let token = foreign.csrf().to_owned();
    assert_eq!(browser.post("/login", &[("_csrf", &token), ("user_id", USER), ("password", PASSWORD)]).await.status, 403);
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    assert_ne!(browser.cookies["device"], foreign.cookies["device"], "the device cookie of another installation is not taken");
}

#[tokio::test]
async fn a_cookie_sent_twice_counts_once_and_the_same_way_everywhere() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    let own = browser.cookies["office"].clone();
    let mut bare = app.browser();
    for (line, opens) in [
        (format!("office={own}; office=x"), true),
        (format!("office=x; office={own}"), false),
        (format!("office = {own}"), true),
        (format!("Office={own}"), false),
        (format!("office=\u{7f}; x=y; =; ;;; office={own}"), false),
    ] {
        let Ok(value) = poem::http::HeaderValue::from_str(&line) else { continue };
        let page = bare.raw(Method::GET, "/office", &[("cookie", value.to_str().unwrap())], Body::empty()).await;
        assert_eq!(page.status.as_u16() == 200, opens, "{line}");
        bare.cookies.clear();
    }
}
