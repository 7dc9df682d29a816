//! Several letters to one office, letters that end with their application, the print queue, and what other federations may not touch.

use jiff::SignedDuration;
use uketsuke::audit;
use uketsuke::kernel::{OfficeKey, UserId};
use uketsuke::ledger;
use uketsuke::letters::{self, Offices, State};
use uketsuke::reissue::{self, By, Move};
use uketsuke::staff::Role;
use uketsuke::store::Table;

use crate::letters_post::{approved, post, state_of};
use crate::letters_print::{fetch, issue, letter_of, offices, print_all, queue};
use crate::support::{TestApp, staff};

fn minute(app: &TestApp) {
    app.advance(SignedDuration::from_mins(1));
}

async fn without_postal_code(app: &TestApp, offices: Vec<OfficeKey>) {
    app.write(move |tx| {
        for office in &offices {
            let mut entry = ledger::find(tx, *office)?.unwrap();
            entry.postal_code.clear();
            ledger::put(tx, &entry)?;
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_later_letter_to_the_office_withdraws_the_older_with_its_application() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let older = approved(&app, office).await;
    let old = print_all(&app, &mut clerk).await.remove(0);
    post(&mut clerk, &old.number, "2026/01/20").await;
    minute(&app);
    let newer = approved(&app, office).await;
    assert!(clerk.open("/staff/letters").await.says(&format!("{}は無効になります", old.number)));
    let new = print_all(&app, &mut clerk).await.remove(0);
    assert_eq!((state_of(&app, older), state_of(&app, newer)), (reissue::State::Withdrawn, reissue::State::Printed));
    // The way there is the table's own: 発送済→期限切れ→取下げ.
    let ways: Vec<_> =
        app.application(older).history.iter().map(|step| step.to).skip_while(|to| *to != reissue::State::Posted).collect();
    assert_eq!(ways, [reissue::State::Posted, reissue::State::Expired, reissue::State::Withdrawn]);
    let replaced = app.app.store.read(|r| letters::of_application(r, older)).unwrap().unwrap();
    assert_eq!(replaced.state, State::Withdrawn);
    let page = clerk.open(&format!("/staff/letters/{}", replaced.id)).await;
    assert!(page.says(&format!("発行番号 {} の通知書に置き換えたため", new.number)), "{}", page.text());
    assert!(page.says("この通知書は無効です") && !page.says("再印刷する"), "{}", page.text());
    app.take_mails().await;

    // M-13 speaks of the living letter only, and the replaced one does not expire.
    app.app.prepare().await.unwrap();
    app.advance(SignedDuration::from_hours(24 * 24));
    let mut mails = app.take_mails().await;
    mails.retain(|mail| mail.subject == "仮パスワードの有効期限のお知らせ");
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].body.contains(&newer.to_string()), "{}", mails[0].body);
    app.advance(SignedDuration::from_hours(24 * 8));
    app.take_mails().await;
    assert_eq!((state_of(&app, older), state_of(&app, newer)), (reissue::State::Withdrawn, reissue::State::Expired));
}

#[tokio::test]
async fn of_two_letters_to_one_office_in_one_batch_only_the_newest_is_printed() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    let older = approved(&app, office).await;
    minute(&app);
    let newer = approved(&app, office).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let page = clerk.open("/staff/letters").await;
    assert!(page.says("同じ事業所あての新しい通知書も印刷待ちです"), "{}", page.text());
    let printed = print_all(&app, &mut clerk).await;
    assert_eq!(printed.len(), 1);
    assert_eq!((state_of(&app, older), state_of(&app, newer)), (reissue::State::Approved, reissue::State::Printed));
    // What is left is not chosen by itself: it would end the letter that is out.
    let page = clerk.open("/staff/letters").await;
    assert_eq!(queue(&page).0, [older.to_string()]);
    assert!(page.says("が使われていません") && !page.body.contains(" checked"), "{}", page.text());
    app.take_mails().await;
}

#[tokio::test]
async fn the_clerk_is_told_which_letter_of_a_batch_was_left_out_for_a_newer_one() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    let older = approved(&app, office).await.to_string();
    minute(&app);
    let newer = approved(&app, office).await.to_string();
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let (_, token) = queue(&clerk.open("/staff/letters").await);
    clerk.post("/staff/letters/print", &[("token", &token), ("choice", &newer), ("choice", &older)]).await;
    app.take_mails().await;
    let page = clerk.open(&format!("/staff/letters/batches/{token}")).await;
    assert!(page.says("印刷しなかったものが1件") && page.says(&older), "{}", page.text());
    assert!(page.says("古いほうは印刷しませんでした"), "{}", page.text());
}

#[tokio::test]
async fn letters_without_an_address_do_not_hide_those_that_can_be_printed() {
    let app = TestApp::new();
    let mut keys = offices(&app, 502).await;
    let last = keys.pop().unwrap();
    without_postal_code(&app, keys).await;
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let page = clerk.open("/staff/letters").await;
    assert_eq!(queue(&page).0, [letter_of(&app, last).id.to_string()]);
    assert!(page.says("印刷できない通知書が501通あります"), "{}", page.text());
    let page = clerk.open("/staff/letters?list=waiting&page=2").await;
    assert!(page.says("2ページ中2ページ目") && queue(&page).0.is_empty(), "{}", page.text());
    assert_eq!(page.body.matches("#postal_code").count(), 2);
}

#[tokio::test]
async fn a_waiting_letter_is_printed_from_its_own_page() {
    let app = TestApp::new();
    let office = offices(&app, 2).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let path = format!("/staff/letters/{}", letter_of(&app, office).id);
    let token = clerk.open(&path).await.value("token").unwrap();
    let ordered = clerk.post(&format!("{path}/reprint"), &[("token", &token)]).await;
    assert_eq!(fetch(&app, &mut clerk, ordered).await.len(), 1);
    assert_eq!(letter_of(&app, office).state, State::Printed);
}

#[tokio::test]
async fn withdrawing_a_returned_application_takes_its_letter_along() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    let number = approved(&app, office).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    print_all(&app, &mut clerk).await;
    let path = format!("/staff/letters/{}", letter_of(&app, office).id);
    clerk.open(&path).await;
    clerk.post(&format!("{path}/return"), &[("note", "")]).await;
    assert!(clerk.open(&path).await.says("再印刷する"));
    app.mark(number, Move::Withdraw { note: String::new() }, By::Applicant).await.unwrap();
    assert_eq!(letter_of(&app, office).state, State::Withdrawn);
    assert!(!clerk.open(&path).await.says("再印刷する"));
    assert!(clerk.open("/staff/letters?list=returned").await.says("返戻の通知書はありません"));
    let log = app.app.store.read(|r| audit::in_prefecture(r, office.prefecture, None, 100)).unwrap();
    assert!(log.iter().any(|entry| entry.action == "letter.withdraw"));
    app.take_mails().await;
}

#[tokio::test]
async fn used_up_numbers_of_the_month_have_a_sentence_of_their_own() {
    let app = TestApp::new();
    offices(&app, 1).await;
    issue(&app, Offices::AllNew).await;
    app.write(|tx| tx.put(&Table::<u32, u32>::new("letter_sequences"), &202_601, &999_999)).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let (choices, token) = queue(&clerk.open("/staff/letters").await);
    clerk.post("/staff/letters/print", &[("token", &token), ("choice", &choices[0])]).await;
    app.run_jobs().await;
    let page = clerk.open(&format!("/staff/letters/batches/{token}")).await;
    assert!(page.says("今月の発行番号をすべて使い切った"), "{}", page.text());
}

#[tokio::test]
async fn the_audit_log_names_the_clients_address_of_what_a_clerk_does_with_letters_and_passwords() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "承認者", Role::Approver, 7).await;
    let entry = format!("/staff/ledger/{}", office.number);
    clerk.open(&entry).await;
    clerk.post(&format!("{entry}/postal-code"), &[("postal_code", "960-0002")]).await;
    clerk.post(&format!("{entry}/disable-password"), &[("reason", "漏えい")]).await;
    let printed = print_all(&app, &mut clerk).await.remove(0);
    assert!(!post(&mut clerk, "", "2026/01/20").await.says("バーコード"));
    post(&mut clerk, &printed.number, "2026/01/20").await;
    let path = format!("/staff/letters/{}", letter_of(&app, office).id);
    clerk.open(&path).await;
    clerk.post(&format!("{path}/return"), &[("note", "")]).await;
    let log = app.app.store.read(|r| audit::in_prefecture(r, office.prefecture, None, 100)).unwrap();
    let acts =
        ["letter.print", "letter.deliver", "letter.post", "letter.return", "ledger.postal_code", "account.disable_password"];
    for action in acts {
        let entry = log.iter().find(|entry| entry.action == action).unwrap_or_else(|| panic!("{action}"));
        assert!(entry.details.contains_key("client"), "{action}: {entry:?}");
    }
    app.take_mails().await;
}

#[tokio::test]
async fn q41_letters_of_another_federation_are_neither_printed_nor_changed() {
    let app = TestApp::new();
    let keys = offices(&app, 2).await;
    let (first, second) = (keys[0], keys[1]);
    issue(&app, Offices::These(vec![first.number])).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let (choices, batch) = queue(&clerk.open("/staff/letters").await);
    clerk.post("/staff/letters/print", &[("token", &batch), ("choice", &choices[0])]).await;
    app.run_jobs().await;
    let number = approved(&app, second).await;
    app.take_mails().await;
    let letter = letter_of(&app, first);
    let before = (app.account(UserId::of(first)).revision, app.application(number));
    let id = letter.id.to_string();

    let mut stranger = staff(&app, "他県", Role::Admin, 13).await;
    let token = stranger.open("/staff/letters").await.value("token").unwrap_or_else(|| "0".repeat(32));
    for path in [
        format!("/staff/letters/{id}/reprint"),
        format!("/staff/letters/batches/{batch}/again"),
        format!("/staff/ledger/{}/postal-code", first.number),
    ] {
        let fields = [("token", token.as_str()), ("reason", "用紙の汚れ"), ("postal_code", "100-0001")];
        assert_eq!(stranger.post(&path, &fields).await.status.as_u16(), 404, "{path}");
    }
    let number = number.to_string();
    let fields = [("token", token.as_str()), ("choice", &id), ("choice", &number)];
    let ordered = stranger.post("/staff/letters/print", &fields).await;
    app.run_jobs().await;
    if let Some(batch) = ordered.location() {
        let page = stranger.open(batch).await;
        assert!(page.says("印刷できる通知書がありませんでした"), "{}", page.text());
        assert!(page.says("印刷しなかったものが2件あります"), "{}", page.text());
    }
    assert_eq!(letter_of(&app, first), letter);
    assert_eq!((app.account(UserId::of(first)).revision, app.application(before.1.number)), before);
    let entry = app.app.store.read(|r| ledger::find(r, first)).unwrap().unwrap();
    assert_eq!(entry.postal_code, "960-0001");
    assert!(app.app.store.read(|r| letters::of_office(r, second)).unwrap().is_empty());
}
