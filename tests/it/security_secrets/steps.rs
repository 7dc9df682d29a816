//! The steps of the main job at the real program, each with what is secret in it.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use uketsuke::kernel::Clock;

use super::STAFF;
use super::secrets::Secrets;
use crate::browser::house::House;
use crate::letters_print::queue;
use crate::support::browser::Browser;
use crate::support::pdf;
use crate::support::staff::shown_secret;
use crate::support::wire::Wire;

pub const USER: &str = "KJ070799900014";
const STAFF_PASSWORD: &str = "kettle orbit wax 47 plum";
const CHOSEN: &str = "mV8#trcw2Kq-chosen";
pub const WRONG: &str = "Wr0ng-but-typed-9";
pub const MISPLACED: &str = "Typed-1n-the-wrong-field";
/// The password after the reset.
pub const RESET: &str = "Hoshi-no-yoru-8";

fn now() -> Timestamp {
    Clock::system().now()
}

fn code_in(body: &str, digits: usize) -> String {
    let alone = |word: &&str| word.len() == digits && word.bytes().all(|b| b.is_ascii_digit());
    body.split(|c: char| !c.is_ascii_alphanumeric()).find(alone).unwrap_or_else(|| panic!("{body}")).to_owned()
}

/// A member of staff, from the link to the desk.
pub async fn enrol(house: &House, wire: &Wire, secrets: &mut Secrets) -> Browser {
    let told = house.command(&["staff", "add", STAFF, "--prefecture", "07", "--role", "admin"]);
    let link = &told[told.find("/staff/enrol?token=").unwrap()..];
    let link = link.split_whitespace().next().unwrap();
    secrets.text(link.split_once('=').unwrap().1);
    secrets.text(STAFF_PASSWORD);
    let mut browser = wire.browser();
    browser.open(link).await;
    let fields = [("new_password", STAFF_PASSWORD), ("new_password_again", STAFF_PASSWORD)];
    let page = browser.submit("/staff/enrol", &fields).await;
    let app = shown_secret(&page);
    secrets.authenticator(&app);
    let (first, next) = (app.code(now()), app.code(now() + SignedDuration::from_secs(30)));
    let page = browser.submit("/staff/enrol/app", &[("code", &first)]).await;
    assert_eq!(page.title(), "処理終了", "{}", page.text());
    browser.open("/staff/login").await;
    browser.post("/staff/login", &[("name", MISPLACED), ("password", WRONG)]).await;
    browser.post("/staff/login", &[("name", STAFF), ("password", WRONG)]).await;
    let page = browser.submit("/staff/login", &[("name", STAFF), ("password", STAFF_PASSWORD)]).await;
    assert!(page.title().contains("認証コード"), "{}", page.text());
    // A code of the next step is taken already, the one used for enrolling no more.
    let page = browser.post("/staff/login/code", &[("code", &next)]).await;
    assert_eq!(page.location(), Some("/staff"), "{}", page.text());
    secrets.codes.extend([first, next]);
    browser
}

/// A1 to A5; the control number.
pub async fn apply(house: &House, wire: &Wire, secrets: &mut Secrets, number: &str, contact: &str) -> String {
    let mut browser = wire.browser();
    assert_eq!(browser.apply(number, contact).await.location(), Some("/reissue/code"));
    let code = code_in(&house.mail(contact, 1).body, 4);
    browser.get("/reissue/code").await;
    // Too soon for another code.
    assert_eq!(browser.post("/reissue/code/resend", &[]).await.status.as_u16(), 422);
    browser.post("/reissue/code", &[("code", if code == "0000" { "0001" } else { "0000" })]).await;
    let page = browser.submit("/reissue/code", &[("code", &code)]).await;
    assert_eq!(page.title(), "送信確認", "{}", page.text());
    let page = browser.submit("/reissue/check", &[]).await;
    secrets.codes.push(code);
    let text = page.text();
    let at = text.find("管理番号 U").unwrap_or_else(|| panic!("{text}")) + "管理番号 ".len();
    text[at..at + 13].to_owned()
}

/// The applicant looks, and withdraws with a one-time password.
pub async fn withdraw(house: &House, wire: &Wire, secrets: &mut Secrets, number: &str, contact: &str) {
    let mut browser = wire.browser();
    browser.get("/status").await;
    browser.post("/status", &[("control_number", number), ("contact", "tanto-c@example.jp")]).await;
    browser.submit("/status", &[("control_number", number), ("contact", contact)]).await;
    browser.open("/status/withdraw").await;
    let sent = house.sink.mails().iter().filter(|mail| mail.to.iter().any(|to| to == contact)).count();
    assert_eq!(browser.post("/status/withdraw", &[]).await.location(), Some("/status/withdraw/code"));
    let code = code_in(&house.mail(contact, sent + 1).body, 6);
    browser.open("/status/withdraw/code").await;
    let page = browser.submit("/status/withdraw/code", &[("code", &code)]).await;
    assert!(page.says("取り下げ"), "{}", page.text());
    secrets.codes.push(code);
}

/// From the approval to the paper.
pub async fn print(browser: &mut Browser, secrets: &mut Secrets, number: &str) -> String {
    let path = format!("/staff/applications/{number}");
    for (mv, to) in [("take", path.clone()), ("approve", format!("{path}/decision"))] {
        let shown = browser.open(&path).await.value("shown").unwrap();
        let page = browser.post(&to, &[("move", mv), ("shown", &shown)]).await;
        assert_eq!(page.status.as_u16(), 303, "{mv}: {}", page.text());
    }
    let (choices, token) = queue(&browser.open("/staff/letters").await);
    let ordered = browser.post("/staff/letters/print", &[("token", &token), ("choice", &choices[0])]).await;
    let batch = ordered.location().unwrap().to_owned();
    let end = Instant::now() + Duration::from_secs(60);
    while !browser.open(&batch).await.says("PDFができました") {
        assert!(Instant::now() < end, "the letter was not printed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let page = browser.post(&format!("{batch}/pdf"), &[]).await;
    let letter = pdf::letters(&page.bytes).remove(0);
    assert_eq!(letter.user_id, USER);
    secrets.text(&letter.password);
    letter.password
}

/// With the paper to a password of one's own, and in with it.
pub async fn first_login(house: &House, wire: &Wire, secrets: &mut Secrets, temporary: &str) {
    let mut browser = wire.browser();
    browser.log_in(USER, WRONG).await;
    browser.log_in(MISPLACED, WRONG).await;
    assert_eq!(browser.log_in(USER, temporary).await.location(), Some("/first-login"));
    browser.agree().await;
    browser.submit("/first-login/warning", &[]).await;
    let chosen = &CHOSEN[..16];
    let refused = [("current_password", WRONG), ("new_password", "Kaigo12345"), ("new_password_again", MISPLACED)];
    assert_eq!(browser.post("/first-login/password", &refused).await.status.as_u16(), 422);
    let fields = [("current_password", temporary), ("new_password", chosen), ("new_password_again", chosen)];
    let page = browser.submit("/first-login/password", &fields).await;
    assert_eq!(page.title(), "処理終了", "{}", page.text());
    browser.submit("/first-login/done", &[]).await;
    let address = "tanto-d@example.jp";
    browser.post("/first-login/mail", &[("way", "register"), ("mail", address), ("mail_again", "tanto-a@example.jp")]).await;
    browser.submit("/first-login/mail", &[("way", "register"), ("mail", address), ("mail_again", address)]).await;
    browser.submit("/first-login/mail/done", &[]).await;
    browser.ask_for_code(address).await;
    let code = code_in(&house.mail(address, 1).body, 4);
    browser.enter_code(if code == "0000" { "0001" } else { "0000" }).await;
    assert_eq!(browser.enter_code(&code).await.title(), "処理終了");
    secrets.codes.push(code);
    browser.submit("/first-login/address/done", &[]).await;
    browser.submit("/logout", &[]).await;
    assert_eq!(browser.log_in(USER, temporary).await.status.as_u16(), 422);
    assert_eq!(browser.log_in(USER, chosen).await.location(), Some("/office"));
    for text in [chosen, WRONG, MISPLACED, "Kaigo12345"] {
        secrets.text(text);
    }
}

/// U4 and P3: digits, then an app, each at the login as well. Gives the browser in which they were set.
pub async fn security_codes(wire: &Wire, secrets: &mut Secrets) -> Browser {
    const DIGITS: &str = "80417936";
    let (chosen, place) = (&CHOSEN[..16], "/office/user/code");
    let mut browser = wire.browser();
    assert_eq!(browser.log_in(USER, chosen).await.location(), Some("/office"));
    let shown = browser.open(place).await.value("shown").unwrap();
    let refused = [("kind", "fixed"), ("new_code", DIGITS), ("new_code_again", "80417935"), ("shown", &shown)];
    assert_eq!(browser.post(place, &refused).await.status.as_u16(), 422);
    let fields = [("kind", "fixed"), ("new_code", DIGITS), ("new_code_again", DIGITS), ("shown", &shown)];
    assert_eq!(browser.submit(place, &fields).await.title(), "処理終了");
    let mut other = wire.browser();
    assert_eq!(other.log_in(USER, chosen).await.location(), Some("/login/code"));
    other.get("/login/code").await;
    other.post("/login/code", &[("code", "80417935")]).await;
    assert_eq!(other.post("/login/code", &[("code", DIGITS)]).await.location(), Some("/office"));
    let shown = browser.open(place).await.value("shown").unwrap();
    let page = browser.submit(place, &[("kind", "app"), ("shown", &shown)]).await;
    let app = shown_secret(&page);
    let (first, next) = (app.code(now()), app.code(now() + SignedDuration::from_secs(30)));
    assert_eq!(browser.submit("/office/user/code/app", &[("code", &first)]).await.title(), "処理終了");
    other.get("/office").await;
    other.submit("/logout", &[]).await;
    assert_eq!(other.log_in(USER, chosen).await.location(), Some("/login/code"));
    other.get("/login/code").await;
    assert_eq!(other.post("/login/code", &[("code", &next)]).await.location(), Some("/office"));
    secrets.authenticator(&app);
    secrets.text(DIGITS);
    secrets.codes.extend([first, next]);
    browser
}

/// The address of the office, to which one-time passwords go.
pub const CONTACT: &str = "tanto-d@example.jp";

/// The code in the mail of this subject that came as the `nth` to an address.
pub fn code_of(house: &House, to: &str, subject: &str, nth: usize, digits: usize) -> String {
    let mut mails = (1..).map(|n| house.mail(to, n)).filter(|mail| mail.subject().starts_with(subject));
    code_in(&mails.nth(nth - 1).unwrap().body, digits)
}

/// U3: an address is added and taken out again; U1: another password.
pub async fn user_information(house: &House, browser: &mut Browser, secrets: &mut Secrets) {
    let (list, new) = ("/office/user/addresses", "tanto-a@example.jp");
    for (nth, act, which) in [(1, "add", ""), (2, "delete", "1")] {
        assert_eq!(browser.begin(act, which).await.status.as_u16(), 303, "{act}");
        let page = browser.open(&format!("{list}/edit")).await;
        assert!(page.title().starts_with("セキュリティ用メールアドレス"), "{}", page.text());
        let page = browser.submit(&format!("{list}/edit"), &[("address", new), ("address_again", new)]).await;
        let code = code_of(house, CONTACT, "ワンタイムパスワード発行通知", nth, 6);
        let challenge = page.value("challenge").unwrap_or_else(|| panic!("{act}: {}", page.text()));
        let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
        browser.post(&format!("{list}/otp"), &[("challenge", &challenge), ("code", &wrong)]).await;
        let mut page = browser.submit(&format!("{list}/otp"), &[("challenge", &challenge), ("code", &code)]).await;
        secrets.codes.push(code);
        if act == "add" {
            // The first was asked for by the application.
            let code = code_of(house, new, "確認コード発行通知", 2, 4);
            let challenge = page.value("challenge").unwrap_or_else(|| panic!("{}", page.text()));
            page = browser.submit(&format!("{list}/code"), &[("challenge", &challenge), ("code", &code)]).await;
            secrets.codes.push(code);
        }
        assert_eq!(page.title(), "処理終了", "{act}: {}", page.text());
    }
    let next = "Kaze-no-oka-77";
    browser.open("/office/user/password").await;
    let refused = [("current_password", WRONG), ("new_password", next), ("new_password_again", MISPLACED)];
    assert_eq!(browser.post("/office/user/password", &refused).await.status.as_u16(), 422);
    let fields = [("current_password", &CHOSEN[..16]), ("new_password", next), ("new_password_again", next)];
    let page = browser.submit("/office/user/password", &fields).await;
    assert_eq!(page.title(), "処理終了", "{}", page.text());
    secrets.text(next);
}

/// A device is let in by a one-time password.
pub async fn device(house: &House, wire: &Wire, secrets: &mut Secrets) {
    let mut browser = wire.browser();
    browser.open("/login/device").await;
    let page = browser.submit("/login/device", &[("user_id", USER), ("address", CONTACT)]).await;
    assert_eq!(page.title(), "ワンタイムパスワード入力", "{}", page.text());
    // After those of the address added, the one taken out, and the reset.
    let code = code_of(house, CONTACT, "ワンタイムパスワード発行通知", 4, 6);
    let page = browser.submit("/login/device/code", &[("code", &code)]).await;
    assert_eq!(page.title(), "処理終了", "{}", page.text());
    secrets.codes.push(code);
}

/// The password is lost: a one-time password, once wrong, and a new one.
pub async fn reset(house: &House, wire: &Wire, secrets: &mut Secrets, office: &str) {
    let (address, chosen) = (CONTACT, RESET);
    let mut browser = wire.browser();
    browser.open("/reset").await;
    let page = browser.submit("/reset", &[("number", office), ("address", address)]).await;
    assert_eq!(page.title(), "ワンタイムパスワード入力", "{}", page.text());
    // After those of the address that was added and taken out.
    let code = code_of(house, address, "ワンタイムパスワード発行通知", 3, 6);
    let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    assert_eq!(browser.post("/reset/code", &[("code", &wrong)]).await.status.as_u16(), 422);
    browser.submit("/reset/code", &[("code", &code)]).await;
    browser.post("/reset/password", &[("new_password", WRONG), ("new_password_again", MISPLACED)]).await;
    let page = browser.submit("/reset/password", &[("new_password", chosen), ("new_password_again", chosen)]).await;
    assert_eq!(page.title(), "処理終了", "{}", page.text());
    secrets.codes.push(code);
    secrets.text(chosen);
}

/// P4 and its other end.
pub async fn look_for_help(wire: &Wire) {
    let mut browser = wire.browser();
    browser.open("/").await;
    browser.open("/lost").await;
    browser.submit("/lost", &[("way", "letter")]).await;
    browser.open("/lost").await;
    browser.submit("/lost", &[("way", "registered")]).await;
}

/// 窓口受付 with an address, and the application withdrawn.
pub async fn at_the_window(desk: &mut Browser, office: &str) {
    let form = desk.open(&format!("/staff/applications/new?q={office}")).await.value("form").unwrap();
    let contact = "tanto-c@example.jp";
    let fields = [
        ("office", office),
        ("form", form.as_str()),
        ("channel", "telephone"),
        ("contact", contact),
        ("contact_again", contact),
        ("note", "施設長の方から"),
    ];
    let entered = desk.post("/staff/applications/new", &fields).await;
    let place = entered.location().unwrap_or_else(|| panic!("{}", entered.text())).to_owned();
    let shown = desk.open(&place).await.value("shown").unwrap();
    let path = place.split('?').next().unwrap();
    let fields = [("move", "withdraw"), ("shown", shown.as_str()), ("withdraw_note", "tanto-c@example.jp から申し出")];
    let page = desk.submit(path, &fields).await;
    assert!(page.says("取下げ"), "{}", page.text());
}

/// Lists, searches, and changes at the desk.
pub async fn work_at_the_desk(desk: &mut Browser, office: &str) {
    for path in
        ["/staff", "/staff/mails", "/staff/applications?state=all", "/staff/letters?list=completed", "/staff/letters/posting"]
    {
        desk.open(path).await;
    }
    for path in
        [format!("/staff/ledger?q={office}"), format!("/staff/applications?q={office}"), format!("/staff/ledger/{office}")]
    {
        desk.open(&path).await;
    }
    let page = desk.submit(&format!("/staff/ledger/{office}/postal-code"), &[("postal_code", "100-0009")]).await;
    assert!(page.says("100-0009"), "{}", page.text());
    let page = desk.submit(&format!("/staff/ledger/{office}/disable-password"), &[("reason", "漏えい")]).await;
    assert!(page.says("無効"), "{}", page.text());
}
