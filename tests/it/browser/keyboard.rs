//! The account's screens by keyboard alone: every stop of the Tab key can be seen, and nothing needs a mouse.

use serde_json::{Value, json};
use uketsuke::demo::offices;
use uketsuke::demo::people::OFFICE_PASSWORD;
use uketsuke::kernel::UserId;

use super::chrome::Chrome;
use super::house::Demo;

const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";
const ESCAPE: &str = "\u{E00C}";
const DOWN: &str = "\u{E015}";
/// More stops than any screen has.
const MOST_STOPS: usize = 80;

/// What has the focus: whether it fits `wanted` (a selector, or the text of a link or button), what it says, and whether its ring shows.
const STOP: &str = "const [wanted] = arguments; const at = document.activeElement; \
    const said = at.textContent.trim().replace(/\\s+/g, ' '); \
    const ring = [at, at.closest('.choice'), at.closest('.tick')].some((e) => e && getComputedStyle(e).outlineStyle !== 'none'); \
    let fits = said === wanted; try { fits = fits || at.matches(wanted); } catch {} \
    return [fits, at.tagName + ' ' + (at.id || said), ring]";

async fn key(chrome: &Chrome, key: &str) {
    chrome.client.active_element().await.unwrap().send_keys(key).await.unwrap();
}

/// Presses Tab until the focus is there.
async fn tab_to(chrome: &Chrome, wanted: &str) {
    let mut seen = Vec::new();
    for _ in 0..MOST_STOPS {
        key(chrome, TAB).await;
        let stop = chrome.client.execute(STOP, vec![json!(wanted)]).await.unwrap();
        assert_eq!(stop[2], true, "q49 the focus cannot be seen at {} on【{}】", stop[1], chrome.title().await);
        if stop[0] == true {
            return;
        }
        seen.push(stop[1].clone());
    }
    panic!("Tab never comes to {wanted} on【{}】: {}", chrome.title().await, Value::from(seen));
}

/// Presses Enter where the focus is, and waits for the screen that it leads to.
async fn enter_to(chrome: &Chrome, title: &str) {
    key(chrome, ENTER).await;
    chrome.expect(title).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q49_an_account_is_used_by_keyboard_alone() {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, true).await;
    chrome.open("/login").await;
    tab_to(&chrome, "#user_id").await;
    key(&chrome, &UserId::of(offices::key(7, 4)).to_string()).await;
    tab_to(&chrome, "#password").await;
    key(&chrome, OFFICE_PASSWORD).await;
    enter_to(&chrome, "セキュリティ用メールアドレス設定").await;
    tab_to(&chrome, "[name='later']").await;
    key(&chrome, " ").await;
    tab_to(&chrome, "次へ").await;
    enter_to(&chrome, "お知らせ").await;

    tab_to(&chrome, "ユーザ情報変更").await;
    enter_to(&chrome, "ユーザ情報変更").await;
    help(&chrome).await;
    tab_to(&chrome, "[href='/office/user/code']").await;
    enter_to(&chrome, "セキュリティコード設定").await;
    tab_to(&chrome, "[name='kind']").await;
    key(&chrome, DOWN).await;
    let chosen = "return document.querySelector(\"[name='kind']:checked\").value";
    assert_eq!(chrome.client.execute(chosen, vec![]).await.unwrap(), "app");
    tab_to(&chrome, "設定").await;
    key(&chrome, ENTER).await;
    chrome.find(".qr svg").await;
    tab_to(&chrome, "ログアウト").await;
    enter_to(&chrome, "ログイン").await;
    chrome.close().await;
}

/// The [?] opens and closes, and the focus comes back to it. Then the page is begun again.
async fn help(chrome: &Chrome) {
    tab_to(chrome, ".help-open").await;
    key(chrome, ENTER).await;
    chrome.find("dialog[open]").await;
    key(chrome, ESCAPE).await;
    chrome.find(".help-open:focus").await;
    chrome.open("/office/user").await;
    chrome.expect("ユーザ情報変更").await;
}
