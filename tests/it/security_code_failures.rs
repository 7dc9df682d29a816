//! What wrong security codes come to: how they count, and what whoever typed them is told.

use uketsuke::login;

use crate::security_code::{CODE, OVER, WRONG, at_code, attempted, enter, fixed, leave};
use crate::support::TestApp;
use crate::support::office::{PASSWORD, USER};

const NO_CODE: &str = "918273";

#[tokio::test]
async fn five_wrong_codes_end_the_login_and_count_once() {
    let app = TestApp::new();
    let user_id = fixed(&app).await;
    let mut browser = app.browser();
    for round in 1..=3 {
        at_code(&mut browser).await;
        for left in (1..=4).rev() {
            assert!(enter(&mut browser, NO_CODE).await.says(&format!("あと{left}回入力できます")), "{round}");
        }
        let fifth = enter(&mut browser, NO_CODE).await;
        if round < 3 {
            assert_eq!(fifth.location(), WRONG);
            let told = browser.open("/login?notice=codes").await;
            assert!(told.says("セキュリティコードの誤りが続いたため、ログインを中止しました"), "{}", told.text());
        } else {
            assert_eq!(fifth.status.as_u16(), 429, "the third failure locks the device");
            assert!(fifth.says("あと 30分00秒") && fifth.headers["retry-after"] == "1801", "{}", fifth.text());
            assert!(fifth.body.contains("href=\"/lost\"") && fifth.body.contains("href=\"/login/device\""), "{}", fifth.body);
        }
        assert_eq!(enter(&mut browser, CODE).await.location(), OVER, "the right one comes too late");
        assert!(browser.open("/login?notice=code").await.says("セキュリティコードの入力を終えられませんでした"));
    }
    assert_eq!(browser.log_in(USER, PASSWORD).await.status.as_u16(), 429);
    let all = attempted(&app, user_id);
    assert!(all.iter().skip(1).all(|one| one.knew_password && one.from == "127.0.0.*"), "{all:?}");
    assert_eq!(all.iter().filter(|one| one.outcome_word == "セキュリティコードの誤り").count(), 12);
}

#[tokio::test]
async fn q16_a_login_begun_anew_before_the_fifth_wrong_code_counts_as_failed_as_well() {
    for wrong in [1, 4] {
        let app = TestApp::new();
        fixed(&app).await;
        let mut browser = app.browser();
        for _ in 0..3 {
            at_code(&mut browser).await;
            for _ in 0..wrong {
                assert_eq!(enter(&mut browser, NO_CODE).await.status.as_u16(), 422);
            }
        }
        assert_eq!(browser.log_in(USER, PASSWORD).await.status.as_u16(), 429, "{wrong} wrong codes in each of three logins");
    }
}

#[tokio::test]
async fn q16_nor_does_a_new_browser_for_each_login_help() {
    let app = TestApp::new();
    fixed(&app).await;
    for _ in 0..30 {
        let mut browser = app.browser();
        at_code(&mut browser).await;
        enter(&mut browser, NO_CODE).await;
    }
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status.as_u16(), 422, "devices that are not known are refused");
}

#[tokio::test]
async fn a_slip_before_the_right_code_counts_for_nothing() {
    let app = TestApp::new();
    fixed(&app).await;
    for _ in 0..31 {
        let mut browser = app.browser();
        at_code(&mut browser).await;
        enter(&mut browser, NO_CODE).await;
        assert_eq!(enter(&mut browser, CODE).await.location(), Some("/office"));
    }
    let mut known = app.browser();
    for _ in 0..4 {
        at_code(&mut known).await;
        enter(&mut known, NO_CODE).await;
        assert_eq!(enter(&mut known, CODE).await.location(), Some("/office"));
        leave(&mut known).await;
    }
}

#[tokio::test]
async fn a_right_code_in_the_login_that_was_the_third_failure_ends_the_lock_it_began() {
    let app = TestApp::new();
    fixed(&app).await;
    let mut browser = app.browser();
    for _ in 0..2 {
        browser.log_in(USER, "wrong").await;
    }
    at_code(&mut browser).await;
    assert_eq!(enter(&mut browser, NO_CODE).await.status.as_u16(), 422);
    assert_eq!(enter(&mut browser, CODE).await.location(), Some("/office"));
    leave(&mut browser).await;
    at_code(&mut browser).await;
}

#[tokio::test]
async fn an_unlock_that_ends_wrong_codes_alone_is_one() {
    let app = TestApp::new();
    let user_id = fixed(&app).await;
    let unlock = async || {
        let keys = app.app.keys.clone();
        app.write(move |tx| login::unlock(tx, &keys, user_id)).await
    };
    let mut known = app.browser();
    at_code(&mut known).await;
    enter(&mut known, CODE).await;
    leave(&mut known).await;
    unlock().await;
    assert_eq!(unlock().await, 0);
    at_code(&mut known).await;
    enter(&mut known, NO_CODE).await;
    enter(&mut known, CODE).await;
    assert_eq!(unlock().await, 1, "what is counted of wrong codes is a row like others");
}
