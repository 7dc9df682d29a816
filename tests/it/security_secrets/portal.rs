//! An office names its main user at 介護情報基盤ポータル, after its reset: its password is typed there as well, and another goes out by mail.

use super::secrets::Secrets;
use super::steps::{CONTACT, MISPLACED, RESET, USER, WRONG, code_of};
use crate::browser::house::House;
use crate::support::wire::Wire;

/// 初回利用登録.
pub async fn register(house: &House, wire: &Wire, secrets: &mut Secrets) {
    let (mail, name) = ("tanto-e@example.jp", super::STAFF);
    let mut browser = wire.browser();
    browser.open("/portal/register").await;
    browser.post("/portal/register", &[("user_id", MISPLACED), ("password", WRONG)]).await;
    let page = browser.submit("/portal/register", &[("user_id", USER), ("password", RESET)]).await;
    assert_eq!(page.title(), "ワンタイムパスワード入力", "{}", page.text());
    // After those of the address added, the one taken out, the reset and the device.
    let code = code_of(house, CONTACT, "ワンタイムパスワード発行通知", 5, 6);
    let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    let challenge = page.value("challenge").unwrap();
    browser.post("/portal/register/otp", &[("challenge", &challenge), ("code", &wrong)]).await;
    let page = browser.submit("/portal/register/otp", &[("challenge", &challenge), ("code", &code)]).await;
    assert_eq!(page.title(), "ユーザ登録", "{}", page.text());
    secrets.codes.push(code);
    let fields = [
        ("name", name),
        ("kana", "サトウ ハナコ"),
        ("mail_address", mail),
        ("mail_address_again", mail),
        ("telephone", "000-000-0000"),
        ("department", "事務"),
    ];
    let page = browser.submit("/portal/register/user", &fields).await;
    let shown = page.value("shown").unwrap_or_else(|| panic!("{}", page.text()));
    let page = browser.submit("/portal/register/check", &[("shown", &shown)]).await;
    assert_eq!(page.title(), "処理終了", "{}", page.text());
    let body = house.mail(mail, 1).body;
    let grouped = body.lines().find(|line| {
        let groups: Vec<&str> = line.split(' ').collect();
        groups.len() == 4 && groups.iter().all(|group| group.len() == 4 && group.is_ascii())
    });
    let grouped = grouped.unwrap_or_else(|| panic!("{body}"));
    secrets.text(grouped);
    secrets.text(&grouped.replace(' ', ""));
}
