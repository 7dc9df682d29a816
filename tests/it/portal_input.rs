//! What people and programs type into お問い合わせ.

use jiff::SignedDuration;

use crate::bad_input_bodies::HOSTILE;
use crate::support::TestApp;
use crate::support::contact::{APPLICATION, CHECK, CONTENT, FORM as FORM_PATH, GENERAL, with};

/// Each value that is refused, with what is said of it.
async fn refuses(fields: &[(&str, &str)], cases: &[(&str, &str, &str)]) {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.inquire_to_check(fields).await;
    assert_eq!(browser.get(CONTENT).await.status.as_u16(), 200);
    for (field, value, told) in cases {
        app.advance(SignedDuration::from_mins(1));
        let page = browser.post(CONTENT, &with(fields, &[(field, value)])).await;
        assert!(page.status.as_u16() == 422 && page.says(told), "{field} {value:.40}: {}", page.text());
        let beside = page.body.contains(&format!("id=\"{field}-error\"")) && page.body.contains(&format!("href=\"#{field}\""));
        assert!(beside, "{field}: the sentence stands beside the field and in the summary");
    }
    assert_eq!(browser.get(CHECK).await.status.as_u16(), 200, "what was right before is still there");
}

#[tokio::test]
async fn a_general_inquiry_says_beside_each_field_what_is_wrong() {
    let long = "あ".repeat(2_001);
    let name = "あ".repeat(41);
    let cases = [
        ("prefecture", "", "都道府県を選択してください"),
        ("prefecture", "47", "都道府県を選択してください"),
        ("name", "", "氏名を入力してください"),
        ("name", name.as_str(), "氏名は40文字以内で"),
        ("name", "山\u{7}田", "使えない文字"),
        ("mail_address", "", "メールアドレスを入力してください"),
        ("mail_address", "a@b@c", "メールアドレス"),
        ("mail_address_again", "", "メールアドレス(確認用)を入力してください"),
        ("mail_address_again", "hanako@example.jp", "メールアドレスと一致しません"),
        ("telephone", "031234567", "10桁または11桁"),
        ("telephone", "031234567890", "10桁または11桁"),
        ("number", name.as_str(), "40文字以内で"),
        ("text", "", "お問い合わせ内容を入力してください"),
        ("text", " \u{200B}\n　", "お問い合わせ内容を入力してください"),
        ("text", long.as_str(), "2000文字以内で入力してください（現在2001文字）"),
        ("text", "ベル\u{7}", "使えない文字"),
    ];
    refuses(&GENERAL, &cases).await;
}

#[tokio::test]
async fn an_application_says_beside_each_field_what_is_wrong() {
    let cases = [
        ("medical_code", "", "医療機関コードを入力してください"),
        ("medical_code", "9900011", "7桁の医療機関コードの前に"),
        ("medical_code", "071990001", "10桁の数字で"),
        ("medical_code", "4819900011", "都道府県番号"),
        ("medical_name", "", "医療機関の名称を入力してください"),
        ("postal_code", "96080", "郵便番号を7桁の数字で"),
        ("address", "", "住所を入力してください"),
        ("medical_telephone", "", "医療機関の電話番号を入力してください"),
        ("medical_telephone", "024-000", "10桁または11桁"),
        ("kana", "鈴木", "カタカナで入力してください"),
        ("telephone", "", "電話番号を入力してください"),
        ("department", "", "部署を入力してください"),
        ("mail_address_again", "other@example.jp", "メールアドレスと一致しません"),
    ];
    refuses(&APPLICATION, &cases).await;
}

#[tokio::test]
async fn q52_two_thousand_characters_with_line_ends_of_any_kind_are_taken() {
    let app = TestApp::new();
    let mut browser = app.browser();
    let text = format!("{}\r\n末", "あ".repeat(1_998));
    let page = browser.inquire_to_check(&with(&GENERAL, &[("text", &text)])).await;
    assert_eq!(page.title(), "送信確認", "{}", page.text());
}

#[tokio::test]
async fn a_megabyte_of_text_is_told_beside_the_field() {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.choose_category("ログイン", "その他").await;
    browser.get(CONTENT).await;
    let long = "あ".repeat(1024 * 1024 / 3);
    let page = browser.post(CONTENT, &with(&GENERAL, &[("text", &long)])).await;
    assert!(page.status.as_u16() == 422 && page.says("現在349525文字"), "{}", page.status);
    assert_eq!(page.value("name").as_deref(), Some("山田 太郎"), "the rest is kept");
}

/// Files are not taken: neither as files nor as a large text.
#[tokio::test]
async fn twenty_megabytes_and_attachments_are_refused() {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.choose_category("ログイン", "その他").await;
    browser.get(CONTENT).await;
    let before = app.app.store.counts().written;
    let body = format!("_csrf={}&text={}", browser.csrf(), "x".repeat(20 * 1024 * 1024));
    let page = browser.post_raw(CONTENT, crate::support::browser::FORM, body.into_bytes()).await;
    assert_eq!(page.status.as_u16(), 413, "{}", page.text());
    let csrf = browser.csrf().to_owned();
    let file = format!(
        "--x\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{csrf}\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF\r\n--x--\r\n"
    );
    let page = browser.post_raw(CONTENT, "multipart/form-data; boundary=x", file.into_bytes()).await;
    assert_eq!(page.status.as_u16(), 400, "{}", page.text());
    assert_eq!(app.app.store.counts().written, before);
    assert!(!browser.get(CONTENT).await.body.contains("type=\"file\""));
}

#[tokio::test]
async fn hostile_texts_end_in_a_page_of_each_screen() {
    let app = TestApp::new();
    let fields = [
        "category",
        "item",
        "prefecture",
        "name",
        "mail_address",
        "mail_address_again",
        "telephone",
        "number",
        "text",
        "website",
        "shown",
        "flow",
        "medical_code",
        "medical_name",
        "postal_code",
        "address",
        "medical_telephone",
        "kana",
        "department",
        "occupation",
    ];
    for kind in [&GENERAL[..], &APPLICATION[..]] {
        let mut browser = app.browser();
        browser.inquire_to_check(kind).await;
        for hostile in HOSTILE {
            for path in [FORM_PATH, CONTENT, CHECK] {
                app.advance(SignedDuration::from_secs(31));
                let body =
                    fields.iter().fold(format!("_csrf={}", browser.csrf()), |body, field| format!("{body}&{field}={hostile}"));
                let page = browser.post_raw(path, crate::support::browser::FORM, body.into_bytes()).await;
                let status = page.status.as_u16();
                assert!([200, 303, 409, 422].contains(&status), "{path} {hostile}: {status} {}", page.text());
                assert!(!page.body.contains("<script>alert"), "{path} {hostile}");
            }
        }
    }
    assert!(app.take_mails().await.is_empty());
}
