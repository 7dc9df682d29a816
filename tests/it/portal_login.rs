//! The login of the portal (L1–L5): one-time password, institution, new password, terms; and whom it refuses.

use jiff::SignedDuration;
use uketsuke::kernel::{Id, MailAddress};
use uketsuke::portal::{self, Member, Suspended, SuspendedBy};
use uketsuke::security::sessions::{self, Subject};
use uketsuke::terms;

use crate::bad_input_twice::at_once;
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::USER;
use crate::support::portal::{CODE, Main, PORTAL_PASSWORD, person};
use crate::support::refusal::{MISSING, Sample};
use crate::support::reissue::{code_in, wrong};

/// The subject of M-14.
pub const OTP: &str = "介護情報基盤ポータル ワンタイムパスワード";
/// The subject of M-14c.
pub const CHANGED: &str = "介護情報基盤ポータル 登録変更のお知らせ";
/// What the rule accepts.
pub const CHOSEN: &str = "brave Teapot 83";
const OTHER: &str = "KJ131333333333";

/// L1 [ログイン], without following.
pub async fn log_in(browser: &mut Browser, mail: &str, password: &str) -> Page {
    // Who is logged in already is led on, but where there is something to tell.
    if browser.get("/portal/login").await.status == 303 {
        browser.get("/portal/login?notice=form").await;
    }
    browser.post("/portal/login", &[("id", mail), ("password", password)]).await
}

/// The one-time password of the last M-14.
pub async fn code(app: &TestApp) -> String {
    let mut mails = app.take_mails().await;
    mails.retain(|mail| mail.subject == OTP);
    code_in(mails.last().expect("an M-14"), 6)
}

/// L2 [ログイン], without following.
pub async fn enter(browser: &mut Browser, code: &str, trust: bool) -> Page {
    let challenge = browser.get("/portal/login/otp").await.value("challenge").expect("a login waits");
    let mut fields = vec![("code", code), ("challenge", challenge.as_str())];
    if trust {
        fields.push(("trust", "on"));
    }
    browser.post("/portal/login/otp", &fields).await
}

/// L1 and L2.
pub async fn come_in(app: &TestApp, browser: &mut Browser, mail: &str, password: &str, trust: bool) -> Page {
    let page = log_in(browser, mail, password).await;
    assert_eq!(page.location(), Some("/portal/login/otp"), "{}", page.text());
    let code = code(app).await;
    enter(browser, &code, trust).await
}

/// L4 [変更], without following.
pub async fn choose_password(browser: &mut Browser, password: &str) -> Page {
    browser.get("/portal/first/password").await;
    browser.post("/portal/first/password", &[("new_password", password), ("new_password_again", password)]).await
}

/// L5 [利用規約に同意して次へ], without following.
pub async fn agree(browser: &mut Browser) -> Page {
    let version = browser.get("/portal/first/terms").await.value("version").expect("the terms are asked for");
    browser.post("/portal/first/terms", &[("version", &version), ("agree", "1")]).await
}

pub fn address(mail: &str) -> MailAddress {
    MailAddress::parse(mail).unwrap()
}

pub fn member(app: &TestApp, id: Id) -> Member {
    app.app.store.read(|r| portal::member(r, id)).unwrap().unwrap()
}

pub async fn suspend(app: &TestApp, member: &Member, suspended: bool) {
    let at = app.clock.now();
    let suspended = suspended.then_some(Suspended { by: SuspendedBy::Staff, at, may_be_replaced: false });
    let member = Member { suspended, ..member.clone() };
    app.write(move |tx| portal::save_member(tx, &member)).await;
}

/// The same person at another institution as well.
pub async fn at_two(app: &TestApp) -> (Main, Member) {
    app.office(USER).await;
    app.office(OTHER).await;
    let (main, other) = (app.portal_main(USER).await, app.portal_main(OTHER).await);
    let (moment, keys, mail) = (app.app.moment(), app.app.keys.clone(), address(&main.mail));
    let added = app.write(move |tx| {
        portal::add_member(tx, &moment, &keys, other.institution.id, person("佐藤 花子"), mail.clone(), &other.member)
    });
    let second = added.await.unwrap();
    app.take_mails().await;
    (main, second)
}

#[tokio::test]
async fn an_initial_password_leads_through_the_steps_to_the_page() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    app.office(USER).await;
    let (mail, initial) = app.portal_initial(USER).await;
    let mut browser = app.browser();
    let shown = browser.get("/portal/login").await;
    assert_eq!(shown.title(), "ログイン");
    for told in ["ID（メールアドレス）", "メールに記載の初期パスワード", "パスワードを忘れた方はこちら", "初回利用登録"]
    {
        assert!(shown.says(told), "{told}: {}", shown.text());
    }
    assert_eq!(log_in(&mut browser, &mail, initial.expose()).await.location(), Some("/portal/login/otp"));
    let otp = browser.get("/portal/login/otp").await;
    assert_eq!(otp.title(), "ワンタイムパスワード入力");
    assert!(otp.says(&mail) && otp.says("次回からワンタイムパスワードの入力を省略する"), "{}", otp.text());
    assert!(!otp.body.contains(" checked"), "nothing is trusted unasked");
    let code = code(&app).await;
    assert_eq!(browser.get("/portal/login/otp/delivery").await.status, 200);
    assert_eq!(enter(&mut browser, &code, false).await.location(), Some("/portal/first/password"));
    for closed in ["/portal/first/terms", "/portal/first/place", "/portal/first"] {
        assert_eq!(browser.get(closed).await.location(), Some("/portal/first/password"), "{closed}");
    }
    let screen = browser.get("/portal/first/password").await;
    assert!(screen.title() == "パスワード変更" && screen.says("全3ステップ中、2ステップ目"), "{}", screen.text());
    let same = choose_password(&mut browser, initial.expose()).await;
    assert!(same.status == 422 && same.says("初期パスワードと同じものは使えません"), "{}", same.text());
    app.take_mails().await;
    assert_eq!(choose_password(&mut browser, CHOSEN).await.location(), Some("/portal/first"));
    let told = app.mail(CHANGED).await;
    assert!(told.to == mail && told.body.contains("パスワードが変更されました"), "{}", told.body);
    assert_eq!(browser.get("/portal/first").await.location(), Some("/portal/first/terms"));
    let terms = browser.get("/portal/first/terms").await;
    assert!(
        terms.title() == "利用規約" && terms.says("介護情報基盤ポータル 利用規約") && terms.says("3ステップ目"),
        "{}",
        terms.text()
    );
    let unread = browser.post("/portal/first/terms", &[("version", "1")]).await;
    assert!(unread.status == 422 && unread.says("チェックを付けてください"), "{}", unread.text());
    let user = app.app.store.read(|r| portal::user_by_mail(r, &address(&mail))).unwrap().unwrap();
    let place = app.app.store.read(|r| portal::memberships(r, user.id)).unwrap().remove(0);
    assert_eq!(place.entered, None, "not at the page yet");
    assert_eq!(agree(&mut browser).await.location(), Some("/portal/my"));
    assert_eq!(member(&app, place.id).entered, Some(app.clock.now()));
    let user = app.portal_user(user.id);
    assert!(user.last_login.is_some() && user.initial.is_none() && user.terms.is_some());
    // From now on with the password; the initial one is none any more.
    assert_eq!(log_in(&mut app.browser(), &mail, initial.expose()).await.status, 422);
    assert_eq!(come_in(&app, &mut app.browser(), &mail, CHOSEN, false).await.location(), Some("/portal/my"));
}

#[tokio::test]
async fn a_medical_institution_comes_to_its_page() {
    let app = TestApp::new();
    let main = app.medical(CODE).await;
    let mut browser = app.browser();
    assert_eq!(come_in(&app, &mut browser, &main.mail, PORTAL_PASSWORD, false).await.location(), Some("/portal/my"));
    assert_eq!(browser.get("/portal/first").await.location(), Some("/portal/my"), "no step is due");
    let session = app.app.store.read(|r| sessions::list(r, Subject::Portal(main.user.id))).unwrap().remove(0).1;
    assert_eq!((session.place, session.limited), (Some(main.member.id), false));
}

#[tokio::test]
async fn an_initial_password_works_until_one_is_set_also_with_the_spaces_of_the_mail() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mail, initial) = app.portal_initial(USER).await;
    let spaced = format!(" {} {}", &initial.expose()[..4], &initial.expose()[4..]);
    for typed in [initial.expose(), &spaced, initial.expose()] {
        let mut browser = app.browser();
        let page = come_in(&app, &mut browser, &mail, typed, false).await;
        assert_eq!(page.location(), Some("/portal/first/password"));
        browser.get("/portal/first/password").await;
        assert_eq!(browser.submit("/portal/logout", &[]).await.title(), "ログイン", "broken off");
    }
}

#[tokio::test]
async fn after_seven_days_it_does_not_and_says_so() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mail, initial) = app.portal_initial(USER).await;
    let mut begun = app.browser();
    come_in(&app, &mut begun, &mail, initial.expose(), false).await;
    begun.get("/portal/first/password").await;
    app.advance(SignedDuration::from_hours(7 * 24) + SignedDuration::from_secs(1));
    let page = log_in(&mut app.browser(), &mail, initial.expose()).await;
    assert!(page.status == 422 && page.says("初期パスワードの有効期限が過ぎています"), "{}", page.text());
    for link in ["/portal/lost", "/portal/register"] {
        assert!(page.body.contains(&format!("href=\"{link}\"")), "{link}");
    }
    let wrong = log_in(&mut app.browser(), &mail, "Abcd2345Efgh6789").await;
    assert!(wrong.status == 422 && !wrong.says("有効期限が過ぎています"), "{}", wrong.text());
    let late = choose_password(&mut begun, CHOSEN).await;
    assert!(late.location().is_some_and(|to| to.starts_with("/portal/login?notice=")), "{:?}", late.location());
    assert!(app.app.store.read(|r| portal::user_by_mail(r, &address(&mail))).unwrap().unwrap().password.is_none());
}

#[tokio::test]
async fn two_browsers_with_one_initial_password_and_the_first_that_sets_one_ends_the_other() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mail, initial) = app.portal_initial(USER).await;
    let (mut one, mut two) = (app.browser(), app.browser());
    for browser in [&mut one, &mut two] {
        assert_eq!(
            come_in(&app, browser, &mail, initial.expose(), false).await.location(),
            Some("/portal/first/password"),
            "in another browser than the one that the mail was asked for"
        );
        browser.get("/portal/first/password").await;
    }
    let mut waiting = app.browser();
    log_in(&mut waiting, &mail, initial.expose()).await;
    let code = code(&app).await;
    let challenge = waiting.get("/portal/login/otp").await.value("challenge").unwrap();
    assert_eq!(choose_password(&mut one, CHOSEN).await.location(), Some("/portal/first"));
    let late =
        two.post("/portal/first/password", &[("new_password", "other Teapot 83"), ("new_password_again", "other Teapot 83")]);
    assert_eq!(late.await.location(), Some("/portal/login?notice=form"));
    let over = waiting.post("/portal/login/otp", &[("code", &code), ("challenge", &challenge)]).await;
    assert_eq!(over.location(), Some("/portal/login?notice=code"), "a login that waited is over as well");
    assert_eq!(come_in(&app, &mut app.browser(), &mail, CHOSEN, false).await.location(), Some("/portal/first/terms"));
    app.take_mails().await;
}

#[tokio::test]
async fn the_code_is_asked_until_the_device_is_trusted_and_it_is_only_when_asked() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    for trust in [false, true] {
        assert_eq!(come_in(&app, &mut browser, &main.mail, PORTAL_PASSWORD, trust).await.location(), Some("/portal/my"));
        browser.get("/portal/login").await;
    }
    assert_eq!(log_in(&mut browser, &main.mail, PORTAL_PASSWORD).await.location(), Some("/portal/my"), "trusted");
    assert_eq!(log_in(&mut app.browser(), &main.mail, PORTAL_PASSWORD).await.location(), Some("/portal/login/otp"));
    // Another person on the same device is asked.
    app.office(OTHER).await;
    let other = app.portal_main(OTHER).await;
    assert_eq!(log_in(&mut browser, &other.mail, PORTAL_PASSWORD).await.location(), Some("/portal/login/otp"));
    // The box stays ticked when the code was wrong.
    let code = code(&app).await;
    let page = enter(&mut browser, &wrong(&code), true).await;
    assert!(page.status == 422 && page.body.contains(" checked"), "{}", page.body);
    app.take_mails().await;
}

#[tokio::test]
async fn five_wrong_codes_end_the_login_and_count_once() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    for round in 1..=3 {
        let page = log_in(&mut browser, &main.mail, PORTAL_PASSWORD).await;
        assert_eq!(page.location(), Some("/portal/login/otp"), "round {round}: {}", page.text());
        let wrong = wrong(&code(&app).await);
        for left in [4, 3, 2, 1] {
            let page = enter(&mut browser, &wrong, false).await;
            assert!(page.status == 422 && page.says(&format!("あと{left}回入力できます")), "{}", page.text());
        }
        assert_eq!(enter(&mut browser, &wrong, false).await.location(), Some("/portal/login?notice=otp"));
        assert!(browser.get("/portal/login?notice=otp").await.says("ログインを中止しました"));
        assert_eq!(browser.get("/portal/login/otp").await.location(), Some("/portal/login?notice=code"));
    }
    let locked = log_in(&mut browser, &main.mail, PORTAL_PASSWORD).await;
    assert!(locked.status == 429 && locked.says("ログインを一時的に停止しています"), "{}", locked.text());
    app.advance(SignedDuration::from_hours(1));
    // A right code takes the wrong one before it back.
    let mut other = app.browser();
    for _ in 0..4 {
        log_in(&mut other, &main.mail, PORTAL_PASSWORD).await;
        let code = code(&app).await;
        enter(&mut other, &wrong(&code), false).await;
        assert_eq!(enter(&mut other, &code, false).await.location(), Some("/portal/my"));
    }
}

#[tokio::test]
async fn three_wrong_passwords_lock_this_device_and_no_other() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    for _ in 0..2 {
        let page = log_in(&mut browser, &main.mail, "wrong").await;
        assert!(page.status == 422 && page.says("ログインできませんでした"), "{}", page.text());
    }
    assert_eq!(log_in(&mut browser, &main.mail.to_uppercase(), "wrong").await.status, 429);
    let page = log_in(&mut browser, &main.mail, PORTAL_PASSWORD).await;
    assert!(page.status == 429 && page.says("パスワードを忘れた方はこちら"), "{}", page.text());
    assert_eq!(log_in(&mut app.browser(), &main.mail, PORTAL_PASSWORD).await.location(), Some("/portal/login/otp"));
    app.advance(SignedDuration::from_mins(31));
    assert_eq!(log_in(&mut browser, &main.mail, PORTAL_PASSWORD).await.location(), Some("/portal/login/otp"));
    app.take_mails().await;
}

#[tokio::test]
async fn a_code_of_another_browser_login_or_time_enters_nothing() {
    let app = TestApp::new();
    let (main, other) = {
        app.office(USER).await;
        app.office(OTHER).await;
        (app.portal_main(USER).await, app.portal_main(OTHER).await)
    };
    let mut browser = app.browser();
    log_in(&mut browser, &main.mail, PORTAL_PASSWORD).await;
    let first = code(&app).await;
    let drawn = browser.get("/portal/login/otp").await.value("challenge").unwrap();
    let mut stranger = app.browser();
    log_in(&mut stranger, &main.mail, PORTAL_PASSWORD).await;
    let page = enter(&mut stranger, &first, false).await;
    assert!(page.status == 422, "the code of another browser: {}", page.text());
    // Another login of the same browser: the screen that was drawn for the first looks at nothing.
    log_in(&mut browser, &other.mail, PORTAL_PASSWORD).await;
    let second = code(&app).await;
    let page = browser.post("/portal/login/otp", &[("code", &second), ("challenge", &drawn)]).await;
    assert!(
        page.status == 422 && page.says("ログインがはじめからやり直されています") && page.says(&other.mail),
        "{}",
        page.text()
    );
    // Sent again, the login waits as long as the new code.
    app.advance(SignedDuration::from_mins(29));
    assert_eq!(browser.post("/portal/login/otp/resend", &[]).await.location(), Some("/portal/login/otp"));
    let third = code(&app).await;
    let old = enter(&mut browser, &second, false).await;
    assert!(old.says("再送する前の古い"), "{}", old.text());
    app.advance(SignedDuration::from_mins(29));
    assert_eq!(enter(&mut browser, &third, false).await.location(), Some("/portal/my"));
    // Half an hour later nothing waits.
    let mut browser = app.browser();
    log_in(&mut browser, &main.mail, PORTAL_PASSWORD).await;
    let late = code(&app).await;
    let challenge = browser.get("/portal/login/otp").await.value("challenge").unwrap();
    app.advance(SignedDuration::from_mins(30));
    let page = browser.post("/portal/login/otp", &[("code", &late), ("challenge", &challenge)]).await;
    assert_eq!(page.location(), Some("/portal/login?notice=code"));
    assert!(browser.get("/portal/login?notice=code").await.says("入力を終えられませんでした"));
    assert_eq!(browser.post("/portal/login/otp/resend", &[]).await.location(), Some("/portal/login?notice=code"));
    assert_eq!(browser.get("/portal/login/otp/delivery").await.status, 404);
}

#[tokio::test]
async fn the_login_asks_which_institution_and_switching_ends_the_forms_of_the_other() {
    let app = TestApp::new();
    let (main, second) = at_two(&app).await;
    let mut browser = app.browser();
    let page = come_in(&app, &mut browser, &main.mail, PORTAL_PASSWORD, true).await;
    assert_eq!(page.location(), Some("/portal/first/place"));
    let screen = browser.get("/portal/first/place").await;
    assert_eq!(screen.title(), "事業所・医療機関の選択");
    assert!(screen.says("主たる利用者") && screen.says("追加の利用者"), "{}", screen.text());
    let none = browser.post("/portal/first/place", &[]).await;
    assert!(none.status == 422 && none.says("選択してください"), "{}", none.text());
    let of_another = app.medical(CODE).await.member.id;
    let foreign = browser.post("/portal/first/place", &[("place", &of_another.to_string())]).await;
    assert_eq!(foreign.status, 422, "somebody else's place is none");
    let here = [("place", second.id.to_string())];
    let here: Vec<(&str, &str)> = here.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.post("/portal/first/place", &here).await.location(), Some("/portal/my"));
    assert!(member(&app, second.id).entered.is_some(), "the first time here");
    let of = |app: &TestApp| app.app.store.read(|r| sessions::list(r, Subject::Portal(main.user.id))).unwrap();
    let (_, before) = of(&app).remove(0);
    assert_eq!((of(&app).len(), before.place), (1, Some(second.id)));
    // A form drawn here is stale there; the session is as old as it was, and the password not fresher.
    app.advance(SignedDuration::from_mins(5));
    browser.get("/portal/login?notice=form").await;
    let shown = browser.post("/portal/my/place", &[("place", "")]).await;
    assert_eq!(shown.status, 422, "{}", shown.text());
    let token = shown.value("_csrf").unwrap();
    let there = main.member.id.to_string();
    assert_eq!(browser.post("/portal/my/place", &[("place", &there)]).await.location(), Some("/portal/my"));
    let (_, after) = of(&app).remove(0);
    assert_eq!((of(&app).len(), after.place), (1, Some(main.member.id)));
    assert_eq!((after.created, after.reauthenticated), (before.created, before.reauthenticated));
    let stale = browser.post("/portal/my/place", &[("_csrf", &token), ("place", &second.id.to_string())]).await;
    assert!(stale.status.is_client_error(), "{} {}", stale.status, stale.text());
    assert_eq!(of(&app).remove(0).1.place, Some(main.member.id));
}

#[tokio::test]
async fn a_place_that_is_suspended_is_named_and_not_offered() {
    let app = TestApp::new();
    let (main, second) = at_two(&app).await;
    let mut browser = app.browser();
    come_in(&app, &mut browser, &main.mail, PORTAL_PASSWORD, false).await;
    suspend(&app, &second, true).await;
    let screen = browser.get("/portal/first/place").await;
    assert!(screen.says("利用を停止されている事業所") && !screen.body.contains(&second.id.to_string()), "{}", screen.text());
    let refused = browser.post("/portal/first/place", &[("place", &second.id.to_string())]).await;
    assert_eq!(refused.status, 422);
    // With one left there is nothing to choose at the next login.
    assert_eq!(come_in(&app, &mut app.browser(), &main.mail, PORTAL_PASSWORD, false).await.location(), Some("/portal/my"));
}

#[tokio::test]
async fn a_suspended_user_is_told_whom_to_call_and_only_with_the_right_password() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut begun = app.browser();
    log_in(&mut begun, &main.mail, PORTAL_PASSWORD).await;
    let code = code(&app).await;
    suspend(&app, &main.member, true).await;
    let telephone = &app.app.config.federation_of(main.institution.home).unwrap().telephone;
    let page = log_in(&mut app.browser(), &main.mail, PORTAL_PASSWORD).await;
    assert!(page.status == 422 && page.says("この利用者は利用を停止されています") && page.says(telephone), "{}", page.text());
    let wrong = log_in(&mut app.browser(), &main.mail, "wrong").await;
    assert!(wrong.status == 422 && !wrong.says("停止されています"), "{}", wrong.text());
    assert_eq!(app.take_mails().await.len(), 0, "no code");
    assert_eq!(enter(&mut begun, &code, false).await.location(), Some("/portal/login?notice=suspended"));
    assert!(begun.get("/portal/login?notice=suspended").await.says("ご連絡ください"));
    assert!(app.app.store.read(|r| sessions::list(r, Subject::Portal(main.user.id))).unwrap().is_empty());
    suspend(&app, &main.member, false).await;
    assert_eq!(log_in(&mut app.browser(), &main.mail, PORTAL_PASSWORD).await.location(), Some("/portal/login/otp"));
    app.take_mails().await;
}

#[tokio::test]
async fn newer_terms_are_asked_of_everybody_again_and_only_those_of_the_portal() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    come_in(&app, &mut browser, &main.mail, PORTAL_PASSWORD, true).await;
    terms::adopt(&app.app, terms::Text::Reception, "新しい規約".to_owned()).await.unwrap();
    assert_eq!(browser.get("/portal/first").await.location(), Some("/portal/my"));
    terms::adopt(&app.app, terms::Text::Portal, "ポータルの新しい規約".to_owned()).await.unwrap();
    let page = browser.open("/portal/first").await;
    assert!(page.says("利用規約が新しくなりました") && page.says("ポータルの新しい規約"), "{}", page.text());
    let version = page.value("version").unwrap();
    terms::adopt(&app.app, terms::Text::Portal, "さらに新しい規約".to_owned()).await.unwrap();
    let meanwhile = browser.post("/portal/first/terms", &[("version", &version), ("agree", "1")]).await;
    assert!(meanwhile.status == 422 && meanwhile.says("お読みいただいている間に"), "{}", meanwhile.text());
    assert_eq!(agree(&mut browser).await.location(), Some("/portal/my"));
}

#[tokio::test]
async fn q28_a_login_opens_a_new_session_and_logging_out_ends_it() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    come_in(&app, &mut browser, &main.mail, PORTAL_PASSWORD, true).await;
    let first = browser.cookies["portal"].clone();
    assert_eq!(browser.get("/portal/login").await.location(), Some("/portal/first"), "logged in already");
    browser.get("/portal/login?notice=form").await;
    let again = browser.post("/portal/login", &[("id", &main.mail), ("password", PORTAL_PASSWORD)]).await;
    assert_eq!(again.location(), Some("/portal/my"));
    assert_ne!(browser.cookies["portal"], first);
    let count = || app.app.store.read(|r| sessions::list(r, Subject::Portal(main.user.id))).unwrap().len();
    assert_eq!(count(), 1, "the one before is over");
    browser.get("/portal/login?notice=form").await;
    let page = browser.submit("/portal/logout", &[]).await;
    assert!(page.says("ログアウトしました") && count() == 0, "{}", page.text());
    assert_eq!(browser.post("/portal/logout", &[]).await.location(), Some("/portal/login?notice=logout"), "twice does no harm");
}

#[tokio::test]
async fn two_clicks_on_the_code_open_one_session_and_lead_on() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    log_in(&mut browser, &main.mail, PORTAL_PASSWORD).await;
    let code = code(&app).await;
    let challenge = browser.get("/portal/login/otp").await.value("challenge").unwrap();
    let pages = at_once(2, &browser, "/portal/login/otp", &[("code", &code), ("challenge", &challenge)]).await;
    let mut places: Vec<_> = pages.iter().map(|page| page.location().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/portal/login?notice=code", "/portal/my"]);
    let all = app.app.store.read(|r| sessions::list(r, Subject::Portal(main.user.id))).unwrap();
    assert_eq!(all.len(), 1);
    // The answer to the first has left its cookie, and that to the second is where the browser goes.
    browser.portal(&app, &main.user, &main.member).await;
    assert_eq!(browser.get("/portal/login?notice=code").await.location(), Some("/portal/first"));
}

#[tokio::test]
async fn the_login_of_the_portal_opens_nothing_of_the_reception_system() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    come_in(&app, &mut browser, &main.mail, PORTAL_PASSWORD, false).await;
    assert!(!browser.cookies.contains_key("office"));
    assert!(browser.get("/office").await.location().unwrap().starts_with("/login"));
    assert_eq!(log_in(&mut app.browser(), USER, crate::support::office::PASSWORD).await.status, 422, "its user ID is none here");
}

#[tokio::test]
async fn the_login_form_names_an_empty_field_and_stays_calm_at_any_other_text() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let good = [("id", main.mail.as_str()), ("password", PORTAL_PASSWORD)];
    let form = Sample { shown_at: "/portal/login", sent_to: "/portal/login", good: &good, secret: &["password"] };
    let mut browser = app.browser();
    let cases = [
        ("id", "", "ID（メールアドレス）を入力してください。"),
        ("id", MISSING, "ID（メールアドレス）を入力してください。"),
        ("id", "　\t", "ID（メールアドレス）を入力してください。"),
        ("password", "", "パスワードを入力してください。"),
        ("password", MISSING, "パスワードを入力してください。"),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    for typed in ["nobody@example.jp", "\u{0}", "a@", "' OR ''='", "\u{202E}a@example.jp", &"k".repeat(50_000)] {
        let page = form.send(&mut app.browser(), "id", typed).await;
        assert!(page.status == 422 && page.says("ログインできませんでした"), "{typed:?} {}", page.text());
    }
    for typed in [format!("{PORTAL_PASSWORD} "), format!("{PORTAL_PASSWORD}\u{0}"), "x".repeat(50_000)] {
        let page = form.send(&mut app.browser(), "password", &typed).await;
        assert_eq!(page.status, 422, "a password is never touched: {}", page.text());
    }
    let wide: String = main.mail.chars().map(|c| if c == 'k' { 'Ｋ' } else { c }).collect();
    assert_eq!(form.send(&mut browser, "id", &wide).await.location(), Some("/portal/login/otp"));
    app.take_mails().await;
}

#[tokio::test]
async fn q1_q3_q4_the_first_password_is_8_to_64_characters_of_any_kind_and_nothing_common() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mail, initial) = app.portal_initial(USER).await;
    let mut browser = app.browser();
    come_in(&app, &mut browser, &mail, initial.expose(), false).await;
    let local = mail.split('@').next().unwrap().to_owned();
    for (typed, told) in [
        ("", "新しいパスワードを入力してください。"),
        ("zQ7#kv2", "8文字～64文字"),
        (&"zQ7 kv2m".repeat(9), "8文字～64文字"),
        ("password1", "よく使われるパスワード"),
        (&format!("{local}-zq7"), "推測されやすい言葉"),
        ("1311111111-zq7", "推測されやすい言葉"),
    ] {
        let page = choose_password(&mut browser, typed).await;
        assert!(page.status == 422 && page.says(told), "{typed}: {}", page.text());
    }
    browser.get("/portal/first/password").await;
    let differs = browser.post("/portal/first/password", &[("new_password", CHOSEN), ("new_password_again", "x")]).await;
    assert!(differs.status == 422 && differs.says("同じものを入力してください"), "{}", differs.text());
    assert!(app.app.store.read(|r| portal::user_by_mail(r, &address(&mail))).unwrap().unwrap().password.is_none());
    let page = choose_password(&mut browser, "こまかい字でも 長ければよい").await;
    assert_eq!(page.location(), Some("/portal/first"), "no rule of composition: {}", page.text());
    app.take_mails().await;
}
