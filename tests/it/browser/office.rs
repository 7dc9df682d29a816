//! The first login of a new office and the way of one without an address, once with scripts and once without.

use uketsuke::demo::people::{OFFICE_PASSWORD, TEMPORARY_PASSWORD};
use uketsuke::demo::{TOLD, offices};
use uketsuke::kernel::UserId;

use super::chrome::Chrome;
use super::errands::mailed;
use super::house::{Demo, House};
use super::walk::code;
use crate::support::pdf;

pub const LEDGER: &str = "\
都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法
07,0799900014,さくらの里デイサービス,サクラノサトデイサービス,000-0001,福島県架空市見本町1番地1,見本ビル2階,0000-07-0101,0000-07-0102,社会福祉法人見本会,有効,電子
";
/// Registered by those who walk through the steps.
pub const SECURITY: &str = "security@example.jp";
const NOTICE: &str = "oshirase@example.jp";
const NEW_PASSWORD: &str = "Ame-no-hi-no-7ji";
const AGREE: &str = "利用規約に同意して次へ";
/// The button of the terms, once it can be pressed.
const OPEN: &str = "form[action='/first-login/terms'] button.primary:not([disabled])";
const F7: &str = "セキュリティ用メールアドレス設定";

/// 【利用規約】, read to its end or ticked.
pub async fn agree(chrome: &Chrome) {
    chrome.expect("利用規約").await;
    if chrome.scripts {
        // As End does in the text.
        let down = "const t = document.querySelector('.terms'); t.scrollTop = t.scrollHeight";
        chrome.client.execute(down, vec![]).await.unwrap();
        chrome.find(OPEN).await;
    } else {
        chrome.choose("agree", "1").await;
    }
    chrome.press(AGREE).await;
}

/// 【セキュリティ用メールアドレス設定】 and 【確認コード入力】; `mail` waits for the mail.
pub async fn register(chrome: &Chrome, mail: impl FnOnce() -> String) {
    chrome.expect(F7).await;
    chrome.fill("address", SECURITY).await;
    chrome.fill("address_again", SECURITY).await;
    chrome.press("次へ").await;
    chrome.expect("確認コード入力").await;
    chrome.fill("code", &code(&mail())).await;
    chrome.press("送信").await;
    chrome.expect("処理終了").await;
}

async fn log_in(chrome: &Chrome, user_id: &str, password: &str) {
    chrome.open("/login").await;
    chrome.fill("user_id", user_id).await;
    chrome.fill("password", password).await;
    chrome.press("ログイン").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_office_walks_from_the_letter_to_its_notices() {
    new_office(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_a_new_office_walks_from_the_letter_to_its_notices_without_scripts() {
    new_office(false).await;
}

/// The letter of a first issue, printed by a clerk.
async fn letter(house: &House, chrome: &Chrome) -> pdf::Printed {
    house.command(&["account", "issue", "--prefecture", "07", "--all-new"]);
    let mut clerk = super::people::Member::enrol(house, chrome, "佐藤 花子", "clerk").await;
    clerk.log_in(chrome).await;
    chrome.expect("ダッシュボード").await;
    chrome.open("/staff/letters").await;
    chrome.press("選択した通知書を印刷する").await;
    chrome.click_button("PDFを受け取る").await;
    let printed = pdf::letters(&chrome.downloaded().await).remove(0);
    chrome.press("ログアウト").await;
    printed
}

async fn new_office(scripts: bool) {
    let mut house = House::open(LEDGER);
    let chrome = Chrome::start(&house.url, scripts).await;
    let letter = letter(&house, &chrome).await;
    let (user_id, temporary) = (letter.user_id.as_str(), letter.password.as_str());

    log_in(&chrome, user_id, temporary).await;
    terms(&chrome).await;
    chrome.screen("警告", "新規").await;
    chrome.press("パスワード変更").await;
    chrome.fill("current_password", temporary).await;
    chrome.fill("new_password", "short1").await;
    chrome.fill("new_password_again", "other2").await;
    chrome.press("変更").await;
    chrome.screen("パスワード変更", "新規のエラー").await;
    chrome.fill("current_password", temporary).await;
    chrome.fill("new_password", NEW_PASSWORD).await;
    chrome.fill("new_password_again", NEW_PASSWORD).await;
    chrome.press("変更").await;
    chrome.screen("処理終了", "新規のパスワード").await;

    // The server dies here, and the office begins again on another day.
    house.restart();
    chrome.open("/").await;
    chrome.client.delete_all_cookies().await.unwrap();
    log_in(&chrome, user_id, NEW_PASSWORD).await;
    chrome.expect("処理終了").await;
    chrome.press("終了").await;

    notice_mail(&chrome).await;
    address(&house, &chrome).await;
    chrome.screen("お知らせ", "新規").await;
    chrome.press("ログアウト").await;
    log_in(&chrome, user_id, NEW_PASSWORD).await;
    chrome.expect("お知らせ").await;
    chrome.close().await;
}

async fn terms(chrome: &Chrome) {
    chrome.screen("利用規約", "").await;
    if chrome.scripts {
        assert!(!chrome.button(AGREE).await.is_enabled().await.unwrap(), "not before the end is reached");
    } else {
        chrome.press(AGREE).await;
        chrome.screen("利用規約", "エラー").await;
        assert!(chrome.text().await.contains("チェックを付けてください"));
    }
    agree(chrome).await;
}

/// F5 and F6.
async fn notice_mail(chrome: &Chrome) {
    chrome.screen("メールアドレス設定", "").await;
    chrome.fill("mail", NOTICE).await;
    chrome.fill("mail_again", SECURITY).await;
    chrome.press("変更").await;
    chrome.screen("メールアドレス設定", "エラー").await;
    chrome.fill("mail_again", NOTICE).await;
    chrome.press("変更").await;
    chrome.screen("処理終了", "メールアドレス").await;
    chrome.press("終了").await;
}

/// F7 to F9.
async fn address(house: &House, chrome: &Chrome) {
    chrome.screen(F7, "新規").await;
    chrome.fill("address", SECURITY).await;
    chrome.fill("address_again", "betsu@example.jp").await;
    chrome.press("次へ").await;
    chrome.screen(F7, "不一致のエラー").await;
    chrome.fill("address_again", SECURITY).await;
    chrome.press("次へ").await;
    chrome.screen("確認コード入力", "新規").await;
    let code = code(&house.mail(SECURITY, 1).body);
    let wrong = format!("{:04}", (code.parse::<u32>().unwrap() + 1) % 10_000);
    chrome.fill("code", &wrong).await;
    chrome.press("送信").await;
    chrome.screen("確認コード入力", "新規のエラー").await;
    if chrome.scripts {
        let again = chrome.button("確認コードを再送").await;
        assert!(!again.is_enabled().await.unwrap(), "not yet");
    } else {
        chrome.press("確認コードを再送").await;
        chrome.expect("確認コード入力").await;
        assert!(chrome.text().await.contains("再送していません"));
    }
    chrome.follow("戻る").await;
    chrome.expect(F7).await;
    chrome.press("次へ").await;
    chrome.expect("確認コード入力").await;
    chrome.fill("code", &code).await;
    chrome.press("送信").await;
    chrome.screen("処理終了", "セキュリティ用").await;
    assert!(house.mail(NOTICE, 1).body.contains("セキュリティ用メールアドレスが登録されました"));
    chrome.press("終了").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_without_an_address_goes_on_without_until_the_last_day() {
    before_the_last_day(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_an_office_without_an_address_goes_on_without_until_the_last_day_without_scripts() {
    before_the_last_day(false).await;
}

async fn before_the_last_day(scripts: bool) {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, scripts).await;
    let user_id = UserId::of(offices::key(7, 4)).to_string();
    for _ in 0..2 {
        log_in(&chrome, &user_id, OFFICE_PASSWORD).await;
        chrome.screen(F7, "猶予期間").await;
        chrome.choose("later", "1").await;
        chrome.press("次へ").await;
        chrome.expect("お知らせ").await;
        chrome.open("/office/user/addresses").await;
        chrome.screen("セキュリティ用メールアドレス一覧", "0件").await;
        assert!(!chrome.has_button("追加").await, "registered at the next login");
        chrome.press("ログアウト").await;
    }
    log_in(&chrome, &user_id, OFFICE_PASSWORD).await;
    chrome.expect(F7).await;
    chrome.press("戻る").await;
    chrome.expect("ログイン").await;
    chrome.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_last_day_the_address_is_registered() {
    after_the_last_day(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_after_the_last_day_the_address_is_registered_without_scripts() {
    after_the_last_day(false).await;
}

async fn after_the_last_day(scripts: bool) {
    let demo = Demo::start_at("2026-02-01T00:00:00+09:00");
    let chrome = Chrome::start(&demo.url, scripts).await;
    let user_id = UserId::of(offices::key(7, 4)).to_string();
    log_in(&chrome, &user_id, OFFICE_PASSWORD).await;
    chrome.screen(F7, "猶予期間の後").await;
    assert!(!chrome.text().await.contains("登録せずにログイン"));
    chrome.fill("address", SECURITY).await;
    chrome.fill("address_again", SECURITY).await;
    chrome.press("次へ").await;
    chrome.screen("確認コード入力", "既存").await;
    let code = mailed(&chrome, "確認コード発行通知", SECURITY, 1, 4).await;
    chrome.open("/first-login/address/code").await;
    chrome.fill("code", &code).await;
    chrome.press("送信").await;
    chrome.screen("処理終了", "既存").await;
    chrome.press("終了").await;
    chrome.expect("お知らせ").await;
    chrome.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_letter_the_addresses_are_looked_through() {
    after_a_letter(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_after_a_letter_the_addresses_are_looked_through_without_scripts() {
    after_a_letter(false).await;
}

async fn after_a_letter(scripts: bool) {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, scripts).await;
    let (place, serial) = TOLD[0];
    log_in(&chrome, &UserId::of(offices::key(place, serial)).to_string(), TEMPORARY_PASSWORD).await;
    chrome.expect("警告").await;
    chrome.press("パスワード変更").await;
    chrome.fill("current_password", TEMPORARY_PASSWORD).await;
    chrome.fill("new_password", NEW_PASSWORD).await;
    chrome.fill("new_password_again", NEW_PASSWORD).await;
    chrome.press("変更").await;
    chrome.screen("処理終了", "再発行").await;
    chrome.press("終了").await;
    chrome.screen(F7, "確認").await;
    chrome.press("次へ").await;
    chrome.screen(F7, "確認のエラー").await;
    chrome.choose("way", "replace").await;
    chrome.press("次へ").await;
    chrome.screen(F7, "置き換え").await;
    chrome.fill("address", SECURITY).await;
    chrome.press("戻る").await;
    chrome.expect(F7).await;
    chrome.choose("way", "replace").await;
    chrome.press("次へ").await;
    assert_eq!(chrome.find("#address").await.prop("value").await.unwrap().as_deref(), Some(SECURITY), "kept");
    chrome.fill("address_again", SECURITY).await;
    chrome.press("次へ").await;
    chrome.screen("確認コード入力", "置き換え").await;
    chrome.follow("戻る").await;
    chrome.press("戻る").await;
    chrome.choose("way", "keep").await;
    chrome.press("次へ").await;
    chrome.expect("お知らせ").await;
    chrome.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agree_button_opens_at_the_end_of_the_text() {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, true).await;
    let (place, serial) = TOLD[1];
    let user_id = UserId::of(offices::key(place, serial)).to_string();
    log_in(&chrome, &user_id, TEMPORARY_PASSWORD).await;
    chrome.expect("利用規約").await;
    let state = "const b = document.querySelector('form button.primary'); \
                 return [b.disabled, document.getElementById('agree').checked, document.getElementById('agree').offsetParent === null]";
    let look = async || chrome.client.execute(state, vec![]).await.unwrap();
    assert_eq!(look().await, serde_json::json!([true, false, true]), "shut, and the box is not needed");
    let scroll = |to: &str| format!("const t = document.querySelector('.terms'); t.scrollTop = {to}");
    chrome.client.execute(&scroll("t.scrollHeight / 2"), vec![]).await.unwrap();
    assert_eq!(look().await[0], true, "half is not enough");
    // By the keyboard alone.
    chrome.find(".terms").await.send_keys("\u{E010}").await.unwrap();
    chrome.find(OPEN).await;
    assert_eq!(look().await, serde_json::json!([false, true, true]));
    chrome.client.execute(&scroll("0"), vec![]).await.unwrap();
    assert_eq!(look().await[0], false, "once read it stays open");
    chrome.screen("利用規約", "最後まで読んだ").await;
    chrome.press(AGREE).await;
    chrome.expect("警告").await;
    chrome.close().await;
}
