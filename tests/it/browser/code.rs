//! The security code of an office, from the login to its own screens: digits, an authenticator app, and none.

use jiff::{SignedDuration, Timestamp};
use uketsuke::demo::offices::{WITH_APP, WITH_CODE, key};
use uketsuke::demo::people::{OFFICE_CODE, OFFICE_PASSWORD};
use uketsuke::kernel::{Secret, UserId};
use uketsuke::security::Authenticator;

use super::chrome::Chrome;
use super::house::Demo;

const LOGIN: &str = "ログイン(セキュリティコード)";
const SETTING: &str = "セキュリティコード設定";
const NEW_CODE: &str = "918273";

#[tokio::test(flavor = "multi_thread")]
async fn a_security_code_is_asked_changed_removed_and_replaced_by_an_app() {
    walk(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_a_security_code_is_asked_changed_removed_and_replaced_by_an_app_without_scripts() {
    walk(false).await;
}

async fn walk(scripts: bool) {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, scripts).await;
    digits_at_the_login(&chrome).await;
    change_and_remove(&chrome).await;
    let authenticator = an_app_instead(&chrome).await;
    chrome.press("ログアウト").await;
    password(&chrome, WITH_CODE).await;
    chrome.screen(LOGIN, "認証アプリ").await;
    chrome.fill("code", "12345").await;
    chrome.press("ログイン").await;
    chrome.screen(LOGIN, "認証アプリのエラー").await;
    // The step that proved the app is used up; the next one is taken early.
    chrome.fill("code", &authenticator.code(now(&chrome).await + SignedDuration::from_secs(30))).await;
    chrome.press("ログイン").await;
    chrome.expect("お知らせ").await;
    chrome.press("ログアウト").await;
    five_wrong(&chrome).await;
    chrome.close().await;
}

async fn password(chrome: &Chrome, (place, serial): (u8, u8)) {
    chrome.open("/login").await;
    chrome.fill("user_id", &UserId::of(key(place, serial)).to_string()).await;
    chrome.fill("password", OFFICE_PASSWORD).await;
    chrome.press("ログイン").await;
    chrome.expect(LOGIN).await;
}

/// The server's clock as the page shows it.
async fn now(chrome: &Chrome) -> Timestamp {
    let shown = chrome.find("time[data-clock]").await.attr("data-clock").await.unwrap().unwrap();
    Timestamp::from_millisecond(shown.parse().unwrap()).unwrap()
}

async fn digits_at_the_login(chrome: &Chrome) {
    password(chrome, WITH_CODE).await;
    chrome.screen(LOGIN, "数字").await;
    chrome.press("ログイン").await;
    chrome.screen(LOGIN, "空欄のエラー").await;
    chrome.fill("code", "abcdef").await;
    chrome.press("ログイン").await;
    chrome.screen(LOGIN, "文字のエラー").await;
    chrome.fill("code", NEW_CODE).await;
    chrome.press("ログイン").await;
    chrome.screen(LOGIN, "誤り").await;
    assert!(chrome.text().await.contains("あと4回入力できます"), "letters cost no try");
    chrome.fill("code", OFFICE_CODE).await;
    chrome.press("ログイン").await;
    chrome.expect("お知らせ").await;
}

async fn change_and_remove(chrome: &Chrome) {
    chrome.open("/office/user").await;
    chrome.follow("セキュリティコード設定").await;
    chrome.screen(SETTING, "数字を設定済み").await;
    chrome.fill("new_code", "123456").await;
    chrome.press("変更").await;
    chrome.screen(SETTING, "エラー").await;
    chrome.fill("new_code", NEW_CODE).await;
    chrome.fill("new_code_again", NEW_CODE).await;
    chrome.press("変更").await;
    chrome.screen("処理終了", "セキュリティコード設定").await;
    chrome.open("/office/user/code").await;
    chrome.follow("解除").await;
    chrome.screen("セキュリティコード解除", "").await;
    chrome.press("解除").await;
    chrome.screen("処理終了", "セキュリティコード解除").await;
}

async fn an_app_instead(chrome: &Chrome) -> Authenticator {
    chrome.open("/office/user/code").await;
    chrome.screen(SETTING, "未設定").await;
    chrome.choose("kind", "app").await;
    if chrome.scripts {
        let field = chrome.find("#new_code").await;
        assert!(!field.is_displayed().await.unwrap(), "digits are of no use to an app");
        chrome.screen(SETTING, "認証アプリを選択").await;
    }
    chrome.press("設定").await;
    chrome.screen(SETTING, "認証アプリの登録").await;
    chrome.find(".qr svg").await;
    let shown = chrome.find_text("//p[@class='setup-key']").await.replace(char::is_whitespace, "");
    let secret = data_encoding::BASE32_NOPAD.decode(shown.as_bytes()).unwrap();
    let authenticator = Authenticator::from_secret(Secret::new(secret));
    chrome.fill("code", "000000").await;
    chrome.press("登録").await;
    chrome.screen(SETTING, "認証アプリの登録のエラー").await;
    chrome.fill("code", &authenticator.code(now(chrome).await)).await;
    chrome.press("登録").await;
    chrome.screen("処理終了", "認証アプリの登録").await;
    authenticator
}

async fn five_wrong(chrome: &Chrome) {
    password(chrome, WITH_APP).await;
    for _ in 0..5 {
        chrome.expect(LOGIN).await;
        chrome.fill("code", "000000").await;
        chrome.press("ログイン").await;
    }
    chrome.screen("ログイン", "セキュリティコードの誤り").await;
}
