//! Sessions of offices: new at login, time-outs, logout, what a dead one is told.

use jiff::SignedDuration;
use uketsuke::accounts::{self, SecurityCode};
use uketsuke::kernel::Secret;

use crate::security_code::{CODE, at_code, enter, leave, set};
use crate::support::TestApp;
use crate::support::office::{NEW_PASSWORD, PASSWORD, USER};

#[tokio::test]
async fn q2_user_ids_are_forgiving_and_passwords_are_never_touched() {
    let app = TestApp::new();
    app.office(USER).await;
    for typed in ["kj131311111111", " ＫＪ１３－１３１１１１１１１１ ", "KJ13 1311111111"] {
        assert_eq!(app.browser().log_in(typed, PASSWORD).await.location(), Some("/office"), "{typed}");
    }
    for wrong in [PASSWORD.to_lowercase(), format!("{PASSWORD} "), format!(" {PASSWORD}"), PASSWORD[..8].to_owned()] {
        assert_eq!(app.browser().log_in(USER, &wrong).await.status, 422, "{wrong:?}");
    }
}

#[tokio::test]
async fn q5_the_login_form_is_made_for_password_managers() {
    let page = TestApp::new().browser().get("/login").await;
    for part in [
        r#"name="user_id" autocomplete="username""#,
        r#"name="password" autocomplete="current-password""#,
        "data-show-button",
        "パスワード等を紛失した方はこちら",
    ] {
        assert!(page.body.contains(part), "{part}\n{}", page.body);
    }
    assert!(!page.body.contains("maxlength") && !page.body.contains("onpaste"));
}

#[tokio::test]
async fn q6_an_old_password_does_not_expire() {
    let app = TestApp::new();
    app.office(USER).await;
    app.advance(SignedDuration::from_hours(24 * 400));
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
}

#[tokio::test]
async fn q8_changed_parameters_hash_anew_at_the_next_login() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let cheap = uketsuke::security::Hasher::start(app.app.keys.clone(), 32, 1, 1).unwrap();
    let hash = cheap.hash(Secret::new(PASSWORD.to_owned()), [9; 16]).await.unwrap();
    app.write(move |tx| {
        let mut account = accounts::find(tx, user_id)?.unwrap();
        account.password = Some(hash.clone());
        accounts::save(tx, &account)
    })
    .await;
    let before = app.account(user_id);
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status, 303);
    let after = app.account(user_id);
    assert!(before.password.unwrap().phc().contains("m=32,"));
    assert!(after.password.unwrap().phc().contains("m=64,"));
    assert_eq!(before.revision, after.revision);
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status, 303);
}

#[tokio::test]
async fn q8_a_code_hashed_with_other_parameters_is_hashed_anew_when_it_was_right() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let cheap = uketsuke::security::Hasher::start(app.app.keys.clone(), 32, 1, 1).unwrap();
    let hash = cheap.hash(Secret::new(CODE.to_owned()), [9; 16]).await.unwrap();
    set(&app, user_id, Some(SecurityCode::Fixed(hash))).await;
    let stored = || match app.account(user_id).security_code {
        Some(SecurityCode::Fixed(hash)) => hash.phc().to_owned(),
        other => panic!("{other:?}"),
    };
    let before = stored();
    let mut browser = app.browser();
    at_code(&mut browser).await;
    enter(&mut browser, "918273").await;
    assert_eq!(stored(), before, "a wrong one proves nothing");
    assert_eq!(enter(&mut browser, CODE).await.location(), Some("/office"));
    assert!(before.contains("m=32,") && stored().contains("m=64,"), "{}", stored());
    leave(&mut browser).await;
    at_code(&mut browser).await;
    assert_eq!(enter(&mut browser, CODE).await.location(), Some("/office"), "the same digits open");
}

#[tokio::test]
async fn q28_each_login_has_a_session_id_of_its_own() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    browser.cookies.insert("office".to_owned(), "planted-by-somebody-else-0000000000000000000".to_owned());
    browser.log_in(USER, PASSWORD).await;
    let first = browser.cookies["office"].clone();
    assert!(!first.starts_with("planted") && first.len() == 43);
    browser.get("/office").await;
    browser.post("/logout", &[]).await;
    browser.log_in(USER, PASSWORD).await;
    assert_ne!(browser.cookies["office"], first);
}

#[tokio::test]
async fn q29_cookies_are_bound_to_the_host_and_hidden_from_scripts() {
    let app = TestApp::with(|config| config.server.public_url = "https://uketsuke.example.jp".parse().unwrap());
    app.office(USER).await;
    let mut browser = app.browser();
    let page = browser.log_in(USER, PASSWORD).await;
    let cookies: Vec<_> = page.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned()).collect();
    for name in ["__Host-office=", "__Host-device="] {
        let line = cookies.iter().find(|line| line.starts_with(name)).unwrap();
        for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!line.contains("Domain"), "{line}");
    }
}

#[tokio::test]
async fn q30_an_idle_session_ends_with_a_polite_word() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    app.advance(SignedDuration::from_mins(29));
    assert_eq!(browser.open("/office").await.title(), "お知らせ");
    app.advance(SignedDuration::from_mins(30));
    let page = browser.open("/office").await;
    assert_eq!(page.title(), "ログイン");
    assert!(page.says("自動的にログアウトしました"), "{}", page.text());
    assert!(!browser.open("/login").await.says("自動的にログアウト"), "it is said once");
}

#[tokio::test]
async fn q30_a_session_ends_after_twelve_hours_in_any_case() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    for _ in 0..24 {
        app.advance(SignedDuration::from_mins(29));
        assert_eq!(browser.open("/office").await.title(), "お知らせ");
    }
    app.advance(SignedDuration::from_mins(24));
    assert_eq!(browser.open("/office").await.title(), "ログイン");
}

#[tokio::test]
async fn q31_the_session_can_be_extended() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    browser.open("/office").await;
    for _ in 0..11 {
        app.advance(SignedDuration::from_mins(28));
        let page = browser.post("/session/extend", &[]).await;
        assert_eq!(page.status, 204);
        let ends = app.clock.now() + SignedDuration::from_mins(30);
        assert_eq!(page.headers["x-session-ends"], ends.as_millisecond().to_string());
    }
    assert_eq!(browser.open("/office").await.title(), "お知らせ");
}

#[tokio::test]
async fn q32_logout_kills_the_session_on_the_server() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    let page = browser.open("/office").await;
    assert_eq!(page.headers["cache-control"], "no-store");
    let before = browser.clone();
    let page = browser.submit("/logout", &[]).await;
    assert!(page.says("ログアウトしました"));
    assert!(!browser.cookies.contains_key("office"));
    let mut replayed = before.clone();
    assert_eq!(replayed.open("/office").await.title(), "ログイン");
    let mut old_form = before;
    let page = old_form.submit("/session/extend", &[]).await;
    assert!(page.says("送信された内容は登録されていません"), "{}", page.text());
}

#[tokio::test]
async fn the_second_of_two_clicks_leaves_the_session_that_the_first_has_opened() {
    const PASSWORD_PAGE: &str = "/office/user/password";
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    browser.get(PASSWORD_PAGE).await;
    let mut second = browser.clone();
    let fields = [("current_password", PASSWORD), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
    assert_eq!(browser.post(PASSWORD_PAGE, &fields).await.location(), Some("/office/user/password/done"));
    // Sent before the answer to the first had come, looked at after it.
    let answer = second.post(PASSWORD_PAGE, &fields).await;
    assert_eq!(answer.location(), Some("/login?notice=form"));
    assert!(!answer.headers.get_all("set-cookie").iter().any(|line| line.to_str().unwrap().starts_with("office=")));
    assert_eq!(browser.open("/login?notice=form").await.title(), "お知らせ", "which is where the browser goes then");
    // Whoever has nothing but the old one is told, and loses it at the next page.
    assert!(second.open("/login?notice=form").await.says("送信された内容は登録されていません"));
    second.open("/office").await;
    assert!(!second.cookies.contains_key("office"));
    app.take_mails().await;
}

#[tokio::test]
async fn a_suspended_account_loses_its_open_sessions() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    app.change_account(user_id, |account| account.suspended = true).await;
    assert_eq!(browser.open("/office").await.title(), "ログイン");
}

#[tokio::test]
async fn q34_pages_of_an_office_open_only_after_login() {
    let app = TestApp::new();
    for path in ["/office", "/first-login", "/first-login/warning", "/first-login/password", "/first-login/done"] {
        assert_eq!(app.browser().get(path).await.location(), Some("/login"), "{path}");
    }
    app.office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    for path in ["/first-login", "/first-login/warning", "/first-login/password", "/first-login/done"] {
        assert_eq!(browser.get(path).await.location(), Some("/office"), "{path}");
    }
    assert_eq!(browser.get("/login").await.location(), Some("/office"));
}

#[tokio::test]
async fn the_landing_page_says_when_the_account_was_last_opened() {
    let app = TestApp::new();
    app.office(USER).await;
    app.browser().log_in(USER, PASSWORD).await;
    app.advance(SignedDuration::from_hours(30));
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    let page = browser.open("/office").await;
    assert!(page.says("2026年1月20日 10時00分") && page.says("127.0.0.*"), "{}", page.text());
    assert!(page.says("請求事業所A") && page.says(USER) && page.says("ログアウト"));
}
