//! パスキー in real Chromium with an authenticator of its own: registered, used, removed; and the same screens without scripts.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uketsuke::demo::offices;
use uketsuke::demo::people::OFFICE_PASSWORD;
use uketsuke::kernel::UserId;

use super::chrome::Chrome;
use super::house::{Demo, House};
use super::people::Member;

const LOGIN: &str = "パスキーでログイン";
const NEW: &str = "パスキーの登録";
const LIST: &str = "パスキー";
const NAME: &str = "受付カウンターのノートパソコン 指紋";
const LEDGER: &str = "\
都道府県番号,事業所番号,事業所名,事業所名カナ,郵便番号,住所,方書,電話番号,FAX番号,法人名,状態,請求方法
07,0799900014,さくらの里デイサービス,サクラノサトデイサービス,000-0001,福島県架空市見本町1番地1,,0000-07-0101,,社会福祉法人見本会,有効,電子
";
/// Longest wait for the browser's own dialogue; reached only when a test fails.
const DEADLINE: Duration = Duration::from_secs(60);

/// An authenticator within the browser: it has a screen lock, keeps passkeys and says yes at once.
struct Virtual<'a> {
    chrome: &'a Chrome,
    id: String,
}

impl<'a> Virtual<'a> {
    async fn add(chrome: &'a Chrome) -> Self {
        chrome.devtools("WebAuthn.enable", json!({})).await;
        let options = json!({ "options": {
            "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true,
        } });
        let added = chrome.devtools("WebAuthn.addVirtualAuthenticator", options).await;
        Self { chrome, id: added["authenticatorId"].as_str().unwrap().to_owned() }
    }

    /// Whether whoever sits there shows the right finger.
    async fn verifies(&self, verified: bool) {
        let to = json!({ "authenticatorId": self.id, "isUserVerified": verified });
        self.chrome.devtools("WebAuthn.setUserVerified", to).await;
    }

    async fn credentials(&self) -> Vec<Value> {
        let held = self.chrome.devtools("WebAuthn.getCredentials", json!({ "authenticatorId": self.id })).await;
        held["credentials"].as_array().unwrap().clone()
    }
}

async fn enter(chrome: &Chrome, (place, serial): (u8, u8)) {
    chrome.open("/login").await;
    chrome.fill("user_id", &UserId::of(offices::key(place, serial)).to_string()).await;
    chrome.fill("password", OFFICE_PASSWORD).await;
    chrome.press("ログイン").await;
    chrome.expect("お知らせ").await;
}

/// Waits for what the script says beside the form.
async fn told(chrome: &Chrome, words: &str) {
    let end = Instant::now() + DEADLINE;
    loop {
        let said = chrome.find("[data-passkey-told]").await.text().await.unwrap();
        if said.contains(words) {
            return;
        }
        assert!(Instant::now() < end, "waited for {words}, saw {said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_registered_opens_and_opens_no_more_once_it_is_removed() {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, true).await;
    let device = Virtual::add(&chrome).await;
    enter(&chrome, (7, 1)).await;
    chrome.follow("ユーザ情報変更").await;
    chrome.screen("ユーザ情報変更", "パスキーあり").await;
    chrome.follow("パスキー").await;
    chrome.screen(LIST, "0件").await;
    register(&chrome, &device).await;
    chrome.press("ログアウト").await;
    chrome.screen("ログイン", "パスキーのボタン").await;
    chrome.press(LOGIN).await;
    chrome.expect("お知らせ").await;
    chrome.press("ログアウト").await;
    the_wrong_finger(&chrome, &device).await;
    remove(&chrome).await;
    chrome.press("ログアウト").await;
    chrome.press(LOGIN).await;
    chrome.find(".notice.failure").await;
    chrome.screen(LOGIN, "断られた").await;
    chrome.close().await;
}

async fn register(chrome: &Chrome, device: &Virtual<'_>) {
    chrome.follow("パスキーを追加").await;
    chrome.screen(NEW, "はじめ").await;
    chrome.fill("current_password", OFFICE_PASSWORD).await;
    chrome.press("次へ").await;
    chrome.screen(NEW, "名前").await;
    device.verifies(false).await;
    chrome.click_button("登録").await;
    told(chrome, "確認できませんでした").await;
    chrome.screen(NEW, "取り消した").await;
    device.verifies(true).await;
    chrome.fill("name", "").await;
    chrome.press("登録").await;
    chrome.screen(NEW, "空欄のエラー").await;
    chrome.fill("name", NAME).await;
    chrome.press("登録").await;
    chrome.find(".notice.success").await;
    chrome.screen(LIST, "登録した").await;
    assert!(chrome.text().await.contains(NAME));
    assert_eq!(device.credentials().await.len(), 1, "the name was wrong, not the passkey: it was made once");
    // The device offers no second one for the same office.
    chrome.follow("パスキーを追加").await;
    chrome.fill("current_password", OFFICE_PASSWORD).await;
    chrome.press("次へ").await;
    chrome.find("#name").await;
    chrome.click_button("登録").await;
    told(chrome, "すでに登録されています").await;
    chrome.follow("戻る").await;
    chrome.expect(LIST).await;
}

async fn the_wrong_finger(chrome: &Chrome, device: &Virtual<'_>) {
    device.verifies(false).await;
    chrome.press(LOGIN).await;
    told(chrome, "確認できませんでした").await;
    chrome.screen(LOGIN, "確認できない").await;
    device.verifies(true).await;
    chrome.press("パスキーを確認").await;
    chrome.expect("お知らせ").await;
}

async fn remove(chrome: &Chrome) {
    chrome.open("/office/user/passkeys").await;
    chrome.screen(LIST, "1件").await;
    chrome.press("削除").await;
    chrome.screen(LIST, "削除のエラー").await;
    chrome.find("input[name=passkey] + label").await.click().await.unwrap();
    chrome.fill("current_password", "chigau Password 1").await;
    chrome.press("削除").await;
    chrome.screen(LIST, "パスワードのエラー").await;
    chrome.fill("current_password", OFFICE_PASSWORD).await;
    chrome.press("削除").await;
    chrome.find(".notice.success").await;
    chrome.screen(LIST, "削除した").await;
    assert!(!chrome.text().await.contains(NAME));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_staff_registers_a_passkey_and_enters_with_it() {
    let house = House::open(LEDGER);
    let chrome = Chrome::start(&house.url, true).await;
    let device = Virtual::add(&chrome).await;
    let mut member = Member::enrol(&house, &chrome, "佐藤 花子", "clerk").await;
    member.log_in(&chrome).await;
    chrome.expect("ダッシュボード").await;
    chrome.follow("パスキー").await;
    chrome.screen(LIST, "職員、0件").await;
    chrome.follow("パスキーを追加").await;
    chrome.screen(NEW, "職員、はじめ").await;
    chrome.fill("current_password", &member.password).await;
    chrome.press("次へ").await;
    chrome.screen(NEW, "職員、名前").await;
    chrome.fill("name", NAME).await;
    chrome.press("登録").await;
    chrome.find(".notice.success").await;
    chrome.screen(LIST, "職員、登録した").await;
    chrome.press("ログアウト").await;
    chrome.screen("職員ログイン", "パスキーのボタン").await;
    device.verifies(false).await;
    chrome.press(LOGIN).await;
    told(&chrome, "確認できませんでした").await;
    chrome.screen(LOGIN, "職員、確認できない").await;
    device.verifies(true).await;
    chrome.press("パスキーを確認").await;
    chrome.screen("ダッシュボード", "パスキーが登録された").await;
    assert!(chrome.text().await.contains("ご自身のパスキーが変更されました"));
    // The password was not entered this time.
    chrome.open("/staff/passkeys").await;
    chrome.screen(LIST, "職員、1件").await;
    chrome.find("input[name=passkey] + label").await.click().await.unwrap();
    chrome.fill("current_password", &member.password).await;
    chrome.press("削除").await;
    chrome.find(".notice.success").await;
    assert!(!chrome.text().await.contains(NAME));
    chrome.press("ログアウト").await;
    chrome.press(LOGIN).await;
    chrome.find(".notice.failure").await;
    chrome.screen(LOGIN, "職員、断られた").await;
    chrome.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_without_scripts_passkeys_are_listed_and_removed_and_the_rest_says_what_is_missing() {
    let demo = Demo::start();
    let (other, chrome) = (Chrome::start(&demo.url, true).await, Chrome::start(&demo.url, false).await);
    let device = Virtual::add(&other).await;
    enter(&other, (7, 1)).await;
    other.open("/office/user/passkeys/new").await;
    other.fill("current_password", OFFICE_PASSWORD).await;
    other.press("次へ").await;
    other.fill("name", NAME).await;
    other.press("登録").await;
    other.find(".notice.success").await;
    assert_eq!(device.credentials().await.len(), 1);

    chrome.open("/login").await;
    assert!(!chrome.text().await.contains(LOGIN), "the button would lead nowhere");
    enter(&chrome, (7, 1)).await;
    chrome.open("/office/user/passkeys").await;
    chrome.follow("パスキーを追加").await;
    chrome.expect(NEW).await;
    assert!(chrome.text().await.contains("パスキーにはJavaScriptが必要です"));
    chrome.fill("current_password", OFFICE_PASSWORD).await;
    chrome.press("次へ").await;
    chrome.fill("name", "スマートフォン").await;
    chrome.press("登録").await;
    chrome.find("#error-summary").await;
    assert!(chrome.text().await.contains("パスキーにはJavaScriptが必要です"));
    chrome.follow("戻る").await;
    chrome.expect(LIST).await;
    // The only one is chosen already.
    chrome.press("削除").await;
    chrome.find(".notice.success").await;
    assert!(chrome.text().await.contains("登録されているパスキーはありません"));
    for one in [chrome, other] {
        one.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_without_scripts_staff_enter_by_password_and_remove_a_passkey_by_a_plain_form() {
    let house = House::open(LEDGER);
    let (other, chrome) = (Chrome::start(&house.url, true).await, Chrome::start(&house.url, false).await);
    let device = Virtual::add(&other).await;
    let mut member = Member::enrol(&house, &other, "佐藤 花子", "clerk").await;
    member.log_in(&other).await;
    other.expect("ダッシュボード").await;
    other.open("/staff/passkeys/new").await;
    other.fill("current_password", &member.password).await;
    other.press("次へ").await;
    other.fill("name", NAME).await;
    other.press("登録").await;
    other.find(".notice.success").await;
    assert_eq!(device.credentials().await.len(), 1);

    chrome.open("/staff/login").await;
    chrome.expect("職員ログイン").await;
    assert!(!chrome.text().await.contains(LOGIN), "the button would lead nowhere");
    member.log_in(&chrome).await;
    chrome.expect("ダッシュボード").await;
    assert!(chrome.text().await.contains(NAME), "told at the login after it");
    chrome.follow("パスキー").await;
    chrome.expect(LIST).await;
    chrome.follow("パスキーを追加").await;
    chrome.expect(NEW).await;
    assert!(chrome.text().await.contains("パスキーにはJavaScriptが必要です"));
    chrome.fill("current_password", &member.password).await;
    chrome.press("次へ").await;
    chrome.fill("name", "スマートフォン").await;
    chrome.press("登録").await;
    chrome.find("#error-summary").await;
    assert!(chrome.text().await.contains("パスキーにはJavaScriptが必要です"));
    chrome.follow("戻る").await;
    chrome.expect(LIST).await;
    // The only one is chosen already.
    chrome.press("削除").await;
    chrome.find(".notice.success").await;
    assert!(chrome.text().await.contains("登録されているパスキーはありません"));

    other.press("ログアウト").await;
    other.press(LOGIN).await;
    other.find(".notice.failure").await;
    for one in [chrome, other] {
        one.close().await;
    }
}
