//! What an office meets again: a letter after which no address can be read any more, and a new version of the terms.

use uketsuke::demo::TOLD;
use uketsuke::demo::people::{OFFICE_PASSWORD, TEMPORARY_PASSWORD};

use super::chrome::Chrome;
use super::errands::{address, enter, mailed};
use super::house::Demo;
use super::office::agree;

const F7: &str = "セキュリティ用メールアドレス設定";
const NEW: &str = "atarashii.jimu@example.jp";
const NEW_PASSWORD: &str = "Ame-no-hi-no-7ji";
/// Came through the steps of a new office.
const SETTLED: (u8, u8) = (7, 17);

#[tokio::test(flavor = "multi_thread")]
async fn after_a_letter_all_addresses_are_replaced() {
    replace(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_after_a_letter_all_addresses_are_replaced_without_scripts() {
    replace(false).await;
}

async fn replace(scripts: bool) {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, scripts).await;
    let office = TOLD[0];
    enter(&chrome, office, TEMPORARY_PASSWORD).await;
    chrome.screen("警告", "再発行").await;
    chrome.press("パスワード変更").await;
    chrome.screen("パスワード変更", "再発行").await;
    chrome.fill("current_password", TEMPORARY_PASSWORD).await;
    chrome.fill("new_password", NEW_PASSWORD).await;
    chrome.fill("new_password_again", NEW_PASSWORD).await;
    chrome.press("変更").await;
    chrome.expect("処理終了").await;
    chrome.press("終了").await;
    chrome.expect(F7).await;
    assert!(!chrome.text().await.contains(&address(office, 1)), "masked");
    chrome.choose("way", "replace").await;
    chrome.press("次へ").await;
    chrome.fill("address", NEW).await;
    chrome.fill("address_again", NEW).await;
    chrome.press("次へ").await;
    chrome.expect("確認コード入力").await;
    let code = mailed(&chrome, "確認コード発行通知", NEW, 1, 4).await;
    chrome.open("/first-login/address/code").await;
    chrome.fill("code", &code).await;
    chrome.press("送信").await;
    chrome.screen("処理終了", "置き換えた").await;
    chrome.press("終了").await;
    chrome.screen("お知らせ", "再発行の後").await;
    chrome.open("/office/user/addresses").await;
    chrome.expect("セキュリティ用メールアドレス一覧").await;
    let shown = chrome.text().await;
    assert!(shown.contains(NEW) && !shown.contains(&address(office, 1)), "{shown}");
    chrome.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_terms_are_asked_of_whoever_is_logged_in() {
    new_terms(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_new_terms_are_asked_of_whoever_is_logged_in_without_scripts() {
    new_terms(false).await;
}

async fn new_terms(scripts: bool) {
    let mut demo = Demo::start_to_stay();
    let chrome = Chrome::start(&demo.url, scripts).await;
    enter(&chrome, SETTLED, OFFICE_PASSWORD).await;
    chrome.screen("お知らせ", "新規の事業所").await;
    let templates = demo.folder().join("templates");
    std::fs::create_dir_all(&templates).unwrap();
    // Fits without scrolling: then it counts as read.
    std::fs::write(templates.join("terms.txt"), "第1条（目的）\n新しい利用規約です。\n\n第2条（利用）\n短い規約です。\n")
        .unwrap();
    demo.go_on_at("2026-01-20T10:20:00+09:00");
    chrome.follow("照会一覧").await;
    chrome.screen("利用規約", "新しい版").await;
    assert!(chrome.text().await.contains("新しい利用規約です"));
    if !scripts {
        chrome.press("利用規約に同意して次へ").await;
        chrome.screen("利用規約", "同意のエラー").await;
    }
    agree(&chrome).await;
    chrome.expect("お知らせ").await;
    chrome.follow("照会一覧").await;
    chrome.screen("照会一覧", "取り下げた申請").await;
    chrome.press("ログアウト").await;
    enter(&chrome, SETTLED, OFFICE_PASSWORD).await;
    chrome.expect("お知らせ").await;
    chrome.close().await;
}
