//! Login of staff: name, password, authenticator code; lock-out; roles; separation of federations.

use jiff::SignedDuration;
use uketsuke::audit;
use uketsuke::kernel::Prefecture;
use uketsuke::staff::{Command, Role, Scope, administer};

use crate::login_same_answer::bytes_of;
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::staff::{self, Member, PASSWORD, enrol, log_in};

fn fukushima() -> Scope {
    Scope::One(Prefecture::new(7).unwrap())
}

async fn clerk(app: &TestApp) -> Member {
    enrol(app, "佐藤", Role::Clerk, fukushima()).await
}

async fn pass(browser: &mut Browser, name: &str, password: &str) -> Page {
    browser.open("/staff/login").await;
    browser.post("/staff/login", &[("name", name), ("password", password)]).await
}

fn wrong_code(app: &TestApp, member: &Member) -> String {
    let now = app.clock.now();
    let near: Vec<String> = [-30, 0, 30].iter().map(|s| member.authenticator.code(now + SignedDuration::from_secs(*s))).collect();
    (0..9).map(|n| format!("{n}{n}{n}{n}{n}{n}")).find(|code| !near.contains(code)).unwrap()
}

#[tokio::test]
async fn q24_a_fresh_installation_has_no_accounts() {
    let app = TestApp::new();
    for name in ["admin", "administrator", "root", "uketsuke", "管理者", "demo"] {
        let mut browser = app.browser();
        for password in ["admin", "password", "uketsuke"] {
            assert_ne!(pass(&mut browser, name, password).await.status.as_u16(), 303, "{name}");
        }
    }
}

#[tokio::test]
async fn q25_name_and_password_alone_open_nothing() {
    let app = TestApp::new();
    let member = clerk(&app).await;
    let mut browser = app.browser();
    assert_eq!(pass(&mut browser, "佐藤", PASSWORD).await.location(), Some("/staff/login/code"));
    assert_eq!(browser.get("/staff").await.location(), Some("/staff/login"));
    browser.open("/staff/login/code").await;
    let page = browser.post("/staff/login/code", &[("code", "")]).await;
    assert_eq!(page.status.as_u16(), 422);
    let page = browser.post("/staff/login/code", &[("code", &wrong_code(&app, &member))]).await;
    assert!(page.status.as_u16() == 422 && page.says("あと4回"), "{}", page.text());
    assert_eq!(browser.get("/staff").await.location(), Some("/staff/login"));
    let code = member.authenticator.code(app.clock.now());
    let mut other = app.browser();
    other.open("/staff/login").await;
    let page = other.post("/staff/login/code", &[("code", &code)]).await;
    assert_eq!(page.location(), Some("/staff/login?notice=code"), "the code goes with the browser that gave the password");
}

#[tokio::test]
async fn q12_a_code_of_the_authenticator_works_once() {
    let app = TestApp::new();
    let member = clerk(&app).await;
    let code = member.authenticator.code(app.clock.now());
    let mut browser = app.browser();
    assert_eq!(log_in(&app, &mut browser, &member).await.location(), Some("/staff"));
    let mut other = app.browser();
    pass(&mut other, "佐藤", PASSWORD).await;
    other.open("/staff/login/code").await;
    assert_eq!(other.post("/staff/login/code", &[("code", &code)]).await.status.as_u16(), 422);
    let earlier = member.authenticator.code(staff::step_before(app.clock.now()));
    assert_eq!(other.post("/staff/login/code", &[("code", &earlier)]).await.status.as_u16(), 422, "nor any before it");
    app.advance(SignedDuration::from_secs(30));
    let next = member.authenticator.code(app.clock.now());
    assert_eq!(other.post("/staff/login/code", &[("code", &next)]).await.location(), Some("/staff"));
}

#[tokio::test]
async fn a_member_who_logged_in_while_the_clock_was_ahead_has_codes_again_when_it_is_set_right() {
    let app = TestApp::new();
    let year = SignedDuration::from_hours(365 * 24);
    app.advance(year);
    let member = clerk(&app).await;
    assert_eq!(log_in(&app, &mut app.browser(), &member).await.location(), Some("/staff"));
    app.advance(-year);
    assert_eq!(log_in(&app, &mut app.browser(), &member).await.location(), Some("/staff"));
}

#[tokio::test]
async fn five_wrong_codes_end_the_attempt_and_count_as_one_failed_login() {
    let app = TestApp::new();
    let member = clerk(&app).await;
    let mut browser = app.browser();
    for round in 1..=3 {
        assert_eq!(pass(&mut browser, "佐藤", PASSWORD).await.location(), Some("/staff/login/code"), "round {round}");
        browser.open("/staff/login/code").await;
        let wrong = wrong_code(&app, &member);
        for _ in 0..4 {
            assert_eq!(browser.post("/staff/login/code", &[("code", &wrong)]).await.status.as_u16(), 422);
        }
        let page = browser.post("/staff/login/code", &[("code", &wrong)]).await;
        assert_eq!(page.location(), Some("/staff/login?notice=code"));
        let right = member.authenticator.code(app.clock.now());
        let page = browser.post("/staff/login/code", &[("code", &right)]).await;
        assert_eq!(page.location(), Some("/staff/login?notice=code"), "the right one comes too late");
    }
    assert_eq!(pass(&mut browser, "佐藤", PASSWORD).await.status.as_u16(), 429, "the third locks the device");
}

#[tokio::test]
async fn a_login_waits_ten_minutes_for_its_code() {
    let app = TestApp::new();
    let member = clerk(&app).await;
    let mut browser = app.browser();
    pass(&mut browser, "佐藤", PASSWORD).await;
    browser.open("/staff/login/code").await;
    app.advance(SignedDuration::from_mins(10));
    let code = member.authenticator.code(app.clock.now());
    let page = browser.post("/staff/login/code", &[("code", &code)]).await;
    assert_eq!(page.location(), Some("/staff/login?notice=code"));
}

#[tokio::test]
async fn q22_three_wrong_passwords_lock_the_device_for_thirty_minutes_and_no_other() {
    let app = TestApp::new();
    let member = clerk(&app).await;
    let mut attacker = app.browser();
    assert_eq!(pass(&mut attacker, "佐藤", "wrong").await.status.as_u16(), 422);
    assert_eq!(pass(&mut attacker, "佐藤", "wrong").await.status.as_u16(), 422);
    let page = pass(&mut attacker, "佐藤", "wrong").await;
    assert!(page.status.as_u16() == 429 && page.says("10:30:00から"), "{}", page.text());
    assert_eq!(pass(&mut attacker, "佐藤", PASSWORD).await.status.as_u16(), 429, "the right one does not help");
    let mut own = app.browser();
    assert_eq!(log_in(&app, &mut own, &member).await.location(), Some("/staff"));
    app.advance(SignedDuration::from_mins(30));
    assert_eq!(pass(&mut attacker, "佐藤", PASSWORD).await.status.as_u16(), 303);
}

#[tokio::test]
async fn q22_strangers_cannot_shut_out_a_device_that_has_logged_in_before() {
    let app = TestApp::new();
    let member = clerk(&app).await;
    let mut own = app.browser();
    log_in(&app, &mut own, &member).await;
    own.open("/staff").await;
    own.post("/staff/logout", &[]).await;
    for n in 0..30 {
        let mut attacker = app.browser();
        assert_eq!(pass(&mut attacker, "佐藤", "wrong").await.status.as_u16(), 422, "{n}");
    }
    app.advance(SignedDuration::from_secs(30));
    let page = pass(&mut app.browser(), "佐藤", PASSWORD).await;
    assert_eq!(page.status.as_u16(), 422, "unknown devices are refused");
    assert!(page.says("初めて使う端末からのログインを一時的に止めている"), "{}", page.text());
    assert_eq!(log_in(&app, &mut own, &member).await.location(), Some("/staff"));
    app.advance(SignedDuration::from_hours(1));
    assert_eq!(pass(&mut app.browser(), "佐藤", PASSWORD).await.status.as_u16(), 303);
}

#[tokio::test]
async fn q21_unknown_wrong_locked_disabled_and_not_enrolled_are_one_answer_at_one_cost() {
    let app = TestApp::new();
    for name in ["佐藤", "施錠", "停止"] {
        enrol(&app, name, Role::Clerk, fukushima()).await;
    }
    path_for(&app, "鈴木").await;
    for _ in 0..40 {
        pass(&mut app.browser(), "施錠", "wrong wrong wrong").await;
    }
    let house = &app.app;
    let disable = Command::Disable { name: "停止".to_owned() };
    administer(&house.store, &house.config, house.moment(), disable).await.unwrap();
    let mut answers = Vec::new();
    for (name, password) in [
        ("佐藤", "wrong wrong wrong"),
        ("名無", "wrong wrong wrong"),
        ("鈴木", "wrong wrong wrong"),
        ("施錠", "wrong wrong wrong"),
        ("施錠", PASSWORD),
        ("停止", PASSWORD),
    ] {
        let mut browser = app.browser();
        browser.open("/staff/login").await;
        let before = (app.app.hasher.count(), app.app.store.counts());
        let page = browser.post("/staff/login", &[("name", name), ("password", password)]).await;
        let after = (app.app.hasher.count(), app.app.store.counts());
        assert_eq!(page.status.as_u16(), 422);
        assert!(page.says("以前ログインした端末から、または時間をおいて"), "{}", page.text());
        let (hashes, commits) = (after.0 - before.0, after.1.commits - before.1.commits);
        let (read, written) = (after.1.read - before.1.read, after.1.written - before.1.written);
        answers.push((bytes_of(&page, &[name]), hashes, commits, read, written));
    }
    assert_eq!(answers[0].1, 1, "exactly one hash");
    for (at, answer) in answers.iter().enumerate() {
        assert_eq!(answer, &answers[0], "{at}");
    }
}

/// Name and password from a page that was opened before somebody logged in beside it.
async fn pass_though_logged_in(browser: &mut Browser, name: &str) {
    browser.get("/staff").await;
    let page = browser.post("/staff/login", &[("name", name), ("password", PASSWORD)]).await;
    assert_eq!(page.location(), Some("/staff/login/code"));
}

async fn path_for(app: &TestApp, name: &str) -> String {
    staff::invite(app, name, Role::Clerk, fukushima()).await
}

#[tokio::test]
async fn q28_a_login_makes_a_new_session_and_q32_logout_kills_it() {
    let app = TestApp::new();
    let member = clerk(&app).await;
    let mut browser = app.browser();
    log_in(&app, &mut browser, &member).await;
    let first = browser.cookies["staff"].clone();
    app.advance(SignedDuration::from_secs(30));
    let mut again = browser.clone();
    again.cookies.remove("staff");
    log_in(&app, &mut again, &member).await;
    assert_ne!(again.cookies["staff"], first);
    app.advance(SignedDuration::from_secs(30));
    let mut replaced = again.clone();
    pass_though_logged_in(&mut again, "佐藤").await;
    let code = member.authenticator.code(app.clock.now());
    again.post("/staff/login/code", &[("code", &code)]).await;
    assert_eq!(replaced.get("/staff").await.location(), Some("/staff/login?notice=ended"), "a new login ends the former session");
    browser.open("/staff").await;
    let stolen = browser.clone();
    let page = browser.post("/staff/logout", &[]).await;
    assert_eq!(page.location(), Some("/staff/login?notice=logout"));
    assert!(!browser.cookies.contains_key("staff"));
    let page = stolen.clone().get("/staff").await;
    assert_eq!(page.location(), Some("/staff/login?notice=ended"), "the cookie is dead on the server");
    assert_eq!(page.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn q30_q31_a_session_ends_by_itself_unless_it_is_prolonged() {
    let app = TestApp::new();
    let mut browser = staff::staff(&app, "佐藤", Role::Clerk, 7).await;
    let page = browser.get("/staff").await;
    assert!(page.body.contains("data-session-ends"), "the page warns beforehand");
    app.advance(SignedDuration::from_mins(29));
    let page = browser.post("/staff/session", &[]).await;
    assert_eq!(page.status.as_u16(), 204);
    let end = app.clock.now() + SignedDuration::from_mins(30);
    assert_eq!(page.headers["x-session-ends"], end.as_millisecond().to_string());
    app.advance(SignedDuration::from_mins(29));
    assert_eq!(browser.get("/staff").await.status.as_u16(), 200);
    app.advance(SignedDuration::from_mins(30));
    assert_eq!(browser.get("/staff").await.location(), Some("/staff/login?notice=ended"));
}

#[tokio::test]
async fn disabling_a_member_ends_the_session_at_once() {
    let app = TestApp::new();
    let mut browser = staff::staff(&app, "佐藤", Role::Admin, 7).await;
    let waiting = {
        let mut other = app.browser();
        pass(&mut other, "佐藤", PASSWORD).await;
        other
    };
    let house = &app.app;
    administer(&house.store, &house.config, house.moment(), Command::Disable { name: "佐藤".into() }).await.unwrap();
    assert_eq!(browser.get("/staff").await.location(), Some("/staff/login?notice=ended"));
    assert_eq!(pass(&mut browser, "佐藤", PASSWORD).await.status.as_u16(), 422);
    let mut waiting = waiting;
    waiting.open("/staff/login/code").await;
    let page = waiting.post("/staff/login/code", &[("code", "123456")]).await;
    assert_eq!(page.location(), Some("/staff/login?notice=code"), "nor does a login that waits for its code");
}

#[tokio::test]
async fn q41_the_portal_s_operators_see_nothing_of_the_counter() {
    let app = TestApp::new();
    let mut browser = staff::staff(&app, "田中", Role::Operator, 7).await;
    let page = browser.get("/staff").await;
    assert!(page.status.as_u16() == 200 && !page.says("受付済"), "{}", page.text());
}

#[tokio::test]
async fn a_member_of_all_federations_works_at_one_at_a_time() {
    let app = TestApp::new();
    let member = enrol(&app, "全国", Role::Admin, Scope::All).await;
    let mut browser = app.browser();
    log_in(&app, &mut browser, &member).await;
    assert!(browser.get("/staff").await.says("福島県国保連合会"));
    assert_eq!(browser.post("/staff/federation", &[("prefecture", "13")]).await.location(), Some("/staff"));
    let page = browser.get("/staff").await;
    assert!(page.body.contains("brand-federation\">東京都国保連合会"), "{}", page.text());
    assert_eq!(browser.post("/staff/federation", &[("prefecture", "47")]).await.status.as_u16(), 404);
    let mut own = staff::staff(&app, "佐藤", Role::Admin, 7).await;
    own.open("/staff").await;
    assert_eq!(own.post("/staff/federation", &[("prefecture", "13")]).await.status.as_u16(), 404, "only those of all");
}

#[tokio::test]
async fn q45_logins_and_failures_are_logged_with_place_and_person() {
    let app = TestApp::new();
    let member = clerk(&app).await;
    let mut browser = app.browser();
    pass(&mut browser, "佐藤", "wrong wrong wrong").await;
    log_in(&app, &mut browser, &member).await;
    let entries = app.app.store.read(|r| audit::in_prefecture(r, Prefecture::new(7).unwrap(), None, 1)).unwrap();
    let last = &entries[0];
    assert_eq!((last.action.as_str(), last.outcome.as_str(), last.actor.label().as_str()), ("staff.login", "done", "佐藤"));
    assert!(last.details.contains_key("client"));
    let about = app.app.store.read(|r| audit::about(r, &last.subjects[0], 9)).unwrap();
    let outcomes: Vec<_> = about.iter().rev().map(|entry| entry.outcome.as_str()).collect();
    assert_eq!(outcomes, ["done", "done", "refused", "password_right", "done"], "add, enrol, wrong, right, in");
}

#[tokio::test]
async fn q16_a_hundred_wrong_codes_in_a_row_leave_only_a_new_enrolment() {
    let app = TestApp::new();
    let member = clerk(&app).await;
    let mut browser = app.browser();
    for n in 0..20 {
        if n > 0 && n % 3 == 0 {
            app.advance(SignedDuration::from_mins(30));
        }
        assert_eq!(pass(&mut browser, "佐藤", PASSWORD).await.location(), Some("/staff/login/code"), "attempt {n}");
        browser.open("/staff/login/code").await;
        let wrong = wrong_code(&app, &member);
        for _ in 0..5 {
            browser.post("/staff/login/code", &[("code", &wrong)]).await;
        }
    }
    app.advance(SignedDuration::from_mins(60));
    assert_eq!(pass(&mut browser, "佐藤", PASSWORD).await.status.as_u16(), 422);
    let link = staff::path_of_link(&app, Command::ResetAuthenticator { name: "佐藤".into() }).await;
    let authenticator = staff::enrol_by(&app, &mut app.browser(), &link).await;
    let member = Member { authenticator, ..member };
    assert_eq!(log_in(&app, &mut browser, &member).await.location(), Some("/staff"));
}
