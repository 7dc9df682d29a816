//! The order of A1–A5: no step is skipped, going back keeps what was typed.

use jiff::SignedDuration;

use crate::support::TestApp;
use crate::support::reissue::{CONTACT, NUMBER, wrong};

const SCREENS: [&str; 5] = ["/reissue", "/reissue/prefecture", "/reissue/code", "/reissue/check", "/reissue/done"];

#[tokio::test]
async fn q34_cold_steps_lead_to_the_first_screen() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    for path in &SCREENS[1..] {
        let mut browser = app.browser();
        assert_eq!(browser.get(path).await.location(), Some("/reissue"), "GET {path}");
    }
    for (path, fields) in [
        ("/reissue/prefecture", [("prefecture", "13")]),
        ("/reissue/code", [("code", "0000")]),
        ("/reissue/code/resend", [("x", "")]),
        ("/reissue/check", [("x", "")]),
    ] {
        let mut browser = app.browser();
        browser.get("/reissue").await;
        assert_eq!(browser.post(path, &fields).await.location(), Some("/reissue"), "POST {path}");
    }
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn q34_each_state_sees_its_own_screen_and_is_sent_there_from_later_ones() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    browser.apply(NUMBER, CONTACT).await;
    let seen = |pages: Vec<Option<String>>| pages.into_iter().map(|to| to.unwrap_or_else(|| "shown".into())).collect::<Vec<_>>();
    let mut places = Vec::new();
    for stage in 0..3 {
        let mut pages = Vec::new();
        for path in SCREENS {
            pages.push(browser.get(path).await.location().map(str::to_owned));
        }
        places.push(seen(pages));
        if stage == 0 {
            // Waiting for the code, nothing can be sent.
            browser.get("/reissue/code").await;
            assert_eq!(browser.post("/reissue/check", &[]).await.location(), Some("/reissue/code"));
            let code = app.code().await;
            browser.post("/reissue/code", &[("code", &code)]).await;
        } else {
            browser.get("/reissue/check").await;
            browser.post("/reissue/check", &[]).await;
        }
    }
    let at = |home: &str, own: usize| {
        (0..5).map(|n| if n == 0 || n == own { "shown".to_owned() } else { home.to_owned() }).collect::<Vec<_>>()
    };
    assert_eq!(places, [at("/reissue/code", 2), at("/reissue/check", 3), at("/reissue/done", 4)]);
    app.take_mails().await;
}

#[tokio::test]
async fn q54_going_back_shows_what_was_typed_and_sends_no_second_mail() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    browser.apply("13-1111-1111", CONTACT).await;
    let a1 = browser.get("/reissue").await;
    for (field, typed) in [("number", "13-1111-1111"), ("contact", CONTACT), ("contact_again", CONTACT)] {
        assert_eq!(a1.value(field).as_deref(), Some(typed));
    }
    app.take_mails().await;
    assert_eq!(browser.apply(NUMBER, CONTACT).await.location(), Some("/reissue/code"));
    assert!(app.take_mails().await.is_empty(), "the code on its way is still good");
}

#[tokio::test]
async fn q54_back_from_the_code_leads_to_the_prefecture_where_it_was_asked() {
    let app = TestApp::new();
    for prefecture in [7, 13] {
        app.in_ledger(prefecture, NUMBER).await;
    }
    let mut browser = app.browser();
    browser.apply(NUMBER, CONTACT).await;
    browser.get("/reissue/prefecture").await;
    let a3 = browser.submit("/reissue/prefecture", &[("prefecture", "07")]).await;
    assert!(a3.body.contains(r#"class="button back" href="/reissue/prefecture""#), "{}", a3.body);
    assert_eq!(app.take_mails().await.len(), 1);
    // The same again: the code on its way is still good. Another one: a new code, signed by that federation.
    browser.get("/reissue/prefecture").await;
    assert_eq!(browser.post("/reissue/prefecture", &[("prefecture", "07")]).await.location(), Some("/reissue/code"));
    assert!(app.take_mails().await.is_empty());
    assert_eq!(browser.post("/reissue/prefecture", &[("prefecture", "13")]).await.location(), Some("/reissue/code"));
    assert!(app.take_mails().await[0].body.contains("東京都国保連合会（デモ）"));
}

#[tokio::test]
async fn q54_the_check_page_has_change_links_and_a_proven_address_stays_proven() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    app.in_ledger(13, "1311111129").await;
    let mut browser = app.browser();
    let a4 = browser.apply_to_check(&app, NUMBER, CONTACT).await;
    for link in ["事業所番号を", "事業所名を", "通知先メールアドレスを", "請求先都道府県を"] {
        assert!(a4.body.contains(link), "{link} 変更");
    }
    // Another number, the same address: straight back to A4.
    assert_eq!(browser.get("/reissue").await.value("number").as_deref(), Some(NUMBER));
    assert_eq!(browser.apply("1311111129", CONTACT).await.location(), Some("/reissue/check"));
    assert!(browser.get("/reissue/check").await.says("1311111129"));
    assert!(app.take_mails().await.is_empty());
    // Another address has to be proven.
    assert_eq!(browser.apply("1311111129", "other@example.jp").await.location(), Some("/reissue/code"));
    assert_eq!(app.take_mails().await[0].to, "other@example.jp");
    assert_eq!(browser.get("/reissue/check").await.location(), Some("/reissue/code"));
}

#[tokio::test]
async fn q23_a_network_begins_at_most_60_flows_an_hour_and_those_begun_go_on() {
    let app = TestApp::new();
    for prefecture in [7, 13] {
        app.in_ledger(prefecture, NUMBER).await;
    }
    let mut first = app.browser();
    first.apply(NUMBER, CONTACT).await;
    for _ in 1..60 {
        assert_eq!(app.browser().apply(NUMBER, CONTACT).await.location(), Some("/reissue/prefecture"));
    }
    let before = app.app.store.counts();
    let refused = app.browser().apply(NUMBER, CONTACT).await;
    assert!(refused.status == 422 && refused.says("2026年1月20日 11時00分以降に"), "{}", refused.text());
    assert_eq!(app.app.store.counts().written, before.written, "nothing is written for it");
    assert_eq!(first.apply(NUMBER, CONTACT).await.location(), Some("/reissue/prefecture"), "a flow that was begun goes on");
    app.advance(SignedDuration::from_hours(1));
    assert_eq!(app.browser().apply(NUMBER, CONTACT).await.location(), Some("/reissue/prefecture"));
}

#[tokio::test]
async fn q38_codes_and_addresses_are_in_no_url() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    let mut places = vec![browser.apply(NUMBER, CONTACT).await];
    let code = app.code().await;
    places.push(browser.post("/reissue/code", &[("code", &wrong(&code))]).await);
    places.push(browser.post("/reissue/code", &[("code", &code)]).await);
    places.push(browser.post("/reissue/check", &[]).await);
    let number = app.mail("ログイン情報再発行申請受領通知").await;
    assert!(number.body.contains("U202601000001"));
    places.push(browser.post("/status", &[("control_number", "U202601000001"), ("contact", CONTACT)]).await);
    for page in places {
        let to = page.location().unwrap_or_default();
        for secret in [CONTACT, "jigyousho", code.as_str(), "U2026"] {
            assert!(!to.contains(secret), "{to}");
        }
    }
}

#[tokio::test]
async fn a_flow_is_forgotten_after_24_hours_and_its_rows_are_cleaned_away() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    app.app.prepare().await.unwrap();
    let mut browser = app.browser();
    browser.apply(NUMBER, CONTACT).await;
    app.take_mails().await;
    app.advance(SignedDuration::from_hours(25));
    assert_eq!(browser.get("/reissue/code").await.location(), Some("/reissue"));
    app.run_jobs().await;
    assert_eq!(browser.get("/reissue").await.value("number"), None, "nothing typed is kept any longer");
}

#[tokio::test]
async fn an_anonymous_get_of_the_first_screens_writes_nothing() {
    let app = TestApp::new();
    let before = app.app.store.counts();
    for path in ["/reissue", "/status"] {
        app.browser().get(path).await;
    }
    assert_eq!(app.app.store.counts().written, before.written);
}
