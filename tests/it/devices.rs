//! ログイン中の端末: listed, and logged out from the list.

use jiff::SignedDuration;
use uketsuke::kernel::Id;
use uketsuke::security::devices;
use uketsuke::security::sessions::{self, Subject};

use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::office::{PASSWORD, USER, user};
use crate::user_info::{logged_in, told};

const PATH: &str = "/office/user/devices";
/// The devices are strangers again.
const ENDED: &str = "/office/user/devices?notice=forgotten";
const STRANGER: &str = "初めて使う端末として扱います";
const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const IPHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1";

async fn with_agent(app: &TestApp, agent: &str) -> Browser {
    let mut browser = app.browser();
    browser.headers.push(("User-Agent".to_owned(), agent.to_owned()));
    browser.log_in(USER, PASSWORD).await;
    browser
}

/// The public names of the sessions, in the order of the list.
fn handles(page: &Page) -> Vec<String> {
    page.body
        .split("name=\"device\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .filter(|handle| handle != "others")
        .collect()
}

fn known(app: &TestApp, browser: &Browser) -> bool {
    let device = devices::read(&app.app.keys, &browser.cookies["device"]).unwrap();
    app.app.store.read(|r| devices::is_known(r, USER, device)).unwrap()
}

#[tokio::test]
async fn the_list_names_browser_times_and_network_and_marks_this_device() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut own = with_agent(&app, CHROME).await;
    app.advance(SignedDuration::from_mins(5));
    let mut phone = with_agent(&app, IPHONE).await;
    app.advance(SignedDuration::from_mins(2));
    phone.get("/office").await;
    app.advance(SignedDuration::from_mins(1));
    let page = own.get(PATH).await;
    for shown in
        ["Chrome（Windows）", "Safari（iPhone）", "2026/01/20 10:00", "2026/01/20 10:05", "2026/01/20 10:07", "127.0.0.*"]
    {
        assert!(page.says(shown), "{shown}: {}", page.text());
    }
    assert_eq!(page.body.matches("この端末").count(), 1);
    assert!(!page.body.contains("127.0.0.1"));
    assert_eq!(handles(&page).len(), 2);
    app.advance(SignedDuration::from_mins(29));
    own.get("/office").await;
    app.advance(SignedDuration::from_mins(5));
    assert_eq!(handles(&own.get(PATH).await).len(), 1, "one that has ended by time is in no list");
}

#[tokio::test]
async fn q33_a_device_is_logged_out_from_the_list_and_is_a_stranger_again() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut own = logged_in(&app).await;
    let mut other = logged_in(&app).await;
    assert!(known(&app, &other));
    let own_handle = handles(&own.get(PATH).await).len();
    assert_eq!(own_handle, 2);
    let theirs = other_handle(&app, &own);
    assert_eq!(own.post(PATH, &[("device", &theirs)]).await.location(), Some(ENDED));
    let page = own.get(ENDED).await;
    assert!(page.says("ログアウトさせました") && page.says(STRANGER), "{}", page.text());
    assert_eq!(other.get("/office").await.location(), Some("/login?notice=ended"));
    assert_eq!(own.get("/office").await.status.as_u16(), 200);
    assert!(!known(&app, &other) && known(&app, &own));
    let addresses = ["notice@example.jp", "security-1@example.jp", "security-2@example.jp"];
    assert_eq!(told(&app, "初めて使う端末として扱われます。").await, addresses, "q19");
}

#[tokio::test]
async fn q20_the_password_is_asked_again_before_devices_become_strangers() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mut own, mut other) = (logged_in(&app).await, logged_in(&app).await);
    assert!(!own.get(PATH).await.body.contains("current_password"), "it was entered a moment ago");
    app.advance(SignedDuration::from_mins(10));
    other.get("/office").await;
    assert!(own.get(PATH).await.body.contains("name=\"current_password\""));
    let theirs = other_handle(&app, &own);
    for device in [theirs.as_str(), "others"] {
        for (password, told) in [("", "現在のパスワードを入力してください。"), ("wrong", "現在のパスワードが違います。")]
        {
            let page = own.post(PATH, &[("device", device), ("current_password", password)]).await;
            assert!(page.status.as_u16() == 422 && page.says(told), "{}", page.text());
        }
    }
    assert_eq!(other.get("/office").await.status.as_u16(), 200);
    assert!(known(&app, &other) && app.take_mails().await.is_empty());
    assert_eq!(own.post(PATH, &[("device", &theirs), ("current_password", PASSWORD)]).await.location(), Some(ENDED));
    assert!(!known(&app, &other));
    app.take_mails().await;
}

/// The public name of the newest session that is not this browser's.
fn other_handle(app: &TestApp, own: &Browser) -> String {
    let key = sessions::hash(&own.cookies["office"]);
    let all = app.app.store.read(|r| sessions::list(r, Subject::Office(user(USER)))).unwrap();
    all.into_iter().find(|(other, _)| *other != key).unwrap().1.handle.to_string()
}

#[tokio::test]
async fn all_others_are_logged_out_at_once() {
    let app = TestApp::new();
    app.office(USER).await;
    let (mut own, mut one, mut two) = (logged_in(&app).await, logged_in(&app).await, logged_in(&app).await);
    assert!(own.get(PATH).await.says("ほかのすべての端末をログアウトさせる"));
    own.post(PATH, &[("device", "others")]).await;
    for browser in [&mut one, &mut two] {
        assert_eq!(browser.get("/office").await.location(), Some("/login?notice=ended"));
        assert!(!known(&app, browser));
    }
    assert_eq!(handles(&own.get(PATH).await).len(), 1);
    assert!(known(&app, &own));
    let before = app.app.store.counts().written;
    assert_eq!(own.post(PATH, &[("device", "others")]).await.location(), Some(PATH), "there are no others");
    assert_eq!(app.app.store.counts().written, before);
    app.take_mails().await;
}

#[tokio::test]
async fn the_own_row_logs_out() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut own = logged_in(&app).await;
    app.advance(SignedDuration::from_mins(10));
    let handle = handles(&own.get(PATH).await).remove(0);
    assert_eq!(own.post(PATH, &[("device", &handle)]).await.location(), Some("/login?notice=logout"), "without the password");
    assert!(!own.cookies.contains_key("office"));
    assert!(known(&app, &own) && app.take_mails().await.is_empty(), "and nobody is a stranger by it");
}

#[tokio::test]
async fn a_second_session_of_the_same_device_keeps_it_known() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut own = logged_in(&app).await;
    let mut again = app.browser();
    again.cookies.insert("device".to_owned(), own.cookies["device"].clone());
    again.log_in(USER, PASSWORD).await;
    let theirs = other_handle(&app, &own);
    own.get(PATH).await;
    let page = own.submit(PATH, &[("device", &theirs)]).await;
    assert!(page.says("ログアウトさせました") && !page.says(STRANGER), "no stranger, and called none: {}", page.text());
    assert_eq!(again.get("/office").await.location(), Some("/login?notice=ended"));
    assert!(known(&app, &own) && app.take_mails().await.is_empty());
}

#[tokio::test]
async fn an_office_with_passkeys_is_told_that_they_outlast_a_logout() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut own = logged_in(&app).await;
    let line = "ログアウトさせた端末からも、その端末のパスキーでログインできます";
    assert!(!own.get(PATH).await.says(line), "there are none");
    app.passkey(Subject::Office(user_id)).await;
    let page = own.get(PATH).await;
    let text = page.body.split("<main").nth(1).unwrap();
    assert!(page.says(line) && text.contains("href=\"/office/user/passkeys\""), "{}", page.text());
}

#[tokio::test]
async fn a_foreign_handle_ends_nothing() {
    const OTHER: &str = "KJ131322222222";
    let app = TestApp::new();
    app.office(USER).await;
    app.office(OTHER).await;
    let mut own = logged_in(&app).await;
    let mut stranger = app.browser();
    stranger.log_in(OTHER, PASSWORD).await;
    let foreign = handles(&stranger.get(PATH).await).remove(0);
    own.get(PATH).await;
    let before = app.app.store.counts().written;
    let made_up = Id::from_bytes([7; 16]).to_string();
    for handle in [foreign.as_str(), made_up.as_str(), "", "Others", "../..", "\u{0}"] {
        assert_eq!(own.post(PATH, &[("device", handle)]).await.location(), Some(PATH), "{handle:?}");
    }
    assert_eq!(app.app.store.counts().written, before);
    assert_eq!(stranger.get("/office").await.status.as_u16(), 200);
    assert_eq!(own.get("/office").await.status.as_u16(), 200);
}
