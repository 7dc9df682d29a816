//! The steps of a 初回利用登録: none is skipped, and what it rests on must still be so at each.

use jiff::SignedDuration;
use uketsuke::accounts::Account;
use uketsuke::ledger;

use crate::portal_register::{
    CHECK, DONE, M2, MAIL, OTP, PATH, USER_PAGE, at_check, at_otp, at_user, code, enter, flows, person, registered, users,
};
use crate::support::TestApp;
use crate::support::office::USER;

const OTHER_OFFICE: &str = "KJ131333333333";

#[tokio::test]
async fn q34_no_screen_opens_before_its_step() {
    let app = TestApp::new();
    app.office(USER).await;
    let screens = ["/portal/register/no-address", OTP, USER_PAGE, CHECK, DONE];
    let posts = [OTP, "/portal/register/otp/resend", USER_PAGE, CHECK];
    let mut browser = app.browser();
    browser.get(PATH).await;
    for path in screens {
        assert_eq!(browser.get(path).await.location(), Some(PATH), "{path}");
    }
    for path in posts {
        assert_eq!(browser.post(path, &[("code", "123456"), ("shown", "none")]).await.location(), Some(PATH), "{path}");
    }
    at_otp(&mut browser, USER).await;
    for path in ["/portal/register/no-address", USER_PAGE, CHECK, DONE] {
        assert_eq!(browser.get(path).await.location(), Some(OTP), "{path}");
    }
    for path in [USER_PAGE, CHECK] {
        assert_eq!(browser.post(path, &person(MAIL)).await.location(), Some(OTP), "{path}");
    }
    app.mail(M2).await;
    assert!(users(&app, USER).is_empty());
}

#[tokio::test]
async fn a_proof_lives_as_long_as_a_code_and_what_was_typed_stays() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    at_check(&app, &mut browser, USER, MAIL).await;
    let shown = browser.get(CHECK).await.value("shown").unwrap();
    app.advance(SignedDuration::from_mins(30));
    assert_eq!(browser.post(CHECK, &[("shown", &shown)]).await.location(), Some(PATH));
    assert!(browser.get(PATH).await.says("30分が過ぎたため"));
    assert!(users(&app, USER).is_empty());
    let page = at_user(&app, &mut browser, USER).await;
    assert_eq!(page.value("mail_address").as_deref(), Some(MAIL));
}

#[tokio::test]
async fn what_changes_meanwhile_ends_the_proof() {
    type Change = fn(&mut Account);
    let changes: [Change; 3] = [
        |account| account.security_mails.swap(0, 1),
        |account| account.suspended = true,
        |account| account.password_disabled = true,
    ];
    for change in changes {
        let app = TestApp::new();
        let user_id = app.office(USER).await;
        let (mut early, mut late) = (app.browser(), app.browser());
        at_otp(&mut early, USER).await;
        let code = code(&app).await;
        at_check(&app, &mut late, USER, MAIL).await;
        let shown = late.get(CHECK).await.value("shown").unwrap();
        app.change_account(user_id, change).await;
        let told = Some("/portal/register?notice=changed");
        assert_eq!(enter(&mut early, &code).await.location(), told);
        assert_eq!(early.post("/portal/register/otp/resend", &[]).await.location(), told);
        assert_eq!(late.post(CHECK, &[("shown", &shown)]).await.location(), told);
        assert_eq!(late.get(USER_PAGE).await.location(), told);
        assert!(late.get("/portal/register?notice=changed").await.says("電子請求受付システムの登録情報が変わりました"));
        assert!(users(&app, USER).is_empty());
    }
}

#[tokio::test]
async fn q15_a_code_registers_only_in_the_browser_that_gave_the_password() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mut own, mut other) = (app.browser(), app.browser());
    at_otp(&mut own, USER).await;
    let code = code(&app).await;
    at_otp(&mut other, USER).await;
    app.mail(M2).await;
    assert!(enter(&mut other, &code).await.says("あと4回入力できます"), "it is that of another challenge");
    let foreign = own.get(OTP).await.value("challenge").unwrap();
    other.get(OTP).await;
    assert!(other.post(OTP, &[("challenge", &foreign), ("code", &code)]).await.says("操作がはじめからやり直されています"));
    assert_eq!(enter(&mut own, &code).await.location(), Some(USER_PAGE));
}

#[tokio::test]
async fn what_was_typed_for_one_office_is_not_shown_to_another() {
    let app = TestApp::new();
    app.office(USER).await;
    app.office(OTHER_OFFICE).await;
    let mut browser = app.browser();
    at_check(&app, &mut browser, USER, MAIL).await;
    let page = at_user(&app, &mut browser, OTHER_OFFICE).await;
    assert_eq!(page.title(), "ユーザ登録");
    assert!(!page.body.contains(MAIL), "{}", page.text());
}

#[tokio::test]
async fn an_office_that_is_closed_in_the_ledger_registers_as_any_other() {
    for status in [ledger::Status::Suspended, ledger::Status::Closed] {
        let app = TestApp::new();
        let user_id = app.office(USER).await;
        app.write(move |tx| {
            let mut entry = ledger::find(tx, user_id.office())?.unwrap();
            entry.status = status;
            ledger::put(tx, &entry)
        })
        .await;
        registered(&app, USER, MAIL).await;
        assert_eq!(users(&app, USER), [MAIL]);
    }
}

#[tokio::test]
async fn a_flow_that_nobody_goes_on_with_is_removed_after_a_day() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    app.office(USER).await;
    let mut browser = app.browser();
    at_check(&app, &mut browser, USER, MAIL).await;
    app.advance(SignedDuration::from_hours(23));
    app.run_jobs().await;
    assert_eq!(flows(&app), 1);
    app.advance(SignedDuration::from_hours(2));
    app.run_jobs().await;
    assert_eq!(flows(&app), 0);
    assert_eq!(browser.get(CHECK).await.location(), Some(PATH));
}
