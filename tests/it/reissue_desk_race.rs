//! Two at the same application, and two federations in one installation.

use uketsuke::kernel::Prefecture;
use uketsuke::reissue::State;
use uketsuke::staff::{Role, Scope};

use crate::support::desk::{MOVES, action, path, shown};
use crate::support::reissue::NUMBER;
use crate::support::staff::{enrol, log_in};
use crate::support::{TestApp, staff};

#[tokio::test]
async fn q42_two_clerks_decide_at_once_and_one_wins() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    app.take_mails().await;
    let mut browsers = [staff(&app, "承認者A", Role::Approver, 7).await, staff(&app, "承認者B", Role::Approver, 7).await];
    for browser in &mut browsers {
        browser.get(&path(one.number)).await;
    }
    let mut sent = Vec::new();
    for at in 0..20 {
        let (mut browser, one) = (browsers[at % 2].clone(), one.clone());
        let mv = if at % 4 < 2 { "approve" } else { "reject" };
        let fields = [("reject_reason", "other"), ("reject_sentence", "理由")];
        sent.push(tokio::spawn(async move { browser.send_move(&one, mv, &fields).await }));
    }
    let mut answers = Vec::new();
    for answer in sent {
        answers.push(answer.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|page| page.status.as_u16() == 303).count(), 1);
    let now = app.application(one.number);
    assert_eq!(now.history.len(), one.history.len() + 1);
    let who = now.history.last().unwrap().by.title().to_owned();
    for page in answers.iter().filter(|page| page.status.as_u16() != 303) {
        assert_eq!(page.status.as_u16(), 409);
        assert!(page.says("先に別の操作が行われたため、今回の操作は行っていません"), "{}", page.text());
        assert!(page.says(&format!("2026/01/20 10:00 {who} が")) && page.says(now.state.title()), "{}", page.text());
    }
    app.mail("ログイン情報再発行申請結果通知").await;
}

#[tokio::test]
async fn q42_a_stale_form_is_refused_even_if_its_move_would_still_be_allowed() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::Received).await;
    let mut first = staff(&app, "受付A", Role::Clerk, 7).await;
    let mut second = staff(&app, "受付B", Role::Clerk, 7).await;
    first.get(&path(one.number)).await;
    second.make(&one, "take", &[]).await;
    let page = first.send_move(&one, "withdraw", &[("withdraw_note", "取り下げの理由です")]).await;
    assert_eq!(page.status.as_u16(), 409);
    assert!(page.says("受付B が「審査を始める」"), "{}", page.text());
    assert!(page.body.contains("取り下げの理由です"), "what was typed is kept");
    assert_eq!(app.application(one.number).state, State::UnderReview);
}

#[tokio::test]
async fn a_duplicate_that_was_decided_meanwhile_stops_the_whole_approval() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    let other = app.in_state(key, State::Received).await;
    let mut browser = staff(&app, "承認者", Role::Approver, 7).await;
    browser.get(&path(one.number)).await;
    let word = shown(&other);
    staff(&app, "受付", Role::Clerk, 7).await.make(&other, "take", &[]).await;
    let page = browser.send_move(&one, "approve", &[("duplicate_1", &word), ("duplicate_sentence", "理由")]).await;
    assert_eq!(page.status.as_u16(), 409);
    assert!(page.says(&other.number.to_string()));
    assert_eq!(app.application(one.number), one);
    assert_eq!(app.application(other.number).state, State::UnderReview);
}

#[tokio::test]
async fn q41_another_prefectures_application_does_not_exist_at_this_desk() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(13, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    let mut browser = staff(&app, "承認者", Role::Approver, 7).await;
    for path in [path(one.number), format!("/staff/applications/{}", one.number.to_string().to_lowercase())] {
        assert_eq!(browser.get(&path).await.status.as_u16(), 404);
    }
    browser.get("/staff/applications").await;
    for (mv, fields) in MOVES {
        let word = shown(&one);
        let mut all = vec![("move", mv), ("shown", word.as_str())];
        all.extend(fields);
        let page = browser.post(&action(one.number, mv), &all).await;
        assert!(page.status.as_u16() == 404 && !page.body.contains("請求事業所A"), "{mv}");
    }
    assert_eq!(app.application(one.number), one);
    for list in ["/staff/applications?state=all".to_owned(), format!("/staff/applications?q={}", one.number)] {
        let page = browser.get(&list).await;
        assert!(page.says("0 件") && !page.body.contains(&path(one.number)), "{}", page.text());
    }
    browser.headers.push(("HX-Request".to_owned(), "true".to_owned()));
    assert!(browser.get("/staff/applications/count").await.says("未処理 0 件"));
}

#[tokio::test]
async fn q41_admins_of_all_federations_see_the_one_they_have_chosen() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let (fukushima, tokyo) = (app.in_ledger(7, NUMBER).await, app.in_ledger(13, NUMBER).await);
    let (one, two) = (app.in_state(fukushima, State::Received).await, app.in_state(tokyo, State::Received).await);
    let member = enrol(&app, "全国", Role::Admin, Scope::All).await;
    let mut browser = app.browser();
    log_in(&app, &mut browser, &member).await;
    for (prefecture, own, other) in [(7, &one, &two), (13, &two, &one), (7, &one, &two)] {
        browser.get("/staff").await;
        let code = Prefecture::new(prefecture).unwrap().to_string();
        browser.submit("/staff/federation", &[("prefecture", &code)]).await;
        assert_eq!(browser.get(&path(own.number)).await.status.as_u16(), 200);
        assert_eq!(browser.get(&path(other.number)).await.status.as_u16(), 404);
        let page = browser.get("/staff/applications").await;
        assert!(page.says(&own.number.to_string()) && !page.says(&other.number.to_string()), "{}", page.text());
    }
}

#[tokio::test]
async fn q35_get_changes_nothing_and_a_form_without_what_it_has_shown_is_none() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    let mut browser = staff(&app, "承認者", Role::Approver, 7).await;
    let decision = format!("{}/decision", path(one.number));
    assert_eq!(browser.get(&decision).await.location(), Some(path(one.number).as_str()));
    browser.get(&path(one.number)).await;
    assert_eq!(browser.post(&decision, &[("move", "approve")]).await.status.as_u16(), 400);
    let foreign = [("move", "approve"), ("shown", "U202601000099.2")];
    assert_eq!(browser.post(&decision, &foreign).await.status.as_u16(), 400);
    let unknown = [("move", "print"), ("shown", &shown(&one))];
    assert_eq!(browser.post(&path(one.number), &unknown).await.status.as_u16(), 400);
    let smuggled = [("move", "approve"), ("shown", &shown(&one))];
    assert_eq!(browser.post(&path(one.number), &smuggled).await.status.as_u16(), 400, "an approver's move has its own address");
    assert_eq!(app.application(one.number), one);
}
