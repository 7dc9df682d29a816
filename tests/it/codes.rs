//! Codes by mail (spec 2, "Passwords and codes" and "Mail limits"), on the screen A3.

use jiff::SignedDuration;

use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::reissue::{CONTACT, NUMBER, code_in, wrong};

const M1: &str = "確認コード発行通知(介護保険)";

async fn waiting(app: &TestApp) -> (Browser, String) {
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    browser.apply(NUMBER, CONTACT).await;
    let code = app.code().await;
    browser.get("/reissue/code").await;
    (browser, code)
}

fn secs(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

#[tokio::test]
async fn q12_a_code_is_good_once() {
    let app = TestApp::new();
    let (mut browser, code) = waiting(&app).await;
    let mut twin = browser.clone();
    assert_eq!(browser.post("/reissue/code", &[("code", &code)]).await.location(), Some("/reissue/check"));
    // The flow has gone on: the same entry again leads to its screen and proves nothing anew.
    assert_eq!(twin.post("/reissue/code", &[("code", &code)]).await.location(), Some("/reissue/check"));
    // Another flow of the same browser asks for another code; the old one is of no use there.
    browser.apply(NUMBER, "other@example.jp").await;
    let new = app.code().await;
    assert_ne!(new, code, "the seed of the tests gives two codes");
    assert_eq!(browser.post("/reissue/code", &[("code", &code)]).await.status, 422);
}

#[tokio::test]
async fn q13_a_code_dies_at_30_minutes() {
    for (seconds, status) in [(29 * 60 + 59, 303), (30 * 60 + 1, 422)] {
        let app = TestApp::new();
        let (mut browser, code) = waiting(&app).await;
        app.advance(secs(seconds));
        let page = browser.post("/reissue/code", &[("code", &code)]).await;
        assert_eq!(page.status, status, "{seconds}");
        if status == 422 {
            assert!(page.says("有効期間（30分）が過ぎました"), "{}", page.text());
        }
    }
}

#[tokio::test]
async fn q15_a_code_is_bound_to_its_browser() {
    let app = TestApp::new();
    let (mut first, first_code) = waiting(&app).await;
    let (mut second, second_code) = waiting(&app).await;
    assert_ne!(first_code, second_code, "the seed of the tests gives two codes");
    assert_eq!(first.post("/reissue/code", &[("code", &second_code)]).await.status, 422);
    assert_eq!(second.post("/reissue/code", &[("code", &first_code)]).await.status, 422);
    assert_eq!(first.post("/reissue/code", &[("code", &first_code)]).await.status, 303);
    assert_eq!(second.post("/reissue/code", &[("code", &second_code)]).await.status, 303);
}

#[tokio::test]
async fn q15_a_newer_code_kills_the_older_and_says_so() {
    let app = TestApp::new();
    let (mut browser, old) = waiting(&app).await;
    app.advance(secs(60));
    let sent = browser.submit("/reissue/code/resend", &[]).await;
    assert!(sent.says("新しい確認コードを10:01に送信しました"), "{}", sent.text());
    let new = app.code().await;
    assert_ne!(old, new);
    let page = browser.post("/reissue/code", &[("code", &old)]).await;
    assert!(page.says("再送する前の古い確認コード") && page.says("あと4回"), "{}", page.text());
    assert_eq!(browser.post("/reissue/code", &[("code", &new)]).await.status, 303);
}

#[tokio::test]
async fn q16_sixth_try_fails_though_right_and_the_flow_starts_again() {
    let app = TestApp::new();
    let (mut browser, code) = waiting(&app).await;
    for left in [4, 3, 2, 1] {
        let page = browser.post("/reissue/code", &[("code", &wrong(&code))]).await;
        assert_eq!(page.status, 422);
        assert!(page.says(&format!("あと{left}回入力できます")), "{}", page.text());
    }
    let ended = browser.post("/reissue/code", &[("code", &wrong(&code))]).await;
    assert!(ended.says("5回誤って入力されたため") && ended.says("もう一度ログイン情報再発行申請"), "{}", ended.text());
    assert_eq!(browser.post("/reissue/code", &[("code", &code)]).await.status, 422, "the sixth, though right");
    app.advance(secs(120));
    browser.get("/reissue").await;
    browser.post("/reissue/code/resend", &[]).await;
    assert!(app.take_mails().await.is_empty(), "再送 does not give tries back");
    assert_eq!(browser.apply(NUMBER, CONTACT).await.location(), Some("/reissue/code"));
    let again = app.code().await;
    assert_eq!(browser.post("/reissue/code", &[("code", &again)]).await.status, 303);
}

#[tokio::test]
async fn q16_tries_in_parallel_are_counted_one_by_one() {
    let app = TestApp::new();
    let (browser, code) = waiting(&app).await;
    let wrong = wrong(&code);
    let tries = (0..20).map(|_| {
        let (mut browser, wrong) = (browser.clone(), wrong.clone());
        async move { browser.post("/reissue/code", &[("code", &wrong)]).await.says("あと") }
    });
    let counted = futures_util::future::join_all(tries).await.into_iter().filter(|counted| *counted).count();
    assert!(counted <= 4, "{counted}: four at most are told how many are left; the fifth ends it");
    assert_eq!(browser.clone().post("/reissue/code", &[("code", &code)]).await.status, 422);
}

#[tokio::test]
async fn what_is_no_code_costs_no_try() {
    let app = TestApp::new();
    let (mut browser, code) = waiting(&app).await;
    for (typed, sentence) in [("", "確認コードを入力してください"), ("123", "4桁の数字で入力してください"), ("abcd", "4桁の数字")]
    {
        for _ in 0..3 {
            let page = browser.post("/reissue/code", &[("code", typed)]).await;
            assert!(page.status == 422 && page.says(sentence), "{typed}: {}", page.text());
        }
    }
    assert_eq!(browser.post("/reissue/code", &[("code", &code)]).await.status, 303);
}

#[tokio::test]
async fn q17_resend_waits_60_seconds() {
    let app = TestApp::new();
    let (mut browser, _) = waiting(&app).await;
    app.advance(secs(59));
    let page = browser.post("/reissue/code/resend", &[]).await;
    assert!(page.status == 422 && page.says("10:01:00以降に再送できます"), "{}", page.text());
    assert!(app.take_mails().await.is_empty());
    app.advance(secs(1));
    assert_eq!(browser.post("/reissue/code/resend", &[]).await.location(), Some("/reissue/code"));
    assert_eq!(app.take_mails().await.len(), 1);
}

#[tokio::test]
async fn q17_five_codes_an_hour_and_ten_a_day_for_one_pair() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        let mut this_hour = 0;
        for _ in 0..7 {
            let mut browser = app.browser();
            let page = browser.apply(NUMBER, CONTACT).await;
            if page.status == 422 {
                assert!(page.says("確認コードの送信回数が上限に達しました") && page.says("以降に"), "{}", page.text());
            }
            this_hour += app.take_mails().await.len();
        }
        sent.push(this_hour);
        app.advance(secs(3601));
    }
    assert_eq!(sent, [5, 5, 0]);
    // Another office's mails to the same mailbox still leave: a head office serves many offices.
    app.in_ledger(13, "1311111129").await;
    assert_eq!(app.browser().apply("1311111129", CONTACT).await.location(), Some("/reissue/code"));
    app.advance(secs(24 * 3600));
    assert_eq!(app.browser().apply(NUMBER, CONTACT).await.location(), Some("/reissue/code"));
    assert_eq!(app.take_mails().await.iter().filter(|mail| mail.subject == M1).count(), 1, "the expired one is not sent");
}

#[tokio::test]
async fn q17_thirty_codes_an_hour_from_one_network_and_limits_come_from_the_configuration() {
    let app = TestApp::with(|config| {
        config.limits.codes_per_network_hour = 3;
        config.limits.codes_per_address_hour = 2;
    });
    app.in_ledger(13, NUMBER).await;
    let mut status = Vec::new();
    for contact in ["a@example.jp", "b@example.jp", "c@example.jp", "d@example.jp"] {
        status.push(app.browser().apply(NUMBER, contact).await.status.as_u16());
    }
    assert_eq!(status, [303, 303, 303, 422]);
    app.advance(secs(3601));
    app.in_ledger(13, "1311111129").await;
    app.in_ledger(13, "1311111137").await;
    let mut status = Vec::new();
    for number in [NUMBER, "1311111129", "1311111137"] {
        status.push(app.browser().apply(number, "a@example.jp").await.status.as_u16());
    }
    assert_eq!(status, [303, 303, 422], "two an hour to one address");
    app.take_mails().await;
}

#[tokio::test]
async fn q43_a_delayed_mail_carries_the_same_code_and_none_leaves_after_30_minutes() {
    use uketsuke::mail::transport::SendError;
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    app.transport.fail_with(Some(SendError::Temporary { reason: "451".into() }));
    browser.apply(NUMBER, CONTACT).await;
    assert!(app.take_mails().await.is_empty());
    assert!(browser.get("/reissue/code").await.says("まだ送信できていません。自動で送り直しています"));
    app.transport.fail_with(None);
    app.advance(secs(31));
    let code = code_in(&app.mail(M1).await, 4);
    assert!(browser.get("/reissue/code").await.says("10:00に、メールサーバーがこのメールを受け取りました"));
    assert_eq!(browser.post("/reissue/code", &[("code", &code)]).await.status, 303);

    let mut late = app.browser();
    app.transport.fail_with(Some(SendError::Temporary { reason: "451".into() }));
    late.apply(NUMBER, "late@example.jp").await;
    app.run_jobs().await;
    app.transport.fail_with(None);
    app.advance(secs(1801));
    assert!(app.take_mails().await.is_empty(), "a code that has ended is not sent");
}

#[tokio::test]
async fn a_refused_address_is_told_on_the_screen() {
    use uketsuke::mail::transport::SendError;
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    app.transport.fail_with(Some(SendError::Permanent { reason: "550".into() }));
    browser.apply(NUMBER, CONTACT).await;
    app.run_jobs().await;
    let line = browser.get("/reissue/code/delivery").await;
    assert!(line.says("受け付けませんでした"), "{}", line.text());
}
