//! The first login with the temporary password of a letter: what it takes away, its steps, and their end.

use jiff::SignedDuration;
use uketsuke::letters::{Offices, State};
use uketsuke::notices;
use uketsuke::passkeys;
use uketsuke::security::devices;
use uketsuke::security::sessions::{self, Subject};
use uketsuke::staff::Role;

use crate::letters_print::{issue, letter_of, offices, print_all};
use crate::support::browser::{Browser, Page};
use crate::support::office::{NEW_PASSWORD, PASSWORD, TEMPORARY, USER};
use crate::support::{TestApp, staff};

/// Logged in with the temporary password, 【警告】 read.
pub async fn at_password(app: &TestApp) -> Browser {
    let user_id = app.office(USER).await;
    app.letter(user_id).await;
    let mut browser = app.browser();
    browser.log_in(USER, TEMPORARY).await;
    browser.open("/first-login").await;
    let page = browser.submit("/first-login/warning", &[]).await;
    assert_eq!(page.title(), "パスワード変更");
    app.take_mails().await;
    browser
}

/// \[変更\] with these three fields.
pub async fn change(browser: &mut Browser, current: &str, new: &str, again: &str) -> Page {
    browser.open("/first-login/password").await;
    let fields = [("current_password", current), ("new_password", new), ("new_password_again", again)];
    browser.post("/first-login/password", &fields).await
}

#[tokio::test]
async fn q3_a_leaked_password_is_refused_beside_its_field_with_the_reason() {
    let app = TestApp::new();
    let mut browser = at_password(&app).await;
    let before = app.app.store.counts().written;
    // Frequent ones, one that looks drawn by lot, and one bent a little.
    for leaked in ["fqrg7cs493", "1q2w3e4r5t", "zag12wsx", "Myspace1", "Passw0rd1"] {
        let page = change(&mut browser, TEMPORARY, leaked, leaked).await;
        assert_eq!(page.status.as_u16(), 422, "{leaked}");
        let beside = page.body.split("id=\"new_password-error\"").nth(1).and_then(|rest| rest.split("</p>").next());
        assert!(
            beside.is_some_and(|told| told.contains("過去に漏えいした一覧に近いパスワードです")),
            "{leaked}: {}",
            page.text()
        );
    }
    assert_eq!(app.app.store.counts().written, before);
}

#[tokio::test]
async fn the_temporary_password_leads_through_warning_and_change_to_the_end() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    app.letter(user_id).await;
    let mut browser = app.browser();
    let login = browser.log_in(USER, TEMPORARY).await;
    assert_eq!(login.location(), Some("/first-login"));
    let page = browser.open("/first-login").await;
    assert_eq!(page.title(), "警告");
    assert!(page.says("全2ステップ中、1ステップ目まで到達済み"), "{}", page.text());
    assert!(!page.body.contains("<nav class=\"menu\""), "only ログアウト shows while a step is due");
    let page = browser.submit("/first-login/warning", &[]).await;
    assert_eq!(page.title(), "パスワード変更");
    let limited = browser.cookies["office"].clone();
    let page = change(&mut browser, TEMPORARY, NEW_PASSWORD, NEW_PASSWORD).await;
    assert_eq!(page.location(), Some("/first-login/done"));
    assert_ne!(browser.cookies["office"], limited, "q28: a new session id");
    let page = browser.open("/first-login").await;
    assert_eq!(page.title(), "処理終了");
    assert_eq!(browser.get("/office").await.location(), Some("/first-login"), "the end is a step too");
    let page = browser.open("/first-login").await;
    assert!(page.says("パスワードを変更しました"));
    let page = browser.submit("/first-login/done", &[]).await;
    assert_eq!(page.title(), "セキュリティ用メールアドレス設定", "whether the addresses are still good");
    assert_eq!(browser.submit("/first-login/addresses", &[("way", "keep")]).await.title(), "お知らせ");
    app.take_mails().await;
    assert_eq!(app.browser().log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
}

#[tokio::test]
async fn the_old_password_works_until_the_temporary_one_is_first_used() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    app.letter(user_id).await;
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
    assert_eq!(app.browser().log_in(USER, TEMPORARY).await.location(), Some("/first-login"));
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status, 422);
    app.take_mails().await;
}

#[tokio::test]
async fn first_use_ends_sessions_remembered_devices_and_passkeys_and_tells_every_address() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    app.passkey(Subject::Office(user_id)).await;
    app.letter(user_id).await;
    let mut old = app.browser();
    old.log_in(USER, PASSWORD).await;
    assert_eq!(old.open("/office").await.title(), "お知らせ");
    let devices_of = |app: &TestApp| app.app.store.read(|r| devices::of(r, USER)).unwrap();
    assert_eq!(devices_of(&app).len(), 1);
    app.browser().log_in(USER, TEMPORARY).await;
    assert_eq!(old.open("/office").await.title(), "ログイン", "its session is over");
    let mails = app.take_mails().await;
    let mut to: Vec<_> = mails.iter().map(|mail| mail.to.as_str().to_owned()).collect();
    to.sort();
    assert_eq!(to, ["notice@example.jp", "security-1@example.jp", "security-2@example.jp"], "q19: every address");
    assert_eq!(app.app.store.read(|r| passkeys::of_owner(r, Subject::Office(user_id))).unwrap(), []);
    for mail in &mails {
        assert_eq!(mail.subject, "登録情報変更のお知らせ");
        assert!(mail.body.contains("0000-13-0000") && !mail.body.contains(TEMPORARY), "{}", mail.body);
    }
    let told = app.app.store.read(|r| notices::of_office(r, user_id, 9)).unwrap();
    assert_eq!(told.iter().map(|notice| notice.kind.as_str()).collect::<Vec<_>>(), ["N-3"]);
    for part in [
        "仮パスワードによるログインがありました。これまでのパスワード、セキュリティコード、パスキー、記憶した端末は解除されました。",
        "2026年1月20日 10時00分",
        "お心当たりがない場合は、すぐに国保連合会へお電話ください。",
    ] {
        assert!(told[0].body.contains(part), "{part}: {}", told[0].body);
    }
    assert_eq!(devices_of(&app), [], "the device is a stranger again");
}

#[tokio::test]
async fn breaking_off_does_no_harm_and_the_next_login_resumes() {
    let app = TestApp::new();
    let mut browser = at_password(&app).await;
    browser.post("/logout", &[]).await;
    app.advance(SignedDuration::from_hours(24 * 29));
    let mut again = app.browser();
    assert_eq!(again.log_in(USER, TEMPORARY).await.location(), Some("/first-login"));
    assert_eq!(again.open("/first-login").await.title(), "パスワード変更", "the first step that is not done");
    assert!(app.take_mails().await.is_empty(), "the addresses were told at the first use");
    let page = change(&mut again, TEMPORARY, NEW_PASSWORD, NEW_PASSWORD).await;
    assert_eq!(page.location(), Some("/first-login/done"));
    assert_eq!(app.take_mails().await.len(), 3);
}

#[tokio::test]
async fn whoever_breaks_off_at_the_end_comes_back_to_it_with_the_new_password() {
    let app = TestApp::new();
    let mut browser = at_password(&app).await;
    change(&mut browser, TEMPORARY, NEW_PASSWORD, NEW_PASSWORD).await;
    browser.post("/logout", &[]).await;
    let mut again = app.browser();
    assert_eq!(again.log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
    assert_eq!(again.open("/office").await.title(), "処理終了", "the first step that is not done");
    again.submit("/first-login/done", &[]).await;
    assert_eq!(again.submit("/first-login/addresses", &[("way", "keep")]).await.title(), "お知らせ");
    assert_eq!(app.browser().log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
    app.take_mails().await;
}

#[tokio::test]
async fn an_end_that_was_not_left_is_forgotten_when_another_letter_is_used() {
    let app = TestApp::new();
    let mut browser = at_password(&app).await;
    change(&mut browser, TEMPORARY, NEW_PASSWORD, NEW_PASSWORD).await;
    app.letter(crate::support::office::user(USER)).await;
    let mut again = app.browser();
    again.log_in(USER, TEMPORARY).await;
    assert_eq!(again.open("/first-login").await.title(), "警告");
    app.take_mails().await;
}

#[tokio::test]
async fn a_session_remembers_its_browser_in_our_own_words_through_the_steps() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    app.letter(user_id).await;
    let mut browser = app.browser();
    browser.headers.push(("user-agent".to_owned(), "Mozilla/5.0 (Windows NT 10.0) Firefox/133.0 <b>x</b>".to_owned()));
    let agents = || {
        let all = app.app.store.read(|r| sessions::list(r, Subject::Office(user_id))).unwrap();
        all.into_iter().map(|(_, session)| (session.agent, session.limited)).collect::<Vec<_>>()
    };
    browser.log_in(USER, TEMPORARY).await;
    assert_eq!(agents(), [("Firefox（Windows）".to_owned(), true)]);
    browser.open("/first-login").await;
    browser.post("/first-login/warning", &[]).await;
    change(&mut browser, TEMPORARY, NEW_PASSWORD, NEW_PASSWORD).await;
    assert_eq!(agents(), [("Firefox（Windows）".to_owned(), false)], "what it opens is computed from the account");
    app.take_mails().await;
}

#[tokio::test]
async fn q26_after_the_change_the_temporary_password_is_refused() {
    let app = TestApp::new();
    let mut browser = at_password(&app).await;
    change(&mut browser, TEMPORARY, NEW_PASSWORD, NEW_PASSWORD).await;
    assert_eq!(app.browser().log_in(USER, TEMPORARY).await.status, 422);
    app.take_mails().await;
}

#[tokio::test]
async fn q26_an_expired_temporary_password_is_refused_with_the_same_sentence() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    app.letter(user_id).await;
    app.advance(SignedDuration::from_hours(24 * 30) + SignedDuration::from_millis(1));
    let expired = app.browser().log_in(USER, TEMPORARY).await;
    let wrong = app.browser().log_in(USER, "wrong").await;
    assert_eq!((expired.status, expired.text()), (wrong.status, wrong.text()));
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"), "the old one was never touched");
}

#[tokio::test]
async fn q26_it_expires_within_the_steps_too() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    app.letter(user_id).await;
    app.advance(SignedDuration::from_hours(24 * 30) - SignedDuration::from_mins(5));
    let mut browser = app.browser();
    browser.log_in(USER, TEMPORARY).await;
    browser.open("/first-login").await;
    browser.post("/first-login/warning", &[]).await;
    app.advance(SignedDuration::from_mins(6));
    let page = browser.open("/first-login/password").await;
    assert_eq!(page.title(), "ログイン");
    assert!(page.says("仮パスワードが使えなくなりました"), "{}", page.text());
    app.take_mails().await;
}

#[tokio::test]
async fn q7_changing_the_password_needs_the_current_one() {
    let app = TestApp::new();
    let mut browser = at_password(&app).await;
    for current in ["", "wrong", PASSWORD, "abcd2345efgh6789"] {
        let page = change(&mut browser, current, NEW_PASSWORD, NEW_PASSWORD).await;
        assert_eq!(page.status, 422, "{current}");
        assert!(page.says("現在のパスワード"), "{}", page.text());
        assert!(!page.body.contains(NEW_PASSWORD), "a password is never shown again");
    }
}

#[tokio::test]
async fn q1_q3_q4_the_rule_for_new_passwords_is_told() {
    let app = TestApp::new();
    let mut browser = at_password(&app).await;
    for (new, sentence) in [
        ("xK4pq9w", "8文字～16文字"),
        ("xK4pq9wzRt7mLd2vB", "8文字～16文字"),
        ("xkqpwzrtvb", "英字と数字を少なくとも1文字ずつ"),
        ("xK4pq9w\"", "「\"」は使えません"),
        ("xK4pq9w z", "空白は使えません"),
        ("kj131311111111", "ユーザIDと同じ"),
        ("a1311111111", "推測されやすい"),
        ("kaigo84Wqz", "推測されやすい"),
        ("password1", "よく使われる"),
        (TEMPORARY, "同じものは使えません"),
        ("", "新しいパスワードを入力してください。"),
    ] {
        let page = change(&mut browser, TEMPORARY, new, new).await;
        assert_eq!(page.status, 422, "{new}");
        assert!(page.says(sentence), "{new}: {}", page.text());
    }
    let page = change(&mut browser, TEMPORARY, NEW_PASSWORD, "mV8#trcw2Kr").await;
    assert!(page.says("新しいパスワードと同じものを入力してください。"));
}

#[tokio::test]
async fn q33_the_change_ends_every_other_session() {
    let app = TestApp::new();
    let mut browser = at_password(&app).await;
    let mut other = app.browser();
    other.log_in(USER, TEMPORARY).await;
    assert_eq!(other.open("/first-login").await.title(), "パスワード変更");
    let before = browser.clone();
    change(&mut browser, TEMPORARY, NEW_PASSWORD, NEW_PASSWORD).await;
    assert_eq!(other.open("/first-login").await.title(), "ログイン");
    assert_eq!(before.clone().open("/first-login").await.title(), "ログイン");
    app.take_mails().await;
}

#[tokio::test]
async fn q34_no_step_can_be_skipped() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    app.letter(user_id).await;
    let mut browser = app.browser();
    browser.log_in(USER, TEMPORARY).await;
    browser.open("/first-login").await;
    let fields = [("current_password", TEMPORARY), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
    for path in ["/first-login/password", "/first-login/done"] {
        assert_eq!(browser.get(path).await.location(), Some("/first-login/warning"), "{path}");
    }
    assert_eq!(browser.get("/office").await.location(), Some("/first-login"));
    browser.open("/first-login").await;
    assert_eq!(browser.post("/first-login/password", &fields).await.location(), Some("/first-login/warning"));
    assert_eq!(browser.post("/first-login/done", &[]).await.location(), Some("/first-login/warning"));
    assert!(app.account(user_id).password.is_none(), "nothing was changed");
    browser.post("/first-login/warning", &[]).await;
    assert_eq!(browser.get("/first-login/done").await.location(), Some("/first-login/password"));
    assert_eq!(browser.get("/first-login/warning").await.status, 200, "戻る shows the warning again");
    app.take_mails().await;
}

#[tokio::test]
async fn a_disabled_password_is_replaced_by_the_letter() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    app.change_account(user_id, |account| account.password_disabled = true).await;
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status, 422);
    app.letter(user_id).await;
    let mut browser = app.browser();
    browser.log_in(USER, TEMPORARY).await;
    browser.open("/first-login").await;
    browser.post("/first-login/warning", &[]).await;
    change(&mut browser, TEMPORARY, NEW_PASSWORD, NEW_PASSWORD).await;
    assert_eq!(app.browser().log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
    app.take_mails().await;
}

#[tokio::test]
async fn a_letter_printed_anew_ends_the_steps_of_the_older_one() {
    let app = TestApp::new();
    let mut browser = at_password(&app).await;
    let user_id = crate::support::office::user(USER);
    app.letter(user_id).await;
    assert_eq!(browser.open("/first-login").await.title(), "ログイン");
    app.advance(jiff::SignedDuration::from_secs(1));
    let mut again = app.browser();
    again.log_in(USER, TEMPORARY).await;
    assert_eq!(again.open("/first-login").await.title(), "警告", "another letter begins anew");
    app.take_mails().await;
}

#[tokio::test]
async fn the_password_on_the_paper_enters_and_completes_its_letter() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let printed = print_all(&app, &mut clerk).await.remove(0);
    let mut browser = app.browser();
    assert_eq!(browser.log_in(&printed.user_id, &printed.password).await.location(), Some("/first-login"));
    assert_eq!(letter_of(&app, office).state, State::Completed);
    assert_eq!(browser.agree().await.title(), "警告");
    browser.post("/first-login/warning", &[]).await;
    let page = change(&mut browser, &printed.password, NEW_PASSWORD, NEW_PASSWORD).await;
    assert_eq!(page.location(), Some("/first-login/done"), "{}", page.text());
    assert!(app.take_mails().await.is_empty(), "a new account has no address to tell");
}
