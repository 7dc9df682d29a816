//! パスキーでログイン of offices.

use uketsuke::accounts::Account;
use uketsuke::config::{LogFormat, LogLevel};
use uketsuke::kernel::UserId;
use uketsuke::passkeys::{self, CEREMONIES};
use uketsuke::security::sessions::Subject;

use super::{LIST, NAME, OTHER, at_work, held, minutes};
use crate::security_strangers::costs;
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::installed::{Installed, take};
use crate::support::lines::Lines;
use crate::support::office::USER;
use crate::support::passkey::{Device, options};
use crate::support::world::dump;

const OVER: &str = "/login?notice=passkey";
pub(super) const REFUSED: &str = "このパスキーではログインできませんでした";

/// An office with a passkey, logged out; its own browser and device.
pub(super) async fn with_passkey(app: &TestApp) -> (UserId, Browser, Device) {
    let (user, mut browser) = at_work(app, USER).await;
    let device = browser.register(app, LIST, NAME).await;
    app.take_mails().await;
    browser.get("/office").await;
    browser.post("/logout", &[]).await;
    (user, browser, device)
}

fn is_refused(page: &Page) -> bool {
    page.status == 422 && page.says(REFUSED) && !page.headers.contains_key("set-cookie")
}

pub(super) fn ceremonies(app: &TestApp) -> usize {
    dump(app).iter().filter(|(table, ..)| *table == CEREMONIES).count()
}

#[tokio::test]
async fn q28_a_passkey_opens_a_session_of_its_own_without_id_password_or_code() {
    let app = TestApp::new();
    let (user, mut browser, mut device) = with_passkey(&app).await;
    app.change_account(user, |account| {
        account.security_code = account.password.clone().map(uketsuke::accounts::SecurityCode::Fixed)
    })
    .await;
    app.advance(minutes(60));
    let hashes = costs(&app)[3];
    let page = browser.enter_with(&mut device).await;
    assert_eq!(page.location(), Some("/office"), "{}", page.text());
    assert_eq!(costs(&app)[3], hashes, "nothing is hashed");
    assert_eq!(held(&app, user)[0].last_used, Some(app.clock.now()));
    assert!(browser.get("/office").await.says("前回のログイン"));
    // A device that no account knows is known from then on.
    let mut elsewhere = app.browser();
    let page = elsewhere.enter_with(&mut device).await;
    assert_eq!(page.location(), Some("/office"), "{}", page.text());
    assert_ne!(elsewhere.cookies["office"], browser.cookies["office"]);
    assert!(elsewhere.cookies.contains_key("device"));
}

#[tokio::test]
async fn a_passkey_leads_to_the_step_that_is_due_and_is_no_fresh_password() {
    let app = TestApp::new();
    let (user, mut browser, mut device) = with_passkey(&app).await;
    browser.enter_with(&mut device).await;
    assert!(browser.get("/office/user/mail").await.body.contains("current_password"), "the password was not entered");
    let page = browser.post(&format!("{LIST}/begin"), &[("current_password", "")]).await;
    assert!(page.status == 422 && page.says("現在のパスワードを入力してください"), "{}", page.text());
    browser.post("/logout", &[]).await;
    app.change_account(user, |account| account.security_mails.clear()).await;
    browser.enter_with(&mut device).await;
    assert_eq!(browser.open("/office").await.title(), "セキュリティ用メールアドレス設定");
}

#[tokio::test]
async fn q33_a_passkey_opens_no_account_that_its_password_would_not_open() {
    type Change = fn(&mut Account);
    let cases: [(&str, Change); 4] = [
        ("suspended", |account| account.suspended = true),
        ("its password was disabled by the desk", |account| account.password_disabled = true),
        ("it has no password", |account| account.password = None),
        ("its temporary password was used", |account| {
            assert!(account.use_temporary(account.created));
        }),
    ];
    for (what, change) in cases {
        let app = TestApp::new();
        let (user, mut browser, mut device) = with_passkey(&app).await;
        app.letter(user).await;
        app.change_account(user, change).await;
        let page = browser.enter_with(&mut device).await;
        assert!(is_refused(&page), "{what}: {}", page.text());
        assert_eq!(held(&app, user)[0].last_used, None, "{what}");
        // It was the account, not the passkey.
        app.change_account(user, |account| (account.suspended, account.password_disabled) = (false, false)).await;
        let again = browser.enter_with(&mut device).await.location() == Some("/office");
        assert_eq!(again, app.account(user).usable_password().is_some(), "{what}");
    }
}

#[tokio::test]
async fn q16_an_answer_that_is_not_right_is_refused_alike_and_ends_its_ceremony() {
    let app = TestApp::new();
    let (user, mut browser, mut device) = with_passkey(&app).await;
    let mut unknown = {
        let (_, mut other) = at_work(&app, OTHER).await;
        let options = other.begin_passkey(LIST).await;
        Device::new(&app, &options)
    };
    let mut wrong: Vec<(&str, Page)> = Vec::new();
    let asked = browser.asked_for_passkey().await;
    wrong.push(("unknown", browser.answer_with_passkey(&unknown.signed(&asked)).await));
    for what in ["another origin", "another port", "not verified", "another user", "no user", "another key", "another challenge"]
    {
        let mut asked = browser.asked_for_passkey().await;
        match what {
            "another origin" => device.origin = "https://localhost:8080".to_owned(),
            "another port" => device.origin = "http://localhost:8081".to_owned(),
            "not verified" => device.verifies = false,
            "another user" => device.handle = vec![9; 16],
            "no user" => device.handle.clear(),
            "another key" => std::mem::swap(&mut device.id, &mut unknown.id),
            _ => asked["challenge"] = "AAAA".into(),
        }
        let forged = if what == "another key" { unknown.signed(&asked) } else { device.signed(&asked) };
        wrong.push((what, browser.answer_with_passkey(&forged).await));
        if what == "another key" {
            std::mem::swap(&mut device.id, &mut unknown.id);
        }
        let fresh = held(&app, user).remove(0);
        device.origin = app.app.config.server.public_url.origin().to_owned();
        (device.verifies, device.handle) = (true, fresh.handle.to_vec());
        assert_eq!(browser.get("/login/passkey").await.location(), Some(OVER), "{what}");
    }
    for (what, page) in &wrong {
        assert!(is_refused(page), "{what}: {}", page.text());
        assert_eq!(page.text(), wrong[0].1.text(), "{what}");
    }
    assert_eq!(browser.enter_with(&mut device).await.location(), Some("/office"), "the passkey itself is good");
    let page = browser.get("/office").await;
    assert!(page.says("パスキーを確認できなかった") && !page.says("正しいパスワードを入力したのに"), "{}", page.text());
}

#[tokio::test]
async fn what_no_browser_answers_writes_nothing_and_the_ceremony_waits_on() {
    let app = TestApp::new();
    let (_, mut browser, mut device) = with_passkey(&app).await;
    let asked = browser.asked_for_passkey().await;
    let before = app.app.store.counts().written;
    let registered =
        Device::new(&app, &serde_json::json!({ "user": { "id": "AAAA" }, "challenge": asked["challenge"] })).created(&asked);
    let huge = format!("{{\"id\":\"{}\"}}", "A".repeat(60_000));
    for (answer, told) in [("", "JavaScriptが必要です"), ("{}", ""), ("no json", ""), (&registered, ""), (&huge, "")] {
        let page = browser.answer_with_passkey(answer).await;
        let told = if told.is_empty() { "パスキーを確認できませんでした" } else { told };
        assert!(page.status == 422 && page.says(told), "{answer}: {}", page.text());
        assert_eq!(options(&page), asked, "{answer}");
    }
    assert_eq!(app.app.store.counts().written, before);
    assert_eq!(browser.answer_with_passkey(&device.signed(&asked)).await.location(), Some("/office"));
}

#[tokio::test]
async fn q15_an_answer_is_good_once_in_time_and_in_its_own_browser() {
    let app = TestApp::new();
    let (_, mut browser, mut device) = with_passkey(&app).await;
    let asked = browser.asked_for_passkey().await;
    let (first, second) = (device.signed(&asked), device.signed(&asked));
    // Another browser: without a ceremony, with one of its own, and with the device cookie of the first.
    let mut other = app.browser();
    other.get("/login").await;
    assert_eq!(other.answer_with_passkey(&first).await.location(), Some(OVER));
    other.asked_for_passkey().await;
    assert!(is_refused(&other.answer_with_passkey(&first).await), "its own asks for something else");
    other.cookies.insert("device".to_owned(), browser.cookies["device"].clone());
    assert_eq!(other.answer_with_passkey(&first).await.location(), Some(OVER));
    assert_eq!(other.get("/login/passkey").await.location(), Some(OVER));
    // Both at once: one enters.
    let mut twin = browser.clone();
    let (one, two) = tokio::join!(browser.answer_with_passkey(&first), twin.answer_with_passkey(&second));
    let mut went = [one.location(), two.location()];
    went.sort_unstable();
    assert_eq!(went, [Some(OVER), Some("/office")]);
    let mut late = app.browser();
    let asked = late.asked_for_passkey().await;
    app.advance(minutes(10));
    assert_eq!(late.answer_with_passkey(&device.signed(&asked)).await.location(), Some(OVER));
    assert!(late.get(OVER).await.says("パスキーでのログインを終えられませんでした"));
}

#[tokio::test]
async fn a_counter_that_does_not_go_on_is_refused_and_logged() {
    let app = TestApp::new();
    let (user, mut browser, mut device) = with_passkey(&app).await;
    device.counter = 41;
    assert_eq!(browser.enter_with(&mut device).await.location(), Some("/office"));
    let mut copy = app.browser();
    let lines = Lines::catch(LogFormat::Text, LogLevel::Warn);
    for counter in [41, 6, 0] {
        device.counter = counter;
        assert!(is_refused(&copy.enter_with(&mut device).await), "{counter}");
    }
    let told = lines.take();
    assert!(told.len() == 3 && told.iter().all(|line| line.contains("the counter of a passkey has not gone on")), "{told:#?}");
    assert!(browser.get("/office").await.says("パスキーが複製されたおそれがあるため停止"));
    // Two answers with one counter, each in a browser of its own, at once.
    device.counter = 100;
    let (mut one, mut two) = (app.browser(), app.browser());
    let (first, second) = (one.asked_for_passkey().await, two.asked_for_passkey().await);
    let first = device.signed(&first);
    device.counter = 100;
    let second = device.signed(&second);
    let (a, b) = tokio::join!(one.answer_with_passkey(&first), two.answer_with_passkey(&second));
    assert_eq!(usize::from(is_refused(&a)) + usize::from(is_refused(&b)), 1);
    // One that never counts is none that goes back.
    (device.counter, device.counts) = (0, false);
    let page = app.browser().enter_with(&mut device).await;
    assert!(is_refused(&page), "it has counted before");
    assert_eq!(held(&app, user).len(), 1);
}

#[tokio::test]
async fn a_passkey_that_never_counts_may_be_used_again_and_again() {
    let app = TestApp::new();
    let (_, mut browser) = at_work(&app, USER).await;
    let asked = browser.begin_passkey(LIST).await;
    let mut device = Device::new(&app, &asked);
    device.counts = false;
    assert_eq!(browser.name_passkey(LIST, NAME, &device.created(&asked)).await.status, 303);
    for _ in 0..3 {
        assert_eq!(app.browser().enter_with(&mut device).await.location(), Some("/office"));
    }
    app.take_mails().await;
}

#[tokio::test]
async fn a_removed_passkey_opens_nothing_even_if_it_was_just_being_used() {
    let app = TestApp::new();
    let (user, mut browser, mut device) = with_passkey(&app).await;
    let asked = browser.asked_for_passkey().await;
    let id = held(&app, user)[0].id;
    app.write(move |tx| passkeys::remove(tx, Subject::Office(user), id)).await;
    assert!(is_refused(&browser.answer_with_passkey(&device.signed(&asked)).await));
}

/// Behind a proxy, so that each browser may come from a network of its own.
pub(super) fn house() -> TestApp {
    TestApp::with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        config.limits.new_device_logins_per_minute = 10;
    })
}

pub(super) fn from(app: &TestApp, n: usize) -> Browser {
    let mut browser = app.browser();
    browser.headers.push(("X-Forwarded-For".to_owned(), format!("100.{}.{}.7", n / 250, n % 250)));
    browser
}

#[tokio::test]
async fn q22_beginning_cannot_fill_the_database_and_keeps_nobody_out_who_is_known() {
    let app = house();
    let (user, mut browser, mut device) = with_passkey(&app).await;
    app.advance(minutes(1));
    let mut begun = 0;
    for n in 0..50 {
        let page = from(&app, n).begin_passkey_login().await;
        begun += usize::from(page.status == 303);
        assert!(page.status == 303 || page.status == 429 && page.says("システム全体で集中しています"), "{}", page.text());
    }
    assert_eq!((begun, ceremonies(&app)), (10, 10));
    // One bucket with passwords.
    assert_eq!(from(&app, 60).log_in(OTHER, "wrong").await.status, 429);
    // Whoever has a device cookie of ours goes on, and has one row whatever browser it says to be.
    for _ in 0..3 {
        browser.cookies.remove("browser");
        assert_eq!(browser.begin_passkey_login().await.status, 303);
    }
    assert_eq!(ceremonies(&app), 11);
    assert_eq!(browser.enter_with(&mut device).await.location(), Some("/office"));
    assert_eq!(ceremonies(&app), 10);
    app.advance(minutes(61));
    app.app.prepare().await.unwrap();
    app.run_jobs().await;
    assert_eq!(ceremonies(&app), 0, "those that nobody has answered are removed within the hour");
    assert_eq!(held(&app, user).len(), 1);
}

#[tokio::test]
async fn q22_a_right_passkey_uses_nothing_up_and_one_network_may_begin_so_often() {
    let app = house();
    let (_, _, mut device) = with_passkey(&app).await;
    for n in 0..30 {
        assert_eq!(from(&app, n).enter_with(&mut device).await.location(), Some("/office"), "new device {n}");
    }
    let app = TestApp::with(|config| config.limits.login_tries_per_network_5min = 5);
    for n in 0..8 {
        let before = ceremonies(&app);
        let page = app.browser().begin_passkey_login().await;
        assert_eq!(page.status, if n < 5 { 303 } else { 429 });
        assert_eq!(ceremonies(&app) - before, usize::from(n < 5));
    }
}

#[tokio::test]
async fn q32_a_restore_leaves_ceremonies_out_and_passkeys_in() {
    let (here, there) = (Installed::new(), Installed::new());
    let app = here.open(|_| {}).await;
    let (user, mut browser, mut device) = with_passkey(&app).await;
    let asked = browser.asked_for_passkey().await;
    let file = here.path("b.redb");
    take(&app.app, &file).await.unwrap();
    drop(app);
    there.restore(&file, Some(&here.key_file())).await.unwrap();
    let app = there.open(|_| {}).await;
    app.take_over(&mut browser);
    browser.get("/login").await;
    assert_eq!(browser.answer_with_passkey(&device.signed(&asked)).await.location(), Some(OVER));
    assert_eq!(held(&app, user).len(), 1);
    assert_eq!(browser.enter_with(&mut device).await.location(), Some("/office"));
    let found = uketsuke::backup::verify_live(&app.app, &mut |_, _| true).unwrap().findings;
    assert_eq!(found.damage, []);
}

#[tokio::test]
async fn q58_the_button_for_passkeys_waits_for_the_script() {
    let page = TestApp::new().browser().get("/login").await;
    let at = page.body.find("data-passkey-offer").unwrap();
    assert!(page.body[at..].starts_with("data-passkey-offer=\"\" hidden>"), "{}", &page.body[at..at + 40]);
}

#[tokio::test]
async fn q46_the_log_names_no_challenge_credential_or_office() {
    let app = TestApp::new();
    let lines = Lines::catch(LogFormat::Text, LogLevel::Trace);
    let (_, mut browser, mut device) = with_passkey(&app).await;
    let asked = browser.asked_for_passkey().await;
    device.verifies = false;
    assert!(is_refused(&browser.answer_with_passkey(&device.signed(&asked)).await));
    let told = lines.take().join("\n");
    assert!(told.contains("a login with a passkey was refused") && told.contains("why=UserNotVerified"), "{told}");
    // What no browser sends: the library would quote all of it.
    let asked_again = browser.asked_for_passkey().await;
    let answer = device
        .signed(&asked_again)
        .replace("\"authenticatorData\":\"", &format!("\"authenticatorData\":\"{}", "QUFB".repeat(500)));
    assert!(browser.answer_with_passkey(&answer).await.status == 422);
    let odd = lines.take().join("\n");
    assert!(odd.len() < 3_000 && !odd.contains("QUFB") && !odd.contains("65, 65, 65"), "{} bytes: {odd}", odd.len());
    let id = data_encoding::BASE64URL_NOPAD.encode(&device.id);
    for secret in [asked["challenge"].as_str().unwrap(), &id, USER, NAME] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
    app.take_mails().await;
}
