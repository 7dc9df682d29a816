//! Logins tried from more networks than any throttle of one network can hold: a storm neither grows the audit log for ever, nor
//! occupies the hashing threads, nor keeps out whom an account knows (quality bar 22).

use jiff::SignedDuration;
use uketsuke::accounts::Account;
use uketsuke::config::{Config, LogFormat, LogLevel};
use uketsuke::staff::{Role, Scope};

use crate::new_device::ask_device;
use crate::reset::{REGISTERED, code};
use crate::security_strangers::{bare, costs, priced};
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::lines::Lines;
use crate::support::office::{NOBODY, PASSWORD, TEMPORARY, USER};
use crate::support::staff::{Member, PASSWORD as STAFF_PASSWORD, enrol, enrol_by, invite, log_in};
use crate::support::world::dump;

const REFUSED: u16 = 422;
const CROWDED: u16 = 429;
const OTHER: &str = "KJ071311111111";
const TOLD: &str = "システム全体で集中しています";

/// Behind a proxy, so that each browser may come from a network of its own.
fn house(change: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        change(config);
    })
}

/// The same with ten wrong tries a minute.
fn small() -> TestApp {
    house(|config| config.limits.new_device_logins_per_minute = 10)
}

/// A browser without cookies in network `n`.
fn from(app: &TestApp, n: usize) -> Browser {
    let mut browser = app.browser();
    browser.headers.push(("X-Forwarded-For".to_owned(), format!("100.{}.{}.7", n / 250, n % 250)));
    browser
}

/// One try each from networks that never came before: how many were compared.
async fn storm(app: &TestApp, networks: std::ops::Range<usize>) -> usize {
    let mut compared = 0;
    for n in networks {
        let page = from(app, n).log_in(if n.is_multiple_of(2) { NOBODY } else { OTHER }, "wrong").await;
        compared += usize::from(page.status.as_u16() == REFUSED);
        assert!(page.status.as_u16() == REFUSED || page.status.as_u16() == CROWDED && page.says(TOLD), "{}", page.text());
    }
    compared
}

fn entries(app: &TestApp) -> usize {
    dump(app).iter().filter(|(table, ..)| *table == "audit").count()
}

#[tokio::test]
async fn q22_in_a_storm_a_one_time_password_makes_a_new_device_known() {
    let app = small();
    app.office(USER).await;
    storm(&app, 0..20).await;
    let mut browser = from(&app, 1_000);
    assert_eq!(browser.log_in(USER, PASSWORD).await.status, CROWDED);
    ask_device(&mut browser, USER, REGISTERED).await;
    let code = code(&app).await;
    browser.get("/login/device/code").await;
    assert_eq!(browser.post("/login/device/code", &[("code", &code)]).await.location(), Some("/login/device/done"));
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    app.take_mails().await;
}

async fn log_out(browser: &mut Browser) {
    browser.get("/office").await;
    assert_eq!(browser.post("/logout", &[]).await.status, 303);
}

/// The first screen of the staff login.
async fn pass(browser: &mut Browser, name: &str, password: &str) -> u16 {
    browser.open("/staff/login").await;
    browser.post("/staff/login", &[("name", name), ("password", password)]).await.status.as_u16()
}

#[tokio::test]
async fn q22_a_try_from_each_of_a_thousand_networks_writes_and_hashes_no_more_than_the_bucket_holds() {
    let app = house(|_| {});
    app.office(USER).await;
    let (told, [_, _, _, hashes]) = (entries(&app), costs(&app));
    assert_eq!(storm(&app, 0..300).await, 300, "the default of config.toml");
    let [_, written, commits, _] = costs(&app);
    assert_eq!(storm(&app, 300..1_000).await, 0);
    let [_, written_after, commits_after, hashes_after] = costs(&app);
    assert_eq!((written_after, commits_after), (written, commits), "whoever is refused writes nothing");
    assert_eq!((entries(&app) - told, hashes_after - hashes), (300, 300));
}

#[tokio::test]
async fn q22_in_a_storm_an_account_admits_the_devices_it_knows_and_its_letter() {
    let app = small();
    let user = app.office(USER).await;
    let mut known = from(&app, 1_000);
    assert_eq!(known.log_in(USER, PASSWORD).await.location(), Some("/office"));
    log_out(&mut known).await;
    assert_eq!(storm(&app, 0..20).await, 10);
    for _ in 0..2 {
        assert_eq!(known.log_in(USER, "wrong").await.status, REFUSED, "its own mistakes are told");
        assert_eq!(known.log_in(USER, PASSWORD).await.location(), Some("/office"));
        log_out(&mut known).await;
    }
    app.letter(user).await;
    let new = from(&app, 1_001).log_in(USER, PASSWORD).await;
    assert_eq!(new.status, CROWDED, "the right password on a new device");
    assert!(new.body.contains("href=\"/login/device\""), "there is a way in meanwhile: {}", new.body);
    let mut holder = from(&app, 1_002);
    assert_eq!(holder.log_in(USER, "Abcd2345Efgh6788").await.status, CROWDED, "a wrong temporary password");
    assert_eq!(holder.log_in(USER, TEMPORARY).await.location(), Some("/first-login"));
    assert_eq!(storm(&app, 20..40).await, 0, "none of these had taken a token, nor gives one back");
    app.take_mails().await;
}

#[tokio::test]
async fn q26_a_letter_that_would_not_enter_is_a_strangers_try() {
    let app = small();
    let user = app.office(USER).await;
    app.letter(user).await;
    app.advance(SignedDuration::from_hours(24 * 30));
    storm(&app, 0..20).await;
    app.change_account(user, |account: &mut Account| account.suspended = true).await;
    assert_eq!(from(&app, 1_000).log_in(USER, TEMPORARY).await.status, CROWDED, "suspended");
    app.change_account(user, |account: &mut Account| account.suspended = false).await;
    app.advance(SignedDuration::from_millis(1));
    assert_eq!(from(&app, 1_000).log_in(USER, TEMPORARY).await.status, CROWDED, "over");
}

#[tokio::test]
async fn q22_the_right_password_uses_nothing_up() {
    let app = small();
    app.office(USER).await;
    for n in 0..30 {
        assert_eq!(from(&app, n).log_in(USER, PASSWORD).await.location(), Some("/office"), "new device {n}");
    }
    assert_eq!(storm(&app, 100..120).await, 10);
}

#[tokio::test]
async fn q22_a_minute_after_the_storm_strangers_may_try_again() {
    let app = small();
    app.office(USER).await;
    assert_eq!(storm(&app, 0..20).await, 10);
    let page = from(&app, 1_000).log_in(USER, PASSWORD).await;
    assert_eq!((page.status.as_u16(), page.headers["retry-after"].to_str().unwrap()), (CROWDED, "61"));
    assert!(page.says("あと 1分00秒") && page.says("このIDでログインしたことのある端末"), "{}", page.text());
    app.advance(SignedDuration::from_secs(6));
    assert_eq!(storm(&app, 20..40).await, 1);
    app.advance(SignedDuration::from_secs(60));
    assert_eq!(from(&app, 1_000).log_in(USER, PASSWORD).await.location(), Some("/office"));
    assert_eq!(storm(&app, 40..60).await, 10);
}

#[tokio::test]
async fn q21_in_a_storm_an_office_that_exists_and_one_that_does_not_answer_alike_to_the_byte() {
    let app = small();
    let user = app.office(USER).await;
    app.letter(user).await;
    app.office(OTHER).await;
    // The device of another account is a stranger's, whether it brings the right password or not.
    let mut elsewhere = from(&app, 1_000);
    elsewhere.log_in(OTHER, PASSWORD).await;
    log_out(&mut elsewhere).await;
    storm(&app, 0..20).await;
    let mut heard = Vec::new();
    for (user_id, password) in [(USER, "wrong"), (NOBODY, "wrong"), (USER, PASSWORD), (NOBODY, PASSWORD), (OTHER, PASSWORD)] {
        let mut browser = from(&app, 2_000);
        browser.get("/login").await;
        let (page, cost) = priced(&app, &mut browser, "/login", &[("user_id", user_id), ("password", password)]).await;
        heard.push((bare(&page, &browser, &[user_id]), cost));
    }
    assert_eq!(heard[0].0.0, CROWDED);
    assert_eq!(heard[0].1[1..], [0, 0, 0], "nothing is written, nothing is hashed");
    for other in &heard[1..] {
        assert_eq!(other, &heard[0]);
    }
    let mut heard = Vec::new();
    for (user_id, password) in [(USER, "wrong"), (NOBODY, "wrong"), (USER, PASSWORD)] {
        elsewhere.get("/login").await;
        let (page, cost) = priced(&app, &mut elsewhere, "/login", &[("user_id", user_id), ("password", password)]).await;
        heard.push((bare(&page, &elsewhere, &[user_id]), cost));
    }
    assert_eq!(heard[0].0.0, CROWDED);
    for other in &heard[1..] {
        assert_eq!(other, &heard[0]);
    }
    assert_eq!(elsewhere.log_in(OTHER, PASSWORD).await.location(), Some("/office"), "its own account admits it");
}

/// Two members: one who has logged in with the first browser, one who has just enrolled with the second.
async fn members(app: &TestApp) -> [(Member, Browser); 2] {
    let first = enrol(app, "佐藤 花子", Role::Admin, Scope::All).await;
    let mut known = from(app, 1_000);
    assert_eq!(log_in(app, &mut known, &first).await.location(), Some("/staff"));
    let link = invite(app, "鈴木", Role::Clerk, Scope::All).await;
    let mut enrolled = from(app, 1_001);
    let authenticator = enrol_by(app, &mut enrolled, &link).await;
    [(first, known), (Member { name: "鈴木".to_owned(), authenticator }, enrolled)]
}

#[tokio::test]
async fn q22_in_a_storm_a_member_of_staff_enters_with_a_device_of_their_own() {
    let app = small();
    let [(first, mut known), (second, mut enrolled)] = members(&app).await;
    known.post("/staff/logout", &[]).await;
    app.advance(SignedDuration::from_secs(60));
    assert_eq!(storm(&app, 0..20).await, 10, "one bucket for offices and staff");
    let told = costs(&app);
    assert_eq!(pass(&mut from(&app, 1_002), &first.name, STAFF_PASSWORD).await, CROWDED, "a new device");
    assert_eq!(pass(&mut known, &second.name, STAFF_PASSWORD).await, CROWDED, "the device of another member");
    assert_eq!(costs(&app)[1..], told[1..], "nothing was written, nothing was hashed");
    assert_eq!(pass(&mut known, &first.name, "wrong").await, REFUSED);
    assert_eq!(log_in(&app, &mut known, &first).await.location(), Some("/staff"));
    assert_eq!(log_in(&app, &mut enrolled, &second).await.location(), Some("/staff"), "enrolled, and never logged in yet");
}

#[tokio::test]
async fn q22_the_right_password_of_a_member_of_staff_uses_nothing_up_and_wrong_ones_do() {
    let app = small();
    let member = enrol(&app, "佐藤 花子", Role::Admin, Scope::All).await;
    for n in 0..30 {
        assert_eq!(pass(&mut from(&app, n), &member.name, STAFF_PASSWORD).await, 303, "new device {n}");
    }
    for n in 30..40 {
        assert_eq!(pass(&mut from(&app, n), &member.name, "wrong").await, REFUSED);
    }
    assert_eq!(pass(&mut from(&app, 40), &member.name, STAFF_PASSWORD).await, CROWDED);
    assert_eq!(storm(&app, 50..60).await, 0, "nor may any office");
    app.advance(SignedDuration::from_secs(60));
    assert_eq!(log_in(&app, &mut from(&app, 40), &member).await.location(), Some("/staff"));
}

#[tokio::test]
async fn q21_in_a_storm_a_member_of_staff_who_exists_and_one_who_does_not_answer_alike_to_the_byte() {
    let app = small();
    let [(_, known), _] = members(&app).await;
    storm(&app, 0..20).await;
    for device in [None, known.cookies.get("device")] {
        let mut heard = Vec::new();
        for (name, password) in [("鈴木", "wrong"), ("名無 権兵衛", "wrong"), ("鈴木", STAFF_PASSWORD)] {
            let mut browser = from(&app, 2_000);
            browser.cookies.extend(device.map(|device| ("device".to_owned(), device.clone())));
            browser.get("/staff/login").await;
            let (page, cost) = priced(&app, &mut browser, "/staff/login", &[("name", name), ("password", password)]).await;
            heard.push((bare(&page, &browser, &[name]), cost));
        }
        assert_eq!(heard[0].0.0, CROWDED);
        for other in &heard[1..] {
            assert_eq!(other, &heard[0]);
        }
    }
}

#[tokio::test]
async fn the_log_tells_a_storm_once_and_how_much_of_it_was_refused_when_it_is_over() {
    let lines = Lines::catch(LogFormat::Text, LogLevel::Warn);
    let app = small();
    storm(&app, 0..40).await;
    app.advance(SignedDuration::from_secs(30));
    storm(&app, 40..50).await;
    let told = lines.take();
    assert!(told.len() == 1 && told[0].contains("limits.new_device_logins_per_minute"), "{told:#?}");
    app.advance(SignedDuration::from_secs(60));
    storm(&app, 50..55).await;
    let told = lines.take();
    assert!(told.len() == 1 && told[0].contains("no longer refused") && told[0].contains("refused=35"), "{told:#?}");
}
