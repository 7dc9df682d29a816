//! What staff do at the screen and with their telephone.

use std::time::{Duration, Instant};

use uketsuke::kernel::Clock;

use super::chrome::Chrome;
use super::house::House;

/// A member of staff with an authenticator app.
pub struct Member {
    pub name: String,
    pub password: String,
    secret: Vec<u8>,
    /// The newest time step whose code was used; the server takes none twice.
    used: u64,
}

impl Member {
    /// Adds a member at the command line and lets them enrol in the browser.
    pub async fn enrol(house: &House, chrome: &Chrome, name: &str, role: &str) -> Self {
        let printed = house.command(&["staff", "add", name, "--prefecture", "07", "--role", role]);
        let link = printed.split_whitespace().find(|word| word.starts_with("http")).expect("a link is printed");
        let password = format!("hajimete no {role} desu 5");
        chrome.open(link).await;
        chrome.screen("職員登録（パスワード設定）", "").await;
        chrome.press("次へ").await;
        chrome.screen("職員登録（パスワード設定）", "エラー").await;
        chrome.fill("new_password", &password).await;
        chrome.fill("new_password_again", &password).await;
        chrome.press("次へ").await;
        chrome.screen("職員登録（認証アプリ登録）", "").await;
        let mut member = Self { name: name.to_owned(), password, secret: secret(&chrome.text().await), used: 0 };
        chrome.fill("code", "000000").await;
        chrome.press("登録").await;
        chrome.screen("職員登録（認証アプリ登録）", "エラー").await;
        let code = member.next_code().await;
        chrome.fill("code", &code).await;
        chrome.press("登録").await;
        chrome.screen("処理終了", "職員登録").await;
        member
    }

    /// Logs in with name, password and code.
    pub async fn log_in(&mut self, chrome: &Chrome) {
        chrome.open("/staff/login").await;
        chrome.screen("職員ログイン", "").await;
        chrome.press("次へ").await;
        chrome.screen("職員ログイン", "エラー").await;
        chrome.fill("name", &self.name).await;
        chrome.fill("password", &self.password).await;
        chrome.press("次へ").await;
        chrome.screen("職員ログイン（認証コード）", "").await;
        chrome.fill("code", "12345").await;
        chrome.press("ログイン").await;
        chrome.screen("職員ログイン（認証コード）", "エラー").await;
        let code = self.next_code().await;
        chrome.fill("code", &code).await;
        chrome.press("ログイン").await;
    }

    /// A code that was not used yet: of the step before, of this one or of the next, all of which the server takes.
    async fn next_code(&mut self) -> String {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let seconds = u64::try_from(Clock::system().now().as_second()).unwrap();
            let step = (self.used + 1).max(seconds / 30 - 1);
            // In its last seconds a step may be over before the code arrives.
            let arrives = (seconds + 10) / 30;
            if step <= seconds / 30 + 1 && step + 1 >= arrives {
                self.used = step;
                let totp = totp_rs::Builder::new().with_secret(self.secret.as_slice()).build_noncompliant();
                return totp.generate(step * 30).to_string();
            }
            self.used = self.used.max(seconds / 30 - 1);
            assert!(Instant::now() < end, "no code became free");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The secret as the page shows it for typing: groups of four, base32.
fn secret(page: &str) -> Vec<u8> {
    let groups = page
        .split_whitespace()
        .filter(|word| word.len() == 4 && word.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)));
    let text: String = groups.take(8).collect();
    assert_eq!(text.len(), 32, "{page}");
    data_encoding::BASE32_NOPAD.decode(text.as_bytes()).unwrap()
}
