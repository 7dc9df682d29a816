//! What takes a security code away: a reset, and the first use of a temporary password. The office reads of it, and the code is asked no
//! more.

use uketsuke::demo::TOLD;
use uketsuke::demo::offices::{WITH_CODE, key};
use uketsuke::demo::people::{OFFICE_PASSWORD, TEMPORARY_PASSWORD};

use super::chrome::Chrome;
use super::errands::{address, enter, mail, mailed};
use super::house::Demo;

const LOGIN: &str = "ログイン(セキュリティコード)";
const SETTING: &str = "セキュリティコード設定";
const NEW_CODE: &str = "918273";
const NEW_PASSWORD: &str = "Ame-no-hi-no-7ji";
/// The mail and the notice.
const CHANGED: &str = "登録情報変更のお知らせ";
const GONE: &str = "セキュリティコード、パスキー、記憶した端末は解除されました。";

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_takes_the_security_code_away_and_tells() {
    by_reset(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_a_reset_takes_the_security_code_away_and_tells_without_scripts() {
    by_reset(false).await;
}

async fn by_reset(scripts: bool) {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, scripts).await;
    let to = address(WITH_CODE, 1);
    enter(&chrome, WITH_CODE, OFFICE_PASSWORD).await;
    chrome.expect(LOGIN).await;
    chrome.follow("パスワード等を紛失した方はこちら").await;
    chrome.expect("パスワード等を紛失した方").await;
    chrome.choose("way", "registered").await;
    chrome.press("次へ").await;
    chrome.expect("ログイン情報再設定認証").await;
    chrome.fill("number", key(WITH_CODE.0, WITH_CODE.1).number.as_str()).await;
    chrome.fill("address", &to).await;
    chrome.press("次へ").await;
    chrome.expect("ワンタイムパスワード入力").await;
    let code = mailed(&chrome, "ワンタイムパスワード発行通知", &to, 1, 6).await;
    chrome.open("/reset/code").await;
    chrome.fill("code", &code).await;
    chrome.press("次へ").await;
    chrome.screen("ログイン情報再設定", "セキュリティコードあり").await;
    assert!(chrome.text().await.contains("（解除されます）"));
    chrome.fill("new_password", NEW_PASSWORD).await;
    chrome.fill("new_password_again", NEW_PASSWORD).await;
    chrome.press("変更").await;
    chrome.screen("処理終了", "セキュリティコードも解除した再設定").await;
    assert!(chrome.text().await.contains("「セキュリティコード設定」から再度設定してください"));
    assert!(mail(&chrome, CHANGED, &to, 1).await.contains(GONE));
    enter(&chrome, WITH_CODE, NEW_PASSWORD).await;
    chrome.expect("お知らせ").await;
    told(&chrome).await;
    none_is_set(&chrome).await;
    chrome.close().await;
}

/// The notice of the account: found in the list by what it begins with, and opened.
async fn told(chrome: &Chrome) {
    chrome.press_at(&format!("//li[contains(., '{GONE}')]//button")).await;
    chrome.screen("お知らせ", "セキュリティコードの解除").await;
    let shown = chrome.text().await;
    assert!(shown.contains(CHANGED) && shown.contains(GONE), "{shown}");
}

async fn none_is_set(chrome: &Chrome) {
    chrome.open("/office/user").await;
    chrome.expect("ユーザ情報変更").await;
    chrome.follow(SETTING).await;
    chrome.screen(SETTING, "解除された後").await;
    let shown = chrome.text().await;
    assert!(shown.contains("設定されていません"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_password_takes_the_security_code_away_and_tells() {
    by_letter(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_a_temporary_password_takes_the_security_code_away_and_tells_without_scripts() {
    by_letter(false).await;
}

async fn by_letter(scripts: bool) {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, scripts).await;
    let (office, to) = (TOLD[0], address(TOLD[0], 1));
    enter(&chrome, office, OFFICE_PASSWORD).await;
    chrome.expect("お知らせ").await;
    chrome.open("/office/user/code").await;
    chrome.expect(SETTING).await;
    chrome.choose("kind", "fixed").await;
    chrome.fill("new_code", NEW_CODE).await;
    chrome.fill("new_code_again", NEW_CODE).await;
    chrome.press("設定").await;
    chrome.expect("処理終了").await;
    chrome.press("ログアウト").await;
    enter(&chrome, office, OFFICE_PASSWORD).await;
    chrome.expect(LOGIN).await;

    enter(&chrome, office, TEMPORARY_PASSWORD).await;
    chrome.expect("警告").await;
    assert!(mail(&chrome, CHANGED, &to, 2).await.contains(GONE), "after the one of the code that was set");
    chrome.open("/first-login/warning").await;
    chrome.press("パスワード変更").await;
    chrome.fill("current_password", TEMPORARY_PASSWORD).await;
    chrome.fill("new_password", NEW_PASSWORD).await;
    chrome.fill("new_password_again", NEW_PASSWORD).await;
    chrome.press("変更").await;
    chrome.expect("処理終了").await;
    chrome.press("終了").await;
    chrome.choose("way", "keep").await;
    chrome.press("次へ").await;
    chrome.expect("お知らせ").await;
    told(&chrome).await;
    none_is_set(&chrome).await;
    chrome.press("ログアウト").await;
    enter(&chrome, office, NEW_PASSWORD).await;
    chrome.expect("お知らせ").await;
    chrome.close().await;
}
