//! ユーザ新規登録: up to four more users.

use jiff::SignedDuration;
use uketsuke::kernel::Id;
use uketsuke::portal::{self, Member};

use crate::portal_page::{HOME, house, member};
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::portal::{CODE, PORTAL_PASSWORD};

pub const EDIT: &str = "/portal/my/users/new";
pub const CHECK: &str = "/portal/my/users/check";
pub const DONE: &str = "/portal/my/users/done";
pub const INVITED: &str = "介護情報基盤ポータル ユーザ登録のご案内";

pub fn typed<'a>(name: &'a str, mail: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("name", name),
        ("kana", "ツイカ"),
        ("mail_address", mail),
        ("mail_address_again", mail),
        ("telephone", "03-1111-2222"),
        ("department", "介護"),
        ("occupation", ""),
    ]
}

/// From the form to the last screen.
pub async fn add(browser: &mut Browser, name: &str, mail: &str) -> Page {
    browser.get(EDIT).await;
    assert_eq!(browser.post(EDIT, &typed(name, mail)).await.location(), Some(CHECK), "{mail}");
    browser.get(CHECK).await;
    browser.submit(CHECK, &[]).await
}

pub fn page_of(member: Id) -> String {
    format!("{HOME}/users/{member}")
}

/// A button of 【利用者の管理】, as it was drawn now.
pub async fn press(browser: &mut Browser, member: Id, act: &str) -> Page {
    let path = page_of(member);
    let shown = browser.get(&path).await.value("shown").unwrap_or_default();
    let sure = format!("sure_{act}");
    browser.post(&path, &[("act", act), ("shown", &shown), (&sure, "on")]).await
}

pub fn members(app: &TestApp, institution: Id) -> Vec<Member> {
    app.app.store.read(|r| portal::members_of(r, institution)).unwrap()
}

#[tokio::test]
async fn four_users_are_added_and_a_fifth_has_no_place() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    for n in 1..=4 {
        assert!(browser.get(EDIT).await.says(&format!("あと{}名", 5 - n)), "{n}");
        let (name, mail) = (format!("利用者 {n}"), format!("new-{n}@example.jp"));
        browser.post(EDIT, &typed(&name, &mail)).await;
        let page = browser.get(CHECK).await;
        assert!(page.title() == "登録内容の確認" && page.says(&name) && page.says(&mail), "{}", page.text());
        let page = browser.submit(CHECK, &[]).await;
        assert!(page.title() == "処理終了" && page.says(&mail) && page.says("7日間"), "{}", page.text());
        let mails = app.take_mails().await;
        assert_eq!((mails.len(), mails[0].subject.as_str(), mails[0].to.as_str()), (1, INVITED, mail.as_str()));
        assert!(mails[0].body.contains("初期パスワード") && mails[0].body.contains("佐藤 花子 様"), "{}", mails[0].body);
        assert!(browser.get(DONE).await.says("メールサーバーが案内のメールを受け取りました"));
    }
    let page = browser.get(HOME).await;
    assert!(page.says("5/5名") && page.says("追加できる利用者は最大"), "{}", page.text());
    assert!(!page.body.contains("button primary\" href=\"/portal/my/users/new\""), "no button");
    assert!(browser.get(EDIT).await.says("これ以上は追加できません"));
    let page = browser.post(EDIT, &typed("五人目", "new-5@example.jp")).await;
    assert!(page.status.as_u16() == 422 && page.says("追加できる利用者は4名までです"), "{}", page.text());
    assert_eq!(members(&app, main.institution.id).len(), 5);
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn q42_two_clicks_add_one_user() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    browser.get(EDIT).await;
    browser.post(EDIT, &typed("一人", "one@example.jp")).await;
    browser.get(CHECK).await;
    for _ in 0..2 {
        assert_eq!(browser.post(CHECK, &[]).await.location(), Some(DONE));
    }
    assert_eq!(members(&app, main.institution.id).len(), 2);
    assert_eq!(app.take_mails().await.len(), 1);
    assert_eq!(browser.get(EDIT).await.value("name").as_deref().unwrap_or_default(), "", "the next one begins anew");
}

#[tokio::test]
async fn an_address_of_this_institution_is_refused_in_any_spelling() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let additional = app.portal_additional(&main, 1).await;
    let theirs = app.portal_user(additional.user).mail.to_string();
    browser.get(EDIT).await;
    for mail in [main.mail.to_uppercase(), theirs.clone(), theirs.to_uppercase()] {
        let page = browser.post(EDIT, &typed("同じ人", &mail)).await;
        let told = "このメールアドレスは、この事業所・医療機関の利用者として登録されています。";
        assert!(
            page.status.as_u16() == 422 && page.says(told) && page.body.contains("href=\"#mail_address\""),
            "{}",
            page.text()
        );
        assert_eq!(page.value("name").as_deref(), Some("同じ人"));
    }
    assert_eq!(members(&app, main.institution.id).len(), 2);
}

#[tokio::test]
async fn q21_whoever_has_an_account_elsewhere_is_added_in_the_same_words() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let clinic = app.medical(CODE).await;
    let known = clinic.mail.clone();
    let unknown = known.replace('@', "x@");
    let mut pages = Vec::new();
    for (mail, initial) in [(known, false), (unknown, true)] {
        let done = add(&mut browser, "誰か", &mail).await.text().replace(&mail, "ADDRESS");
        let mails = app.take_mails().await;
        assert_eq!((mails.len(), mails[0].body.contains("初期パスワードの有効期限")), (1, initial), "{}", mails[0].body);
        let list = browser.get(HOME).await;
        let added = members(&app, main.institution.id).pop().unwrap();
        let one = browser.get(&page_of(added.id)).await.text();
        pages.push((done, list.text().matches("未ログイン（期限: 2026年1月27日 10時00分）").count(), one));
        assert_eq!(press(&mut browser, added.id, "remove").await.status.as_u16(), 303);
        app.take_mails().await;
    }
    assert_eq!(pages[0], pages[1]);
    assert!(member(&app, clinic.member.id).is_some(), "and is what they were elsewhere");
}

#[tokio::test]
async fn what_is_typed_wrongly_is_told_beside_its_field_and_kept() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    browser.get(EDIT).await;
    let page = browser.post(EDIT, &[("name", "佐藤"), ("kana", "佐藤"), ("mail_address", "a@"), ("telephone", "1")]).await;
    assert_eq!(page.status.as_u16(), 422);
    for field in ["kana", "mail_address", "mail_address_again", "telephone", "department"] {
        assert!(page.body.contains(&format!("href=\"#{field}\"")), "{field}: {}", page.text());
    }
    assert!(page.value("name").as_deref() == Some("佐藤") && page.body.contains("エラー: "));
    let mut fields = typed("佐藤", "a@example.jp");
    fields[3].1 = "b@example.jp";
    assert!(browser.post(EDIT, &fields).await.says("メールアドレスと一致しません。"));
    for path in [CHECK, DONE] {
        assert_eq!(browser.get(path).await.status.as_u16(), 303, "{path} is not reached");
    }
    assert_eq!(browser.post(CHECK, &[]).await.location(), Some(EDIT));
    assert_eq!(members(&app, main.institution.id).len(), 1);
}

#[tokio::test]
async fn what_was_checked_long_ago_is_typed_again_with_the_password() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    browser.get(EDIT).await;
    browser.post(EDIT, &typed("遅い人", "late@example.jp")).await;
    app.advance(SignedDuration::from_mins(20));
    assert_eq!(browser.get(CHECK).await.status.as_u16(), 200);
    app.advance(SignedDuration::from_mins(11));
    assert_eq!(browser.get(CHECK).await.location(), Some(EDIT));
    assert_eq!(browser.post(CHECK, &[]).await.location(), Some(EDIT));
    let page = browser.get(EDIT).await;
    assert!(page.value("name").as_deref() == Some("遅い人") && page.body.contains("current_password"), "{}", page.text());
    assert!(browser.post(EDIT, &typed("遅い人", "late@example.jp")).await.says("現在のパスワードを入力してください。"));
    let right = [&typed("遅い人", "late@example.jp")[..], &[("current_password", PORTAL_PASSWORD)]].concat();
    assert_eq!(browser.post(EDIT, &right).await.location(), Some(CHECK));
    assert_eq!(members(&app, main.institution.id).len(), 1);
}
