//! K1 【介護情報基盤ポータルの利用準備】 on both sides, and the line that leads there.

use jiff::SignedDuration;

use crate::portal_register::{MAIL, registered};
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::{PASSWORD, USER};
use crate::support::portal::CODE;

const PATH: &str = "/office/portal";
const TITLE: &str = "介護情報基盤ポータルの利用準備";

async fn office(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    assert_eq!(browser.log_in(USER, PASSWORD).await.location(), Some("/office"));
    browser
}

/// The word of each step, in order.
fn words(page: &Page) -> Vec<String> {
    page.body
        .split("class=\"timeline-when\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn the_checklist_shows_where_an_office_stands() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = office(&app).await;
    let home = browser.get("/office").await;
    assert!(home.says("初回利用登録がまだ行われていません") && home.body.contains("href=\"/office/portal\""), "{}", home.text());
    let page = browser.get(PATH).await;
    assert_eq!(page.title(), TITLE);
    for title in [
        "電子請求受付システムのID・パスワード確認",
        "介護情報基盤ポータルログイン画面から初回利用登録（電子請求受付システムの認証）",
        "ワンタイムパスワード認証・ユーザ登録",
        "ログイン・パスワード変更・利用規約同意",
        "ユーザ新規登録(マイページ作成)",
    ] {
        assert!(page.says(title), "{title}: {}", page.text());
    }
    assert_eq!(words(&page), ["完了", "次に行うこと", "これから", "これから", "これから"]);
    assert!(page.body.contains("href=\"/portal/register\"") && page.says("最大で4名追加できます"), "{}", page.text());

    registered(&app, USER, MAIL).await;
    let page = browser.get(PATH).await;
    assert_eq!(words(&page), ["完了", "完了", "完了", "次に行うこと", "これから"]);
    assert!(page.says("主たる利用者（han***@portal.example.jp）が登録されています"), "{}", page.text());
    assert!(browser.get("/office").await.says("利用準備がまだ終わっていません"));

    app.advance(SignedDuration::from_hours(24 * 8));
    let mut browser = office(&app).await;
    let page = browser.get(PATH).await;
    assert!(
        page.says("初期パスワードの有効期限が過ぎています") && page.body.contains("href=\"/portal/lost\""),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn an_office_whose_main_user_has_come_in_is_done_and_is_told_no_more() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    app.portal_additional(&main, 1).await;
    let mut browser = office(&app).await;
    let page = browser.get(PATH).await;
    assert_eq!(words(&page), ["完了", "完了", "完了", "完了", "任意"]);
    assert!(page.says("いまは1名です"), "{}", page.text());
    assert!(!browser.get("/office").await.body.contains(PATH));

    let mut inside = app.browser();
    inside.portal(&app, &main.user, &main.member).await;
    let page = inside.get("/portal/my/steps").await;
    assert_eq!((page.title().as_str(), words(&page).len()), (TITLE, 5));
    assert!(page.body.contains("href=\"/portal/my/users/new\""), "{}", page.text());
}

#[tokio::test]
async fn an_office_without_an_address_is_led_to_it_first() {
    let app = TestApp::new();
    app.existing_without_address(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, PASSWORD).await;
    browser.open("/first-login").await;
    assert_eq!(browser.post("/first-login/address", &[("later", "1")]).await.location(), Some("/office"));
    let page = browser.get(PATH).await;
    assert_eq!(words(&page), ["完了", "次に行うこと", "これから", "これから", "これから"]);
    assert!(page.body.contains("href=\"/office/user/addresses\""), "{}", page.text());
    assert!(page.says("初回利用登録の前に、セキュリティ用メールアドレスを登録してください。"), "{}", page.text());
}

#[tokio::test]
async fn a_medical_institution_sees_its_four_steps() {
    let app = TestApp::new();
    let main = app.medical(CODE).await;
    let mut inside = app.browser();
    inside.portal(&app, &main.user, &main.member).await;
    let page = inside.get("/portal/my/steps").await;
    assert_eq!(words(&page), ["完了", "完了", "完了", "任意"]);
    assert!(page.says("問い合わせフォームからID・パスワードの発行依頼"), "{}", page.text());
}
