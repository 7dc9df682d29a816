//! Less free disk than the reserve: the counter can be read and says in Japanese that nothing can be taken in.

use uketsuke::store::{Store, StoreOptions};

use crate::support::TestApp;
use crate::support::office::{PASSWORD, USER};
use crate::support::reissue::{CONTACT, NUMBER};

#[tokio::test]
async fn a_full_disk_shows_every_page_and_takes_nothing_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uketsuke.redb");
    let mut app = TestApp::on(Store::open(&path, StoreOptions::default()).unwrap(), |_| {});
    app.may_leave_mails = true;
    app.office(USER).await;
    app.in_ledger(13, NUMBER).await;
    let mut office = app.browser();
    assert_eq!(office.log_in(USER, PASSWORD).await.location(), Some("/office"));
    let mut visitor = app.browser();
    visitor.apply_to_check(&app, NUMBER, CONTACT).await;

    // The store itself is closed and opened anew, so nobody may hold it meanwhile.
    let elsewhere = TestApp::new();
    elsewhere.take_over(&mut office);
    elsewhere.take_over(&mut visitor);
    let parked = app.replaced(Store::in_memory().unwrap());
    let full = StoreOptions { reserve_mib: u64::MAX / (1024 * 1024), ..StoreOptions::default() };
    let mut app = parked.replaced(Store::open(&path, full).unwrap());
    app.may_leave_mails = true;
    app.take_over(&mut office);
    app.take_over(&mut visitor);

    // Whoever is logged in reads on; so does everybody without a login.
    assert_eq!(office.get("/office").await.title(), "お知らせ");
    assert_eq!(app.browser().get("/").await.status.as_u16(), 200);
    assert_eq!(visitor.get("/reissue/check").await.title(), "送信確認", "what was begun is still shown");

    // Nothing is taken in: no login, since its try could not be counted, and no application.
    let login = app.browser().log_in(USER, PASSWORD).await;
    let sent = visitor.post("/reissue/check", &[]).await;
    for page in [&login, &sent] {
        assert_eq!(page.status.as_u16(), 503, "{}", page.text());
        assert!(page.headers.contains_key("retry-after"));
        assert!(page.says("ただいま") && page.says("お電話"), "{}", page.text());
        assert!(!page.body.contains("MiB") && !page.body.contains("disk"), "no details: {}", page.text());
    }
    assert_eq!(app.browser().get("/readyz").await.status.as_u16(), 503);
    assert_eq!(app.browser().get("/healthz").await.status.as_u16(), 200);

    // Room again: the visitor presses the button once more, and it is one application.
    elsewhere.take_over(&mut office);
    elsewhere.take_over(&mut visitor);
    let parked = app.replaced(Store::in_memory().unwrap());
    let app = parked.replaced(Store::open(&path, StoreOptions::default()).unwrap());
    app.take_over(&mut visitor);
    visitor.get("/reissue/check").await;
    assert_eq!(visitor.post("/reissue/check", &[]).await.location(), Some("/reissue/done"));
    assert!(visitor.open("/reissue/done").await.says("U202601000001"));
    app.forget();
}
