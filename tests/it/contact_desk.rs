//! The portal's operators and お問い合わせ: the queue, answers, accounts of medical institutions, rejections.

use jiff::SignedDuration;
use uketsuke::audit;
use uketsuke::contact_form::{Inquiry, State};
use uketsuke::kernel::{MedicalCode, Prefecture};
use uketsuke::mail::transport::SendError;
use uketsuke::portal::{self, Institution, Suspended, SuspendedBy};
use uketsuke::staff::Role;
use uketsuke::store::Check;

use crate::support::browser::{Browser, Page};
use crate::support::contact::{APPLICATION, GENERAL, M9, M10, QUEUE, inquiry_path, with};
use crate::support::portal::CODE;
use crate::support::{TestApp, staff};

const PROOF: (&str, &str) = ("proof_text", "代表電話で確認した");
const REPLACE: (&str, &str) = ("replace", "on");

async fn operator(app: &TestApp, name: &str) -> Browser {
    staff(app, name, Role::Operator, 7).await
}

fn institution(app: &TestApp) -> Option<Institution> {
    app.app.store.read(|r| portal::of_code(r, &MedicalCode::parse(CODE).unwrap())).unwrap()
}

/// Whole rows, whatever happened.
fn is_sound(app: &TestApp) {
    let keys = &app.app.keys;
    let found = app.app.store.read(|r| Check::run(r, &mut |_, _| true, |c| uketsuke::app::check(c, Some(keys)))).unwrap();
    assert_eq!(found.damage, []);
}

fn actions(app: &TestApp, one: &Inquiry) -> Vec<String> {
    let log = app.app.store.read(|r| audit::about(r, &one.number.to_string(), 99)).unwrap();
    log.iter().rev().map(|entry| entry.action.clone()).collect()
}

fn is_done(page: &Page, act: &str) -> bool {
    page.status.as_u16() == 303 && page.location().is_some_and(|place| place.ends_with(&format!("?done={act}")))
}

#[tokio::test]
async fn an_operator_answers_creates_and_rejects() {
    let app = TestApp::new();
    let general = app.inquiry(&GENERAL).await;
    let application = app.inquiry(&APPLICATION).await;
    let other = app.inquiry(&with(&APPLICATION, &[("medical_code", "0719900029")])).await;
    app.take_mails().await;
    let mut desk = operator(&app, "運営A").await;
    let page = desk.open(QUEUE).await;
    assert_eq!(page.title(), "ポータルの問い合わせ");
    for part in ["3 件", "ログイン／その他", "架空クリニック 0719900011", "受付済"] {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    // An answer, and another.
    assert!(is_done(&desk.on_inquiry(general.number, "take", &[]).await, "take"));
    let page = desk.open(&inquiry_path(general.number)).await;
    assert!(page.says("対応中") && page.says("taro@example.jp") && !page.body.contains("name=\"proof_text\""), "{}", page.text());
    for text in ["一つ目の回答\n改行", "補足"] {
        assert!(is_done(&desk.on_inquiry(general.number, "answer", &[("reply", text)]).await, "answer"));
        let mail = app.mail(&format!("{M10}（回答）")).await;
        assert!(mail.to == "taro@example.jp" && mail.body.contains(text), "{}", mail.body);
    }
    assert_eq!(app.inquiry_now(general.number).state, State::Answered);
    // An account.
    let page = desk.on_inquiry(application.number, "create", &[PROOF]).await;
    assert!(is_done(&page, "create"), "{}", page.text());
    let made = institution(&app).unwrap();
    let mails = app.take_mails().await;
    assert_eq!(
        mails.iter().map(|mail| (mail.subject.as_str(), mail.to.as_str())).collect::<Vec<_>>(),
        [(M9, "jiro@clinic.example.jp")]
    );
    assert!(mails[0].body.contains("架空クリニック") && mails[0].body.contains("初期パスワード"));
    let now = app.inquiry_now(application.number);
    assert_eq!((now.state, now.institution), (State::Issued, Some(made.id)));
    let page = desk.open(&inquiry_path(application.number)).await;
    assert!(page.says("代表電話で確認した") && page.says("この問い合わせの手続きは終わっています"), "{}", page.text());
    // A rejection.
    let fields = [("reject_reason", "care_office"), ("reject_sentence", "初回利用登録をご利用ください。")];
    assert!(is_done(&desk.on_inquiry(other.number, "reject", &fields).await, "reject"));
    let mail = app.mail(&format!("{M10}（結果）")).await;
    assert!(mail.body.contains("【初回利用登録】からご登録いただけます") && mail.body.contains(fields[1].1), "{}", mail.body);
    assert_eq!(actions(&app, &general), ["contact.receive", "contact.take", "contact.answer", "contact.answer"]);
    assert_eq!(actions(&app, &application), ["contact.receive", "portal.create"]);
    assert_eq!(actions(&app, &other), ["contact.receive", "contact.reject"]);
    is_sound(&app);
}

#[tokio::test]
async fn every_act_asks_for_what_it_needs() {
    let app = TestApp::new();
    let number = app.inquiry(&APPLICATION).await.number;
    app.take_mails().await;
    let mut desk = operator(&app, "運営A").await;
    desk.get(QUEUE).await;
    let (long, proof) = ("あ".repeat(2_001), "あ".repeat(501));
    let before = app.app.store.counts().written;
    for (act, fields, told) in [
        ("answer", vec![], "回答を入力してください"),
        ("answer", vec![("reply", long.as_str())], "2000文字以内"),
        ("answer", vec![("reply", "ベル\u{7}")], "使えない文字"),
        ("create", vec![], "確認した方法を入力してください"),
        ("create", vec![("proof_text", proof.as_str())], "500文字以内の1行"),
        ("create", vec![("proof_text", "一\n二")], "500文字以内の1行"),
        ("reject", vec![("reject_sentence", "理由なし")], "却下の理由を選択してください"),
        ("reject", vec![("reject_reason", "x"), ("reject_sentence", "理由なし")], "却下の理由を選択してください"),
        ("reject", vec![("reject_reason", "duplicate")], "お知らせする文を入力してください"),
    ] {
        let page = desk.on_inquiry(number, act, &fields).await;
        assert!(page.status.as_u16() == 422 && page.says(told), "{act}: {}", page.text());
        assert!(
            fields.iter().all(|(name, value)| *name == "reject_reason" || page.body.contains(value)),
            "{act} keeps what was typed"
        );
    }
    assert_eq!(desk.on_inquiry(number, "steal", &[]).await.status.as_u16(), 400);
    assert_eq!(app.app.store.counts().written, before);
}

#[tokio::test]
async fn what_somebody_else_has_done_first_is_told_and_what_was_typed_stays() {
    let app = TestApp::new();
    let one = app.inquiry(&APPLICATION).await;
    let (mut first, mut second) = (operator(&app, "運営A").await, operator(&app, "運営B").await);
    let page = second.get(&inquiry_path(one.number)).await;
    let (shown, main) = (page.value("shown").unwrap(), page.value("main").unwrap());
    first.on_inquiry(one.number, "take", &[]).await;
    let fields = [("act", "create"), ("shown", &*shown), ("main", &*main), PROOF];
    let page = second.post(&inquiry_path(one.number), &fields).await;
    assert!(page.status.as_u16() == 409 && page.says("先に別の操作が行われたため"), "{}", page.text());
    assert_eq!(page.value("proof_text").as_deref(), Some(PROOF.1));
    first.on_inquiry(one.number, "reject", &[("reject_reason", "other"), ("reject_sentence", "見送ります。")]).await;
    let page = second.post(&inquiry_path(one.number), &fields).await;
    assert!(page.status.as_u16() == 409 && page.says("に入力していた内容") && page.says(PROOF.1), "{}", page.text());
    assert!(institution(&app).is_none());
    app.take_mails().await;
}

#[tokio::test]
async fn q42_twenty_creations_make_one_institution() {
    let app = TestApp::new();
    let one = app.inquiry(&APPLICATION).await;
    app.take_mails().await;
    let mut desk = operator(&app, "運営A").await;
    let page = desk.get(&inquiry_path(one.number)).await;
    let (shown, main) = (page.value("shown").unwrap(), page.value("main").unwrap());
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (mut desk, path, shown, main) = (desk.clone(), inquiry_path(one.number), shown.clone(), main.clone());
        all.spawn(async move {
            desk.post(&path, &[("act", "create"), ("shown", &shown), ("main", &main), PROOF]).await.status.as_u16()
        });
    }
    let mut answers = all.join_all().await;
    answers.sort_unstable();
    assert_eq!((answers[0], &answers[1..]), (303, &[409; 19][..]));
    let made = institution(&app).unwrap();
    assert_eq!(app.app.store.read(|r| portal::members_of(r, made.id)).unwrap().len(), 1);
    assert_eq!(app.take_mails().await.len(), 1, "one M-9");
    is_sound(&app);
}

#[tokio::test]
async fn a_main_user_who_is_there_is_replaced_only_by_the_box() {
    let app = TestApp::new();
    let there = app.medical(CODE).await;
    let one = app.inquiry(&APPLICATION).await;
    app.take_mails().await;
    let mut desk = operator(&app, "運営A").await;
    assert!(desk.open(QUEUE).await.says("登録済みの医療機関"));
    let page = desk.open(&inquiry_path(one.number)).await;
    assert!(page.says("この医療機関コードは登録されています") && page.body.contains("name=\"replace\""), "{}", page.text());
    assert!(!page.body.contains(&there.mail), "of who is there the address is masked");
    let page = desk.on_inquiry(one.number, "create", &[PROOF]).await;
    assert!(page.status.as_u16() == 422 && page.says("交代するときは、チェックを入れてください"), "{}", page.text());
    assert_eq!(institution(&app).unwrap().main, there.member.id);
    assert!(is_done(&desk.on_inquiry(one.number, "create", &[PROOF, REPLACE]).await, "create"));
    let subjects: Vec<_> = app.take_mails().await.into_iter().map(|mail| (mail.subject, mail.to)).collect();
    assert!(subjects.contains(&(M9.to_owned(), "jiro@clinic.example.jp".to_owned())), "{subjects:?}");
    assert!(subjects.iter().any(|(subject, to)| subject.contains("登録変更") && *to == there.mail), "{subjects:?}");
    // The same main user applies again: nobody is replaced, and no box asks.
    let again = app.inquiry(&with(&APPLICATION, &[("medical_name", "架空内科クリニック")])).await;
    assert!(!desk.open(&inquiry_path(again.number)).await.body.contains("name=\"replace\""));
    assert!(is_done(&desk.on_inquiry(again.number, "create", &[PROOF]).await, "create"));
    app.take_mails().await;
    is_sound(&app);
}

#[tokio::test]
async fn an_application_undoes_no_suspension_of_staff() {
    let app = TestApp::new();
    let there = app.medical(CODE).await;
    let suspend = async |may_be_replaced: bool| {
        let at = app.clock.now();
        let mut member = there.member.clone();
        member.suspended = Some(Suspended { by: SuspendedBy::Staff, at, may_be_replaced });
        app.write(move |tx| portal::save_member(tx, &member)).await;
    };
    suspend(false).await;
    let stranger = app.inquiry(&APPLICATION).await.number;
    let own = [("mail_address", there.mail.as_str()), ("mail_address_again", there.mail.as_str())];
    let same = app.inquiry(&with(&APPLICATION, &own)).await.number;
    app.take_mails().await;
    let mut desk = operator(&app, "運営A").await;
    for (number, told) in [(stranger, "主たる利用者は利用停止中です"), (same, "このメールアドレスの利用者は")]
    {
        let page = desk.on_inquiry(number, "create", &[PROOF, REPLACE]).await;
        assert!(page.status.as_u16() == 422 && page.says(told), "{}", page.text());
    }
    suspend(true).await;
    assert_eq!(desk.on_inquiry(same, "create", &[PROOF, REPLACE]).await.status.as_u16(), 422, "not by themselves");
    assert!(is_done(&desk.on_inquiry(stranger, "create", &[PROOF, REPLACE]).await, "create"));
    app.take_mails().await;
    is_sound(&app);
}

#[tokio::test]
async fn q41_an_operator_sees_no_other_federation() {
    let app = TestApp::new();
    let here = app.inquiry(&APPLICATION).await;
    let there = app.inquiry(&with(&APPLICATION, &[("medical_code", "1319900010")])).await;
    assert_eq!(there.home, Prefecture::new(13).unwrap());
    app.take_mails().await;
    let mut desk = operator(&app, "運営A").await;
    let page = desk.open("/staff/portal?state=all").await;
    assert!(page.says(&here.number.to_string()) && !page.says(&there.number.to_string()), "{}", page.text());
    for path in [inquiry_path(there.number), format!("{QUEUE}/inquiries/x"), format!("{QUEUE}/inquiries/P202601000000")] {
        assert_eq!(desk.get(&path).await.status.as_u16(), 404, "{path}");
        assert_eq!(desk.post(&path, &[("act", "take"), ("shown", "received.1")]).await.status.as_u16(), 404, "{path}");
    }
    assert_eq!(app.inquiry_now(there.number).state, State::Received);
    // Nobody of the counter sees any.
    let mut clerk = staff(&app, "管理", Role::Admin, 7).await;
    assert_eq!(clerk.get(QUEUE).await.status.as_u16(), 403);
    assert!(!clerk.open("/staff").await.body.contains("/staff/portal"));
}

#[tokio::test]
async fn the_queue_shows_the_oldest_first_and_marks_the_same_code() {
    let app = TestApp::new();
    let first = app.inquiry(&APPLICATION).await;
    app.advance(SignedDuration::from_hours(24 * 8));
    let second = app.inquiry(&APPLICATION).await;
    let general = app.inquiry(&GENERAL).await;
    app.take_mails().await;
    let mut desk = operator(&app, "運営A").await;
    let page = desk.open("/staff").await;
    for part in ["未対応の問い合わせ 3 件", "対応中の問い合わせ 0 件", "いちばん古いもの 8 日前 2026/01/20受付"]
    {
        assert!(page.says(part), "{part}: {}", page.text());
    }
    let page = desk.open(QUEUE).await;
    let at = |one: &Inquiry| page.text().find(&one.number.to_string()).unwrap();
    assert!(at(&first) < at(&second) && at(&second) < at(&general), "{}", page.text());
    assert_eq!(page.text().matches("同じ医療機関コードの申請あり").count(), 2);
    assert!(desk.open(&inquiry_path(first.number)).await.says(&second.number.to_string()));
    let page = desk.open("/staff/portal?category=ログイン").await;
    assert!(page.says(&general.number.to_string()) && !page.says(&first.number.to_string()), "{}", page.text());
    desk.on_inquiry(first.number, "take", &[]).await;
    let page = desk.open("/staff/portal?state=working").await;
    assert!(page.says("担当 運営A") && !page.says(&second.number.to_string()), "{}", page.text());
}

#[tokio::test]
async fn q43_a_mail_that_did_not_go_is_shown_to_operators_alone_and_sent_again() {
    let app = TestApp::new();
    app.transport.fail_with(Some(SendError::Permanent { reason: "550 no such mailbox".to_owned() }));
    let one = app.inquiry(&GENERAL).await;
    app.run_jobs().await;
    let mut desk = operator(&app, "運営A").await;
    let page = desk.open(QUEUE).await;
    assert!(
        page.says("送れなかったメール") && page.says("550 no such mailbox") && page.says("tar***@example.jp"),
        "{}",
        page.text()
    );
    let mut clerk = staff(&app, "管理", Role::Admin, 7).await;
    assert!(!clerk.open("/staff/mails").await.says("550 no such mailbox"));
    let mut other = staff(&app, "運営B", Role::Operator, 13).await;
    assert!(!other.open(QUEUE).await.says("550 no such mailbox"));
    app.transport.fail_with(None);
    let page = desk.open(&inquiry_path(one.number)).await;
    let mail = page.value("mail").unwrap();
    let again = [("act", "mail_again"), ("mail", mail.as_str())];
    assert!(is_done(&desk.post(&inquiry_path(one.number), &again).await, "mail_again"));
    assert_eq!(app.mail(M10).await.to, "taro@example.jp");
    let before = app.app.store.counts().written;
    desk.post(&inquiry_path(one.number), &again).await;
    assert_eq!(desk.post(&inquiry_path(one.number), &[("act", "mail_again"), ("mail", "x")]).await.status.as_u16(), 404);
    assert_eq!(app.app.store.counts().written, before, "a second click sends nothing");
}

#[tokio::test]
async fn a_closed_inquiry_loses_its_contact_after_a_year() {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    let closed = app.inquiry(&APPLICATION).await.number;
    let open = app.inquiry(&GENERAL).await.number;
    let mut desk = operator(&app, "運営A").await;
    let fields = [("reject_reason", "unconfirmed"), ("reject_sentence", "お電話がつながりませんでした。")];
    assert!(is_done(&desk.on_inquiry(closed, "reject", &fields).await, "reject"));
    app.take_mails().await;
    app.advance(SignedDuration::from_hours(24 * 364));
    app.take_mails().await;
    assert!(app.inquiry_now(closed).contact.is_some());
    app.advance(SignedDuration::from_hours(24 * 3));
    app.take_mails().await;
    let one = app.inquiry_now(closed);
    assert!(one.contact.is_none() && one.medical.is_none() && one.text.is_empty());
    assert!(one.history.iter().all(|step| step.text.is_empty()) && one.state == State::Rejected);
    assert!(app.inquiry_now(open).contact.is_some(), "somebody still waits");
    let mut desk = operator(&app, "運営B").await;
    let page = desk.open(&inquiry_path(closed)).await;
    assert!(page.says("消去されています") && !page.says("つながりませんでした"), "{}", page.text());
    is_sound(&app);
}

#[tokio::test]
async fn a_form_that_came_too_late_is_shown_again() {
    let app = TestApp::new();
    let one = app.inquiry(&GENERAL).await;
    app.take_mails().await;
    let member = crate::support::staff::enrol(&app, "運営A", Role::Operator, uketsuke::staff::Scope::All).await;
    let mut desk = app.browser();
    crate::support::staff::log_in(&app, &mut desk, &member).await;
    desk.get("/staff").await;
    desk.post("/staff/federation", &[("prefecture", "07")]).await;
    let shown = desk.get(&inquiry_path(one.number)).await.value("shown").unwrap();
    app.advance(SignedDuration::from_mins(31));
    let fields = [("act", "answer"), ("shown", &*shown), ("reply", "長い回答の途中")];
    assert_eq!(desk.post(&inquiry_path(one.number), &fields).await.location(), Some("/staff/login?notice=form"));
    let page = crate::support::staff::log_in(&app, &mut desk, &member).await;
    assert_eq!(page.location(), Some(&*inquiry_path(one.number)));
    let page = desk.open(&inquiry_path(one.number)).await;
    assert!(page.body.contains("長い回答の途中</textarea>"), "{}", page.text());
    assert_eq!(app.inquiry_now(one.number).state, State::Received, "nothing was carried out by itself");
}
