//! パスキー of users of the portal.

use uketsuke::passkeys::{self, Passkey};
use uketsuke::security::sessions::{self, Subject};
use uketsuke::terms;

use super::{LIST as OFFICES, NAME, at_work};
use crate::portal_login::{CHANGED, at_two, suspend};
use crate::security_strangers::costs;
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::USER;
use crate::support::passkey::{Device, options};
use crate::support::portal::{Main, PORTAL_PASSWORD};

pub const LIST: &str = "/portal/my/passkeys";

fn held(app: &TestApp, main: &Main) -> Vec<Passkey> {
    app.app.store.read(|r| passkeys::of_owner(r, Subject::Portal(main.user.id))).unwrap()
}

/// The whole login with this device.
pub async fn enter(browser: &mut Browser, device: &mut Device) -> Page {
    browser.get("/portal/login?notice=form").await;
    assert_eq!(browser.post("/portal/login/passkey/begin", &[]).await.location(), Some("/portal/login/passkey"));
    let asked = options(&browser.get("/portal/login/passkey").await);
    browser.post("/portal/login/passkey", &[("credential", &device.signed(&asked))]).await
}

fn is_refused(page: &Page) -> bool {
    page.status == 422 && page.says("このパスキーではログインできませんでした") && !page.headers.contains_key("set-cookie")
}

#[tokio::test]
async fn q19_a_portal_passkey_opens_and_is_removed_and_its_user_hears_of_it() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    browser.portal(&app, &main.user, &main.member).await;
    assert!(browser.get("/portal/my").await.body.contains(&format!("href=\"{LIST}\"")));
    assert!(browser.get(LIST).await.says("登録されているパスキーはありません"));
    let mut device = browser.register(&app, LIST, NAME).await;
    let told = app.mail(CHANGED).await;
    assert!(told.to == main.mail && told.body.contains("パスキーが登録されました"), "{}", told.body);
    let hashes = costs(&app)[3];
    let mut elsewhere = app.browser();
    assert!(elsewhere.get("/portal/login").await.body.contains("action=\"/portal/login/passkey/begin\""));
    assert_eq!(enter(&mut elsewhere, &mut device).await.location(), Some("/portal/my"));
    assert_eq!((costs(&app)[3], app.take_mails().await.len()), (hashes, 0), "nothing is hashed, no code is sent");
    let all = app.app.store.read(|r| sessions::list(r, Subject::Portal(main.user.id))).unwrap();
    assert!(all.iter().any(|(_, one)| one.passkey.is_some() && one.place == Some(main.member.id)));
    // Before it is taken away the password is asked, which was not entered here.
    let page = elsewhere.get(LIST).await;
    let id = page.value("passkey").unwrap();
    let unasked = elsewhere.post(&format!("{LIST}/remove"), &[("passkey", &id)]).await;
    assert!(unasked.status == 422 && unasked.says("現在のパスワードを入力してください"), "{}", unasked.text());
    let fields = [("passkey", id.as_str()), ("current_password", PORTAL_PASSWORD)];
    let removed = elsewhere.post(&format!("{LIST}/remove"), &fields).await;
    assert_eq!(removed.location(), Some(format!("{LIST}?notice=removed").as_str()), "{}", removed.text());
    assert!(held(&app, &main).is_empty() && app.mail(CHANGED).await.body.contains("パスキーが削除されました"));
    assert!(is_refused(&enter(&mut app.browser(), &mut device).await));
}

#[tokio::test]
async fn q34_a_passkey_skips_neither_suspension_nor_institution_nor_terms() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    let (main, second) = at_two(&app).await;
    let mut browser = app.browser();
    browser.portal(&app, &main.user, &main.member).await;
    let mut device = browser.register(&app, LIST, NAME).await;
    assert_eq!(enter(&mut app.browser(), &mut device).await.location(), Some("/portal/first/place"));
    suspend(&app, &second, true).await;
    assert_eq!(enter(&mut app.browser(), &mut device).await.location(), Some("/portal/my"));
    terms::adopt(&app.app, terms::Text::Portal, "新しい規約".to_owned()).await.unwrap();
    assert_eq!(enter(&mut app.browser(), &mut device).await.location(), Some("/portal/first/terms"));
    suspend(&app, &main.member, true).await;
    assert!(is_refused(&enter(&mut app.browser(), &mut device).await));
    app.take_mails().await;
}

#[tokio::test]
async fn q41_a_passkey_opens_at_its_own_gate_only() {
    let app = TestApp::new();
    let (_, mut office) = at_work(&app, USER).await;
    let mut of_office = office.register(&app, OFFICES, NAME).await;
    let main = app.portal_main(USER).await;
    let mut browser = app.browser();
    browser.portal(&app, &main.user, &main.member).await;
    let mut of_portal = browser.register(&app, LIST, NAME).await;
    assert!(is_refused(&enter(&mut app.browser(), &mut of_office).await));
    assert!(is_refused(&app.browser().enter_with(&mut of_portal).await));
    assert_eq!(enter(&mut app.browser(), &mut of_portal).await.location(), Some("/portal/my"));
    // What was begun at one login is not answered at the other.
    let mut crossed = app.browser();
    let asked = crossed.asked_for_passkey().await;
    let answer = crossed.post("/portal/login/passkey", &[("credential", &of_portal.signed(&asked))]).await;
    assert_eq!(answer.location(), Some("/portal/login?notice=passkey"));
    assert!(crossed.get("/portal/login?notice=passkey").await.says("パスキーでのログインを終えられませんでした"));
    app.take_mails().await;
}
