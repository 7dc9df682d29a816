//! メールアドレス変更 of a portal user: a code at the present address, one at the new one, and both are told.

use jiff::SignedDuration;
use uketsuke::kernel::MailAddress;
use uketsuke::portal;

use crate::portal_page::{CHANGED, HOME, at, house};
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::portal::{CODE, Main, PORTAL_PASSWORD};
use crate::support::reissue::{code_in, wrong};

pub const EDIT: &str = "/portal/my/mail";
pub const OTP: &str = "/portal/my/mail/otp";
pub const PROVE: &str = "/portal/my/mail/code";
pub const DONE: &str = "/portal/my/mail/done";
pub const NEW: &str = "new@example.jp";
const OF_PRESENT: &str = "介護情報基盤ポータル ワンタイムパスワード";
const OF_NEW: &str = "介護情報基盤ポータル 確認コード";

pub async fn type_address(browser: &mut Browser, mail: &str) -> Page {
    browser.get(EDIT).await;
    browser.post(EDIT, &[("mail_address", mail), ("mail_address_again", mail)]).await
}

pub async fn enter(browser: &mut Browser, path: &str, code: &str) -> Page {
    let challenge = browser.get(path).await.value("challenge").unwrap_or_default();
    browser.post(path, &[("challenge", &challenge), ("code", code)]).await
}

/// The newest one-time password, with where it went.
async fn otp(app: &TestApp) -> (String, String) {
    let mail = app.mail(OF_PRESENT).await;
    (mail.to.clone(), code_in(&mail, 6))
}

/// The newest confirmation code, with where it went.
async fn confirmation(app: &TestApp) -> (String, String) {
    let mail = app.mail(OF_NEW).await;
    (mail.to.clone(), code_in(&mail, 4))
}

/// As far as the confirmation code, which it gives.
pub async fn proving(app: &TestApp, browser: &mut Browser, mail: &str) -> String {
    assert_eq!(type_address(browser, mail).await.location(), Some(OTP));
    let (_, code) = otp(app).await;
    assert_eq!(enter(browser, OTP, &code).await.location(), Some(PROVE));
    confirmation(app).await.1
}

fn mail_of(app: &TestApp, main: &Main) -> String {
    app.portal_user(main.user.id).mail.to_string()
}

#[tokio::test]
async fn q18_the_address_is_changed_by_both_codes() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    assert_eq!(browser.get(EDIT).await.title(), "メールアドレス変更");
    assert_eq!(type_address(&mut browser, NEW).await.location(), Some(OTP));
    let mail = app.mail(OF_PRESENT).await;
    assert_eq!(mail.to, main.mail, "the one-time password goes to the present address");
    assert!(mail.body.contains(NEW), "and names what it lets in: {}", mail.body);
    let page = browser.get(OTP).await;
    assert!(page.title() == "ワンタイムパスワード入力" && page.says(NEW) && page.says(&main.mail), "{}", page.text());
    assert!(browser.get("/portal/my/mail/otp/delivery").await.says("メールサーバーがこのメールを受け取りました"));
    assert_eq!(browser.get("/portal/my/mail/code/delivery").await.status.as_u16(), 404);
    assert_eq!(enter(&mut browser, OTP, &code_in(&mail, 6)).await.location(), Some(PROVE));
    let (to, code) = confirmation(&app).await;
    assert_eq!(to, NEW, "the confirmation code goes to the new address");
    assert_eq!(browser.get(PROVE).await.title(), "確認コード入力");
    assert_eq!(mail_of(&app, &main), main.mail, "nothing has changed yet");
    assert_eq!(enter(&mut browser, PROVE, &code).await.location(), Some(DONE));
    let page = browser.get(DONE).await;
    assert!(page.title() == "処理終了" && page.says("メールアドレスを変更しました") && page.says(NEW), "{}", page.text());
    assert_eq!(mail_of(&app, &main), NEW);
    for (address, found) in [(NEW, true), (main.mail.as_str(), false)] {
        let mail = MailAddress::parse(address).unwrap();
        assert_eq!(app.app.store.read(|r| portal::user_by_mail(r, &mail)).unwrap().is_some(), found, "{address}");
    }
    app.take_mails().await;
}

#[tokio::test]
async fn q19_both_addresses_of_a_portal_user_are_told_and_other_sessions_end() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let mut other = at(&app, &main.user, &main.member).await;
    let code = proving(&app, &mut browser, NEW).await;
    enter(&mut browser, PROVE, &code).await;
    let mails = app.take_mails().await;
    let mut told: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, [main.mail.as_str(), NEW]);
    for mail in &mails {
        assert!(
            mail.subject == CHANGED && mail.body.contains("kj1***@portal.example.jp から new***@example.jp"),
            "{}",
            mail.body
        );
    }
    assert_eq!(other.get(HOME).await.location(), Some("/portal/login?notice=ended"));
    assert_eq!(browser.get(HOME).await.status.as_u16(), 200);
    assert!(app.portal_user(main.user.id).revision > main.user.revision, "what was begun at the login is over");
}

#[tokio::test]
async fn what_is_wrong_with_the_new_address_is_told_beside_it() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    browser.get(EDIT).await;
    for (mail, again, told) in [
        ("", "", "新しいメールアドレスを入力してください。"),
        ("a@", "a@", "メールアドレス"),
        (NEW, "other@example.jp", "新しいメールアドレスと一致しません。"),
        (&main.mail, &main.mail, "現在のメールアドレスと同じです。"),
        (&main.mail.to_uppercase(), &main.mail, "現在のメールアドレスと同じです。"),
    ] {
        let page = browser.post(EDIT, &[("mail_address", mail), ("mail_address_again", again)]).await;
        assert!(page.status.as_u16() == 422 && page.says(told), "{mail}: {}", page.text());
    }
    for path in [OTP, PROVE, DONE] {
        assert_eq!(browser.get(path).await.location(), Some(EDIT), "{path} is not reached");
        assert!(!browser.post(path, &[("code", "123456")]).await.status.is_server_error(), "{path}");
    }
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn an_address_of_another_user_is_told_only_after_its_code() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let clinic = app.medical(CODE).await;
    let code = proving(&app, &mut browser, &clinic.mail).await;
    let page = enter(&mut browser, PROVE, &code).await;
    let told = "このメールアドレスは、別の利用者として登録されています。";
    assert!(page.status.as_u16() == 422 && page.title() == "メールアドレス変更" && page.says(told), "{}", page.text());
    assert_eq!(page.value("mail_address").as_deref(), Some(clinic.mail.as_str()));
    assert_eq!((mail_of(&app, &main), mail_of(&app, &clinic)), (main.mail.clone(), clinic.mail.clone()));
    assert_eq!(browser.get(PROVE).await.location(), Some(EDIT), "and the code is used up");
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn q15_codes_of_other_screens_and_sessions_change_no_address() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let mut other = at(&app, &main.user, &main.member).await;
    type_address(&mut browser, NEW).await;
    let (_, mine) = otp(&app).await;
    let old = browser.get(OTP).await.value("challenge").unwrap();
    assert_eq!(other.get(OTP).await.location(), Some(EDIT), "the other session has asked for nothing");
    assert_eq!(other.post(OTP, &[("challenge", &old), ("code", &mine)]).await.location(), Some(EDIT));
    // Begun anew for another address: the code and the screen of before enter nothing.
    type_address(&mut browser, "second@example.jp").await;
    let (_, second) = otp(&app).await;
    let page = browser.post(OTP, &[("challenge", &old), ("code", &second)]).await;
    assert!(page.status.as_u16() == 422 && page.says("操作がはじめからやり直されています"), "{}", page.text());
    let page = enter(&mut browser, OTP, &mine).await;
    assert!(page.status.as_u16() == 422 || mine == second, "{}", page.text());
    assert_eq!(enter(&mut browser, OTP, &second).await.location(), Some(PROVE));
    let (to, code) = confirmation(&app).await;
    assert_eq!(to, "second@example.jp");
    assert_eq!(enter(&mut browser, PROVE, &wrong(&code)).await.status.as_u16(), 422);
    assert_eq!(mail_of(&app, &main), main.mail);
}

#[tokio::test]
async fn q16_five_wrong_codes_end_the_change() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    type_address(&mut browser, NEW).await;
    let (_, code) = otp(&app).await;
    for left in (1..5).rev() {
        assert!(enter(&mut browser, OTP, &wrong(&code)).await.says(&format!("あと{left}回入力できます")), "{left}");
    }
    let page = enter(&mut browser, OTP, &wrong(&code)).await;
    assert!(page.title() == "メールアドレス変更" && page.says("コードの誤りが続いたため"), "{}", page.text());
    assert_eq!(enter(&mut browser, OTP, &code).await.location(), Some(EDIT), "the right one comes too late");
    assert_eq!(mail_of(&app, &main), main.mail);
}

#[tokio::test]
async fn who_was_asked_must_still_be_the_address_when_the_code_comes() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let code = proving(&app, &mut browser, NEW).await;
    let user = app.portal_user(main.user.id);
    let moved = MailAddress::parse("moved@example.jp").unwrap();
    app.write(move |tx| portal::change_mail(tx, user.clone(), moved.clone())).await;
    let page = enter(&mut browser, PROVE, &code).await;
    assert!(page.status.as_u16() == 422 && page.says("ほかの画面でメールアドレスが変更されました"), "{}", page.text());
    assert_eq!(mail_of(&app, &main), "moved@example.jp");
}

#[tokio::test]
async fn going_back_and_changing_nothing_keeps_the_code_that_is_on_its_way() {
    let app = TestApp::new();
    let (_, mut browser) = house(&app).await;
    type_address(&mut browser, NEW).await;
    let (_, code) = otp(&app).await;
    assert_eq!(browser.get(EDIT).await.value("mail_address").as_deref(), Some(NEW));
    assert_eq!(type_address(&mut browser, NEW).await.location(), Some(OTP));
    assert!(app.take_mails().await.is_empty());
    assert!(browser.post("/portal/my/mail/otp/resend", &[]).await.says("再送できます"));
    app.advance(SignedDuration::from_mins(2));
    assert_eq!(browser.post("/portal/my/mail/otp/resend", &[]).await.location(), Some(OTP));
    let (_, newer) = otp(&app).await;
    assert!(code == newer || enter(&mut browser, OTP, &code).await.says("再送する前の古い"));
    assert_eq!(enter(&mut browser, OTP, &newer).await.location(), Some(PROVE));
    app.take_mails().await;
}

#[tokio::test]
async fn q20_the_password_is_asked_again_before_the_portal_address_changes() {
    let app = TestApp::new();
    let (_, mut browser) = house(&app).await;
    assert!(!browser.get(EDIT).await.body.contains("current_password"));
    app.advance(SignedDuration::from_mins(10));
    assert!(browser.get(EDIT).await.body.contains("name=\"current_password\""));
    let new = [("mail_address", NEW), ("mail_address_again", NEW)];
    for (password, told) in [("", "現在のパスワードを入力してください。"), ("x", "現在のパスワードが違います。")]
    {
        let page = browser.post(EDIT, &[&new[..], &[("current_password", password)]].concat()).await;
        assert!(page.status.as_u16() == 422 && page.says(told), "{}", page.text());
        assert_eq!(page.value("mail_address").as_deref(), Some(NEW), "what was typed is still there");
    }
    assert!(app.take_mails().await.is_empty());
    let right = [&new[..], &[("current_password", PORTAL_PASSWORD)]].concat();
    assert_eq!(browser.post(EDIT, &right).await.location(), Some(OTP));
    app.take_mails().await;
}
