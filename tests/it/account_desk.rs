//! 【ユーザの管理】: what the federation does with an office's account.

mod roles;

use jiff::SignedDuration;
use uketsuke::audit::{self, Actor, Entry};
use uketsuke::kernel::UserId;
use uketsuke::letters::{self, Offices};
use uketsuke::notices;
use uketsuke::security::sessions::Subject;
use uketsuke::staff::Role;

use crate::letters_print::{issue, letter_of, offices, print_all};
use crate::support::browser::{Browser, Page};
use crate::support::desk::{account_path, reason_field};
use crate::support::office::{PASSWORD, TEMPORARY, USER, user};
use crate::support::{TestApp, staff};

const M7: &str = "登録情報変更のお知らせ";
/// Every act of an approver.
const ACTS: [&str; 4] = ["suspend", "release", "withdraw_temporary", "clear_addresses"];
const WHY: &str = "電話での申し出による";

/// An office with everything that can be managed: addresses, a letter that is out.
async fn office(app: &TestApp) -> UserId {
    let user = app.office(USER).await;
    app.letter(user).await;
    user
}

async fn approver(app: &TestApp, name: &str) -> Browser {
    staff(app, name, Role::Approver, 13).await
}

fn log(app: &TestApp, user: UserId) -> Vec<Entry> {
    app.app.store.read(|r| audit::about(r, &user.office().to_string(), 99)).unwrap()
}

async fn seen(browser: &mut Browser, user: UserId) -> String {
    browser.get(&account_path(user.office())).await.value("seen").unwrap()
}

fn is_refused(page: &Page) -> bool {
    page.status.as_u16() == 422 && page.location().is_none()
}

#[tokio::test]
async fn the_page_shows_an_account_and_masks_its_addresses() {
    let app = TestApp::new();
    let user = office(&app).await;
    app.passkey(Subject::Office(user)).await;
    let mut open = app.browser();
    open.log_in(USER, PASSWORD).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 13).await;
    let ledger = clerk.open(&format!("/staff/ledger/{}", user.office().number)).await;
    assert!(ledger.body.contains(&account_path(user.office())), "the office leads here");
    let page = clerk.open(&account_path(user.office())).await;
    assert_eq!(page.title(), "ユーザの管理");
    for fact in [
        "ユーザID KJ131311111111",
        "区分 既存",
        "状態 利用中",
        "次のログインで行う手続き ありません",
        "仮パスワード 2026/02/19まで有効",
        "最終ログイン 2026/01/20 10:00 接続元 127.0.0.1",
        "その前のログイン まだありません",
        "ログイン中 1件",
        "セキュリティコード なし",
        "パスキー 1件",
        "セキュリティ用メールアドレス 2件 sec***@example.jp sec***@example.jp",
        "お知らせ用メールアドレス not***@example.jp",
        "ロックされている端末 ありません",
        "初めて使う端末から ログインできます",
        "ログインの失敗（直近30日間） 0回",
    ] {
        assert!(page.says(fact), "{fact}: {}", page.text());
    }
    assert!(!page.body.contains("security-1@") && !page.body.contains("notice@"));
    assert!(page.says("ログイン 2026/01/20 10:00 事業所（KJ131311111111）"), "the last of its history: {}", page.text());
    // Looking prolongs no session.
    app.advance(SignedDuration::from_hours(9));
    let mut clerk = staff(&app, "夜勤", Role::Clerk, 13).await;
    assert!(clerk.open(&account_path(user.office())).await.says("ログイン中 0件"));
    for none in ["1399999999", "x"] {
        assert_eq!(clerk.get(&format!("/staff/ledger/{none}/account")).await.status.as_u16(), 404);
    }
}

#[tokio::test]
async fn the_page_says_what_an_office_meets_at_its_next_login() {
    let app = TestApp::new();
    let new = app.new_office("KJ131388888888").await;
    let bare = app.existing_without_address("KJ131377777777").await;
    let gone = app.office("KJ131366666666").await;
    app.change_account(gone, |account| account.password = None).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 13).await;
    let mut says = async |user: UserId, what: &str| {
        let page = clerk.open(&account_path(user.office())).await;
        assert!(page.says(&format!("次のログインで行う手続き {what}")), "{what}: {}", page.text());
    };
    says(new, "通知書の仮パスワードでの初回ログイン").await;
    says(bare, "セキュリティ用メールアドレス設定").await;
    says(gone, "通知書の発行または再設定が必要です").await;
    app.browser().log_in("KJ131388888888", TEMPORARY).await;
    says(new, "利用規約への同意").await;
    app.take_mails().await;
}

#[tokio::test]
async fn every_act_of_the_desk_asks_why_and_is_in_the_log() {
    let app = TestApp::new();
    let user = office(&app).await;
    let mut browser = approver(&app, "承認者A").await;
    for act in ACTS {
        let before = app.app.store.counts().written;
        let long = "あ".repeat(501);
        for (reason, told) in [
            ("", "理由を入力してください"),
            (" 　 ", "理由を入力してください"),
            (long.as_str(), "理由は500文字以内の1行で"),
            ("一行目\r\n<b>二行目", "理由は500文字以内の1行で"),
            ("ベル\u{7}", "理由は500文字以内の1行で"),
        ] {
            let page = browser.manage(user.office(), act, reason).await;
            assert!(is_refused(&page) && page.says(told), "{act} {reason:?}: {}", page.text());
            let field = reason_field(act);
            if act != "release" {
                assert!(
                    page.body.contains(&format!("href=\"#{field}\"")) && page.body.contains(&format!("id=\"{field}\"")),
                    "{act}"
                );
                assert_eq!(page.value(&field).unwrap_or_default().contains("一行目"), reason.contains("一行目"), "kept");
            }
            assert!(!page.body.contains("<b>二行目"));
        }
        assert_eq!(app.app.store.counts().written, before, "{act}: nothing is done without a reason");
        let most = "理".repeat(500);
        assert_eq!(browser.manage(user.office(), act, &most).await.status.as_u16(), 303, "{act}");
        let entry = log(&app, user).remove(0);
        assert_eq!((entry.action.as_str(), entry.outcome.as_str()), (format!("account.{act}").as_str(), "done"));
        assert!(matches!(&entry.actor, Actor::Staff { name, .. } if name == "承認者A"), "{entry:?}");
        assert_eq!((entry.details["reason"].as_str(), entry.details["client"].as_str()), (most.as_str(), "127.0.0.1"));
        assert!(entry.subjects.contains(&USER.to_owned()), "{entry:?}");
        let page = browser.open(&format!("/staff/ledger/{}", user.office().number)).await;
        assert!(page.says(&format!("承認者A 理由 {most}")), "{act}: {}", page.text());
    }
    let notices = app.app.store.read(|r| notices::of_office(r, user, 9)).unwrap();
    assert_eq!(notices.iter().filter(|notice| notice.kind == "N-3").count(), 4, "the office is told of each");
    let mails = app.take_mails().await;
    assert!(mails.len() == 12 && mails.iter().all(|mail| mail.subject == M7 && !mail.body.contains("理理")), "{}", mails.len());
}

#[tokio::test]
async fn a_suspended_session_ends_at_its_next_click() {
    let app = TestApp::new();
    let user = office(&app).await;
    let mut inside = app.browser();
    assert_eq!(inside.log_in(USER, PASSWORD).await.location(), Some("/office"));
    inside.open("/office").await;
    let mut posting = inside.clone();
    let page = approver(&app, "承認").await.manage(user.office(), "suspend", WHY).await;
    assert_eq!(page.location(), Some(format!("{}?done=suspend", account_path(user.office())).as_str()));
    assert_eq!(inside.get("/office").await.location(), Some("/login?notice=ended"));
    assert_eq!(posting.post("/office/notices", &[("newest", "x")]).await.location(), Some("/login?notice=form"));
    // A session that was opened in between opens nothing either.
    let kept = user;
    app.change_account(kept, |account| account.suspended = false).await;
    let mut late = app.browser();
    assert_eq!(late.log_in(USER, PASSWORD).await.location(), Some("/office"));
    app.change_account(kept, |account| account.suspended = true).await;
    assert_eq!(late.get("/office").await.location(), Some("/login"));
    app.take_mails().await;
}

#[tokio::test]
async fn no_door_opens_a_suspended_account_until_it_is_released() {
    let app = TestApp::new();
    let user = office(&app).await;
    let mut approver = approver(&app, "承認").await;
    approver.manage(user.office(), "suspend", WHY).await;
    let page = approver.open(&account_path(user.office())).await;
    assert!(page.says("利用停止") && page.says("利用を再開する") && !page.says("利用を停止する"), "{}", page.text());
    assert!(!page.says("利用を停止しました"), "said once");
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), None);
    assert_eq!(app.browser().log_in(USER, TEMPORARY).await.location(), None);
    assert_eq!(approver.manage(user.office(), "release", WHY).await.status.as_u16(), 303);
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
    let bodies: Vec<String> = app.take_mails().await.into_iter().map(|mail| mail.body).collect();
    for told in ["このユーザIDの利用を停止しました", "このユーザIDの利用を再開しました"] {
        assert_eq!(bodies.iter().filter(|body| body.contains(told)).count(), 3, "every registered address: {told}");
    }
}

#[tokio::test]
async fn q27_a_withdrawn_temporary_password_opens_nothing() {
    let app = TestApp::new();
    let key = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "印刷", Role::Clerk, 7).await;
    let printed = print_all(&app, &mut clerk).await.remove(0);
    let mut approver = staff(&app, "承認", Role::Approver, 7).await;
    let page = approver.manage(key, "withdraw_temporary", "封筒の紛失").await;
    assert_eq!(page.status.as_u16(), 303, "{}", page.text());
    let page = approver.open(page.location().unwrap()).await;
    assert!(page.says("仮パスワードを取り消しました") && page.says("仮パスワード ありません"), "{}", page.text());
    assert!(!page.says("仮パスワードを取り消す"), "there is none any more: {}", page.text());
    assert_eq!(app.browser().log_in(&printed.user_id, &printed.password).await.location(), None);
    assert_eq!(letter_of(&app, key).state, letters::State::Expired);
    let told: Vec<String> = log(&app, UserId::of(key)).into_iter().take(2).map(|entry| entry.action).collect();
    assert_eq!(told, ["account.withdraw_temporary", "letter.expire"]);
    // Its end comes, and finds nothing to do.
    app.advance(SignedDuration::from_hours(24 * 31));
    app.run_jobs().await;
    assert_eq!(log(&app, UserId::of(key))[0].action, "account.withdraw_temporary");
}

#[tokio::test]
async fn q27_a_temporary_password_withdrawn_after_its_first_use_ends_its_session() {
    let app = TestApp::new();
    let key = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "印刷", Role::Clerk, 7).await;
    let printed = print_all(&app, &mut clerk).await.remove(0);
    let mut inside = app.browser();
    assert_eq!(inside.log_in(&printed.user_id, &printed.password).await.location(), Some("/first-login"));
    let mut approver = staff(&app, "承認", Role::Approver, 7).await;
    let page = approver.open(&account_path(key)).await;
    assert!(page.says("に使用（新しいパスワードの設定待ち）"), "{}", page.text());
    assert_eq!(approver.manage(key, "withdraw_temporary", WHY).await.status.as_u16(), 303);
    assert_eq!(inside.get("/first-login").await.location(), Some("/login?notice=ended"));
    assert_eq!(app.browser().log_in(&printed.user_id, &printed.password).await.location(), None);
    assert_eq!(letter_of(&app, key).state, letters::State::Completed, "it was used, and stays so");
    app.take_mails().await;
}

#[tokio::test]
async fn a_withdrawn_temporary_password_leaves_the_chosen_one_and_its_session() {
    let app = TestApp::new();
    let user = office(&app).await;
    let mut inside = app.browser();
    inside.log_in(USER, PASSWORD).await;
    assert_eq!(approver(&app, "承認").await.manage(user.office(), "withdraw_temporary", WHY).await.status.as_u16(), 303);
    assert_eq!(inside.get("/office").await.status.as_u16(), 200);
    assert_eq!(app.browser().log_in(USER, TEMPORARY).await.location(), None);
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
    app.take_mails().await;
}

#[tokio::test]
async fn staff_unlock_an_office() {
    let app = TestApp::new();
    let user = app.office(USER).await;
    let mut locked = app.browser();
    for _ in 0..4 {
        locked.log_in(USER, "wrong-Password-1").await;
    }
    assert_eq!(locked.log_in(USER, PASSWORD).await.location(), None, "three wrong tries lock a device");
    let mut clerk = staff(&app, "受付", Role::Clerk, 13).await;
    let page = clerk.open(&account_path(user.office())).await;
    assert!(page.says("ロックされている端末 1台 2026/01/20 10:30 まで"), "{}", page.text());
    assert!(page.says("ログインの失敗（直近30日間） 4回 最後は 2026/01/20 10:00"), "{}", page.text());
    assert!(is_refused(&clerk.manage(user.office(), "unlock", "").await));
    let done = clerk.manage(user.office(), "unlock", WHY).await;
    let page = clerk.open(done.location().unwrap()).await;
    assert!(page.says("ロックを解除しました") && page.says("ロックされている端末 ありません"), "{}", page.text());
    assert_eq!(locked.log_in(USER, PASSWORD).await.location(), Some("/office"));
    assert_eq!(log(&app, user).iter().filter(|entry| entry.action == "account.unlock").count(), 1);

    // Strangers from many browsers: no new device enters, until the desk unlocks.
    for _ in 0..30 {
        app.browser().log_in(USER, "wrong-Password-1").await;
        app.advance(SignedDuration::from_secs(60));
    }
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), None, "a new device");
    let mut clerk = staff(&app, "午後", Role::Clerk, 13).await;
    let page = clerk.open(&account_path(user.office())).await;
    assert!(page.says("初めて使う端末から ログインできません"), "{}", page.text());
    assert_eq!(clerk.manage(user.office(), "unlock", WHY).await.status.as_u16(), 303);
    assert_eq!(app.browser().log_in(USER, PASSWORD).await.location(), Some("/office"));
}

#[tokio::test]
async fn where_nothing_is_locked_there_is_nothing_to_unlock() {
    let app = TestApp::new();
    let user = app.office(USER).await;
    let mut approver = approver(&app, "承認").await;
    let seen = seen(&mut approver, user).await;
    let page = approver.open(&account_path(user.office())).await;
    assert!(!page.says("ロックを解除する"), "{}", page.text());
    let page = approver.send_act(user.office(), &seen, "unlock", WHY).await;
    assert!(is_refused(&page) && page.says("現在、ロックされている端末も"), "{}", page.text());
    assert!(page.says(WHY), "what was typed can be copied: {}", page.text());
    assert!(log(&app, user).is_empty(), "nothing is told that was not done");
}

#[tokio::test]
async fn cleared_addresses_need_a_proof_and_are_told_to_those_who_had_them() {
    let app = TestApp::new();
    let user = app.office(USER).await;
    app.change_account(user, |account| account.review_addresses = true).await;
    let mut inside = app.browser();
    inside.log_in(USER, PASSWORD).await;
    let mut approver = approver(&app, "承認").await;
    let (path, seen) = (account_path(user.office()), seen(&mut approver, user).await);
    let long = "あ".repeat(501);
    for (proof, told) in
        [("", "確認した方法を入力"), (long.as_str(), "確認した方法は500文字以内"), ("一\n二", "確認した方法は500文字以内")]
    {
        let fields = [("act", "clear_addresses"), ("seen", &seen), ("clear_reason", WHY), ("clear_proof", proof)];
        let page = approver.post(&path, &fields).await;
        assert!(is_refused(&page) && page.says(told) && page.value("clear_reason").as_deref() == Some(WHY), "{}", page.text());
    }
    assert_eq!(app.account(user).security_mails.len(), 2);
    assert_eq!(approver.manage(user.office(), "clear_addresses", WHY).await.status.as_u16(), 303);
    let account = app.account(user);
    assert!(account.security_mails.is_empty() && !account.review_addresses && account.notice_mail.is_some());
    assert_eq!(inside.open("/office").await.title(), "ログイン", "whoever was inside registers no address of their own");
    let mut told: Vec<String> = app.take_mails().await.into_iter().map(|mail| format!("{} {}", mail.to, mail.subject)).collect();
    told.sort();
    let to = |name: &str| format!("{name}@example.jp {M7}");
    assert_eq!(told, [to("notice"), to("security-1"), to("security-2")]);
    let entry = log(&app, user).remove(0);
    assert_eq!(entry.details["before"], "sec***@example.jp、sec***@example.jp");
    let page = approver.open(&path).await;
    assert!(page.says("確認した方法 台帳の電話番号へかけ直した"), "{}", page.text());
    assert!(page.says("セキュリティ用メールアドレス 0件") && !page.says("登録アドレスを消す"), "{}", page.text());
}

#[tokio::test]
async fn q42_of_two_approvers_at_once_one_wins_and_the_other_is_told() {
    let app = TestApp::new();
    let user = office(&app).await;
    let (mut first, mut second) = (approver(&app, "承認者A").await, approver(&app, "承認者B").await);
    let shown = seen(&mut first, user).await;
    assert_eq!(seen(&mut second, user).await, shown);
    let mut sent = Vec::new();
    for at in 0..12 {
        let mut browser = if at % 2 == 0 { first.clone() } else { second.clone() };
        let (shown, act) = (shown.clone(), if at % 3 == 0 { "suspend" } else { "clear_addresses" });
        sent.push(tokio::spawn(async move { browser.send_act(user.office(), &shown, act, WHY).await }));
    }
    let mut done = 0;
    for answer in sent {
        let page = answer.await.unwrap();
        done += usize::from(page.status.as_u16() == 303);
        if page.status.as_u16() != 303 {
            assert_eq!(page.status.as_u16(), 409);
            assert!(page.says("先に別の操作が行われたため、今回の操作は行っていません"), "{}", page.text());
            assert!(page.says("2026/01/20 10:00 承認者") && page.body.contains(WHY), "who, and what was typed: {}", page.text());
        }
    }
    assert_eq!(done, 1);
    assert_eq!(log(&app, user).iter().filter(|entry| entry.action.starts_with("account.")).count(), 1);
    assert_eq!(app.take_mails().await.len(), 3);
    // A letter printed anew meanwhile: the older form speaks of another password.
    let old = seen(&mut first, user).await;
    app.advance(SignedDuration::from_mins(1));
    app.letter(user).await;
    let page = first.send_act(user.office(), &old, "withdraw_temporary", WHY).await;
    assert_eq!(page.status.as_u16(), 409, "{}", page.text());
    assert!(app.account(user).temporary.is_some());
}
