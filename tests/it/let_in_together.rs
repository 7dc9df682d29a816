//! Requests that were all let in before the first of them was written: what they found at the door need no longer be so.

use jiff::SignedDuration;
use uketsuke::accounts::SecurityCode;
use uketsuke::audit;
use uketsuke::kernel::{Secret, UserId};
use uketsuke::security::sessions::{self, Subject};
use uketsuke::staff::Role;
use uketsuke::store::{StoreError, Tx};

use crate::bad_input_twice::at_once;
use crate::first_login::{at_password, change};
use crate::security_code;
use crate::support::browser::{Browser, Page};
use crate::support::office::{NEW_PASSWORD, PASSWORD, TEMPORARY, USER, user};
use crate::support::reissue::{CONTACT, NUMBER, code_in};
use crate::support::world::dump;
use crate::support::{TestApp, staff};

/// Lets `requests` in while the writer is held with `first`, which is written before any of theirs.
pub async fn behind<T>(
    app: &TestApp,
    mut first: impl FnMut(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static,
    requests: impl Future<Output = T>,
) -> T {
    let (open, gate) = std::sync::mpsc::channel();
    let store = app.app.store.clone();
    let held = tokio::spawn(async move {
        store
            .write(move |tx| {
                gate.recv().ok();
                first(tx)
            })
            .await
    });
    tokio::task::yield_now().await;
    let release = async move {
        // There is one thread: each request comes as far as the writer within a few turns.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        open.send(()).unwrap();
    };
    let (answers, ()) = tokio::join!(requests, release);
    held.await.unwrap().unwrap();
    answers
}

pub fn nothing(_: &mut Tx<'_>) -> Result<(), StoreError> {
    Ok(())
}

pub fn end_sessions(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    sessions::end_all(tx, Subject::Office(user(USER))).map(drop)
}

pub fn to(pages: &[Page], path: &str) -> usize {
    pages.iter().filter(|page| page.location() == Some(path)).count()
}

fn sets_session(page: &Page) -> bool {
    page.headers.get_all("set-cookie").iter().any(|line| line.to_str().unwrap().starts_with("office="))
}

fn living_sessions(app: &TestApp) -> usize {
    dump(app).iter().filter(|(table, ..)| *table == "sessions").count()
}

pub fn recorded(app: &TestApp, user_id: UserId, action: &str) -> usize {
    let entries = app.app.store.read(|r| audit::about(r, &user_id.office().to_string(), 99)).unwrap();
    entries.iter().filter(|entry| entry.action == action).count()
}

/// At 【処理終了】 of the first login.
async fn at_end(app: &TestApp) -> Browser {
    let mut browser = at_password(app).await;
    let page = change(&mut browser, TEMPORARY, NEW_PASSWORD, NEW_PASSWORD).await;
    assert_eq!(page.location(), Some("/first-login/done"));
    browser.open("/first-login/done").await;
    app.take_mails().await;
    // The last of its steps: nothing is asked about its addresses.
    app.change_account(user(USER), |account| account.review_addresses = false).await;
    browser
}

#[tokio::test]
async fn twenty_clicks_on_the_end_of_the_first_login_are_one_end_of_one_session() {
    let app = TestApp::new();
    let mut browser = at_end(&app).await;
    let pages = behind(&app, nothing, at_once(20, &browser, "/first-login/done", &[])).await;
    assert_eq!((to(&pages, "/office"), pages.iter().filter(|page| sets_session(page)).count()), (20, 0));
    assert_eq!((living_sessions(&app), recorded(&app, user(USER), "first_login.finish")), (1, 1));
    assert_eq!(browser.open("/office").await.title(), "お知らせ");
}

#[tokio::test]
async fn five_clicks_on_the_change_of_the_password_change_it_once_and_leave_the_new_session_alone() {
    let app = TestApp::new();
    let browser = at_password(&app).await;
    let fields = [("current_password", TEMPORARY), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
    let pages = behind(&app, nothing, at_once(5, &browser, "/first-login/password", &fields)).await;
    assert_eq!((to(&pages, "/first-login/done"), to(&pages, "/first-login")), (1, 4));
    assert_eq!(pages.iter().filter(|page| sets_session(page)).count(), 1, "the others leave the cookie of the first alone");
    assert_eq!((living_sessions(&app), recorded(&app, user(USER), "first_login.password")), (1, 1));
    assert_eq!(app.take_mails().await.len(), 3, "told once");
}

#[tokio::test]
async fn the_end_of_the_first_login_does_not_bring_back_a_session_that_staff_have_just_ended() {
    let app = TestApp::new();
    let mut browser = at_end(&app).await;
    let page = behind(&app, end_sessions, browser.post("/first-login/done", &[])).await;
    assert_eq!((page.location(), sets_session(&page)), (Some("/first-login"), false));
    assert_eq!(living_sessions(&app), 0);
    assert_eq!(browser.open("/first-login").await.title(), "ログイン");
}

#[tokio::test]
async fn nor_does_the_change_of_the_password() {
    let app = TestApp::new();
    let mut browser = at_password(&app).await;
    let fields = [("current_password", TEMPORARY), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
    let page = behind(&app, end_sessions, browser.post("/first-login/password", &fields)).await;
    assert_eq!((page.location(), sets_session(&page)), (Some("/first-login"), false));
    assert_eq!(living_sessions(&app), 0);
    assert!(app.account(user(USER)).password.is_none(), "nothing was changed");
}

#[tokio::test]
async fn twenty_first_clicks_of_a_browser_on_next_send_one_code() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    let flow = browser.get("/reissue").await.value("flow").unwrap();
    let fields = [("flow", flow.as_str()), ("number", NUMBER), ("contact", CONTACT), ("contact_again", CONTACT)];
    let pages = behind(&app, nothing, at_once(20, &browser, "/reissue", &fields)).await;
    assert_eq!(to(&pages, "/reissue/code"), 20);
    assert_eq!(app.take_mails().await.len(), 1);
}

#[tokio::test]
async fn twenty_clicks_to_withdraw_send_one_code_until_another_may_be_sent() {
    let app = TestApp::new();
    let key = app.in_ledger(13, NUMBER).await;
    let number = app.applied(key, Some(CONTACT)).await.number.to_string();
    app.take_mails().await;
    let mut browser = app.browser();
    browser.get("/status").await;
    browser.submit("/status", &[("control_number", &number), ("contact", CONTACT)]).await;
    browser.get("/status/withdraw").await;
    let fields = [("number", number.as_str())];
    let pages = behind(&app, nothing, at_once(20, &browser, "/status/withdraw", &fields)).await;
    assert_eq!(to(&pages, "/status/withdraw/code"), 20, "{}", pages[19].text());
    let first = app.take_mails().await;
    assert_eq!(first.len(), 1);

    app.advance(SignedDuration::from_secs(60));
    assert_eq!(browser.post("/status/withdraw", &fields).await.location(), Some("/status/withdraw/code"));
    let second = app.take_mails().await;
    assert_eq!(second.len(), 1, "who asks again later may have lost the first");
    let old = browser.post("/status/withdraw/code", &[("code", &code_in(&first[0], 6))]).await;
    assert_eq!(old.status.as_u16(), 422);
    let done = browser.post("/status/withdraw/code", &[("code", &code_in(&second[0], 6))]).await;
    assert_eq!(done.location(), Some("/status/withdraw/done"));
}

#[tokio::test]
async fn twenty_clicks_that_disable_a_password_are_told_and_recorded_once() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
    let mut approver = staff(&app, "承認", Role::Approver, 13).await;
    let office = format!("/staff/ledger/{}", user_id.office().number);
    approver.open(&office).await;
    let fields = [("reason", "漏えい")];
    let pages = behind(&app, nothing, at_once(20, &approver, &format!("{office}/disable-password"), &fields)).await;
    assert_eq!(to(&pages, &format!("{office}?done=disabled")), 20, "{}", pages[19].text());
    let mut told: Vec<_> = app.take_mails().await.into_iter().map(|mail| mail.to.as_str().to_owned()).collect();
    told.sort();
    assert_eq!(told, ["notice@example.jp", "security-1@example.jp", "security-2@example.jp"]);
    assert_eq!(recorded(&app, user_id, "account.disable_password"), 1);
    assert!(app.account(user_id).password_disabled);
}

/// While the code of one office is compared, the same browser begins to log in as another one whose password it knows.
#[tokio::test]
async fn the_code_of_one_office_opens_no_login_of_another_that_was_begun_meanwhile() {
    const OTHER: &str = "KJ131388888888";
    let app = TestApp::new();
    for name in [USER, OTHER] {
        let user_id = app.office(name).await;
        security_code::set_fixed(&app, user_id).await;
    }
    let hash = app.app.hasher.hash(Secret::new("73519462".to_owned()), [9; 16]).await.unwrap();
    app.change_account(user(OTHER), move |account| account.security_code = Some(SecurityCode::Fixed(hash.clone()))).await;
    // Once in a while a busy machine has compared the code before anybody can come in between.
    for _ in 0..100 {
        let mut browser = app.browser();
        security_code::at_code(&mut browser).await;
        let mut second = browser.clone();
        let before = app.app.store.counts().commits;
        let mut code = Box::pin(second.post(security_code::PATH, &[("code", security_code::CODE)]));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let mut compared = false;
        while !compared && app.app.store.counts().commits == before {
            compared = code.as_mut().poll(&mut context).is_ready();
            tokio::task::yield_now().await;
        }
        if !compared {
            assert_eq!(browser.log_in(OTHER, PASSWORD).await.location(), Some(security_code::PATH));
            let led = code.await.location().map(str::to_owned);
            let of_other = app.app.store.read(|r| sessions::list(r, Subject::Office(user(OTHER)))).unwrap();
            assert!(of_other.is_empty(), "its own code was never typed");
            if led.as_deref() == Some("/login?notice=code") {
                return;
            }
            assert_eq!(led.as_deref(), Some("/office"), "its own login, which was decided already");
        }
    }
    panic!("nobody ever came in between");
}
