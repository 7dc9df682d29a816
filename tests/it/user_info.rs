//! ユーザ情報変更: password and address for notices.

use jiff::SignedDuration;
use uketsuke::kernel::MailAddress;
use uketsuke::notices;
use uketsuke::routes::rows;
use uketsuke::security::devices;

use crate::bad_input_twice::at_once;
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::office::{NEW_PASSWORD, PASSWORD, TEMPORARY, USER, user};

const PATH: &str = "/office/user/password";
const MAIL: &str = "/office/user/mail";

/// Who was told of a change by mail, in the order of their addresses; the text is looked for in each mail.
pub async fn told(app: &TestApp, text: &str) -> Vec<String> {
    let mails = app.take_mails().await;
    let mut told: Vec<String> = mails
        .iter()
        .filter(|mail| mail.subject == "登録情報変更のお知らせ")
        .map(|mail| {
            assert!(mail.body.contains(text), "{text}: {}", mail.body);
            mail.to.clone()
        })
        .collect();
    told.sort();
    told
}

/// Logged in with the password of the fixtures.
pub async fn logged_in(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    browser
}

fn fields<'a>(current: &'a str, new: &'a str) -> [(&'a str, &'a str); 3] {
    [("current_password", current), ("new_password", new), ("new_password_again", new)]
}

#[tokio::test]
async fn the_menu_leads_to_each_page_and_shows_addresses_masked() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    let page = browser.get("/office").await;
    assert!(page.body.contains(r#"href="/office/user""#), "the menu of every page leads here");
    let page = browser.get("/office/user").await;
    assert_eq!(page.title(), "ユーザ情報変更");
    for path in ["password", "mail", "code", "addresses", "devices"] {
        let path = format!("/office/user/{path}");
        assert!(page.body.contains(&format!("href=\"{path}\"")), "{path}");
        assert_eq!(browser.get(&path).await.status.as_u16(), 200, "{path}");
    }
    for shown in [
        "sec***@example.jp",
        "not***@example.jp",
        "設定されていません",
        "セキュリティ用メールアドレス設定について",
        "必要に応じて、【セキュリティコード設定】からもう一度設定してください。",
    ] {
        assert!(page.says(shown), "{shown}: {}", page.text());
    }
    assert!(!page.body.contains("security-1@") && !page.body.contains("notice@"));
}

#[tokio::test]
async fn q7_the_present_password_is_needed_to_change_it_also_a_moment_after_the_login() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = logged_in(&app).await;
    let before = app.account(user_id).revision;
    for (current, told) in [("", "現在のパスワードを入力してください。"), ("wrong", "現在のパスワードが違います。")]
    {
        browser.get(PATH).await;
        let page = browser.post(PATH, &fields(current, NEW_PASSWORD)).await;
        assert_eq!(page.status.as_u16(), 422, "{current}");
        assert!(page.says(told), "{}", page.text());
    }
    assert_eq!(app.account(user_id).revision, before);
    browser.get(PATH).await;
    assert_eq!(browser.post(PATH, &fields(PASSWORD, NEW_PASSWORD)).await.location(), Some("/office/user/password/done"));
    assert!(browser.get("/office/user/password/done").await.says("パスワードを変更しました"));
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status.as_u16(), 422, "the old one opens no more");
    assert_eq!(app.browser().log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
    assert_eq!(
        told(&app, "パスワードが変更されました。").await,
        ["notice@example.jp", "security-1@example.jp", "security-2@example.jp"]
    );
    let notices = app.app.store.read(|r| notices::of_office(r, user_id, 9)).unwrap();
    assert!(notices.iter().any(|one| one.kind == "N-3" && one.body.contains("パスワードが変更されました。")));
}

#[tokio::test]
async fn q1_how_long_a_password_may_be_is_the_installations_to_set() {
    const LONG: &str = "xK4pq9wzRt7mLd2vB8nHs3Gc";
    let app = TestApp::with(|config| config.password.max = LONG.len());
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    assert!(browser.get(PATH).await.says("8文字以上24文字以下"));
    let page = browser.post(PATH, &fields(PASSWORD, &format!("{LONG}5"))).await;
    assert!(page.status.as_u16() == 422 && page.says("パスワードは8文字～24文字で入力してください。"), "{}", page.text());
    assert_eq!(browser.post(PATH, &fields(PASSWORD, LONG)).await.status.as_u16(), 303);
    assert_eq!(app.browser().log_in(USER, &LONG[..16]).await.status.as_u16(), 422, "nothing is cut");
    assert_eq!(app.browser().log_in(USER, LONG).await.location(), Some("/office"));
    app.take_mails().await;
}

#[tokio::test]
async fn q33_a_change_of_the_password_ends_every_other_session_and_renews_this_one() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let (mut browser, mut other) = (logged_in(&app).await, logged_in(&app).await);
    let old = browser.clone();
    let device = devices::read(&app.app.keys, &browser.cookies["device"]).unwrap();
    browser.get(PATH).await;
    browser.post(PATH, &fields(PASSWORD, NEW_PASSWORD)).await;
    assert_eq!(browser.get("/office").await.status.as_u16(), 200);
    assert_eq!(other.get("/office").await.location(), Some("/login?notice=ended"));
    assert_ne!(old.cookies["office"], browser.cookies["office"]);
    assert_eq!(old.clone().get("/office").await.location(), Some("/login?notice=ended"), "the cookie of before is worth nothing");
    let known = app.app.store.read(|r| devices::is_known(r, &user_id.to_string(), device)).unwrap();
    assert!(known, "devices stay");
    app.take_mails().await;
}

#[tokio::test]
async fn a_change_of_the_password_leaves_the_letter_good() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = logged_in(&app).await;
    app.letter(user_id).await;
    browser.get(PATH).await;
    assert_eq!(browser.post(PATH, &fields(PASSWORD, NEW_PASSWORD)).await.status.as_u16(), 303);
    assert_eq!(app.browser().log_in(USER, TEMPORARY).await.location(), Some("/first-login"));
    app.take_mails().await;
}

#[tokio::test]
async fn a_new_password_differs_from_the_current_and_the_temporary_one() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = logged_in(&app).await;
    app.letter(user_id).await;
    for same in [PASSWORD, TEMPORARY] {
        browser.get(PATH).await;
        let page = browser.post(PATH, &fields(PASSWORD, same)).await;
        assert_eq!(page.status.as_u16(), 422, "{same}");
        assert!(page.says("現在のパスワード") && page.body.contains("id=\"new_password-error\""), "{}", page.text());
        assert!(!page.body.contains(same), "never shown again");
    }
    // Who does not know the present one is not told which was right.
    let page = browser.post(PATH, &fields("wrong", TEMPORARY)).await;
    assert!(!page.body.contains("id=\"new_password-error\""), "{}", page.text());
}

#[tokio::test]
async fn q16_five_wrong_present_passwords_end_the_session() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    for _ in 0..4 {
        browser.get(PATH).await;
        assert!(browser.post(PATH, &fields("wrong", NEW_PASSWORD)).await.says("現在のパスワードが違います。"));
    }
    assert_eq!(browser.post(PATH, &fields("wrong", NEW_PASSWORD)).await.location(), Some("/login?notice=reauth"));
    let hashes = app.app.hasher.count();
    assert_eq!(browser.post(PATH, &fields(PASSWORD, NEW_PASSWORD)).await.location(), Some("/login?notice=form"));
    assert_eq!(app.app.hasher.count(), hashes, "no sixth is looked at, though right");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clicks_change_the_password_once() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    browser.get(PATH).await;
    let pages = at_once(4, &browser, PATH, &fields(PASSWORD, NEW_PASSWORD)).await;
    let done = pages.iter().filter(|page| page.location() == Some("/office/user/password/done")).count();
    assert_eq!(done, 1, "{pages:?}");
    assert_eq!(told(&app, "パスワードが変更されました。").await.len(), 3);
}

#[tokio::test]
async fn the_notice_address_is_changed_and_the_old_one_told() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = logged_in(&app).await;
    assert!(browser.get(MAIL).await.says("notice@example.jp"));
    let new = [("mail_choice", "register"), ("mail", "ＮＥＷ@example.jp "), ("mail_again", "new@example.jp")];
    let page = browser.submit(MAIL, &new).await;
    assert!(page.title() == "処理終了" && page.says("NEW@example.jp"), "{}", page.text());
    assert!(page.says("登録されているメールアドレスと、使われなくなったメールアドレスへ"), "{}", page.text());
    assert_eq!(app.account(user_id).notice_mail, MailAddress::parse("new@example.jp").ok());
    assert_eq!(
        told(&app, "お知らせを受け取るメールアドレスが変更されました。").await,
        ["notice@example.jp", "security-1@example.jp", "security-2@example.jp"],
        "the old one hears of it, the new one knows"
    );
    assert_eq!(browser.get("/office").await.status.as_u16(), 200, "no session ends by it");
}

#[tokio::test]
async fn the_notice_address_may_be_taken_away_and_the_fields_do_not_count_then() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = logged_in(&app).await;
    browser.get(MAIL).await;
    let none = [("mail_choice", "none"), ("mail", "a@example.jp"), ("mail_again", "b@example.jp")];
    assert_eq!(browser.submit(MAIL, &none).await.title(), "処理終了");
    assert_eq!(app.account(user_id).notice_mail, None);
    let told = told(&app, "お知らせを受け取るメールアドレスが削除されました。").await;
    assert_eq!(told, ["notice@example.jp", "security-1@example.jp", "security-2@example.jp"]);
    let page = browser.post(MAIL, &none).await;
    assert!(page.status.as_u16() == 422 && page.says("メールアドレスは登録されていません。"), "{}", page.text());
}

#[tokio::test]
async fn a_security_address_that_becomes_the_notice_address_still_hears_of_it() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    browser.get(MAIL).await;
    let own = [("mail_choice", "register"), ("mail", "security-1@example.jp"), ("mail_again", "security-1@example.jp")];
    assert_eq!(browser.post(MAIL, &own).await.status.as_u16(), 303);
    let told = told(&app, "お知らせを受け取る").await;
    assert_eq!(told, ["notice@example.jp", "security-1@example.jp", "security-2@example.jp"]);
}

#[tokio::test]
async fn q20_the_password_is_asked_again_before_the_notice_address_changes() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = logged_in(&app).await;
    assert!(!browser.get(MAIL).await.body.contains("current_password"), "within ten minutes it is not");
    app.advance(SignedDuration::from_mins(10));
    assert!(browser.get(MAIL).await.body.contains("name=\"current_password\""));
    let new = [("mail_choice", "register"), ("mail", "new@example.jp"), ("mail_again", "new@example.jp")];
    for (password, told) in [("", "現在のパスワードを入力してください。"), ("wrong", "現在のパスワードが違います。")]
    {
        let page = browser.post(MAIL, &[&new[..], &[("current_password", password)]].concat()).await;
        assert!(page.status.as_u16() == 422 && page.says(told), "{}", page.text());
        assert_eq!(page.value("mail").as_deref(), Some("new@example.jp"), "what was typed is still there");
    }
    assert_eq!(app.account(user_id).notice_mail, MailAddress::parse("notice@example.jp").ok());
    assert_eq!(browser.post(MAIL, &[&new[..], &[("current_password", PASSWORD)]].concat()).await.status.as_u16(), 303);
    assert!(!browser.get(MAIL).await.body.contains("current_password"), "and for ten minutes again");
    app.take_mails().await;
}

const NOBODY: &str = "メールはお送りしていません。";

#[tokio::test]
async fn q19_no_screen_says_that_somebody_was_told_who_was_not() {
    let app = TestApp::new();
    app.existing_without_address(USER).await;
    let mut browser = logged_in(&app).await;
    browser.open("/office").await;
    assert_eq!(browser.post("/first-login/address", &[("later", "1")]).await.location(), Some("/office"));
    browser.get(PATH).await;
    let page = browser.submit(PATH, &fields(PASSWORD, NEW_PASSWORD)).await;
    assert!(page.title() == "処理終了" && page.says(NOBODY) && !page.says("送信しました"), "{}", page.text());
    let shown = browser.get("/office/user/code").await.value("shown").unwrap();
    let code = [("kind", "fixed"), ("new_code", "918273"), ("new_code_again", "918273"), ("shown", &shown)];
    let page = browser.submit("/office/user/code", &code).await;
    assert!(page.title() == "処理終了" && page.says(NOBODY) && !page.says("送信しました"), "{}", page.text());
    browser.get(MAIL).await;
    let new = [("mail_choice", "register"), ("mail", "new@example.jp"), ("mail_again", "new@example.jp")];
    let page = browser.submit(MAIL, &new).await;
    assert!(page.title() == "処理終了" && page.says(NOBODY) && !page.says("送信しました"), "{}", page.text());
    assert!(app.take_mails().await.is_empty());
    browser.get(MAIL).await;
    let page = browser.submit(MAIL, &[("mail_choice", "none")]).await;
    assert!(page.says("使われなくなったメールアドレスへ、変更のお知らせを送信しました。"), "{}", page.text());
    assert!(!page.says("登録されているメールアドレス"), "{}", page.text());
    assert_eq!(told(&app, "お知らせを受け取るメールアドレスが削除されました。").await, ["new@example.jp"]);
}

#[tokio::test]
async fn q34_an_end_is_shown_to_the_session_that_did_it_and_to_nobody_else() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mut browser, mut other) = (logged_in(&app).await, logged_in(&app).await);
    let ends = ["/office/user/password/done", "/office/user/mail/done", "/office/user/mail/done?told=registered"];
    for end in ends {
        assert_eq!(browser.get(end).await.location(), Some("/office/user"), "nothing was done: {end}");
    }
    browser.get(MAIL).await;
    let new = [("mail_choice", "register"), ("mail", "new@example.jp"), ("mail_again", "new@example.jp")];
    assert_eq!(browser.submit(MAIL, &new).await.title(), "処理終了");
    let page = browser.get("/office/user/mail/done").await;
    assert!(page.says("使われなくなったメールアドレスへ"), "and once more: {}", page.text());
    assert_eq!(browser.get("/office/user/password/done").await.location(), Some("/office/user"), "the other end was not reached");
    assert_eq!(other.get("/office/user/mail/done").await.location(), Some("/office/user"), "nor did the other session do it");
    browser.get(PATH).await;
    let page = browser.submit(PATH, &fields(PASSWORD, NEW_PASSWORD)).await;
    assert!(page.title() == "処理終了" && page.says("パスワードを変更しました"), "{}", page.text());
    assert_eq!(browser.get("/office/user/mail/done").await.location(), Some("/office/user"), "what was done last is shown");
    app.take_mails().await;
}

#[tokio::test]
async fn what_was_typed_for_notices_is_still_there_after_going_back() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = logged_in(&app).await;
    let before = app.account(user_id).revision;
    browser.get(MAIL).await;
    let half = [("mail_choice", "register"), ("mail", "half@exa"), ("mail_again", "other"), ("back", "menu")];
    assert_eq!(browser.post(MAIL, &half).await.location(), Some("/office/user"), "nothing is looked at");
    let page = browser.get(MAIL).await;
    assert_eq!((page.value("mail").as_deref(), page.value("mail_again").as_deref()), (Some("half@exa"), Some("other")));
    browser.post(MAIL, &[("mail_choice", "none"), ("mail", ""), ("mail_again", ""), ("back", "menu")]).await;
    let page = browser.get(MAIL).await;
    let none = page.body.split("value=\"none\"").nth(1).and_then(|rest| rest.split('>').next());
    assert!(none.is_some_and(|rest| rest.contains("checked")), "{}", page.body);
    assert_eq!(app.account(user_id).revision, before);
    assert!(!logged_in(&app).await.get(MAIL).await.body.contains("half@exa"), "another session has typed nothing");
    let new = [("mail_choice", "register"), ("mail", "new@example.jp"), ("mail_again", "new@example.jp")];
    assert_eq!(browser.submit(MAIL, &new).await.title(), "処理終了");
    assert_eq!(browser.get(MAIL).await.value("mail"), None, "what has been done is typed no more");
    app.take_mails().await;
}

#[tokio::test]
async fn what_was_done_and_typed_is_cleaned_away_after_a_day() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    browser.get(MAIL).await;
    browser.post(MAIL, &[("mail_choice", "register"), ("mail", "half@exa"), ("mail_again", ""), ("back", "menu")]).await;
    let rows = |app: &TestApp| {
        let all = crate::support::world::dump(app);
        all.into_iter().filter(|(table, ..)| *table == "user_info_kept").count()
    };
    assert_eq!(rows(&app), 1);
    app.advance(SignedDuration::from_hours(23));
    app.run_jobs().await;
    assert_eq!(rows(&app), 1);
    app.advance(SignedDuration::from_hours(2));
    app.run_jobs().await;
    assert_eq!(rows(&app), 0);
}

#[tokio::test]
async fn a_session_ends_at_once_when_its_account_is_suspended() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let browser = logged_in(&app).await;
    let csrf = browser.clone().get("/office/user").await.value("_csrf").unwrap();
    app.change_account(user_id, |account| account.suspended = true).await;
    let before = app.app.store.counts().written;
    for row in rows().into_iter().filter(|row| row.path.starts_with("/office/user")) {
        let mut browser = browser.clone();
        let page = match row.method.as_str() {
            "GET" => browser.get(row.path).await,
            _ => browser.post(row.path, &[("_csrf", &csrf), ("device", "others")]).await,
        };
        assert!(page.location().is_some_and(|to| to.starts_with("/login")), "{} {}: {}", row.method, row.path, page.status);
    }
    assert_eq!(app.app.store.counts().written, before);
    assert!(app.account(user(USER)).suspended);
}
