//! The shell around every request.

use crate::support::TestApp;

#[tokio::test]
async fn an_unknown_path_is_a_page_with_whom_to_call() {
    let page = TestApp::new().browser().get("/nowhere").await;
    assert_eq!(page.status.as_u16(), 404);
    assert_eq!(page.title(), "ページが見つかりません");
    assert!(page.says("0000-00-0000"), "{}", page.text());
}

#[tokio::test]
async fn q37_every_answer_carries_the_security_headers() {
    let mut browser = TestApp::new().browser();
    for path in ["/healthz", "/nowhere"] {
        let page = browser.get(path).await;
        for (name, value) in [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("cache-control", "no-store")] {
            assert_eq!(page.headers[name], value, "{path}");
        }
        let csp = page.headers["content-security-policy"].to_str().unwrap();
        assert!(csp.contains("default-src 'none'") && !csp.contains("unsafe"), "{csp}");
    }
}

#[tokio::test]
async fn an_anonymous_get_sets_no_cookie_and_writes_nothing() {
    let app = TestApp::new();
    let before = app.app.store.counts();
    let page = app.browser().get("/healthz").await;
    assert!(page.headers.get("set-cookie").is_none());
    assert_eq!(app.app.store.counts().written, before.written);
}

#[tokio::test]
async fn readyz_tells_that_nobody_works_off_the_jobs() {
    let app = TestApp::new();
    assert_eq!(app.browser().get("/healthz").await.status.as_u16(), 200);
    assert_eq!(app.browser().get("/readyz").await.status.as_u16(), 503);
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let mut lanes = app.app.runner().start(&stopping, &app.app.front.alive);
    assert_eq!(app.browser().get("/readyz").await.status.as_u16(), 200);
    stop.send(true).unwrap();
    while lanes.join_next().await.is_some() {}
    assert_eq!(app.browser().get("/readyz").await.status.as_u16(), 503);
}
