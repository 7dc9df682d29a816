//! パスキー of offices: registered, listed, removed.

mod counts;
mod login;
mod news;
pub mod portal;
mod staff;

use jiff::SignedDuration;
use uketsuke::kernel::UserId;
use uketsuke::passkeys::{self, MOST, Passkey};
use uketsuke::security::sessions::Subject;

use crate::reset;
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::office::{NEW_PASSWORD, PASSWORD, TEMPORARY, USER};
use crate::support::passkey::{Device, LIST};
use crate::support::refusal::Sample;

const NAME: &str = "受付のパソコン";
const OTHER: &str = "KJ071311111111";

/// The passkeys of an office.
pub fn held(app: &TestApp, user_id: UserId) -> Vec<Passkey> {
    app.app.store.read(|r| passkeys::of_owner(r, Subject::Office(user_id))).unwrap()
}

/// An office that is logged in.
async fn at_work(app: &TestApp, user_id: &str) -> (UserId, Browser) {
    let user = app.office(user_id).await;
    let mut browser = app.browser();
    assert_eq!(browser.log_in(user_id, PASSWORD).await.location(), Some("/office"));
    (user, browser)
}

fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

#[tokio::test]
async fn q19_a_passkey_is_registered_listed_and_removed_and_every_address_hears_of_it() {
    let app = TestApp::new();
    let (user, mut browser) = at_work(&app, USER).await;
    assert!(browser.get(LIST).await.says("登録されているパスキーはありません"));
    browser.register(&app, LIST, " 受付の　パソコン ").await;
    let page = browser.get(&format!("{LIST}?notice=added")).await;
    assert!(
        page.says("パスキーを登録しました") && page.says("受付の パソコン") && page.says("まだ使われていません"),
        "{}",
        page.text()
    );
    let mails = app.take_mails().await;
    assert_eq!(mails.len(), 3);
    assert!(mails.iter().all(|mail| mail.body.contains("ログインに使うパスキーが登録されました。")), "{mails:?}");
    assert!(browser.get("/office").await.says("登録情報変更のお知らせ"));

    let id = held(&app, user)[0].id.to_string();
    let page = browser.submit(&format!("{LIST}/remove"), &[("passkey", &id)]).await;
    assert!(page.says("パスキーを削除しました") && page.says("登録されているパスキーはありません"), "{}", page.text());
    assert_eq!(held(&app, user), []);
    let mails = app.take_mails().await;
    assert!(
        mails.len() == 3 && mails.iter().all(|mail| mail.body.contains("ログインに使うパスキーが削除されました。")),
        "{mails:?}"
    );
}

#[tokio::test]
async fn q20_passkeys_are_neither_added_nor_removed_without_a_fresh_password() {
    let app = TestApp::new();
    let (user, mut browser) = at_work(&app, USER).await;
    browser.register(&app, LIST, NAME).await;
    let id = held(&app, user)[0].id.to_string();
    app.advance(minutes(10));
    let (new, begin, remove) = (format!("{LIST}/new"), format!("{LIST}/begin"), format!("{LIST}/remove"));
    let adding =
        Sample { shown_at: &new, sent_to: &begin, good: &[("current_password", PASSWORD)], secret: &["current_password"] };
    let good = [("passkey", id.as_str()), ("current_password", PASSWORD)];
    let removing = Sample { shown_at: LIST, sent_to: &remove, good: &good, secret: &["current_password"] };
    let missing = [("current_password", "", "現在のパスワードを入力してください。")];
    for sample in [&adding, &removing] {
        sample.refuses(&app, &mut browser, &missing).await;
        let page = sample.send(&mut browser, "current_password", "wrong").await;
        assert!(page.says("現在のパスワードが違います。"), "{}", page.text());
    }
    removing.refuses(&app, &mut browser, &[("passkey", "", "削除するパスキーを選んでください。")]).await;
    assert_eq!(held(&app, user).len(), 1);
    assert_eq!(adding.goes_through(&mut browser).await.location(), Some(new.as_str()));
    app.advance(minutes(10));
    assert_eq!(removing.goes_through(&mut browser).await.location(), Some(format!("{LIST}?notice=removed").as_str()));
    app.take_mails().await;
}

#[tokio::test]
async fn q20_a_passkey_is_added_with_the_password_however_fresh_that_is_and_removed_however_often_things_changed() {
    let app = TestApp::new();
    let (user, mut browser) = at_work(&app, USER).await;
    browser.get(&format!("{LIST}/new")).await;
    let page = browser.post(&format!("{LIST}/begin"), &[]).await;
    assert!(
        page.status == 422 && page.says("現在のパスワードを入力してください。"),
        "a session alone adds none: {}",
        page.text()
    );
    browser.register(&app, LIST, NAME).await;
    for _ in 0..10 {
        browser.register(&app, LIST, NAME).await;
        let id = held(&app, user)[1].id.to_string();
        browser.submit(&format!("{LIST}/remove"), &[("passkey", &id)]).await;
    }
    browser.get(&format!("{LIST}/new")).await;
    let page = browser.post(&format!("{LIST}/begin"), &[("current_password", PASSWORD)]).await;
    assert!(page.status == 422 && page.says("登録情報の変更が短い時間に続いたため"), "{}", page.text());
    let id = held(&app, user)[0].id.to_string();
    browser.submit(&format!("{LIST}/remove"), &[("passkey", &id)]).await;
    assert_eq!(held(&app, user), []);
    app.take_mails().await;
}

#[tokio::test]
async fn the_name_of_a_passkey_is_judged_and_the_answer_is_not_asked_for_twice() {
    let app = TestApp::new();
    let (user, mut browser) = at_work(&app, USER).await;
    let options = browser.begin_passkey(LIST).await;
    let answer = Device::new(&app, &options).created(&options);
    let new = format!("{LIST}/new");
    let sample = Sample { shown_at: &new, sent_to: &new, good: &[("name", NAME), ("credential", &answer)], secret: &[] };
    let long = "名".repeat(41);
    let wrong = [
        ("name", "　", "パスキーの名前を入力してください。"),
        ("name", &long, "パスキーの名前は40文字までです。"),
        ("name", "一\n二", "パスキーの名前に使えない文字が含まれています。"),
    ];
    sample.refuses(&app, &mut browser, &wrong).await;
    let page = sample.send(&mut browser, "name", "").await;
    assert_eq!(page.value("credential").as_ref(), Some(&answer), "the device has made its passkey already");
    sample.goes_through(&mut browser).await;
    assert_eq!(held(&app, user)[0].name, NAME);
    app.take_mails().await;
}

#[tokio::test]
async fn what_no_browser_answers_registers_nothing() {
    let app = TestApp::new();
    let (user, mut browser) = at_work(&app, USER).await;
    let options = browser.begin_passkey(LIST).await;
    let good = Device::new(&app, &options).created(&options);
    let answer = |change: fn(&mut Device)| {
        let mut device = Device::new(&app, &options);
        change(&mut device);
        device.created(&options)
    };
    let signed = Device::new(&app, &options).signed(&options);
    let forged = [
        ("", "JavaScriptが必要です"),
        ("{}", "パスキーを登録できませんでした"),
        (&signed, "パスキーを登録できませんでした"),
        (&answer(|device| device.origin = "https://elsewhere.example".to_owned()), "パスキーを登録できませんでした"),
        (&answer(|device| device.origin = "http://localhost:8081".to_owned()), "パスキーを登録できませんでした"),
        (&answer(|device| device.verifies = false), "パスキーを登録できませんでした"),
        (&answer(|device| device.id = vec![7; 1024]), "パスキーを登録できませんでした"),
    ];
    for (answer, told) in forged {
        let before = app.app.store.counts().written;
        let page = browser.name_passkey(LIST, NAME, answer).await;
        assert!(page.status == 422 && page.says(told), "{answer}: {}", page.text());
        assert_eq!(app.app.store.counts().written, before);
    }
    assert_eq!(held(&app, user), []);
    assert_eq!(browser.name_passkey(LIST, NAME, &good).await.status, 303, "the ceremony still waits for the right one");
    app.take_mails().await;
}

#[tokio::test]
async fn a_registration_ends_with_its_time_its_session_and_its_browser() {
    let app = TestApp::new();
    let (user, mut browser) = at_work(&app, USER).await;
    let options = browser.begin_passkey(LIST).await;
    let answer = Device::new(&app, &options).created(&options);
    // Another session of the same office, in another browser.
    let mut other = app.browser();
    other.log_in(USER, PASSWORD).await;
    other.get(LIST).await;
    let page = other.name_passkey(LIST, NAME, &answer).await;
    assert!(page.status == 422 && page.says("登録を中止しました"), "{}", page.text());
    other.begin_passkey(LIST).await;
    assert!(
        other.name_passkey(LIST, NAME, &answer).await.says("パスキーを登録できませんでした"),
        "its own asks for something else"
    );
    // The same session in a browser that has stolen its cookie.
    let mut thief = app.browser();
    thief.get("/login").await;
    thief.cookies.insert("office".to_owned(), browser.cookies["office"].clone());
    thief.get(LIST).await;
    assert!(thief.name_passkey(LIST, NAME, &answer).await.says("登録を中止しました"));
    let mut again = browser.clone();
    again.post("/logout", &[]).await;
    again.log_in(USER, PASSWORD).await;
    again.get(LIST).await;
    assert!(again.name_passkey(LIST, NAME, &answer).await.says("登録を中止しました"));
    let options = again.begin_passkey(LIST).await;
    let late = Device::new(&app, &options).created(&options);
    app.advance(minutes(10));
    let page = again.name_passkey(LIST, NAME, &late).await;
    assert!(page.says("登録を中止しました"));
    assert_eq!(page.value("name").as_deref(), Some(NAME), "what was typed is proposed again");
    assert_eq!(held(&app, user), []);
}

#[tokio::test]
async fn a_double_click_registers_once_and_both_see_it_done() {
    let app = TestApp::new();
    let (user, mut browser) = at_work(&app, USER).await;
    let options = browser.begin_passkey(LIST).await;
    let answer = Device::new(&app, &options).created(&options);
    let mut second = browser.clone();
    let (one, two) = tokio::join!(browser.name_passkey(LIST, NAME, &answer), second.name_passkey(LIST, NAME, &answer));
    for page in [one, two] {
        assert_eq!(page.location(), Some(format!("{LIST}?notice=added").as_str()), "{}", page.text());
    }
    assert_eq!(held(&app, user).len(), 1);
    assert_eq!(app.take_mails().await.len(), 3, "told once");
}

#[tokio::test]
async fn an_eleventh_passkey_is_refused_at_both_screens() {
    let app = TestApp::new();
    let (user, mut browser) = at_work(&app, USER).await;
    for _ in 1..MOST {
        app.passkey(Subject::Office(user)).await;
    }
    let (mut second, told) = (browser.clone(), "登録できるパスキーは10個までです");
    let options = second.begin_passkey(LIST).await;
    app.passkey(Subject::Office(user)).await;
    let page = second.name_passkey(LIST, NAME, &Device::new(&app, &options).created(&options)).await;
    assert!(page.status == 422 && page.says(told), "{}", page.text());
    browser.get(LIST).await;
    let page = browser.post(&format!("{LIST}/begin"), &[("current_password", PASSWORD)]).await;
    assert!(page.status == 422 && page.says(told) && !page.says("パスキーを追加"), "{}", page.text());
    assert_eq!(held(&app, user).len(), MOST);
}

#[tokio::test]
async fn of_two_registrations_at_once_one_is_the_eleventh_and_of_two_removals_one_comes_too_late() {
    let app = TestApp::new();
    let (user, mut one) = at_work(&app, USER).await;
    for _ in 1..MOST {
        app.passkey(Subject::Office(user)).await;
    }
    let mut two = app.browser();
    two.log_in(USER, PASSWORD).await;
    let (asked, also) = (one.begin_passkey(LIST).await, two.begin_passkey(LIST).await);
    let (first, second) = (Device::new(&app, &asked).created(&asked), Device::new(&app, &also).created(&also));
    let (a, b) = tokio::join!(one.name_passkey(LIST, "一", &first), two.name_passkey(LIST, "二", &second));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!((statuses, held(&app, user).len()), ([303, 422], MOST));
    assert_eq!(app.take_mails().await.len(), 3, "told of the one");

    let (id, remove) = (held(&app, user)[0].id.to_string(), format!("{LIST}/remove"));
    one.get(LIST).await;
    two.get(LIST).await;
    let fields = [("passkey", id.as_str())];
    let (a, b) = tokio::join!(one.post(&remove, &fields), two.post(&remove, &fields));
    let late = if a.status == 303 { &b } else { &a };
    assert!(late.status == 422 && late.says("すでに削除されています"), "{}", late.text());
    assert_eq!((held(&app, user).len(), app.take_mails().await.len()), (MOST - 1, 3));
}

#[tokio::test]
async fn a_passkey_belongs_to_one_and_only_its_owner_takes_it_away() {
    let app = TestApp::new();
    let (user, mut browser) = at_work(&app, USER).await;
    let (_, mut other) = at_work(&app, OTHER).await;
    let device = browser.register(&app, LIST, NAME).await;
    let theirs = held(&app, user)[0].id.to_string();
    other.get(LIST).await;
    for id in [theirs.as_str(), "made-up", "aaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        let page = other.post(&format!("{LIST}/remove"), &[("passkey", id)]).await;
        assert_eq!(page.status, 422, "{}", page.text());
    }
    let options = other.begin_passkey(LIST).await;
    let mut copy = Device::new(&app, &options);
    copy.id = device.id;
    let page = other.name_passkey(LIST, NAME, &copy.created(&options)).await;
    assert!(page.status == 422 && page.says("このパスキーは、すでに登録されています"), "{}", page.text());
    assert_eq!(held(&app, user).len(), 1);
    app.take_mails().await;
}

#[tokio::test]
async fn passkeys_hide_themselves_where_the_address_is_no_name() {
    let app = TestApp::with(|config| config.server.public_url = "https://203.0.113.9".parse().unwrap());
    let (user, mut browser) = at_work(&app, USER).await;
    app.passkey(Subject::Office(user)).await;
    assert!(!app.browser().get("/login").await.body.contains("passkey"));
    assert_eq!(app.browser().begin_passkey_login().await.status, 404);
    assert!(!browser.get("/office/user").await.says("パスキー"));
    let page = browser.get(LIST).await;
    assert!(page.says("このシステムのアドレスでは、パスキーを使えません") && !page.says("パスキーを追加"), "{}", page.text());
    assert_eq!(browser.post(&format!("{LIST}/begin"), &[]).await.status, 404);
}

#[tokio::test]
async fn q33_a_letter_and_a_reset_shut_out_a_passkey_for_good_and_a_change_of_the_password_says_that_it_stays() {
    let app = TestApp::new();
    let (user, mut browser) = at_work(&app, USER).await;
    let mut device = browser.register(&app, LIST, NAME).await;
    browser.get("/office/user/password").await;
    let fields = [("current_password", PASSWORD), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
    let page = browser.submit("/office/user/password", &fields).await;
    assert!(page.says("登録されているパスキー（1件）は、これまでどおり使えます"), "{}", page.text());
    assert_eq!(app.browser().enter_with(&mut device).await.location(), Some("/office"));
    app.letter(user).await;
    assert_eq!(app.browser().enter_with(&mut device).await.location(), Some("/office"), "nobody has used the letter yet");
    assert_eq!(app.browser().log_in(USER, TEMPORARY).await.location(), Some("/first-login"));
    assert!(app.browser().enter_with(&mut device).await.says("このパスキーではログインできませんでした"));
    assert_eq!(held(&app, user), []);

    let (other, mut browser) = at_work(&app, "KJ131366666666").await;
    let mut device = browser.register(&app, LIST, NAME).await;
    app.take_mails().await;
    let mut lost = app.browser();
    reset::prove(&app, &mut lost, "1366666666", reset::REGISTERED).await;
    assert_eq!(reset::change(&mut lost, NEW_PASSWORD).await.location(), Some("/reset/done"));
    assert!(app.browser().enter_with(&mut device).await.says("このパスキーではログインできませんでした"));
    assert_eq!(held(&app, other), []);
    app.take_mails().await;
}
