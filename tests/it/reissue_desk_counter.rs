//! 窓口受付.

use uketsuke::reissue::{Application, Channel, Source, State, of_office};
use uketsuke::staff::Role;

use crate::support::browser::{Browser, Page};
use crate::support::desk::path;
use crate::support::reissue::{NUMBER, office};
use crate::support::{TestApp, staff};

const NEW: &str = "/staff/applications/new";

/// Opens the form of the office and sends it with these fields, without following.
async fn enter(browser: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(&format!("{NEW}?q={NUMBER}")).await;
    let form = page.value("form").unwrap();
    let mut all = vec![("office", NUMBER), ("form", form.as_str())];
    all.extend(fields);
    browser.post(NEW, &all).await
}

fn all(app: &TestApp) -> Vec<Application> {
    app.app.store.read(|r| of_office(r, office(7, NUMBER), 50)).unwrap()
}

#[tokio::test]
async fn a_clerk_enters_an_application_taken_by_telephone() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    app.change_entry(key, |entry| entry.telephone = "024-000-0001".to_owned()).await;
    let mut browser = staff(&app, "受付", Role::Clerk, 7).await;
    let fields = [
        ("channel", "telephone"),
        ("contact", "Jigyousho@example.jp"),
        ("contact_again", "jigyousho@example.jp"),
        ("name", "請求事業所Ｂ"),
        ("telephone", "０２４（０００）０００１"),
        ("note", "施設長の方から"),
    ];
    let page = enter(&mut browser, &fields).await;
    let one = all(&app).remove(0);
    assert_eq!(page.location(), Some(format!("{}?done=entered", path(one.number)).as_str()));
    let Source::Desk { by, slip } = &one.source else { panic!("{one:?}") };
    assert_eq!((by.name.as_str(), slip.channel, slip.note.as_str()), ("受付", Channel::Telephone, "施設長の方から"));
    let page = browser.get(page.location().unwrap()).await;
    for text in ["申請を受け付けました", "窓口受付（電話）", "施設長の方から", "相違"] {
        assert!(page.says(text), "{text}: {}", page.text());
    }
    assert!(page.body.contains("<mark>B</mark>"), "the written name differs from the ledger's");
    assert!(!page.body.contains("（０００）"), "the telephone number differs in its spelling only");
    let mail = app.mail("ログイン情報再発行申請受領通知").await;
    assert!(mail.body.contains(&one.number.to_string()));
}

#[tokio::test]
async fn an_application_on_paper_without_address_gets_no_mails() {
    let app = TestApp::new();
    app.in_ledger(7, NUMBER).await;
    let mut browser = staff(&app, "受付", Role::Clerk, 7).await;
    enter(&mut browser, &[("channel", "post"), ("note", "申請書で確認")]).await;
    let one = all(&app).remove(0);
    assert_eq!(one.contact, None);
    assert!(browser.get(&path(one.number)).await.says("この申請についてのメールは送られません"));
    browser.make(&one, "take", &[]).await;
    let one = app.application(one.number);
    let fields = [("inquire_reason", "envelope"), ("inquire_until", "2026-01-30")];
    browser.make(&one, "inquire", &fields).await;
    assert_eq!(app.application(one.number).state, State::Inquiring);
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn nobody_approves_what_they_themselves_have_entered() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    app.in_ledger(7, NUMBER).await;
    let mut own = staff(&app, "承認者A", Role::Approver, 7).await;
    enter(&mut own, &[("channel", "counter"), ("note", "職員証で確認")]).await;
    let one = all(&app).remove(0);
    staff(&app, "受付", Role::Clerk, 7).await.make(&one, "take", &[]).await;
    let one = app.application(one.number);
    let page = own.make(&one, "approve", &[]).await;
    assert_eq!(page.status.as_u16(), 422);
    assert!(page.says("窓口受付を入力した方は、この申請を承認できません"), "{}", page.text());
    assert!(!page.body.contains("value=\"approve\"") && page.body.contains("value=\"reject\""));
    assert_eq!(app.application(one.number), one);
    staff(&app, "承認者B", Role::Approver, 7).await.make(&one, "approve", &[]).await;
    assert_eq!(app.application(one.number).state, State::Approved);
}

#[tokio::test]
async fn a_form_sent_twice_makes_one_application() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    app.in_ledger(7, NUMBER).await;
    let mut browser = staff(&app, "受付", Role::Clerk, 7).await;
    let page = browser.get(&format!("{NEW}?q={NUMBER}")).await;
    let form = page.value("form").unwrap();
    let fields = [("office", NUMBER), ("form", form.as_str()), ("channel", "post"), ("note", "申請書で確認")];
    let (first, second) = (browser.post(NEW, &fields).await, browser.post(NEW, &fields).await);
    assert_eq!((first.location(), all(&app).len()), (second.location(), 1));
    enter(&mut browser, &[("channel", "post"), ("note", "申請書で確認")]).await;
    assert_eq!(all(&app).len(), 2, "a new form makes a new one");
}

#[tokio::test]
async fn q50_a_refused_form_keeps_what_was_typed() {
    let app = TestApp::new();
    app.in_ledger(7, NUMBER).await;
    let mut browser = staff(&app, "受付", Role::Clerk, 7).await;
    let fields = [("contact", "a@example.jp"), ("contact_again", "b@example.jp"), ("note", "メモのことば")];
    let page = enter(&mut browser, &fields).await;
    assert_eq!(page.status.as_u16(), 422);
    for text in ["受付方法を選択してください。", "確認用のメールアドレスが一致しません。"] {
        assert!(page.says(text), "{text}: {}", page.text());
    }
    assert!(page.says("メモのことば") && page.body.contains("a@example.jp"));
    let page = enter(&mut browser, &[("channel", "post"), ("contact", "a@b\r\nBcc: c@d"), ("contact_again", "")]).await;
    assert_eq!(page.status.as_u16(), 422);
    assert!(all(&app).is_empty());
}

#[tokio::test]
async fn a_blank_form_makes_no_application_and_a_blank_search_says_what_to_type() {
    let app = TestApp::new();
    app.in_ledger(7, NUMBER).await;
    let mut browser = staff(&app, "受付", Role::Clerk, 7).await;
    assert!(!browser.get(&format!("{NEW}?q={NUMBER}")).await.body.contains(" checked"), "no channel is chosen beforehand");
    let page = enter(&mut browser, &[]).await;
    assert_eq!(page.status.as_u16(), 422);
    for text in ["受付方法を選択してください。", "申し出た方の名前と、本人確認の方法を入力してください。"]
    {
        assert!(page.says(text), "{text}: {}", page.text());
    }
    assert!(all(&app).is_empty());
    assert!(!browser.get(NEW).await.says("一部を入力してください"));
    assert!(browser.get(&format!("{NEW}?q=")).await.says("一部を入力してください"));
}

#[tokio::test]
async fn the_office_is_found_by_number_or_name_in_the_own_ledger_only() {
    let app = TestApp::new();
    app.in_ledger(7, "0770100010").await;
    app.in_ledger(13, NUMBER).await;
    let mut browser = staff(&app, "受付", Role::Clerk, 7).await;
    let page = browser.get(&format!("{NEW}?q={NUMBER}")).await;
    assert!(page.says("この連合会の台帳にありません"), "{}", page.text());
    let page = browser.get(&format!("{NEW}?q=%E8%AB%8B%E6%B1%82")).await;
    assert!(page.body.contains(&format!("{NEW}?q=0770100010")) && !page.body.contains(&format!("{NEW}?q={NUMBER}")));
    assert!(browser.get(&format!("{NEW}?q=zzz")).await.says("台帳に見つかりません"));
    browser.get(NEW).await;
    let page = browser.post(NEW, &[("office", NUMBER), ("channel", "post")]).await;
    assert_eq!(page.status.as_u16(), 422);
}

#[tokio::test]
async fn the_window_warns_of_open_applications_and_closed_offices() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    app.change_entry(key, |entry| entry.status = uketsuke::ledger::Status::Suspended).await;
    let one = app.in_state(key, State::Received).await;
    let mut browser = staff(&app, "受付", Role::Clerk, 7).await;
    let page = browser.get(&format!("{NEW}?q={NUMBER}")).await;
    assert!(page.says("この事業所の申請がすでにあります") && page.says(&one.number.to_string()), "{}", page.text());
    assert!(page.says("休止"));
}
