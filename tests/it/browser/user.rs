//! ユーザ情報変更 as an office walks through it: its addresses, its devices, its password; with scripts and without.

use uketsuke::demo::people::OFFICE_PASSWORD;

use super::chrome::Chrome;
use super::errands::{address, enter, mail, mailed as code};
use super::house::Demo;

const LIST: &str = "セキュリティ用メールアドレス一覧";
const EDIT: &str = "セキュリティ用メールアドレス設定";
const OTP: &str = "ワンタイムパスワード入力";
const CODE: &str = "確認コード入力";
const NEW: &str = "kanrisha.no.tanaka.hanako@mail.mihon-dayservice.example.jp";
const NEW_PASSWORD: &str = "Yuki-no-hi-8ji";

#[tokio::test(flavor = "multi_thread")]
async fn an_office_changes_its_own_data() {
    walk(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_an_office_changes_its_own_data_without_scripts() {
    walk(false).await;
}

async fn walk(scripts: bool) {
    let demo = Demo::start();
    let (chrome, other) = (Chrome::start(&demo.url, scripts).await, Chrome::start(&demo.url, scripts).await);
    for one in [&chrome, &other] {
        enter(one, (7, 1), OFFICE_PASSWORD).await;
        one.expect("お知らせ").await;
    }
    chrome.follow("ユーザ情報変更").await;
    chrome.screen("ユーザ情報変更", "").await;
    add(&chrome).await;
    choose_contact(&chrome).await;
    delete(&chrome).await;
    devices(&chrome, &other).await;
    other.close().await;
    notice_mail(&chrome).await;
    password(&chrome).await;
    five(&chrome).await;
    chrome.close().await;
}

pub(super) fn wrong(code: &str) -> String {
    let digits = code.len();
    format!("{:0digits$}", (code.parse::<u32>().unwrap() + 1) % 10_u32.pow(u32::try_from(digits).unwrap()))
}

async fn add(chrome: &Chrome) {
    let contact = address((7, 1), 1);
    chrome.follow(EDIT).await;
    chrome.screen(LIST, "1件").await;
    assert!(!chrome.text().await.contains("削除"), "the only one cannot be deleted");
    chrome.press("追加").await;
    chrome.screen(EDIT, "追加").await;
    chrome.press("次へ").await;
    chrome.screen(EDIT, "空欄のエラー").await;
    chrome.fill("address", NEW).await;
    chrome.fill("address_again", "betsu@example.jp").await;
    chrome.press("次へ").await;
    chrome.screen(EDIT, "不一致のエラー").await;
    chrome.fill("address", &contact).await;
    chrome.fill("address_again", &contact).await;
    chrome.press("次へ").await;
    chrome.screen(EDIT, "登録済みのエラー").await;
    chrome.fill("address", NEW).await;
    chrome.fill("address_again", NEW).await;
    chrome.press("次へ").await;
    chrome.screen(OTP, "追加").await;
    let otp = code(chrome, "ワンタイムパスワード発行通知", &contact, 1, 6).await;
    chrome.open("/office/user/addresses/otp").await;
    chrome.fill("code", &wrong(&otp)).await;
    chrome.press("次へ").await;
    chrome.screen(OTP, "エラー").await;
    chrome.fill("code", &otp).await;
    chrome.press("次へ").await;
    chrome.screen(CODE, "追加").await;
    let confirmation = code(chrome, "確認コード発行通知", NEW, 1, 4).await;
    chrome.open("/office/user/addresses/code").await;
    chrome.fill("code", &wrong(&confirmation)).await;
    chrome.press("次へ").await;
    chrome.screen(CODE, "エラー").await;
    chrome.fill("code", &confirmation).await;
    chrome.press("次へ").await;
    chrome.screen("処理終了", "追加").await;
    chrome.follow("終了").await;
    chrome.screen(LIST, "2件").await;
}

async fn choose_contact(chrome: &Chrome) {
    chrome.choose("contact", "1").await;
    chrome.press("通知先を変更").await;
    chrome.screen(LIST, "通知先を変更").await;
    assert!(chrome.text().await.contains("通知先を変更しました"));
}

async fn delete(chrome: &Chrome) {
    chrome.press(&format!("{NEW}を変更")).await;
    chrome.screen(EDIT, "変更").await;
    chrome.press("戻る").await;
    chrome.expect(LIST).await;
    chrome.press(&format!("{NEW}を削除")).await;
    chrome.screen("セキュリティ用メールアドレス削除", "").await;
    chrome.press("次へ").await;
    chrome.screen(OTP, "削除").await;
    let otp = code(chrome, "ワンタイムパスワード発行通知", NEW, 1, 6).await;
    chrome.open("/office/user/addresses/otp").await;
    chrome.fill("code", &otp).await;
    chrome.press("次へ").await;
    chrome.screen("処理終了", "削除").await;
    chrome.follow("終了").await;
    chrome.expect(LIST).await;
    assert!(!chrome.text().await.contains(NEW));
}

async fn devices(chrome: &Chrome, other: &Chrome) {
    chrome.open("/office/user").await;
    chrome.follow("ログイン中の端末").await;
    chrome.screen("ログイン中の端末", "2台").await;
    chrome.click("tbody tr:not(:has(.badge)) button").await;
    chrome.find(".notice.success").await;
    chrome.screen("ログイン中の端末", "ログアウトさせた").await;
    other.open("/office").await;
    other.expect("ログイン").await;
}

async fn notice_mail(chrome: &Chrome) {
    chrome.open("/office/user").await;
    chrome.follow("メールアドレス設定").await;
    chrome.screen("メールアドレス設定", "").await;
    chrome.press("変更").await;
    chrome.screen("メールアドレス設定", "空欄のエラー").await;
    chrome.fill("mail", NEW).await;
    chrome.fill("mail_again", NEW).await;
    chrome.press("変更").await;
    chrome.screen("処理終了", "メールアドレス").await;
    chrome.follow("終了").await;
    chrome.expect("ユーザ情報変更").await;
}

async fn password(chrome: &Chrome) {
    chrome.follow("パスワード変更").await;
    chrome.screen("パスワード変更", "ログイン後").await;
    chrome.fill("current_password", OFFICE_PASSWORD).await;
    chrome.fill("new_password", "kami\"7yuki").await;
    chrome.fill("new_password_again", "kami7").await;
    chrome.press("変更").await;
    chrome.screen("パスワード変更", "ログイン後のエラー").await;
    for (field, text) in
        [("current_password", OFFICE_PASSWORD), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)]
    {
        chrome.fill(field, text).await;
    }
    chrome.press("変更").await;
    chrome.screen("処理終了", "パスワード").await;
    chrome.press("ログアウト").await;
    chrome.expect("ログイン").await;
    enter(chrome, (7, 1), NEW_PASSWORD).await;
    chrome.expect("お知らせ").await;
    chrome.press("ログアウト").await;
}

async fn five(chrome: &Chrome) {
    enter(chrome, (7, 3), OFFICE_PASSWORD).await;
    chrome.expect("お知らせ").await;
    chrome.open("/office/user/addresses").await;
    chrome.screen(LIST, "5件").await;
    assert!(!chrome.has_button("追加").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_does_without_mail_of_its_notices() {
    no_notice_mail(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_an_office_does_without_mail_of_its_notices_without_scripts() {
    no_notice_mail(false).await;
}

/// メールアドレスを登録しない: the address that is taken out hears of it, and then there is nothing more to take out.
async fn no_notice_mail(scripts: bool) {
    const SETTING: &str = "メールアドレス設定";
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, scripts).await;
    enter(&chrome, (7, 2), OFFICE_PASSWORD).await;
    chrome.expect("お知らせ").await;
    chrome.open("/office/user/mail").await;
    chrome.expect(SETTING).await;
    chrome.choose("mail_choice", "none").await;
    chrome.press("変更").await;
    chrome.screen("処理終了", "メールアドレスを登録しない").await;
    assert!(chrome.text().await.contains("お知らせメールはお送りしません"));
    let told = mail(&chrome, "登録情報変更のお知らせ", &address((7, 2), 9), 1).await;
    assert!(told.contains("お知らせを受け取るメールアドレスが削除されました"), "{told}");
    chrome.open("/office/user/mail").await;
    chrome.expect(SETTING).await;
    assert!(chrome.text().await.contains("登録されていません"));
    chrome.choose("mail_choice", "none").await;
    chrome.press("変更").await;
    chrome.screen(SETTING, "登録のないエラー").await;
    assert!(chrome.text().await.contains("メールアドレスは登録されていません。"));
    chrome.close().await;
}
