//! The clerk's view of the ledger.

use uketsuke::accounts;
use uketsuke::ledger::{self, Entry};
use uketsuke::staff::Role;

use crate::letters_print::{key, offices};
use crate::support::office::{PASSWORD, USER};
use crate::support::{TestApp, staff};

#[tokio::test]
async fn a_clerk_finds_an_office_by_any_of_its_facts_and_only_in_the_own_ledger() {
    let app = TestApp::new();
    let office = offices(&app, 2).await[0];
    let elsewhere = Entry { address: "東京都見本区".to_owned(), ..Entry::new(key(13, "1370000001"), "東京の事業所") };
    app.write(move |tx| ledger::put(tx, &elsewhere)).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let page = clerk.open(&format!("/staff/ledger?q={}", office.number)).await;
    assert!(page.says("検索結果 1件") && page.says("見本事業所0770000001"), "{}", page.text());
    assert!(clerk.open("/staff/ledger").await.says("すべての事業所 2件"));
    let none = clerk.open("/staff/ledger?q=%E6%9D%B1%E4%BA%AC").await;
    assert!(none.says("該当する事業所はありません"), "{}", none.text());
    assert_eq!(clerk.get("/staff/ledger/1370000001").await.status.as_u16(), 404);
    assert_eq!(clerk.get("/staff/ledger/nonsense").await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_postal_code_filled_in_at_the_desk_is_in_the_office_history() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    let mut clerk = staff(&app, "受付花子", Role::Clerk, 7).await;
    let path = format!("/staff/ledger/{}", office.number);
    clerk.open(&path).await;
    let done = clerk.post(&format!("{path}/postal-code"), &[("postal_code", "963-8888")]).await;
    let page = clerk.open(done.location().unwrap()).await;
    assert!(page.says("郵便番号を登録しました") && !page.body.contains("<details class=\"move\" open"), "{}", page.text());
    let page = clerk.open(&path).await;
    assert!(!page.says("郵便番号を登録しました"));
    assert!(page.says("963-8888") && page.says("郵便番号の登録") && page.says("受付花子"), "{}", page.text());
}

#[tokio::test]
async fn a_disabled_password_ends_sessions_and_opens_no_more_until_a_letter_comes() {
    let app = TestApp::new();
    let user_id = app.office(USER).await;
    let mut office = app.browser();
    assert_eq!(office.log_in(USER, PASSWORD).await.location(), Some("/office"));
    let path = format!("/staff/ledger/{}/disable-password", user_id.office().number);

    let mut clerk = staff(&app, "受付", Role::Clerk, 13).await;
    clerk.open("/staff/ledger").await;
    assert_eq!(clerk.post(&path, &[("reason", "漏えい")]).await.status.as_u16(), 403, "an approver's business");
    let mut approver = staff(&app, "承認", Role::Approver, 13).await;
    approver.open("/staff/ledger").await;
    assert_eq!(approver.post(&path, &[("reason", "")]).await.status.as_u16(), 422);
    assert_eq!(approver.post(&path, &[("reason", "漏えい")]).await.status.as_u16(), 303);

    let page = approver.open(&format!("/staff/ledger/{}", user_id.office().number)).await;
    assert!(page.says(&format!("事業所（{user_id}）")) && !page.says("来訪者") && page.says("理由 漏えい"), "{}", page.text());
    assert!(office.get("/office").await.location().unwrap().starts_with("/login"));
    assert_ne!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
    let account = app.app.store.read(|r| accounts::find(r, user_id)).unwrap().unwrap();
    assert!(account.password_disabled);
    let mails = app.take_mails().await;
    assert_eq!(mails.len(), 3, "every registered address is told");
    assert!(mails.iter().all(|mail| mail.subject == "登録情報変更のお知らせ"));
    app.letter(user_id).await;
    let page = app.browser().log_in(USER, crate::support::office::TEMPORARY).await;
    assert_eq!(page.location(), Some("/first-login"), "{}", page.text());
    app.take_mails().await;
}
