//! A6: the applicant's progress page and 取下げ.

use jiff::SignedDuration;
use jiff::civil::date;
use uketsuke::reissue::{Application, Inquiry, InquiryReason, Move, Printing, State};

use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::reissue::{CONTACT, NUMBER, clerk, code_in, wrong};

const M2: &str = "ワンタイムパスワード発行通知(介護保険)";

async fn applied(app: &TestApp) -> Application {
    let key = app.in_ledger(13, NUMBER).await;
    let one = app.applied(key, Some(CONTACT)).await;
    app.take_mails().await;
    one
}

async fn look(browser: &mut Browser, number: &str, contact: &str) -> Page {
    browser.get("/status").await;
    browser.submit("/status", &[("control_number", number), ("contact", contact)]).await
}

#[tokio::test]
async fn progress_shows_state_and_dates_and_what_is_wanted() {
    let app = TestApp::new();
    let one = applied(&app).await;
    app.mark(one.number, Move::Take, clerk(1)).await.unwrap();
    app.advance(SignedDuration::from_hours(2));
    let inquiry =
        Inquiry { reason: InquiryReason::Envelope, text: "切手を貼ってください。".into(), until: date(2026, 1, 31) };
    app.mark(one.number, Move::Inquire(inquiry), clerk(1)).await.unwrap();
    app.take_mails().await;
    let page = look(&mut app.browser(), "Ｕ202601-000001", " JIGYOUSHO@example.jp ").await;
    assert_eq!(page.title(), "申請状況の確認");
    for part in [
        "U202601000001",
        "照会中",
        "受付済",
        "2026/01/20 10:00",
        "2026/01/20 12:00",
        "返信用封筒のご送付のお願い",
        "2026年1月31日まで",
        "切手を貼ってください。",
        "0000-13-0000",
    ] {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    assert!(!page.says("職員1") && !page.says("請求事業所A"), "names of staff and of the office stay inside");
}

#[tokio::test]
async fn a_pair_that_does_not_match_and_one_that_does_not_exist_look_alike() {
    let app = TestApp::new();
    applied(&app).await;
    let mut browser = app.browser();
    let mut bodies = Vec::new();
    for (number, contact) in
        [("U202601000001", "other@example.jp"), ("U202601000002", "other@example.jp"), ("Ux", "other@example.jp")]
    {
        let page = look(&mut browser, number, contact).await;
        assert_eq!(page.status, 422);
        assert!(page.says("一致する申請がありません"));
        assert_eq!(browser.get("/status/application").await.location(), Some("/status"));
        bodies.push(page.body.replace(&format!("value=\"{number}\""), "value=\"typed\""));
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[1], bodies[2]);
}

#[tokio::test]
async fn misses_are_limited_by_network_and_hits_are_not() {
    let app = TestApp::with(|config| config.limits.codes_per_network_hour = 3);
    applied(&app).await;
    let mut browser = app.browser();
    for _ in 0..5 {
        assert_eq!(look(&mut browser, "U202601000001", CONTACT).await.status, 200);
    }
    for _ in 0..3 {
        assert!(look(&mut browser, "U202601000009", CONTACT).await.says("一致する申請がありません"));
    }
    let closed = look(&mut browser, "U202601000001", CONTACT).await;
    assert!(closed.status == 422 && closed.says("11時00分以降"), "{}", closed.text());
    app.advance(SignedDuration::from_secs(3601));
    assert_eq!(look(&mut browser, "U202601000001", CONTACT).await.status, 200);
}

#[tokio::test]
async fn the_applicant_withdraws_with_a_code_to_the_contact_address() {
    let app = TestApp::new();
    let one = applied(&app).await;
    let mut browser = app.browser();
    assert!(look(&mut browser, &one.number.to_string(), CONTACT).await.says("この申請を取り下げる"));
    browser.get("/status/withdraw").await;
    let page = browser.submit("/status/withdraw", &[]).await;
    assert_eq!(page.title(), "ワンタイムパスワード入力");
    let mail = app.mail(M2).await;
    assert_eq!(mail.to, CONTACT);
    let code = code_in(&mail, 6);
    let refused = browser.post("/status/withdraw/code", &[("code", &wrong(&code))]).await;
    assert!(refused.says("ワンタイムパスワードが違います"), "{}", refused.text());
    assert_eq!(app.application(one.number).state, State::Received);
    let done = browser.submit("/status/withdraw/code", &[("code", &code)]).await;
    assert!(done.title() == "処理終了" && done.says("申請を取り下げました") && done.says("取下げ"), "{}", done.text());
    assert_eq!(app.application(one.number).state, State::Withdrawn);
    assert_eq!(browser.get("/status/withdraw/code").await.location(), Some("/status/application"));
}

#[tokio::test]
async fn q34_nobody_withdraws_without_having_looked_it_up() {
    let app = TestApp::new();
    applied(&app).await;
    for path in ["/status/application", "/status/withdraw"] {
        assert_eq!(app.browser().get(path).await.location(), Some("/status"), "{path}");
    }
    for path in ["/status/withdraw", "/status/withdraw/code", "/status/withdraw/resend"] {
        let mut browser = app.browser();
        browser.get("/status").await;
        assert!(browser.post(path, &[("code", "000000")]).await.location().is_some_and(|to| to.starts_with("/status")), "{path}");
    }
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn after_printing_the_applicant_cannot_withdraw_even_with_a_code_asked_for_before() {
    let app = TestApp::new();
    let one = applied(&app).await;
    let mut browser = app.browser();
    look(&mut browser, &one.number.to_string(), CONTACT).await;
    browser.get("/status/withdraw").await;
    browser.submit("/status/withdraw", &[]).await;
    let code = code_in(&app.mail(M2).await, 6);
    app.mark(one.number, Move::Take, clerk(1)).await.unwrap();
    app.mark(one.number, Move::Approve { two_person: false }, clerk(1)).await.unwrap();
    let printing = Printing { letter: "1-1".into(), valid_until: "2026-02-19T14:59:59Z".parse().unwrap() };
    app.mark(one.number, Move::Print(printing), clerk(1)).await.unwrap();
    let page = browser.submit("/status/withdraw/code", &[("code", &code)]).await;
    assert!(page.says("印刷済") && page.says("取り下げできません"), "{}", page.text());
    assert_eq!(app.application(one.number).state, State::Printed);
    app.take_mails().await;
}

#[tokio::test]
async fn the_page_forgets_after_half_an_hour() {
    let app = TestApp::new();
    let one = applied(&app).await;
    let mut browser = app.browser();
    look(&mut browser, &one.number.to_string(), CONTACT).await;
    app.advance(SignedDuration::from_mins(31));
    assert_eq!(browser.get("/status/application").await.location(), Some("/status"));
}
