//! 初回利用登録 of an office in the demo, from the top menu to the mail with the initial password: once with scripts, once without. And the
//! screens of an office with a security code, of one without address, and of one that has a main user already.

use uketsuke::demo::{offices, people};
use uketsuke::kernel::{OfficeKey, UserId};

use super::chrome::Chrome;
use super::errands::{enter, mail, mailed};
use super::house::Demo;
use super::user::wrong;

/// Registers its first main user, and then another.
const OFFICE: (u8, u8) = (7, 1);
const MAIL: &str = "hanako@portal.example.jp";
const OTHER: &str = "jiro@portal.example.jp";

#[tokio::test(flavor = "multi_thread")]
async fn a_main_user_is_registered() {
    walk(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_a_main_user_is_registered_without_scripts() {
    walk(false).await;
}

async fn walk(scripts: bool) {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, scripts).await;
    chrome.open("/").await;
    chrome.open("/portal").await;
    chrome.screen("介護情報基盤ポータル", "").await;
    chrome.open("/portal/register").await;
    chrome.screen("初回利用登録", "").await;
    chrome.press("次へ").await;
    chrome.screen("初回利用登録", "空欄のエラー").await;
    authenticate(&chrome, office(), "nowhere-near-1").await;
    chrome.screen("初回利用登録", "認証のエラー").await;
    to_user(&chrome, 1, true).await;

    chrome.screen("ユーザ登録", "").await;
    chrome.fill("name", "佐藤 花子").await;
    chrome.fill("kana", "佐藤").await;
    chrome.fill("mail_address", MAIL).await;
    chrome.fill("mail_address_again", OTHER).await;
    chrome.press("次へ").await;
    chrome.screen("ユーザ登録", "エラー").await;
    person(&chrome, MAIL).await;
    chrome.screen("登録内容の確認", "").await;
    chrome.press("登録").await;
    chrome.screen("処理終了", "ユーザ登録").await;
    let text = mail(&chrome, "初期パスワードのお知らせ", MAIL, 1).await;
    assert!(text.contains("/portal/login"), "{text}");

    // Another one takes their place.
    chrome.open("/portal/register").await;
    authenticate(&chrome, office(), people::OFFICE_PASSWORD).await;
    to_user(&chrome, 2, false).await;
    chrome.screen("ユーザ登録", "交代").await;
    person(&chrome, OTHER).await;
    chrome.screen("登録内容の確認", "交代").await;
    chrome.press("登録").await;
    chrome.screen("登録内容の確認", "交代のエラー").await;
    chrome.choose("replace", "on").await;
    chrome.press("登録").await;
    chrome.screen("処理終了", "交代").await;
    assert!(chrome.text().await.contains(OTHER));
    elsewhere(&chrome).await;
    chrome.close().await;
}

/// The screens that not every office meets, and the checklist.
async fn elsewhere(chrome: &Chrome) {
    chrome.open("/portal/register").await;
    authenticate(chrome, offices::key(offices::WITH_CODE.0, offices::WITH_CODE.1), people::OFFICE_PASSWORD).await;
    chrome.screen("セキュリティコード入力", "").await;
    chrome.fill("code", "11111111").await;
    chrome.press("次へ").await;
    chrome.screen("セキュリティコード入力", "エラー").await;
    chrome.fill("code", people::OFFICE_CODE).await;
    chrome.press("次へ").await;
    chrome.expect("ワンタイムパスワード入力").await;
    chrome.open("/portal/register").await;
    // The same number elsewhere has no address.
    authenticate(chrome, offices::elsewhere().key, people::OFFICE_PASSWORD).await;
    chrome.screen("セキュリティ用メールアドレスの登録が必要です", "").await;
    enter(chrome, OFFICE, people::OFFICE_PASSWORD).await;
    chrome.expect("お知らせ").await;
    chrome.follow("介護情報基盤ポータルの利用準備を確認する").await;
    chrome.screen("介護情報基盤ポータルの利用準備", "登録済み").await;
}

fn office() -> OfficeKey {
    offices::key(OFFICE.0, OFFICE.1)
}

async fn authenticate(chrome: &Chrome, office: OfficeKey, password: &str) {
    chrome.fill("user_id", &UserId::of(office).to_string()).await;
    chrome.fill("password", password).await;
    chrome.press("次へ").await;
}

/// From 初回利用登録 or ワンタイムパスワード入力 to ユーザ登録, with the `n`th one-time password.
async fn to_user(chrome: &Chrome, n: usize, looks: bool) {
    if chrome.title().await == "初回利用登録" {
        authenticate(chrome, office(), people::OFFICE_PASSWORD).await;
    }
    chrome.expect("ワンタイムパスワード入力").await;
    let address = offices::mail("jimu1.07-01").to_string();
    let code = mailed(chrome, "ワンタイムパスワード発行通知", &address, n, 6).await;
    chrome.open("/portal/register/otp").await;
    if looks {
        chrome.screen("ワンタイムパスワード入力", "初回利用登録").await;
        chrome.fill("code", &wrong(&code)).await;
        chrome.press("次へ").await;
        chrome.screen("ワンタイムパスワード入力", "初回利用登録のエラー").await;
    }
    chrome.fill("code", &code).await;
    chrome.press("次へ").await;
    chrome.expect("ユーザ登録").await;
}

/// ユーザ登録, filled in and sent.
async fn person(chrome: &Chrome, mail: &str) {
    for (name, text) in [
        ("name", "佐藤 花子"),
        ("kana", "サトウ ハナコ"),
        ("mail_address", mail),
        ("mail_address_again", mail),
        ("telephone", "03-1234-5678"),
        ("department", "事務"),
    ] {
        chrome.fill(name, text).await;
    }
    chrome.press("次へ").await;
}
