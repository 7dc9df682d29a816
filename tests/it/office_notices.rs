//! お知らせ of an office: unread marks, texts, M-6.

use jiff::SignedDuration;
use uketsuke::kernel::{Id, UserId};
use uketsuke::notices::{self, Addressed, Notice};
use uketsuke::reissue::{Move, Rejection, RejectionReason, State};

use crate::support::TestApp;
use crate::support::browser::Browser;
use crate::support::office::{PASSWORD, USER};
use crate::support::reissue::{CONTACT, clerk};

const OTHER: &str = "KJ071311111111";
const M6: &str = "お知らせ登録通知";

/// A notice with this title.
async fn told(app: &TestApp, user: UserId, title: &str) -> Id {
    let (moment, title) = (app.app.moment(), title.to_owned());
    let notice =
        move || Notice { kind: "N-2", title: title.clone(), body: "一行目\n<b>二行目</b>\n\n次の段落".to_owned() };
    app.write(move |tx| notices::tell_office(tx, &moment, user, notice(), None)).await
}

async fn inside(app: &TestApp, user_id: &str) -> Browser {
    let mut browser = app.browser();
    assert_eq!(browser.log_in(user_id, PASSWORD).await.location(), Some("/office"));
    browser.open("/office").await;
    browser
}

fn path(id: Id) -> String {
    format!("/office/notices/{id}")
}

fn all(app: &TestApp, user: UserId) -> Vec<Addressed> {
    app.app.store.read(|r| notices::of_office(r, user, 99)).unwrap()
}

#[tokio::test]
async fn an_opened_notice_is_read_and_a_get_reads_nothing() {
    let app = TestApp::new();
    let user = app.office(USER).await;
    let first = told(&app, user, "一つ目").await;
    app.advance(SignedDuration::from_mins(1));
    told(&app, user, "二つ目").await;
    let mut browser = inside(&app, USER).await;
    let page = browser.open("/office").await;
    assert!(page.says("未読 2件") && page.says("未読 一つ目") && page.says("未読 二つ目"), "{}", page.text());
    assert!(page.body.find("二つ目") < page.body.find("一つ目"), "newest first");

    // Whoever comes by the address sees the text, and it stays unread.
    let page = browser.open(&path(first)).await;
    assert!(
        page.says("一つ目 未読") && page.says("既読にする") && page.body.contains("一行目<br>&lt;b&gt;二行目"),
        "{}",
        page.body
    );
    assert!(
        page.says("2026年1月20日 10時00分") && page.body.contains("href=\"/office/inquiries\">照会一覧で"),
        "{}",
        page.text()
    );
    let telephone = &app.app.config.federation_of(user.office().prefecture).unwrap().telephone;
    assert!(page.says(&format!("電話 {telephone}")), "whom to call: {}", page.text());
    assert!(all(&app, user).iter().all(|notice| notice.read.is_none()));

    assert_eq!(browser.post(&path(first), &[]).await.location(), Some(path(first).as_str()));
    let opened = app.clock.now();
    let page = browser.open(&path(first)).await;
    assert!(!page.says("未読") && !page.says("既読にする"), "{}", page.text());
    let page = browser.open("/office").await;
    assert!(page.says("未読 1件") && !page.says("未読 一つ目"), "{}", page.text());
    assert!(page.body.contains(&format!("<a href=\"{}\">一つ目", path(first))));

    // Opened again by an old page: the first time stays.
    app.advance(SignedDuration::from_mins(1));
    let before = app.app.store.counts().written;
    assert_eq!(browser.post(&path(first), &[]).await.status.as_u16(), 303);
    assert_eq!(app.app.store.counts().written, before);
    assert_eq!(all(&app, user).iter().find(|notice| notice.id == first).unwrap().read, Some(opened));
}

#[tokio::test]
async fn what_came_after_the_list_was_drawn_stays_unread_when_all_are_marked() {
    let app = TestApp::new();
    let user = app.office(USER).await;
    told(&app, user, "一つ目").await;
    app.advance(SignedDuration::from_mins(1));
    told(&app, user, "二つ目").await;
    let mut browser = inside(&app, USER).await;
    let newest = browser.open("/office").await.value("newest").unwrap();
    app.advance(SignedDuration::from_mins(1));
    told(&app, user, "三つ目").await;
    for forged in ["", "x", &Id::from_bytes([7; 16]).to_string()] {
        assert_eq!(browser.post("/office/notices", &[("newest", forged)]).await.location(), Some("/office"));
    }
    assert!(browser.open("/office").await.says("未読 3件"));
    assert_eq!(browser.post("/office/notices", &[("newest", &newest)]).await.location(), Some("/office"));
    let page = browser.open("/office").await;
    assert!(page.says("未読 1件") && page.says("未読 三つ目"), "{}", page.text());
    let newest = page.value("newest").unwrap();
    browser.post("/office/notices", &[("newest", &newest)]).await;
    let page = browser.open("/office").await;
    assert!(!page.says("未読") && !page.says("すべて既読にする"), "{}", page.text());
}

#[tokio::test]
async fn q41_another_offices_notice_does_not_exist() {
    let app = TestApp::new();
    let (user, other) = (app.office(USER).await, app.office(OTHER).await);
    let foreign = told(&app, other, "よその件").await;
    told(&app, user, "自分の件").await;
    let mut browser = inside(&app, USER).await;
    let page = browser.open("/office").await;
    assert!(page.says("自分の件") && !page.says("よその件"), "{}", page.text());
    for id in [foreign.to_string(), Id::from_bytes([7; 16]).to_string(), "x".to_owned()] {
        for page in
            [browser.get(&format!("/office/notices/{id}")).await, browser.post(&format!("/office/notices/{id}"), &[]).await]
        {
            assert_eq!(page.status.as_u16(), 404, "{id}");
            assert!(!page.body.contains("よその件"));
        }
    }
    browser.open("/office").await;
    browser.post("/office/notices", &[("newest", &foreign.to_string())]).await;
    assert!(all(&app, other)[0].read.is_none() && all(&app, user)[0].read.is_none());
}

#[tokio::test]
async fn m6_names_only_the_title_and_comes_once() {
    let app = TestApp::new();
    let user = app.office(USER).await;
    let one = app.applied(user.office(), Some(CONTACT)).await;
    assert!(app.take_mails().await.iter().all(|mail| mail.subject != M6), "M-12 has told of N-1");
    app.mark(one.number, Move::Take, clerk(1)).await.unwrap();
    app.mark(one.number, Move::Approve { two_person: false }, clerk(2)).await.unwrap();
    let mail = app.mail(M6).await;
    assert_eq!(mail.to, "notice@example.jp");
    assert!(mail.body.contains("ログイン情報再発行申請結果通知") && mail.body.contains("/login"), "{}", mail.body);
    let number = one.number.to_string();
    for inside in [number.as_str(), "承認", "郵送", USER, "jig***"] {
        assert!(!mail.body.contains(inside), "{inside}: {}", mail.body);
    }
    app.advance(SignedDuration::from_hours(24));
    assert!(app.take_mails().await.iter().all(|mail| mail.subject != M6), "once");
}

#[tokio::test]
async fn m6_does_not_go_where_another_mail_has_told_the_same() {
    let app = TestApp::new();
    let user = app.office(USER).await;
    let one = app.applied(user.office(), Some("NOTICE@example.jp")).await;
    app.mark(one.number, Move::Take, clerk(1)).await.unwrap();
    app.take_mails().await;
    let rejection = Rejection { reason: RejectionReason::Other, sentence: "理由です".to_owned() };
    app.mark(one.number, Move::Reject(rejection), clerk(2)).await.unwrap();
    let subjects: Vec<String> = app.take_mails().await.into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["ログイン情報再発行申請結果通知"], "M-4 goes to that address");
    assert!(all(&app, user).iter().any(|notice| notice.kind == "N-2" && notice.body.contains("理由です")));
}

#[tokio::test]
async fn an_office_without_an_address_for_notices_gets_the_notice_and_no_mail() {
    let app = TestApp::new();
    let user = app.existing_without_address(USER).await;
    let one = app.in_state(user.office(), State::UnderReview).await;
    app.take_mails().await;
    app.mark(one.number, Move::Approve { two_person: false }, clerk(2)).await.unwrap();
    assert!(app.take_mails().await.iter().all(|mail| mail.subject != M6));
    assert!(all(&app, user).iter().any(|notice| notice.kind == "N-2"));
}

#[tokio::test]
async fn a_long_list_has_pages_newest_first() {
    let app = TestApp::new();
    let user = app.office(USER).await;
    for n in 1..=45 {
        app.advance(SignedDuration::from_secs(1));
        told(&app, user, &format!("第{n:02}号")).await;
    }
    let mut browser = inside(&app, USER).await;
    let first = browser.open("/office").await;
    assert!(first.says("第45号") && first.says("第26号") && !first.says("第25号"), "{}", first.text());
    assert!(first.says("3ページ中1ページ目") && first.says("未読 45件"), "{}", first.text());
    let last = browser.open("/office?page=3").await;
    assert!(last.says("第05号") && last.says("第01号") && !last.says("第06号"), "{}", last.text());
    assert_eq!(browser.open("/office?page=99").await.text(), last.text(), "there is no page 99");
    assert_eq!(browser.open("/office?page=x").await.text(), first.text());
}

#[tokio::test]
async fn the_landing_page_says_when_from_where_and_with_what_the_account_was_opened_before() {
    let app = TestApp::new();
    app.office(USER).await;
    let mut browser = app.browser();
    let chrome =
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    browser.headers.push(("User-Agent".to_owned(), chrome.to_owned()));
    browser.log_in(USER, PASSWORD).await;
    assert!(!browser.open("/office").await.says("前回のログイン"), "there was none before");
    app.advance(SignedDuration::from_hours(1));
    let page = inside(&app, USER).await.open("/office").await;
    assert!(page.says("前回のログイン 2026年1月20日 10時00分 接続元 127.0.0.*、Chrome（Windows）"), "{}", page.text());
    assert!(!page.body.contains("127.0.0.1"), "no machine is named: {}", page.body);
    assert!(page.says("事業所あてのお知らせはまだありません"), "{}", page.text());
}

#[tokio::test]
async fn the_office_sees_who_tried_to_enter() {
    let app = TestApp::new();
    app.office(USER).await;
    app.office(OTHER).await;
    let page = inside(&app, USER).await.open("/office").await;
    assert!(!page.says("ログインできなかった記録"), "{}", page.text());
    for minutes in 0..3 {
        app.advance(SignedDuration::from_mins(minutes));
        app.browser().log_in(USER, "wrong-Password-1").await;
    }
    app.browser().log_in(OTHER, "wrong-Password-1").await;
    let page = inside(&app, USER).await.open("/office").await;
    assert!(page.says("ログインできなかった記録（直近30日間）： 3回、最後は 2026/01/20 10:03"), "{}", page.text());
    assert!(page.says("2026/01/20 10:01 127.0.0.* パスワードの誤り"), "{}", page.text());
    assert!(!page.body.contains("127.0.0.1</td>") && !page.body.contains("<details class=\"fold\" open"), "{}", page.body);
    // After thirty days they are told no more.
    app.advance(SignedDuration::from_hours(30 * 24) - SignedDuration::from_mins(1));
    let page = inside(&app, USER).await.open("/office").await;
    assert!(page.says("： 1回、最後は 2026/01/20 10:03"), "{}", page.text());
    app.advance(SignedDuration::from_mins(2));
    assert!(!inside(&app, USER).await.open("/office").await.says("ログインできなかった記録"));
}

#[tokio::test]
async fn a_try_with_the_right_password_that_did_not_lead_in_is_pointed_out() {
    let app = TestApp::new();
    let user = app.office(USER).await;
    app.change_account(user, |account| account.suspended = true).await;
    app.browser().log_in(USER, PASSWORD).await;
    app.change_account(user, |account| account.suspended = false).await;
    for _ in 0..29 {
        app.advance(SignedDuration::from_mins(1));
        app.browser().log_in(USER, "wrong-Password-1").await;
    }
    // From a device that is not known, while those are refused.
    app.browser().log_in(USER, PASSWORD).await;
    // Whoever wants to bury that has to know the password.
    for _ in 0..24 {
        app.browser().log_in(USER, "wrong-Password-1").await;
    }
    app.advance(SignedDuration::from_hours(2));
    let page = inside(&app, USER).await.open("/office").await;
    assert!(page.says("正しいパスワードを入力したのに、ログインできなかった記録があります"), "{}", page.text());
    assert!(page.says("初めて使う端末からのログインの停止中"), "{}", page.text());
    assert!(page.body.contains("<a href=\"/office/user/password\">パスワードを変更</a>"), "{}", page.body);
    assert!(
        page.says("55回") && page.says("新しいものから20件") && page.body.contains("<details class=\"fold\" open"),
        "{}",
        page.text()
    );
    let now = app.clock.now();
    app.change_account(user, move |account| account.password_set = Some(now)).await;
    let page = inside(&app, USER).await.open("/office").await;
    assert!(
        page.says("55回") && !page.says("正しいパスワードを入力したのに"),
        "the password has been changed since: {}",
        page.text()
    );
}
