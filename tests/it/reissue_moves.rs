//! What a move does besides the state: mails, notices, accounts, indexes, the audit log, retention.

use jiff::SignedDuration;
use jiff::civil::date;
use uketsuke::accounts::{self, Kind};
use uketsuke::audit;
use uketsuke::kernel::{Prefecture, UserId};
use uketsuke::notices;
use uketsuke::reissue::{
    self, Application, By, Inquiry, InquiryReason, MarkError, Move, Printing, Refused, Rejection, RejectionReason, State,
};

use crate::support::TestApp;
use crate::support::reissue::{CONTACT, NUMBER, clerk, office};

async fn taken(app: &TestApp) -> Application {
    let key = app.in_ledger(13, NUMBER).await;
    let one = app.applied(key, Some(CONTACT)).await;
    app.take_mails().await;
    app.mark(one.number, Move::Take, clerk(1)).await.unwrap()
}

fn approve() -> Move {
    Move::Approve { two_person: false }
}

fn print(letter: &str) -> Printing {
    Printing { letter: letter.into(), valid_until: "2026-02-19T14:59:59Z".parse().unwrap() }
}

#[tokio::test]
async fn reissue_approval_makes_an_account_of_kind_new_and_tells_by_mail_and_notice() {
    let app = TestApp::new();
    let one = taken(&app).await;
    app.mark(one.number, approve(), clerk(2)).await.unwrap();
    let user = UserId::of(one.office);
    let account = app.app.store.read(|r| accounts::find(r, user)).unwrap().unwrap();
    assert_eq!(account.kind, Kind::New);
    let mail = app.mail("ログイン情報再発行申請結果通知").await;
    assert!(mail.to == CONTACT && mail.body.contains("承認しました"), "{}", mail.body);
    let told = app.app.store.read(|r| notices::of_office(r, user, 9)).unwrap();
    assert_eq!(told[0].kind, "N-2");
    let waiting = app.app.store.read(|r| reissue::approved_waiting(r, one.office.prefecture, 9)).unwrap();
    assert_eq!(waiting.len(), 1);
}

#[tokio::test]
async fn reissue_approval_leaves_an_existing_account_as_it_is() {
    let app = TestApp::new();
    let one = taken(&app).await;
    let user = app.with_account(one.office, &["notice@example.jp"]).await;
    app.mark(one.number, approve(), clerk(2)).await.unwrap();
    let account = app.app.store.read(|r| accounts::find(r, user)).unwrap().unwrap();
    assert_eq!((account.kind, account.notice_mail.is_some()), (Kind::Existing, true));
    app.take_mails().await;
}

#[tokio::test]
async fn reissue_rejection_mails_reason_sentence_and_next_step() {
    let app = TestApp::new();
    let one = taken(&app).await;
    let rejection =
        Rejection { reason: RejectionReason::Duplicate, sentence: "1月18日の申請で手続き中です。".into() };
    app.mark(one.number, Move::Reject(rejection), clerk(2)).await.unwrap();
    let mail = app.mail("ログイン情報再発行申請結果通知").await;
    for part in ["却下", "重複", "1月18日の申請で手続き中です。", "改めて申請する必要はありません"]
    {
        assert!(mail.body.contains(part), "{part}: {}", mail.body);
    }
    let account = app.app.store.read(|r| accounts::find(r, UserId::of(one.office))).unwrap();
    assert!(account.is_none(), "nothing is made for a rejected one");
}

#[tokio::test]
async fn reissue_inquiry_mails_what_is_wanted_until_when() {
    let app = TestApp::new();
    let one = taken(&app).await;
    let inquiry = Inquiry { reason: InquiryReason::Telephone, text: String::new(), until: date(2026, 1, 31) };
    app.mark(one.number, Move::Inquire(inquiry), clerk(1)).await.unwrap();
    let mail = app.mail("ログイン情報再発行申請に関するご連絡").await;
    for part in ["電話での確認のお願い", "2026年1月31日まで", "0000-13-0000"] {
        assert!(mail.body.contains(part), "{part}: {}", mail.body);
    }
}

#[tokio::test]
async fn reissue_posting_mails_the_day_and_seven_days_before_the_end_a_reminder() {
    let app = TestApp::new();
    let one = taken(&app).await;
    app.mark(one.number, approve(), clerk(2)).await.unwrap();
    app.mark(one.number, Move::Print(print("1-1")), clerk(1)).await.unwrap();
    app.take_mails().await;
    app.mark(one.number, Move::Reprint { printing: print("1-2"), reason: "用紙の汚れ".into() }, clerk(1)).await.unwrap();
    assert!(app.take_mails().await.is_empty());
    app.mark(one.number, Move::Post { on: date(2026, 1, 20), tracking: "1234-5678".into() }, clerk(1)).await.unwrap();
    let mail = app.mail("ログイン情報再発行通知書発送のお知らせ").await;
    assert!(mail.body.contains("2026年1月20日"));
    for hidden in ["1234-5678", "1-2", "請求事業所A", "デモ市1-1"] {
        assert!(!mail.body.contains(hidden), "the day and nothing more of the letter: {hidden}");
    }
    app.advance(SignedDuration::from_hours(24 * 22));
    assert!(app.take_mails().await.is_empty());
    app.advance(SignedDuration::from_hours(24 + 14));
    let mail = app.mail("仮パスワードの有効期限のお知らせ").await;
    assert!(mail.body.contains("2026年2月19日まで"), "{}", mail.body);
}

#[tokio::test]
async fn reissue_no_reminder_once_the_password_was_used() {
    let app = TestApp::new();
    let one = taken(&app).await;
    app.mark(one.number, approve(), clerk(2)).await.unwrap();
    app.mark(one.number, Move::Print(print("1-1")), clerk(1)).await.unwrap();
    app.mark(one.number, Move::Complete, By::Office(UserId::of(one.office))).await.unwrap();
    app.take_mails().await;
    app.advance(SignedDuration::from_hours(24 * 24));
    assert!(app.take_mails().await.is_empty());
}

#[tokio::test]
async fn reissue_a_refused_move_changes_nothing_and_sends_nothing() {
    let app = TestApp::new();
    let one = taken(&app).await;
    let before = app.application(one.number);
    let answer = app.mark(one.number, Move::Post { on: date(2026, 1, 20), tracking: String::new() }, clerk(1)).await;
    assert!(matches!(answer, Err(MarkError::Refused(Refused::State { from: State::UnderReview }))));
    assert_eq!(app.application(one.number), before);
    assert!(app.take_mails().await.is_empty());
    let unknown = uketsuke::kernel::ControlNumber::new(202_601, 99).unwrap();
    assert!(matches!(app.mark(unknown, Move::Take, clerk(1)).await, Err(MarkError::NotFound)));
}

#[tokio::test]
async fn q42_of_twenty_who_decide_at_once_one_wins() {
    let app = TestApp::new();
    let one = taken(&app).await;
    let tries = (0..20_u8).map(|n| {
        let mv = if n % 2 == 0 {
            approve()
        } else {
            Move::Reject(Rejection { reason: RejectionReason::Other, sentence: "取り違え".into() })
        };
        app.mark(one.number, mv, clerk(n))
    });
    let won = futures_util::future::join_all(tries).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(won, 1);
    assert_eq!(app.take_mails().await.len(), 1);
}

#[tokio::test]
async fn reissue_lists_follow_the_state_and_keep_prefectures_apart() {
    let app = TestApp::new();
    let (here, there) = (app.in_ledger(13, NUMBER).await, app.in_ledger(7, NUMBER).await);
    let mut numbers = Vec::new();
    for key in [here, there, here] {
        numbers.push(app.applied(key, Some(CONTACT)).await.number);
        app.advance(SignedDuration::from_mins(1));
    }
    app.take_mails().await;
    app.mark(numbers[0], Move::Take, clerk(1)).await.unwrap();
    let tokyo = Prefecture::new(13).unwrap();
    let list = |state| -> Vec<_> {
        let found = app.app.store.read(|r| reissue::in_state(r, tokyo, state, None, 9)).unwrap();
        found.into_iter().map(|one| one.number).collect()
    };
    assert_eq!(list(State::Received), [numbers[2]]);
    assert_eq!(list(State::UnderReview), [numbers[0]]);
    assert!(app.app.store.read(|r| reissue::find_at(r, tokyo, numbers[1])).unwrap().is_none());
    let same = app.app.store.read(|r| reissue::of_contact(r, tokyo, &crate::support::reissue::address(CONTACT), 9)).unwrap();
    assert_eq!(same.len(), 2);
    let of_office = app.app.store.read(|r| reissue::of_office(r, office(13, NUMBER), 9)).unwrap();
    assert_eq!(of_office.iter().map(|one| one.number).collect::<Vec<_>>(), [numbers[2], numbers[0]], "newest first");
}

#[tokio::test]
async fn q45_moves_are_in_the_audit_log_with_who_and_why() {
    let app = TestApp::new();
    let one = taken(&app).await;
    let rejection = Rejection { reason: RejectionReason::Ledger, sentence: "番号が違います。".into() };
    app.mark(one.number, Move::Reject(rejection), clerk(2)).await.unwrap();
    app.take_mails().await;
    let entries = app.app.store.read(|r| audit::about(r, &one.number.to_string(), 9)).unwrap();
    let mut lines: Vec<_> = entries.iter().map(|e| format!("{} {}", e.action, e.actor.label())).collect();
    lines.sort();
    assert_eq!(lines, ["reissue.receive 来訪者", "reissue.reject 職員2", "reissue.take 職員1"]);
    assert!(entries.iter().any(|e| e.details.get("reason").is_some_and(|reason| reason.contains("番号が違います。"))));
}

#[tokio::test]
async fn retention_erases_the_contact_address_a_year_after_the_end() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    let one = taken(&app).await;
    app.mark(one.number, Move::Withdraw { note: "電話で取下げ".into() }, clerk(1)).await.unwrap();
    app.take_mails().await;
    app.advance(SignedDuration::from_hours(24 * 364));
    app.run_jobs().await;
    assert!(app.application(one.number).contact.is_some());
    app.advance(SignedDuration::from_hours(24 * 2));
    app.run_jobs().await;
    assert!(app.application(one.number).contact.is_none());
    let found = app
        .app
        .store
        .read(|r| reissue::of_contact(r, one.office.prefecture, &crate::support::reissue::address(CONTACT), 9))
        .unwrap();
    assert!(found.is_empty());
}
