//! Rows of the quality bar whose other tests look at a part: here the whole of the row is met.

use jiff::SignedDuration;
use uketsuke::reissue;
use uketsuke::staff::Role;

use crate::support::browser::Browser;
use crate::support::office::{NEW_PASSWORD, PASSWORD, TEMPORARY, USER};
use crate::support::reissue::{CONTACT, NUMBER, code_in, wrong};
use crate::support::world::dump;
use crate::support::{TestApp, staff};

/// An office at 【パスワード変更】 of its first login.
async fn at_password(app: &TestApp) -> Browser {
    let user = app.office(USER).await;
    app.letter(user).await;
    let mut browser = app.browser();
    assert_eq!(browser.log_in(USER, TEMPORARY).await.location(), Some("/first-login"));
    browser.open("/first-login").await;
    assert_eq!(browser.submit("/first-login/warning", &[]).await.title(), "パスワード変更");
    browser
}

#[tokio::test]
async fn q1_q2_7_and_17_characters_are_refused_8_and_16_taken_and_nothing_is_cut_off() {
    for (new, taken) in [
        ("xK4pq9w", false),
        ("xK4pq9wz", true),
        ("xK4pq9wzRt7mLd2v", true),
        ("xK4pq9wzRt7mLd2vB", false),
        // Counted as typed: a space is none of the characters that a password has, and is not cut off.
        ("xK4pq9wz ", false),
        (" xK4pq9wz", false),
    ] {
        let mut app = TestApp::new();
        app.may_leave_mails = true;
        let mut browser = at_password(&app).await;
        let fields = [("current_password", TEMPORARY), ("new_password", new), ("new_password_again", new)];
        let page = browser.post("/first-login/password", &fields).await;
        assert_eq!(page.location() == Some("/first-login/done"), taken, "{new:?}: {}", page.text());
        if taken {
            let cut = &new[..new.len() - 1];
            for (typed, enters) in [(cut.to_owned(), false), (format!("{new}B"), false), (new.to_owned(), true)] {
                // The steps of the first login are not finished, which the next login finds out.
                assert_eq!(app.browser().log_in(USER, &typed).await.status == 303, enters, "{typed:?} for {new:?}");
            }
        }
    }
}

#[tokio::test]
async fn q6_a_password_that_leaked_is_changed_by_force_and_time_alone_changes_none() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let user = app.office(USER).await;
    app.advance(SignedDuration::from_hours(24 * 400));
    let mut office = app.browser();
    assert_eq!(office.log_in(USER, PASSWORD).await.location(), Some("/office"), "after 400 days");
    let mut approver = staff(&app, "承認者", Role::Approver, 13).await;
    approver.open("/staff").await;
    let number = user.office().number;
    approver.post(&format!("/staff/ledger/{number}/disable-password"), &[("reason", "漏えい")]).await;
    assert_eq!(office.get("/office").await.location(), Some("/login?notice=ended"));
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status, 422);
    // Only the letter opens, and nothing opens behind it before a new password is chosen.
    app.letter(user).await;
    let mut browser = app.browser();
    assert_eq!(browser.log_in(USER, TEMPORARY).await.location(), Some("/first-login"));
    assert_eq!(browser.get("/office").await.location(), Some("/first-login"));
    browser.open("/first-login").await;
    browser.submit("/first-login/warning", &[]).await;
    let again = [("current_password", TEMPORARY), ("new_password", TEMPORARY), ("new_password_again", TEMPORARY)];
    assert_eq!(browser.post("/first-login/password", &again).await.status, 422, "not the temporary one itself");
    let new = [("current_password", TEMPORARY), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
    assert_eq!(browser.post("/first-login/password", &new).await.location(), Some("/first-login/done"));
}

/// A visitor at A3, with the code that was sent.
async fn waiting(app: &TestApp, contact: &str) -> (Browser, String) {
    let mut browser = app.browser();
    browser.apply(NUMBER, contact).await;
    let code = app.code().await;
    browser.get("/reissue/code").await;
    (browser, code)
}

#[tokio::test]
async fn q15_a_code_is_good_for_its_browser_its_purpose_and_its_address_only() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    // Another browser: the same office, the same address.
    let (mut first, one) = waiting(&app, CONTACT).await;
    let (mut second, two) = waiting(&app, CONTACT).await;
    assert_ne!(one, two, "the seed of the tests gives two codes");
    assert_eq!(second.post("/reissue/code", &[("code", &one)]).await.status, 422);
    // Another address in the same browser: the older code is of no use for it.
    first.apply(NUMBER, "other@example.jp").await;
    let three = app.code().await;
    first.get("/reissue/code").await;
    assert_ne!(one, three, "the seed of the tests gives two codes");
    assert_eq!(first.post("/reissue/code", &[("code", &one)]).await.status, 422);
    assert_eq!(first.post("/reissue/code", &[("code", &three)]).await.location(), Some("/reissue/check"));
    assert!(first.get("/reissue/check").await.says("other@example.jp"));
    // Another purpose: what withdraws an application proves no address, nor the other way round.
    let application = app.applied(key, Some(CONTACT)).await;
    app.take_mails().await;
    let mut applicant = app.browser();
    applicant.get("/status").await;
    let number = application.number.to_string();
    applicant.submit("/status", &[("control_number", &number), ("contact", CONTACT)]).await;
    applicant.open("/status/withdraw").await;
    applicant.post("/status/withdraw", &[]).await;
    let sent = app.take_mails().await;
    let withdrawal = code_in(sent.last().unwrap(), 6);
    applicant.get("/status/withdraw/code").await;
    for other in [&two, &format!("{two}00"), &wrong(&withdrawal)] {
        assert_eq!(applicant.post("/status/withdraw/code", &[("code", other)]).await.status, 422);
    }
    second.get("/reissue/code").await;
    for other in [&withdrawal[..4], &withdrawal] {
        let page = second.post("/reissue/code", &[("code", other)]).await;
        assert!(page.status == 422 || other == two, "{}", page.text());
    }
    assert_eq!(app.application(application.number).state, reissue::State::Received);
    assert_eq!(applicant.post("/status/withdraw/code", &[("code", &withdrawal)]).await.location(), Some("/status/withdraw/done"));
    assert_eq!(app.application(application.number).state, reissue::State::Withdrawn);
}

#[test]
fn q24_a_fresh_data_folder_holds_no_account_no_member_and_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uketsuke.redb");
    let store = uketsuke::store::Store::open(&path, uketsuke::store::StoreOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let app = TestApp::on(store, |_| {});
        app.app.prepare().await.unwrap();
        app.run_jobs().await;
        let rows = dump(&app);
        for table in ["accounts", "staff", "staff_names", "staff_invitations", "sessions", "devices", "ledger_entries"] {
            assert!(!rows.iter().any(|(name, ..)| *name == table), "{table} holds rows");
        }
    });
    let raw = std::fs::read(&path).unwrap();
    assert!(!raw.windows(9).any(|window| window == b"$argon2id"), "no password of any kind");
}
