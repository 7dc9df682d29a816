//! Rules of the quality bar that only a browser can show.

use serde_json::{Value, json};
use uketsuke::demo::people::TEMPORARY_PASSWORD;
use uketsuke::demo::{TOLD, offices};
use uketsuke::kernel::UserId;

use super::chrome::Chrome;
use super::house::Demo;

async fn ask(chrome: &Chrome, script: &str) -> Value {
    chrome.client.execute(script, vec![]).await.unwrap()
}

/// A key with Ctrl held down, as a person presses it.
async fn control_key(chrome: &Chrome, key: &str, command: &str) {
    for kind in ["keyDown", "keyUp"] {
        let commands = if kind == "keyDown" { vec![command] } else { vec![] };
        let press = json!({ "type": kind, "key": key, "modifiers": 2, "commands": commands });
        chrome.devtools("Input.dispatchKeyEvent", press).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q05_passwords_can_be_pasted_and_shown() {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, true).await;
    chrome.open("/login").await;
    chrome.fill("user_id", "Himitsu-no-7").await;
    control_key(&chrome, "a", "selectAll").await;
    control_key(&chrome, "c", "copy").await;
    chrome.click("#password").await;
    control_key(&chrome, "v", "paste").await;
    let state = "const p = document.getElementById('password'); return [p.value, p.type, p.maxLength]";
    assert_eq!(ask(&chrome, state).await, json!(["Himitsu-no-7", "password", -1]));
    chrome.click_button("パスワードを表示").await;
    assert_eq!(ask(&chrome, state).await[1], "text");
    chrome.click_button("パスワードを非表示").await;
    assert_eq!(ask(&chrome, state).await[1], "password");
    chrome.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q31_the_end_of_a_session_is_said_ahead_and_what_was_typed_survives() {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, true).await;
    chrome.open("/login").await;
    chrome.fill("user_id", &UserId::of(offices::key(TOLD[0].0, TOLD[0].1)).to_string()).await;
    chrome.fill("password", TEMPORARY_PASSWORD).await;
    chrome.press("ログイン").await;
    chrome.expect("警告").await;
    chrome.press("パスワード変更").await;
    chrome.expect("パスワード変更").await;
    chrome.fill("new_password", "Ame-no-hi-no-7ji").await;
    let closed = "return document.querySelector('#session-end:not([open])') !== null";
    assert_eq!(ask(&chrome, closed).await, true);
    // The page's own clock runs on by 28 minutes; the session ends after 30.
    ask(&chrome, "const real = performance.now.bind(performance); performance.now = () => real() + 28.2 * 60000").await;
    chrome.find("#session-end[open]").await;
    chrome.screen("パスワード変更", "まもなくログアウト").await;
    chrome.click_button("操作を続ける").await;
    chrome.find("#session-end:not([open])").await;
    assert_eq!(ask(&chrome, "return document.getElementById('new_password').value").await, "Ame-no-hi-no-7ji");
    chrome.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q50_a_refused_form_begins_with_a_summary_that_has_the_focus_and_leads_to_the_fields() {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, true).await;
    chrome.open("/reissue").await;
    chrome.fill("contact", "a@example.jp").await;
    chrome.press("次へ").await;
    let focus = "return document.activeElement.id";
    assert_eq!(ask(&chrome, focus).await, "error-summary");
    assert!(chrome.client.title().await.unwrap().starts_with("エラー: "));
    assert_eq!(ask(&chrome, "return document.getElementById('contact').value").await, "a@example.jp");
    chrome.click("#error-summary a[href='#number']").await;
    assert_eq!(ask(&chrome, focus).await, "number");
    let tied = "const f = document.activeElement; return f.getAttribute('aria-invalid') === 'true' \
                && f.getAttribute('aria-describedby').split(' ').every((id) => document.getElementById(id))";
    assert_eq!(ask(&chrome, tied).await, true, "q51");
    assert_eq!(ask(&chrome, "return document.querySelector('[required], [maxlength]') === null").await, true);
    chrome.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q57_text_is_large_and_fields_are_high_enough() {
    let demo = Demo::start();
    let chrome = Chrome::start(&demo.url, true).await;
    chrome.open("/reissue").await;
    let body = "const s = getComputedStyle(document.body); return [parseFloat(s.fontSize), parseFloat(s.lineHeight) / parseFloat(s.fontSize)]";
    let body = ask(&chrome, body).await;
    assert!(body[0].as_f64() >= Some(16.0) && body[1].as_f64() >= Some(1.6), "{body}");
    let heights = "return [...document.querySelectorAll('main input.input, main .buttons .button')].map((e) => e.getBoundingClientRect().height)";
    let heights = ask(&chrome, heights).await;
    let all = heights.as_array().unwrap();
    assert!(all.len() >= 5 && all.iter().all(|height| height.as_f64() >= Some(48.0)), "{heights}");
    chrome.close().await;
}
