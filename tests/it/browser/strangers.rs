//! While strangers guess at an office, devices that it has used get in, and a new one gets in by 端末の確認.

use uketsuke::demo::offices::key;
use uketsuke::demo::people::OFFICE_PASSWORD;
use uketsuke::kernel::UserId;

use super::chrome::Chrome;
use super::errands::{address, enter, mailed};
use super::house::Demo;

const OFFICE: (u8, u8) = (7, 19);
/// Wrong ones of an hour that close the account to devices it does not know.
const GUESSES: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn q22_a_new_device_is_let_in_while_strangers_guess() {
    walk(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_a_new_device_is_let_in_while_strangers_guess_without_scripts() {
    walk(false).await;
}

async fn walk(scripts: bool) {
    let demo = Demo::start();
    let (known, new) = (Chrome::start(&demo.url, scripts).await, Chrome::start(&demo.url, scripts).await);
    enter(&known, OFFICE, OFFICE_PASSWORD).await;
    known.expect("お知らせ").await;
    known.press("ログアウト").await;
    new.open("/login").await;
    for _ in 0..GUESSES {
        // Each is a stranger of its own, whom no lock of a device stops.
        new.client.delete_all_cookies().await.unwrap();
        enter(&new, OFFICE, "machigai-1").await;
        new.expect("ログイン").await;
    }
    enter(&new, OFFICE, OFFICE_PASSWORD).await;
    new.screen("ログイン", "初めて使う端末の停止").await;
    let shown = new.text().await;
    assert!(shown.contains("ログインできませんでした") && shown.contains("初めて使う端末からのログインを一時的に"), "{shown}");
    enter(&known, OFFICE, OFFICE_PASSWORD).await;
    known.expect("お知らせ").await;
    known.close().await;
    confirm(&new).await;
    enter(&new, OFFICE, OFFICE_PASSWORD).await;
    new.expect("お知らせ").await;
    new.close().await;
}

/// From the link below the refusal to the login and back.
async fn confirm(chrome: &Chrome) {
    let to = address(OFFICE, 1);
    chrome.follow("端末を確認する").await;
    chrome.expect("端末の確認").await;
    chrome.fill("user_id", &UserId::of(key(OFFICE.0, OFFICE.1)).to_string()).await;
    chrome.fill("address", &to).await;
    chrome.press("次へ").await;
    chrome.expect("ワンタイムパスワード入力").await;
    let code = mailed(chrome, "ワンタイムパスワード発行通知", &to, 1, 6).await;
    chrome.open("/login/device/code").await;
    chrome.fill("code", &code).await;
    chrome.press("次へ").await;
    chrome.expect("処理終了").await;
    chrome.follow("ログイン画面へ").await;
    chrome.expect("ログイン").await;
}
