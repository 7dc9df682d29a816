//! A clock that was ahead and has been set right (an hour hand that took Japan's time for UTC, or a wrong year) leaves nothing waiting
//! or living until the day it had shown, and says so.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use uketsuke::audit::{self, Actor, Event};
use uketsuke::config::{LogFormat, LogLevel};
use uketsuke::jobs::Alive;
use uketsuke::mail::transport::SendError;
use uketsuke::reissue::{Move, Printing};
use uketsuke::staff::Role;

use crate::support::lines::Lines;
use crate::support::office::{PASSWORD, USER};
use crate::support::reissue::{CONTACT, NUMBER, clerk, office};
use crate::support::{TestApp, staff};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn aheads() -> [SignedDuration; 2] {
    [HOUR * 9, HOUR * 365 * 24]
}

/// An installation whose clock was right at first and is ahead by so much.
async fn ahead_by(ahead: SignedDuration) -> TestApp {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    app.run_jobs().await;
    app.advance(ahead);
    app.app.prepare().await.unwrap();
    app
}

/// The clock is set right and the server started anew.
async fn set_right(app: &TestApp, ahead: SignedDuration) {
    app.advance(-ahead);
    app.app.prepare().await.unwrap();
}

/// How many jobs run in each of the next 26 hours.
async fn ran(app: &TestApp) -> Vec<usize> {
    let mut ran = Vec::new();
    for _ in 0..26 {
        app.advance(HOUR);
        ran.push(app.run_jobs().await);
    }
    ran
}

#[tokio::test]
async fn repeating_jobs_run_as_often_as_if_the_clock_had_never_been_ahead() {
    let never = ahead_by(SignedDuration::ZERO).await;
    never.run_jobs().await;
    let usual = ran(&never).await;
    assert!(usual.iter().all(|jobs| *jobs > 0) && usual.iter().max() > usual.iter().min(), "daily ones as well: {usual:?}");
    for ahead in aheads() {
        let app = ahead_by(ahead).await;
        app.run_jobs().await;
        set_right(&app, ahead).await;
        assert_eq!(ran(&app).await, usual, "{ahead:#}");
    }
}

/// A mail that could not be sent, posted before the clock was ahead or meanwhile; it is right again.
async fn one_delayed(ahead: SignedDuration, posted_ahead: bool) -> TestApp {
    let app = ahead_by(ahead).await;
    app.transport.fail_with(Some(SendError::Temporary { reason: "451".into() }));
    if !posted_ahead {
        app.advance(-ahead);
    }
    app.applied(office(13, NUMBER), Some(CONTACT)).await;
    app.run_jobs().await;
    if !posted_ahead {
        app.advance(ahead);
        app.run_jobs().await;
    }
    set_right(&app, ahead).await;
    app
}

#[tokio::test]
async fn a_mail_that_waits_for_its_next_try_leaves_after_the_usual_pause_and_is_given_up_after_the_usual_time() {
    for ahead in aheads() {
        // What was posted before and tried a year later has been given up by then, and stands in the list of failed mails.
        for posted_ahead in if ahead == HOUR * 9 { vec![true, false] } else { vec![true] } {
            let app = one_delayed(ahead, posted_ahead).await;
            app.transport.fail_with(None);
            app.advance(SignedDuration::from_secs(61));
            assert_eq!(app.take_mails().await.len(), 1, "{ahead:#} {posted_ahead}");
        }
        let app = one_delayed(ahead, true).await;
        for _ in 0..50 {
            app.advance(HOUR);
            app.run_jobs().await;
        }
        // When the app is dropped, no mail may wait any more.
    }
}

#[tokio::test]
async fn a_clock_that_was_behind_for_a_while_sends_no_reminder_before_its_day() {
    let app = TestApp::new();
    let one = app.applied(office(13, NUMBER), Some(CONTACT)).await.number;
    let valid_until = app.clock.now() + HOUR * 24 * 30;
    let print = Move::Print(Printing { letter: "202601-000001-01".to_owned(), valid_until });
    for mv in [Move::Take, Move::Approve { two_person: false }, print] {
        app.mark(one, mv, clerk(1)).await.unwrap();
    }
    app.take_mails().await;
    // A machine that forgets the time without power starts in the past, and is set right a minute later.
    set_right(&app, HOUR * 24 * 365).await;
    app.advance(HOUR * 24 * 365);
    app.advance(HOUR * 24 * 22);
    assert!(app.take_mails().await.is_empty());
    app.advance(HOUR * 25);
    let mail = app.mail("仮パスワードの有効期限のお知らせ").await;
    assert!(mail.body.contains("2026年2月19日まで"), "{}", mail.body);
}

#[tokio::test]
async fn a_session_opened_while_the_clock_was_ahead_is_over() {
    for ahead in aheads() {
        let app = ahead_by(ahead).await;
        app.office(USER).await;
        let mut browser = app.browser();
        browser.log_in(USER, PASSWORD).await;
        assert_eq!(browser.open("/office").await.title(), "お知らせ");
        app.run_jobs().await;
        let mut twin = browser.clone();
        app.advance(-ahead);
        assert_eq!(browser.open("/office").await.title(), "ログイン");
        browser.log_in(USER, PASSWORD).await;
        assert_eq!(browser.open("/office").await.title(), "お知らせ");
        app.app.prepare().await.unwrap();
        app.advance(SignedDuration::from_mins(1));
        app.run_jobs().await;
        app.advance(ahead - SignedDuration::from_mins(1));
        assert_eq!(twin.open("/office").await.title(), "ログイン", "also when that time has come");
    }
}

#[tokio::test]
async fn a_code_asked_for_while_the_clock_was_ahead_is_over_and_can_be_sent_again_at_once() {
    for ahead in aheads() {
        let app = ahead_by(ahead).await;
        app.in_ledger(13, NUMBER).await;
        let mut browser = app.browser();
        browser.apply(NUMBER, CONTACT).await;
        let old = app.code().await;
        browser.get("/reissue/code").await;
        set_right(&app, ahead).await;
        let page = browser.post("/reissue/code", &[("code", &old)]).await;
        assert!(page.status == 422 && page.says("有効期間（30分）が過ぎました"), "{}", page.text());
        assert_eq!(browser.post("/reissue/code/resend", &[]).await.location(), Some("/reissue/code"));
        let new = app.code().await;
        app.advance(SignedDuration::from_mins(29));
        assert_eq!(browser.post("/reissue/code", &[("code", &new)]).await.location(), Some("/reissue/check"));
    }
}

#[tokio::test]
async fn the_administrator_of_a_federation_is_told_for_a_while_that_the_clock_was_ahead_and_a_clerk_is_not() {
    const TOLD: &str = "サーバーの時計が正しくないか、正しくありませんでした";
    let app = TestApp::new();
    let mut admin = staff(&app, "管理", Role::Admin, 13).await;
    assert!(!admin.get("/staff").await.says(TOLD));
    app.advance(HOUR * 9);
    app.office(USER).await;
    app.browser().log_in(USER, PASSWORD).await;
    assert!(!staff(&app, "管理2", Role::Admin, 13).await.get("/staff").await.says(TOLD), "its own clock cannot tell");
    set_right(&app, HOUR * 9).await;
    let page = staff(&app, "管理3", Role::Admin, 13).await.get("/staff").await;
    assert!(page.says(TOLD) && page.says("今より先の日時（2026年1月20日 19時00分）"), "{}", page.text());
    assert!(page.says("サーバーの今の日時は2026年1月20日 10時00分です"), "{}", page.text());
    assert!(!staff(&app, "受付", Role::Clerk, 13).await.get("/staff").await.says("時計"));
    let moment = app.app.moment();
    app.write(move |tx| (0..200).try_for_each(|_| audit::record(tx, &moment, Event::new(Actor::System, "test.event")))).await;
    assert!(!staff(&app, "管理4", Role::Admin, 13).await.get("/staff").await.says(TOLD));
}

#[tokio::test]
async fn the_start_says_in_the_log_that_the_clock_is_behind_or_was_ahead() {
    let lines = Lines::catch(LogFormat::Text, LogLevel::Info);
    for (ahead, told) in [(SignedDuration::from_mins(4), false), (HOUR * 9, true), (HOUR * 365 * 24, true)] {
        let app = ahead_by(ahead).await;
        app.office(USER).await;
        app.browser().log_in(USER, PASSWORD).await;
        lines.take();
        set_right(&app, ahead).await;
        let error = lines.take().into_iter().find(|line| line.contains("ERROR"));
        assert_eq!(error.is_some(), told, "{error:?}");
        let Some(error) = error else { continue };
        assert!(error.contains("the clock of this machine is behind, or was ahead"), "{error}");
        assert!(error.contains("now=2026-01-20T01:00:00Z") && !error.contains(USER), "{error}");
    }
}

#[tokio::test]
async fn a_running_server_sees_that_the_clock_ran_back_says_so_and_calls_its_jobs_back() {
    let lines = Lines::catch(LogFormat::Text, LogLevel::Info);
    let app = ahead_by(HOUR * 9).await;
    let (stop, stopping) = watch::channel(false);
    let mut tasks = app.app.runner().start(&stopping, &Alive::default());
    let sent = async || {
        app.applied(office(13, NUMBER), Some(CONTACT)).await;
        let left = async {
            while app.transport.take().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), left).await.expect("the mail leaves");
    };
    sent().await;
    assert!(!lines.take().iter().any(|line| line.contains("ERROR")));
    app.advance(-HOUR * 9);
    // Any new job wakes the lanes, as a minute does.
    sent().await;
    stop.send(true).unwrap();
    while tasks.join_next().await.is_some() {}
    let told = lines.take();
    let errors: Vec<&String> = told.iter().filter(|line| line.contains("ERROR")).collect();
    assert!(errors.len() == 1 && errors[0].contains("the clock of this machine ran back"), "{told:?}");
    assert!(errors[0].contains("was=2026-01-20T10:00:00Z is=2026-01-20T01:00:00Z"), "{told:?}");
    assert!(told.iter().any(|line| line.contains("the clock was ahead: jobs")), "{told:?}");
}
