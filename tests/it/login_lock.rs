//! The lock-out rules of spec 2, as a visitor meets them.

use jiff::SignedDuration;
use uketsuke::audit;

use crate::support::TestApp;
use crate::support::browser::Page;
use crate::support::office::{NOBODY, PASSWORD, TEMPORARY, USER};

const LOCKED: u16 = 429;
const REFUSED: u16 = 422;

fn entered(page: &Page) -> bool {
    page.status == 303
}

/// `n` wrong tries, each from another browser.
async fn strangers(app: &TestApp, user_id: &str, n: usize) {
    for _ in 0..n {
        assert!(!entered(&app.browser().log_in(user_id, "wrong-password-1").await));
    }
}

#[tokio::test]
async fn three_wrong_logins_lock_the_account_for_this_device_for_30_minutes() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    for _ in 0..2 {
        assert_eq!(browser.log_in(USER, "wrong").await.status, REFUSED);
    }
    let third = browser.log_in(USER, "wrong").await;
    assert_eq!(third.status, LOCKED);
    assert!(third.says("あと 30分00秒"), "{}", third.text());
    assert_eq!(third.headers["retry-after"], "1801");
    app.advance(SignedDuration::from_mins(29));
    let still = browser.log_in(USER, PASSWORD).await;
    assert_eq!(still.status, LOCKED, "the right password does not open a locked device");
    assert!(still.says("あと 1分00秒"), "{}", still.text());
    app.advance(SignedDuration::from_mins(1));
    assert!(entered(&browser.log_in(USER, PASSWORD).await));
}

#[tokio::test]
async fn the_lock_is_for_one_account_and_one_device() {
    let app = TestApp::new();
    app.office(USER).await;
    app.office("KJ071311111111").await;
    let mut browser = app.browser();
    for _ in 0..3 {
        browser.log_in(USER, "wrong").await;
    }
    assert!(entered(&app.browser().log_in(USER, PASSWORD).await), "another device");
    assert!(entered(&browser.log_in("KJ071311111111", PASSWORD).await), "another account");
}

#[tokio::test]
async fn an_unlock_ends_the_locks_of_all_devices_of_one_account() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let (mut locked, mut other) = (app.browser(), app.browser());
    for _ in 0..3 {
        locked.log_in(USER, "wrong").await;
        other.log_in(NOBODY, "wrong").await;
    }
    strangers(&app, USER, 27).await;
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status, REFUSED, "strangers are refused");
    let keys = app.app.keys.clone();
    assert!(app.write(move |tx| uketsuke::login::unlock(tx, &keys, user_id)).await > 2);
    assert!(entered(&locked.log_in(USER, PASSWORD).await) && entered(&app.browser().log_in(USER, PASSWORD).await));
    assert_eq!(other.log_in(NOBODY, "wrong").await.status, LOCKED, "what is counted of others stays");
    let keys = app.app.keys.clone();
    let known = app.write(move |tx| uketsuke::login::unlock(tx, &keys, user_id)).await;
    assert!(known <= 1, "{known}");
}

#[tokio::test]
async fn the_typed_id_is_counted_in_any_spelling() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    for spelling in [USER, "kj131311111111", "ＫＪ13-1311111111 "] {
        browser.log_in(spelling, "wrong").await;
    }
    assert_eq!(browser.log_in(USER, PASSWORD).await.status, LOCKED);
}

#[tokio::test]
async fn an_id_that_does_not_exist_counts_down_as_well() {
    let app = TestApp::new();
    for typed in [NOBODY, "no user id at all"] {
        let mut browser = app.browser();
        for _ in 0..2 {
            assert_eq!(browser.log_in(typed, "wrong").await.status, REFUSED);
        }
        assert_eq!(browser.log_in(typed, "wrong").await.status, LOCKED);
        assert!(browser.log_in(typed, "wrong").await.says("ログインを一時的に停止しています"));
    }
}

#[tokio::test]
async fn a_right_login_forgets_the_wrong_ones_before_it() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    for _ in 0..3 {
        for _ in 0..2 {
            assert_eq!(browser.log_in(USER, "wrong").await.status, REFUSED);
        }
        assert!(entered(&browser.log_in(USER, PASSWORD).await));
        browser.get("/office").await;
        browser.post("/logout", &[]).await;
    }
}

#[tokio::test]
async fn q22_strangers_lock_out_unknown_devices_and_never_a_known_one() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut known = app.browser();
    assert!(entered(&known.log_in(USER, PASSWORD).await));
    known.get("/office").await;
    known.post("/logout", &[]).await;
    strangers(&app, USER, 30).await;
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status, REFUSED, "unknown devices are refused");
    assert!(entered(&known.log_in(USER, PASSWORD).await), "a device that has logged in before is not");
    app.advance(SignedDuration::from_mins(61));
    assert!(entered(&app.browser().log_in(USER, PASSWORD).await), "the hour is over");
}

#[tokio::test]
async fn q22_a_temporary_password_enters_even_then() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    app.letter(user_id).await;
    strangers(&app, USER, 30).await;
    let page = app.browser().log_in(USER, TEMPORARY).await;
    assert_eq!(page.location(), Some("/first-login"));
    app.take_mails().await;
}

#[tokio::test]
async fn a_known_device_is_locked_by_its_own_failures_only() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut known = app.browser();
    known.log_in(USER, PASSWORD).await;
    known.get("/office").await;
    known.post("/logout", &[]).await;
    for _ in 0..3 {
        known.log_in(USER, "wrong").await;
    }
    assert_eq!(known.log_in(USER, PASSWORD).await.status, LOCKED);
    assert!(entered(&app.browser().log_in(USER, PASSWORD).await), "which do not count among strangers' either");
}

#[tokio::test]
async fn a_made_up_device_cookie_is_as_good_as_none() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut known = app.browser();
    known.log_in(USER, PASSWORD).await;
    let cookie = known.cookies["device"].clone();
    strangers(&app, USER, 30).await;
    for forged in [cookie.replace(".1.", ".2."), cookie[..cookie.len() - 2].to_owned(), "x".to_owned()] {
        let mut browser = app.browser();
        browser.cookies.insert("device".to_owned(), forged);
        assert_eq!(browser.log_in(USER, PASSWORD).await.status, REFUSED);
    }
}

#[tokio::test]
async fn q16_100_wrong_tries_in_a_row_refuse_strangers_and_q22_never_for_longer_than_a_day() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut known = app.browser();
    known.log_in(USER, PASSWORD).await;
    known.get("/office").await;
    known.post("/logout", &[]).await;
    for _ in 0..4 {
        strangers(&app, USER, 25).await;
        app.advance(SignedDuration::from_mins(61));
    }
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status, REFUSED, "100 in a row, whatever the hour");
    app.advance(SignedDuration::from_hours(22));
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status, REFUSED, "refused tries do not count");
    assert!(entered(&known.log_in(USER, PASSWORD).await), "a device that has logged in before is not refused");
    assert!(entered(&app.browser().log_in(USER, PASSWORD).await), "somebody has entered: the run is over");
    for _ in 0..4 {
        strangers(&app, USER, 25).await;
        app.advance(SignedDuration::from_mins(61));
    }
    app.advance(SignedDuration::from_hours(22));
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status, REFUSED);
    app.advance(SignedDuration::from_hours(1));
    assert!(entered(&app.browser().log_in(USER, PASSWORD).await), "a day without a counted try ends the run as well");
}

#[tokio::test]
async fn parallel_tries_do_not_slip_past_the_count() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    browser.get("/login").await;
    let tries = (0..8).map(|_| {
        let mut one = browser.clone();
        async move { one.post("/login", &[("user_id", USER), ("password", "wrong")]).await.status }
    });
    let all = futures_util::future::join_all(tries).await;
    assert_eq!(app.app.hasher.count(), 3 + 1, "three hashes for eight tries, and the one that made the account");
    assert_eq!(all.iter().filter(|status| **status == REFUSED).count(), 2);
}

#[tokio::test]
async fn limits_come_from_the_configuration() {
    let app = TestApp::with(|config| {
        config.lockout.failures = 2;
        config.lockout.minutes = 5;
    });
    app.office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, "wrong").await;
    assert!(browser.log_in(USER, "wrong").await.says("あと 5分00秒"));
    app.advance(SignedDuration::from_mins(5));
    assert!(entered(&browser.log_in(USER, PASSWORD).await));
}

#[tokio::test]
async fn q45_every_outcome_is_in_the_log_without_a_secret() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = app.browser();
    for password in ["wrong-Secret-1", PASSWORD] {
        browser.log_in(USER, password).await;
    }
    browser.get("/office").await;
    browser.post("/logout", &[]).await;
    app.browser().log_in(NOBODY, "wrong-Secret-2").await;
    let mut locked = app.browser();
    for _ in 0..6 {
        locked.log_in(USER, "wrong-Secret-3").await;
    }
    let about = |subject: String| app.app.store.read(|r| audit::about(r, &subject, 50)).unwrap();
    let told = |entries: &[audit::Entry]| -> Vec<_> {
        entries.iter().rev().map(|entry| format!("{} {}", entry.action, entry.outcome)).collect()
    };
    let entries = about(user_id.to_string());
    let wrong = "login.try wrong";
    assert_eq!(
        told(&entries),
        [wrong, "login.try entered", wrong, wrong, wrong, "login.try device_locked"],
        "a lock is told once"
    );
    let of_office = about(user_id.office().to_string());
    assert_eq!(told(&of_office), ["login.try entered", "login.logout done"], "refused tries lie under the user ID");
    assert!(entries.iter().all(|entry| entry.details["client"] == "127.0.0.1"));
    let everything = format!("{entries:?}");
    assert!(!everything.contains("Secret") && !everything.contains(PASSWORD));
    app.advance(SignedDuration::from_mins(31));
    for _ in 0..5 {
        locked.log_in(USER, "wrong-Secret-3").await;
    }
    let locks = about(user_id.to_string()).into_iter().filter(|entry| entry.outcome == "device_locked").count();
    assert_eq!(locks, 2, "the next lock is told as well");
}

#[tokio::test]
async fn a_network_tries_60_logins_in_five_minutes_and_more_cost_neither_a_hash_nor_a_write() {
    let app = TestApp::new();
    app.office(USER).await;
    let enrolled = app.app.hasher.count();
    let ids: Vec<String> = (0..60).map(|n| format!("unknown {n}")).collect();
    for (n, id) in ids.iter().enumerate() {
        if n % 2 == 0 {
            assert_eq!(app.browser().log_in(id, "wrong").await.status, REFUSED);
        } else {
            let mut browser = app.browser();
            browser.get("/staff/login").await;
            let name = format!("職員{n}");
            assert_eq!(browser.post("/staff/login", &[("name", &name), ("password", "wrong")]).await.status, REFUSED);
        }
    }
    assert_eq!(app.app.hasher.count(), enrolled + 60, "offices and staff share the bucket");
    let before = app.app.store.counts();
    let known = app.browser().log_in(USER, PASSWORD).await;
    let unknown = app.browser().log_in(NOBODY, "wrong").await;
    for page in [&known, &unknown] {
        assert_eq!(page.status, LOCKED);
        assert_eq!(page.headers["retry-after"], "6");
        assert!(page.says("お使いの回線から、短い時間に多くのログインが試みられました"), "{}", page.text());
    }
    assert_eq!(known.text(), unknown.text(), "nothing is told about the ID");
    let mut staff = app.browser();
    staff.get("/staff/login").await;
    assert_eq!(staff.post("/staff/login", &[("name", "職員"), ("password", "wrong")]).await.status, LOCKED);
    assert_eq!((app.app.hasher.count(), app.app.store.counts().written), (enrolled + 60, before.written));
    app.advance(SignedDuration::from_secs(5));
    assert!(entered(&app.browser().log_in(USER, PASSWORD).await), "one comes back every five seconds");
}
