//! ログイン中の端末 of a portal user, and the devices that go without the one-time password.

use jiff::SignedDuration;

use crate::portal_page::{CHANGED, HOME, actions, house, on_a_device, promises, told};
use crate::support::TestApp;
use crate::support::browser::Page;
use crate::support::portal::PORTAL_PASSWORD;

const DEVICES: &str = "/portal/my/devices";

/// The public names of the sessions, in the order of the list.
fn handles(page: &Page) -> Vec<String> {
    let all = page.body.split("name=\"device\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    all.filter(|handle| !["others", "trust"].contains(&handle.as_str())).collect()
}

#[tokio::test]
async fn q33_a_device_of_a_portal_user_is_logged_out_and_forgotten_under_both_names() {
    let app = TestApp::new();
    let (main, _) = house(&app).await;
    let (mut own, here) = on_a_device(&app, &main, "Firefox（Windows）", 1).await;
    app.advance(SignedDuration::from_mins(1));
    let (mut phone, there) = on_a_device(&app, &main, "Safari（iPhone）", 2).await;
    let page = own.get(DEVICES).await;
    for told in ["Safari（iPhone）", "Firefox（Windows）", "請求事業所A", "203.0.113.*", "2026/01/20 10:01"] {
        assert!(page.says(told), "{told}: {}", page.text());
    }
    assert_eq!(page.body.matches("この端末 ").count() + page.body.matches("この端末<").count(), 1, "{}", page.text());
    let theirs = handles(&page).remove(0);
    assert_eq!(own.post(DEVICES, &[("device", &theirs)]).await.location(), Some("/portal/my/devices?notice=forgotten"));
    assert_eq!(phone.get(HOME).await.location(), Some("/portal/login?notice=ended"));
    assert_eq!((promises(&app, main.user.id, here), promises(&app, main.user.id, there)), ((true, true), (false, false)));
    assert_eq!(told(&app, CHANGED, "【ログイン中の端末】の操作により").await, *std::slice::from_ref(&main.mail));
    assert_eq!(own.post(DEVICES, &[("device", &theirs)]).await.location(), Some(DEVICES), "it is gone");
    let page = own.get(DEVICES).await;
    let all = handles(&page);
    assert_eq!(own.post(DEVICES, &[("device", "others")]).await.location(), Some("/portal/my/devices?notice=ended"));
    let mine = all.iter().find(|handle| handles_is_own(&page, handle)).unwrap().clone();
    assert_eq!(own.post(DEVICES, &[("device", &mine)]).await.location(), Some("/portal/login?notice=logout"));
    assert!(!own.cookies.contains_key("portal"));
    assert_eq!(promises(&app, main.user.id, here), (true, true), "whoever logs out stays known");
    assert_eq!(actions(&app, &main), ["portal.end_session"; 3]);
}

/// Whether the row of this session is marked as one's own.
fn handles_is_own(page: &Page, handle: &str) -> bool {
    page.body.split("<tr>").any(|row| row.contains(handle) && row.contains("この端末<"))
}

#[tokio::test]
async fn the_one_time_password_is_asked_for_on_every_device_again_when_that_is_wanted() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    assert!(browser.get(DEVICES).await.says("省略する端末はありません"));
    let (_, one) = on_a_device(&app, &main, "Firefox", 1).await;
    let (mut own, two) = on_a_device(&app, &main, "Safari", 2).await;
    assert!(own.get(DEVICES).await.says("省略する端末が2台あります"));
    let page = own.submit(DEVICES, &[("device", "trust")]).await;
    assert!(page.says("ワンタイムパスワードの省略を解除しました"), "{}", page.text());
    for device in [one, two] {
        assert_eq!(promises(&app, main.user.id, device), (true, false), "known all the same");
    }
    assert_eq!(own.post(DEVICES, &[("device", "trust")]).await.location(), Some(DEVICES), "there is nothing left to end");
    assert_eq!(actions(&app, &main), ["portal.end_trust"]);
}

#[tokio::test]
async fn q20_the_password_is_asked_again_before_portal_devices_become_strangers() {
    let app = TestApp::new();
    let (main, mut browser) = house(&app).await;
    let (_, there) = on_a_device(&app, &main, "Safari", 2).await;
    assert!(!browser.get(DEVICES).await.body.contains("current_password"));
    app.advance(SignedDuration::from_mins(10));
    assert!(browser.get(DEVICES).await.body.contains("name=\"current_password\""));
    for which in ["others", "trust"] {
        for (password, told) in [("", "現在のパスワードを入力してください。"), ("x", "現在のパスワードが違います。")]
        {
            let page = browser.post(DEVICES, &[("device", which), ("current_password", password)]).await;
            assert!(page.status.as_u16() == 422 && page.says(told), "{}", page.text());
        }
    }
    assert_eq!(promises(&app, main.user.id, there), (true, true));
    let right = [("device", "others"), ("current_password", PORTAL_PASSWORD)];
    assert_eq!(browser.post(DEVICES, &right).await.location(), Some("/portal/my/devices?notice=forgotten"));
    app.take_mails().await;
}
