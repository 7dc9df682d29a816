//! The security code of an office: asked after the password, and nothing but the password tells that there is one.

use jiff::SignedDuration;
use uketsuke::accounts::{self, AppCode, SecurityCode};
use uketsuke::audit;
use uketsuke::kernel::{Secret, UserId};
use uketsuke::login::{self, Attempted, attempts};
use uketsuke::security::{Authenticator, Purpose};

use crate::bad_input_twice::at_once;
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::{PASSWORD, TEMPORARY, USER};
use crate::support::world::dump;

/// The code of [`fixed`].
pub const CODE: &str = "24681357";
pub const PATH: &str = "/login/code";
/// Nothing waits for a code any more.
pub const OVER: Option<&str> = Some("/login?notice=code");
/// The fifth wrong one has ended the login.
pub const WRONG: Option<&str> = Some("/login?notice=codes");

/// An office with [`CODE`].
pub async fn fixed(app: &TestApp) -> UserId {
    let user_id = app.office(USER).await;
    set_fixed(app, user_id).await;
    user_id
}

/// [`CODE`] is set for this office.
pub async fn set_fixed(app: &TestApp, user_id: UserId) {
    let hash = app.app.hasher.hash(Secret::new(CODE.to_owned()), [8; 16]).await.unwrap();
    set(app, user_id, Some(SecurityCode::Fixed(hash))).await;
}

/// An office with an authenticator app.
pub async fn with_app(app: &TestApp) -> (UserId, Authenticator) {
    let user_id = app.office(USER).await;
    let authenticator = Authenticator::new(&app.app.random);
    let secret = app.app.keys.seal(Purpose::Authenticator, authenticator.secret().expose(), &app.app.random);
    set(app, user_id, Some(SecurityCode::App(AppCode { secret, last_step: 0 }))).await;
    (user_id, authenticator)
}

/// This is set for this office, or nothing.
pub async fn set(app: &TestApp, user_id: UserId, code: Option<SecurityCode>) {
    app.write(move |tx| {
        let mut account = accounts::find(tx, user_id)?.unwrap();
        account.security_code.clone_from(&code);
        accounts::save(tx, &account)
    })
    .await;
}

/// The password was right; the code is asked for.
pub async fn at_code(browser: &mut Browser) {
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some(PATH));
    assert_eq!(browser.get(PATH).await.title(), "ログイン(セキュリティコード)");
}

pub async fn leave(browser: &mut Browser) {
    browser.get("/office").await;
    assert_eq!(browser.post("/logout", &[]).await.location(), Some("/login?notice=logout"));
}

pub async fn enter(browser: &mut Browser, code: &str) -> Page {
    browser.post(PATH, &[("code", code)]).await
}

/// A code that the app shows neither now nor a moment before or after.
fn wrong_code(app: &TestApp, of: &Authenticator) -> String {
    let now = app.clock.now();
    let near: Vec<String> = [-30, 0, 30].iter().map(|s| of.code(now + SignedDuration::from_secs(*s))).collect();
    (0..9).map(|n| format!("{n}{n}{n}{n}{n}{n}")).find(|code| !near.contains(code)).unwrap()
}

pub fn attempted(app: &TestApp, user_id: UserId) -> Vec<Attempted> {
    let now = app.clock.now();
    let since = now - SignedDuration::from_hours(30 * 24);
    app.app.store.read(|r| attempts(r, user_id.office(), since, now, 50)).unwrap()
}

#[tokio::test]
async fn a_fixed_code_is_asked() {
    let app = TestApp::new();
    let user_id = fixed(&app).await;
    let mut browser = app.browser();
    assert_eq!(browser.get(PATH).await.location(), OVER, "not before the password");
    at_code(&mut browser).await;
    assert_eq!(browser.get("/office").await.location(), Some("/login"), "the password alone opens nothing");
    assert!(app.account(user_id).last_login.is_none());
    let page = enter(&mut browser, "24681358").await;
    assert!(page.status.as_u16() == 422 && page.says("あと4回入力できます"), "{}", page.text());
    assert!(!page.body.contains("24681358"), "a secret is not shown again");
    assert_eq!(enter(&mut browser, " ２４６８−１３５７ ").await.location(), Some("/office"), "q52");
    assert_eq!(browser.open("/office").await.title(), "お知らせ");
    assert!(app.account(user_id).last_login.is_some());
    assert_eq!(browser.get(PATH).await.location(), OVER, "nothing waits any more");
    let log = app.app.store.read(|r| audit::about(r, &user_id.to_string(), 9)).unwrap();
    let words: Vec<&str> = log.iter().rev().map(|entry| entry.outcome.as_str()).collect();
    assert_eq!(words, ["waits_for_code", "code_wrong", "entered"]);
    assert!(log.iter().all(|entry| entry.details["client"] == "127.0.0.1"), "{log:?}");
}

#[tokio::test]
async fn the_device_is_remembered_when_the_code_was_right_and_not_before() {
    let app = TestApp::new();
    fixed(&app).await;
    let mut browser = app.browser();
    at_code(&mut browser).await;
    assert!(!browser.cookies.contains_key("device"));
    enter(&mut browser, CODE).await;
    assert!(browser.cookies.contains_key("device"));
    for _ in 0..30 {
        app.browser().log_in(USER, "wrong").await;
    }
    leave(&mut browser).await;
    at_code(&mut browser).await;
    assert_eq!(enter(&mut browser, CODE).await.location(), Some("/office"));
}

#[tokio::test]
async fn an_app_code_is_good_once() {
    let app = TestApp::new();
    let (_, authenticator) = with_app(&app).await;
    let (mut browser, mut other) = (app.browser(), app.browser());
    at_code(&mut browser).await;
    at_code(&mut other).await;
    assert_eq!(enter(&mut browser, &wrong_code(&app, &authenticator)).await.status.as_u16(), 422);
    let code = authenticator.code(app.clock.now());
    assert_eq!(enter(&mut browser, &code).await.location(), Some("/office"));
    assert_eq!(enter(&mut other, &code).await.status.as_u16(), 422, "used up");
    let earlier = authenticator.code(app.clock.now() - SignedDuration::from_secs(30));
    assert_eq!(enter(&mut other, &earlier).await.status.as_u16(), 422, "and so are those before it");
    app.advance(SignedDuration::from_secs(30));
    assert_eq!(enter(&mut other, &authenticator.code(app.clock.now())).await.location(), Some("/office"));
}

#[tokio::test]
async fn an_office_that_logged_in_while_the_clock_was_ahead_has_codes_again_when_it_is_set_right() {
    let app = TestApp::new();
    let (_, authenticator) = with_app(&app).await;
    let year = SignedDuration::from_hours(365 * 24);
    for by in [year, -year] {
        app.advance(by);
        let mut browser = app.browser();
        at_code(&mut browser).await;
        assert_eq!(enter(&mut browser, &authenticator.code(app.clock.now())).await.location(), Some("/office"));
    }
}

#[tokio::test]
async fn what_looks_like_no_code_costs_no_try() {
    for with_an_app in [false, true] {
        let app = TestApp::new();
        let sentence = if with_an_app {
            with_app(&app).await;
            "認証アプリに表示されている6桁の数字を入力してください。"
        } else {
            fixed(&app).await;
            "セキュリティコードは6〜8桁の数字で入力してください。"
        };
        let mut browser = app.browser();
        at_code(&mut browser).await;
        let before = app.app.hasher.count();
        for typed in ["abcdef", "12345", "123456789", "12345a", "<script>", "1\n2", &"1".repeat(2_000)] {
            let page = enter(&mut browser, typed).await;
            assert!(page.status.as_u16() == 422 && page.says(sentence), "{typed}: {}", page.text());
        }
        for typed in ["", "  "] {
            assert!(enter(&mut browser, typed).await.says("セキュリティコードを入力してください。"));
        }
        assert_eq!(app.app.hasher.count(), before);
        assert!(enter(&mut browser, "918273").await.says("あと4回入力できます"), "the first that counts");
    }
}

#[tokio::test]
async fn a_right_password_alone_ends_no_run_of_wrong_ones() {
    let app = TestApp::new();
    fixed(&app).await;
    let mut browser = app.browser();
    for _ in 0..2 {
        browser.log_in(USER, "wrong").await;
    }
    at_code(&mut browser).await;
    assert_eq!(browser.log_in(USER, "wrong").await.status.as_u16(), 429, "the third wrong one");
    let mut other = app.browser();
    for _ in 0..2 {
        other.log_in(USER, "wrong").await;
    }
    at_code(&mut other).await;
    enter(&mut other, CODE).await;
    leave(&mut other).await;
    for _ in 0..2 {
        assert_eq!(other.log_in(USER, "wrong").await.status.as_u16(), 422, "after a whole login they count anew");
    }
}

#[tokio::test]
async fn q16_100_wrong_codes_a_day_close_unknown_devices() {
    let app = TestApp::new();
    let user_id = fixed(&app).await;
    let mut known = app.browser();
    at_code(&mut known).await;
    enter(&mut known, CODE).await;
    leave(&mut known).await;
    for _ in 0..20 {
        app.advance(SignedDuration::from_mins(3));
        exhaust(&mut app.browser()).await;
    }
    let mut stranger = app.browser();
    at_code(&mut stranger).await;
    let before = app.app.hasher.count();
    let page = enter(&mut stranger, CODE).await;
    assert_eq!(page.status.as_u16(), 429, "the hundred and first is not looked at, though right: {}", page.text());
    assert!(page.says("2026年1月21日 10時03分から") && page.body.contains("href=\"/login/device\""), "{}", page.text());
    assert_eq!(app.app.hasher.count(), before);
    at_code(&mut known).await;
    assert_eq!(enter(&mut known, CODE).await.location(), Some("/office"), "q22: a known device is shut out by no stranger");
    let (keys, mut one, mut next) = (app.app.keys.clone(), stranger.clone(), stranger);
    let locks = || app.app.store.read(|r| login::locks(r, &keys, &app.app.config.lockout, user_id, app.clock.now())).unwrap();
    assert!(locks().strangers, "staff see it");
    let with = keys.clone();
    app.write(move |tx| login::unlock(tx, &with, user_id)).await;
    assert!(!locks().any());
    at_code(&mut one).await;
    assert_eq!(enter(&mut one, CODE).await.location(), Some("/office"), "staff have ended it");
    for _ in 0..20 {
        app.advance(SignedDuration::from_mins(3));
        exhaust(&mut app.browser()).await;
    }
    at_code(&mut next).await;
    assert_eq!(enter(&mut next, CODE).await.status.as_u16(), 429);
    app.advance(SignedDuration::from_hours(24));
    at_code(&mut next).await;
    assert_eq!(enter(&mut next, CODE).await.location(), Some("/office"));
}

/// Five wrong codes.
async fn exhaust(browser: &mut Browser) {
    at_code(browser).await;
    for _ in 0..4 {
        assert_eq!(enter(browser, "918273").await.status.as_u16(), 422);
    }
    assert_eq!(enter(browser, "918273").await.location(), WRONG);
}

#[tokio::test]
async fn right_passwords_that_wait_for_their_codes_use_up_no_room_of_unknown_devices() {
    let app = TestApp::with(|config| config.limits.new_device_logins_per_minute = 10);
    fixed(&app).await;
    for _ in 0..15 {
        at_code(&mut app.browser()).await;
    }
    for _ in 0..10 {
        assert_eq!(app.browser().log_in(USER, "wrong").await.status.as_u16(), 422);
    }
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.status.as_u16(), 429, "now it is full");
}

#[tokio::test]
async fn a_login_waits_ten_minutes_for_its_code_in_the_browser_that_gave_the_password() {
    let app = TestApp::new();
    fixed(&app).await;
    let (mut browser, mut other) = (app.browser(), app.browser());
    at_code(&mut browser).await;
    other.get("/login").await;
    assert_eq!(enter(&mut other, CODE).await.location(), OVER, "another browser");
    app.advance(SignedDuration::from_mins(10) - SignedDuration::from_secs(1));
    assert_eq!(browser.get(PATH).await.status.as_u16(), 200);
    app.advance(SignedDuration::from_secs(1));
    assert_eq!(enter(&mut browser, CODE).await.location(), OVER);
}

#[tokio::test]
async fn a_login_goes_on_waiting_over_a_restart() {
    let app = TestApp::new();
    let (_, authenticator) = with_app(&app).await;
    let mut browser = app.browser();
    at_code(&mut browser).await;
    let store = app.app.store.clone();
    let app = app.reborn(store).await;
    app.take_over(&mut browser);
    assert_eq!(enter(&mut browser, &authenticator.code(app.clock.now())).await.location(), Some("/office"));
}

#[tokio::test]
async fn what_changes_while_a_login_waits_ends_it() {
    let app = TestApp::new();
    let user_id = fixed(&app).await;
    let changes: [fn(&mut accounts::Account); 3] =
        [|account| account.suspended = true, |account| account.password_disabled = true, |account| account.security_code = None];
    for (n, change) in changes.into_iter().enumerate() {
        let mut browser = app.browser();
        app.change_account(user_id, |account| {
            account.suspended = false;
            account.password_disabled = false;
        })
        .await;
        at_code(&mut browser).await;
        app.change_account(user_id, change).await;
        assert_eq!(enter(&mut browser, CODE).await.location(), OVER, "{n}");
        assert_eq!(browser.get("/office").await.location(), Some("/login"), "{n}");
    }
    app.change_account(user_id, |account| account.password_disabled = false).await;
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"), "without a code none is asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_sent_at_once_are_counted_one_by_one() {
    let app = TestApp::new();
    fixed(&app).await;
    let mut browser = app.browser();
    at_code(&mut browser).await;
    let before = app.app.hasher.count();
    let pages = at_once(12, &browser, PATH, &[("code", "918273")]).await;
    assert!(pages.iter().all(|page| [OVER, WRONG].contains(&page.location()) || page.status.as_u16() == 422));
    assert_eq!(app.app.hasher.count() - before, 5, "no sixth is compared");
    assert_eq!(enter(&mut browser, CODE).await.location(), OVER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_code_sent_twice_at_once_opens_one_session() {
    let app = TestApp::new();
    let (user_id, authenticator) = with_app(&app).await;
    let mut browser = app.browser();
    at_code(&mut browser).await;
    let code = authenticator.code(app.clock.now());
    let pages = at_once(3, &browser, PATH, &[("code", &code)]).await;
    assert_eq!(pages.iter().filter(|page| page.location() == Some("/office")).count(), 1);
    let log = app.app.store.read(|r| audit::about(r, &user_id.to_string(), 9)).unwrap();
    assert_eq!(log.iter().filter(|entry| entry.outcome == "entered").count(), 1);
}

#[tokio::test]
async fn first_use_of_a_temporary_password_takes_the_code_away_and_tells() {
    let app = TestApp::new();
    let user_id = fixed(&app).await;
    app.letter(user_id).await;
    let mut waiting = app.browser();
    at_code(&mut waiting).await;
    let mut browser = app.browser();
    assert_eq!(browser.log_in(USER, TEMPORARY).await.location(), Some("/first-login"), "no code is asked after a letter");
    assert!(app.account(user_id).security_code.is_none());
    assert_eq!(enter(&mut waiting, CODE).await.location(), OVER, "who waited with the old password is out");
    let mails = app.take_mails().await;
    assert_eq!(mails.len(), 3);
    for mail in mails {
        assert!(mail.body.contains("セキュリティコード、パスキー、記憶した端末は解除されました"), "{}", mail.body);
    }
}

#[tokio::test]
async fn the_office_is_told_of_logins_that_stopped_at_the_code_and_not_of_its_own() {
    let app = TestApp::new();
    let user_id = fixed(&app).await;
    let mut own = app.browser();
    at_code(&mut own).await;
    enter(&mut own, CODE).await;
    assert_eq!(attempted(&app, user_id), [], "a whole login is no attempt");
    app.advance(SignedDuration::from_mins(1));
    at_code(&mut app.browser()).await;
    let told = attempted(&app, user_id);
    assert!(told.len() == 1 && told[0].knew_password, "{told:?}");
    assert_eq!(told[0].at, app.clock.now());
}

#[tokio::test]
async fn q8_neither_the_code_nor_the_secret_of_an_app_lies_in_the_database() {
    for with_an_app in [false, true] {
        let app = TestApp::new();
        let secret = if with_an_app {
            with_app(&app).await.1.secret().expose().clone()
        } else {
            fixed(&app).await;
            CODE.as_bytes().to_vec()
        };
        at_code(&mut app.browser()).await;
        let rows = dump(&app);
        let holds = |bytes: &[u8]| rows.iter().any(|(_, _, value)| value.windows(bytes.len()).any(|window| window == bytes));
        assert!(holds(b"waits_for_code"), "the search sees what there is");
        assert!(!holds(&secret));
    }
}
