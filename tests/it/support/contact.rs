//! お問い合わせ of the portal: what visitors type, and inquiries as they leave them.

use jiff::SignedDuration;
use uketsuke::contact_form::{self, Inquiry, InquiryNumber};
use uketsuke::portal::ID_APPLICATION;

use super::TestApp;
use super::browser::{Browser, Page};

/// Where the form is.
pub const FORM: &str = "/portal/contact";
pub const CONTENT: &str = "/portal/contact/content";
pub const CHECK: &str = "/portal/contact/check";
/// Where operators find inquiries.
pub const QUEUE: &str = "/staff/portal";
/// The subject of M-10.
pub const M10: &str = "お問い合わせ受付のお知らせ";
/// Of M-9.
pub const M9: &str = "介護情報基盤ポータル 初期パスワードのお知らせ";

/// A general inquiry.
pub const GENERAL: [(&str, &str); 5] = [
    ("prefecture", "07"),
    ("name", "山田 太郎"),
    ("mail_address", "taro@example.jp"),
    ("mail_address_again", "taro@example.jp"),
    ("text", "画面の見方を教えてください。"),
];

/// An application for an ID.
pub const APPLICATION: [(&str, &str); 11] = [
    ("medical_code", "07-1-9900011"),
    ("medical_name", "架空クリニック"),
    ("postal_code", "9608031"),
    ("address", "福島市架空町1-1"),
    ("medical_telephone", "024-000-0001"),
    ("name", "鈴木 次郎"),
    ("kana", "すずき じろう"),
    ("mail_address", "jiro@clinic.example.jp"),
    ("mail_address_again", "jiro@clinic.example.jp"),
    ("telephone", "０９０ー００００ー０００１"),
    ("department", "医事課"),
];

/// These fields, some with another value.
pub fn with<'a>(fields: &[(&'a str, &'a str)], changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all: Vec<_> = fields.iter().copied().filter(|(name, _)| changed.iter().all(|(other, _)| other != name)).collect();
    all.extend(changed);
    all
}

/// Where the screen of an inquiry is.
pub fn inquiry_path(number: InquiryNumber) -> String {
    format!("{QUEUE}/inquiries/{number}")
}

impl Browser {
    /// Q1 \[次へ\], without following.
    pub async fn choose_category(&mut self, category: &str, item: &str) -> Page {
        self.get(FORM).await;
        self.post(FORM, &[("category", category), ("item", item)]).await
    }

    /// To Q3 with these fields: an application where there is a code among them.
    pub async fn inquire_to_check(&mut self, fields: &[(&str, &str)]) -> Page {
        let (category, item) =
            if fields.iter().any(|(name, _)| *name == "medical_code") { ID_APPLICATION } else { ("ログイン", "その他") };
        let page = self.choose_category(category, item).await;
        assert_eq!(page.location(), Some(CONTENT), "{}", page.text());
        self.get(CONTENT).await;
        self.submit(CONTENT, fields).await
    }

    /// Q3 \[送信\], without following.
    pub async fn send_inquiry(&mut self) -> Page {
        let shown = self.get(CHECK).await.value("shown").unwrap();
        self.post(CHECK, &[("shown", &shown)]).await
    }

    /// An act on an inquiry, by the form as it is now.
    pub async fn on_inquiry(&mut self, number: InquiryNumber, act: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.get(&inquiry_path(number)).await;
        let (shown, main) = (page.value("shown").unwrap_or_default(), page.value("main").unwrap_or_default());
        let known = [("act", act), ("shown", &shown), ("main", &main)];
        self.post(&inquiry_path(number), &with(&known, fields)).await
    }
}

impl TestApp {
    /// An inquiry that has come in; some time passes after it, so that the network may send another.
    pub async fn inquiry(&self, fields: &[(&str, &str)]) -> Inquiry {
        let mut browser = self.browser();
        let page = browser.inquire_to_check(fields).await;
        assert_eq!(page.title(), "送信確認", "{}", page.text());
        browser.send_inquiry().await;
        let page = browser.get("/portal/contact/done").await;
        let number = number_on(&page);
        self.advance(SignedDuration::from_mins(5));
        self.inquiry_now(number)
    }

    /// An inquiry as it is now.
    pub fn inquiry_now(&self, number: InquiryNumber) -> Inquiry {
        self.app.store.read(|r| contact_form::find(r, number)).unwrap().unwrap()
    }
}

/// The number that Q4 shows.
pub fn number_on(page: &Page) -> InquiryNumber {
    let text = page.text();
    let number = text.split_whitespace().find_map(InquiryNumber::parse);
    number.unwrap_or_else(|| panic!("no number: {text}"))
}
