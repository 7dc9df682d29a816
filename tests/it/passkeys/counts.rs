//! What a passkey neither ends nor forgets, and what it takes along when it goes.

use super::login::{REFUSED, ceremonies, from, house, with_passkey};
use super::{LIST, held, minutes};
use crate::support::TestApp;
use crate::support::office::{PASSWORD, USER};
use crate::support::passkey::Device;
use crate::support::world::dump;

#[tokio::test]
async fn q16_locks_for_passwords_do_not_stop_a_passkey_and_it_ends_none_of_them() {
    let app = TestApp::new();
    let (_, mut browser, mut device) = with_passkey(&app).await;
    for n in 1..=3 {
        let page = browser.log_in(USER, "wrong").await;
        assert_eq!(page.status == 429, n == 3, "the third locks, though a passkey has entered between: {}", page.text());
        assert_eq!(browser.enter_with(&mut device).await.location(), Some("/office"), "it is not stopped");
        browser.get("/office").await;
        browser.post("/logout", &[]).await;
    }
    assert_eq!(browser.log_in(USER, PASSWORD).await.status, 429);
}

#[tokio::test]
async fn q16_a_browser_that_a_passkey_entered_with_is_a_stranger_to_passwords() {
    let app = TestApp::with(|config| config.limits.login_tries_per_network_5min = 1_000);
    let (_, _, mut device) = with_passkey(&app).await;
    let most = app.app.config.lockout.unknown_device_per_hour;
    for _ in 0..=most {
        let mut fresh = app.browser();
        assert_eq!(fresh.enter_with(&mut device).await.location(), Some("/office"));
        fresh.get("/office").await;
        fresh.post("/logout", &[]).await;
        fresh.log_in(USER, "wrong").await;
    }
    let mut last = app.browser();
    last.enter_with(&mut device).await;
    last.get("/office").await;
    last.post("/logout", &[]).await;
    assert_ne!(last.log_in(USER, PASSWORD).await.location(), Some("/office"), "each new browser would have tries of its own");
}

#[tokio::test]
async fn q16_wrong_answers_in_sessions_of_a_passkey_keep_the_office_from_nothing() {
    let app = TestApp::with(|config| config.limits.login_tries_per_network_5min = 1_000);
    let (user, mut browser, mut device) = with_passkey(&app).await;
    for _ in 0..21 {
        let mut thief = app.browser();
        assert_eq!(thief.enter_with(&mut device).await.location(), Some("/office"));
        thief.get("/office/user/password").await;
        for _ in 0..5 {
            let fields =
                [("current_password", "wrong"), ("new_password", "Ame-no-hi-7ji"), ("new_password_again", "Ame-no-hi-7ji")];
            thief.post("/office/user/password", &fields).await;
        }
    }
    let id = held(&app, user)[0].id.to_string();
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    app.change_account(user, |account| account.security_mails.reverse()).await;
    browser.get(LIST).await;
    let page = browser.post(&format!("{LIST}/remove"), &[("passkey", &id)]).await;
    assert_eq!(page.location(), Some(format!("{LIST}?notice=removed").as_str()), "{}", page.text());
    browser.get("/office/user/password").await;
    let fields = [("current_password", PASSWORD), ("new_password", "Ame-no-hi-7ji"), ("new_password_again", "Ame-no-hi-7ji")];
    let page = browser.post("/office/user/password", &fields).await;
    assert_eq!(page.status.as_u16(), 303, "{}", page.text());
    app.take_mails().await;
}

#[tokio::test]
async fn a_passkey_that_is_removed_takes_the_sessions_along_that_it_has_opened() {
    let app = TestApp::new();
    let (user, mut browser, mut device) = with_passkey(&app).await;
    let mut lost = app.browser();
    lost.enter_with(&mut device).await;
    assert!(lost.get("/office").await.says("前回のログイン"));
    browser.log_in(USER, PASSWORD).await;
    browser.get(LIST).await;
    let id = held(&app, user)[0].id.to_string();
    browser.post(&format!("{LIST}/remove"), &[("passkey", &id)]).await;
    assert_eq!(lost.get("/office").await.location(), Some("/login?notice=ended"));
    assert_eq!(browser.get("/office").await.status.as_u16(), 200);
    app.take_mails().await;
}

#[tokio::test]
async fn q22_wrong_answers_of_a_device_of_ours_write_no_more_than_the_bucket_lets_through() {
    let app = house();
    let (_, browser, _) = with_passkey(&app).await;
    app.advance(minutes(1));
    let mut stranger = Device::new(&app, &serde_json::json!({ "user": { "id": "AAAA" } }));
    let before = entries(&app);
    for n in 0..40 {
        let mut from = from(&app, n);
        from.cookies.insert("device".to_owned(), browser.cookies["device"].clone());
        let page = from.enter_with(&mut stranger).await;
        assert!(page.status == 422 && page.says(REFUSED), "{}", page.text());
    }
    assert_eq!(entries(&app) - before, 10);
    assert_eq!(ceremonies(&app), 0, "each was used up all the same");
}

/// Entries of the log.
fn entries(app: &TestApp) -> usize {
    dump(app).iter().filter(|(table, ..)| *table == "audit").count()
}
