//! 「パスワードをもう一度」, on a page of its own that only these tests have.

use jiff::SignedDuration;
use maud::html;
use poem::handler;
use poem::web::Data;
use uketsuke::app::App;
use uketsuke::login::{self, Confirmed, MenuPage, Office};
use uketsuke::routes::{Row, Who};
use uketsuke::security::sessions::{self, Subject};
use uketsuke::web::components::{ButtonRow, error_summary, form};
use uketsuke::web::{Answer, Errors, Form, Visit, form_page};

use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::{NEW_PASSWORD, PASSWORD, USER, user};

const PATH: &str = "/test/reauth";

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
async fn q16_the_sixth_wrong_answer_is_not_looked_at_whichever_session_it_comes_from() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mut browser, mut thief) = (stale(&app).await, stale(&app).await);
    for _ in 0..5 {
        assert!(answer(&mut thief, "wrong").await.says("違います"));
    }
    let hashes = app.app.hasher.count();
    for browser in [&mut thief, &mut browser] {
        let page = answer(browser, PASSWORD).await;
        assert_eq!(page.status.as_u16(), 422);
        assert!(page.says("誤りが続いたため、2026年1月20日 10時50分まで確認できません。"), "{}", page.text());
    }
    assert_eq!(app.app.hasher.count(), hashes);
    app.advance(minutes(29));
    thief.get("/office").await;
    app.advance(minutes(1));
    assert!(answer(&mut thief, PASSWORD).await.says("answer:Right"));
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
