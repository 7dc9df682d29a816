//! Attacks of a stranger: what answers tell (quality bar 21), who can be shut out (22), and whose address counts (23).

use jiff::SignedDuration;
use poem::Body;
use poem::http::Method;
use uketsuke::audit;
use uketsuke::kernel::UserId;
use uketsuke::staff::{Command, Role, Scope};

use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::{NOBODY, PASSWORD, USER};
use crate::support::reissue::{CONTACT, NUMBER};
use crate::support::staff::{PASSWORD as STAFF_PASSWORD, enrol, invite, path_of_link};

/// An answer without what differs by right: what was typed, and the token of the page.
pub fn bare(page: &Page, browser: &Browser, typed: &[&str]) -> (u16, String, Vec<(String, String)>) {
    let mut body = page.body.replace(browser.csrf(), "TOKEN");
    for (at, text) in typed.iter().enumerate() {
        body = body.replace(text, &format!("TYPED{at}"));
    }
    let headers = page.headers.iter().map(|(name, value)| {
        // The value of a cookie is drawn anew each time; its name and attributes are not.
        let value = value.to_str().unwrap();
        let value = if name == "set-cookie" { value.split_once('=').map_or(value, |(name, _)| name) } else { value };
        (name.to_string(), value.to_owned())
    });
    (page.status.as_u16(), body, headers.collect())
}

/// Rows read, rows written, commits, hashes.
pub fn costs(app: &TestApp) -> [u64; 4] {
    let counts = app.app.store.counts();
    [counts.read, counts.written, counts.commits, app.app.hasher.count()]
}

pub async fn priced(app: &TestApp, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> (Page, [u64; 4]) {
    let before = costs(app);
    let page = browser.post(path, fields).await;
    let after = costs(app);
    (page, std::array::from_fn(|at| after[at] - before[at]))
}

#[tokio::test]
async fn q21_an_office_that_exists_and_one_that_does_not_answer_alike_to_the_byte_through_to_the_lock() {
    let app = TestApp::new();
    app.office(USER).await;
    // The very first entry of the audit log finds none before it.
    app.browser().log_in("KJ131319999999", "wrong").await;
    let mut heard = Vec::new();
    for user_id in [USER, NOBODY] {
        let mut browser = app.browser();
        let mut answers = Vec::new();
        for (password, status) in [("wrong-1", 422), ("wrong-2", 422), ("wrong-3", 429), (PASSWORD, 429)] {
            browser.get("/login").await;
            let (page, cost) = priced(&app, &mut browser, "/login", &[("user_id", user_id), ("password", password)]).await;
            assert_eq!(page.status.as_u16(), status, "{user_id}");
            answers.push((bare(&page, &browser, &[user_id]), cost));
        }
        heard.push(answers);
    }
    assert_eq!(heard[0], heard[1]);
}

#[tokio::test]
async fn q21_a_member_of_staff_who_exists_and_one_who_does_not_answer_alike_to_the_byte_through_to_the_lock() {
    let app = TestApp::new();
    enrol(&app, "佐藤 花子", Role::Admin, Scope::All).await;
    enrol(&app, "退職 一郎", Role::Admin, Scope::All).await;
    let house = &app.app;
    let gone = Command::Disable { name: "退職 一郎".into() };
    uketsuke::staff::administer(&house.store, &house.config, house.moment(), gone).await.unwrap();
    let mut heard = Vec::new();
    for name in ["佐藤 花子", "名無 権兵衛", "退職 一郎"] {
        let mut browser = app.browser();
        let mut answers = Vec::new();
        for (password, status) in [("wrong-1", 422), ("wrong-2", 422), ("wrong-3", 429), (STAFF_PASSWORD, 429)] {
            browser.get("/staff/login").await;
            let (page, cost) = priced(&app, &mut browser, "/staff/login", &[("name", name), ("password", password)]).await;
            assert_eq!(page.status.as_u16(), status, "{name}");
            answers.push((bare(&page, &browser, &[name]), cost));
        }
        heard.push(answers);
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0], heard[2], "a member who has left");
}

#[tokio::test]
async fn q21_on_the_progress_page_a_wrong_address_and_a_number_never_given_answer_alike_to_the_byte() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    // The first number is the example that the page itself names.
    app.applied(key, Some(CONTACT)).await;
    let number = app.applied(key, Some(CONTACT)).await.number.to_string();
    let by_telephone = app.applied(key, None).await.number.to_string();
    let mut heard = Vec::new();
    for (number, contact) in [
        (number.as_str(), "other@example.jp"),
        ("U202601999999", "other@example.jp"),
        (by_telephone.as_str(), "other@example.jp"),
        ("U202601999999", CONTACT),
    ] {
        let mut browser = app.browser();
        browser.get("/status").await;
        let fields = [("control_number", number), ("contact", contact)];
        let (page, cost) = priced(&app, &mut browser, "/status", &fields).await;
        heard.push((bare(&page, &browser, &[number, contact]), cost));
    }
    assert_eq!(heard[0].0.0, 422);
    for other in &heard[1..] {
        assert_eq!(other, &heard[0]);
    }
}

#[tokio::test]
async fn q21_enrolment_links_that_are_unknown_used_over_or_begun_elsewhere_answer_alike_to_the_byte() {
    let app = TestApp::new();
    let used = invite(&app, "佐藤", Role::Clerk, Scope::All).await;
    crate::support::staff::enrol_by(&app, &mut app.browser(), &used).await;
    let begun = invite(&app, "鈴木", Role::Clerk, Scope::All).await;
    let mut own = app.browser();
    own.open(&begun).await;
    own.post("/staff/enrol", &[("new_password", STAFF_PASSWORD), ("new_password_again", STAFF_PASSWORD)]).await;
    let replaced = path_of_link(&app, Command::ResetAuthenticator { name: "佐藤".into() }).await;
    path_of_link(&app, Command::ResetAuthenticator { name: "佐藤".into() }).await;
    let unknown = format!("/staff/enrol?token={}", "A".repeat(43));
    let mut heard = Vec::new();
    for link in [&unknown, &used, &begun, &replaced] {
        for path in ["/staff/enrol", "/staff/enrol/app", "/staff/enrol/done"] {
            let mut browser = app.browser();
            browser.get("/login").await;
            assert_eq!(browser.get(link).await.location(), Some("/staff/enrol"));
            let page = browser.get(path).await;
            heard.push(bare(&page, &browser, &[]));
        }
    }
    assert_eq!(heard[0].0, 404);
    for other in &heard[1..] {
        assert_eq!(other, &heard[0]);
    }
}

#[tokio::test]
async fn an_application_tells_nothing_of_the_office_before_the_address_is_proven() {
    let app = TestApp::new();
    let with = app.in_ledger(7, NUMBER).await;
    app.with_account(with, &["notice@example.jp", "security@example.jp"]).await;
    app.in_ledger(7, "0722222222").await;
    let mut heard = Vec::new();
    for number in [NUMBER, "0722222222"] {
        let mut browser = app.browser();
        let page = browser.apply(number, CONTACT).await;
        assert_eq!(page.location(), Some("/reissue/code"));
        let page = browser.get("/reissue/code").await;
        assert!(
            !page.says("請求事業所A") && !page.body.contains("notice@") && !page.body.contains("security@"),
            "{}",
            page.text()
        );
        heard.push(bare(&page, &browser, &[number]));
        for later in ["/reissue/check", "/reissue/done"] {
            assert_eq!(browser.get(later).await.location(), Some("/reissue/code"));
        }
        app.take_mails().await;
    }
    assert_eq!(heard[0], heard[1], "an office with an account and one that never had any");
}

#[tokio::test]
async fn q22_whoever_applies_for_an_office_does_not_shut_it_out_of_its_account() {
    let app = TestApp::new();
    let user = app.office(USER).await;
    let office = user.office();
    for n in 0..9 {
        app.applied(office, Some(&format!("stranger{n}@example.jp"))).await;
    }
    let told = app.take_mails().await;
    assert!(told.iter().any(|mail| mail.to == "security-1@example.jp"), "the office hears of it");
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
    // Not even a letter on its way does; only who holds the paper ends the old password.
    app.letter(user).await;
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
}

#[tokio::test]
async fn q22_a_stranger_who_burns_codes_and_look_ups_disturbs_nobody_elsewhere() {
    let mut app = TestApp::with(|config| config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]);
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let from = |address: &str| {
        let mut browser = app.browser();
        browser.headers.push(("X-Forwarded-For".to_owned(), address.to_owned()));
        browser
    };
    let mut own = from("203.0.113.9");
    assert_eq!(own.apply(NUMBER, CONTACT).await.location(), Some("/reissue/code"));
    let code = app.code().await;
    // The stranger asks for the same office, an address of their own, guesses, and looks up numbers until they are stopped.
    let mut stranger = from("198.51.100.1");
    stranger.apply(NUMBER, "stranger@example.jp").await;
    stranger.get("/reissue/code").await;
    for n in 0..6 {
        stranger.post("/reissue/code", &[("code", &format!("{n:04}"))]).await;
    }
    let number = app.applied(key, Some(CONTACT)).await.number.to_string();
    let mut stopped = false;
    for _ in 0..40 {
        stranger.get("/status").await;
        let page = stranger.post("/status", &[("control_number", &number), ("contact", "guess@example.jp")]).await;
        stopped |= page.says("しばらく確認できません");
    }
    assert!(stopped, "guessing ends");
    own.get("/reissue/code").await;
    assert_eq!(own.post("/reissue/code", &[("code", &code)]).await.location(), Some("/reissue/check"));
    own.get("/status").await;
    let page = own.post("/status", &[("control_number", &number), ("contact", CONTACT)]).await;
    assert_eq!(page.location(), Some("/status/application"), "{}", page.text());
}

/// The client's address of the last login that was tried.
async fn counted_as(app: &TestApp, lines: &[(&str, &str)]) -> String {
    let mut browser = app.browser();
    browser.get("/login").await;
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
    headers.extend(lines);
    let body = format!("_csrf={}&user_id={USER}&password=wrong", browser.csrf());
    assert_eq!(browser.raw(Method::POST, "/login", &headers, Body::from(body)).await.status, 422);
    let user = UserId::parse(USER).unwrap().to_string();
    let entries = app.app.store.read(|r| audit::about(r, &user, 1)).unwrap();
    entries[0].details["client"].clone()
}

#[tokio::test]
async fn q23_only_a_trusted_proxy_says_the_address_and_its_nearest_stranger_counts() {
    const XFF: &str = "X-Forwarded-For";
    let forged =
        [(XFF, "203.0.113.9"), ("X-Real-IP", "203.0.113.9"), ("Forwarded", "for=203.0.113.9"), ("X-Client-IP", "203.0.113.9")];
    let direct = TestApp::new();
    assert_eq!(counted_as(&direct, &forged).await, "127.0.0.1", "nobody is trusted");
    let elsewhere = TestApp::with(|config| config.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()]);
    assert_eq!(counted_as(&elsewhere, &forged).await, "127.0.0.1", "this peer is not trusted");

    let trusted = ["127.0.0.1/32", "10.0.0.0/8", "2001:db8:ffff::/48"];
    let huge = format!("{}203.0.113.9", "198.51.100.1, ".repeat(20_000));
    let table: Vec<(Vec<(&str, &str)>, &str)> = vec![
        (vec![], "127.0.0.1"),
        (vec![(XFF, "203.0.113.9")], "203.0.113.9"),
        (vec![(XFF, "198.51.100.1, 203.0.113.9")], "203.0.113.9"),
        (vec![(XFF, "198.51.100.1, 203.0.113.9, 10.1.2.3")], "203.0.113.9"),
        (vec![(XFF, "198.51.100.1,203.0.113.9 ,  2001:db8:ffff::1")], "203.0.113.9"),
        (vec![(XFF, "198.51.100.1"), (XFF, "203.0.113.9")], "203.0.113.9"),
        (vec![(XFF, "203.0.113.9"), (XFF, "10.1.2.3")], "203.0.113.9"),
        (vec![(XFF, "10.1.2.3")], "10.1.2.3"),
        (vec![(XFF, "2001:db8::9")], "2001:db8::9"),
        (vec![(XFF, "::ffff:203.0.113.9")], "203.0.113.9"),
        (vec![(XFF, "garbage, 203.0.113.9")], "203.0.113.9"),
        // Whatever cannot be read is no address, and nothing to its left counts.
        (vec![(XFF, "203.0.113.9, garbage")], "127.0.0.1"),
        (vec![(XFF, "203.0.113.9,")], "127.0.0.1"),
        (vec![(XFF, "203.0.113.9, 10.1.2.3, unknown, 10.1.2.4")], "10.1.2.4"),
        (vec![(XFF, "203.0.113.9:4711")], "127.0.0.1"),
        (vec![(XFF, "")], "127.0.0.1"),
        (vec![("X-Real-IP", "203.0.113.9"), ("Forwarded", "for=203.0.113.9")], "127.0.0.1"),
        (vec![(XFF, &huge)], "203.0.113.9"),
    ];
    let app = TestApp::with(|config| {
        config.server.trusted_proxies = trusted.iter().map(|net| net.parse().unwrap()).collect();
        config.lockout.unknown_device_per_hour = 1_000;
    });
    for (lines, expected) in &table {
        assert_eq!(counted_as(&app, lines).await, *expected, "{}", format!("{lines:?}").chars().take(120).collect::<String>());
    }
}

#[tokio::test]
async fn q23_a_forged_address_evades_no_limit_of_its_network() {
    let limited = |proxies: &'static [&str]| {
        TestApp::with(move |config| {
            config.limits.login_tries_per_network_5min = 10;
            config.server.trusted_proxies = proxies.iter().map(|net| net.parse().unwrap()).collect();
        })
    };
    let tries = async |app: &TestApp, address: fn(u8) -> String| {
        let mut answers = Vec::new();
        for n in 0..12 {
            let mut browser = app.browser();
            browser.headers.push(("X-Forwarded-For".to_owned(), address(n)));
            answers.push(browser.log_in(NOBODY, "wrong").await.status.as_u16());
        }
        answers
    };
    let forged = |n: u8| format!("203.0.{n}.9");
    let stopped = [[422; 10].as_slice(), &[429; 2]].concat();
    assert_eq!(tries(&limited(&[]), forged).await, stopped, "untrusted: one network, whatever it claims");
    let behind = |n: u8| format!("203.0.{n}.9, 198.51.100.7");
    assert_eq!(tries(&limited(&["127.0.0.1/32"]), behind).await, stopped, "what stands left of the nearest stranger is forged");
    assert_eq!(tries(&limited(&["127.0.0.1/32"]), forged).await, vec![422; 12], "really different networks");
}

#[tokio::test]
async fn q22_a_flood_from_one_network_does_not_stop_logins_from_another() {
    let app = TestApp::with(|config| {
        config.limits.login_tries_per_network_5min = 10;
        config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    });
    app.office(USER).await;
    let from = |address: &str| {
        let mut browser = app.browser();
        browser.headers.push(("X-Forwarded-For".to_owned(), address.to_owned()));
        browser
    };
    for _ in 0..15 {
        from("198.51.100.1").log_in(USER, "wrong").await;
    }
    assert_eq!(from("198.51.100.2").log_in(USER, PASSWORD).await.status, 429, "the same /24");
    assert_eq!(from("203.0.113.9").log_in(USER, PASSWORD).await.location(), Some("/office"));
    app.advance(SignedDuration::from_mins(5));
    assert_eq!(from("198.51.100.2").log_in(USER, PASSWORD).await.location(), Some("/office"));
}
