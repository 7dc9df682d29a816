//! Bad input in a reset: what does not fit, steps out of order, codes and proofs that are not this browser's, two clicks and two browsers.

use jiff::SignedDuration;

use crate::reset::{M7, REGISTERED, SECOND, ask, change, code, prove};
use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::office::{NEW_PASSWORD, PASSWORD, TEMPORARY, USER};
use crate::support::refusal::{MISSING, Sample};
use crate::support::reissue::{NUMBER, wrong};

#[tokio::test]
async fn q34_a_step_out_of_order_leads_to_where_the_flow_stands() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    let steps = ["/reset/prefecture", "/reset/code", "/reset/password", "/reset/done"];
    let posts = ["/reset/prefecture", "/reset/code", "/reset/code/resend", "/reset/password"];
    let lead = async |browser: &mut Browser, to: &str, here: &[&str]| {
        browser.get("/login").await;
        for path in steps.iter().filter(|path| !here.contains(path)) {
            assert_eq!(browser.get(path).await.location(), Some(to), "GET {path}");
        }
        for path in posts.iter().filter(|path| !here.contains(path)) {
            let page = browser.post(path, &[("code", "123456"), ("new_password", NEW_PASSWORD)]).await;
            assert_eq!(page.location(), Some(to), "POST {path}");
        }
    };
    let before = app.app.store.counts().written;
    lead(&mut browser, "/reset", &[]).await;
    assert_eq!(app.app.store.counts().written, before);
    ask(&mut browser, NUMBER, REGISTERED).await;
    lead(&mut browser, "/reset/code", &["/reset/code", "/reset/code/resend"]).await;
    prove(&app, &mut browser, NUMBER, REGISTERED).await;
    lead(&mut browser, "/reset/password", &["/reset/password"]).await;
    browser.get("/reset/password").await;
    change(&mut browser, NEW_PASSWORD).await;
    lead(&mut browser, "/reset/done", &["/reset/done"]).await;
    app.take_mails().await;
}

#[tokio::test]
async fn the_first_screen_names_what_is_wrong_and_keeps_what_was_typed() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    let form =
        Sample { shown_at: "/reset", sent_to: "/reset", good: &[("number", NUMBER), ("address", REGISTERED)], secret: &[] };
    let (long, two) = ("1".repeat(50_000), format!("{REGISTERED}, {SECOND}"));
    let cases = [
        ("number", "", "事業所番号を入力してください。"),
        ("number", MISSING, "事業所番号を入力してください。"),
        ("number", "131111111", "10桁で入力してください"),
        ("number", &long, "10桁で入力してください"),
        ("number", "9911111111", "先頭2桁"),
        ("number", "13I1111111", "使えない文字"),
        ("address", "", "セキュリティ用メールアドレスを入力してください。"),
        ("address", MISSING, "セキュリティ用メールアドレスを入力してください。"),
        ("address", "security-1", "メールアドレス"),
        ("address", &two, "メールアドレス"),
        ("address", "a@例え.jp\u{0}", "メールアドレス"),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    assert_eq!(form.goes_through(&mut browser).await.location(), Some("/reset/code"));
    let page = browser.get("/reset").await;
    assert_eq!(page.value("number").as_deref(), Some(NUMBER), "[戻る] from R3 shows it again");
    assert_eq!(page.value("address").as_deref(), Some(REGISTERED));
    let left = browser.post("/reset", &[("back", "1"), ("number", "13"), ("address", "x@")]).await;
    assert_eq!(left.location(), Some("/lost?way=registered"));
    assert_eq!(browser.get("/reset").await.value("address").as_deref(), Some("x@"), "[戻る] of R1 keeps it too");
    for (typed, sentence) in [("13111111", "10桁"), ("1311111112", "番号をお確かめください"), ("", ""), (NUMBER, "")]
    {
        let page = browser.post("/reset/number", &[("number", typed)]).await;
        assert!(page.body.contains(sentence) && page.body.is_empty() == sentence.is_empty(), "{typed}: {}", page.body);
    }
    app.take_mails().await;
}

#[tokio::test]
async fn q13_q16_at_reset_five_wrong_entries_or_thirty_minutes_end_a_code() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    ask(&mut browser, NUMBER, REGISTERED).await;
    let right = code(&app).await;
    browser.get("/reset/code").await;
    for typed in ["", "12345", "abcdef"] {
        assert_eq!(browser.post("/reset/code", &[("code", typed)]).await.status, 422, "no try");
    }
    for left in [4, 3, 2, 1] {
        let page = browser.post("/reset/code", &[("code", &wrong(&right))]).await;
        assert!(page.says(&format!("あと{left}回入力できます")), "{}", page.text());
    }
    let ended = browser.post("/reset/code", &[("code", &wrong(&right))]).await;
    assert!(ended.says("もう一度ログイン情報再設定認証を行ってください"), "{}", ended.text());
    assert_eq!(browser.post("/reset/code", &[("code", &right)]).await.status, 422, "the sixth, though right");

    ask(&mut browser, NUMBER, REGISTERED).await;
    let late = code(&app).await;
    app.advance(SignedDuration::from_mins(30));
    browser.get("/reset/code").await;
    let page = browser.post("/reset/code", &[("code", &late)]).await;
    assert!(page.status == 422 && page.says("有効期間（30分）が過ぎました"), "{}", page.text());
    assert_eq!(browser.post("/reset/code/resend", &[]).await.location(), Some("/reset/code"));
    let new = code(&app).await;
    assert_eq!(browser.post("/reset/code", &[("code", &new)]).await.location(), Some("/reset/password"));
    assert_eq!(browser.post("/reset/code", &[("code", &new)]).await.location(), Some("/reset/password"), "a used code leads on");
}

#[tokio::test]
async fn q15_a_code_of_one_browser_is_good_in_no_other_nor_is_its_proof() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mut one, mut other) = (app.browser(), app.browser());
    ask(&mut one, NUMBER, REGISTERED).await;
    let code_of_one = code(&app).await;
    ask(&mut other, NUMBER, SECOND).await;
    let code_of_other = code(&app).await;
    assert_ne!(code_of_one, code_of_other, "the seed of the tests gives two codes");
    other.get("/reset/code").await;
    assert_eq!(other.post("/reset/code", &[("code", &code_of_one)]).await.status, 422);
    one.get("/reset/code").await;
    assert_eq!(one.post("/reset/code", &[("code", &code_of_one)]).await.location(), Some("/reset/password"));
    other.get("/reset/code").await;
    assert_eq!(other.get("/reset/password").await.location(), Some("/reset/code"));
    // With the flow's cookie alone nobody goes on with it either.
    let mut thief = app.browser();
    thief.get("/login").await;
    thief.cookies.insert("flow".to_owned(), one.cookies["flow"].clone());
    assert_eq!(thief.get("/reset/password").await.location(), Some("/reset"));
    assert_eq!(change(&mut thief, NEW_PASSWORD).await.location(), Some("/reset"));
}

#[tokio::test]
async fn the_proof_lives_for_thirty_minutes() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    prove(&app, &mut browser, NUMBER, REGISTERED).await;
    app.advance(SignedDuration::from_mins(29));
    assert_eq!(browser.get("/reset/password").await.status, 200);
    // Back to R1 and on again needs no second code, and makes the proof no younger.
    assert_eq!(ask(&mut browser, NUMBER, REGISTERED).await.location(), Some("/reset/password"));
    browser.get("/reset/password").await;
    app.advance(SignedDuration::from_mins(2));
    assert_eq!(change(&mut browser, NEW_PASSWORD).await.location(), Some("/reset"));
    let page = browser.get("/reset").await;
    assert!(page.says("30分が過ぎたため") && page.value("number").as_deref() == Some(NUMBER), "{}", page.text());
    assert_eq!(ask(&mut browser, NUMBER, REGISTERED).await.location(), Some("/reset/code"));
    app.take_mails().await;
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
}

#[tokio::test]
async fn q1_the_new_password_is_judged_and_what_does_not_fit_is_named() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    app.letter(user_id).await;
    let mut browser = app.browser();
    prove(&app, &mut browser, NUMBER, REGISTERED).await;
    let form = Sample {
        shown_at: "/reset/password",
        sent_to: "/reset/password",
        good: &[("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)],
        secret: &["new_password", "new_password_again"],
    };
    let cases = [
        ("new_password", "", "パスワード"),
        ("new_password", MISSING, "パスワード"),
        ("new_password", "mV8#trc", "8"),
        ("new_password", "mV8#trcw2KqmV8#trc", "16"),
        ("new_password", "mV8\"trcw2Kq", "「&quot;」は使えません"),
        ("new_password", " mV8#trcw2Kq", "空白は使えません"),
        ("new_password_again", "", "新しいパスワード(確認用)を入力してください。"),
        ("new_password_again", "mV8#trcw2Kq ", "同じものを入力してください"),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    for password in [USER, PASSWORD, TEMPORARY, "password1", "Kaigo12345"] {
        browser.get("/reset/password").await;
        let page = change(&mut browser, password).await;
        assert_eq!(page.status, 422, "{password}");
        assert!(!page.body.contains(&format!("value=\"{password}\"")) || password == USER, "{password}");
    }
    assert_eq!(form.goes_through(&mut browser).await.location(), Some("/reset/done"));
    app.take_mails().await;
}

#[tokio::test]
async fn two_clicks_at_once_are_one_reset() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    prove(&app, &mut browser, NUMBER, REGISTERED).await;
    let clicks = (0..2).map(|_| {
        let mut browser = browser.clone();
        async move {
            let led = change(&mut browser, NEW_PASSWORD).await.location().map(str::to_owned);
            (led, browser.cookies.remove("device"))
        }
    });
    let both = futures_util::future::join_all(clicks).await;
    assert!(both.iter().all(|(led, _)| led.as_deref() == Some("/reset/done")), "{both:?}");
    assert!(both[0].1.is_some() && both[0].1 == both[1].1, "whichever answer comes last, the account knows the device: {both:?}");
    assert_eq!(app.take_mails().await.iter().filter(|mail| mail.subject == M7).count(), 3);
}

#[tokio::test]
async fn of_two_browsers_in_a_reset_of_one_office_the_first_wins_and_the_second_is_told() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mut first, mut second) = (app.browser(), app.browser());
    prove(&app, &mut first, NUMBER, REGISTERED).await;
    prove(&app, &mut second, NUMBER, SECOND).await;
    assert_eq!(change(&mut first, NEW_PASSWORD).await.location(), Some("/reset/done"));
    let told = change(&mut second, "Another-9-pass").await;
    assert_eq!(told.status, 409);
    assert!(told.says("別の画面で再設定が完了している"), "{}", told.text());
    assert_eq!(app.browser().log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
    assert_eq!(app.browser().log_in(USER, "Another-9-pass").await.status, 422);
    // And begins again.
    assert_eq!(ask(&mut second, NUMBER, SECOND).await.location(), Some("/reset/code"));
    app.take_mails().await;
}

#[tokio::test]
async fn q22_after_two_clicks_the_browser_is_the_device_that_the_account_knows() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    prove(&app, &mut browser, NUMBER, REGISTERED).await;
    let (mut second, mut lost) = (browser.clone(), browser.clone());
    change(&mut browser, NEW_PASSWORD).await;
    // The answer to the second click is the one that the browser keeps, or that to none.
    assert_eq!(change(&mut second, NEW_PASSWORD).await.location(), Some("/reset/done"));
    second.get("/reset/done").await;
    lost.get("/reset/done").await;
    assert_eq!((&second.cookies["device"], &lost.cookies["device"]), (&browser.cookies["device"], &browser.cookies["device"]));
    for _ in 0..30 {
        app.browser().log_in(USER, "wrong-password-1").await;
    }
    assert_eq!(second.log_in(USER, NEW_PASSWORD).await.location(), Some("/office"));
    app.take_mails().await;
}

#[tokio::test]
async fn q22_a_code_that_is_spent_costs_no_commit_however_often_it_is_typed() {
    let app = TestApp::new();
    let mut browser = app.browser();
    ask(&mut browser, NUMBER, REGISTERED).await;
    browser.get("/reset/code").await;
    for _ in 0..5 {
        browser.post("/reset/code", &[("code", "000000")]).await;
    }
    let before = app.app.store.counts();
    for _ in 0..9 {
        assert!(browser.post("/reset/code", &[("code", "000000")]).await.says("もう一度ログイン情報再設定認証を行ってください"));
    }
    let after = app.app.store.counts();
    assert_eq!((after.commits, after.written), (before.commits, before.written));
    app.take_mails().await;
}

#[tokio::test]
async fn q22_a_network_sends_so_many_forms_and_more_cost_no_commit() {
    let app = TestApp::with(|config| {
        config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        config.limits.login_tries_per_network_5min = 10;
    });
    app.office(USER).await;
    let mut browser = app.browser();
    browser.get("/reset").await;
    for n in 0..20 {
        let typed = format!("13{n}");
        let page = browser.post("/reset", &[("back", "1"), ("number", &typed), ("address", "")]).await;
        assert_eq!(page.location(), Some("/lost?way=registered"), "{n}");
    }
    let before = app.app.store.counts();
    for path in ["/reset", "/reset/prefecture", "/reset/code", "/reset/code/resend", "/reset/password"] {
        let page = browser.post(path, &[("back", "1"), ("number", "13"), ("code", "000000")]).await;
        assert_eq!((page.status.as_u16(), page.title().as_str()), (429, "ログイン情報再設定認証"), "{path}");
        assert!(page.headers.contains_key("retry-after") && page.says("お手続きが混み合っています"), "{}", page.text());
    }
    for path in ["/login/device", "/login/device/code", "/login/device/code/resend"] {
        let page = browser.post(path, &[("back", "1"), ("user_id", "KJ"), ("code", "000000")]).await;
        assert_eq!((page.status.as_u16(), page.title().as_str()), (429, "端末の確認"), "{path}");
    }
    let after = app.app.store.counts();
    assert_eq!((after.commits, after.written), (before.commits, before.written));
    let mut neighbour = app.browser();
    neighbour.headers.push(("X-Forwarded-For".to_owned(), "203.0.113.9".to_owned()));
    prove(&app, &mut neighbour, NUMBER, REGISTERED).await;
    app.advance(SignedDuration::from_mins(5));
    assert_eq!(ask(&mut browser, NUMBER, SECOND).await.location(), Some("/reset/code"));
    app.take_mails().await;
}
