//! 「パスワードをもう一度」, on a page of its own that only these tests have.

use jiff::SignedDuration;
use maud::html;
use poem::handler;
use poem::web::Data;
use uketsuke::accounts::{self, Change};
use uketsuke::app::App;
use uketsuke::login::{self, Confirmed, MenuPage, Office};
use uketsuke::routes::{Row, Who};
use uketsuke::security::sessions::{self, Subject};
use uketsuke::web::components::{ButtonRow, error_summary, form};
use uketsuke::web::{Answer, Errors, Form, Visit, form_page};

use crate::bad_input_twice::at_once;
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::{NEW_PASSWORD, PASSWORD, USER, user};

const PATH: &str = "/test/reauth";
const ENDED: Option<&str> = Some("/login?notice=reauth");

/// The page, and where its form goes.
pub fn rows() -> Vec<Row> {
    vec![Row::get(PATH, Who::Office, show), Row::post(PATH, Who::Office, ask)]
}

fn screen(visit: &Visit, office: &Office, errors: &Errors, answer: Option<Confirmed>) -> Answer {
    let body = office.screen(visit, "もう一度", MenuPage::User, None, !errors.is_empty(), |csrf| {
        html! {
            (error_summary(&errors.list()))
            @if let Some(answer) = answer { p { "answer:" (format!("{answer:?}")) } }
            (form(PATH, csrf, html! { (login::password_again(office, visit.now, errors)) (ButtonRow::forward("次へ")) }))
        }
    });
    form_page(!errors.is_empty(), body)
}

#[handler]
fn show(visit: Visit, office: Office) -> Answer {
    screen(&visit, &office, &Errors::default(), None)
}

#[handler]
async fn ask(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    let answer = login::confirm(&app, &office, &form, visit.now).await?;
    let mut errors = Errors::default();
    assert_eq!(login::confirmed(&mut errors, &answer), errors.is_empty());
    screen(&visit, &office, &errors, Some(answer))
}

/// Answers with this password.
pub async fn answer(browser: &mut Browser, password: &str) -> Page {
    browser.get(PATH).await;
    browser.post(PATH, &[("current_password", password)]).await
}

fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

/// Logged in ten minutes ago.
async fn stale(app: &TestApp) -> Browser {
    let mut browser = app.browser_with(rows());
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    app.advance(minutes(10));
    browser
}

#[tokio::test]
async fn q20_within_ten_minutes_the_password_is_not_asked_again() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = stale(&app).await;
    app.advance(-SignedDuration::from_secs(1));
    assert!(!browser.get(PATH).await.body.contains("current_password"));
    assert!(answer(&mut browser, "").await.says("answer:Fresh"));
    app.advance(SignedDuration::from_secs(1));
    assert!(browser.get(PATH).await.body.contains("現在のパスワード"));
    assert!(answer(&mut browser, PASSWORD).await.says("answer:Right"));
    app.advance(minutes(9));
    assert!(answer(&mut browser, "").await.says("answer:Fresh"), "it is fresh again");
}

#[tokio::test]
async fn a_password_entered_under_a_clock_that_was_ahead_is_asked_again_when_it_is_set_right() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = stale(&app).await;
    app.advance(-minutes(11));
    assert!(browser.get(PATH).await.body.contains("現在のパスワード"));
    assert!(answer(&mut browser, PASSWORD).await.says("answer:Right"));
    assert!(answer(&mut browser, "").await.says("answer:Fresh"));
}

#[tokio::test]
async fn q20_only_the_right_password_goes_on() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = stale(&app).await;
    for (typed, sentence) in [
        ("", "現在のパスワードを入力してください。"),
        ("wrong", "現在のパスワードが違います。"),
        (&format!("{PASSWORD} "), "現在のパスワードが違います。"),
    ] {
        let page = answer(&mut browser, typed).await;
        assert_eq!(page.status.as_u16(), 422, "{typed}");
        assert!(page.says(sentence), "{typed}: {}", page.text());
        assert!(!page.body.contains(PASSWORD), "a password is never shown again");
    }
    assert!(answer(&mut browser, PASSWORD).await.says("answer:Right"));
}

#[tokio::test]
async fn q16_the_fifth_wrong_answer_ends_the_session_it_comes_from_and_no_other() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mut thief, mut browser) = (stale(&app).await, stale(&app).await);
    for _ in 0..4 {
        assert!(answer(&mut thief, "wrong").await.says("違います"));
    }
    assert_eq!(answer(&mut thief, "wrong").await.location(), ENDED);
    let hashes = app.app.hasher.count();
    assert!(thief.open("/login?notice=reauth").await.says("パスワードの確認で誤りが続いたため"));
    assert_eq!(thief.get("/office").await.location(), Some("/login?notice=ended"), "though the password be right");
    assert_eq!(app.app.hasher.count(), hashes);
    assert!(answer(&mut browser, PASSWORD).await.says("answer:Right"), "nobody else is kept from answering");
}

#[tokio::test]
async fn q16_a_hundred_wrong_answers_in_a_day_end_the_question_in_all_sessions() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = stale(&app).await;
    for _ in 0..20 {
        app.advance(minutes(5));
        let mut thief = app.browser_with(rows());
        thief.log_in(USER, PASSWORD).await;
        app.advance(minutes(10));
        for _ in 0..5 {
            answer(&mut thief, "wrong").await;
        }
        browser.get("/office").await;
    }
    let page = answer(&mut browser, PASSWORD).await;
    assert!(page.status.as_u16() == 422 && page.says("まで確認できません。"), "{}", page.text());
    app.advance(SignedDuration::from_hours(24));
    assert!(answer(&mut stale(&app).await, PASSWORD).await.says("answer:Right"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn q16_answers_sent_at_once_are_counted_one_by_one() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = stale(&app).await;
    browser.get(PATH).await;
    let before = app.app.hasher.count();
    at_once(12, &browser, PATH, &[("current_password", "wrong")]).await;
    assert!(app.app.hasher.count() - before <= 5, "no sixth is compared");
    assert_eq!(browser.get(PATH).await.location(), Some("/login?notice=ended"));
}

/// So many changes by somebody inside.
async fn change_often(app: &TestApp, times: u32) {
    for _ in 0..times {
        let (moment, user_id) = (app.app.moment(), user(USER));
        app.write(move |tx| {
            let account = accounts::find(tx, user_id)?.unwrap();
            accounts::tell_change(tx, &moment, &account, Change::AddressContact)
        })
        .await;
    }
    app.take_mails().await;
}

#[tokio::test]
async fn whoever_changes_things_all_the_time_is_stopped_and_a_new_password_begins_anew() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser_with(rows());
    browser.log_in(USER, PASSWORD).await;
    change_often(&app, 19).await;
    assert!(answer(&mut browser, "").await.says("answer:Fresh"));
    change_often(&app, 1).await;
    let page = answer(&mut browser, "").await;
    let sentence = "登録情報の変更が短い時間に続いたため、2026年1月20日 11時00分まで変更できません。";
    assert!(page.status.as_u16() == 422 && page.says(sentence), "{}", page.text());
    app.advance(minutes(61));
    let mut browser = app.browser_with(rows());
    browser.log_in(USER, PASSWORD).await;
    assert!(answer(&mut browser, "").await.says("answer:Fresh"), "the hour is over");
    change_often(&app, 20).await;
    app.advance(minutes(61));
    let mut browser = app.browser_with(rows());
    browser.log_in(USER, PASSWORD).await;
    assert!(answer(&mut browser, "").await.says("2026年1月21日 10時00分まで"), "forty in a day");
    // The password can be changed at any time: it puts out whoever it was.
    browser.get("/office/user/password").await;
    let fields = [("current_password", PASSWORD), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
    assert_eq!(browser.post("/office/user/password", &fields).await.location(), Some("/office/user/password/done"));
    assert!(answer(&mut browser, "").await.says("answer:Fresh"));
    app.take_mails().await;
}

#[tokio::test]
async fn a_right_answer_forgets_the_wrong_ones() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = stale(&app).await;
    for _ in 0..3 {
        for _ in 0..4 {
            assert!(answer(&mut browser, "wrong").await.says("違います"));
        }
        assert!(answer(&mut browser, PASSWORD).await.says("answer:Right"));
        app.advance(minutes(10));
    }
}

#[tokio::test]
async fn a_disabled_password_confirms_nothing() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = stale(&app).await;
    app.change_account(user_id, |account| account.password_disabled = true).await;
    assert!(answer(&mut browser, PASSWORD).await.says("違います"));
    assert!(answer(&mut browser, NEW_PASSWORD).await.says("違います"));
}

#[tokio::test]
async fn a_session_that_is_ended_meanwhile_is_not_brought_back() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = stale(&app).await;
    let subject = Subject::Office(user(USER));
    app.write(move |tx| sessions::end_all(tx, subject)).await;
    assert!(answer(&mut browser, PASSWORD).await.location().is_some_and(|to| to.starts_with("/login")));
    assert_eq!(app.app.store.read(|r| sessions::list(r, subject)).unwrap().len(), 0);
}
