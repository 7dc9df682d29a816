//! 【セキュリティコード設定】: set, changed, taken away, by the office that is logged in.

use jiff::SignedDuration;
use uketsuke::accounts::SecurityCode;
use uketsuke::audit;
use uketsuke::kernel::Secret;
use uketsuke::notices;
use uketsuke::security::Authenticator;

use crate::bad_input_twice::at_once;
use crate::security_code::{CODE, at_code, enter, fixed, with_app};
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::{PASSWORD, USER, user};

const PATH: &str = "/office/user/code";
const APP: &str = "/office/user/code/app";
const REMOVE: &str = "/office/user/code/remove";
const DONE: &str = "/office/user/code/done";
const OTHER_CODE: &str = "918273";

async fn logged_in(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    browser
}

/// Sends the form of the screen with these fields and what it has shown.
async fn send(browser: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let shown = browser.get(PATH).await.value("shown").unwrap();
    browser.post(PATH, &[fields, &[("shown", &shown)]].concat()).await
}

async fn send_fixed(browser: &mut Browser, code: &str) -> Page {
    send(browser, &[("kind", "fixed"), ("new_code", code), ("new_code_again", code)]).await
}

/// The app that reads what the screen shows for typing.
fn read(page: &Page) -> Authenticator {
    let shown = page.body.split("class=\"setup-key\">").nth(1).unwrap().split('<').next().unwrap().replace(' ', "");
    Authenticator::from_secret(Secret::new(data_encoding::BASE32_NOPAD.decode(shown.as_bytes()).unwrap()))
}

/// The screen with the secret.
async fn at_app(browser: &mut Browser) -> Authenticator {
    assert_eq!(send(browser, &[("kind", "app")]).await.location(), Some(APP));
    let page = browser.get(APP).await;
    assert!(page.body.contains("<svg"), "a code to scan");
    read(&page)
}

/// The words of the newest acts of the account, newest first.
fn acts(app: &TestApp) -> Vec<String> {
    let log = app.app.store.read(|r| audit::about(r, &user(USER).office().to_string(), 9)).unwrap();
    log.into_iter().map(|entry| entry.action).filter(|action| action.starts_with("account.")).collect()
}

async fn told(app: &TestApp, sentence: &str) {
    let mails = app.take_mails().await;
    let mut to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["notice@example.jp", "security-1@example.jp", "security-2@example.jp"], "q19");
    for mail in &mails {
        assert!(mail.subject == "登録情報変更のお知らせ" && mail.body.contains(sentence), "{}", mail.body);
    }
    let notices = app.app.store.read(|r| notices::of_office(r, user(USER), 9)).unwrap();
    assert_eq!(notices.iter().filter(|one| one.kind == "N-3" && one.body.contains(sentence)).count(), 1);
}

#[tokio::test]
async fn q19_a_fixed_code_is_set_changed_and_removed_and_every_address_is_told() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = logged_in(&app).await;
    let page = browser.get(PATH).await;
    assert!(
        page.title() == "セキュリティコード設定" && page.says("設定されていません") && !page.says("の解除"),
        "{}",
        page.text()
    );
    assert_eq!(send_fixed(&mut browser, CODE).await.location(), Some(DONE));
    let page = browser.get(DONE).await;
    assert!(page.title() == "処理終了" && page.says("セキュリティコードを設定しました"), "{}", page.text());
    told(&app, "セキュリティコードが設定されました。").await;
    at_code(&mut app.browser()).await;

    assert_eq!(send_fixed(&mut browser, " ９１８−２７３ ").await.location(), Some(DONE), "q52");
    told(&app, "セキュリティコードが変更されました。").await;
    let mut other = app.browser();
    at_code(&mut other).await;
    assert_eq!(enter(&mut other, CODE).await.status.as_u16(), 422);
    assert_eq!(enter(&mut other, OTHER_CODE).await.location(), Some("/office"));

    let page = browser.get(PATH).await;
    assert!(page.says("数字のコード") && page.says("セキュリティコードの解除"), "{}", page.text());
    let shown = browser.get(REMOVE).await.value("shown").unwrap();
    assert_eq!(browser.post(REMOVE, &[("shown", &shown)]).await.location(), Some(DONE));
    assert!(browser.get(DONE).await.says("セキュリティコードを解除しました"));
    told(&app, "セキュリティコードが解除されました。").await;
    assert!(app.account(user_id).security_code.is_none());
    assert_eq!(acts(&app), ["account.code_remove", "account.code_change", "account.code_set"]);
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
    assert!(other.get("/office").await.location().is_none(), "other sessions stay");
}

#[tokio::test]
async fn an_app_is_registered_by_its_first_code() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = logged_in(&app).await;
    let authenticator = at_app(&mut browser).await;
    assert!(app.account(user_id).security_code.is_none(), "nothing is set before its code");
    for (typed, sentence) in [
        ("", "認証コードを入力してください。"),
        ("12345", "認証コードは6桁の数字で入力してください。"),
        ("abcdef", "認証コードは6桁の数字で入力してください。"),
    ] {
        let page = browser.post(APP, &[("code", typed)]).await;
        assert!(page.status.as_u16() == 422 && page.says(sentence), "{typed}: {}", page.text());
    }
    let late = authenticator.code(app.clock.now() + SignedDuration::from_mins(5));
    let page = browser.post(APP, &[("code", &late)]).await;
    assert!(page.status.as_u16() == 422 && page.says("認証コードが違います"), "{}", page.text());
    assert_eq!(read(&page).in_groups(), authenticator.in_groups(), "the same secret is shown again");
    let code = authenticator.code(app.clock.now());
    assert_eq!(browser.post(APP, &[("code", &code)]).await.location(), Some(DONE));
    assert!(browser.get(DONE).await.says("認証アプリを登録しました"));
    told(&app, "セキュリティコードが設定されました。").await;
    assert_eq!(browser.get(APP).await.location(), Some(PATH), "the secret is not shown again");

    let mut next = app.browser();
    at_code(&mut next).await;
    assert_eq!(enter(&mut next, &code).await.status.as_u16(), 422, "the code that proved it is used up");
    app.advance(SignedDuration::from_secs(30));
    assert_eq!(enter(&mut next, &authenticator.code(app.clock.now())).await.location(), Some("/office"));
    assert!(browser.get(PATH).await.says("認証アプリ"));
}

#[tokio::test]
async fn what_is_no_good_code_is_refused_with_its_sentence() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = logged_in(&app).await;
    for (code, again, sentence) in [
        ("", "", "新しいセキュリティコードを入力してください。"),
        ("12345", "12345", "セキュリティコードは6〜8桁の数字で入力してください。"),
        ("123456789", "123456789", "セキュリティコードは6〜8桁の数字で入力してください。"),
        ("91827a", "91827a", "セキュリティコードは6〜8桁の数字で入力してください。"),
        ("111111", "111111", "推測されやすい数字です。"),
        ("345678", "345678", "推測されやすい数字です。"),
        ("13111111", "13111111", "推測されやすい数字です。"),
        (OTHER_CODE, "", "確認のため、新しいセキュリティコードをもう一度入力してください。"),
        (OTHER_CODE, "918274", "新しいセキュリティコードと同じ数字を入力してください。"),
        (&"9".repeat(70_000), "", "セキュリティコードは6〜8桁の数字で入力してください。"),
    ] {
        let page = send(&mut browser, &[("kind", "fixed"), ("new_code", code), ("new_code_again", again)]).await;
        let name = &code[..code.len().min(20)];
        assert!(page.status.as_u16() == 422 && page.says(sentence), "{name}: {}", page.text());
        assert!(code.len() < 6 || !page.body.contains(&format!("value=\"{code}\"")), "a secret is not shown again");
    }
    for kind in ["", "sms"] {
        assert!(send(&mut browser, &[("kind", kind)]).await.says("コードの種類を選んでください。"));
    }
    assert!(app.account(user_id).security_code.is_none());
    // What stands in the fields of the other kind is of no matter.
    let page = send(&mut browser, &[("kind", "app"), ("new_code", "12"), ("new_code_again", "x")]).await;
    assert_eq!(page.location(), Some(APP));
}

#[tokio::test]
async fn q20_the_password_is_asked_again_before_the_code_changes() {
    let app = TestApp::new();
    let user_id = fixed(&app).await;
    let mut browser = app.browser();
    at_code(&mut browser).await;
    enter(&mut browser, CODE).await;
    assert!(!browser.get(PATH).await.body.contains("current_password"), "it was entered a moment ago");
    app.advance(SignedDuration::from_mins(10));
    let before = app.account(user_id).revision;
    for (password, sentence) in [("", "現在のパスワードを入力してください。"), ("wrong", "現在のパスワードが違います。")]
    {
        let fields =
            [("current_password", password), ("kind", "fixed"), ("new_code", OTHER_CODE), ("new_code_again", OTHER_CODE)];
        let page = send(&mut browser, &fields).await;
        assert!(page.status.as_u16() == 422 && page.says(sentence), "{}", page.text());
        let page = send(&mut browser, &[("current_password", password), ("kind", "app")]).await;
        assert!(page.status.as_u16() == 422 && page.says(sentence), "{}", page.text());
        let shown = browser.get(REMOVE).await.value("shown").unwrap();
        let page = browser.post(REMOVE, &[("current_password", password), ("shown", &shown)]).await;
        assert!(page.status.as_u16() == 422 && page.says(sentence), "{}", page.text());
    }
    // Something else is wrong as well: an answer that is there costs no try, one that is missing is named at once.
    let page = send(&mut browser, &[("kind", "fixed"), ("new_code", "1")]).await;
    assert!(page.says("現在のパスワードを入力してください。") && page.says("6〜8桁の数字で"), "{}", page.text());
    assert_eq!(app.account(user_id).revision, before);
    assert_eq!(send(&mut browser, &[("current_password", PASSWORD), ("kind", "app")]).await.location(), Some(APP));
    let authenticator = read(&browser.get(APP).await);
    app.advance(SignedDuration::from_mins(10));
    let code = authenticator.code(app.clock.now());
    let page = browser.post(APP, &[("code", &code)]).await;
    assert!(page.says("現在のパスワードを入力してください。"), "again before the app counts: {}", page.text());
    assert_eq!(browser.post(APP, &[("code", &code), ("current_password", PASSWORD)]).await.location(), Some(DONE));
    assert!(matches!(app.account(user_id).security_code, Some(SecurityCode::App(_))));
    app.take_mails().await;
}

#[tokio::test]
async fn a_secret_of_an_app_belongs_to_its_session_and_half_an_hour() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mut browser, mut other) = (logged_in(&app).await, logged_in(&app).await);
    let authenticator = at_app(&mut browser).await;
    assert_eq!(other.get(APP).await.location(), Some(PATH), "another session of the same office");
    let code = authenticator.code(app.clock.now());
    other.get("/office").await;
    assert_eq!(other.post(APP, &[("code", &code)]).await.location(), Some(PATH));
    app.advance(SignedDuration::from_mins(15));
    browser.get("/office").await;
    app.advance(SignedDuration::from_mins(15));
    assert_eq!(browser.get(APP).await.location(), Some(PATH));
    let code = authenticator.code(app.clock.now());
    assert_eq!(browser.post(APP, &[("code", &code)]).await.location(), Some(PATH));
    assert!(app.account(user(USER)).security_code.is_none());
}

#[tokio::test]
async fn the_secret_of_an_app_is_shown_for_ten_minutes_and_to_the_browser_that_asked_for_it() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    let authenticator = at_app(&mut browser).await;
    let mut thief = app.browser();
    thief.cookies.insert("office".to_owned(), browser.cookies["office"].clone());
    assert_eq!(thief.get(APP).await.location(), Some(PATH), "a session that was stolen");
    app.advance(SignedDuration::from_mins(10));
    let code = authenticator.code(app.clock.now());
    for page in [
        browser.get(APP).await,
        browser.post(APP, &[("code", &code)]).await,
        browser.post(APP, &[("code", &code), ("current_password", "wrong")]).await,
    ] {
        assert!(page.title() == "セキュリティコード設定" && page.says("現在のパスワード"), "{}", page.text());
        assert!(!page.body.contains("setup-key") && !page.body.contains("読み取るQRコード"), "{}", page.body);
    }
    let page = browser.post(APP, &[("code", &code), ("current_password", PASSWORD)]).await;
    assert_eq!(page.location(), Some(DONE), "whoever has read it goes on");
    app.take_mails().await;
}

#[tokio::test]
async fn a_form_that_was_drawn_before_the_account_changed_does_nothing() {
    let app = TestApp::new();
    let user_id = fixed(&app).await;
    let mut browser = app.browser();
    at_code(&mut browser).await;
    enter(&mut browser, CODE).await;
    let shown = browser.get(PATH).await.value("shown").unwrap();
    let authenticator = at_app(&mut browser).await;
    app.change_account(user_id, |account| account.notice_mail = None).await;
    let told = "登録情報が変更されました。いまの内容をお確かめのうえ";
    for old in [shown.as_str(), "", "x", "18446744073709551615"] {
        let fixed = [("kind", "fixed"), ("new_code", OTHER_CODE), ("new_code_again", OTHER_CODE), ("shown", old)];
        let (app, remove) = ([("kind", "app"), ("shown", old)], [("shown", old)]);
        for (path, fields) in [(PATH, fixed.as_slice()), (PATH, &app), (REMOVE, &remove)] {
            let page = browser.post(path, fields).await;
            assert!(page.status.as_u16() == 422 && page.says(told), "{path} {old}: {}", page.text());
        }
    }
    let code = authenticator.code(app.clock.now());
    let page = browser.post(APP, &[("code", &code)]).await;
    assert!(page.status.as_u16() == 422 && page.says(told), "{}", page.text());
    assert!(matches!(app.account(user_id).security_code, Some(SecurityCode::Fixed(_))));
    assert!(acts(&app).is_empty() && app.take_mails().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_changes_the_code_once() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    let shown = browser.get(PATH).await.value("shown").unwrap();
    let fields = [("kind", "fixed"), ("new_code", CODE), ("new_code_again", CODE), ("shown", &shown)];
    let pages = at_once(2, &browser, PATH, &fields).await;
    assert!(pages.iter().all(|page| page.location() == Some(DONE)), "{:?}", pages.iter().map(Page::text).collect::<Vec<_>>());
    let authenticator = at_app(&mut browser).await;
    let code = authenticator.code(app.clock.now());
    let pages = at_once(2, &browser, APP, &[("code", &code)]).await;
    assert!(pages.iter().all(|page| page.location() == Some(DONE)));
    let shown = browser.get(REMOVE).await.value("shown").unwrap();
    let pages = at_once(2, &browser, REMOVE, &[("shown", &shown)]).await;
    assert!(pages.iter().all(|page| page.location() == Some(DONE)));
    assert_eq!(acts(&app), ["account.code_remove", "account.code_change", "account.code_set"]);
    app.take_mails().await;
}

#[tokio::test]
async fn pages_out_of_their_step_lead_to_the_one_that_is_due() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    for path in [APP, REMOVE, DONE] {
        assert_eq!(browser.get(path).await.location(), Some(PATH), "{path}");
    }
    browser.get(PATH).await;
    assert_eq!(browser.post(APP, &[("code", "123456")]).await.location(), Some(PATH));
    let shown = browser.get(PATH).await.value("shown").unwrap();
    let page = browser.post(REMOVE, &[("shown", &shown)]).await;
    assert_eq!(page.status.as_u16(), 422, "there is nothing to take away");
    assert!(acts(&app).is_empty());
}

#[tokio::test]
async fn q53_each_screen_says_how_far_it_is() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    let says = |page: Page, step: &str| assert!(page.says(step), "{step}: {}", page.text());
    says(browser.get(PATH).await, "全3ステップ中、2ステップ目");
    send_fixed(&mut browser, CODE).await;
    says(browser.get(DONE).await, "全3ステップ中、3ステップ目");
    says(browser.get(REMOVE).await, "全3ステップ中、2ステップ目");
    let authenticator = at_app(&mut browser).await;
    let page = browser.get(APP).await;
    assert!(page.says("認証アプリの登録"), "{}", page.text());
    says(page, "全4ステップ中、3ステップ目");
    browser.post(APP, &[("code", &authenticator.code(app.clock.now()))]).await;
    says(browser.get(DONE).await, "全4ステップ中、4ステップ目");
    app.take_mails().await;
}

#[tokio::test]
async fn a_login_that_waits_for_the_former_code_is_over() {
    let app = TestApp::new();
    let (_, authenticator) = with_app(&app).await;
    let (mut browser, mut waiting) = (app.browser(), app.browser());
    at_code(&mut browser).await;
    enter(&mut browser, &authenticator.code(app.clock.now())).await;
    at_code(&mut waiting).await;
    assert_eq!(send_fixed(&mut browser, CODE).await.location(), Some(DONE));
    app.advance(SignedDuration::from_secs(30));
    let page = enter(&mut waiting, &authenticator.code(app.clock.now())).await;
    assert_eq!(page.location(), Some("/login?notice=code"));
    app.take_mails().await;
}

#[tokio::test]
async fn retention_what_nobody_goes_on_with_is_removed_after_a_day() {
    let app = TestApp::new();
    app.office(USER).await;
    app.app.prepare().await.unwrap();
    let mut browser = logged_in(&app).await;
    at_app(&mut browser).await;
    let rows = || crate::support::world::dump(&app).iter().filter(|(table, ..)| *table == "security_code_setups").count();
    assert_eq!(rows(), 1);
    app.advance(SignedDuration::from_hours(23));
    app.run_jobs().await;
    assert_eq!(rows(), 1);
    app.advance(SignedDuration::from_hours(2));
    app.run_jobs().await;
    assert_eq!(rows(), 0);
}
