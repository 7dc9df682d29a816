//! Wrong input on the screens of an office: told beside its field, and nothing is written.

use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::first_login::ADDRESS;
use crate::support::office::{PASSWORD, TEMPORARY, USER};
use crate::support::refusal::{MISSING, Sample};

const INTERNATIONAL: &str = "日本語などを含むメールアドレスは使用できません";
const FORM: &str = "メールアドレスの形が正しくありません";

/// A new office at the screen of this number.
async fn at(app: &TestApp, screen: usize) -> Browser {
    app.new_office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, TEMPORARY).await;
    browser.walk_to(app, screen).await;
    browser
}

/// What is wrong with an address, wherever one is typed.
fn wrong_addresses<'a>(field: &'a str, long: &'a str, local: &'a str) -> Vec<(&'a str, &'a str, &'a str)> {
    vec![
        (field, "namae", FORM),
        (field, "@example.jp", FORM),
        (field, "a@example..jp", FORM),
        (field, "山田 太郎 <yamada@example.jp>", FORM),
        (field, "yamada@example.jp (山田)", FORM),
        (field, "a@example.jp,b@example.jp", FORM),
        (field, "a@example.jp\r\nBcc: b@example.jp", FORM),
        (field, "a@example.jp\0", FORM),
        (field, "山田@example.jp", INTERNATIONAL),
        (field, "yamada@例え.jp", INTERNATIONAL),
        (field, long, "254文字以内"),
        (field, local, "長すぎます"),
    ]
}

#[tokio::test]
async fn the_security_address_names_what_is_wrong() {
    let app = TestApp::new();
    let mut browser = at(&app, 6).await;
    let form = Sample {
        shown_at: "/first-login/address",
        sent_to: "/first-login/address",
        good: &[("address", ADDRESS), ("address_again", ADDRESS)],
        secret: &[],
    };
    let (long, local) = (format!("a@{}jp", "a.".repeat(130)), format!("{}@example.jp", "a".repeat(65)));
    let mut cases = wrong_addresses("address", &long, &local);
    cases.extend([
        ("address", "", "セキュリティ用メールアドレスを入力してください。"),
        ("address", "   ", "セキュリティ用メールアドレスを入力してください。"),
        ("address", MISSING, "セキュリティ用メールアドレスを入力してください。"),
        ("address_again", "", "セキュリティ用メールアドレス(確認用)を入力してください。"),
        ("address_again", MISSING, "セキュリティ用メールアドレス(確認用)を入力してください。"),
        ("address_again", "betsu@example.jp", "セキュリティ用メールアドレスと一致しません"),
        ("address_again", "namae", "セキュリティ用メールアドレスと一致しません"),
    ]);
    form.refuses(&app, &mut browser, &cases).await;
    assert!(app.take_mails().await.is_empty());
    assert_eq!(form.goes_through(&mut browser).await.location(), Some("/first-login/address/code"));
    app.take_mails().await;
}

#[tokio::test]
async fn the_notice_address_names_what_is_wrong() {
    let app = TestApp::new();
    let mut browser = at(&app, 4).await;
    let form = Sample {
        shown_at: "/first-login/mail",
        sent_to: "/first-login/mail",
        good: &[("way", "register"), ("mail", ADDRESS), ("mail_again", ADDRESS)],
        secret: &[],
    };
    let (long, local) = (format!("a@{}jp", "a.".repeat(130)), format!("{}@example.jp", "a".repeat(65)));
    let mut cases = wrong_addresses("mail", &long, &local);
    cases.extend([
        ("mail", "", "新しいメールアドレスを入力してください。"),
        ("mail", MISSING, "新しいメールアドレスを入力してください。"),
        ("mail_again", "", "新しいメールアドレス(確認用)を入力してください。"),
        ("mail_again", "betsu@example.jp", "新しいメールアドレスと一致しません"),
        ("way", MISSING, "登録するかどうかを選択してください。"),
    ]);
    form.refuses(&app, &mut browser, &cases).await;
    let page = form.send(&mut browser, "way", "both").await;
    assert!(page.status.as_u16() == 422 && page.says("登録するかどうかを選択してください"), "{}", page.text());
    assert_eq!(form.goes_through(&mut browser).await.location(), Some("/first-login/mail/done"));
}

#[tokio::test]
async fn the_code_names_what_is_wrong_and_what_is_no_code_costs_no_try() {
    let app = TestApp::new();
    let mut browser = at(&app, 7).await;
    let code = app.code().await;
    let other = if code == "1234" { "4321" } else { "1234" };
    let form = Sample {
        shown_at: "/first-login/address/code",
        sent_to: "/first-login/address/code",
        good: &[("code", other)],
        secret: &["code"],
    };
    let long = "1".repeat(50_000);
    let cases = [
        ("code", "", "確認コードを入力してください。"),
        ("code", MISSING, "確認コードを入力してください。"),
        ("code", "123", "4桁の数字"),
        ("code", "12345", "4桁の数字"),
        ("code", "12ab", "4桁の数字"),
        ("code", "１２三４", "4桁の数字"),
        ("code", &long, "4桁の数字"),
    ];
    form.refuses(&app, &mut browser, &cases).await;
    let page = form.send(&mut browser, "", "").await;
    assert!(page.says("あと4回"), "the first that counts: {}", page.text());
    let full_width: String = code.chars().map(|c| char::from_u32(c as u32 + 0xFEE0).unwrap()).collect();
    let page = browser.post("/first-login/address/code", &[("code", &format!(" {full_width} "))]).await;
    assert_eq!(page.location(), Some("/first-login/address/done"), "typed forgivingly");
}

#[tokio::test]
async fn an_office_may_ask_for_so_many_codes_an_hour_and_is_told_when_again() {
    let app = TestApp::new();
    app.existing_without_address(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    browser.open("/office").await;
    let most = app.app.config.limits.codes_per_pair_hour;
    for n in 0..=most {
        // Another address in between, so that each is a new one.
        browser.ask_for_code(&format!("other{n}@example.jp")).await;
        let page = browser.ask_for_code(ADDRESS).await;
        if n < most {
            assert_eq!(page.title(), "確認コード入力", "{}", page.text());
        } else {
            assert!(page.status.as_u16() == 422 && page.says("送信回数が上限に達しました"), "{}", page.text());
            assert_eq!(page.value("address").as_deref(), Some(ADDRESS));
        }
    }
    app.take_mails().await;
}
