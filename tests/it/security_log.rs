//! The log: every line of a request carries the operation id of its page, text or JSON, at any level, and nothing a visitor sends
//! becomes a line of its own (quality bar 48). And the audit log of what staff do (quality bar 45).

use poem::Body;
use poem::http::Method;
use uketsuke::audit::{self, Actor, Entry};
use uketsuke::config::{LogFormat, LogLevel};
use uketsuke::kernel::{Id, Prefecture};
use uketsuke::mail::transport::SendError;
use uketsuke::reissue::State;
use uketsuke::staff::Role;

use crate::security_headers::with_broken_rows;
use crate::support::browser::Page;
use crate::support::lines::Lines;
use crate::support::reissue::{CONTACT, NUMBER};
use crate::support::world::World;
use crate::support::{TestApp, staff};

const FORMATS: [LogFormat; 2] = [LogFormat::Text, LogFormat::Json];
const LEVELS: [LogLevel; 4] = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug];

/// The operation id that an error page shows.
fn operation_id(page: &Page) -> String {
    let at = page.body.find("operation-id\">").unwrap_or_else(|| panic!("{}", page.text())) + "operation-id\">".len();
    page.body[at..].chars().take_while(|c| *c != '<').collect()
}

/// Every line is one of ours: it begins with its time, or is an object.
fn check_form(lines: &[String], format: LogFormat) {
    for line in lines {
        match format {
            LogFormat::Text => assert!(line.starts_with("20") && line.contains('T'), "{line}"),
            LogFormat::Json => assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}"),
        }
        assert!(!line.contains('\u{1b}') && !line.contains('\r'), "{line}");
    }
}

fn check_operation(lines: &[String], format: LogFormat, op: &str) {
    for line in lines {
        match format {
            LogFormat::Text => assert!(line.contains(&format!("op={op}")), "{line}"),
            LogFormat::Json => {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!(line["span"]["op"], op, "{line}");
            }
        }
    }
}

#[tokio::test]
async fn q48_an_unexpected_error_shows_an_operation_id_and_a_telephone_number_and_no_details() {
    for format in FORMATS {
        for level in LEVELS {
            let lines = Lines::catch(format, level);
            let app = TestApp::new();
            let mut browser = with_broken_rows(&app);
            for path in ["/broken/panic", "/broken/failure", "/staff/broken"] {
                lines.take();
                let page = browser.get(path).await;
                assert_eq!((page.status.as_u16(), page.title().as_str()), (500, "システムエラー"));
                assert!(page.says("0000-00-0000"), "whom to call: {}", page.text());
                for detail in ["details", "panic", ".rs", "failure of", "handler"] {
                    assert!(!page.body.contains(detail), "{path}: {detail}");
                }
                let (op, told) = (operation_id(&page), lines.take());
                assert!(page.says(&op) && op.len() == 10, "{op}");
                assert!(!told.is_empty(), "{path}: a failure is logged at every level");
                check_form(&told, format);
                check_operation(&told, format, &op);
                let whole = told.join("\n");
                assert!(whole.contains("request failed"), "{whole}");
                let cause = if path == "/broken/panic" { "security_headers.rs" } else { "the details of a failure" };
                assert!(whole.contains(cause), "whoever is called finds the cause by it: {whole}");
            }
        }
    }
}

#[tokio::test]
async fn every_line_of_a_request_carries_the_operation_id_of_its_page() {
    for format in FORMATS {
        let app = TestApp::new();
        let mut browser = with_broken_rows(&app);
        browser.get("/login").await;
        let lines = Lines::catch(format, LogLevel::Debug);
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let large = Body::from("x".repeat(100_000));
        let pages = [
            browser.get("/nowhere").await,
            browser.get("/broken/busy").await,
            browser.raw(Method::POST, "/login", &[kind], Body::from("_csrf=x")).await,
            browser.raw(Method::POST, "/login", &[("content-type", "text/plain")], Body::from("x")).await,
            browser.raw(Method::POST, "/login", &[kind], large).await,
        ];
        let told = lines.take();
        check_form(&told, format);
        for page in pages {
            let op = operation_id(&page);
            let own: Vec<String> = told.iter().filter(|line| line.contains(&op)).cloned().collect();
            assert_eq!(own.len(), 2, "why it was refused, and that it was answered: {told:#?}");
            check_operation(&own, format, &op);
        }
        assert_eq!(told.len(), 10, "{told:#?}");
        browser.get("/").await;
        let told = lines.take();
        assert!(told.len() == 1 && told[0].contains("answered") && told[0].contains("200"), "{told:?}");
    }
}

#[tokio::test]
async fn q48_nothing_that_is_sent_becomes_a_line_of_the_log() {
    for format in FORMATS {
        let mut app = TestApp::new();
        app.may_leave_mails = true;
        let lines = Lines::catch(format, LogLevel::Debug);
        let forged = "2026-01-20T01:00:00Z ERROR forged";
        let hostile = [
            format!("KJ131311111111\n{forged}"),
            format!("KJ13\r\n{forged}\r\n"),
            format!("\u{2028}{forged}\u{85}{forged}"),
            format!("\u{1b}[2K{forged}"),
            format!("\"}}\n{{\"level\":\"ERROR\",\"message\":\"{forged}\"}}"),
        ];
        let mut browser = app.browser();
        for text in &hostile {
            browser.log_in(text, text).await;
            browser.open("/staff/login").await;
            browser.post("/staff/login", &[("name", text), ("password", text)]).await;
            browser.apply(text, text).await;
            browser.get("/status").await;
            browser.post("/status", &[("control_number", text), ("contact", text)]).await;
            let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            browser.get(&format!("/staff/applications/{encoded}?q={encoded}")).await;
            browser.get(&format!("/{}?token={encoded}", encoded.replace('+', "%20"))).await;
        }
        app.transport.fail_with(Some(SendError::Permanent { reason: format!("550 no\n{forged} {CONTACT}") }));
        let key = app.in_ledger(7, NUMBER).await;
        app.in_state(key, State::Received).await;
        app.run_jobs().await;
        let told = lines.take();
        assert!(told.len() > hostile.len() * 9, "{}", told.len());
        check_form(&told, format);
        for line in told.iter().filter(|line| line.contains("forged")) {
            let place = line.find("forged").unwrap();
            assert!(!line.starts_with(forged) && place > 40, "{line}");
        }
        let whole = told.join("\n");
        assert!(whole.contains("mail failed") && !whole.contains(CONTACT), "{whole}");
        assert!(!whole.contains("token="), "queries are left out");
    }
}

fn entries(app: &TestApp, about: Option<&str>) -> Vec<Entry> {
    let read = |r: &_| match about {
        Some(subject) => audit::about(r, subject, 500),
        None => audit::in_prefecture(r, Prefecture::new(7).unwrap(), None, 500),
    };
    app.app.store.read(read).unwrap()
}

/// Where a form goes, its fields, what the log calls it, and what it is about.
type Change<'a> = (String, Vec<(&'a str, &'a str)>, &'static str, &'a str);

#[tokio::test]
async fn q45_whatever_staff_change_is_in_the_audit_log_with_when_where_who_and_what() {
    let world = World::new().await;
    let app = &world.app;
    let mut browser = staff(app, "鈴木 管理", Role::Admin, 7).await;
    let things = &world.at07;
    let one = things.application.number.to_string();
    let word = crate::support::desk::shown(&things.application);
    let letter = things.letter.to_string();
    let (office, batch) = (things.only_here.number.to_string(), &things.batch);
    let token = Id::from_bytes([5; 16]).to_string();
    let (one, office, letter) = (one.as_str(), office.as_str(), letter.as_str());
    let changes: Vec<Change<'_>> = vec![
        (format!("/staff/ledger/{office}/postal-code"), vec![("postal_code", "100-0009")], "ledger.postal_code", office),
        (
            format!("/staff/ledger/{}/disable-password", things.office.number),
            vec![("reason", "漏えい")],
            "account.disable_password",
            "",
        ),
        (format!("/staff/applications/{one}/mails/{}", things.mail), vec![], "mail.send_again", one),
        (format!("/staff/applications/{one}/decision"), vec![("move", "approve"), ("shown", &word)], "reissue.approve", one),
        (
            "/staff/applications/new".to_owned(),
            vec![("office", office), ("channel", "post"), ("note", "本人確認済")],
            "reissue.receive",
            office,
        ),
        (format!("/staff/letters/batches/{batch}/pdf"), vec![], "letter.deliver", ""),
        (
            "/staff/letters/posting".to_owned(),
            vec![("numbers", &things.letter_number), ("on", "2026/01/20")],
            "letter.post",
            letter,
        ),
        (format!("/staff/letters/{letter}/return"), vec![("note", "宛先不明")], "letter.return", letter),
        (format!("/staff/letters/{letter}/reprint"), vec![("token", &token), ("reason", "返戻")], "letter.print", letter),
    ];
    for (path, fields, action, subject) in changes {
        app.advance(jiff::SignedDuration::from_secs(60));
        let known = entries(app, None).len();
        browser.open("/staff").await;
        let page = browser.post(&path, &fields).await;
        assert!(page.status.is_success() || page.status.is_redirection(), "{path}: {}", page.text());
        let at = app.clock.now();
        app.run_jobs().await;
        let all = entries(app, None);
        let new: Vec<&Entry> = all[..all.len() - known].iter().filter(|entry| entry.action == action).collect();
        assert_eq!(new.len(), 1, "{action}: {all:?}");
        let entry = new[0];
        assert_eq!(entry.at, at, "{action}: when");
        assert!(matches!(&entry.actor, Actor::Staff { name, .. } if name == "鈴木 管理"), "{action}: who: {:?}", entry.actor);
        assert_eq!(entry.details.get("client").map(String::as_str), Some("127.0.0.1"), "{action}: where");
        assert!(entry.subjects.iter().any(|one| one.contains(subject)), "{action}: what: {:?}", entry.subjects);
        assert_eq!(entry.outcome, "done");
    }
}

#[tokio::test]
async fn q45_a_session_of_staff_is_in_the_audit_log_from_login_to_logout() {
    use crate::support::staff::{enrol, log_in};
    let app = TestApp::new();
    let member = enrol(&app, "全国 太郎", Role::Admin, uketsuke::staff::Scope::All).await;
    let mut browser = app.browser();
    log_in(&app, &mut browser, &member).await;
    browser.open("/staff").await;
    browser.submit("/staff/federation", &[("prefecture", "13")]).await;
    browser.submit("/staff/logout", &[]).await;
    let tokyo = app.app.store.read(|r| audit::in_prefecture(r, Prefecture::new(13).unwrap(), None, 9)).unwrap();
    assert_eq!(tokyo[0].action, "staff.choose_federation", "the federation whose desk was taken may read it");
    let Actor::Staff { id, .. } = &tokyo[0].actor else { panic!("{tokyo:?}") };
    let own = entries(&app, Some(&id.to_string()));
    let heard: Vec<(&str, &str)> = own.iter().rev().map(|entry| (entry.action.as_str(), entry.outcome.as_str())).collect();
    let expected = [
        ("staff.add", "done"),
        ("staff.enrol", "done"),
        ("staff.login", "password_right"),
        ("staff.login", "done"),
        ("staff.choose_federation", "done"),
        ("staff.logout", "done"),
    ];
    assert_eq!(heard, expected);
    for entry in own.iter().filter(|entry| entry.action != "staff.add") {
        assert_eq!(entry.details.get("client").map(String::as_str), Some("127.0.0.1"), "{}", entry.action);
    }
}
