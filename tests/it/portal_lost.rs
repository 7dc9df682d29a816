//! パスワードを忘れた方 of the portal (G1–G4): who can read the mailbox sets a new password, and all else that opened the account ends.

use jiff::SignedDuration;
use uketsuke::passkeys;
use uketsuke::portal;
use uketsuke::security::devices;
use uketsuke::security::sessions::{self, Subject};

use crate::portal_login::{CHANGED, CHOSEN, OTP, code, come_in, log_in, suspend};
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::USER;
use crate::support::portal::PORTAL_PASSWORD;
use crate::support::refusal::{MISSING, Sample};
use crate::support::reissue::{code_in, wrong};

/// G1 [次へ], without following.
pub async fn ask(browser: &mut Browser, mail: &str) -> Page {
    browser.get("/portal/lost").await;
    browser.post("/portal/lost", &[("id", mail)]).await
}

/// To G3, with the one-time password out of the mail.
pub async fn prove(app: &TestApp, browser: &mut Browser, mail: &str) -> Page {
    let page = ask(browser, mail).await;
    assert_eq!(page.location(), Some("/portal/lost/otp"), "{}", page.text());
    let code = code(app).await;
    browser.get("/portal/lost/otp").await;
    let page = browser.post("/portal/lost/otp", &[("code", &code)]).await;
    assert_eq!(page.location(), Some("/portal/lost/password"), "{}", page.text());
    browser.get("/portal/lost/password").await
}

/// G3 [変更], without following.
pub async fn change(browser: &mut Browser, password: &str) -> Page {
    browser.post("/portal/lost/password", &[("new_password", password), ("new_password_again", password)]).await
}

#[tokio::test]
async fn a_lost_password_is_set_by_the_code_and_all_else_that_opened_the_account_ends() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let subject = Subject::Portal(main.user.id);
    app.passkey(subject).await;
    let mut elsewhere = app.browser();
    come_in(&app, &mut elsewhere, &main.mail, PORTAL_PASSWORD, true).await;
    let mut waiting = app.browser();
    log_in(&mut waiting, &main.mail, PORTAL_PASSWORD).await;
    app.take_mails().await;
    let mut browser = app.browser();
    for _ in 0..3 {
        log_in(&mut browser, &main.mail, "wrong").await;
    }
    let first = browser.get("/portal/lost").await;
    assert_eq!(first.title(), "パスワードを忘れた方");
    let g3 = prove(&app, &mut browser, &main.mail).await;
    assert!(g3.title() == "パスワード再設定" && g3.says(&main.mail) && g3.says("8文字以上64文字以下"), "{}", g3.text());
    let same = change(&mut browser, PORTAL_PASSWORD).await;
    assert!(same.status == 422 && same.says("現在のパスワードと同じものは使えません"), "{}", same.text());
    assert_eq!(change(&mut browser, CHOSEN).await.location(), Some("/portal/lost/done"));
    let done = browser.get("/portal/lost/done").await;
    assert!(done.title() == "処理終了" && done.says("再設定が完了しました") && done.says(&main.mail), "{}", done.text());
    let told = app.mail(CHANGED).await;
    assert!(told.to == main.mail && told.body.contains("パスワードを忘れた方"), "{}", told.body);
    assert!(!browser.cookies.contains_key("portal"), "it opens no session by itself");
    assert!(app.app.store.read(|r| sessions::list(r, subject)).unwrap().is_empty());
    assert!(app.app.store.read(|r| passkeys::of_owner(r, subject)).unwrap().is_empty());
    assert!(app.app.store.read(|r| devices::of(r, &portal::trusted_owner(main.user.id))).unwrap().is_empty());
    assert_eq!(app.app.store.read(|r| devices::of(r, &portal::device_owner(main.user.id))).unwrap().len(), 1, "this one");
    assert_eq!(waiting.get("/portal/login/otp").await.location(), Some("/portal/login?notice=code"));
    assert_eq!(log_in(&mut elsewhere, &main.mail, PORTAL_PASSWORD).await.status, 422);
    // The lock of this browser has ended with it, and it is asked for a code as any other.
    assert_eq!(log_in(&mut browser, &main.mail, CHOSEN).await.location(), Some("/portal/login/otp"));
    app.take_mails().await;
}

#[tokio::test]
async fn who_has_an_initial_password_that_has_expired_sets_one_by_the_code() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mail, initial) = app.portal_initial(USER).await;
    app.advance(SignedDuration::from_hours(8 * 24));
    let mut browser = app.browser();
    prove(&app, &mut browser, &mail).await;
    let same = change(&mut browser, initial.expose()).await;
    assert!(same.status == 422 && same.says("初期パスワードと同じものは使えません"), "{}", same.text());
    assert_eq!(change(&mut browser, CHOSEN).await.location(), Some("/portal/lost/done"));
    app.take_mails().await;
    assert_eq!(come_in(&app, &mut browser, &mail, CHOSEN, false).await.location(), Some("/portal/first/terms"));
}

#[tokio::test]
async fn a_suspended_user_is_told_whom_to_call_after_the_code() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    suspend(&app, &main.member, true).await;
    let mut browser = app.browser();
    assert_eq!(ask(&mut browser, &main.mail).await.location(), Some("/portal/lost/otp"));
    let code = code(&app).await;
    let page = browser.get("/portal/lost/otp").await;
    assert!(!page.says("停止されています"));
    let page = browser.post("/portal/lost/otp", &[("code", &code)]).await;
    let telephone = &app.app.config.federation_of(main.institution.home).unwrap().telephone;
    assert!(page.status == 422 && page.says("利用を停止されています") && page.says(telephone), "{}", page.text());
    assert_eq!(browser.get("/portal/lost/password").await.location(), Some("/portal/lost"));
    // One that comes between code and password.
    suspend(&app, &main.member, false).await;
    prove(&app, &mut browser, &main.mail).await;
    suspend(&app, &main.member, true).await;
    let page = change(&mut browser, CHOSEN).await;
    assert!(page.status == 409 && page.says("この画面からは変更していません"), "{}", page.text());
    assert_eq!(app.portal_user(main.user.id).revision, main.user.revision);
}

#[tokio::test]
async fn q34_a_step_out_of_order_leads_to_where_the_flow_stands() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    let steps = ["/portal/lost/otp", "/portal/lost/password", "/portal/lost/done"];
    let posts = ["/portal/lost/otp", "/portal/lost/otp/resend", "/portal/lost/password"];
    let lead = async |browser: &mut Browser, to: &str, here: &[&str]| {
        browser.get("/portal/login").await;
        for path in steps.iter().filter(|path| !here.contains(path)) {
            assert_eq!(browser.get(path).await.location(), Some(to), "GET {path}");
        }
        for path in posts.iter().filter(|path| !here.contains(path)) {
            let page = browser.post(path, &[("code", "123456"), ("new_password", CHOSEN)]).await;
            assert_eq!(page.location(), Some(to), "POST {path}");
        }
    };
    let before = app.app.store.counts().written;
    lead(&mut browser, "/portal/lost", &[]).await;
    assert_eq!(app.app.store.counts().written, before);
    ask(&mut browser, &main.mail).await;
    lead(&mut browser, "/portal/lost/otp", &["/portal/lost/otp", "/portal/lost/otp/resend"]).await;
    prove(&app, &mut browser, &main.mail).await;
    lead(&mut browser, "/portal/lost/password", &["/portal/lost/password"]).await;
    browser.get("/portal/lost/password").await;
    change(&mut browser, CHOSEN).await;
    lead(&mut browser, "/portal/lost/done", &["/portal/lost/done"]).await;
    app.take_mails().await;
}

#[tokio::test]
async fn a_proof_lives_as_long_as_a_code_and_dies_with_what_changes_the_user() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let (mut late, mut overtaken) = (app.browser(), app.browser());
    prove(&app, &mut late, &main.mail).await;
    app.advance(SignedDuration::from_mins(30));
    assert_eq!(change(&mut late, CHOSEN).await.location(), Some("/portal/lost"));
    let told = late.get("/portal/lost").await;
    assert!(told.says("パスワードは変更されていません") && told.value("id").as_deref() == Some(&main.mail), "{}", told.text());
    prove(&app, &mut overtaken, &main.mail).await;
    prove(&app, &mut late, &main.mail).await;
    let pages = [change(&mut late, CHOSEN).await, change(&mut late, "other Teapot 83").await];
    assert!(pages.iter().all(|page| page.location() == Some("/portal/lost/done")), "a second click finds it done");
    let page = change(&mut overtaken, "third Teapot 83").await;
    assert!(page.status == 409 && page.says("はじめから行う"), "{}", page.text());
    app.take_mails().await;
    assert_eq!(log_in(&mut app.browser(), &main.mail, CHOSEN).await.location(), Some("/portal/login/otp"));
    app.take_mails().await;
}

#[tokio::test]
async fn the_code_of_a_login_is_wrong_here_and_the_other_way_round() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    log_in(&mut browser, &main.mail, PORTAL_PASSWORD).await;
    let of_login = code(&app).await;
    ask(&mut browser, &main.mail).await;
    let of_lost = code(&app).await;
    browser.get("/portal/lost/otp").await;
    assert_eq!(browser.post("/portal/lost/otp", &[("code", &of_login)]).await.status, 422);
    let challenge = browser.get("/portal/login/otp").await.value("challenge").unwrap();
    assert_eq!(browser.post("/portal/login/otp", &[("code", &of_lost), ("challenge", &challenge)]).await.status, 422);
    // Nor does another browser do anything with it.
    let mut stranger = app.browser();
    stranger.get("/portal/lost").await;
    assert_eq!(stranger.post("/portal/lost/otp", &[("code", &of_lost)]).await.location(), Some("/portal/lost"));
}

#[tokio::test]
async fn q16_a_hundred_wrong_codes_close_an_address_for_a_day_but_not_on_a_known_device() {
    let app = TestApp::with(|config| {
        config.limits.codes_per_network_hour = 1_000;
        config.limits.codes_per_pair_hour = 1_000;
        config.limits.codes_per_pair_day = 1_000;
        config.limits.codes_per_address_hour = 1_000;
        config.limits.codes_per_address_day = 1_000;
        config.limits.login_tries_per_network_5min = 10_000;
    });
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut own = app.browser();
    come_in(&app, &mut own, &main.mail, PORTAL_PASSWORD, false).await;
    let mut stranger = app.browser();
    for _ in 0..20 {
        assert_eq!(ask(&mut stranger, &main.mail).await.location(), Some("/portal/lost/otp"));
        let wrong = wrong(&code(&app).await);
        stranger.get("/portal/lost/otp").await;
        for _ in 0..5 {
            assert_eq!(stranger.post("/portal/lost/otp", &[("code", &wrong)]).await.status, 422);
        }
    }
    assert_eq!(ask(&mut app.browser(), &main.mail).await.location(), Some("/portal/lost/otp"), "it looks open");
    assert_eq!(app.take_mails().await.len(), 0, "and sends nothing");
    prove(&app, &mut own, &main.mail).await;
    assert_eq!(change(&mut own, CHOSEN).await.location(), Some("/portal/lost/done"));
    app.take_mails().await;
    ask(&mut app.browser(), &main.mail).await;
    assert_eq!(app.take_mails().await.iter().filter(|mail| mail.subject == OTP).count(), 1, "forgiven with it");
}

#[tokio::test]
async fn q17_codes_are_capped_and_strangers_use_up_none_of_a_known_device() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut own = app.browser();
    come_in(&app, &mut own, &main.mail, PORTAL_PASSWORD, false).await;
    let mut refused = None;
    for _ in 0..12 {
        let page = ask(&mut app.browser(), &main.mail).await;
        if page.status == 422 {
            refused = Some(page);
            break;
        }
        app.take_mails().await;
    }
    assert!(refused.expect("a cap").says("送信回数が上限に達しました"));
    prove(&app, &mut own, &main.mail).await;
    // Nor are the codes of the login.
    assert_eq!(log_in(&mut app.browser(), &main.mail, PORTAL_PASSWORD).await.location(), Some("/portal/login/otp"));
    let mails = app.take_mails().await;
    code_in(mails.iter().find(|mail| mail.subject == OTP).expect("an M-14"), 6);
}

#[tokio::test]
async fn the_first_screen_names_what_is_wrong_and_keeps_what_was_typed() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    let good = [("id", main.mail.as_str())];
    let form = Sample { shown_at: "/portal/lost", sent_to: "/portal/lost", good: &good, secret: &[] };
    let two = format!("{}, b@example.jp", main.mail);
    let cases = [
        ("id", "", "ID（メールアドレス）を入力してください。"),
        ("id", MISSING, "ID（メールアドレス）を入力してください。"),
        ("id", "tanto", "メールアドレス"),
        ("id", &two, "メールアドレス"),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    browser.get("/portal/lost").await;
    let back = browser.post("/portal/lost", &[("id", "half@exa"), ("back", "1")]).await;
    assert_eq!(back.location(), Some("/portal/login"));
    assert_eq!(browser.get("/portal/lost").await.value("id").as_deref(), Some("half@exa"), "kept for the way back");
    assert_eq!(ask(&mut browser, &main.mail.to_uppercase()).await.location(), Some("/portal/lost/otp"));
    let screen = browser.get("/portal/lost/otp").await;
    assert!(screen.says("登録のないメールアドレスには、ワンタイムパスワードは送信されません"), "{}", screen.text());
    assert!(!screen.body.contains("delivery"), "whether a mail has left is not told");
    assert!(app.take_mails().await.iter().any(|mail| mail.to.eq_ignore_ascii_case(&main.mail)));
}
