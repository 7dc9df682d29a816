//! Twice at once, in two windows, in the wrong order: one thing happens, and whoever is second is told.

use uketsuke::kernel::{OfficeKey, Prefecture, UserId};
use uketsuke::letters::{self, Offices};
use uketsuke::reissue::{Application, State, of_office};
use uketsuke::staff::{Role, Scope};

use crate::letters_print::{issue, letter_of, offices, queue};
use crate::support::browser::{Browser, Page};
use crate::support::desk::{path, shown};
use crate::support::office::PASSWORD;
use crate::support::reissue::{CONTACT, NUMBER, office};
use crate::support::staff::{enrol, log_in};
use crate::support::{TestApp, staff};

const OTHER: &str = "1322222222";

/// Sends the same form `n` times at once.
pub async fn at_once(n: usize, browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Vec<Page> {
    let fields: Vec<(String, String)> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let sent = (0..n).map(|_| {
        let (mut browser, path, fields) = (browser.clone(), path.to_owned(), fields.clone());
        tokio::spawn(async move {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            browser.post(&path, &fields).await
        })
    });
    let mut pages = Vec::new();
    for one in sent.collect::<Vec<_>>() {
        pages.push(one.await.unwrap());
    }
    pages
}

fn applications(app: &TestApp, key: OfficeKey) -> Vec<Application> {
    app.app.store.read(|r| of_office(r, key, 50)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_clicks_on_send_make_one_application_and_all_lead_to_it() {
    let app = TestApp::new();
    let key = app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    let a4 = browser.apply_to_check(&app, NUMBER, CONTACT).await;
    let seen = a4.value("shown").unwrap();
    let pages = at_once(16, &browser, "/reissue/check", &[("shown", &seen)]).await;
    assert!(pages.iter().all(|page| page.location() == Some("/reissue/done")), "{:?}", pages[0]);
    let made = applications(&app, key);
    assert_eq!(made.len(), 1);
    assert!(browser.get("/reissue/done").await.says(&made[0].number.to_string()));
    app.mail("ログイン情報再発行申請受領通知").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_click_before_the_browser_has_its_flow_begins_one_flow_with_one_code() {
    let app = TestApp::new();
    app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    let flow = browser.get("/reissue").await.value("flow").expect("the first form carries its flow along");
    let fields = [("flow", flow.as_str()), ("number", NUMBER), ("contact", CONTACT), ("contact_again", CONTACT)];
    let (mut first, mut second) = (browser.clone(), browser.clone());
    assert_eq!(first.post("/reissue", &fields).await.location(), Some("/reissue/code"));
    let code = app.code().await;
    assert_eq!(second.post("/reissue", &fields).await.location(), Some("/reissue/code"));
    assert!(app.take_mails().await.is_empty(), "the code that was sent is still the one");
    assert_eq!(first.cookies["flow"], second.cookies["flow"]);
    second.get("/reissue/code").await;
    assert_eq!(second.post("/reissue/code", &[("code", &code)]).await.location(), Some("/reissue/check"));
    // What others know of a form opens nothing to them, and what is no flow of ours is replaced.
    let mut stranger = app.browser();
    stranger.get("/reissue").await;
    let mine: Vec<_> = fields.iter().map(|(name, value)| if *name == "flow" { (*name, "x") } else { (*name, *value) }).collect();
    stranger.post("/reissue", &mine).await;
    assert_ne!(stranger.cookies["flow"], "x");
    stranger.cookies.insert("flow".to_owned(), flow.clone());
    assert_eq!(stranger.get("/reissue/check").await.location(), Some("/reissue"));
    assert!(browser.get("/reissue").await.value("flow").is_some());
    assert!(second.get("/reissue").await.value("flow").is_none(), "whoever has the cookie needs no other");
    app.take_mails().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_clicks_on_print_make_one_batch_of_one_letter_each() {
    let app = TestApp::new();
    let keys = offices(&app, 3).await;
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let (choices, token) = queue(&clerk.open("/staff/letters").await);
    let mut fields = vec![("token", token.as_str())];
    fields.extend(choices.iter().map(|choice| ("choice", choice.as_str())));
    let pages = at_once(16, &clerk, "/staff/letters/print", &fields).await;
    let batch = format!("/staff/letters/batches/{token}");
    assert!(pages.iter().all(|page| page.location() == Some(&batch)), "{}", pages[0].text());
    app.run_jobs().await;
    for key in keys {
        let letters = app.app.store.read(|r| letters::of_office(r, key)).unwrap();
        assert_eq!(letters.len(), 1);
        assert_eq!(letter_of(&app, key).number.unwrap().branch, 1, "printed once");
    }
    let pages = at_once(8, &clerk, &format!("{batch}/pdf"), &[]).await;
    let pdfs = pages.iter().filter(|page| page.headers["content-type"] == "application/pdf").count();
    assert_eq!(pdfs, 1, "the passwords leave once");
    let told = pages.iter().filter(|page| page.says("このPDFはすでに受け取られたか")).count();
    assert_eq!(told, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_clicks_at_the_window_make_one_application() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let form = clerk.get(&format!("/staff/applications/new?q={NUMBER}")).await.value("form").unwrap();
    let fields = [("office", NUMBER), ("form", form.as_str()), ("channel", "post"), ("note", "申請書で確認")];
    let pages = at_once(16, &clerk, "/staff/applications/new", &fields).await;
    let made = applications(&app, key);
    assert_eq!(made.len(), 1);
    let there = format!("{}?done=entered", path(made[0].number));
    assert!(pages.iter().all(|page| page.location() == Some(&there)));
}

#[tokio::test]
async fn a_click_on_send_in_an_older_window_does_not_send_another_offices_application() {
    let app = TestApp::new();
    let (key, other) = (app.in_ledger(13, NUMBER).await, app.in_ledger(13, OTHER).await);
    let mut first = app.browser();
    let seen = first.apply_to_check(&app, NUMBER, CONTACT).await.value("shown").unwrap();
    let mut second = first.clone();
    assert_eq!(second.apply(OTHER, CONTACT).await.location(), Some("/reissue/check"), "the address is proven");
    let page = first.post("/reissue/check", &[("shown", &seen)]).await;
    assert_eq!(page.status.as_u16(), 409);
    assert!(page.says("表示していた内容は送信していません") && page.says("別の画面（タブ）"), "{}", page.text());
    assert!(applications(&app, key).is_empty() && applications(&app, other).is_empty());
    let seen_now = second.get("/reissue/check").await.value("shown").unwrap();
    assert_eq!(second.post("/reissue/check", &[("shown", &seen_now)]).await.location(), Some("/reissue/done"));
    assert_eq!((applications(&app, key).len(), applications(&app, other).len()), (0, 1));
    let page = first.post("/reissue/check", &[("shown", &seen)]).await;
    assert_eq!(page.status.as_u16(), 409, "nor is it told that it was sent");
    app.take_mails().await;
}

#[tokio::test]
async fn a_withdrawal_asked_for_in_an_older_window_sends_no_code_for_another_application() {
    let app = TestApp::new();
    let key = app.in_ledger(13, NUMBER).await;
    let (one, two) = (app.in_state(key, State::Received).await, app.in_state(key, State::Received).await);
    app.take_mails().await;
    let (mut browser, [a, b]) = (app.browser(), [one.number, two.number].map(|number| number.to_string()));
    let look_up = async |browser: &mut Browser, number: &str| {
        browser.get("/status").await;
        browser.post("/status", &[("control_number", number), ("contact", CONTACT)]).await
    };
    look_up(&mut browser, &a).await;
    let asked = browser.get("/status/withdraw").await.value("number").unwrap();
    look_up(&mut browser, &b).await;
    let page = browser.post("/status/withdraw", &[("number", &asked)]).await;
    assert_eq!(page.status.as_u16(), 422);
    assert!(page.says("別の申請を開いたため、まだ何も行っていません") && page.says(&b), "{}", page.text());
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn a_form_of_one_federations_desk_does_nothing_at_anothers() {
    let app = TestApp::new();
    let member = enrol(&app, "統括", Role::Admin, Scope::All).await;
    let mut first = app.browser();
    log_in(&app, &mut first, &member).await;
    for prefecture in ["07", "13"] {
        app.office(&format!("KJ{prefecture}{NUMBER}")).await;
    }
    let here = format!("/staff/ledger/{NUMBER}");
    first.get("/staff").await;
    assert_eq!(first.post("/staff/federation", &[("prefecture", "07")]).await.location(), Some("/staff"));
    let form = first.get(&here).await.value("_csrf").unwrap();
    let mut second = first.clone();
    second.get("/staff").await;
    assert_eq!(second.post("/staff/federation", &[("prefecture", "13")]).await.location(), Some("/staff"));
    let before = app.app.store.counts().written;
    for action in ["disable-password", "postal-code"] {
        let fields = [("_csrf", form.as_str()), ("reason", "漏えい"), ("postal_code", "960-8031")];
        let page = first.post(&format!("{here}/{action}"), &fields).await;
        assert_eq!(page.status.as_u16(), 403, "{}", page.text());
        assert!(page.says("画面を読み込み直してから") && page.says("内容は登録されていません"), "{}", page.text());
    }
    assert_eq!(app.app.store.counts().written, before);
    for prefecture in [7, 13] {
        assert!(!app.account(UserId::of(office(prefecture, NUMBER))).password_disabled, "{prefecture}");
    }
    let page = second.get(&here).await;
    assert_eq!(
        second.post(&format!("{here}/disable-password"), &[("reason", "漏えい")]).await.status.as_u16(),
        303,
        "{}",
        page.text()
    );
    assert!(app.account(UserId::of(office(13, NUMBER))).password_disabled);
    assert_eq!(second.post("/staff/logout", &[]).await.location(), Some("/staff/login?notice=logout"), "the way out is open");
    assert_eq!(app.browser().log_in(&format!("KJ07{NUMBER}"), PASSWORD).await.location(), Some("/office"));
    app.take_mails().await;
}

#[tokio::test]
async fn the_second_of_two_clerks_is_told_what_happened_when_and_by_whom() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    app.take_mails().await;
    let (mut first, mut second) =
        (staff(&app, "承認者A", Role::Approver, 7).await, staff(&app, "承認者B", Role::Approver, 7).await);
    second.get(&path(one.number)).await;
    let fields = [("reject_reason", "ledger"), ("reject_sentence", "一致しませんでした。")];
    assert_eq!(first.make(&one, "reject", &fields).await.status.as_u16(), 303);
    let page = second.send_move(&one, "approve", &[]).await;
    assert_eq!(page.status.as_u16(), 409);
    assert!(
        page.says("今回の操作は行っていません") && page.says("承認者A が「却下する」") && page.says("却下"),
        "{}",
        page.text()
    );
    // Whoever looks first and approves all the same is told that a rejected application cannot be approved.
    let now = app.application(one.number);
    let page = second.make(&now, "approve", &[]).await;
    assert_eq!(page.status.as_u16(), 422);
    assert!(page.says("この申請は現在「却下」のため、この操作はできません"), "{}", page.text());
    assert_eq!(app.application(one.number), now);
    assert!(shown(&now) != shown(&one));
    app.take_mails().await;
}

#[tokio::test]
async fn a_member_of_one_federation_keeps_their_forms_over_a_login_of_their_own_elsewhere() {
    let app = TestApp::new();
    app.office(&format!("KJ07{NUMBER}")).await;
    let member = enrol(&app, "受付", Role::Approver, Scope::One(Prefecture::new(7).unwrap())).await;
    let mut first = app.browser();
    log_in(&app, &mut first, &member).await;
    let here = format!("/staff/ledger/{NUMBER}");
    first.get(&here).await;
    app.advance(jiff::SignedDuration::from_secs(60));
    log_in(&app, &mut app.browser(), &member).await;
    assert_eq!(first.post(&format!("{here}/postal-code"), &[("postal_code", "960-8031")]).await.status.as_u16(), 303);
}
