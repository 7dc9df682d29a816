//! Anybody may apply for any office. What a stranger cannot do with it: fill an office's mailboxes, or a desk.

use jiff::SignedDuration;
use uketsuke::audit;
use uketsuke::kernel::OfficeKey;
use uketsuke::notices;
use uketsuke::reissue::{self, Application};
use uketsuke::staff::Role;

use crate::support::browser::{Browser, Page};
use crate::support::reissue::NUMBER;
use crate::support::{TestApp, staff};

const OTHER: &str = "0770100010";

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// The warnings among the mails sent since the last look.
async fn warnings(app: &TestApp) -> usize {
    app.take_mails().await.iter().filter(|mail| mail.subject == "ログイン情報再発行申請がありました").count()
}

fn all(app: &TestApp, key: OfficeKey) -> Vec<Application> {
    app.app.store.read(|r| reissue::of_office(r, key, 99)).unwrap()
}

#[tokio::test]
async fn an_office_is_warned_of_applications_three_times_a_day_and_its_notices_tell_of_all() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let user = app.with_account(key, &["notice@example.jp", "security@example.jp"]).await;
    let other = app.in_ledger(7, OTHER).await;
    app.with_account(other, &["other@example.jp"]).await;
    for _ in 0..5 {
        app.applied(key, Some("stranger@example.jp")).await;
    }
    assert_eq!(warnings(&app).await, 3 * 2, "to both addresses");
    let told = app.app.store.read(|r| notices::of_office(r, user, 99)).unwrap();
    assert_eq!(told.len(), 5, "N-1 comes for each");
    let logged = app.app.store.read(|r| audit::about(r, &key.to_string(), 99)).unwrap();
    assert_eq!(logged.iter().filter(|entry| entry.action == "reissue.receive").count(), 5);
    app.applied(other, None).await;
    assert_eq!(warnings(&app).await, 1, "each office has its own");
    app.advance(hours(24));
    app.applied(key, None).await;
    assert_eq!(warnings(&app).await, 2, "the next day it is warned again");
}

/// A1 to A4 [送信] with an address of its own.
async fn send(app: &TestApp, browser: &mut Browser, n: u32) -> Page {
    let a4 = browser.apply_to_check(app, NUMBER, &format!("stranger-{n}@example.jp")).await;
    let shown = a4.value("shown").unwrap();
    browser.submit("/reissue/check", &[("shown", &shown)]).await
}

/// Believes what a proxy says of the address.
fn behind_a_proxy() -> TestApp {
    TestApp::with(|config| config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()])
}

/// A browser in a network of its own.
fn from(app: &TestApp, network: u32) -> Browser {
    let mut browser = app.browser();
    browser.headers.push(("X-Forwarded-For".to_owned(), format!("203.0.{network}.9")));
    browser
}

#[tokio::test]
async fn visitors_send_ten_applications_a_day_for_one_office_and_more_are_asked_to_telephone() {
    let app = behind_a_proxy();
    let key = app.in_ledger(7, NUMBER).await;
    for n in 0..10 {
        assert_eq!(send(&app, &mut from(&app, n), n).await.title(), "処理終了");
        app.take_mails().await;
    }
    app.advance(hours(23));
    let mut late = from(&app, 10);
    let written = app.app.store.counts().written;
    let page = send(&app, &mut late, 10).await;
    assert!(app.app.store.counts().written > written, "the flow is kept");
    assert_eq!(page.status.as_u16(), 422);
    assert!(page.title().contains("送信確認"), "{}", page.title());
    for part in ["申請を送信していません", "国保連合会へお電話ください", "0000-07-0000", "2026年1月21日 10時00分以降は"]
    {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    assert_eq!(all(&app, key).len(), 10);
    assert!(app.take_mails().await.is_empty(), "nothing was sent");
    app.advance(hours(1));
    assert_eq!(late.submit("/reissue/check", &[]).await.title(), "処理終了", "nothing that was typed is lost");
    assert_eq!(all(&app, key).len(), 11);
    app.take_mails().await;
}

#[tokio::test]
async fn q22_one_network_cannot_use_up_the_applications_of_an_office() {
    let app = behind_a_proxy();
    let key = app.in_ledger(7, NUMBER).await;
    let other = app.in_ledger(7, OTHER).await;
    for n in 0..3 {
        assert_eq!(send(&app, &mut from(&app, 1), n).await.title(), "処理終了");
        app.take_mails().await;
    }
    for n in 3..6 {
        let refused = send(&app, &mut from(&app, 1), n).await;
        assert!(refused.status.as_u16() == 422 && refused.says("国保連合会へお電話ください"), "{}", refused.text());
    }
    assert_eq!(send(&app, &mut from(&app, 2), 6).await.title(), "処理終了", "the office applies from elsewhere");
    assert_eq!(all(&app, key).len(), 4);
    from(&app, 1).apply_to_check(&app, OTHER, "head@example.jp").await;
    app.advance(hours(24));
    assert_eq!(send(&app, &mut from(&app, 1), 7).await.title(), "処理終了", "and the next day from there as well");
    assert!(all(&app, other).is_empty());
    app.take_mails().await;
}

#[tokio::test]
async fn q22_throwaway_addresses_do_not_close_the_form_to_an_address_that_is_registered() {
    let app = behind_a_proxy();
    let key = app.in_ledger(7, NUMBER).await;
    app.with_account(key, &["notice@example.jp", "security@example.jp"]).await;
    for n in 0..10 {
        assert_eq!(send(&app, &mut from(&app, n), n).await.title(), "処理終了");
        app.take_mails().await;
    }
    assert_eq!(send(&app, &mut from(&app, 11), 11).await.status.as_u16(), 422, "used up");
    for (n, registered) in (12..).zip(["Security@example.jp", "notice@example.jp"]) {
        let mut own = from(&app, n);
        let shown = own.apply_to_check(&app, NUMBER, registered).await.value("shown").unwrap();
        assert_eq!(own.submit("/reissue/check", &[("shown", &shown)]).await.title(), "処理終了", "{registered}");
        app.take_mails().await;
    }
    assert_eq!(all(&app, key).len(), 12);
}

#[tokio::test]
async fn applications_with_a_registered_address_have_a_cap_of_their_own() {
    let app = TestApp::with(|config| config.limits.applications_per_office_day = 1);
    let key = app.in_ledger(7, NUMBER).await;
    app.with_account(key, &["notice@example.jp"]).await;
    for status in [200, 422] {
        let mut own = app.browser();
        let shown = own.apply_to_check(&app, NUMBER, "notice@example.jp").await.value("shown").unwrap();
        assert_eq!(own.submit("/reissue/check", &[("shown", &shown)]).await.status.as_u16(), status);
        app.take_mails().await;
    }
}

#[tokio::test]
async fn the_desk_takes_in_as_many_as_come() {
    let app = TestApp::with(|config| config.limits.applications_per_office_day = 1);
    let key = app.in_ledger(7, NUMBER).await;
    let other = app.in_ledger(7, OTHER).await;
    send(&app, &mut app.browser(), 0).await;
    app.take_mails().await;
    assert_eq!(send(&app, &mut app.browser(), 1).await.status.as_u16(), 422);
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    for _ in 0..2 {
        let form = clerk.get(&format!("/staff/applications/new?q={NUMBER}")).await.value("form").unwrap();
        let fields = [("office", NUMBER), ("form", form.as_str()), ("channel", "telephone"), ("note", "折り返しで確認")];
        let page = clerk.post("/staff/applications/new", &fields).await;
        assert!(page.location().is_some_and(|place| place.ends_with("?done=entered")), "{}", page.text());
    }
    assert_eq!(all(&app, key).len(), 3);
    let page = app.browser().apply_to_check(&app, OTHER, "other@example.jp").await;
    assert!(page.title().contains("送信確認") && all(&app, other).is_empty());
}
