//! 利用規約: versions, and who is asked for which.

use uketsuke::terms::{self, Text};

use crate::support::TestApp;
use crate::support::installed::Installed;
use crate::support::office::{PASSWORD, TEMPORARY, USER, user};

fn newest(app: &TestApp) -> Option<terms::Terms> {
    app.app.store.read(|r| terms::newest(r, Text::Reception)).unwrap()
}

#[tokio::test]
async fn the_text_built_in_is_version_1_and_a_start_with_the_same_text_writes_nothing() {
    let here = Installed::new();
    let app = here.open(|_| {}).await;
    assert_eq!(
        (newest(&app), app.app.store.read(|r| terms::newest_version(r, Text::Reception)).unwrap()),
        (None, 1),
        "before the first start"
    );
    app.app.prepare().await.unwrap();
    let first = newest(&app).unwrap();
    assert!(first.version == 1 && first.text.contains("第1条") && first.from == app.clock.now());
    let written = app.app.store.counts().written;
    assert_eq!(terms::adopt(&app.app, Text::Reception, first.text.clone()).await.unwrap(), 1);
    assert_eq!(app.app.store.counts().written, written);
}

#[tokio::test]
async fn a_text_of_the_federation_in_its_folder_is_the_next_version_and_a_broken_file_changes_nothing() {
    let here = Installed::new();
    here.open(|_| {}).await.app.prepare().await.unwrap();
    let folder = here.data().join("templates");
    std::fs::create_dir_all(&folder).unwrap();
    for (file, version, text) in [
        (&b"\xEF\xBB\xBFRengokai 1\r\n"[..], 2, "Rengokai 1"),
        (b"Rengokai 1\n", 2, "Rengokai 1"),
        (b"\xFF\xFE", 2, "Rengokai 1"),
        (b" \n", 2, "Rengokai 1"),
        (b"Rengokai 2", 3, "Rengokai 2"),
    ] {
        std::fs::write(folder.join("terms.txt"), file).unwrap();
        let app = here.open(|_| {}).await;
        app.app.prepare().await.unwrap();
        let newest = newest(&app).unwrap();
        assert_eq!((newest.version, newest.text.as_str()), (version, text), "{file:?}");
    }
    std::fs::remove_file(folder.join("terms.txt")).unwrap();
    let app = here.open(|_| {}).await;
    app.app.prepare().await.unwrap();
    assert_eq!(newest(&app).map(|newest| newest.version), Some(4), "back to the text built in is a new version too");
}

#[tokio::test]
async fn the_agreement_needs_its_box() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    app.new_office(USER).await;
    let mut browser = app.browser();
    browser.log_in(USER, TEMPORARY).await;
    let page = browser.open("/first-login").await;
    assert!(page.title() == "利用規約" && page.body.contains("tabindex=\"0\" role=\"region\""), "{}", page.body);
    assert!(!page.body.contains("disabled"), "only the script shuts the button");
    let written = app.app.store.counts().written;
    for agree in [&[][..], &[("agree", "")], &[("agree", "on")]] {
        let fields = [&[("version", "1")][..], agree].concat();
        let page = browser.post("/first-login/terms", &fields).await;
        assert_eq!(page.status.as_u16(), 422);
        assert!(page.says("利用規約をお読みのうえ、チェックを付けてください。") && page.body.contains("<title>エラー: "));
    }
    for version in ["", "0", "2", "x", "-1", "99999999999"] {
        let page = browser.post("/first-login/terms", &[("version", version), ("agree", "1")]).await;
        assert_eq!(page.status.as_u16(), 422, "{version}");
        assert!(page.says("同意はまだ登録されていません"), "{}", page.text());
    }
    assert_eq!(app.app.store.counts().written, written);
    assert_eq!(app.account(user(USER)).terms, None);
    assert_eq!(browser.agree().await.title(), "警告");
    let agreed = app.account(user(USER)).terms.unwrap();
    assert_eq!((agreed.version, agreed.at), (1, app.clock.now()));
}

#[tokio::test]
async fn a_new_version_of_the_terms_is_asked_of_everybody() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    let (existing, new) = ("KJ131344444444", "KJ131355555555");
    app.office(existing).await;
    app.settled(new).await;
    let mut browsers = [app.browser(), app.browser()];
    for (browser, user_id) in browsers.iter_mut().zip([existing, new]) {
        browser.log_in(user_id, PASSWORD).await;
        assert_eq!(browser.open("/office").await.title(), "お知らせ", "{user_id}");
    }
    terms::adopt(&app.app, Text::Reception, "第1条（新しい規約）\n<b>本文</b>".to_owned()).await.unwrap();
    for (browser, user_id) in browsers.iter_mut().zip([existing, new]) {
        // In the middle of a session, at the next click.
        let page = browser.open("/office").await;
        assert_eq!(page.title(), "利用規約", "{user_id}");
        assert!(page.says("<b>本文</b>") && !page.body.contains("<b>本文"), "shown as it is written: {}", page.text());
        assert_eq!(page.says("利用規約が新しくなりました"), user_id == new, "the existing one has never seen any");
        let older = browser.post("/first-login/terms", &[("version", "1"), ("agree", "1")]).await;
        assert!(older.status.as_u16() == 422 && older.says("同意はまだ登録されていません"), "{}", older.text());
        assert_eq!(browser.agree().await.title(), "お知らせ");
        assert_eq!(app.account(user(user_id)).terms.map(|agreed| agreed.version), Some(2));
        let again = browser.get("/first-login/terms").await;
        assert_eq!(again.location(), Some("/office"), "asked once");
    }
}

#[tokio::test]
async fn the_portal_has_a_text_of_its_own_which_no_office_is_asked_about() {
    let here = Installed::new();
    let app = here.open(|_| {}).await;
    app.app.prepare().await.unwrap();
    let portal = || app.app.store.read(|r| terms::newest(r, Text::Portal)).unwrap().unwrap();
    assert!(portal().version == 1 && portal().text.contains("介護情報基盤ポータル"));
    let user_id = "KJ131355555555";
    app.settled(user_id).await;
    let mut browser = app.browser();
    browser.log_in(user_id, PASSWORD).await;
    assert_eq!(terms::adopt(&app.app, Text::Portal, "第1条（新しい規約）".to_owned()).await.unwrap(), 2);
    assert_eq!(browser.open("/office").await.title(), "お知らせ");
    assert_eq!((newest(&app).unwrap().version, portal().version), (1, 2));
    drop((browser, app));
    std::fs::create_dir_all(here.data().join("templates")).unwrap();
    std::fs::write(here.data().join("templates/terms-portal.txt"), "連合会の規約").unwrap();
    let app = here.open(|_| {}).await;
    app.app.prepare().await.unwrap();
    let newest = app.app.store.read(|r| terms::newest(r, Text::Portal)).unwrap().unwrap();
    assert_eq!((newest.version, newest.text.as_str()), (3, "連合会の規約"));
}
