//! The steps before the pages of an office open, as somebody walks them who makes no mistake.

use super::TestApp;
use super::browser::{Browser, Page};
use super::office::{NEW_PASSWORD, TEMPORARY};

/// What a new office sees, one screen after the other.
pub const SCREENS: [&str; 10] = [
    "利用規約",
    "警告",
    "パスワード変更",
    "処理終了",
    "メールアドレス設定",
    "処理終了",
    "セキュリティ用メールアドレス設定",
    "確認コード入力",
    "処理終了",
    "お知らせ",
];

/// The address that new offices register.
pub const ADDRESS: &str = "shinki@example.jp";

impl Browser {
    /// 【利用規約】, agreed to.
    pub async fn agree(&mut self) -> Page {
        let version = self.open("/first-login/terms").await.value("version").expect("the terms are due");
        self.submit("/first-login/terms", &[("version", &version), ("agree", "1")]).await
    }

    /// [変更] on 【パスワード変更】, to 【処理終了】.
    pub async fn choose_password(&mut self, temporary: &str) -> Page {
        self.open("/first-login/password").await;
        let fields = [("current_password", temporary), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)];
        self.submit("/first-login/password", &fields).await
    }

    /// [次へ] on 【セキュリティ用メールアドレス設定】.
    pub async fn ask_for_code(&mut self, address: &str) -> Page {
        self.open("/first-login/address").await;
        self.submit("/first-login/address", &[("address", address), ("address_again", address)]).await
    }

    /// [送信] on 【確認コード入力】.
    pub async fn enter_code(&mut self, code: &str) -> Page {
        self.open("/first-login/address/code").await;
        self.submit("/first-login/address/code", &[("code", code)]).await
    }

    /// One screen of [`SCREENS`], done right; gives the next one.
    pub async fn step(&mut self, app: &TestApp, at: usize) -> Page {
        match at {
            0 => self.agree().await,
            1 => {
                self.open("/first-login/warning").await;
                self.submit("/first-login/warning", &[]).await
            }
            2 => self.choose_password(TEMPORARY).await,
            3 => self.submit("/first-login/done", &[]).await,
            4 => self.submit("/first-login/mail", &[("way", "none")]).await,
            5 => self.submit("/first-login/mail/done", &[]).await,
            6 => self.ask_for_code(ADDRESS).await,
            7 => {
                let code = app.code().await;
                self.enter_code(&code).await
            }
            8 => self.submit("/first-login/address/done", &[]).await,
            _ => panic!("the steps are over"),
        }
    }

    /// The screens from the first to that of this number, which is open then.
    pub async fn walk_to(&mut self, app: &TestApp, end: usize) {
        for at in 0..end {
            let page = self.step(app, at).await;
            assert_eq!(page.title(), SCREENS[at + 1], "{}", page.text());
        }
    }
}
