//! Offices that were here before the address became required: the box up to the last day, and what is asked after a letter.

use jiff::{SignedDuration, Timestamp};
use uketsuke::accounts::{Agreed, Kind};
use uketsuke::audit::Actor;
use uketsuke::kernel::{Prefecture, UserId};
use uketsuke::letters::{self, Offices};
use uketsuke::security::sessions::{self, Subject};
use uketsuke::staff::Role;

use crate::first_login::{at_password, change};
use crate::letters_print::{offices, print_all};
use crate::support::browser::{Browser, Page};
use crate::support::first_login::ADDRESS;
use crate::support::office::{NEW_PASSWORD, PASSWORD, TEMPORARY, USER, user};
use crate::support::{TestApp, staff};

const TITLE: &str = "セキュリティ用メールアドレス設定";
const BOX: &str = "セキュリティ用メールアドレスを登録せずにログインする";
const LAST: &str = "2026-01-31T14:59:59Z";
const AFTER: &str = "2026-01-31T15:00:00Z";

fn move_to(app: &TestApp, at: &str) {
    let at: Timestamp = at.parse().unwrap();
    app.advance(at.duration_since(app.clock.now()));
}

/// An existing office without an address, logged in at this time.
async fn without_address(app: &TestApp, at: &str) -> Browser {
    app.existing_without_address(USER).await;
    move_to(app, at);
    let mut browser = app.browser();
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    browser
}

#[tokio::test]
async fn the_box_is_there_until_the_last_day_and_gone_after_it() {
    for (at, there) in [("2026-01-20T01:00:00Z", true), (LAST, true), (AFTER, false), ("2026-06-01T00:00:00Z", false)] {
        let app = TestApp::new();
        let mut browser = without_address(&app, at).await;
        let page = browser.open("/office").await;
        assert_eq!(page.title(), TITLE, "straight after the login");
        assert!(page.says("登録が必須となりました") && page.says("全3ステップ中、1ステップ目"), "{}", page.text());
        assert_eq!((page.says(BOX), page.says("2026年01月31日まで")), (there, there), "{at}");
        let written = app.app.store.counts().written;
        let page = browser.post("/first-login/address", &[("later", "1")]).await;
        if there {
            assert_eq!(page.location(), Some("/office"));
            assert_eq!(browser.open("/office").await.title(), "お知らせ");
        } else {
            assert_eq!(page.location(), Some("/first-login/address"), "a forged box puts off nothing");
            assert_eq!(app.app.store.counts().written, written);
            assert_eq!(browser.open("/office").await.title(), TITLE);
        }
    }
}

#[tokio::test]
async fn the_last_day_is_that_of_the_settings() {
    let app = TestApp::with(|config| config.security_mail.grace_until = jiff::civil::date(2026, 3, 31));
    let mut browser = without_address(&app, "2026-03-31T14:59:59Z").await;
    assert!(browser.open("/office").await.says("2026年03月31日まで"));
}

#[tokio::test]
async fn putting_off_is_for_one_session_and_ends_with_the_last_day() {
    let app = TestApp::new();
    let mut browser = without_address(&app, "2026-01-31T14:50:00Z").await;
    browser.open("/office").await;
    browser.post("/first-login/address", &[("later", "1")]).await;
    assert_eq!(browser.open("/office").await.title(), "お知らせ");
    let mut other = app.browser();
    other.log_in(USER, PASSWORD).await;
    assert_eq!(other.open("/office").await.title(), TITLE, "another session is asked");
    move_to(&app, LAST);
    assert_eq!(browser.open("/office").await.title(), "お知らせ");
    move_to(&app, AFTER);
    let page = browser.open("/office").await;
    assert!(page.title() == TITLE && !page.says(BOX), "a session that lives across midnight: {}", page.text());
    browser.post("/logout", &[]).await;
    browser.log_in(USER, PASSWORD).await;
    assert_eq!(browser.open("/office").await.title(), TITLE);
}

#[tokio::test]
async fn an_existing_office_registers_its_first_address_and_is_asked_no_more() {
    let app = TestApp::new();
    let mut browser = without_address(&app, AFTER).await;
    assert_eq!(browser.ask_for_code(ADDRESS).await.title(), "確認コード入力");
    let code = app.code().await;
    let page = browser.enter_code(&code).await;
    assert!(page.title() == "処理終了" && page.says("セキュリティ用メールアドレスの登録を完了しました。"), "{}", page.text());
    assert!(page.says("全3ステップ中、3ステップ目"), "{}", page.text());
    assert_eq!(browser.get("/office").await.location(), Some("/first-login"), "the end is a step too");
    assert_eq!(browser.submit("/first-login/address/done", &[]).await.title(), "お知らせ");
    let mut again = app.browser();
    again.log_in(USER, PASSWORD).await;
    assert_eq!(again.open("/office").await.title(), "お知らせ");
    let account = app.account(user(USER));
    assert_eq!((account.settled, account.terms), (None, None), "these are of new offices");
}

#[tokio::test]
async fn a_new_office_never_sees_the_box() {
    let app = TestApp::new();
    let user_id = app.settled(USER).await;
    app.change_account(user_id, |account| account.security_mails.clear()).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    let page = browser.open("/office").await;
    assert!(page.title() == TITLE && !page.says(BOX) && !page.says("必須となりました"), "{}", page.text());
    let fields = [("later", "1"), ("address", ADDRESS), ("address_again", ADDRESS)];
    assert_eq!(browser.post("/first-login/address", &fields).await.location(), Some("/first-login/address"));
    assert_eq!(browser.open("/office").await.title(), TITLE, "forged");
    let all = app.app.store.read(|r| sessions::list(r, Subject::Office(user_id))).unwrap();
    assert!(all.iter().all(|(_, session)| !session.deferred));
}

#[tokio::test]
async fn an_account_issued_as_existing_skips_terms_and_mail() {
    let app = TestApp::new();
    let key = offices(&app, 1).await[0];
    let house = app.app.clone();
    let issued = move || {
        let (who, at) = ((&house.clock, &house.random), Prefecture::new(7).unwrap());
        letters::issue(&house.store, who, &Actor::Console, at, &Offices::AllNew, Kind::Existing, &mut |_, _| ())
    };
    tokio::task::spawn_blocking(issued).await.unwrap().unwrap();
    let mut clerk = staff(&app, "印刷", Role::Clerk, 7).await;
    let letter = print_all(&app, &mut clerk).await.remove(0);
    assert_eq!(letter.user_id, UserId::of(key).to_string());
    let mut browser = app.browser();
    browser.log_in(&letter.user_id, &letter.password).await;
    assert_eq!(browser.open("/first-login").await.title(), "警告", "no terms");
    browser.submit("/first-login/warning", &[]).await;
    let page = browser.choose_password(&letter.password).await;
    assert!(page.says("全2ステップ中、2ステップ目"), "{}", page.text());
    assert!(page.says("セキュリティ用メールアドレス設定へ進みます。"), "the title of what comes: {}", page.text());
    let page = browser.submit("/first-login/done", &[]).await;
    assert!(page.title() == TITLE && page.says(BOX), "no address for notices is asked for: {}", page.text());
}

/// After 【処理終了】 of a letter, with two security addresses and one for notices.
async fn at_review(app: &TestApp) -> Browser {
    let mut browser = at_password(app).await;
    change(&mut browser, TEMPORARY, NEW_PASSWORD, NEW_PASSWORD).await;
    app.take_mails().await;
    let page = browser.open("/first-login").await;
    assert!(page.says("セキュリティ用メールアドレスの確認へ進みます。"), "{}", page.text());
    let page = browser.submit("/first-login/done", &[]).await;
    assert_eq!(page.title(), TITLE);
    assert!(page.says("sec***@example.jp") && !page.says("security-1"), "masked: {}", page.text());
    browser
}

#[tokio::test]
async fn after_a_letter_the_addresses_are_kept_or_replaced_and_the_old_ones_told() {
    // Kept.
    let app = TestApp::new();
    let mut browser = at_review(&app).await;
    let page = browser.post("/first-login/addresses", &[]).await;
    assert!(page.status.as_u16() == 422 && page.says("どうするかを選択してください"), "{}", page.text());
    assert_eq!(browser.submit("/first-login/addresses", &[("way", "keep")]).await.title(), "お知らせ");
    assert_eq!(app.account(user(USER)).security_mails.len(), 2);
    assert!(app.take_mails().await.is_empty());
    let mut again = app.browser();
    again.log_in(USER, NEW_PASSWORD).await;
    assert_eq!(again.open("/office").await.title(), "お知らせ", "asked once");

    // Replaced.
    let app = TestApp::new();
    let mut browser = at_review(&app).await;
    let page = browser.submit("/first-login/addresses", &[("way", "replace")]).await;
    assert!(page.title() == TITLE && !page.says(BOX) && page.says("置き換わります"), "{}", page.text());
    browser.ask_for_code(ADDRESS).await;
    assert_eq!(app.account(user(USER)).security_mails.len(), 2, "not before the code");
    let code = app.code().await;
    let page = browser.enter_code(&code).await;
    assert_eq!(page.title(), "処理終了");
    let account = app.account(user(USER));
    let left: Vec<_> = account.security_mails.iter().map(|address| address.as_str().to_owned()).collect();
    assert_eq!((left, account.review_addresses), (vec![ADDRESS.to_owned()], false));
    let mails = app.take_mails().await;
    let mut told: Vec<_> = mails.iter().map(|mail| mail.to.as_str().to_owned()).collect();
    told.sort();
    assert_eq!(told, ["notice@example.jp", "security-1@example.jp", "security-2@example.jp"], "q19: not the new one");
    assert!(mails.iter().all(|mail| mail.body.contains("新しいメールアドレスに置き換えられました")));
    assert_eq!(browser.submit("/first-login/address/done", &[]).await.title(), "お知らせ");
}

#[tokio::test]
async fn going_back_from_the_new_address_keeps_it_and_the_choice_is_open_again() {
    let app = TestApp::new();
    let mut browser = at_review(&app).await;
    browser.submit("/first-login/addresses", &[("way", "replace")]).await;
    let fields = [("back", "1"), ("address", " ｎew@example.jp"), ("address_again", "betsu")];
    assert_eq!(browser.post("/first-login/address", &fields).await.location(), Some("/first-login/addresses"));
    let page = browser.open("/first-login/address").await;
    assert_eq!(
        (page.value("address").as_deref(), page.value("address_again").as_deref()),
        (Some("new@example.jp"), Some("betsu"))
    );
    // A code was asked for, and then the old addresses turn out to be good.
    browser.ask_for_code(ADDRESS).await;
    let code = app.code().await;
    browser.open("/first-login/addresses").await;
    assert_eq!(browser.submit("/first-login/addresses", &[("way", "keep")]).await.title(), "お知らせ");
    assert_eq!(browser.post("/first-login/address/code", &[("code", &code)]).await.location(), Some("/office"));
    assert_eq!(app.account(user(USER)).security_mails.len(), 2);
}

#[tokio::test]
async fn addresses_that_staff_took_out_meanwhile_are_not_replaced_by_a_code_of_before() {
    let app = TestApp::new();
    let mut browser = at_review(&app).await;
    browser.submit("/first-login/addresses", &[("way", "replace")]).await;
    browser.ask_for_code(ADDRESS).await;
    let code = app.code().await;
    app.change_account(user(USER), |account| {
        account.security_mails.clear();
        account.review_addresses = false;
    })
    .await;
    browser.open("/first-login/address").await;
    let page = browser.post("/first-login/address/code", &[("code", &code)]).await;
    assert_eq!(page.location(), Some("/first-login/address"), "it is another step now");
    assert!(app.account(user(USER)).security_mails.is_empty());
}

const AT_ADDRESS: &str = "/first-login/address";
const ASKED: &str = "name=\"current_password\"";

/// [次へ] with a new address and this password.
async fn next_with(browser: &mut Browser, password: &str) -> Page {
    let fields = [("address", ADDRESS), ("address_again", ADDRESS), ("current_password", password)];
    browser.post(AT_ADDRESS, &fields).await
}

#[tokio::test]
async fn q20_a_session_that_is_no_first_login_is_asked_for_the_password_before_it_registers_an_address() {
    let app = TestApp::new();
    let mut browser = without_address(&app, "2026-01-20T01:00:00Z").await;
    assert!(!browser.open(AT_ADDRESS).await.body.contains(ASKED), "it was entered a moment ago");
    app.advance(SignedDuration::from_mins(10));
    assert!(browser.open(AT_ADDRESS).await.body.contains(ASKED));
    for (password, told) in [("", "現在のパスワードを入力してください。"), ("wrong", "現在のパスワードが違います。")]
    {
        let page = next_with(&mut browser, password).await;
        assert!(page.status.as_u16() == 422 && page.says(told), "{}", page.text());
        assert_eq!(page.value("address").as_deref(), Some(ADDRESS), "what was typed is still there");
    }
    let page = browser.post(AT_ADDRESS, &[("address", "x"), ("current_password", "wrong")]).await;
    assert!(
        page.says("の形が正しくありません") && !page.says("現在のパスワードが違います。"),
        "a slip costs no try: {}",
        page.text()
    );
    assert!(app.take_mails().await.is_empty());
    assert_eq!(next_with(&mut browser, PASSWORD).await.location(), Some("/first-login/address/code"));
    let code = app.code().await;
    assert_eq!(browser.enter_code(&code).await.title(), "処理終了");
}

#[tokio::test]
async fn q20_what_was_put_off_is_not_caught_up_on_without_the_password() {
    let app = TestApp::new();
    let user_id = app.existing_without_address(USER).await;
    move_to(&app, "2026-01-31T14:49:00Z");
    app.letter(user_id).await;
    let mut browser = app.browser();
    browser.log_in(USER, TEMPORARY).await;
    browser.open("/first-login").await;
    browser.submit("/first-login/warning", &[]).await;
    change(&mut browser, TEMPORARY, NEW_PASSWORD, NEW_PASSWORD).await;
    browser.open("/first-login").await;
    assert_eq!(browser.submit("/first-login/done", &[]).await.title(), TITLE);
    assert_eq!(browser.post(AT_ADDRESS, &[("later", "1")]).await.location(), Some("/office"));
    move_to(&app, AFTER);
    assert!(browser.open("/office").await.body.contains(ASKED));
    let page = next_with(&mut browser, "wrong").await;
    assert!(page.status.as_u16() == 422 && page.says("現在のパスワードが違います。"), "{}", page.text());
    assert_eq!(next_with(&mut browser, NEW_PASSWORD).await.location(), Some("/first-login/address/code"));
    app.take_mails().await;
}

#[tokio::test]
async fn q20_addresses_are_replaced_without_the_password_in_the_first_login_only() {
    let app = TestApp::new();
    let mut browser = at_review(&app).await;
    let mut other = app.browser();
    other.log_in(USER, NEW_PASSWORD).await;
    app.advance(SignedDuration::from_mins(20));
    assert!(!browser.open(AT_ADDRESS).await.body.contains("type=\"password\""), "never inside the first login");
    other.open("/office").await;
    other.submit("/first-login/addresses", &[("way", "replace")]).await;
    let page = next_with(&mut other, "").await;
    assert!(page.status.as_u16() == 422 && page.says("現在のパスワードを入力してください。"), "{}", page.text());
    assert!(app.take_mails().await.is_empty());
    browser.submit("/first-login/addresses", &[("way", "replace")]).await;
    assert_eq!(browser.ask_for_code(ADDRESS).await.title(), "確認コード入力");
    app.take_mails().await;
}

#[tokio::test]
async fn a_new_version_of_the_terms_comes_before_the_address() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    let user_id = app.existing_without_address(USER).await;
    app.change_account(user_id, |account| account.terms = Some(Agreed { version: 1, at: account.created })).await;
    uketsuke::terms::adopt(&app.app, uketsuke::terms::Text::Reception, "新しい規約".to_owned()).await.unwrap();
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    let page = browser.open("/office").await;
    assert!(page.title() == "利用規約" && page.says("利用規約が新しくなりました") && page.says("新しい規約"), "{}", page.text());
    assert_eq!(browser.agree().await.title(), TITLE);
}
