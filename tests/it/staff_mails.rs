//! 【送れなかったメール】: every mail that failed for good and is still of use, of the own federation.

use jiff::SignedDuration;
use uketsuke::accounts::{self, Change};
use uketsuke::audit;
use uketsuke::kernel::{Id, UserId};
use uketsuke::mail::outbox;
use uketsuke::mail::transport::SendError;
use uketsuke::reissue::State;
use uketsuke::staff::Role;

use crate::support::browser::Page;
use crate::support::reissue::{CONTACT, NUMBER};
use crate::support::{TestApp, staff};

const LIST: &str = "/staff/mails";

/// The mail server refuses whatever is sent from now on.
fn refuse(app: &TestApp) {
    app.transport.fail_with(Some(SendError::Permanent { reason: "550 no such mailbox".to_owned() }));
}

/// Tells the office's registered addresses of a change of its login: M-7.
pub async fn tell_change(app: &TestApp, user: UserId) {
    let moment = app.app.moment();
    app.write(move |tx| {
        let account = accounts::find(tx, user)?.unwrap();
        accounts::tell_change(tx, &moment, &account, Change::Password)
    })
    .await;
}

/// Where the forms of a list go, in its order.
pub fn forms(page: &Page) -> Vec<String> {
    let starts = page.body.match_indices("action=\"/staff/mails/").map(|(at, _)| at + "action=\"".len());
    starts.map(|at| page.body[at..].split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn q43_every_failed_mail_is_found_from_the_dashboard_with_what_it_is_about() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let user = app.with_account(key, &["notice@example.jp"]).await;
    refuse(&app);
    let one = app.applied(key, Some(CONTACT)).await;
    app.advance(SignedDuration::from_secs(60));
    tell_change(&app, user).await;
    app.run_jobs().await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let page = clerk.open("/staff").await;
    assert!(page.says("送れなかったメール 3 通") && page.body.contains("href=\"/staff/mails\""), "{}", page.text());
    let page = clerk.open(LIST).await;
    assert_eq!((page.title().as_str(), forms(&page).len()), ("送れなかったメール", 3));
    let shown = [
        "一覧 3通",
        "受領通知 jig***@example.jp",
        "登録アドレスへの申請のお知らせ not***@example.jp",
        "登録情報変更のお知らせ not***@example.jp 2026/01/20 10:01",
        "550 no such mailbox",
        "請求事業所A 1311111111",
    ];
    for part in shown {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    assert!(page.body.contains(&format!("href=\"/staff/applications/{}\"", one.number)));
    assert!(page.body.contains(&format!("href=\"/staff/ledger/{NUMBER}\"")));
    let newest = page.text().find("登録情報変更のお知らせ").unwrap();
    assert!(newest < page.text().find("受領通知").unwrap(), "newest first");
}

#[tokio::test]
async fn q43_a_failed_mail_that_belongs_to_no_application_is_sent_again_once() {
    let app = TestApp::new();
    let user = app.with_account(app.in_ledger(7, NUMBER).await, &["notice@example.jp"]).await;
    refuse(&app);
    tell_change(&app, user).await;
    app.run_jobs().await;
    app.transport.fail_with(None);
    let mut clerk = staff(&app, "受付花子", Role::Clerk, 7).await;
    let form = forms(&clerk.open(LIST).await).remove(0);
    let page = clerk.submit(&form, &[("page", "1")]).await;
    assert!(page.says("メールを再送します") && page.says("送れなかったメールはありません"), "{}", page.text());
    let page = clerk.submit(&form, &[("page", "1")]).await;
    assert!(page.says("すでに再送されています"), "{}", page.text());
    let mails = app.take_mails().await;
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["notice@example.jp"]);
    let told = app.app.store.read(|r| audit::about(r, &user.office().to_string(), 9)).unwrap();
    assert_eq!(told.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), ["mail.send_again"]);
    assert!(clerk.open("/staff").await.says("送れなかったメール 0 通"));
}

#[tokio::test]
async fn q41_another_federations_failed_mail_does_not_exist() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    refuse(&app);
    app.in_state(key, State::Received).await;
    app.run_jobs().await;
    let form = forms(&staff(&app, "福島", Role::Clerk, 7).await.open(LIST).await).remove(0);
    let mut other = staff(&app, "東京", Role::Admin, 13).await;
    let page = other.open(LIST).await;
    assert!(page.says("送れなかったメールはありません") && !page.says("550"), "{}", page.text());
    assert_eq!(other.post(&form, &[]).await.status.as_u16(), 404);
    assert!(other.open("/staff").await.says("送れなかったメール 0 通"));
}

#[tokio::test]
async fn a_stranger_cannot_fill_the_list_of_failed_mails_with_codes() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    app.in_ledger(7, NUMBER).await;
    refuse(&app);
    assert_eq!(app.browser().apply(NUMBER, "nobody@example.jp").await.location(), Some("/reissue/code"));
    app.run_jobs().await;
    let codes = || app.app.store.read(|r| outbox::about(r, NUMBER, 9)).unwrap();
    let code: Id = codes()[0].0;
    assert_eq!(codes()[0].1.state, outbox::State::Failed);
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    assert!(clerk.open("/staff").await.says("送れなかったメール 0 通"));
    assert!(clerk.open(LIST).await.says("送れなかったメールはありません"));
    assert_eq!(clerk.post(&format!("{LIST}/{code}"), &[]).await.status.as_u16(), 404);
    let moment = app.app.moment();
    assert!(!app.write(move |tx| outbox::send_again(tx, &moment, code)).await, "it is of no use any more");
    app.advance(SignedDuration::from_hours(24 * 367));
    app.run_jobs().await;
    assert!(codes().is_empty(), "it goes as other mails do");
}

#[tokio::test]
async fn a_long_list_of_failed_mails_has_pages_and_sending_again_stays_on_its_page() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    refuse(&app);
    let mut numbers = Vec::new();
    for _ in 0..30 {
        app.advance(SignedDuration::from_secs(1));
        numbers.push(app.applied(key, Some(CONTACT)).await.number.to_string());
    }
    app.run_jobs().await;
    app.transport.fail_with(None);
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let first = clerk.open(LIST).await;
    assert!(first.says("一覧 30通") && first.says("2ページ中1ページ目") && forms(&first).len() == 25, "{}", first.text());
    let second = clerk.open(&format!("{LIST}?page=2")).await;
    assert_eq!(forms(&second).len(), 5);
    assert!(second.says(&numbers[0]) && second.says(&numbers[4]) && !second.says(&numbers[5]), "{}", second.text());
    let page = clerk.submit(&forms(&second)[0], &[("page", "2")]).await;
    assert!(page.says("2ページ中2ページ目") && forms(&page).len() == 4, "{}", page.text());
    for beyond in ["?page=99", "?page=0", "?page=x"] {
        assert_eq!(clerk.open(&format!("{LIST}{beyond}")).await.status.as_u16(), 200, "{beyond}");
    }
    assert_eq!(app.take_mails().await.len(), 1);
}
