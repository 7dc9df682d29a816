//! ログイン情報再設定 (R1–R5): who can read a registered address sets a new password, and all else that opened the account ends.

use jiff::SignedDuration;
use uketsuke::accounts::SecurityCode;
use uketsuke::kernel::{Secret, UserId};
use uketsuke::letters;
use uketsuke::notices;
use uketsuke::passkeys;
use uketsuke::reissue::State;
use uketsuke::security::sessions::{self, Subject};
use uketsuke::staff::Role;

use crate::letters_print::{letter_of, print_all};
use crate::support::browser::{Browser, Page};
use crate::support::first_login::ADDRESS;
use crate::support::office::{NEW_PASSWORD, PASSWORD, TEMPORARY, USER, user};
use crate::support::reissue::{NUMBER, code_in, wrong};
use crate::support::{TestApp, staff};

/// An address of [`TestApp::office`].
pub const REGISTERED: &str = "security-1@example.jp";
/// Another one.
pub const SECOND: &str = "security-2@example.jp";
const M2: &str = "ワンタイムパスワード発行通知(介護保険)";
/// The subject of M-7.
pub const M7: &str = "登録情報変更のお知らせ";

/// R1 [次へ], without following.
pub async fn ask(browser: &mut Browser, number: &str, address: &str) -> Page {
    browser.get("/reset").await;
    browser.post("/reset", &[("number", number), ("address", address)]).await
}

/// The one-time password of the last M-2.
pub async fn code(app: &TestApp) -> String {
    code_in(&app.mail(M2).await, 6)
}

/// To R4, with the one-time password out of the mail.
pub async fn prove(app: &TestApp, browser: &mut Browser, number: &str, address: &str) -> Page {
    assert_eq!(ask(browser, number, address).await.location(), Some("/reset/code"));
    let code = code(app).await;
    browser.get("/reset/code").await;
    let page = browser.post("/reset/code", &[("code", &code)]).await;
    assert_eq!(page.location(), Some("/reset/password"), "{}", page.text());
    browser.get("/reset/password").await
}

/// R4 [変更], without following.
pub async fn change(browser: &mut Browser, password: &str) -> Page {
    browser.post("/reset/password", &[("new_password", password), ("new_password_again", password)]).await
}

/// Five wrong entries in a flow of its own; all of them are answered alike.
async fn five_wrong(app: &TestApp, address: &str) {
    let mut browser = app.browser();
    let page = ask(&mut browser, NUMBER, address).await;
    assert_eq!(page.location(), Some("/reset/code"), "{}", page.text());
    let mails = app.take_mails().await;
    let code = mails.iter().find(|mail| mail.subject == M2).map_or("000000".to_owned(), |mail| wrong(&code_in(mail, 6)));
    browser.get("/reset/code").await;
    for left in [4, 3, 2, 1] {
        let page = browser.post("/reset/code", &[("code", &code)]).await;
        assert!(page.says(&format!("あと{left}回入力できます")), "{}", page.text());
    }
    assert!(browser.post("/reset/code", &[("code", &code)]).await.says("5回誤って入力されたため"));
}

#[tokio::test]
async fn a_login_is_reset_by_a_one_time_password() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    assert_eq!(browser.open("/lost").await.title(), "パスワード等を紛失した方");
    let page = browser.submit("/lost", &[("way", "registered")]).await;
    assert_eq!(page.title(), "ログイン情報再設定認証");
    assert!(page.says("事業所番号と登録済みのセキュリティ用メールアドレスを入力し"), "{}", page.text());
    let page = browser.submit("/reset", &[("number", "１３１１１１－１１１１"), ("address", " SECURITY-1@example.jp ")]).await;
    assert_eq!(page.title(), "ワンタイムパスワード入力");
    for part in [
        "30分",
        "受信制限",
        "登録済みのセキュリティ用メールアドレスと異なる場合、ワンタイムパスワードは送信されません",
        "不明または未登録の場合はこちら",
        "同じメールアドレスへの送信が続いたときは、しばらくお送りできないことがあります。時間をおいてお試しください。",
    ] {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    let code = code(&app).await;
    let page = browser.submit("/reset/code", &[("code", &code)]).await;
    assert_eq!(page.title(), "ログイン情報再設定");
    assert!(page.says(USER) && page.says("（解除されます）"), "{}", page.text());
    let page = browser.submit("/reset/password", &[("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)]).await;
    assert_eq!(page.title(), "処理終了");
    for part in ["ログイン情報の再設定が完了しました。", "「セキュリティコード設定」から再度設定してください。", USER]
    {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    assert!(!page.body.contains(NEW_PASSWORD));
    app.take_mails().await;
    assert_eq!(browser.get("/office").await.location(), Some("/login"), "nobody is logged in by a reset");
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status, 422);
    assert_eq!(app.browser().log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
}

#[tokio::test]
async fn q33_a_reset_ends_what_it_must() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let office = app.in_ledger(13, NUMBER).await;
    assert_eq!(office, user_id.office());
    let hash = app.app.hasher.hash(Secret::new("24681357".to_owned()), [9; 16]).await.unwrap();
    app.passkey(Subject::Office(user_id)).await;
    let mut devices = [app.browser(), app.browser()];
    for device in &mut devices {
        assert_eq!(device.log_in(USER, PASSWORD).await.location(), Some("/office"));
    }
    let printed = app.in_state(office, State::Approved).await;
    let mut clerk = staff(&app, "印刷係", Role::Clerk, 13).await;
    let paper = print_all(&app, &mut clerk).await.remove(0);
    let waiting = app.applied(office, Some("contact@example.jp")).await;
    app.write(move |tx| {
        let mut account = uketsuke::accounts::find(tx, user_id)?.unwrap();
        account.security_code = Some(SecurityCode::Fixed(hash.clone()));
        uketsuke::accounts::save(tx, &account)
    })
    .await;
    app.take_mails().await;

    let mut browser = app.browser();
    prove(&app, &mut browser, NUMBER, REGISTERED).await;
    assert_eq!(change(&mut browser, NEW_PASSWORD).await.location(), Some("/reset/done"));
    app.take_mails().await;
    for device in &mut devices {
        assert_eq!(device.get("/office").await.location(), Some("/login?notice=ended"), "every session has ended");
        device.get("/login").await;
    }
    let account = app.account(user_id);
    assert!(account.security_code.is_none() && account.temporary.is_none() && !account.review_addresses);
    assert!(app.app.store.read(|r| passkeys::of_owner(r, Subject::Office(user_id))).unwrap().is_empty());
    assert!(app.app.store.read(|r| sessions::list(r, Subject::Office(user_id))).unwrap().is_empty());
    for number in [printed.number, waiting.number] {
        let one = app.application(number);
        let last = one.history.last().unwrap();
        assert_eq!(one.state, State::Withdrawn, "{number}");
        assert_eq!(last.reason(), "事業所がログイン情報を再設定したため");
    }
    assert_eq!(letter_of(&app, office).state, letters::State::Withdrawn);
    assert_eq!(app.browser().log_in(USER, &paper.password).await.status, 422, "the letter opens no more");

    // Strangers are refused; of the devices only that of the reset is known now.
    for _ in 0..30 {
        app.browser().log_in(USER, "wrong-password-1").await;
    }
    assert_eq!(devices[0].log_in(USER, NEW_PASSWORD).await.status, 422);
    assert_eq!(browser.log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
}

#[tokio::test]
async fn a_reset_opens_an_account_again_that_was_locked_or_whose_password_was_disabled() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    app.change_account(user_id, |account| account.password_disabled = true).await;
    let mut browser = app.browser();
    for _ in 0..3 {
        browser.log_in(USER, PASSWORD).await;
    }
    assert_eq!(browser.log_in(USER, PASSWORD).await.status, 429);
    prove(&app, &mut browser, NUMBER, SECOND).await;
    assert_eq!(change(&mut browser, NEW_PASSWORD).await.location(), Some("/reset/done"));
    browser.get("/login").await;
    assert_eq!(browser.log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
    app.take_mails().await;
}

#[tokio::test]
async fn q19_a_reset_is_told_to_every_address() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = app.browser();
    prove(&app, &mut browser, NUMBER, REGISTERED).await;
    change(&mut browser, NEW_PASSWORD).await;
    let mut told: Vec<_> = app.take_mails().await.into_iter().filter(|mail| mail.subject == M7).collect();
    told.sort_by(|a, b| a.to.cmp(&b.to));
    let to: Vec<String> = told.iter().map(|mail| mail.to.clone()).collect();
    assert_eq!(to, ["notice@example.jp", REGISTERED, SECOND]);
    // S1: that the security code is gone is told as well.
    let gone =
        "ログイン情報の再設定により、パスワードが変更されました。セキュリティコード、パスキー、記憶した端末は解除されました。";
    for mail in &told {
        assert!(mail.body.contains(gone) && !mail.body.contains(NEW_PASSWORD), "{}", mail.body);
    }
    let notices = app.app.store.read(|r| notices::of_office(r, user_id, 9)).unwrap();
    assert!(notices.iter().any(|notice| notice.kind == "N-3" && notice.body.contains(gone)), "{notices:?}");
}

#[tokio::test]
async fn a_reset_while_logged_in_ends_that_session_and_a_second_click_sees_the_end_too() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    prove(&app, &mut browser, NUMBER, REGISTERED).await;
    let mut second = browser.clone();
    assert_eq!(change(&mut browser, NEW_PASSWORD).await.location(), Some("/reset/done"));
    assert!(!browser.cookies.contains_key("office"), "the cookie of a session that has ended is dropped");
    assert_eq!(browser.get("/reset/done").await.title(), "処理終了");
    assert_eq!(change(&mut second, NEW_PASSWORD).await.location(), Some("/reset/done"));
    assert_eq!(second.get("/reset/done").await.title(), "処理終了");
    assert_eq!(browser.get("/office").await.location(), Some("/login"));
    let told = app.take_mails().await;
    assert_eq!(told.iter().filter(|mail| mail.subject == M7).count(), 3, "one reset, told once to each");
}

#[tokio::test]
async fn a_new_office_that_broke_off_at_the_last_end_and_resets_has_gone_through_its_steps() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    // A step before that, the address is still due: nothing is settled.
    app.new_office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, TEMPORARY).await;
    browser.walk_to(&app, 8).await;
    assert!(app.account(user(USER)).settled.is_none());
    let mut elsewhere = app.browser();
    prove(&app, &mut elsewhere, NUMBER, ADDRESS).await;
    assert_eq!(change(&mut elsewhere, "Another-9-pass").await.location(), Some("/reset/done"));
    assert_eq!(app.account(user(USER)).settled, Some(app.clock.now()));
    elsewhere.get("/login").await;
    assert_eq!(elsewhere.log_in(USER, "Another-9-pass").await.location(), Some("/office"));
    assert_eq!(elsewhere.open("/office").await.title(), "お知らせ");
    app.take_mails().await;
}

#[tokio::test]
async fn a_new_office_that_has_steps_to_go_is_not_settled_by_a_reset() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    let user_id = app.settled(USER).await;
    app.change_account(user_id, |account| {
        account.settled = None;
        account.terms = None;
    })
    .await;
    let mut browser = app.browser();
    prove(&app, &mut browser, NUMBER, REGISTERED).await;
    assert_eq!(change(&mut browser, NEW_PASSWORD).await.location(), Some("/reset/done"));
    assert_eq!(app.account(user_id).settled, None);
    app.take_mails().await;
}

#[tokio::test]
async fn an_office_that_is_logged_in_stays_so_when_another_is_reset_beside_it() {
    let app = TestApp::new();
    app.office(USER).await;
    app.office("KJ131333333333").await;
    let mut browser = app.browser();
    browser.log_in("KJ131333333333", PASSWORD).await;
    prove(&app, &mut browser, NUMBER, REGISTERED).await;
    assert_eq!(change(&mut browser, NEW_PASSWORD).await.location(), Some("/reset/done"));
    assert_eq!(browser.get("/office").await.status, 200);
    app.take_mails().await;
}

#[tokio::test]
async fn who_is_suspended_or_loses_the_address_between_the_steps_is_not_reset() {
    for change_account in [
        (|account: &mut uketsuke::accounts::Account| account.suspended = true) as fn(&mut uketsuke::accounts::Account),
        |account| account.security_mails.truncate(0),
    ] {
        let app = TestApp::new();
        let user_id = app.office(USER).await;
        let (mut before, mut after) = (app.browser(), app.browser());
        ask(&mut before, NUMBER, REGISTERED).await;
        let code = code(&app).await;
        prove(&app, &mut after, NUMBER, SECOND).await;
        app.change_account(user_id, change_account).await;
        before.get("/reset/code").await;
        assert!(before.post("/reset/code", &[("code", &code)]).await.says("あと4回入力できます"), "as any wrong one");
        app.advance(SignedDuration::from_secs(61));
        assert_eq!(before.post("/reset/code/resend", &[]).await.location(), Some("/reset/code"));
        assert_eq!(change(&mut after, NEW_PASSWORD).await.status, 409);
        assert!(app.take_mails().await.is_empty(), "nothing is sent, and nothing was changed");
    }
}

#[tokio::test]
async fn the_prefecture_is_asked_only_for_several_ids() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut alone = app.browser();
    assert_eq!(ask(&mut alone, NUMBER, REGISTERED).await.location(), Some("/reset/code"));
    app.take_mails().await;
    // An entry in another ledger is no user ID.
    app.in_ledger(7, NUMBER).await;
    assert_eq!(ask(&mut app.browser(), NUMBER, SECOND).await.location(), Some("/reset/code"));
    app.office("KJ071311111111").await;
    for address in [REGISTERED, "nobody@example.jp"] {
        let mut browser = app.browser();
        assert_eq!(ask(&mut browser, NUMBER, address).await.location(), Some("/reset/prefecture"), "{address}");
        let page = browser.get("/reset/prefecture").await;
        assert_eq!(page.title(), "請求先都道府県選択");
        assert!(page.says("福島県") && page.says("東京都") && !page.says("北海道"), "{}", page.text());
        for typed in ["", "01", "x"] {
            let page = browser.post("/reset/prefecture", &[("prefecture", typed)]).await;
            assert!(page.status == 422 && page.says("請求先都道府県を選択してください。"), "{typed}");
        }
        assert_eq!(browser.post("/reset/prefecture", &[("prefecture", "07")]).await.location(), Some("/reset/code"));
    }
    app.take_mails().await;
    let mut browser = app.browser();
    ask(&mut browser, NUMBER, SECOND).await;
    browser.get("/reset/prefecture").await;
    browser.post("/reset/prefecture", &[("prefecture", "07")]).await;
    let code = code(&app).await;
    browser.get("/reset/code").await;
    browser.post("/reset/code", &[("code", &code)]).await;
    let page = browser.get("/reset/password").await;
    assert!(page.says("KJ071311111111"), "{}", page.text());
    assert_eq!(change(&mut browser, NEW_PASSWORD).await.location(), Some("/reset/done"));
    app.take_mails().await;
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"), "that of 13 is untouched");
    assert_eq!(app.browser().log_in("KJ071311111111", NEW_PASSWORD).await.location(), Some("/office"));
}

fn told_of_closing(app: &TestApp, user_id: UserId) -> usize {
    let notices = app.app.store.read(|r| notices::of_office(r, user_id, 99)).unwrap();
    notices.iter().filter(|notice| notice.kind == "N-5").count()
}

#[tokio::test]
async fn q16_a_pair_is_closed_after_ten_wrong_codes_and_looks_open() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    // One is on its way when the pair is closed.
    let mut begun = app.browser();
    ask(&mut begun, NUMBER, REGISTERED).await;
    let right = code(&app).await;
    five_wrong(&app, REGISTERED).await;
    assert_eq!(told_of_closing(&app, user_id), 0);
    five_wrong(&app, REGISTERED).await;
    let mails = app.take_mails().await;
    assert_eq!(told_of_closing(&app, user_id), 1);
    let m6: Vec<_> = mails.iter().map(|mail| (mail.subject.as_str(), mail.to.clone())).collect();
    assert_eq!(m6, [("お知らせ登録通知", "notice@example.jp".to_owned())]);

    begun.get("/reset/code").await;
    let page = begun.post("/reset/code", &[("code", &right)]).await;
    assert!(page.says("あと4回入力できます"), "a closed pair takes no code: {}", page.text());
    // Asked again it looks as ever, and nothing is sent.
    app.advance(SignedDuration::from_hours(1));
    let mut browser = app.browser();
    assert_eq!(ask(&mut browser, NUMBER, REGISTERED).await.location(), Some("/reset/code"));
    assert!(browser.get("/reset/code").await.says(REGISTERED));
    assert!(app.take_mails().await.is_empty());
    // The other address of the office is another pair.
    prove(&app, &mut app.browser(), NUMBER, SECOND).await;
    app.advance(SignedDuration::from_hours(23) - SignedDuration::from_secs(1));
    ask(&mut app.browser(), NUMBER, REGISTERED).await;
    assert!(app.take_mails().await.is_empty(), "a second before the day is over");
    app.advance(SignedDuration::from_secs(1));
    prove(&app, &mut app.browser(), NUMBER, REGISTERED).await;
}

#[tokio::test]
async fn q22_strangers_close_no_offices_reset() {
    let app = TestApp::with(|config| config.limits.codes_per_network_hour = 1_000);
    let user_id = app.office(USER).await;
    for n in 0..5 {
        for _ in 0..3 {
            five_wrong(&app, &format!("stranger-{n}@example.jp")).await;
        }
    }
    app.take_mails().await;
    assert_eq!(told_of_closing(&app, user_id), 0, "what strangers type is no matter of the office");
    let mut browser = app.browser();
    prove(&app, &mut browser, NUMBER, REGISTERED).await;
    assert_eq!(change(&mut browser, NEW_PASSWORD).await.location(), Some("/reset/done"));
    app.take_mails().await;
}

#[tokio::test]
async fn flows_that_nobody_goes_on_with_are_removed() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    app.office(USER).await;
    let mut browser = app.browser();
    ask(&mut browser, NUMBER, REGISTERED).await;
    app.take_mails().await;
    app.advance(SignedDuration::from_hours(25));
    assert_eq!(browser.get("/reset/code").await.location(), Some("/reset"));
    app.run_jobs().await;
    let rows = crate::support::world::dump(&app);
    assert!(!rows.iter().any(|(table, ..)| *table == "reset_flows"));
    app.forget();
}
