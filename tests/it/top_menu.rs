//! P1 【トップメニュー】 and P4 【パスワード等を紛失した方】.

use jiff::SignedDuration;
use jiff::civil::date;
use uketsuke::kernel::Id;
use uketsuke::notices::{self, Public, Version};

use crate::support::TestApp;

async fn publish(app: &TestApp, title: &str, important: bool, from: jiff::civil::Date) -> Id {
    let id = Id::new(&app.app.random);
    let body = "一行目\n二行目\n\n次の段落".to_owned();
    let notice = Public { id, prefecture: None, title: title.to_owned(), body, important, from: Some(from), until: None };
    app.write(move |tx| notices::put_public(tx, &notice)).await;
    id
}

#[tokio::test]
async fn the_top_menu_shows_notices_and_versions_as_the_seeds_do() {
    let app = TestApp::new();
    let id = publish(&app, "介護電子請求受付システムの機能変更について", true, date(2025, 12, 22)).await;
    publish(&app, "ヘルプデスクのお問い合わせ時間のお知らせ", false, date(2026, 1, 20)).await;
    publish(&app, "来月のお知らせ", false, date(2026, 2, 1)).await;
    let version = Version {
        id,
        name: "統合インストーラ Ver1.4.0".to_owned(),
        updated: date(2025, 1, 27),
        from: Some(date(2025, 1, 27)),
        until: None,
    };
    app.write(move |tx| notices::put_version(tx, &version)).await;
    let mut browser = app.browser();
    let page = browser.get("/").await;
    assert_eq!(page.title(), "トップメニュー");
    for part in [
        "2026/01/20 New ヘルプデスクのお問い合わせ時間のお知らせ",
        "2025/12/22 New 【重要】介護電子請求受付システムの機能変更について",
        "統合インストーラ Ver1.4.0 2025/01/27",
        "申請状況の確認",
        "介護情報基盤ポータル 初回利用登録、ログイン、お問い合わせ",
        "0000-07-0000",
        "0000-13-0000",
    ] {
        assert!(page.says(part), "{part}\n{}", page.text());
    }
    assert!(!page.says("来月のお知らせ"));
    let text = browser.get(&format!("/notices/{id}")).await;
    assert!(text.says("次の段落") && text.says("2025/12/22"));
    assert_eq!(browser.get("/notices/aaaa").await.status, 404);
}

#[tokio::test]
async fn the_kept_top_menu_follows_its_tables_the_clock_and_the_day() {
    let app = TestApp::new();
    let mut browser = app.browser();
    assert!(browser.get("/").await.says("時刻 10:00:00"));
    app.advance(SignedDuration::from_secs(7));
    let before = app.app.store.counts();
    assert!(browser.get("/").await.says("時刻 10:00:07"));
    assert_eq!(app.app.store.counts().read, before.read, "nothing is read for a kept page");
    publish(&app, "新しいお知らせ", false, date(2026, 1, 20)).await;
    assert!(browser.get("/").await.says("New 新しいお知らせ"));
    app.advance(SignedDuration::from_hours(24 * 30));
    let page = browser.get("/").await;
    assert!(page.says("新しいお知らせ") && !page.says("New 新しいお知らせ"), "{}", page.text());
}

#[tokio::test]
async fn q35_an_anonymous_get_writes_nothing_and_the_top_menu_sets_no_cookie() {
    let app = TestApp::new();
    let id = publish(&app, "お知らせ", false, date(2026, 1, 20)).await;
    let before = app.app.store.counts();
    let forms = ["/login", "/lost", "/reset", "/login/device", "/portal/register"];
    let others = ["/", &format!("/notices/{id}"), "/office", "/first-login", "/portal", "/portal/register/user"];
    for path in forms.iter().chain(&others) {
        let page = app.browser().get(path).await;
        let cookies = page.headers.get_all("set-cookie").iter().count();
        assert_eq!(cookies, usize::from(forms.contains(path)), "{path}: a form needs the browser's cookie");
    }
    assert_eq!(app.app.store.counts().written, before.written);
}

#[tokio::test]
async fn the_two_ways_of_those_who_lost_a_password() {
    let app = TestApp::new();
    let mut browser = app.browser();
    let page = browser.get("/lost").await;
    for part in [
        "セキュリティ用メールアドレスを登録済みの場合はこちら",
        "セキュリティ用メールアドレスが不明または未登録の場合はこちら",
        "数分で完了",
        "数日から一週間程度",
        "数週間",
        "紙または媒体",
    ] {
        assert!(page.says(part), "{part}");
    }
    assert_eq!(browser.post("/lost", &[]).await.status, 422);
    assert_eq!(browser.post("/lost", &[("way", "letter")]).await.location(), Some("/reissue"));
    assert_eq!(browser.post("/lost", &[("way", "registered")]).await.location(), Some("/reset"));
}
