//! An office reads its notices and looks at its applications; its federation suspends it and lets it in again.

use uketsuke::demo::offices;
use uketsuke::demo::people::OFFICE_PASSWORD;
use uketsuke::staff::Role;

use super::chrome::Chrome;
use super::errands::{enter, sit_down};
use super::house::Demo;

/// Its application has been gone through to the end.
const OFFICE: (u8, u8) = (7, 21);

#[tokio::test(flavor = "multi_thread")]
async fn an_office_reads_and_is_suspended_and_released() {
    walk(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_an_office_reads_and_is_suspended_and_released_without_scripts() {
    walk(false).await;
}

async fn walk(scripts: bool) {
    let demo = Demo::start();
    let office = Chrome::start(&demo.url, scripts).await;
    let desk = Chrome::start(&demo.url, scripts).await;
    enter(&office, OFFICE, "machigai-1").await;
    log_in(&office).await;
    office.screen("お知らせ", "未読").await;
    office.click(".fold summary").await;
    office.screen("お知らせ", "ログインできなかった記録").await;
    assert!(office.text().await.contains("パスワードの誤り"), "{}", office.text().await);
    read(&office).await;
    look_up(&office).await;
    sit_down(&desk, Role::Clerk).await;
    clerk(&desk).await;
    sit_down(&desk, Role::Approver).await;
    suspend(&desk, &office).await;
    release(&desk, &office).await;
    office.close().await;
    desk.close().await;
}

fn number() -> String {
    offices::key(OFFICE.0, OFFICE.1).number.to_string()
}

fn account() -> String {
    format!("/staff/ledger/{}/account", number())
}

async fn log_in(chrome: &Chrome) {
    enter(chrome, OFFICE, OFFICE_PASSWORD).await;
}

/// How many are unread, as the page says.
async fn unread(chrome: &Chrome) -> usize {
    let text = chrome.text().await;
    let count = text.split("未読 ").nth(1).and_then(|rest| rest.split('件').next());
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}

async fn read(chrome: &Chrome) {
    let before = unread(chrome).await;
    assert!(before >= 3, "N-1, N-2 and N-3: {}", chrome.text().await);
    chrome.press("ログイン情報再発行申請結果通知").await;
    chrome.screen("お知らせ", "本文").await;
    assert!(chrome.text().await.contains("承認しました"), "{}", chrome.text().await);
    chrome.follow("戻る").await;
    chrome.screen("お知らせ", "既読").await;
    assert_eq!(unread(chrome).await, before - 1);
    chrome.follow("ログイン情報再発行申請結果通知").await;
    chrome.expect("お知らせ").await;
    chrome.follow("戻る").await;
    chrome.press("ログイン情報再発行申請受領通知").await;
    chrome.screen("お知らせ", "受領通知の本文").await;
    chrome.follow("戻る").await;
    assert_eq!(unread(chrome).await, before - 2);
    chrome.press("すべて既読にする").await;
    chrome.expect("お知らせ").await;
    assert_eq!(unread(chrome).await, 0);
    chrome.follow("登録情報変更のお知らせ").await;
    chrome.screen("お知らせ", "登録情報変更の本文").await;
    chrome.follow("お知らせ").await;
    chrome.expect("お知らせ").await;
}

async fn look_up(chrome: &Chrome) {
    chrome.follow("照会一覧").await;
    chrome.screen("照会一覧", "").await;
    chrome.follow("U20").await;
    chrome.screen("照会内容", "完了").await;
    assert!(chrome.text().await.contains("仮パスワードでのログインを確認しました"));
}

async fn clerk(chrome: &Chrome) {
    chrome.open(&format!("/staff/ledger/{}", number())).await;
    chrome.follow("ユーザの管理").await;
    chrome.screen("ユーザの管理", "受付担当").await;
    assert!(!chrome.text().await.contains("利用を停止する"), "{}", chrome.text().await);
    chrome.press("ログアウト").await;
}

async fn suspend(chrome: &Chrome, office: &Chrome) {
    chrome.open(&account()).await;
    chrome.screen("ユーザの管理", "承認者").await;
    chrome.open_panel("登録アドレスの消去を確定する").await;
    chrome.screen("ユーザの管理", "アドレスの消去").await;
    chrome.press("登録アドレスの消去を確定する").await;
    chrome.screen("ユーザの管理", "消去のエラー").await;
    chrome.open_panel("利用停止を確定する").await;
    chrome.press("利用停止を確定する").await;
    chrome.screen("ユーザの管理", "停止のエラー").await;
    chrome.fill("suspend_reason", "パスワードが第三者に知られたため").await;
    chrome.press("利用停止を確定する").await;
    chrome.screen("ユーザの管理", "停止").await;
    office.follow("お知らせ").await;
    office.screen("ログイン", "停止された後").await;
    log_in(office).await;
    office.expect("ログイン").await;
}

async fn release(chrome: &Chrome, office: &Chrome) {
    chrome.open_panel("利用再開を確定する").await;
    chrome.fill("release_reason", "パスワードを変更したため").await;
    chrome.press("利用再開を確定する").await;
    chrome.screen("ユーザの管理", "再開").await;
    log_in(office).await;
    office.screen("お知らせ", "再開後").await;
}
