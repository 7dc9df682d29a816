//! \[再送\] that sends: a new code comes, the one of before is told to be old, and the new one is good.

use uketsuke::demo::offices::key;

use super::chrome::Chrome;
use super::errands::{address, mailed};
use super::house::Demo;

const OFFICE: (u8, u8) = (7, 2);
const OTP: &str = "ワンタイムパスワード入力";
const MAIL: &str = "ワンタイムパスワード発行通知";

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_sent_again() {
    walk(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_a_code_is_sent_again_without_scripts() {
    walk(false).await;
}

async fn walk(scripts: bool) {
    let mut demo = Demo::start_to_stay();
    let chrome = Chrome::start(&demo.url, scripts).await;
    let to = address(OFFICE, 1);
    chrome.open("/reset").await;
    chrome.fill("number", key(OFFICE.0, OFFICE.1).number.as_str()).await;
    chrome.fill("address", &to).await;
    chrome.press("次へ").await;
    chrome.expect(OTP).await;
    let old = mailed(&chrome, MAIL, &to, 1, 6).await;
    // Beyond the wait before the next one, and within the half hour of this one. The mails of before are gone.
    demo.go_on_at("2026-01-20T10:20:00+09:00");
    chrome.open("/reset/code").await;
    chrome.expect(OTP).await;
    assert!(chrome.button("ワンタイムパスワードを再送").await.is_enabled().await.unwrap());
    chrome.press("ワンタイムパスワードを再送").await;
    chrome.screen(OTP, "再送した").await;
    let shown = chrome.text().await;
    assert!(
        shown.contains("新しいワンタイムパスワードを") && shown.contains("前に届いたワンタイムパスワードは使えません"),
        "{shown}"
    );
    let new = mailed(&chrome, MAIL, &to, 1, 6).await;
    chrome.open("/reset/code").await;
    chrome.fill("code", &old).await;
    chrome.press("次へ").await;
    chrome.screen(OTP, "再送する前のコード").await;
    assert!(chrome.text().await.contains("再送する前の古いワンタイムパスワードです"));
    chrome.fill("code", &new).await;
    chrome.press("次へ").await;
    chrome.expect("ログイン情報再設定").await;
    chrome.close().await;
}
