//! What every walk through the demo does again and again: log in, sit down at a desk, fetch a code from the mailbox.

use std::time::Instant;

use fantoccini::Locator;
use uketsuke::demo::offices;
use uketsuke::demo::people::{STAFF, STAFF_PASSWORD};
use uketsuke::kernel::UserId;
use uketsuke::staff::Role;

use super::chrome::{Chrome, DEADLINE, PAUSE};

/// An office of the demo types its user ID and this password.
pub async fn enter(chrome: &Chrome, (place, serial): (u8, u8), password: &str) {
    chrome.open("/login").await;
    chrome.fill("user_id", &UserId::of(offices::key(place, serial)).to_string()).await;
    chrome.fill("password", password).await;
    chrome.press("ログイン").await;
}

/// A member of staff of 07, with the code that the demo shows.
pub async fn sit_down(chrome: &Chrome, role: Role) {
    let member = STAFF.iter().find(|one| one.place == Some(7) && one.role == role).unwrap();
    chrome.open("/staff/login").await;
    chrome.fill("name", member.name).await;
    chrome.fill("password", STAFF_PASSWORD).await;
    chrome.press("次へ").await;
    chrome.expect("職員ログイン（認証コード）").await;
    chrome.open("/demo/codes").await;
    let row = chrome.find_text(&format!("//tr[contains(., '{}')]", member.name)).await;
    let code = row.split_whitespace().find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit())).unwrap();
    chrome.open("/staff/login/code").await;
    chrome.fill("code", code).await;
    chrome.press("ログイン").await;
    chrome.expect("ダッシュボード").await;
}

/// The screen 【ユーザの管理】 of an office of 07.
pub async fn open_account(chrome: &Chrome, office: (u8, u8)) {
    chrome.open(&format!("/staff/ledger/{}/account", offices::key(office.0, office.1).number)).await;
    chrome.expect("ユーザの管理").await;
}

/// The code of this many digits in the `n`th mail of this title to this address. The browser stays at the mail.
pub async fn mailed(chrome: &Chrome, title: &str, to: &str, n: usize, digits: usize) -> String {
    let text = mail(chrome, title, to, n).await;
    let line = text.lines().find(|line| line.len() == digits && line.bytes().all(|b| b.is_ascii_digit()));
    line.unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// The newest mail of this title to this address, once there are `n` of them. The browser stays at the mail.
pub async fn mail(chrome: &Chrome, title: &str, to: &str, n: usize) -> String {
    let path = format!("//tr[contains(., '{title}') and contains(., '{to}')]//a");
    let end = Instant::now() + DEADLINE;
    loop {
        chrome.open("/demo/mail").await;
        chrome.expect("届いたメール").await;
        let mut links = chrome.client.find_all(Locator::XPath(&path)).await.unwrap();
        if links.len() >= n {
            // Newest first.
            links.remove(0).click().await.unwrap();
            return chrome.find_text("//div[@class='mail-text']").await;
        }
        assert!(Instant::now() < end, "{title} to {to} did not come");
        tokio::time::sleep(PAUSE * 4).await;
    }
}

/// An address of an office of the demo.
pub fn address((place, serial): (u8, u8), n: u8) -> String {
    offices::OFFICES.iter().find(|one| (one.place, one.serial) == (place, serial)).unwrap().mail(n).to_string()
}
