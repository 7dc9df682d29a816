//! The moves at the desk: who may make which, what they need, what they tell.

use uketsuke::accounts;
use uketsuke::kernel::UserId;
use uketsuke::reissue::{RejectionReason, State};
use uketsuke::staff::Role;

use crate::support::desk::{MOVES, path};
use crate::support::reissue::{CONTACT, NUMBER};
use crate::support::{TestApp, staff};

/// What each state lets clerks do, and what approvers may do beside it (spec 2, moves; spec 1, people).
const ALLOWED: [(State, &[&str], &[&str]); 11] = [
    (State::Received, &["take", "withdraw"], &[]),
    (State::UnderReview, &["inquire", "withdraw"], &["approve", "reject"]),
    (State::Inquiring, &["resume", "withdraw"], &["reject"]),
    (State::Approved, &["withdraw"], &[]),
    (State::Rejected, &[], &[]),
    (State::Printed, &[], &[]),
    (State::Posted, &[], &[]),
    (State::Returned, &["withdraw"], &[]),
    (State::Completed, &[], &[]),
    (State::Expired, &["withdraw"], &[]),
    (State::Withdrawn, &[], &[]),
];

fn after(mv: &str) -> State {
    match mv {
        "take" | "resume" => State::UnderReview,
        "inquire" => State::Inquiring,
        "approve" => State::Approved,
        "reject" => State::Rejected,
        _ => State::Withdrawn,
    }
}

#[tokio::test]
async fn q41_every_move_is_offered_and_taken_only_in_its_state_from_its_role() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let mut offices = 0;
    for role in [Role::Clerk, Role::Approver, Role::Admin] {
        let mut browser = staff(&app, role.code(), role, 7).await;
        for (state, clerks, approvers) in ALLOWED {
            for (mv, fields) in MOVES {
                let may = clerks.contains(&mv) || (role != Role::Clerk && approvers.contains(&mv));
                offices += 1;
                let key = app.in_ledger(7, &format!("07701{offices:05}")).await;
                let one = app.in_state(key, state).await;
                let page = browser.get(&path(one.number)).await;
                let offered = page.body.contains(&format!("name=\"move\" value=\"{mv}\""));
                assert_eq!(offered, may, "{role:?} sees {mv} in {state}");
                let answer = browser.send_move(&one, mv, fields).await;
                let now = app.application(one.number);
                if may {
                    assert_eq!(
                        answer.location(),
                        Some(format!("{}?done={mv}", path(one.number)).as_str()),
                        "{role:?} {mv} {state}"
                    );
                    assert_eq!((now.state, now.history.len()), (after(mv), one.history.len() + 1), "{role:?} {mv} {state}");
                } else {
                    let forbidden = role == Role::Clerk && matches!(mv, "approve" | "reject");
                    assert_eq!(answer.status.as_u16(), if forbidden { 403 } else { 422 }, "{role:?} {mv} {state}");
                    assert_eq!(now, one, "{role:?} {mv} {state} changes nothing");
                }
            }
        }
    }
}

#[tokio::test]
async fn q41_the_portals_operators_see_nothing_of_the_counter() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    let mut browser = staff(&app, "運営", Role::Operator, 7).await;
    let here = path(one.number);
    for page in ["/staff/applications", "/staff/applications/new", "/staff/applications/count", here.as_str()] {
        assert_eq!(browser.get(page).await.status.as_u16(), 403, "{page}");
    }
    browser.get("/staff").await;
    for (mv, fields) in MOVES {
        assert_eq!(browser.send_move(&one, mv, fields).await.status.as_u16(), 403, "{mv}");
    }
    assert_eq!(app.application(one.number), one);
}

#[tokio::test]
async fn approval_of_a_rejected_application_is_refused_with_a_sentence() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::Rejected).await;
    app.take_mails().await;
    let mut browser = staff(&app, "承認者", Role::Approver, 7).await;
    let page = browser.make(&one, "approve", &[]).await;
    assert_eq!(page.status.as_u16(), 422);
    assert!(page.says("現在「却下」のため、この操作はできません"), "{}", page.text());
    assert_eq!(app.application(one.number), one);
}

#[tokio::test]
async fn review_two_person_the_approver_differs_from_whoever_took_it() {
    let mut app = TestApp::with(|config| config.review.two_person = true);
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::Received).await;
    let mut first = staff(&app, "承認者A", Role::Approver, 7).await;
    first.make(&one, "take", &[]).await;
    let one = app.application(one.number);
    let page = first.get(&path(one.number)).await;
    assert!(page.says("審査を始めた方は、この申請を承認できません"), "{}", page.text());
    assert!(!page.body.contains("value=\"approve\""));
    assert_eq!(first.send_move(&one, "approve", &[]).await.status.as_u16(), 422);
    assert_eq!(app.application(one.number).state, State::UnderReview);
    let mut second = staff(&app, "承認者B", Role::Approver, 7).await;
    second.make(&one, "approve", &[]).await;
    assert_eq!(app.application(one.number).state, State::Approved);
}

#[tokio::test]
async fn without_the_two_person_rule_one_approver_does_both() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::Received).await;
    let mut browser = staff(&app, "承認者A", Role::Approver, 7).await;
    browser.make(&one, "take", &[]).await;
    let one = app.application(one.number);
    let page = browser.make(&one, "approve", &[]).await;
    let page = browser.get(page.location().unwrap()).await;
    assert!(page.says("承認しました") && page.says(CONTACT), "{}", page.text());
}

#[tokio::test]
async fn a_rejection_needs_its_reason_and_its_sentence_and_the_mail_carries_both() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    app.take_mails().await;
    let mut browser = staff(&app, "承認者", Role::Approver, 7).await;
    let page = browser.make(&one, "reject", &[("reject_sentence", "　")]).await;
    assert_eq!(page.status.as_u16(), 422);
    assert!(page.says("却下の理由を選択してください。") && page.says("申請者への説明を入力してください。"), "{}", page.text());
    assert!(page.body.contains("href=\"#reject_reason\"") && page.body.contains("<details class=\"move\" name=\"move\" open"));
    let long = "あ".repeat(501);
    let page = browser.send_move(&one, "reject", &[("reject_reason", "other"), ("reject_sentence", &long)]).await;
    assert!(page.status.as_u16() == 422 && page.body.contains(&long), "what was typed is kept");
    assert_eq!(app.application(one.number), one);
    let fields = [("reject_reason", "unconfirmed"), ("reject_sentence", "お電話がつながりませんでした。")];
    browser.send_move(&one, "reject", &fields).await;
    let mail = app.mail("ログイン情報再発行申請結果通知").await;
    for part in ["事業所に確認できない", "お電話がつながりませんでした。", "次にしていただくこと"]
    {
        assert!(mail.body.contains(part), "{part}: {}", mail.body);
    }
    for reason in RejectionReason::ALL {
        assert!(page.says(reason.title()));
    }
}

#[tokio::test]
async fn an_inquiry_says_what_is_wanted_until_when_in_m11() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    app.take_mails().await;
    let mut browser = staff(&app, "受付", Role::Clerk, 7).await;
    let page = browser.make(&one, "inquire", &[("inquire_reason", "other"), ("inquire_until", "2026-01-30")]).await;
    assert!(page.status.as_u16() == 422 && page.says("申請者にお願いしたいことを入力してください。"), "{}", page.text());
    for (until, sentence) in [("あした", "回答期限を"), ("2026-01-19", "回答期限には本日以降の日付")] {
        let fields = [("inquire_reason", "telephone"), ("inquire_until", until)];
        let page = browser.send_move(&one, "inquire", &fields).await;
        assert!(page.status.as_u16() == 422 && page.says(sentence), "{until}: {}", page.text());
    }
    let fields =
        [("inquire_reason", "other"), ("inquire_text", "申請書の写しをお送りください。"), ("inquire_until", "2026/1/30")];
    browser.send_move(&one, "inquire", &fields).await;
    let mail = app.mail("ログイン情報再発行申請に関するご連絡").await;
    for part in ["申請書の写しをお送りください。", "2026年1月30日まで", "0000-07-0000"] {
        assert!(mail.body.contains(part), "{part}: {}", mail.body);
    }
    let page = browser.get("/staff/applications").await;
    assert!(page.says("その他 1/30まで"), "{}", page.text());
    app.advance(jiff::SignedDuration::from_hours(24 * 11));
    let mut browser = staff(&app, "翌週", Role::Clerk, 7).await;
    assert!(browser.get("/staff/applications").await.says("回答期限切れ"));
}

#[tokio::test]
async fn approving_makes_the_account_of_an_office_that_never_had_one() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    let mut browser = staff(&app, "承認者", Role::Approver, 7).await;
    assert!(browser.get(&path(one.number)).await.says("承認すると新しく発行します"));
    browser.make(&one, "approve", &[]).await;
    let account = app.app.store.read(|r| accounts::find(r, UserId::of(key))).unwrap().unwrap();
    assert_eq!(account.kind, accounts::Kind::New);
}

#[tokio::test]
async fn approving_offers_to_reject_the_offices_others_as_duplicates() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    let fresh = app.in_state(key, State::Received).await;
    let asked = app.in_state(key, State::Inquiring).await;
    let kept = app.in_state(key, State::Received).await;
    let posted = app.in_state(key, State::Posted).await;
    app.take_mails().await;
    let mut browser = staff(&app, "承認者", Role::Approver, 7).await;
    let page = browser.get(&path(one.number)).await;
    for other in [&fresh, &asked, &kept] {
        assert!(page.body.contains(&format!("value=\"{}.{}\"", other.number, other.history.len())), "{}", other.number);
    }
    assert!(!page.body.contains(&format!("value=\"{}.", posted.number)), "a letter in the post is not rejected");
    let words = [&fresh, &asked].map(|other| format!("{}.{}", other.number, other.history.len()));
    let fields =
        [("duplicate_1", words[0].as_str()), ("duplicate_3", words[1].as_str()), ("duplicate_sentence", "別の申請で進めます。")];
    browser.send_move(&one, "approve", &fields).await;
    let states = [&one, &fresh, &asked, &kept, &posted].map(|one| app.application(one.number).state);
    assert_eq!(states, [State::Approved, State::Rejected, State::Rejected, State::Received, State::Posted]);
    assert_eq!(app.application(fresh.number).rejection().unwrap().reason, RejectionReason::Duplicate);
    let mails = app.take_mails().await;
    assert_eq!(mails.iter().filter(|mail| mail.body.contains("重複") && mail.body.contains("別の申請で進めます。")).count(), 2);
}

#[tokio::test]
async fn a_duplicate_of_another_office_is_not_rejected_on_the_way() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let (key, other_key) = (app.in_ledger(7, NUMBER).await, app.in_ledger(7, "0770100010").await);
    let one = app.in_state(key, State::UnderReview).await;
    let stranger = app.in_state(other_key, State::UnderReview).await;
    let mut browser = staff(&app, "承認者", Role::Approver, 7).await;
    let word = format!("{}.{}", stranger.number, stranger.history.len());
    let page = browser.make(&one, "approve", &[("duplicate_1", &word), ("duplicate_sentence", "理由")]).await;
    assert_eq!(page.status.as_u16(), 422);
    assert_eq!((app.application(one.number), app.application(stranger.number)), (one, stranger));
}

#[tokio::test]
async fn q45_a_move_is_in_the_audit_log_with_who_when_and_why() {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    let mut browser = staff(&app, "受付", Role::Clerk, 7).await;
    browser.make(&one, "withdraw", &[("withdraw_note", "電話で申し出があったため")]).await;
    let entries = app.app.store.read(|r| uketsuke::audit::about(r, &one.number.to_string(), 1)).unwrap();
    assert_eq!((entries[0].action.as_str(), entries[0].actor.label()), ("reissue.withdraw", "受付".to_owned()));
    assert_eq!(entries[0].details["reason"], "電話で申し出があったため");
    assert!(entries[0].details.contains_key("client"));
}
