//! 端末の確認: while strangers are refused, a one-time password to a security address lets a device in that is not known (spec 2).

use jiff::SignedDuration;

use crate::reset::{REGISTERED, SECOND, ask, code};
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::{PASSWORD, USER};
use crate::support::refusal::{MISSING, Sample};
use crate::support::reissue::{NUMBER, wrong};

const M7: &str = "登録情報変更のお知らせ";

/// The first screen [次へ], without following.
pub async fn ask_device(browser: &mut Browser, user_id: &str, address: &str) -> Page {
    browser.get("/login/device").await;
    browser.post("/login/device", &[("user_id", user_id), ("address", address)]).await
}

async fn shut_out(app: &TestApp) {
    for _ in 0..30 {
        app.browser().log_in(USER, "wrong-password-1").await;
    }
}

#[tokio::test]
async fn q22_a_one_time_password_admits_a_new_device_while_strangers_are_refused() {
    let app = TestApp::new();
    app.office(USER).await;
    shut_out(&app).await;
    let mut browser = app.browser();
    let refused = browser.log_in(USER, PASSWORD).await;
    assert!(refused.status == 422 && refused.says("セキュリティ用メールアドレスで端末を確認できます"), "{}", refused.text());
    assert!(refused.body.contains("href=\"/login/device\""));
    assert_eq!(browser.open("/login/device").await.title(), "端末の確認");
    let page = browser.submit("/login/device", &[("user_id", "kj13 1311111111"), ("address", REGISTERED)]).await;
    assert_eq!(page.title(), "ワンタイムパスワード入力");
    let code = code(&app).await;
    let page = browser.submit("/login/device/code", &[("code", &code)]).await;
    assert!(page.title() == "処理終了" && page.says("この端末を確認しました。"), "{}", page.text());
    assert_eq!(browser.get("/office").await.location(), Some("/login"), "the password is still asked for");
    let told: Vec<_> = app.take_mails().await.into_iter().filter(|mail| mail.subject == M7).collect();
    assert_eq!(told.len(), 3);
    assert!(told[0].body.contains("新しい端末からのログインが許可されました"), "{}", told[0].body);
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status, 422, "strangers are refused as before");
    browser.get("/login").await;
    assert_eq!(browser.log_in(USER, "wrong-password-1").await.status, 422, "and so is a wrong password");
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
}

#[tokio::test]
async fn q22_a_known_device_that_was_wrong_too_often_begins_anew_when_it_is_admitted() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    for _ in 0..100 {
        app.advance(SignedDuration::from_mins(30));
        browser.log_in(USER, "wrong-password-1").await;
    }
    shut_out(&app).await;
    assert_eq!(browser.log_in(USER, PASSWORD).await.status, 422, "it counts as a stranger's");
    ask_device(&mut browser, USER, REGISTERED).await;
    let code = code(&app).await;
    browser.get("/login/device/code").await;
    assert_eq!(browser.post("/login/device/code", &[("code", &code)]).await.location(), Some("/login/device/done"));
    browser.get("/login").await;
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    app.take_mails().await;
}

#[tokio::test]
async fn a_device_that_was_admitted_is_known_though_the_answer_was_lost() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    ask_device(&mut browser, USER, REGISTERED).await;
    let code = code(&app).await;
    browser.get("/login/device/code").await;
    let mut second = browser.clone();
    browser.post("/login/device/code", &[("code", &code)]).await;
    assert_eq!(second.post("/login/device/code", &[("code", &code)]).await.location(), Some("/login/device/done"));
    assert_eq!(second.get("/login/device/done").await.title(), "処理終了");
    assert_eq!(second.cookies["device"], browser.cookies["device"]);
    app.take_mails().await;
}

#[tokio::test]
async fn a_device_that_was_admitted_is_known_to_that_account_only() {
    let app = TestApp::new();
    app.office(USER).await;
    app.office("KJ071311111111").await;
    let mut browser = app.browser();
    ask_device(&mut browser, USER, REGISTERED).await;
    let code = code(&app).await;
    browser.get("/login/device/code").await;
    assert_eq!(browser.post("/login/device/code", &[("code", &code)]).await.location(), Some("/login/device/done"));
    let cookie = browser.cookies["device"].clone();
    // Again in the same browser: the device keeps its name.
    ask_device(&mut browser, USER, SECOND).await;
    let code = crate::reset::code(&app).await;
    browser.get("/login/device/code").await;
    browser.post("/login/device/code", &[("code", &code)]).await;
    assert_eq!(browser.cookies["device"], cookie);
    for _ in 0..30 {
        app.browser().log_in("KJ071311111111", "wrong-password-1").await;
    }
    assert_eq!(browser.log_in("KJ071311111111", PASSWORD).await.status, 422);
    app.take_mails().await;
}

#[tokio::test]
async fn q15_a_code_for_a_device_resets_nothing_and_one_of_a_reset_admits_none() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    ask(&mut browser, NUMBER, REGISTERED).await;
    let of_reset = code(&app).await;
    ask_device(&mut browser, USER, REGISTERED).await;
    let of_device = code(&app).await;
    assert_ne!(of_reset, of_device, "the seed of the tests gives two codes");
    browser.get("/reset/code").await;
    assert_eq!(browser.post("/reset/code", &[("code", &of_device)]).await.status, 422);
    assert_eq!(browser.post("/login/device/code", &[("code", &of_reset)]).await.status, 422);
    assert_eq!(browser.get("/reset/password").await.location(), Some("/reset/code"));
    assert_eq!(browser.post("/reset/code", &[("code", &of_reset)]).await.location(), Some("/reset/password"));
    assert_eq!(browser.get("/login/device/done").await.location(), Some("/login/device/code"));
    assert_eq!(browser.post("/login/device/code", &[("code", &of_device)]).await.location(), Some("/login/device/done"));
    app.take_mails().await;
}

#[tokio::test]
async fn q16_wrong_codes_of_a_device_and_of_a_reset_close_the_pair_together() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    ask(&mut browser, NUMBER, REGISTERED).await;
    let typed = wrong(&code(&app).await);
    browser.get("/reset/code").await;
    for _ in 0..5 {
        browser.post("/reset/code", &[("code", &typed)]).await;
    }
    ask_device(&mut browser, USER, REGISTERED).await;
    let typed = wrong(&code(&app).await);
    browser.get("/login/device/code").await;
    for _ in 0..5 {
        browser.post("/login/device/code", &[("code", &typed)]).await;
    }
    app.take_mails().await;
    let mut later = app.browser();
    assert_eq!(ask_device(&mut later, USER, REGISTERED).await.location(), Some("/login/device/code"));
    assert_eq!(ask(&mut later, NUMBER, REGISTERED).await.location(), Some("/reset/code"));
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn q34_the_steps_of_a_device_are_taken_in_order() {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.get("/login").await;
    for path in ["/login/device/code", "/login/device/done"] {
        assert_eq!(browser.get(path).await.location(), Some("/login/device"), "{path}");
    }
    for path in ["/login/device/code", "/login/device/code/resend"] {
        assert_eq!(browser.post(path, &[("code", "123456")]).await.location(), Some("/login/device"), "{path}");
    }
    let form = Sample {
        shown_at: "/login/device",
        sent_to: "/login/device",
        good: &[("user_id", USER), ("address", REGISTERED)],
        secret: &[],
    };
    let cases = [
        ("user_id", "", "ユーザIDを入力してください。"),
        ("user_id", MISSING, "ユーザIDを入力してください。"),
        ("user_id", "1311111111", "KJから始まる14桁"),
        ("address", "", "セキュリティ用メールアドレスを入力してください。"),
        ("address", "x@", "メールアドレス"),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    assert_eq!(form.goes_through(&mut browser).await.location(), Some("/login/device/code"));
    assert_eq!(browser.get("/login/device").await.value("user_id").as_deref(), Some(USER));
    browser.post("/login/device", &[("back", "1"), ("user_id", "KJ"), ("address", "")]).await;
    assert_eq!(browser.get("/login/device").await.value("user_id").as_deref(), Some("KJ"));
    assert!(app.take_mails().await.is_empty(), "the ID was never given out");
}
