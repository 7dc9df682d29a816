//! ユーザ情報変更: forms that must be refused, field by field.

use crate::support::TestApp;
use crate::support::office::{NEW_PASSWORD, PASSWORD, USER};
use crate::support::refusal::{MISSING, Sample};
use crate::user_info::logged_in;

const FORM: &str = "「名前@ドメイン」の形で";
const FOREIGN: &str = "日本語などを含むメールアドレスは使用できません";

/// Wrong in any field for a mail address.
const ADDRESSES: [(&str, &str); 7] = [
    ("tanaka", FORM),
    ("田中 <tanaka@example.jp>", FORM),
    ("tanaka@example.jp,suzuki@example.jp", FORM),
    ("tanaka@example.jp\r\nBcc: thief@example.com", FORM),
    ("tanaka\u{0}@example.jp", FORM),
    ("介護@example.jp", FOREIGN),
    ("tanaka@-example.jp", FORM),
];

#[tokio::test]
async fn q1_u1_names_each_field_of_the_password_change_and_the_symbol_that_is_forbidden() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    let form = Sample {
        shown_at: "/office/user/password",
        sent_to: "/office/user/password",
        good: &[("current_password", PASSWORD), ("new_password", NEW_PASSWORD), ("new_password_again", NEW_PASSWORD)],
        secret: &["current_password", "new_password", "new_password_again"],
    };
    let long = "aB3".repeat(20_000);
    let cases = [
        ("current_password", "", "現在のパスワードを入力してください。"),
        ("current_password", MISSING, "現在のパスワードを入力してください。"),
        ("new_password", "", "パスワード"),
        ("new_password", MISSING, "パスワード"),
        ("new_password", "mV8#trc", "8文字～16文字"),
        ("new_password", "mV8#trcw2KqmV8#tr", "8文字～16文字"),
        ("new_password", &long, "16"),
        ("new_password", "mV8\"trcw", "「&quot;」は使えません。"),
        ("new_password", "mV8\\trcw", "「\\」は使えません。"),
        ("new_password", "ｍＶ８＃ｔｒｃｗ", "「ｍ」は使えません"),
        ("new_password", "mV8#trcw2Kq ", "空白は使えません"),
        ("new_password", " mV8#trcw2Kq", "空白は使えません"),
        ("new_password", "mV8#　trcw2Kq", "空白は使えません"),
        ("new_password", "mV8#tr\u{0}w2", "見えない文字は使えません"),
        ("new_password", "xkqpwzrtvb", "英字"),
        ("new_password", "8402759361", "英字"),
        ("new_password", USER, "ユーザID"),
        ("new_password", "kj131311111111", "ユーザID"),
        ("new_password", "password1", "よく使われるパスワード"),
        ("new_password", "x1311111111z", "事業所"),
        ("new_password_again", "", "新しいパスワード(確認用)を入力してください。"),
        ("new_password_again", MISSING, "新しいパスワード(確認用)を入力してください。"),
        ("new_password_again", "mV8#trcw2Kq ", "同じものを入力してください"),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    assert_eq!(form.goes_through(&mut browser).await.location(), Some("/office/user/password/done"));
    app.take_mails().await;
}

#[tokio::test]
async fn u1_names_what_is_wrong_with_the_notice_address() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    let form = Sample {
        shown_at: "/office/user/mail",
        sent_to: "/office/user/mail",
        good: &[("mail_choice", "register"), ("mail", "new@example.jp"), ("mail_again", "new@example.jp")],
        secret: &[],
    };
    let mut cases = vec![
        ("mail_choice", "", "選んでください。"),
        ("mail_choice", MISSING, "選んでください。"),
        ("mail_choice", "both", "選んでください。"),
        ("mail", "", "新しいメールアドレスを入力してください。"),
        ("mail", MISSING, "新しいメールアドレスを入力してください。"),
        ("mail_again", "", "新しいメールアドレス(確認用)を入力してください。"),
        ("mail_again", "other@example.jp", "新しいメールアドレスと一致しません。"),
        ("mail_again", "tanaka", "新しいメールアドレスと一致しません。"),
    ];
    cases.extend(ADDRESSES.iter().map(|(typed, told)| ("mail", *typed, *told)));
    form.refuses(&app, &mut browser, &cases).await;
    let same = [("mail_choice", "register"), ("mail", "Notice@example.jp"), ("mail_again", "Notice@example.jp")];
    let page = browser.post("/office/user/mail", &same).await;
    assert!(page.status.as_u16() == 422 && page.says("現在登録されているメールアドレスと同じです。"), "{}", page.text());
    assert_eq!(form.goes_through(&mut browser).await.location(), Some("/office/user/mail/done"));
    app.take_mails().await;
}

#[tokio::test]
async fn u3_names_what_is_wrong_with_a_security_address() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = logged_in(&app).await;
    let path = "/office/user/addresses/edit";
    assert_eq!(browser.begin("add", "").await.location(), Some(path));
    let form = Sample {
        shown_at: path,
        sent_to: path,
        good: &[("address", "new@example.jp"), ("address_again", "new@example.jp")],
        secret: &[],
    };
    let mut cases = vec![
        ("address", "", "セキュリティ用メールアドレスを入力してください。"),
        ("address", MISSING, "セキュリティ用メールアドレスを入力してください。"),
        ("address", "　", "セキュリティ用メールアドレスを入力してください。"),
        ("address_again", "", "セキュリティ用メールアドレス(確認用)を入力してください。"),
        ("address_again", "other@example.jp", "セキュリティ用メールアドレスと一致しません。"),
    ];
    cases.extend(ADDRESSES.iter().map(|(typed, told)| ("address", *typed, *told)));
    form.refuses(&app, &mut browser, &cases).await;
    for typed in ["security-1@example.jp", "SECURITY-2@example.jp"] {
        let before = app.app.store.counts().written;
        let page = browser.post(path, &[("address", typed), ("address_again", typed)]).await;
        assert!(page.status.as_u16() == 422 && page.body.contains("id=\"address-error\""), "{}", page.text());
        assert_eq!(app.app.store.counts().written, before);
    }
    assert_eq!(form.goes_through(&mut browser).await.location(), Some("/office/user/addresses/otp"));
    app.take_mails().await;
}
