//! Quality bar 21: an unknown ID, a wrong password and an account locked for strangers answer alike at the same cost.

use jiff::SignedDuration;

use crate::support::TestApp;
use crate::support::browser::Page;
use crate::support::office::{NOBODY, PASSWORD, TEMPORARY, USER};
use crate::support::reissue::{CONTACT, NUMBER, office};

/// What one try cost: rows read, rows written, commits, argon2 runs.
type Cost = (u64, u64, u64, u64);

async fn cost_of(app: &TestApp, user_id: &str, password: &str) -> (Page, Cost) {
    let mut browser = app.browser();
    browser.get("/login").await;
    let (before, hashes) = (app.app.store.counts(), app.app.hasher.count());
    let page = browser.post("/login", &[("user_id", user_id), ("password", password)]).await;
    let after = app.app.store.counts();
    let cost = (
        after.read - before.read,
        after.written - before.written,
        after.commits - before.commits,
        app.app.hasher.count() - hashes,
    );
    (page, cost)
}

/// Body and headers, byte by byte, but for what differs from one request to the next: the token of the form, the browser's cookie, and
/// what was typed.
pub fn bytes_of(page: &Page, typed: &[&str]) -> (String, Vec<(String, String)>) {
    let token = page.value("_csrf").expect("a form");
    let mut body = page.body.replace(&token, "TOKEN");
    for typed in typed {
        body = body.replace(&format!("value=\"{typed}\""), "value=\"TYPED\"");
    }
    let headers = page.headers.iter().map(|(name, value)| {
        let value = value.to_str().unwrap();
        let shown = if name == "set-cookie" { value.split_once(';').unwrap().1 } else { value };
        (name.to_string(), shown.to_owned())
    });
    (body, headers.collect())
}

#[tokio::test]
async fn q21_a_number_of_another_and_one_never_given_out_are_one_answer_at_one_cost() {
    let app = TestApp::new();
    let one = app.applied(office(13, NUMBER), Some(CONTACT)).await;
    app.take_mails().await;
    let number = one.number.to_string();
    let (other, mut answers) = ("somebody@example.jp", Vec::new());
    for typed in [number.as_str(), "U202601000099", "U209901000001", "U20260100000"] {
        let mut browser = app.browser();
        browser.get("/status").await;
        let before = app.app.store.counts();
        let page = browser.post("/status", &[("control_number", typed), ("contact", other)]).await;
        let after = app.app.store.counts();
        assert_eq!(page.status, 422);
        answers.push((bytes_of(&page, &[typed, other]), after.written - before.written, after.commits - before.commits));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

#[tokio::test]
async fn q21_unknown_wrong_expired_and_locked_for_strangers_are_one_answer_at_one_cost() {
    let app = TestApp::new();
    app.office(USER).await;
    let locked = app.office("KJ071311111111").await;
    for _ in 0..30 {
        app.browser().log_in(&locked.to_string(), "wrong").await;
    }
    let expired = app.office("KJ131313333333").await;
    app.letter(expired).await;
    app.change_account(expired, |account| {
        if let Some(temporary) = &mut account.temporary {
            temporary.expires -= SignedDuration::from_hours(24 * 31);
        }
    })
    .await;
    let disabled = app.office("KJ131314444444").await;
    app.change_account(disabled, |account| account.password_disabled = true).await;
    let suspended = app.office("KJ131315555555").await;
    app.change_account(suspended, |account| account.suspended = true).await;

    let (first, cost) = cost_of(&app, USER, "wrong").await;
    assert_eq!(first.status, 422);
    assert_eq!(cost.3, 1, "exactly one argon2");
    for (user_id, password) in [
        (NOBODY, "wrong"),
        (&locked.to_string(), "wrong"),
        (&locked.to_string(), PASSWORD),
        (&expired.to_string(), TEMPORARY),
        (&expired.to_string(), "wrong"),
        (&disabled.to_string(), PASSWORD),
        (&suspended.to_string(), PASSWORD),
    ] {
        let (page, also) = cost_of(&app, user_id, password).await;
        assert_eq!(page.status, first.status, "{user_id}");
        assert_eq!(also, cost, "{user_id}: rows read, written, commits, hashes");
        assert_eq!(bytes_of(&page, &[user_id]), bytes_of(&first, &[USER]), "{user_id}");
    }
}

#[tokio::test]
async fn a_login_costs_one_argon2_whether_a_letter_is_out_or_not() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let (_, without) = cost_of(&app, USER, PASSWORD).await;
    app.letter(user_id).await;
    let (page, with) = cost_of(&app, USER, PASSWORD).await;
    assert_eq!((page.location(), with.3, without.3), (Some("/office"), 1, 1), "the old password works until the letter is used");
    let (page, by_letter) = cost_of(&app, USER, TEMPORARY).await;
    assert_eq!((page.location(), by_letter.3), (Some("/first-login"), 1));
    app.take_mails().await;
}

#[tokio::test]
async fn empty_fields_are_said_at_once_and_cost_nothing() {
    let app = TestApp::new();
    let (page, cost) = cost_of(&app, " ", "").await;
    assert_eq!((page.status.as_u16(), cost.1, cost.3), (422, 0, 0));
    assert!(page.says("ユーザIDを入力してください。") && page.says("パスワードを入力してください。"));
}
