//! What somebody types is text and stays text: on pages, in mails, on paper.

use uketsuke::kernel::UserId;
use uketsuke::ledger;
use uketsuke::reissue::State;
use uketsuke::routes::rows;
use uketsuke::staff::Role;

use crate::letters_print::print_all;
use crate::security_matrix::take_token;
use crate::support::browser::Page;
use crate::support::desk::path;
use crate::support::reissue::{CONTACT, NUMBER};
use crate::support::world::World;
use crate::support::{TestApp, staff};

/// Ends an attribute, an element and a script, and begins an element that no page of ours has.
const HOSTILE: &str = "\"'></textarea></title></script><xss onload=alert(1)>&#60;xss>{{7*7}}";

fn check(page: &Page, what: &str) {
    assert!(!page.body.contains("<xss") && !page.body.contains("onload=alert(1)>"), "{what}: {}", page.body);
    // Nobody works off jobs in a test, which /readyz is there to tell.
    assert!(!page.status.is_server_error() || what.starts_with("/readyz"), "{what}: {}", page.status);
    for value in page.headers.values() {
        assert!(!value.to_str().unwrap_or_default().contains("xss"), "{what}: {value:?}");
    }
}

/// The names of all fields of a page.
fn fields(page: &Page) -> Vec<String> {
    let mut names: Vec<String> =
        page.body.split(" name=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect();
    names.retain(|name| name != "_csrf");
    names.sort();
    names.dedup();
    names
}

#[tokio::test]
async fn what_is_typed_into_any_field_or_address_is_shown_as_text() {
    let world = World::new().await;
    let typed: String = form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect();
    for mut person in world.people().await {
        let own = world.of(person.at);
        let mut names: Vec<String> =
            ["q", "done", "list", "state", "notice", "way", "shown", "move", "since", "was"].map(str::to_owned).to_vec();
        for row in rows().iter().filter(|row| row.method == "GET" && row.path != "/assets/*path") {
            let path = own.path(row.path);
            let page = person.browser.open(&path).await;
            names.extend(fields(&page));
            // An address has an end: each name once.
            names.sort();
            names.dedup();
            let query: String = names.iter().map(|name| format!("{name}={typed}&")).collect();
            let page = person.browser.open(&format!("{path}?{query}")).await;
            check(&page, &format!("{path} for {}", person.name));
        }
        assert!(names.len() > 10, "{names:?}");
        let sent: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), HOSTILE)).collect();
        let mut posts = rows();
        posts.retain(|row| row.method == "POST" && !row.path.ends_with("/logout"));
        for row in posts {
            let path = own.path(row.path);
            take_token(&mut person.browser, &path).await;
            let page = person.browser.submit(&path, &sent).await;
            check(&page, &format!("POST {path} for {}", person.name));
        }
    }
}

#[tokio::test]
async fn what_the_ledger_and_clerks_have_written_is_shown_printed_and_mailed_as_text() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let name = "#panic(1) $x$ *b* `r` <xss> \\ @a //c".to_owned();
    let mut entry = ledger::Entry::new(key, &name);
    entry.address = "#include \"/etc/passwd\" <xss>".to_owned();
    entry.building = "#read(\"/etc/hostname\")".to_owned();
    entry.kana = "<xss>".to_owned();
    entry.corporation = HOSTILE.to_owned();
    entry.postal_code = "100-0001".to_owned();
    app.write(move |tx| ledger::put(tx, &entry)).await;
    let one = app.in_state(key, State::UnderReview).await;
    let mut browser = staff(&app, "承認<xss>", Role::Admin, 7).await;
    let typed = [("inquire_reason", "other"), ("inquire_text", HOSTILE), ("inquire_until", "2026-01-30")];
    assert_eq!(browser.make(&one, "inquire", &typed).await.status.as_u16(), 303);
    let one = app.application(one.number);
    assert_eq!(browser.make(&one, "resume", &[]).await.status.as_u16(), 303);
    let one = app.application(one.number);
    assert_eq!(browser.make(&one, "approve", &[]).await.status.as_u16(), 303);
    let mails = app.take_mails().await;
    assert!(mails.iter().any(|mail| mail.body.contains("<xss onload=alert(1)>")), "mails are plain text");

    let printed = print_all(&app, &mut browser).await.remove(0);
    let on_paper = printed.text.replace([' ', '\n'], "");
    for part in ["#panic(1)", "$x$", "*b*", "#include\"/etc/passwd\"", "#read("] {
        assert!(on_paper.contains(part), "{part}: {}", printed.text);
    }
    assert!(!printed.text.contains("root:"), "{}", printed.text);
    assert_eq!(printed.user_id, UserId::of(key).to_string());

    let mut applicant = app.browser();
    applicant.get("/status").await;
    let seen = applicant.submit("/status", &[("control_number", &one.number.to_string()), ("contact", CONTACT)]).await;
    assert!(seen.says("上記") || seen.says("これまでの経過"), "{}", seen.text());
    check(&seen, "the progress page");
    for path in [
        path(one.number),
        format!("/staff/ledger/{NUMBER}"),
        "/staff/ledger".to_owned(),
        "/staff/letters?list=printed".to_owned(),
        "/staff/applications?state=all".to_owned(),
        "/staff".to_owned(),
    ] {
        check(&browser.open(&path).await, &path);
    }
    // The office itself, with the name of the ledger in the head of its pages.
    let mut office = app.browser();
    assert_eq!(office.log_in(&printed.user_id, &printed.password).await.location(), Some("/first-login"));
    for path in ["/first-login/warning", "/first-login"] {
        let page = office.open(path).await;
        assert!(page.says("#panic(1) $x$ *b*"), "{}", page.text());
        check(&page, path);
    }
}

/// Quality bar 39, the whole way: a line break in a name or an address reaches no header of a mail.
#[tokio::test]
async fn q39_a_line_break_in_an_offices_name_or_a_contact_address_makes_no_header() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let mut entry = ledger::Entry::new(key, "悪意\r\nBcc: dare@example.jp\r\n\r\n本文");
    entry.address = "住所\nSubject: x".to_owned();
    app.write(move |tx| ledger::put(tx, &entry)).await;
    for contact in
        ["a@example.jp\r\nBcc: dare@example.jp", "a@example.jp\nb@example.jp", "a@example.jp, b@example.jp", "甲 <a@example.jp>"]
    {
        let page = app.browser().apply(NUMBER, contact).await;
        assert_eq!(page.status.as_u16(), 422, "{contact:?}");
    }
    app.with_account(key, &["notice@example.jp", "security@example.jp"]).await;
    app.applied(key, Some(CONTACT)).await;
    let mails = app.take_mails().await;
    assert!(mails.len() >= 3, "{mails:?}");
    for mail in mails {
        for header in [&mail.subject, &mail.from, &mail.to, &mail.message_id] {
            assert!(!header.contains(['\r', '\n']) && !header.contains("dare@"), "{mail:?}");
        }
    }
}
