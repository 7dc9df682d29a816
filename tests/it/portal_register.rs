//! 初回利用登録 of care offices at 介護情報基盤ポータル: from user ID and password of the reception system to the mail with the initial password.

use jiff::SignedDuration;
use uketsuke::audit;
use uketsuke::mail::transport::OutgoingMail;
use uketsuke::notices;
use uketsuke::portal;
use uketsuke::security::sessions::{self, Subject};
use uketsuke::store::{Check, Reads as _, Table};

use crate::security_code::{CODE, fixed};
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::{NOBODY, PASSWORD, TEMPORARY, USER, user};
use crate::support::reissue::{code_in, wrong};

pub const PATH: &str = "/portal/register";
pub const OTP: &str = "/portal/register/otp";
pub const USER_PAGE: &str = "/portal/register/user";
pub const CHECK: &str = "/portal/register/check";
pub const DONE: &str = "/portal/register/done";
pub const M2: &str = "ワンタイムパスワード発行通知(介護保険)";
/// The subject of M-9.
pub const M9: &str = "介護情報基盤ポータル 初期パスワードのお知らせ";
/// That of M-7.
pub const M7: &str = "登録情報変更のお知らせ";
/// The address that is typed for the main user.
pub const MAIL: &str = "hanako@portal.example.jp";

/// 初回利用登録 [次へ], without following.
pub async fn prove(browser: &mut Browser, user_id: &str, password: &str) -> Page {
    browser.get(PATH).await;
    browser.post(PATH, &[("user_id", user_id), ("password", password)]).await
}

/// To ワンタイムパスワード入力.
pub async fn at_otp(browser: &mut Browser, user_id: &str) -> Page {
    let page = prove(browser, user_id, PASSWORD).await;
    assert_eq!(page.location(), Some(OTP), "{}", page.text());
    browser.get(OTP).await
}

/// ワンタイムパスワード入力 [次へ], without following.
pub async fn enter(browser: &mut Browser, code: &str) -> Page {
    let challenge = browser.get(OTP).await.value("challenge").unwrap_or_default();
    browser.post(OTP, &[("challenge", &challenge), ("code", code)]).await
}

/// The one-time password of the last M-2.
pub async fn code(app: &TestApp) -> String {
    code_in(&app.mail(M2).await, 6)
}

/// To ユーザ登録, with the one-time password out of the mail.
pub async fn at_user(app: &TestApp, browser: &mut Browser, user_id: &str) -> Page {
    at_otp(browser, user_id).await;
    let code = code(app).await;
    assert_eq!(enter(browser, &code).await.location(), Some(USER_PAGE));
    browser.get(USER_PAGE).await
}

/// What is typed at ユーザ登録 for this address.
pub fn person(mail: &str) -> Vec<(&'static str, &str)> {
    vec![
        ("name", "佐藤 花子"),
        ("kana", "サトウ ハナコ"),
        ("mail_address", mail),
        ("mail_address_again", mail),
        ("telephone", "03-1234-5678"),
        ("department", "事務"),
        ("occupation", ""),
    ]
}

/// To 登録内容の確認.
pub async fn at_check(app: &TestApp, browser: &mut Browser, user_id: &str, mail: &str) -> Page {
    at_user(app, browser, user_id).await;
    assert_eq!(browser.post(USER_PAGE, &person(mail)).await.location(), Some(CHECK));
    browser.get(CHECK).await
}

/// 登録内容の確認 [登録] as the page shows it, without following.
pub async fn register(browser: &mut Browser, replaces: bool) -> Page {
    let shown = browser.get(CHECK).await.value("shown").unwrap_or_default();
    let mut fields = vec![("shown", shown.as_str())];
    if replaces {
        fields.push(("replace", "on"));
    }
    browser.post(CHECK, &fields).await
}

/// Somebody is the main user of the office, by way of the screens. Gives all mails that this made.
pub async fn registered(app: &TestApp, user_id: &str, mail: &str) -> Vec<OutgoingMail> {
    let mut browser = app.browser();
    at_check(app, &mut browser, user_id, mail).await;
    assert_eq!(register(&mut browser, false).await.location(), Some(DONE));
    app.take_mails().await
}

/// What is wrong with any row.
pub fn damage(app: &TestApp) -> Vec<String> {
    let check = |c: &mut Check<'_>| uketsuke::app::check(c, Some(&app.app.keys));
    let found = app.app.store.read(|r| Check::run(r, &mut |_, _| true, check)).unwrap();
    found.damage.iter().map(ToString::to_string).collect()
}

/// The address of each user of the office, the main one first.
pub fn users(app: &TestApp, user_id: &str) -> Vec<String> {
    app.app
        .store
        .read(|r| {
            let Some(institution) = portal::of_office(r, user(user_id))? else { return Ok(Vec::new()) };
            let mut all = Vec::new();
            for one in portal::members_of(r, institution.id)? {
                all.push(portal::user(r, one.user)?.unwrap().mail.as_str().to_owned());
            }
            Ok::<_, uketsuke::store::StoreError>(all)
        })
        .unwrap()
}

/// How many registrations are under way.
pub fn flows(app: &TestApp) -> u64 {
    app.app.store.read(|r| r.len(&Table::<[u8; 32], ()>::new("portal_register_flows"))).unwrap()
}

#[tokio::test]
async fn a_main_user_is_registered_and_gets_an_initial_password() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let before = app.account(user_id);
    let mut browser = app.browser();
    let page = browser.open("/portal").await;
    assert_eq!(page.title(), "介護情報基盤ポータル");
    for part in [
        "ログイン",
        "介護事業所・みなし介護事業所の方",
        "医療機関の方（介護情報基盤ポータルのID発行申請）",
        "みなし介護事業所とは",
    ] {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    let page = browser.open(PATH).await;
    assert_eq!(page.title(), "初回利用登録");
    for part in ["事業所の認証を行います", "KJから始まる14桁。例: KJ123456789012", "パスワード等を紛失した方はこちら"]
    {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    let page = browser.submit(PATH, &[("user_id", "ｋｊ131311111111"), ("password", PASSWORD)]).await;
    assert_eq!(page.title(), "ワンタイムパスワード入力");
    assert!(page.says("sec***@example.jp 宛に送信しました") && !page.body.contains("security-1@"), "{}", page.text());
    assert!(page.says("メールを送信しています。"), "{}", page.text());
    let mail = app.mail(M2).await;
    assert_eq!(mail.to, "security-1@example.jp");
    assert!(mail.body.contains("介護情報基盤ポータルの初回利用登録"), "{}", mail.body);
    assert_eq!(enter(&mut browser, &code_in(&mail, 6)).await.location(), Some(USER_PAGE));
    let page = browser.get(USER_PAGE).await;
    assert_eq!(page.title(), "ユーザ登録");
    assert!(page.says("職種") && page.says("部署"), "{}", page.text());
    assert!(!page.says("主たる利用者が交代します"), "{}", page.text());
    let page = browser.submit(USER_PAGE, &person(MAIL)).await;
    assert_eq!(page.title(), "登録内容の確認");
    for part in ["請求事業所A", USER, "佐藤 花子", "サトウ ハナコ", MAIL, "03-1234-5678", "事務", "（入力なし）"]
    {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    let shown = page.value("shown").unwrap();
    let page = browser.submit(CHECK, &[("shown", &shown)]).await;
    assert_eq!(page.title(), "処理終了");
    for part in [MAIL, "ユーザ登録を受け付けました。", "2026年1月27日 10時00分（7日間）", "メールを送信しています"]
    {
        assert!(page.says(part), "{part}: {}", page.text());
    }

    assert_eq!((users(&app, USER), damage(&app)), (vec![MAIL.to_owned()], vec![]));
    let mails = app.take_mails().await;
    let initial = mails.iter().find(|mail| mail.subject == M9).expect("M-9");
    assert_eq!(initial.to, MAIL);
    let main =
        app.app.store.read(|r| portal::user_by_mail(r, &uketsuke::kernel::MailAddress::parse(MAIL).unwrap())).unwrap().unwrap();
    let password = portal::initial_password(&app.app.keys, main.id, &main.initial.unwrap()).unwrap();
    let typed: String = initial.body.chars().filter(|c| *c != ' ').collect();
    assert!(password.expose().len() == 16 && typed.contains(password.expose().as_str()), "{}", initial.body);
    assert!(browser.get(DONE).await.says("10:00に、メールサーバーがこのメールを受け取りました。"));
    // The office hears of it at each of its addresses, and in its notices.
    let mut told: Vec<&str> = mails.iter().filter(|mail| mail.subject == M7).map(|mail| mail.to.as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["notice@example.jp", "security-1@example.jp", "security-2@example.jp"]);
    assert!(
        mails.iter().any(|mail| mail.body.contains("介護情報基盤ポータルの利用者（han***@portal.example.jp）が登録されました。"))
    );
    let notices = app.app.store.read(|r| notices::of_office(r, user_id, 9)).unwrap();
    assert!(notices.iter().any(|one| one.kind == "N-3" && one.body.contains("han***@portal.example.jp")));
    let entries = app.app.store.read(|r| audit::about(r, &user_id.office().to_string(), 9)).unwrap();
    assert!(entries.iter().any(|one| one.action == "portal.register"), "{entries:?}");

    // Nothing of the reception system was opened.
    assert!(app.app.store.read(|r| sessions::list(r, Subject::Office(user_id))).unwrap().is_empty());
    let mut cookies: Vec<&str> = browser.cookies.keys().map(String::as_str).collect();
    cookies.sort_unstable();
    assert_eq!(cookies, ["browser", "flow"]);
    let after = app.account(user_id);
    assert_eq!((after.revision, after.last_login), (before.revision, before.last_login));
}

#[tokio::test]
async fn the_security_code_is_asked_only_where_one_is_set() {
    let app = TestApp::new();
    fixed(&app).await;
    let mut browser = app.browser();
    assert_eq!(browser.get("/portal/register/security-code").await.location(), Some("/portal/register?notice=code"));
    assert_eq!(prove(&mut browser, USER, PASSWORD).await.location(), Some("/portal/register/security-code"));
    let path = "/portal/register/security-code";
    let page = browser.get(path).await;
    assert_eq!(page.title(), "セキュリティコード入力");
    assert!(page.says("6〜8桁の数字"), "{}", page.text());
    let page = browser.post(path, &[("code", "")]).await;
    assert!(page.status == 422 && page.says("セキュリティコードを入力してください。"), "{}", page.text());
    let page = browser.post(path, &[("code", "11111111")]).await;
    assert!(page.status == 422 && page.says("あと4回入力できます"), "{}", page.text());
    assert_eq!(flows(&app), 0, "nothing is kept before the code was right");
    let flow = browser.get(path).await.value("flow").unwrap();
    let fields = [("flow", flow.as_str()), ("code", CODE)];
    let mut second = browser.clone();
    assert_eq!(browser.post(path, &fields).await.location(), Some(OTP));
    assert_eq!(second.post(path, &fields).await.location(), Some(OTP), "a second click follows the first");
    assert_eq!(flows(&app), 1);
    app.mail(M2).await;
}

#[tokio::test]
async fn an_office_without_address_is_told_what_to_do() {
    let app = TestApp::new();
    app.existing_without_address(USER).await;
    let mut browser = app.browser();
    assert_eq!(prove(&mut browser, USER, PASSWORD).await.location(), Some("/portal/register/no-address"));
    let page = browser.get("/portal/register/no-address").await;
    assert_eq!(page.title(), "セキュリティ用メールアドレスの登録が必要です");
    assert!(page.body.contains("href=\"/login\"") && page.says("電子請求受付システムへログイン"), "{}", page.text());
    assert!(page.says("もう一度この【初回利用登録】を行います") && page.says("0000-13-0000"), "{}", page.text());
    assert_eq!(browser.get(OTP).await.location(), Some("/portal/register/no-address"));
    // Once there is one, the way is open.
    app.change_account(user(USER), |account| {
        account.security_mails = vec![uketsuke::kernel::MailAddress::parse("new@example.jp").unwrap()];
    })
    .await;
    at_otp(&mut browser, USER).await;
    assert_eq!(app.mail(M2).await.to, "new@example.jp");
}

#[tokio::test]
async fn a_temporary_password_registers_nobody_and_stays_unused() {
    let app = TestApp::new();
    let user_id = app.new_office(USER).await;
    let before = app.account(user_id).temporary;
    let mut browser = app.browser();
    let page = prove(&mut browser, USER, TEMPORARY).await;
    assert!(page.status == 422 && page.says("通知書の仮パスワードでは認証できません"), "{}", page.text());
    assert_eq!((app.account(user_id).temporary, flows(&app)), (before, 0));
    assert!(!page.body.contains(TEMPORARY));
}

#[tokio::test]
async fn q21_unknown_wrong_and_suspended_are_answered_alike_and_fill_nothing() {
    let app = TestApp::new();
    app.office(USER).await;
    let suspended = app.office("KJ131333333333").await;
    app.change_account(suspended, |account| account.suspended = true).await;
    let mut seen = Vec::new();
    for (typed, password) in [(USER, "nowhere-near-1"), (NOBODY, "nowhere-near-1"), ("KJ131333333333", PASSWORD)] {
        let mut browser = app.browser();
        let page = prove(&mut browser, typed, password).await;
        assert!(page.says("認証できませんでした。ユーザIDとパスワードをお確かめのうえ"), "{}", page.text());
        assert!(!page.body.contains(password));
        let mut body = page.body.replace(typed, "TYPED");
        for name in ["_csrf", "flow"] {
            body = body.replace(&page.value(name).unwrap(), name);
        }
        seen.push((page.status, body, page.headers.len(), browser.cookies.keys().cloned().collect::<Vec<_>>()));
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
    assert_eq!(seen[0].3, ["browser"], "strangers begin no flow");
    assert_eq!(flows(&app), 0);
    let page = prove(&mut app.browser(), " ", "").await;
    assert!(page.says("ユーザIDを入力してください。") && page.says("パスワードを入力してください。"), "{}", page.text());
}

#[tokio::test]
async fn q22_three_wrong_passwords_here_lock_the_device_at_the_login_too() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    for _ in 0..2 {
        assert_eq!(prove(&mut browser, USER, "nowhere-near-1").await.status, 422);
    }
    let page = prove(&mut browser, USER, "nowhere-near-1").await;
    assert_eq!(page.status, 429, "{}", page.text());
    assert!(page.says("認証を一時的に停止しています") && page.says("端末を確認する"), "{}", page.text());
    assert_eq!(browser.log_in(USER, PASSWORD).await.status, 429);
    assert_eq!(prove(&mut browser, USER, PASSWORD).await.status, 429);
}

#[tokio::test]
async fn q16_five_wrong_one_time_passwords_lead_back_to_the_password() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut browser = app.browser();
    at_otp(&mut browser, USER).await;
    let right = code(&app).await;
    let page = enter(&mut browser, "12").await;
    assert!(page.status == 422 && page.says("6桁の数字で入力してください"), "{}", page.text());
    for left in [4, 3, 2, 1] {
        let page = enter(&mut browser, &wrong(&right)).await;
        assert!(page.status == 422 && page.says(&format!("あと{left}回入力できます")), "{}", page.text());
    }
    let page = enter(&mut browser, &wrong(&right)).await;
    assert!(page.says("このワンタイムパスワードは使えません") && page.says("電子請求受付システムの認証"), "{}", page.text());
    let before = app.app.store.counts().written;
    assert!(browser.post(OTP, &[("code", &right)]).await.status.is_client_error());
    assert_eq!(enter(&mut browser, &right).await.status, 422, "nor the right one");
    assert_eq!(app.app.store.counts().written, before, "whoever goes on typing writes nothing");
    assert_eq!(browser.get(USER_PAGE).await.location(), Some(OTP));
    let entries = app.app.store.read(|r| audit::about(r, &user_id.office().to_string(), 20)).unwrap();
    let outcomes: Vec<&str> = entries.iter().filter(|one| one.action == "portal.otp").map(|one| one.outcome.as_str()).collect();
    assert_eq!(outcomes, ["ended", "wrong", "wrong", "wrong", "wrong"]);
    at_otp(&mut browser, USER).await;
    assert_ne!(code(&app).await, right);
}

#[tokio::test]
async fn the_password_typed_again_sends_no_second_code_and_asks_none_that_was_entered() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    at_otp(&mut browser, USER).await;
    at_otp(&mut browser, USER).await;
    let code = code(&app).await;
    assert_eq!(browser.post("/portal/register/otp/resend", &[]).await.status, 422, "too soon");
    app.advance(SignedDuration::from_secs(60));
    assert_eq!(browser.post("/portal/register/otp/resend", &[]).await.location(), Some(OTP));
    assert!(enter(&mut browser, &code).await.says("再送する前の古い"));
    let newer = self::code(&app).await;
    assert_eq!(enter(&mut browser, &newer).await.location(), Some(USER_PAGE));
    assert_eq!(prove(&mut browser, USER, PASSWORD).await.location(), Some(USER_PAGE), "it was just entered");
    assert_eq!(browser.get(PATH).await.value("user_id").as_deref(), Some(USER));
}

#[tokio::test]
async fn what_was_typed_is_judged_field_by_field_and_kept() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    at_user(&app, &mut browser, USER).await;
    assert_eq!(browser.get(CHECK).await.location(), Some(USER_PAGE), "nothing is typed yet");
    let page = browser
        .post(USER_PAGE, &[("name", "佐藤"), ("kana", "佐藤"), ("mail_address", "a@example.jp"), ("telephone", "031234567")])
        .await;
    assert_eq!(page.status, 422);
    for part in ["氏名カナは、カタカナで", "(確認用)を入力してください", "0から始まる10桁または11桁", "部署を入力してください"]
    {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    assert_eq!(page.value("name").as_deref(), Some("佐藤"));
    let mut fields = person(MAIL);
    fields[3].1 = "other@portal.example.jp";
    assert!(browser.post(USER_PAGE, &fields).await.says("メールアドレスと一致しません"));
    // 戻る keeps it all, as it is.
    fields.push(("back", "1"));
    assert_eq!(browser.post(USER_PAGE, &fields).await.location(), Some(PATH));
    let page = browser.get(USER_PAGE).await;
    assert_eq!(page.value("mail_address_again").as_deref(), Some("other@portal.example.jp"));
    assert_eq!(page.value("telephone").as_deref(), Some("03-1234-5678"));
}
