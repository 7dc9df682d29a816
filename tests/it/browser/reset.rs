//! A reset in the demo, from the lost password back in: once with scripts, once without. And the admission of a device.

use uketsuke::demo::{offices, people};
use uketsuke::kernel::UserId;

use super::chrome::Chrome;
use super::errands::{enter, mailed};
use super::house::Demo;
use super::user::wrong;

const PASSWORD: &str = "Ame-no-hi-no-7ji";
/// Who has lost its password.
const OFFICE: (u8, u8) = (7, 2);

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_reset_by_mail() {
    walk(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_a_login_is_reset_by_mail_without_scripts() {
    walk(false).await;
}

async fn walk(scripts: bool) {
    let demo = Demo::start();
    let (chrome, beside) = (Chrome::start(&demo.url, scripts).await, Chrome::start(&demo.url, scripts).await);
    let key = offices::key(OFFICE.0, OFFICE.1);
    let (number, user_id) = (key.number.to_string(), UserId::of(key).to_string());
    let address = offices::mail("jimu1.07-02").to_string();
    enter(&beside, OFFICE, people::OFFICE_PASSWORD).await;
    beside.expect("お知らせ").await;

    chrome.open("/lost").await;
    chrome.choose("way", "registered").await;
    chrome.press("次へ").await;
    chrome.screen("ログイン情報再設定認証", "").await;
    chrome.press("次へ").await;
    chrome.screen("ログイン情報再設定認証", "空欄のエラー").await;
    chrome.fill("number", "１３９９－９９９９９９").await;
    chrome.fill("address", &address).await;
    chrome.press("次へ").await;
    chrome.screen("ワンタイムパスワード入力", "登録のない番号").await;
    chrome.follow("戻る").await;
    chrome.expect("ログイン情報再設定認証").await;
    chrome.fill("number", &number).await;
    chrome.press("次へ").await;
    chrome.screen("ワンタイムパスワード入力", "再設定").await;
    chrome.fill("code", "12345").await;
    chrome.press("次へ").await;
    chrome.screen("ワンタイムパスワード入力", "再設定の桁のエラー").await;
    let code = code(&chrome, &address, 1, "/reset/code").await;
    chrome.fill("code", &wrong(&code)).await;
    chrome.press("次へ").await;
    chrome.screen("ワンタイムパスワード入力", "再設定のエラー").await;
    chrome.fill("code", &code).await;
    chrome.press("次へ").await;

    chrome.screen("ログイン情報再設定", "").await;
    assert!(chrome.text().await.contains(&user_id));
    for (new, again) in [("short1", "other2"), (user_id.as_str(), user_id.as_str())] {
        chrome.fill("new_password", new).await;
        chrome.fill("new_password_again", again).await;
        chrome.press("変更").await;
        chrome.screen("ログイン情報再設定", &format!("{}字のエラー", new.len())).await;
    }
    chrome.fill("new_password", PASSWORD).await;
    chrome.fill("new_password_again", PASSWORD).await;
    chrome.press("変更").await;
    chrome.screen("処理終了", "再設定").await;
    assert!(chrome.text().await.contains(&user_id));

    beside.open("/office").await;
    beside.expect("ログイン").await;
    chrome.follow("終了").await;
    chrome.expect("ログイン").await;
    enter(&chrome, OFFICE, PASSWORD).await;
    chrome.expect("お知らせ").await;
    beside.close().await;
    elsewhere(&chrome).await;
    chrome.close().await;
}

/// R2, the ended code, and the screens of a device.
async fn elsewhere(chrome: &Chrome) {
    let (place, serial) = offices::IN_BOTH;
    let key = offices::key(place, serial);
    let address = offices::mail("jimu1.07-03").to_string();
    chrome.open("/reset").await;
    chrome.fill("number", key.number.as_str()).await;
    chrome.fill("address", &address).await;
    chrome.press("次へ").await;
    chrome.screen("請求先都道府県選択", "再設定").await;
    chrome.press("次へ").await;
    chrome.screen("請求先都道府県選択", "再設定のエラー").await;
    chrome.select("prefecture", "13").await;
    chrome.press("次へ").await;
    // Not registered in 13: nothing is sent, and it looks the same.
    chrome.expect("ワンタイムパスワード入力").await;
    for _ in 0..5 {
        chrome.fill("code", "000000").await;
        chrome.press("次へ").await;
    }
    chrome.screen("ワンタイムパスワード入力", "再設定の終わり").await;

    chrome.open("/login/device").await;
    chrome.screen("端末の確認", "").await;
    chrome.press("次へ").await;
    chrome.screen("端末の確認", "空欄のエラー").await;
    chrome.fill("user_id", &UserId::of(offices::key(7, 1)).to_string()).await;
    let address = offices::mail("jimu1.07-01");
    chrome.fill("address", address.as_str()).await;
    chrome.press("次へ").await;
    chrome.screen("ワンタイムパスワード入力", "端末").await;
    let code = code(chrome, address.as_str(), 1, "/login/device/code").await;
    chrome.fill("code", &code).await;
    chrome.press("次へ").await;
    chrome.screen("処理終了", "端末").await;
    chrome.follow("ログイン画面へ").await;
}

/// The one-time password of the `n`th mail to this address; then back to where it is asked for.
async fn code(chrome: &Chrome, to: &str, n: usize, waiting: &str) -> String {
    let code = mailed(chrome, "ワンタイムパスワード発行通知", to, n, 6).await;
    chrome.open(waiting).await;
    chrome.expect("ワンタイムパスワード入力").await;
    code
}
