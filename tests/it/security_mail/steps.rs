//! The steps of an addition, a change and a deletion: their order, their codes, the password, their end.

use super::*;

#[tokio::test]
async fn q34_steps_out_of_order_lead_to_the_one_that_is_due() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    for path in SCREENS {
        assert_eq!(browser.get(path).await.location(), Some(LIST), "cold: {path}");
    }
    browser.get(LIST).await;
    for path in [EDIT, OTP, CODE] {
        assert_eq!(browser.post(path, &[("code", "000000")]).await.location(), Some(LIST), "cold: POST {path}");
    }
    browser.begin("add", "").await;
    for path in [OTP, CODE, DONE] {
        assert_eq!(browser.get(path).await.location(), Some(EDIT), "typing: {path}");
    }
    browser.type_address(NEW).await;
    for path in [CODE, DONE] {
        assert_eq!(browser.get(path).await.location(), Some(OTP), "asked: {path}");
        browser.get(OTP).await;
    }
    assert_eq!(browser.post(CODE, &[("code", "0000")]).await.location(), Some(OTP));
    assert_eq!(browser.post(&format!("{CODE}/resend"), &[]).await.location(), Some(OTP));
    assert_eq!(browser.get(&format!("{CODE}/delivery")).await.status.as_u16(), 404);
    let (_, otp) = app.otp().await;
    browser.enter(OTP, &otp).await;
    assert_eq!(browser.get(OTP).await.location(), Some(CODE));
    let (_, code) = app.confirmation().await;
    browser.enter(CODE, &code).await;
    for path in [EDIT, OTP, CODE] {
        assert_eq!(browser.get(path).await.location(), Some(DONE), "done: {path}");
    }
    app.take_mails().await;
}

#[tokio::test]
async fn going_back_keeps_what_was_typed_and_the_code_that_is_on_its_way() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    browser.begin("add", "").await;
    browser.get(EDIT).await;
    let half = [("address", "half@exa"), ("address_again", "other"), ("back", "list")];
    assert_eq!(browser.post(EDIT, &half).await.location(), Some(LIST));
    browser.begin("add", "").await;
    let page = browser.get(EDIT).await;
    assert_eq!((page.value("address"), page.value("address_again")), (Some("half@exa".into()), Some("other".into())));
    browser.type_address(NEW).await;
    let (_, otp) = app.otp().await;
    assert_eq!(browser.get(EDIT).await.value("address").as_deref(), Some(NEW));
    assert_eq!(browser.type_address(NEW).await.location(), Some(OTP));
    assert!(app.take_mails().await.is_empty(), "nothing changed: the code still works");
    assert_eq!(browser.enter(OTP, &otp).await.location(), Some(CODE));
    app.confirmation().await;
    // Another address is another question.
    assert_eq!(browser.type_address("third@example.jp").await.location(), Some(OTP));
    let (_, otp) = app.otp().await;
    browser.enter(OTP, &otp).await;
    let (to, code) = app.confirmation().await;
    assert_eq!(to, "third@example.jp");
    assert_eq!(browser.enter(CODE, &code).await.location(), Some(DONE));
    assert_eq!(app.names(), ["a", "b", "third"]);
    app.take_mails().await;
}

#[tokio::test]
async fn q16_five_wrong_codes_end_the_flow_and_the_list_says_so() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    adding(&mut browser, NEW).await;
    let (_, otp) = app.otp().await;
    for left in [4, 3, 2, 1] {
        let page = browser.enter(OTP, &wrong(&otp)).await;
        assert!(page.status.as_u16() == 422 && page.says(&format!("あと{left}回入力できます。")), "{}", page.text());
    }
    let page = browser.enter(OTP, &wrong(&otp)).await;
    assert!(page.status.as_u16() == 422 && page.says("コードの誤りが続いたため、操作を中止しました。"), "{}", page.text());
    assert_eq!(page.title(), "セキュリティ用メールアドレス一覧");
    assert_eq!(browser.enter(OTP, &otp).await.location(), Some(LIST), "the right one comes too late");
    proving(&app, &mut browser, NEW).await;
    let (_, code) = app.confirmation().await;
    for _ in 0..5 {
        browser.enter(CODE, &wrong(&code)).await;
    }
    assert_eq!(browser.enter(CODE, &code).await.location(), Some(LIST));
    assert_eq!(app.names(), ["a", "b"]);
}

#[tokio::test]
async fn what_looks_like_no_code_costs_no_try_and_an_old_or_late_one_is_named() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    adding(&mut browser, NEW).await;
    let (_, otp) = app.otp().await;
    for typed in ["", "12345", "1234567", "12345a", "あ"] {
        let page = browser.enter(OTP, typed).await;
        assert!(page.status.as_u16() == 422 && page.says("ワンタイムパスワード"), "{typed}");
        assert!(!page.says("回入力できます"), "{typed} costs no try: {}", page.text());
    }
    let page = browser.post(&format!("{OTP}/resend"), &[]).await;
    assert!(page.status.as_u16() == 422 && page.says("以降に再送できます"), "{}", page.text());
    app.advance(SignedDuration::from_mins(2));
    assert_eq!(browser.post(&format!("{OTP}/resend"), &[]).await.location(), Some(OTP));
    let (_, newest) = app.otp().await;
    assert!(browser.enter(OTP, &otp).await.says("再送する前の古いワンタイムパスワード"));
    app.advance(SignedDuration::from_mins(29));
    browser.get("/office").await;
    app.advance(SignedDuration::from_mins(1));
    assert!(browser.enter(OTP, &newest).await.says("有効期間（30分）が過ぎました"));
    assert_eq!(app.names(), ["a", "b"]);
}

#[tokio::test]
async fn q15_a_code_of_one_browser_is_good_in_no_other() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    let mut other = logged_in(&app).await;
    adding(&mut browser, NEW).await;
    let (_, otp) = app.otp().await;
    other.get(LIST).await;
    assert_eq!(other.enter(OTP, &otp).await.location(), Some(LIST), "a second session has begun nothing");
    adding(&mut other, "thief@example.jp").await;
    let (_, theirs) = app.otp().await;
    assert_ne!(otp, theirs);
    assert_eq!(other.enter(OTP, &otp).await.status.as_u16(), 422, "nor is it good for what that one has begun");
    assert_eq!(browser.enter(OTP, &theirs).await.status.as_u16(), 422);
    assert_eq!(browser.enter(OTP, &otp).await.location(), Some(CODE));
    let (_, code) = app.confirmation().await;
    assert_eq!(other.enter(OTP, &theirs).await.location(), Some(CODE));
    let (_, foreign) = app.confirmation().await;
    assert_ne!(code, foreign);
    assert_eq!(other.enter(CODE, &code).await.status.as_u16(), 422);
    assert_eq!(app.names(), ["a", "b"]);
}

#[tokio::test]
async fn q15_a_one_time_password_for_one_act_ends_no_other_act() {
    let app = TestApp::new();
    let mut browser = office(&app, "abc").await;
    adding(&mut browser, NEW).await;
    let (_, of_addition) = app.otp().await;
    browser.begin("delete", "1").await;
    browser.get(EDIT).await;
    browser.post(EDIT, &[]).await;
    let (_, of_deletion) = app.otp().await;
    assert_ne!(of_addition, of_deletion);
    assert_eq!(browser.enter(OTP, &of_addition).await.status.as_u16(), 422);
    assert_eq!(app.names(), ["a", "b", "c"]);
    assert_eq!(browser.enter(OTP, &of_deletion).await.location(), Some(DONE));
    assert_eq!(app.names(), ["a", "c"]);
    app.take_mails().await;
}

#[tokio::test]
async fn q15_a_one_time_password_lets_nothing_happen_but_what_its_screen_showed() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    adding(&mut browser, NEW).await;
    let mail = app.mail("ワンタイムパスワード発行通知(介護保険)").await;
    assert!(mail.body.contains("[追加するメールアドレス]\nnew@example.jp\n"), "{}", mail.body);
    let page = browser.get(OTP).await;
    assert!(page.says("セキュリティ用メールアドレス new@example.jp を追加します。"), "{}", page.text());
    let shown = page.value("challenge").unwrap();
    // Somebody else holds the session, and goes on with an address of their own, which begins alike.
    let mut thief = browser.clone();
    adding(&mut thief, "newer@example.jp").await;
    let mail = app.mail("ワンタイムパスワード発行通知(介護保険)").await;
    assert!(mail.to == "a@example.jp" && mail.body.contains("\nnewer@example.jp\n"), "{}", mail.body);
    let otp = code_in(&mail, 6);
    for challenge in [shown.as_str(), "", "x"] {
        let page = browser.post(OTP, &[("challenge", challenge), ("code", &otp)]).await;
        assert!(page.status.as_u16() == 422 && page.says("入力された数字は確認していません。"), "{}", page.text());
        assert!(page.says(" newer@example.jp を追加します"), "as it is now: {}", page.text());
    }
    assert_eq!(thief.get(CODE).await.location(), Some(OTP), "the code was not used");
    assert!(app.take_mails().await.is_empty());
    for (act, which, label) in [("change", "0", "変更後のメールアドレス"), ("delete", "1", "削除するメールアドレス")]
    {
        browser.begin(act, which).await;
        browser.type_address(NEW).await;
        let mail = app.mail("ワンタイムパスワード発行通知(介護保険)").await;
        let whole = if act == "change" { NEW } else { "b@example.jp" };
        assert!(mail.body.contains(&format!("[{label}]\n{whole}\n")), "{}", mail.body);
    }
}

#[tokio::test]
async fn a_session_that_was_ended_meanwhile_sends_no_code_again_and_keeps_nothing() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    adding(&mut browser, NEW).await;
    app.otp().await;
    app.advance(SignedDuration::from_mins(2));
    browser.get(OTP).await;
    let flows = |app: &TestApp| {
        let all = crate::support::world::dump(app);
        all.into_iter().filter(|(table, ..)| *table == "security_mail_flows").collect::<Vec<_>>()
    };
    let before = flows(&app);
    let mut other = browser.clone();
    let half = [("address", "half@exa"), ("address_again", ""), ("back", "list")];
    let resend = format!("{OTP}/resend");
    let both = async { tokio::join!(browser.post(&resend, &[]), other.post(EDIT, &half)) };
    let (resent, kept) = behind(&app, end_sessions, both).await;
    assert_eq!((resent.location(), kept.location()), (Some(LIST), Some(LIST)));
    assert!(app.take_mails().await.is_empty());
    assert!(flows(&app) == before, "what was typed too late is not kept");
}

#[tokio::test]
async fn q20_the_password_is_asked_again_before_addresses_change() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    app.advance(SignedDuration::from_mins(10));
    for (act, which) in [("add", ""), ("change", "1"), ("delete", "1")] {
        assert_eq!(browser.begin(act, which).await.location(), Some(EDIT));
        assert!(browser.get(EDIT).await.body.contains("name=\"current_password\""), "{act}");
        for (password, told) in [("", "現在のパスワードを入力してください。"), ("wrong", "現在のパスワードが違います。")]
        {
            let fields = [("address", NEW), ("address_again", NEW), ("current_password", password)];
            let page = browser.post(EDIT, &fields).await;
            assert!(page.status.as_u16() == 422 && page.says(told), "{act}: {}", page.text());
        }
    }
    let page = browser.get(LIST).await;
    let revision = page.value("revision").unwrap();
    assert!(page.body.contains("name=\"current_password\""));
    let page = browser.post(&format!("{LIST}/contact"), &[("contact", "1"), ("revision", &revision)]).await;
    assert!(page.status.as_u16() == 422 && page.says("現在のパスワードを入力してください。"), "{}", page.text());
    assert!(app.take_mails().await.is_empty() && app.names() == ["a", "b"]);
    let fields = [("contact", "1"), ("revision", revision.as_str()), ("current_password", PASSWORD)];
    assert_eq!(browser.post(&format!("{LIST}/contact"), &fields).await.status.as_u16(), 303);
    assert_eq!(app.names(), ["b", "a"]);
    app.take_mails().await;
}

#[tokio::test]
async fn q20_within_ten_minutes_the_password_is_not_asked_again_for_addresses() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    app.advance(SignedDuration::from_secs(599));
    assert!(!browser.get(LIST).await.body.contains("current_password"));
    browser.begin("add", "").await;
    assert!(!browser.get(EDIT).await.body.contains("current_password"));
    assert_eq!(browser.type_address(NEW).await.location(), Some(OTP));
    app.take_mails().await;
}

#[tokio::test]
async fn q16_five_wrong_passwords_at_addresses_end_the_session() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    app.advance(SignedDuration::from_mins(10));
    browser.begin("add", "").await;
    browser.get(EDIT).await;
    let with = |password| [("address", NEW), ("address_again", NEW), ("current_password", password)];
    for _ in 0..4 {
        assert!(browser.post(EDIT, &with("wrong")).await.says("現在のパスワードが違います。"));
    }
    assert_eq!(browser.post(EDIT, &with("wrong")).await.location(), Some("/login?notice=reauth"));
    assert_eq!(browser.post(EDIT, &with(PASSWORD)).await.location(), Some("/login?notice=form"), "though it be right");
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn too_many_codes_are_told_and_change_nothing() {
    let app = TestApp::with(|config| config.limits.codes_per_pair_hour = 1);
    let mut browser = office(&app, "ab").await;
    adding(&mut browser, NEW).await;
    app.otp().await;
    browser.begin("delete", "1").await;
    browser.get(EDIT).await;
    let page = browser.post(EDIT, &[]).await;
    assert!(page.status.as_u16() == 422 && page.says("ワンタイムパスワードの送信回数が上限に達しました。"), "{}", page.text());
    assert_eq!(browser.get(OTP).await.location(), Some(EDIT));
}

#[tokio::test]
async fn a_flow_dies_with_its_session() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    proving(&app, &mut browser, NEW).await;
    let (_, code) = app.confirmation().await;
    let page = browser.get("/office/user/password").await;
    assert_eq!(page.status.as_u16(), 200);
    browser.post("/logout", &[]).await;
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    browser.get(LIST).await;
    assert_eq!(browser.enter(CODE, &code).await.location(), Some(LIST));
    assert_eq!(app.names(), ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clicks_send_one_code_and_add_one_address() {
    let app = TestApp::new();
    let mut browser = office(&app, "ab").await;
    browser.begin("add", "").await;
    browser.get(EDIT).await;
    let pages = at_once(8, &browser, EDIT, &[("address", NEW), ("address_again", NEW)]).await;
    assert!(pages.iter().all(|page| page.location() == Some(OTP)), "{pages:?}");
    let (_, otp) = app.otp().await;
    let challenge = browser.get(OTP).await.value("challenge").unwrap();
    let pages = at_once(8, &browser, OTP, &[("challenge", &challenge), ("code", &otp)]).await;
    assert!(pages.iter().all(|page| page.location() == Some(CODE)), "{pages:?}");
    let (_, code) = app.confirmation().await;
    let challenge = browser.get(CODE).await.value("challenge").unwrap();
    let pages = at_once(8, &browser, CODE, &[("challenge", &challenge), ("code", &code)]).await;
    assert!(pages.iter().all(|page| page.location() == Some(DONE)), "{pages:?}");
    assert_eq!(app.names(), ["a", "b", "new"]);
    assert_eq!(told(&app, "追加されました").await.len(), 3);
}

#[tokio::test]
async fn flows_are_cleaned_away_after_a_day() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    let mut browser = office(&app, "ab").await;
    browser.begin("add", "").await;
    let rows = |app: &TestApp| {
        let flows: Table<[u8; 32], serde::de::IgnoredAny> = Table::new("security_mail_flows");
        app.app.store.read(|r| r.list(&flows, &Span::all(), 9)).unwrap().len()
    };
    assert_eq!(rows(&app), 1);
    app.advance(SignedDuration::from_hours(23));
    app.run_jobs().await;
    assert_eq!(rows(&app), 1);
    app.advance(SignedDuration::from_hours(2));
    app.run_jobs().await;
    assert_eq!(rows(&app), 0);
}
