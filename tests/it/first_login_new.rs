//! The first login of a new office: from the terms to its notices, broken off anywhere, and nothing else before.

use jiff::SignedDuration;
use uketsuke::accounts::{Account, Kind};
use uketsuke::audit;
use uketsuke::notices;
use uketsuke::routes::{Row, Who, rows};

use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::first_login::{ADDRESS, SCREENS};
use crate::support::office::{NEW_PASSWORD, TEMPORARY, USER, user};
use crate::support::reissue::{code_in, wrong};

/// A new office with its letter, logged in and at the screen of this number.
pub async fn at(app: &TestApp, screen: usize) -> Browser {
    app.new_office(USER).await;
    let mut browser = app.browser();
    assert_eq!(browser.log_in(USER, TEMPORARY).await.location(), Some("/first-login"));
    browser.walk_to(app, screen).await;
    browser
}

fn account(app: &TestApp) -> Account {
    app.account(user(USER))
}

/// Where the row of steps stands, as it is said to those who hear the page.
fn place(page: &Page) -> Option<String> {
    let text = page.text();
    let begin = text[..text.find("ステップ中、")?].rfind('全')?;
    Some(text[begin..].split("到達済み").next()?.to_owned())
}

#[tokio::test]
async fn a_new_office_goes_from_terms_to_its_notices() {
    let app = TestApp::new();
    let user_id = app.new_office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, TEMPORARY).await;
    let page = browser.open("/office").await;
    assert_eq!((page.title().as_str(), place(&page)), ("利用規約", None), "the terms show no steps");
    assert!(page.says("電子請求受付システム 利用規約") && page.says("第13条") && page.says("ログアウト"), "{}", page.text());
    assert!(!page.says("以前に設定した"), "there was nothing before");
    let places = [None, Some(1), Some(1), Some(1), Some(2), Some(2), Some(3), Some(4), Some(5)];
    for at in 0..9 {
        let page = browser.open("/first-login").await;
        assert_eq!(page.title(), SCREENS[at]);
        let wanted = places[at].map(|n| format!("全5ステップ中、{n}ステップ目まで"));
        assert_eq!(place(&page), wanted, "{}", page.text());
        assert!(!page.body.contains("<nav class=\"menu\""), "only ログアウト shows");
        assert_eq!(browser.step(&app, at).await.title(), SCREENS[at + 1]);
    }
    let account = app.account(user_id);
    assert_eq!(account.terms.map(|agreed| agreed.version), Some(1));
    assert!(account.settled.is_some() && account.notice_answered.is_some() && account.notice_mail.is_none());
    assert_eq!(account.contact().map(|address| address.as_str()), Some(ADDRESS));
    assert!(app.take_mails().await.is_empty(), "there was nobody to tell but who has just typed the code");
    let told = app.app.store.read(|r| notices::of_office(r, user_id, 9)).unwrap();
    assert_eq!(told.len(), 3, "first use, password, address: {told:?}");
    let entries = app.app.store.read(|r| audit::about(r, &user_id.office().to_string(), 99)).unwrap();
    let mut acts: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    acts.retain(|action| action.starts_with("first_login."));
    acts.sort_unstable();
    let all = ["first_login.address", "first_login.finish", "first_login.mail", "first_login.password", "first_login.terms"];
    assert_eq!(acts, all);
    assert!(!format!("{entries:?}").contains(ADDRESS), "addresses are masked in the log");
    let mut again = app.browser();
    assert_eq!(again.log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
    assert_eq!(again.open("/office").await.title(), "お知らせ", "once and for all");
}

#[tokio::test]
async fn breaking_off_at_any_step_resumes_at_the_first_not_done() {
    for broken in 0..9 {
        let app = TestApp::new();
        let mut browser = at(&app, broken).await;
        browser.open("/first-login").await;
        if broken % 2 == 0 {
            assert_eq!(browser.post("/logout", &[]).await.location(), Some("/login?notice=logout"));
        } else {
            // Nothing at all was pressed: the session dies by itself.
            app.advance(SignedDuration::from_hours(25));
        }
        let mut again = app.browser();
        let (password, to) = if broken < 3 { (TEMPORARY, "/first-login") } else { (NEW_PASSWORD, "/office") };
        assert_eq!(again.log_in(USER, password).await.location(), Some(to), "at {broken}");
        let page = again.open(to).await;
        // A code is bound to its session: its address is typed again.
        let from = if broken == 7 { 6 } else { broken };
        assert_eq!(page.title(), SCREENS[from], "at {broken}: {}", page.text());
        app.take_mails().await;
        for at in from..9 {
            assert_eq!(again.step(&app, at).await.title(), SCREENS[at + 1]);
        }
        assert!(account(&app).settled.is_some());
    }
}

/// What may be called at a screen beside those that are always open.
fn open_at(screen: usize) -> &'static [&'static str] {
    match screen {
        0 => &["/first-login/terms"],
        1 => &["/first-login/warning"],
        2 => &["/first-login/warning", "/first-login/password"],
        3 => &["/first-login/done"],
        4 => &["/first-login/mail"],
        5 => &["/first-login/mail/done"],
        6 => &["/first-login/address"],
        7 => &[
            "/first-login/address",
            "/first-login/address/code",
            "/first-login/address/code/resend",
            "/first-login/address/code/delivery",
        ],
        _ => &["/first-login/address/done"],
    }
}

/// Every field that any of the steps has, each with a value that would do.
const GOOD: [(&str, &str); 13] = [
    ("version", "1"),
    ("agree", "1"),
    ("current_password", TEMPORARY),
    ("new_password", NEW_PASSWORD),
    ("new_password_again", NEW_PASSWORD),
    ("way", "none"),
    ("mail", ADDRESS),
    ("mail_again", ADDRESS),
    ("address", ADDRESS),
    ("address_again", ADDRESS),
    ("later", "1"),
    ("code", "0000"),
    ("back", "1"),
];

async fn is_shut(app: &TestApp, browser: &Browser, row: &Row, screen: usize) {
    let mut browser = browser.clone();
    let path = row.path.split('/').map(|part| if part.starts_with(':') { "x" } else { part }).collect::<Vec<_>>().join("/");
    let written = app.app.store.counts().written;
    let page = match row.method.as_str() {
        "GET" => browser.get(&path).await,
        _ => browser.post(&path, &GOOD).await,
    };
    let what = format!("{} {path} at {}: {} {:?}", row.method, SCREENS[screen], page.status, page.location());
    let fragment = path.ends_with("/delivery") && page.status.as_u16() == 404;
    let led_on = page.location().is_some_and(|to| to.starts_with("/first-login"));
    assert!(fragment || (page.status.as_u16() == 303 && led_on), "{what}");
    assert_eq!(app.app.store.counts().written, written, "{what}");
}

#[tokio::test]
async fn q34_no_page_opens_before_the_steps_are_done() {
    for (screen, title) in SCREENS.iter().enumerate().take(9) {
        let app = TestApp::new();
        let mut browser = at(&app, screen).await;
        let page = browser.open("/first-login").await;
        assert_eq!(page.title(), *title);
        app.take_mails().await;
        let mut tried = 0;
        for row in rows().iter().filter(|row| matches!(row.who, Who::Office | Who::FirstLogin)) {
            if row.path != "/first-login" && !open_at(screen).contains(&row.path) {
                is_shut(&app, &browser, row, screen).await;
                tried += 1;
            }
        }
        assert!(tried > 15, "{tried}");
    }
}

#[tokio::test]
async fn the_notice_address_may_be_skipped_once_and_for_all() {
    let app = TestApp::new();
    let mut browser = at(&app, 4).await;
    browser.open("/first-login/mail").await;
    let fields = [("way", "none"), ("mail", "typed@example.jp"), ("mail_again", "other@example.jp")];
    let page = browser.submit("/first-login/mail", &fields).await;
    assert!(page.title() == "処理終了" && page.says("メールアドレスを登録しない"), "{}", page.text());
    let account = account(&app);
    assert_eq!((account.notice_mail, account.notice_answered.is_some()), (None, true), "the choice counts, not what was typed");
    browser.submit("/first-login/mail/done", &[]).await;
    browser.post("/logout", &[]).await;
    let mut again = app.browser();
    again.log_in(USER, NEW_PASSWORD).await;
    assert_eq!(again.open("/office").await.title(), SCREENS[6], "it is not asked again");
}

#[tokio::test]
async fn the_notice_address_is_registered_and_not_told_of_itself() {
    let app = TestApp::new();
    let mut browser = at(&app, 4).await;
    browser.open("/first-login/mail").await;
    let fields = [("way", "register"), ("mail", "Ｏshirase@example.jp "), ("mail_again", "oshirase@EXAMPLE.jp")];
    let page = browser.submit("/first-login/mail", &fields).await;
    assert!(page.says("Oshirase@example.jp"), "{}", page.text());
    assert!(app.take_mails().await.is_empty(), "it has no code, and who typed it knows");
    browser.submit("/first-login/mail/done", &[]).await;
    browser.ask_for_code(ADDRESS).await;
    let code = app.code().await;
    browser.enter_code(&code).await;
    let mails = app.take_mails().await;
    let told: Vec<_> = mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    assert_eq!(told, [("Oshirase@example.jp", "登録情報変更のお知らせ")], "q19: those who could be reached before");
    assert!(mails[0].body.contains("セキュリティ用メールアドレスが登録されました"), "{}", mails[0].body);
}

#[tokio::test]
async fn q18_an_address_is_registered_by_its_code() {
    let app = TestApp::new();
    let mut browser = at(&app, 6).await;
    let page = browser.ask_for_code(ADDRESS).await;
    assert!(page.title() == "確認コード入力" && page.says(ADDRESS) && page.says("【送信】"), "{}", page.text());
    assert!(account(&app).security_mails.is_empty(), "nothing is registered before its code");
    let mail = app.mail("確認コード発行通知(介護保険)").await;
    assert_eq!(mail.to.as_str(), ADDRESS);
    let code = code_in(&mail, 4);
    browser.open("/first-login/address/code").await;
    for (typed, told) in [("", "確認コードを入力してください。"), ("12a4", "4桁の数字"), (&wrong(&code), "あと4回入力できます")]
    {
        let page = browser.post("/first-login/address/code", &[("code", typed)]).await;
        assert!(page.status.as_u16() == 422 && page.says(told), "{typed}: {}", page.text());
        assert!(page.body.contains("<title>エラー: "));
    }
    assert!(account(&app).security_mails.is_empty());
    assert_eq!(browser.enter_code(&code).await.title(), "処理終了");
    assert_eq!(account(&app).security_mails.len(), 1);
    // The same click again: what was done stays done.
    let page = browser.post("/first-login/address/code", &[("code", &code)]).await;
    assert_eq!(page.location(), Some("/first-login/address/done"));
    assert_eq!(account(&app).security_mails.len(), 1);
}

#[tokio::test]
async fn q16_five_wrong_codes_end_it_and_another_one_is_asked_for() {
    let app = TestApp::new();
    let mut browser = at(&app, 7).await;
    let code = app.code().await;
    for _ in 0..5 {
        browser.open("/first-login/address/code").await;
        browser.post("/first-login/address/code", &[("code", &wrong(&code))]).await;
    }
    let page = browser.open("/first-login/address/code").await;
    assert!(page.says("この確認コードは使えません") && page.says("セキュリティ用メールアドレス設定"), "{}", page.text());
    let page = browser.post("/first-login/address/code", &[("code", &code)]).await;
    assert_eq!(page.status.as_u16(), 422, "though it is right");
    let page = browser.open("/first-login").await;
    assert_eq!((page.title().as_str(), page.value("address").as_deref()), (SCREENS[6], Some(ADDRESS)), "戻る has kept it");
    assert_eq!(browser.ask_for_code(ADDRESS).await.title(), "確認コード入力", "the same address, another code");
    let fresh = app.code().await;
    assert_eq!(browser.enter_code(&fresh).await.title(), "処理終了");
}

#[tokio::test]
async fn q13_a_code_dies_after_30_minutes_and_comes_anew() {
    let app = TestApp::new();
    let mut browser = at(&app, 7).await;
    let code = app.code().await;
    app.advance(SignedDuration::from_mins(20));
    browser.open("/first-login/address/code").await;
    app.advance(SignedDuration::from_mins(10));
    let page = browser.post("/first-login/address/code", &[("code", &code)]).await;
    assert!(page.says("有効期間（30分）が過ぎました"), "{}", page.text());
    assert_eq!(browser.submit("/first-login/address/code/resend", &[]).await.title(), "確認コード入力");
    let fresh = app.code().await;
    assert_ne!(fresh, code, "the seed of the tests gives two codes");
    let page = browser.post("/first-login/address/code", &[("code", &code)]).await;
    assert!(page.says("古い確認コード"), "{}", page.text());
    assert_eq!(browser.enter_code(&fresh).await.title(), "処理終了");
}

#[tokio::test]
async fn a_click_too_many_sends_no_second_code_and_another_address_ends_the_first() {
    let app = TestApp::new();
    let mut browser = at(&app, 6).await;
    let fields = [("address", ADDRESS), ("address_again", ADDRESS)];
    browser.open("/first-login/address").await;
    for _ in 0..2 {
        assert_eq!(browser.post("/first-login/address", &fields).await.location(), Some("/first-login/address/code"));
    }
    let first = app.code().await;
    let refused = browser.post("/first-login/address/code/resend", &[]).await;
    assert!(refused.status.as_u16() == 422 && refused.says("再送していません"), "too soon: {}", refused.text());
    browser.ask_for_code("betsu@example.jp").await;
    let mail = app.mail("確認コード発行通知(介護保険)").await;
    assert_eq!(mail.to.as_str(), "betsu@example.jp");
    let second = code_in(&mail, 4);
    assert_ne!(first, second, "the seed of the tests gives two codes");
    let page = browser.enter_code(&first).await;
    assert_eq!(page.status.as_u16(), 422, "the code of the address before");
    browser.enter_code(&second).await;
    assert_eq!(account(&app).contact().map(|address| address.as_str()), Some("betsu@example.jp"));
}

#[tokio::test]
async fn q15_a_code_of_one_browser_is_good_in_no_other() {
    let app = TestApp::new();
    let mut one = at(&app, 6).await;
    let mut other = app.browser();
    other.log_in(USER, NEW_PASSWORD).await;
    one.ask_for_code(ADDRESS).await;
    let code = app.code().await;
    other.open("/office").await;
    let page = other.post("/first-login/address/code", &[("code", &code)]).await;
    assert_eq!(page.location(), Some("/first-login/address"), "this browser has asked for none");
    other.ask_for_code("betsu@example.jp").await;
    let own = app.code().await;
    assert_ne!(own, code, "the seed of the tests gives two codes");
    assert_eq!(other.enter_code(&code).await.status.as_u16(), 422);
    one.enter_code(&code).await;
    // The step is done for both: what the other has begun comes to nothing.
    let page = other.post("/first-login/address/code", &[("code", &own)]).await;
    assert_eq!(page.location(), Some("/first-login/address/done"));
    assert_eq!(account(&app).security_mails.len(), 1);
    app.take_mails().await;
}

#[tokio::test]
async fn going_back_from_the_first_screen_logs_out_and_keeps_what_is_done() {
    for (screen, path) in [(4, "/first-login/mail"), (6, "/first-login/address")] {
        let app = TestApp::new();
        let mut browser = at(&app, screen).await;
        let page = browser.open(path).await;
        assert!(page.says("いったんログアウトします。入力した内容は保存されません。"), "{}", page.text());
        let page = browser.post(path, &[("back", "logout")]).await;
        assert_eq!(page.location(), Some("/login?notice=logout"));
        assert!(!browser.cookies.contains_key("office"));
        browser.log_in(USER, NEW_PASSWORD).await;
        assert_eq!(browser.open("/office").await.title(), SCREENS[screen]);
        app.take_mails().await;
    }
}

/// A new office that was let in by a version before this one, which asked for nothing but the password.
#[tokio::test]
async fn a_new_office_of_before_is_asked_once_for_what_it_never_saw() {
    for (has_address, wanted) in [(true, &SCREENS[..1]), (false, &[SCREENS[0], SCREENS[4], SCREENS[6]][..])] {
        let app = TestApp::new();
        let user_id = app.office(USER).await;
        app.change_account(user_id, |account| account.kind = Kind::New).await;
        if !has_address {
            app.change_account(user_id, |account| {
                account.security_mails.clear();
                account.notice_mail = None;
            })
            .await;
        }
        let mut browser = app.browser();
        browser.log_in(USER, crate::support::office::PASSWORD).await;
        let mut seen = vec![browser.open("/office").await.title()];
        browser.agree().await;
        if !has_address {
            seen.push(browser.open("/office").await.title());
            browser.step(&app, 4).await;
            seen.push(browser.step(&app, 5).await.title());
            for at in 6..9 {
                browser.step(&app, at).await;
            }
        }
        assert_eq!(seen, wanted);
        assert_eq!(browser.open("/office").await.title(), "お知らせ");
        assert!(app.account(user_id).settled.is_some());
        app.take_mails().await;
    }
}

#[tokio::test]
async fn what_was_begun_and_left_is_cleaned_away() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    at(&app, 7).await;
    app.take_mails().await;
    let left = || crate::support::world::dump(&app).iter().filter(|(table, ..)| *table == "first_login_addresses").count();
    assert_eq!(left(), 1);
    app.advance(SignedDuration::from_hours(23));
    app.run_jobs().await;
    assert_eq!(left(), 1, "for a day");
    app.advance(SignedDuration::from_hours(2));
    app.run_jobs().await;
    assert_eq!(left(), 0);
    app.take_mails().await;
}

#[tokio::test]
async fn a_letter_used_in_the_middle_begins_the_steps_anew() {
    let app = TestApp::new();
    let mut browser = at(&app, 5).await;
    app.letter(user(USER)).await;
    let mut again = app.browser();
    again.log_in(USER, TEMPORARY).await;
    assert_eq!(browser.open("/first-login").await.title(), "ログイン", "its session has ended");
    assert_eq!(again.open("/first-login").await.title(), "警告", "the terms are agreed to");
    again.step(&app, 1).await;
    again.step(&app, 2).await;
    let page = again.step(&app, 3).await;
    assert_eq!(page.title(), SCREENS[6], "メールアドレス設定 was answered: {}", page.text());
}
