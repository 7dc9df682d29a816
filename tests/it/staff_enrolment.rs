//! Enrolment of staff by a one-time link.

use jiff::SignedDuration;
use uketsuke::audit;
use uketsuke::kernel::Prefecture;
use uketsuke::staff::{Command, Role, Scope};

use crate::support::TestApp;
use crate::support::staff::{PASSWORD, enrol, enrol_by, invite, log_in, path_of_link, shown_secret};

fn fukushima() -> Scope {
    Scope::One(Prefecture::new(7).unwrap())
}

#[tokio::test]
async fn q25_a_member_enrols_with_password_and_authenticator_and_logs_in_with_both() {
    let app = TestApp::new();
    let member = enrol(&app, "佐藤 花子", Role::Clerk, fukushima()).await;
    let mut browser = app.browser();
    assert_eq!(log_in(&app, &mut browser, &member).await.location(), Some("/staff"));
    let page = browser.get("/staff").await;
    assert_eq!((page.status.as_u16(), page.title().as_str()), (200, "ダッシュボード"));
    assert!(page.says("佐藤 花子") && page.says("受付担当") && page.says("福島県国保連合会"), "{}", page.text());
}

#[tokio::test]
async fn q38_the_token_leaves_the_address_bar_at_once_and_stands_on_no_page() {
    let app = TestApp::new();
    let link = invite(&app, "佐藤", Role::Clerk, fukushima()).await;
    let mut browser = app.browser();
    let page = browser.get(&link).await;
    assert_eq!((page.status.as_u16(), page.location()), (303, Some("/staff/enrol")));
    let page = browser.get("/staff/enrol").await;
    let token = link.rsplit('=').next().unwrap();
    assert_eq!(page.title(), "職員登録（パスワード設定）");
    assert!(page.says("佐藤") && page.says("福島県") && !page.body.contains(token));
}

#[tokio::test]
async fn an_enrolment_link_works_once() {
    let app = TestApp::new();
    let link = invite(&app, "佐藤", Role::Clerk, fukushima()).await;
    let mut first = app.browser();
    enrol_by(&app, &mut first, &link).await;
    assert_eq!(first.open(&link).await.title(), "処理終了", "its own browser may read that it is done");
    let fields = [("new_password", PASSWORD), ("new_password_again", PASSWORD)];
    assert_eq!(first.submit("/staff/enrol", &fields).await.title(), "登録用リンクが使えません");
    let page = app.browser().open(&link).await;
    assert_eq!((page.status.as_u16(), page.title().as_str()), (404, "登録用リンクが使えません"));
}

#[tokio::test]
async fn an_enrolment_that_was_begun_belongs_to_its_browser() {
    let app = TestApp::new();
    let link = invite(&app, "佐藤", Role::Clerk, fukushima()).await;
    let mut own = app.browser();
    let mut stranger = app.browser();
    stranger.open(&link).await;
    own.open(&link).await;
    let fields = [("new_password", PASSWORD), ("new_password_again", PASSWORD)];
    assert_eq!(own.submit("/staff/enrol", &fields).await.title(), "職員登録（認証アプリ登録）");
    assert_eq!(stranger.submit("/staff/enrol", &fields).await.status.as_u16(), 404);
    assert_eq!(own.open(&link).await.title(), "職員登録（パスワード設定）", "whoever broke off resumes");
}

#[tokio::test]
async fn an_enrolment_link_ends_after_72_hours() {
    let app = TestApp::new();
    let link = invite(&app, "佐藤", Role::Clerk, fukushima()).await;
    app.advance(SignedDuration::from_hours(72) - SignedDuration::from_millis(1));
    let mut browser = app.browser();
    assert_eq!(browser.open(&link).await.title(), "職員登録（パスワード設定）");
    app.advance(SignedDuration::from_millis(1));
    let fields = [("new_password", PASSWORD), ("new_password_again", PASSWORD)];
    assert_eq!(browser.submit("/staff/enrol", &fields).await.title(), "登録用リンクが使えません");
}

#[tokio::test]
async fn q1_q3_q4_a_staff_password_has_15_to_64_characters_and_is_not_common() {
    let app = TestApp::new();
    let link = invite(&app, "satohanako", Role::Clerk, fukushima()).await;
    let mut browser = app.browser();
    browser.open(&link).await;
    let long = "kettle orbit wax ".repeat(4);
    let table = [
        ("kettle-orbit-w", "15文字～64文字"),
        (&long[..65], "15文字～64文字"),
        ("aaaaaaaaaaaaaaa", "よく使われるパスワード"),
        ("satohanako-7-orbit", "推測されやすい言葉"),
        ("kokuho orbit wax 47", "推測されやすい言葉"),
    ];
    for (password, reason) in table {
        let page = browser.post("/staff/enrol", &[("new_password", password), ("new_password_again", password)]).await;
        assert_eq!(page.status.as_u16(), 422, "{password}");
        assert!(page.says(reason) && !page.body.contains(password), "{password}: {}", page.text());
    }
    let page = browser.post("/staff/enrol", &[("new_password", PASSWORD), ("new_password_again", "other")]).await;
    assert!(page.status.as_u16() == 422 && page.says("同じものを入力してください"), "{}", page.text());
    for password in ["kettle-orbit-wa", &long[..64]] {
        let page = browser.post("/staff/enrol", &[("new_password", password), ("new_password_again", password)]).await;
        assert_eq!(page.location(), Some("/staff/enrol/app"), "{password}");
    }
}

#[tokio::test]
async fn q34_the_steps_of_an_enrolment_cannot_be_skipped() {
    let app = TestApp::new();
    let mut stranger = app.browser();
    for path in ["/staff/enrol", "/staff/enrol/app", "/staff/enrol/done"] {
        assert_eq!(stranger.get(path).await.status.as_u16(), 404, "{path}");
    }
    let link = invite(&app, "佐藤", Role::Clerk, fukushima()).await;
    let mut browser = app.browser();
    browser.open(&link).await;
    for path in ["/staff/enrol/app", "/staff/enrol/done"] {
        assert_eq!(browser.get(path).await.location(), Some("/staff/enrol"), "{path}");
    }
    assert_eq!(browser.post("/staff/enrol/app", &[("code", "000000")]).await.location(), Some("/staff/enrol"));
}

#[tokio::test]
async fn an_authenticator_is_taken_only_with_a_right_code() {
    let app = TestApp::new();
    let link = invite(&app, "佐藤", Role::Clerk, fukushima()).await;
    let mut browser = app.browser();
    browser.open(&link).await;
    let page = browser.submit("/staff/enrol", &[("new_password", PASSWORD), ("new_password_again", PASSWORD)]).await;
    let authenticator = shown_secret(&page);
    assert!(page.body.contains("<svg") && page.body.contains("<path"), "the code to scan is drawn");
    let right = authenticator.code(app.clock.now());
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let page = browser.post("/staff/enrol/app", &[("code", wrong)]).await;
    assert_eq!(page.status.as_u16(), 422);
    assert_eq!(shown_secret(&page).in_groups(), authenticator.in_groups(), "the same secret is shown again");
    assert_eq!(browser.post("/staff/enrol/app", &[("code", &right)]).await.location(), Some("/staff/enrol/done"));
}

#[tokio::test]
async fn resetting_the_authenticator_ends_the_old_one_the_session_and_an_older_link() {
    let app = TestApp::new();
    let member = enrol(&app, "佐藤", Role::Clerk, fukushima()).await;
    let mut browser = app.browser();
    log_in(&app, &mut browser, &member).await;
    let reset = || Command::ResetAuthenticator { name: "佐藤".into() };
    let older = path_of_link(&app, reset()).await;
    let link = path_of_link(&app, reset()).await;
    assert_eq!(browser.get("/staff").await.location(), Some("/staff/login?notice=ended"));
    browser.open("/staff/login").await;
    let page = browser.post("/staff/login", &[("name", "佐藤"), ("password", PASSWORD)]).await;
    assert_eq!(page.status.as_u16(), 422, "the old password opens nothing");
    assert_eq!(app.browser().open(&older).await.status.as_u16(), 404);
    app.advance(SignedDuration::from_secs(60));
    let authenticator = enrol_by(&app, &mut browser, &link).await;
    let member = crate::support::staff::Member { authenticator, ..member };
    assert_eq!(log_in(&app, &mut browser, &member).await.location(), Some("/staff"));
}

#[tokio::test]
async fn q22_strangers_do_not_shut_out_the_browser_in_which_a_member_has_just_enrolled() {
    let app = TestApp::new();
    let member = enrol(&app, "佐藤", Role::Clerk, fukushima()).await;
    for _ in 0..31 {
        let mut stranger = app.browser();
        stranger.open("/staff/login").await;
        let page = stranger.post("/staff/login", &[("name", "佐藤"), ("password", "wrong wrong wrong")]).await;
        assert_eq!(page.status.as_u16(), 422);
    }
    app.advance(SignedDuration::from_secs(60));
    let mut own = app.browser();
    let link = path_of_link(&app, Command::ResetAuthenticator { name: "佐藤".into() }).await;
    let authenticator = enrol_by(&app, &mut own, &link).await;
    let member = crate::support::staff::Member { authenticator, ..member };
    assert_eq!(log_in(&app, &mut own, &member).await.location(), Some("/staff"));
    let mut elsewhere = app.browser();
    elsewhere.open("/staff/login").await;
    let page = elsewhere.post("/staff/login", &[("name", "佐藤"), ("password", PASSWORD)]).await;
    assert_eq!(page.status.as_u16(), 422, "other unknown devices are still refused");
}

#[tokio::test]
async fn an_enrolment_gives_a_browser_that_was_locked_its_tries_back() {
    let app = TestApp::new();
    let member = enrol(&app, "佐藤", Role::Clerk, fukushima()).await;
    let mut own = app.browser();
    for status in [422, 422, 429] {
        own.open("/staff/login").await;
        let page = own.post("/staff/login", &[("name", "佐藤"), ("password", "wrong wrong wrong")]).await;
        assert_eq!(page.status.as_u16(), status);
    }
    app.advance(SignedDuration::from_secs(60));
    let link = path_of_link(&app, Command::ResetAuthenticator { name: "佐藤".into() }).await;
    let authenticator = enrol_by(&app, &mut own, &link).await;
    let member = crate::support::staff::Member { authenticator, ..member };
    assert_eq!(log_in(&app, &mut own, &member).await.location(), Some("/staff"));
}

#[tokio::test]
async fn q45_enrolment_and_administration_are_logged() {
    let app = TestApp::new();
    enrol(&app, "佐藤", Role::Clerk, fukushima()).await;
    path_of_link(&app, Command::ResetAuthenticator { name: "佐藤".into() }).await;
    let entries = app.app.store.read(|r| audit::in_prefecture(r, Prefecture::new(7).unwrap(), None, 9)).unwrap();
    let heard: Vec<_> = entries.iter().rev().map(|entry| (entry.action.as_str(), entry.actor.label())).collect();
    let console = || "システム管理者".to_owned();
    assert_eq!(heard, [("staff.add", console()), ("staff.enrol", "佐藤".to_owned()), ("staff.reset_authenticator", console())]);
}
