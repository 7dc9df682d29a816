//! ほかのすべての端末をログアウトさせる: everybody else is out at once, and is told.

use uketsuke::demo::people::OFFICE_PASSWORD;

use super::chrome::Chrome;
use super::errands::{address, enter, mail};
use super::house::Demo;

const OFFICE: (u8, u8) = (7, 1);
const DEVICES: &str = "ログイン中の端末";
const ALL: &str = "ほかのすべての端末をログアウトさせる";

#[tokio::test(flavor = "multi_thread")]
async fn all_other_devices_are_logged_out() {
    walk(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q58_all_other_devices_are_logged_out_without_scripts() {
    walk(false).await;
}

async fn walk(scripts: bool) {
    let demo = Demo::start();
    let (own, other) = (Chrome::start(&demo.url, scripts).await, Chrome::start(&demo.url, scripts).await);
    enter(&own, OFFICE, OFFICE_PASSWORD).await;
    own.expect("お知らせ").await;
    enter(&other, OFFICE, OFFICE_PASSWORD).await;
    other.expect("お知らせ").await;
    own.open("/office/user/devices").await;
    own.expect(DEVICES).await;
    assert!(!own.has_button(ALL).await, "one other has a button of its own");
    // Without its cookies it is a third device; the session of before goes on.
    other.client.delete_all_cookies().await.unwrap();
    enter(&other, OFFICE, OFFICE_PASSWORD).await;
    other.expect("お知らせ").await;

    own.open("/office/user/devices").await;
    own.screen(DEVICES, "3台").await;
    assert_eq!(rows(&own).await, 3);
    own.press(ALL).await;
    own.screen(DEVICES, "すべてログアウトさせた").await;
    assert!(own.text().await.contains("ログアウトさせました"));
    assert!(rows(&own).await == 1 && !own.has_button(ALL).await);
    other.follow("照会一覧").await;
    other.expect("ログイン").await;
    other.close().await;
    assert!(mail(&own, "登録情報変更のお知らせ", &address(OFFICE, 1), 1).await.contains("端末がログアウトされました"));
    own.open("/office").await;
    own.expect("お知らせ").await;
    own.close().await;
}

async fn rows(chrome: &Chrome) -> usize {
    chrome.client.find_all(fantoccini::Locator::Css("main tbody tr")).await.unwrap().len()
}
