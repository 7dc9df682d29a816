//! A megabyte pasted into a field by mistake: it is told beside the field, nothing of what was typed is lost, and the memory for it is
//! bounded.

use poem::http::Method;
use poem::{Body, Endpoint as _};
use uketsuke::kernel::UserId;
use uketsuke::letters::Offices;
use uketsuke::reissue::State;
use uketsuke::staff::Role;
use uketsuke::web::{DEFAULT_LIMIT, LARGE_AT_ONCE, SMALL};

use crate::letters_print::{issue, letter_of, offices, print_all};
use crate::support::browser::{Browser, FORM};
use crate::support::desk::{action, path, shown};
use crate::support::office::{NEW_PASSWORD, PASSWORD, TEMPORARY, USER};
use crate::support::refusal::{OF_PAGE, Sample};
use crate::support::reissue::{CONTACT, NUMBER};
use crate::support::{TestApp, staff};

/// A megabyte of Japanese: three in the body of a form.
fn megabyte() -> String {
    "あ".repeat(1024 * 1024 / 3 + 1)
}

async fn refuses(form: &Sample<'_>, app: &TestApp, browser: &mut Browser, fields: &[&str]) {
    let megabyte = megabyte();
    for field in fields {
        form.refuses(app, browser, &[(field, &megabyte, "")]).await;
    }
}

#[tokio::test]
async fn a_megabyte_is_told_beside_every_field_that_visitors_type_into() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    let apply = Sample {
        shown_at: "/reissue",
        sent_to: "/reissue",
        good: &[("number", NUMBER), ("contact", CONTACT), ("contact_again", CONTACT)],
        secret: &[],
    };
    refuses(&apply, &app, &mut browser, &["number", "contact", "contact_again"]).await;
    browser.apply(NUMBER, CONTACT).await;
    app.take_mails().await;
    let page = Sample { shown_at: "/reissue/code", sent_to: "/reissue/code", good: &[("code", "")], secret: &["code"] };
    let page = page.send(&mut browser, "code", &megabyte()).await;
    assert!(page.status == 422 && !page.body.contains("あああああ"), "a code is never shown again: {}", page.status);
    let name = Sample {
        shown_at: "/staff/login",
        sent_to: "/staff/login",
        good: &[("name", "山田"), ("password", "x")],
        secret: &["password"],
    };
    refuses(&name, &app, &mut browser, &["name"]).await;
    // These two are answered as any that is wrong: that it was tried is written down.
    browser.get("/status").await;
    let page = browser.post("/status", &[("control_number", &megabyte()), ("contact", CONTACT)]).await;
    assert!(
        page.status == 422 && page.body.contains("control_number-error") && page.body.contains(&megabyte()),
        "{}",
        page.status
    );
    browser.get("/login").await;
    let page = browser.post("/login", &[("user_id", &megabyte()), ("password", PASSWORD)]).await;
    assert!(page.status == 422 && page.body.contains("user_id-error") && page.body.contains(&megabyte()), "{}", page.status);
}

#[tokio::test]
async fn a_megabyte_of_password_is_refused_and_never_shown_again() {
    let app = TestApp::new();
    let user_id: UserId = app.office(USER).await;
    app.letter(user_id).await;
    let mut browser = app.browser();
    browser.get("/login").await;
    let page = browser.post("/login", &[("user_id", USER), ("password", &megabyte())]).await;
    assert!(page.status == 422 && page.body.len() < 100_000, "{} {}", page.status, page.body.len());
    browser.log_in(USER, TEMPORARY).await;
    browser.open("/first-login").await;
    browser.submit("/first-login/warning", &[]).await;
    let form = Sample {
        shown_at: "/first-login/password",
        sent_to: "/first-login/password",
        good: &[("current_password", TEMPORARY), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)],
        secret: &["current_password", "new_password", "new_password_again"],
    };
    refuses(&form, &app, &mut browser, &["current_password", "new_password", "new_password_again"]).await;
    app.take_mails().await;
}

#[tokio::test]
async fn a_megabyte_is_told_beside_every_field_of_the_desk() {
    let app = TestApp::new();
    let key = app.office(&format!("KJ07{NUMBER}")).await.office();
    let one = app.in_state(key, State::UnderReview).await;
    app.take_mails().await;
    let mut clerk = staff(&app, "承認", Role::Approver, 7).await;
    let new = format!("/staff/applications/new?q={NUMBER}");
    let slip = Sample {
        shown_at: &new,
        sent_to: "/staff/applications/new",
        good: &[
            ("office", OF_PAGE),
            ("form", OF_PAGE),
            ("channel", "telephone"),
            ("name", "請求事業所A"),
            ("telephone", "03-0000-0000"),
            ("contact", CONTACT),
            ("contact_again", CONTACT),
            ("note", "施設長の佐藤様"),
        ],
        secret: &[],
    };
    refuses(&slip, &app, &mut clerk, &["name", "telephone", "contact", "contact_again", "note"]).await;
    let (here, word) = (path(one.number), shown(&one));
    let (inquire, reject) = (action(one.number, "inquire"), action(one.number, "reject"));
    let good = [
        ("move", "inquire"),
        ("shown", &word),
        ("inquire_reason", "other"),
        ("inquire_text", "お電話ください"),
        ("inquire_until", "2026-01-30"),
    ];
    let form = Sample { shown_at: &here, sent_to: &inquire, good: &good, secret: &[] };
    refuses(&form, &app, &mut clerk, &["inquire_text", "inquire_until"]).await;
    let good = [("move", "reject"), ("shown", word.as_str()), ("reject_reason", "ledger"), ("reject_sentence", "一致しません。")];
    refuses(&Sample { sent_to: &reject, good: &good, ..form }, &app, &mut clerk, &["reject_sentence"]).await;
    let good = [("move", "withdraw"), ("shown", word.as_str()), ("withdraw_note", "申し出による")];
    refuses(&Sample { good: &good, ..form }, &app, &mut clerk, &["withdraw_note"]).await;
    assert_eq!(app.application(one.number), one);
    let here = format!("/staff/ledger/{NUMBER}");
    let postal = format!("{here}/postal-code");
    let form = Sample { shown_at: &here, sent_to: &postal, good: &[("postal_code", "960-8031")], secret: &[] };
    refuses(&form, &app, &mut clerk, &["postal_code"]).await;
    let disable = format!("{here}/disable-password");
    let form = Sample { shown_at: &here, sent_to: &disable, good: &[("reason", "漏えい")], secret: &[] };
    refuses(&form, &app, &mut clerk, &["reason"]).await;
}

#[tokio::test]
async fn a_megabyte_is_told_beside_every_field_about_letters() {
    let app = TestApp::new();
    let key = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let number = print_all(&app, &mut clerk).await.remove(0).number;
    let one = format!("/staff/letters/{}", letter_of(&app, key).id);
    let (reprinting, returning) = (format!("{one}/reprint"), format!("{one}/return"));
    let form = Sample { shown_at: &one, sent_to: &reprinting, good: &[("token", OF_PAGE), ("reason", "汚れ")], secret: &[] };
    refuses(&form, &app, &mut clerk, &["reason"]).await;
    let form = Sample { shown_at: &one, sent_to: &returning, good: &[("note", "宛先不明")], secret: &[] };
    refuses(&form, &app, &mut clerk, &["note"]).await;
    let form = Sample {
        shown_at: "/staff/letters/posting",
        sent_to: "/staff/letters/posting",
        good: &[("numbers", &number), ("on", "2026/01/20")],
        secret: &[],
    };
    refuses(&form, &app, &mut clerk, &["numbers", "on"]).await;
    let lines = "x\n".repeat(500_000);
    let page = form.send(&mut clerk, "numbers", &lines).await;
    assert!(page.status == 422 && page.says("500通までです") && page.body.contains(&lines), "{}", page.status);
}

/// A form of `bytes` that begins as ours do.
fn body(browser: &Browser, bytes: usize) -> Vec<u8> {
    let head = format!("_csrf={}&number=", browser.csrf());
    format!("{head}{}", "1".repeat(bytes - head.len())).into_bytes()
}

#[tokio::test]
async fn a_form_beyond_every_limit_gets_a_page_that_says_to_go_back() {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.get("/reissue").await;
    let whole = body(&browser, DEFAULT_LIMIT);
    assert_eq!(browser.post_raw("/reissue", FORM, whole).await.status, 422);
    let over = body(&browser, DEFAULT_LIMIT + 1);
    let page = browser.post_raw("/reissue", FORM, over).await;
    assert_eq!(page.status, 413);
    assert!(page.says("前の画面に戻ると、入力した内容が残っています"), "{}", page.text());
}

#[tokio::test]
async fn whoever_has_no_form_of_ours_gets_no_memory_for_a_large_one() {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.get("/reissue").await;
    let number = format!("&number={}", "1".repeat(SMALL));
    for head in ["", "_csrf=", "_csrf=1.x", "_csrf=x.y.z", "number=1"] {
        let page = browser.post_raw("/reissue", FORM, format!("{head}{number}").into_bytes()).await;
        assert_eq!(page.status, 403, "{head}");
    }
    // The token stands in front in every form of ours; behind a megabyte it is looked for by nobody.
    let page =
        browser.post_raw("/reissue", FORM, format!("number={}&_csrf={}", "1".repeat(SMALL), browser.csrf()).into_bytes()).await;
    assert_eq!(page.status, 403);
    let whole = body(&browser, SMALL + 1);
    assert_eq!(browser.post_raw("/reissue", FORM, whole).await.status, 422);
}

#[tokio::test]
async fn only_so_many_large_forms_are_in_memory_until_their_answers_are_taken() {
    let app = TestApp::new();
    let endpoint = app.app.endpoint();
    let mut browser = app.browser();
    browser.get("/reissue").await;
    let mut other = browser.clone();
    let ask = |bytes: usize| {
        let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = poem::Request::builder().method(Method::POST).uri_str("/reissue").content_type(FORM);
        request.header("cookie", cookies.join("; ")).header("origin", "http://localhost:8080").body(body(&browser, bytes))
    };
    // Nobody reads these answers yet.
    let mut held = Vec::new();
    for _ in 0..LARGE_AT_ONCE {
        let answer = endpoint.get_response(ask(1024 * 1024)).await;
        assert_eq!(answer.status(), 422);
        held.push(answer);
    }
    assert_eq!(endpoint.get_response(ask(1024 * 1024)).await.status(), 413, "there is no more room");
    assert_eq!(endpoint.get_response(ask(SMALL)).await.status(), 422, "everybody else goes on");
    // One is read to its end, another given up.
    let page = held.pop().unwrap().into_body().into_string().await.unwrap();
    assert!(page.ends_with("</html>") && page.contains(&"1".repeat(1_000_000)), "the page is whole");
    drop(held.pop());
    held.push(endpoint.get_response(ask(1024 * 1024)).await);
    held.push(endpoint.get_response(ask(1024 * 1024)).await);
    assert!(held.iter().all(|answer| answer.status() == 422));
    assert_eq!(endpoint.get_response(ask(1024 * 1024)).await.status(), 413);
    // A form that breaks off gives its place back as well.
    held.clear();
    for _ in 0..LARGE_AT_ONCE + 1 {
        let broken = futures_util::stream::iter([Ok(body(&browser, SMALL * 2)), Err(std::io::Error::other("gone"))]);
        let page = other.raw(Method::POST, "/reissue", &[("content-type", FORM)], Body::from_bytes_stream(broken)).await;
        assert_eq!(page.status, 400);
    }
    assert_eq!(endpoint.get_response(ask(1024 * 1024)).await.status(), 422);
}
