//! The screens of staff with a full house: `uketsuke demo` shows every state, and each is looked at.

use fantoccini::Locator;
use uketsuke::demo::people::{OFFICE_PASSWORD, TEMPORARY_PASSWORD};
use uketsuke::demo::{TOLD, offices};
use uketsuke::staff::Role;
use uketsuke::{letters, reissue};

use super::chrome::Chrome;
use super::errands::{enter, sit_down};
use super::house::{Demo, House};
use super::office::LEDGER;
use super::people::Member;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_can_be_looked_at_from_all_sides() {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, true).await;
    visitors(&chrome).await;
    offices_log_in(&chrome).await;
    staff_log_in(&chrome).await;
    applications(&chrome).await;
    letters_and_ledger(&chrome).await;
    chrome.close().await;
}

/// What only the system administrator can put right stands on top of the dashboard of the federation's administrator.
#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_warns_of_the_clock_and_of_missing_backups() {
    let mut demo = Demo::start_to_stay();
    demo.go_on_at("2026-01-19T10:00:00+09:00");
    let chrome = Chrome::start(&demo.url, true).await;
    sit_down(&chrome, Role::Admin).await;
    chrome.screen("ダッシュボード", "時計").await;
    assert!(chrome.text().await.contains("サーバーの時計が正しくないか"));
    chrome.close().await;

    let house = House::open(LEDGER);
    let chrome = Chrome::start(&house.url, true).await;
    Member::enrol(&house, &chrome, "高橋 真理", "admin").await.log_in(&chrome).await;
    chrome.screen("ダッシュボード", "バックアップ").await;
    assert!(chrome.text().await.contains("バックアップが設定されていません"));
    chrome.close().await;
}

async fn visitors(chrome: &Chrome) {
    chrome.open("/").await;
    chrome.screen("トップメニュー", "デモ").await;
    chrome.follow("連合会を名乗る不審なメール").await;
    chrome.screen("お知らせ", "本文").await;
    chrome.follow("デモ: 届いたメール").await;
    chrome.screen("届いたメール", "一覧").await;
    chrome.follow("ログイン情報再発行申請結果通知").await;
    chrome.screen("届いたメール", "本文").await;
}

async fn offices_log_in(chrome: &Chrome) {
    enter(chrome, (7, 2), OFFICE_PASSWORD).await;
    chrome.screen("お知らせ", "事業所").await;
    chrome.press("ログアウト").await;
    enter(chrome, (7, 1), OFFICE_PASSWORD).await;
    chrome.screen("お知らせ", "あてのないとき").await;
    chrome.follow("照会一覧").await;
    chrome.screen("照会一覧", "0件").await;
    chrome.press("ログアウト").await;
    enter(chrome, TOLD[0], TEMPORARY_PASSWORD).await;
    chrome.expect("警告").await;
    chrome.press("ログアウト").await;
    for _ in 0..3 {
        enter(chrome, (7, 6), "machigai-1").await;
    }
    chrome.screen("ログイン", "ロック").await;
    chrome.find("[data-countdown]").await;
}

async fn staff_log_in(chrome: &Chrome) {
    chrome.open("/demo/codes").await;
    chrome.screen("認証コード", "デモ").await;
    sit_down(chrome, Role::Approver).await;
    chrome.screen("ダッシュボード", "デモ").await;
}

async fn applications(chrome: &Chrome) {
    for list in ["", "open", "all"] {
        chrome.open(&format!("/staff/applications?state={list}")).await;
        chrome.screen("再発行申請", &format!("一覧{list}")).await;
    }
    chrome.open("/staff/applications?state=all&q=見本").await;
    chrome.screen("再発行申請", "検索").await;
    for state in reissue::State::ALL {
        chrome.open(&format!("/staff/applications?state={}", state.word())).await;
        chrome.expect("再発行申請").await;
        for at in 0..2 {
            let links =
                chrome.client.find_all(Locator::Css("main td a[href*='/staff/applications/U'], main th a")).await.unwrap();
            let Some(link) = links.into_iter().nth(at) else { break };
            link.click().await.unwrap();
            chrome.screen("再発行申請の審査", &format!("{state}{}", at + 1)).await;
            chrome.client.back().await.unwrap();
            chrome.expect("再発行申請").await;
        }
    }
    chrome.open("/staff/applications?state=under_review").await;
    chrome.follow("U2026").await;
    for (button, state) in
        [("照会中にする", "照会のエラー"), ("却下を確定する", "却下のエラー"), ("取下げを確定する", "取下げのエラー")]
    {
        chrome.expect("再発行申請の審査").await;
        chrome.open_panel(button).await;
        chrome.press(button).await;
        chrome.screen("再発行申請の審査", state).await;
    }
    chrome.open("/staff/applications/new?q=見本").await;
    chrome.screen("窓口受付", "候補").await;
    chrome.open(&format!("/staff/applications/new?q={}", offices::key(7, 1).number)).await;
    chrome.screen("窓口受付", "1件").await;
}

async fn letters_and_ledger(chrome: &Chrome) {
    for state in letters::State::ALL {
        chrome.open(&format!("/staff/letters?list={}", state.word())).await;
        chrome.screen("通知書", &format!("一覧{}", state.word())).await;
    }
    for state in [letters::State::Printed, letters::State::Posted, letters::State::Returned] {
        chrome.open(&format!("/staff/letters?list={}", state.word())).await;
        chrome.follow("-0").await;
        chrome.screen("通知書の詳細", state.word()).await;
    }
    chrome.open("/staff/ledger?q=見本").await;
    chrome.screen("事業所台帳", "検索").await;
    chrome.open("/staff/ledger?q=zzz").await;
    chrome.screen("事業所台帳", "0件").await;
    for sample in offices::OFFICES.iter().filter(|one| one.place == 7 && [3, 5, 7, 11, 13, 23].contains(&one.serial)) {
        chrome.open(&format!("/staff/ledger/{}", sample.key().number)).await;
        chrome.screen(&sample.entry().name, "").await;
    }
    chrome.open("/staff/mails").await;
    chrome.screen("送れなかったメール", "0件").await;
    // Another federation's office does not exist here.
    chrome.open(&format!("/staff/ledger/{}", offices::key(13, 1).number)).await;
    chrome.screen("ページが見つかりません", "").await;
}
