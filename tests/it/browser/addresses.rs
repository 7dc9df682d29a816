//! The office's only address is changed to the end, more than ten minutes after the login: the password is asked again first.

use uketsuke::demo::people::OFFICE_PASSWORD;

use super::chrome::Chrome;
use super::errands::{address, enter, mailed};
use super::house::Demo;
use super::user::wrong;

/// The name of this office is as long as names get.
const OFFICE: (u8, u8) = (7, 7);
const LIST: &str = "セキュリティ用メールアドレス一覧";
const EDIT: &str = "セキュリティ用メールアドレス設定";
const OTP: &str = "ワンタイムパスワード入力";
const CODE: &str = "確認コード入力";
const NEW: &str = "atarashii.jimu@example.jp";
const OTP_MAIL: &str = "ワンタイムパスワード発行通知";
const CODE_MAIL: &str = "確認コード発行通知";

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_changed_after_the_password_was_asked_again() {
    walk(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_an_address_is_changed_after_the_password_was_asked_again_without_scripts() {
    walk(false).await;
}

async fn walk(scripts: bool) {
    let mut demo = Demo::start_to_stay();
    let chrome = Chrome::start(&demo.url, scripts).await;
    enter(&chrome, OFFICE, OFFICE_PASSWORD).await;
    chrome.screen("お知らせ", "長い名称").await;
    // Over the ten minutes of the password and under the thirty of idleness, however long the login took.
    demo.go_on_at("2026-01-20T10:25:00+09:00");
    for (path, title) in [
        ("/office/user/mail", "メールアドレス設定"),
        ("/office/user/code", "セキュリティコード設定"),
        ("/office/user/addresses", LIST),
    ] {
        chrome.open(path).await;
        chrome.screen(title, "10分後").await;
    }
    chrome.press(&format!("{}を変更", address(OFFICE, 1))).await;
    password_again(&chrome).await;
    prove_both(&chrome).await;
    chrome.screen("処理終了", "アドレスの変更").await;
    chrome.follow("終了").await;
    chrome.expect(LIST).await;
    let shown = chrome.text().await;
    assert!(shown.contains(NEW) && !shown.contains(&address(OFFICE, 1)), "{shown}");
    chrome.follow("お知らせ").await;
    chrome.screen("お知らせ", "アドレスの変更の後").await;
    chrome.close().await;
}

/// The field stands on the form of the step; an empty and a wrong answer change nothing, and what was typed beside stays.
async fn password_again(chrome: &Chrome) {
    chrome.screen(EDIT, "変更とパスワード").await;
    chrome.press("次へ").await;
    chrome.screen(EDIT, "変更の空欄のエラー").await;
    assert!(chrome.text().await.contains("現在のパスワードを入力してください。"));
    chrome.fill("address", NEW).await;
    chrome.fill("address_again", NEW).await;
    chrome.fill("current_password", "machigai-1").await;
    chrome.press("次へ").await;
    chrome.screen(EDIT, "変更のパスワードの誤り").await;
    assert_eq!(chrome.find("#address").await.prop("value").await.unwrap().as_deref(), Some(NEW), "kept");
    chrome.fill("current_password", OFFICE_PASSWORD).await;
    chrome.press("次へ").await;
    chrome.expect(OTP).await;
}

/// The one-time password goes to the address of before, the confirmation code to the new one.
async fn prove_both(chrome: &Chrome) {
    chrome.screen(OTP, "変更").await;
    let otp = mailed(chrome, OTP_MAIL, &address(OFFICE, 1), 1, 6).await;
    chrome.open("/office/user/addresses/otp").await;
    chrome.fill("code", &otp).await;
    chrome.press("次へ").await;
    chrome.screen(CODE, "変更").await;
    let code = mailed(chrome, CODE_MAIL, NEW, 1, 4).await;
    chrome.open("/office/user/addresses/code").await;
    // Five wrong ones end it; the list says so, and how to go on.
    for _ in 0..5 {
        chrome.expect(CODE).await;
        chrome.fill("code", &wrong(&code)).await;
        chrome.press("次へ").await;
    }
    chrome.screen(LIST, "コードの誤りの後").await;
    assert!(chrome.text().await.contains("コードの誤りが続いたため、操作を中止しました。"));
    again(chrome).await;
}

/// Begins again from the list, as it says; the password is fresh now.
async fn again(chrome: &Chrome) {
    chrome.press(&format!("{}を変更", address(OFFICE, 1))).await;
    chrome.expect(EDIT).await;
    chrome.fill("address", NEW).await;
    chrome.fill("address_again", NEW).await;
    chrome.press("次へ").await;
    chrome.expect(OTP).await;
    let otp = mailed(chrome, OTP_MAIL, &address(OFFICE, 1), 2, 6).await;
    chrome.open("/office/user/addresses/otp").await;
    chrome.fill("code", &otp).await;
    chrome.press("次へ").await;
    chrome.expect(CODE).await;
    let code = mailed(chrome, CODE_MAIL, NEW, 2, 4).await;
    chrome.open("/office/user/addresses/code").await;
    chrome.fill("code", &code).await;
    chrome.press("次へ").await;
}
