//! お問い合わせ of the portal: Q1–Q4, M-10, and how many are taken.

use jiff::SignedDuration;
use uketsuke::config::Category;
use uketsuke::contact_form::{Ask, State};
use uketsuke::portal::ID_APPLICATION;

use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::contact::{APPLICATION, CHECK, CONTENT, FORM, GENERAL, M10, number_on, with};

fn is_refused(page: &Page) -> bool {
    page.status.as_u16() == 422 && page.body.contains("<title>エラー: ")
}

fn minutes(app: &TestApp, minutes: i64) {
    app.advance(SignedDuration::from_mins(minutes));
}

#[tokio::test]
async fn an_inquiry_gets_a_number_and_one_mail() {
    let app = TestApp::new();
    let mut browser = app.browser();
    let page = browser.open(FORM).await;
    assert_eq!(page.title(), "お問い合わせ");
    for part in [
        "お問い合わせ区分（大カテゴリー）",
        "お問い合わせ区分（中カテゴリー）",
        "初回利用登録",
        "添付ファイルはお送りいただけません",
    ] {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    assert!(page.body.contains("<optgroup label=\"その他\">"), "{}", page.body);
    let page = browser.inquire_to_check(&GENERAL).await;
    assert_eq!(page.title(), "送信確認");
    for part in ["ログイン／その他", "福島県", "山田 太郎", "taro@example.jp", "画面の見方を教えてください。"]
    {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    let shown = page.value("shown").unwrap();
    assert_eq!(browser.post(CHECK, &[("shown", &shown)]).await.location(), Some("/portal/contact/done"));
    let page = browser.open("/portal/contact/done").await;
    assert_eq!(page.title(), "処理終了");
    assert!(page.says("taro@example.jp") && page.says("「お問い合わせ受付のお知らせ」をお送りします"), "{}", page.text());
    let number = number_on(&page);
    // A second click, or the way back by the browser.
    assert_eq!(browser.post(CHECK, &[("shown", &shown)]).await.location(), Some("/portal/contact/done"));
    assert_eq!(number_on(&browser.open(CHECK).await), number);
    let one = app.inquiry_now(number);
    assert_eq!((one.state, one.kind, one.home.number(), one.history.len()), (State::Received, Ask::General, 7, 1));
    let mail = app.mail(M10).await;
    assert_eq!(mail.to, "taro@example.jp");
    assert!(mail.body.contains(&number.to_string()) && mail.body.contains("ログイン／その他"), "{}", mail.body);
    assert_eq!(browser.open(FORM).await.value("category"), None, "another one begins with nothing");
    assert!(!browser.open(FORM).await.body.contains("山田"));
}

#[tokio::test]
async fn an_application_asks_for_the_institution_and_its_main_user() {
    let app = TestApp::new();
    let mut browser = app.browser();
    assert_eq!(browser.choose_category(ID_APPLICATION.0, ID_APPLICATION.1).await.location(), Some(CONTENT));
    let page = browser.open(CONTENT).await;
    for part in [
        "医療機関コード",
        "医療機関の名称",
        "郵便番号",
        "住所",
        "担当者",
        "氏名カナ",
        "メールアドレス(確認用)",
        "部署",
        "職種",
        "4名まで追加",
    ] {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    let page = browser.submit(CONTENT, &APPLICATION).await;
    assert_eq!(page.title(), "送信確認", "{}", page.text());
    for part in ["0719900011", "960-8031", "スズキ ジロウ", "090-0000-0001", "医事課"] {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    browser.send_inquiry().await;
    let page = browser.open("/portal/contact/done").await;
    assert!(page.says("初期パスワードをお送りします"), "{}", page.text());
    let one = app.inquiry_now(number_on(&page));
    assert_eq!((one.kind, one.home.number()), (Ask::IdApplication, 7), "of the code's prefecture, whatever else was sent");
    assert!(app.mail(M10).await.body.contains("4名まで"));
}

#[tokio::test]
async fn the_receipt_repeats_nothing_that_was_typed() {
    let app = TestApp::new();
    let insult = [("name", "悪口の名前"), ("text", "悪口の本文 https://evil.example/"), ("number", "悪口番号")];
    app.inquiry(&with(&GENERAL, &insult)).await;
    app.inquiry(&with(&APPLICATION, &[("medical_name", "悪口の医院"), ("text", "悪口の連絡"), ("department", "悪口課")])).await;
    let mails = app.take_mails().await;
    assert_eq!(mails.len(), 2);
    for mail in mails {
        assert!(!mail.body.contains("悪口") && !mail.body.contains("evil") && !mail.subject.contains("悪口"), "{}", mail.body);
    }
}

#[tokio::test]
async fn a_category_that_is_not_in_config_is_refused() {
    let app = TestApp::new();
    let mut browser = app.browser();
    let item = format!("{} / {}", ID_APPLICATION.0, ID_APPLICATION.1);
    for (category, item, told) in [
        ("", "", "お問い合わせ区分（大カテゴリー）を選択してください"),
        ("ログイン", "", "お問い合わせ区分（中カテゴリー）を選択してください"),
        ("架空", "その他", "お問い合わせ区分を選び直してください"),
        ("ログイン", "架空", "お問い合わせ区分を選び直してください"),
        ("ログイン", item.as_str(), "選択した大カテゴリーの中から"),
    ] {
        let page = browser.choose_category(category, item).await;
        assert!(is_refused(&page) && page.says(told), "{category} {item}: {}", page.text());
        minutes(&app, 1);
    }
    assert_eq!(browser.choose_category("その他", &item).await.location(), Some(CONTENT));
}

/// The settings have changed between the screens of an inquiry.
#[tokio::test]
async fn a_category_that_config_loses_meanwhile_is_chosen_anew() {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.inquire_to_check(&GENERAL).await;
    let shown = browser.get(CHECK).await.value("shown").unwrap();
    let fewer = TestApp::on(app.app.store.clone(), |config| {
        let (name, item) = ID_APPLICATION;
        config.portal.categories = vec![Category { name: name.to_owned(), items: vec![item.to_owned()] }];
    });
    fewer.take_over(&mut browser);
    for (path, fields) in [(CHECK, vec![("shown", shown.as_str())]), (CONTENT, GENERAL.to_vec())] {
        let page = browser.post(path, &fields).await;
        assert!(is_refused(&page) && page.title() == "お問い合わせ", "{path}: {}", page.text());
        assert!(page.says("お問い合わせ区分を選び直してください"), "{}", page.text());
    }
    assert_eq!(browser.get(CONTENT).await.location(), Some(FORM));
    assert!(app.take_mails().await.is_empty(), "nothing was sent");
}

#[tokio::test]
async fn no_screen_opens_before_its_step() {
    let app = TestApp::new();
    let mut browser = app.browser();
    for path in [CONTENT, CHECK, "/portal/contact/done"] {
        assert_eq!(browser.get(path).await.location(), Some(FORM), "{path}");
    }
    browser.get(FORM).await;
    assert_eq!(browser.post(CHECK, &[]).await.location(), Some(FORM));
    assert_eq!(browser.post(CONTENT, &GENERAL).await.location(), Some(FORM));
    browser.choose_category("ログイン", "その他").await;
    for path in [CHECK, "/portal/contact/done"] {
        assert_eq!(browser.get(path).await.location(), Some(CONTENT), "{path}");
    }
}

#[tokio::test]
async fn q54_what_was_typed_is_there_again_on_the_way_back() {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.choose_category("ログイン", "その他").await;
    browser.get(CONTENT).await;
    let half = [("name", "山田"), ("mail_address", "taro@"), ("text", "途中まで"), ("back", "1")];
    assert_eq!(browser.post(CONTENT, &half).await.location(), Some(FORM));
    let page = browser.open(FORM).await;
    assert!(page.body.contains("<option value=\"ログイン / その他\" selected>"), "{}", page.body);
    browser.post(FORM, &[("category", "ログイン"), ("item", "ログイン / その他")]).await;
    let page = browser.open(CONTENT).await;
    assert_eq!(page.value("name").as_deref(), Some("山田"));
    assert!(page.body.contains("途中まで</textarea>") && page.value("mail_address").as_deref() == Some("taro@"), "{}", page.body);
    let page = browser.submit(CONTENT, &GENERAL).await;
    assert!(page.body.contains("href=\"/portal/contact/content#text\""), "{}", page.body);
    assert_eq!(browser.open(CONTENT).await.value("name").as_deref(), Some("山田 太郎"));
}

#[tokio::test]
async fn what_another_tab_has_changed_is_not_sent() {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.inquire_to_check(&GENERAL).await;
    let shown = browser.get(CHECK).await.value("shown").unwrap();
    let other = with(&GENERAL, &[("text", "別の質問です。")]);
    browser.post(CONTENT, &other).await;
    let page = browser.post(CHECK, &[("shown", &shown)]).await;
    assert!(page.status.as_u16() == 409 && page.says("表示していた内容は送信していません"), "{}", page.text());
    assert!(app.take_mails().await.is_empty());
}

/// What programs fill in and people do not see.
#[tokio::test]
async fn q17_who_fills_the_field_that_nobody_sees_sends_nothing() {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.choose_category("ログイン", "その他").await;
    assert!(browser.get(CONTENT).await.body.contains("name=\"website\" tabindex=\"-1\""));
    let page = browser.post(CONTENT, &with(&GENERAL, &[("website", "https://spam.example/")])).await;
    assert!(is_refused(&page) && page.says("送信できませんでした"), "{}", page.text());
    assert_eq!(page.value("name").as_deref(), Some("山田 太郎"), "somebody whose browser fills in everything may try again");
    assert_eq!(browser.get(CHECK).await.location(), Some(CONTENT));
}

/// Believes what a proxy says of the address.
fn behind_a_proxy() -> TestApp {
    TestApp::with(|config| config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()])
}

fn from_network(app: &TestApp, n: u32) -> Browser {
    let mut browser = app.browser();
    browser.headers.push(("X-Forwarded-For".to_owned(), format!("198.51.{n}.7")));
    browser
}

/// An inquiry from the network with this number; the screen after \[送信\].
async fn inquire_from(app: &TestApp, network: u32, mail: &str) -> Page {
    let mut browser = from_network(app, network);
    let fields = with(&GENERAL, &[("mail_address", mail), ("mail_address_again", mail)]);
    let page = browser.inquire_to_check(&fields).await;
    assert_eq!(page.title(), "送信確認", "{}", page.text());
    minutes(app, 5);
    let page = browser.send_inquiry().await;
    if page.location().is_some() { browser.open("/portal/contact/done").await } else { page }
}

#[tokio::test]
async fn q17_inquiries_are_capped_by_address_and_network() {
    let app = behind_a_proxy();
    for n in 1..=5 {
        let page = inquire_from(&app, n, "taro@example.jp").await;
        assert_eq!(page.title(), "処理終了", "{}", page.text());
        assert_eq!(page.says("今回はメールをお送りしていません"), n > 3, "{n}: {}", page.text());
    }
    assert_eq!(app.take_mails().await.len(), 3, "one address gets three receipts a day");
    let page = inquire_from(&app, 6, "TARO@example.jp").await;
    assert!(
        page.status.as_u16() == 422 && page.says("お問い合わせを送信していません") && page.says("お電話ください"),
        "{}",
        page.text()
    );
    assert!(page.says("電話 0000-07-0000") || page.says("電話 "), "{}", page.text());
    for n in 0..20 {
        let page = inquire_from(&app, 9, &format!("a{n}@example.jp")).await;
        assert_eq!(page.title(), "処理終了", "{n}: {}", page.text());
    }
    assert_eq!(inquire_from(&app, 9, "a99@example.jp").await.status.as_u16(), 422, "twenty of a network");
    assert_eq!(inquire_from(&app, 8, "a99@example.jp").await.title(), "処理終了", "another network is not its");
    minutes(&app, 24 * 60);
    assert_eq!(inquire_from(&app, 9, "taro@example.jp").await.title(), "処理終了", "the next day");
    app.take_mails().await;
}

#[tokio::test]
async fn q17_a_network_that_sends_form_after_form_waits() {
    let app = TestApp::new();
    let mut browser = app.browser();
    browser.get(FORM).await;
    for _ in 0..10 {
        assert_eq!(browser.post(FORM, &[]).await.status.as_u16(), 422);
    }
    let before = app.app.store.counts().written;
    let page = browser.post(FORM, &[("category", "ログイン"), ("item", "その他")]).await;
    assert!(page.status.as_u16() == 429 && page.says("お手続きが混み合っています"), "{}", page.text());
    assert_eq!(app.app.store.counts().written, before);
    minutes(&app, 5);
    assert_eq!(browser.post(FORM, &[("category", "ログイン"), ("item", "その他")]).await.location(), Some(CONTENT));
}

#[tokio::test]
async fn a_flow_that_nobody_goes_on_with_is_forgotten() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    let mut browser = app.browser();
    browser.inquire_to_check(&GENERAL).await;
    minutes(&app, 23 * 60);
    assert_eq!(browser.open(CHECK).await.title(), "送信確認");
    minutes(&app, 3 * 60);
    assert_eq!(browser.get(CHECK).await.location(), Some(FORM));
    app.run_jobs().await;
}
