//! What a federation does for an office that cannot get in, and against a letter in the wrong hands.

use uketsuke::demo::TOLD;
use uketsuke::demo::people::{OFFICE_PASSWORD, TEMPORARY_PASSWORD};
use uketsuke::staff::Role;

use super::chrome::Chrome;
use super::errands::{enter, mailed, open_account, sit_down};
use super::house::Demo;
use super::office::SECURITY;

const OFFICE: (u8, u8) = (7, 19);
const DESK: &str = "ユーザの管理";
const F7: &str = "セキュリティ用メールアドレス設定";
const NEW_PASSWORD: &str = "Ame-no-hi-no-7ji";

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_ended_by_staff_or_by_waiting() {
    lock(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_a_lock_is_ended_by_staff_or_by_waiting_without_scripts() {
    lock(false).await;
}

async fn lock(scripts: bool) {
    let mut demo = Demo::start_to_stay();
    let (office, desk) = (Chrome::start(&demo.url, scripts).await, Chrome::start(&demo.url, scripts).await);
    three_wrong(&office).await;
    sit_down(&desk, Role::Clerk).await;
    open_account(&desk, OFFICE).await;
    desk.screen(DESK, "ロック中").await;
    desk.open_panel("ロックの解除を確定する").await;
    desk.press("ロックの解除を確定する").await;
    desk.screen(DESK, "ロック解除のエラー").await;
    desk.fill("unlock_reason", "台帳の電話番号へかけ直し、事業所の方であることを確認した").await;
    desk.press("ロックの解除を確定する").await;
    desk.screen(DESK, "ロックを解除した").await;
    enter(&office, OFFICE, OFFICE_PASSWORD).await;
    office.expect("お知らせ").await;
    office.press("ログアウト").await;

    three_wrong(&office).await;
    enter(&office, OFFICE, OFFICE_PASSWORD).await;
    office.expect("ログイン").await;
    assert!(office.text().await.contains("ログインを一時的に停止しています"), "the right password does not open either");
    // Far beyond the half hour: the lock began when everything above had taken its time.
    demo.go_on_at("2026-01-20T11:30:00+09:00");
    enter(&office, OFFICE, OFFICE_PASSWORD).await;
    office.expect("お知らせ").await;
    office.close().await;
    desk.close().await;
}

/// The third locks; the screen counts down where scripts run.
async fn three_wrong(chrome: &Chrome) {
    for _ in 0..3 {
        enter(chrome, OFFICE, "machigai-1").await;
    }
    chrome.screen("ログイン", "ロック中").await;
    assert!(chrome.text().await.contains("もう一度ログインできるようになります"));
    if chrome.scripts {
        let left = || async { chrome.find_text("//*[@data-countdown]").await };
        let first = left().await;
        let end = std::time::Instant::now() + super::chrome::DEADLINE;
        while left().await == first {
            assert!(std::time::Instant::now() < end, "{first} does not count down");
            tokio::time::sleep(super::chrome::PAUSE).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_password_is_withdrawn_and_addresses_are_cleared() {
    withdraw_and_clear(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_a_temporary_password_is_withdrawn_and_addresses_are_cleared_without_scripts() {
    withdraw_and_clear(false).await;
}

async fn withdraw_and_clear(scripts: bool) {
    let demo = Demo::start();
    let (office, desk) = (Chrome::start(&demo.url, scripts).await, Chrome::start(&demo.url, scripts).await);
    sit_down(&desk, Role::Approver).await;
    withdraw(&desk).await;
    enter(&office, TOLD[0], TEMPORARY_PASSWORD).await;
    office.expect("ログイン").await;
    assert!(office.text().await.contains("ログインできませんでした"));

    enter(&office, OFFICE, OFFICE_PASSWORD).await;
    office.expect("お知らせ").await;
    clear(&desk, OFFICE).await;
    office.follow("照会一覧").await;
    office.screen("ログイン", "アドレスを消された後").await;
    enter(&office, OFFICE, OFFICE_PASSWORD).await;
    office.screen(F7, "消された後").await;
    office.close().await;
    desk.close().await;
}

async fn withdraw(desk: &Chrome) {
    open_account(desk, TOLD[0]).await;
    desk.screen(DESK, "仮パスワードあり").await;
    desk.open_panel("仮パスワードの取消しを確定する").await;
    desk.press("仮パスワードの取消しを確定する").await;
    desk.screen(DESK, "取消しのエラー").await;
    desk.fill("withdraw_reason", "通知書が別の方に届いたと連絡があったため").await;
    desk.press("仮パスワードの取消しを確定する").await;
    desk.screen(DESK, "取り消した").await;
    assert!(desk.text().await.contains("仮パスワードを取り消しました"));
    desk.open("/staff/letters?list=expired").await;
    desk.screen("通知書", "取り消した後の期限切れ").await;
}

async fn clear(desk: &Chrome, office: (u8, u8)) {
    open_account(desk, office).await;
    desk.open_panel("登録アドレスの消去を確定する").await;
    desk.fill("clear_reason", "どのアドレスも退職者のもので、受信できないため").await;
    desk.press("登録アドレスの消去を確定する").await;
    desk.screen(DESK, "確認した方法がない").await;
    desk.fill("clear_proof", "台帳の電話番号へかけ直し、管理者の身分証の写しを受け取った").await;
    desk.press("登録アドレスの消去を確定する").await;
    desk.screen(DESK, "アドレスを消した").await;
    assert!(desk.text().await.contains("登録アドレスを消しました"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_letter_an_office_without_an_address_registers_one() {
    without_an_address(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_after_a_letter_an_office_without_an_address_registers_one_without_scripts() {
    without_an_address(false).await;
}

async fn without_an_address(scripts: bool) {
    let demo = Demo::start();
    let (office, desk) = (Chrome::start(&demo.url, scripts).await, Chrome::start(&demo.url, scripts).await);
    sit_down(&desk, Role::Approver).await;
    clear(&desk, TOLD[0]).await;
    desk.close().await;
    enter(&office, TOLD[0], TEMPORARY_PASSWORD).await;
    office.expect("警告").await;
    office.press("パスワード変更").await;
    office.fill("current_password", TEMPORARY_PASSWORD).await;
    office.fill("new_password", NEW_PASSWORD).await;
    office.fill("new_password_again", NEW_PASSWORD).await;
    office.press("変更").await;
    office.screen("処理終了", "アドレスのない再発行").await;
    office.press("終了").await;
    // There is none to keep or to replace.
    office.screen(F7, "アドレスのない再発行").await;
    office.fill("address", SECURITY).await;
    office.fill("address_again", SECURITY).await;
    office.press("次へ").await;
    office.expect("確認コード入力").await;
    let code = mailed(&office, "確認コード発行通知", SECURITY, 1, 4).await;
    office.open("/first-login/address/code").await;
    office.fill("code", &code).await;
    office.press("送信").await;
    office.screen("処理終了", "アドレスのない再発行の登録").await;
    office.press("終了").await;
    office.expect("お知らせ").await;
    office.open("/office/user/addresses").await;
    office.expect("セキュリティ用メールアドレス一覧").await;
    assert!(office.text().await.contains(SECURITY));
    office.press("ログアウト").await;
    enter(&office, TOLD[0], NEW_PASSWORD).await;
    office.expect("お知らせ").await;
    office.close().await;
}
