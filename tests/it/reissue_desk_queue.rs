//! The queue, its live count, and what one application shows.

use jiff::SignedDuration;
use uketsuke::ledger::Status;
use uketsuke::mail::transport::SendError;
use uketsuke::reissue::State;
use uketsuke::staff::Role;

use crate::support::browser::{Browser, Page};
use crate::support::desk::path;
use crate::support::reissue::NUMBER;
use crate::support::{TestApp, staff};

const OTHER: &str = "0770100010";

async fn house() -> (TestApp, Browser) {
    let mut app = TestApp::new();
    app.may_leave_mails = true;
    let browser = staff(&app, "受付", Role::Clerk, 7).await;
    (app, browser)
}

/// The control numbers that a list links to, in its order.
fn listed(page: &Page) -> Vec<String> {
    let mark = "href=\"/staff/applications/U";
    page.body.match_indices(mark).map(|(at, _)| page.body[at + mark.len() - 1..][..13].to_owned()).collect()
}

#[tokio::test]
async fn the_queue_shows_what_waits_oldest_first() {
    let (app, mut browser) = house().await;
    let key = app.in_ledger(7, NUMBER).await;
    let mut numbers = Vec::new();
    for state in [State::Inquiring, State::Received, State::Approved, State::UnderReview, State::Withdrawn] {
        numbers.push(app.in_state(key, state).await.number.to_string());
        app.advance(SignedDuration::from_secs(1));
    }
    let page = browser.get("/staff/applications").await;
    assert_eq!(page.title(), "再発行申請");
    assert_eq!(listed(&page), [&numbers[0], &numbers[1], &numbers[3]].map(Clone::clone));
    assert_eq!(listed(&browser.get("/staff/applications?order=new").await)[0], numbers[3]);
    assert_eq!(listed(&browser.get("/staff/applications?state=approved").await), [numbers[2].clone()]);
    assert_eq!(listed(&browser.get("/staff/applications?state=open").await), numbers[..4]);
    assert_eq!(listed(&browser.get("/staff/applications?state=all").await), numbers);
    assert_eq!(listed(&browser.get("/staff/applications?state=nonsense&page=x").await).len(), 3, "read without complaint");
}

#[tokio::test]
async fn the_queue_is_searched_by_control_number_office_number_and_name() {
    let (app, mut browser) = house().await;
    let (first, second) = (app.in_ledger(7, NUMBER).await, app.in_ledger(7, OTHER).await);
    app.change_entry(second, |entry| entry.name = "デイサービスひまわり".to_owned()).await;
    let one = app.in_state(first, State::Received).await.number.to_string();
    let two = app.in_state(second, State::Received).await.number.to_string();
    let closed = app.in_state(second, State::Rejected).await.number.to_string();
    for (typed, found) in [
        (one.as_str(), vec![&one]),
        ("u202601-000002", vec![&two]),
        ("000002", vec![&two]),
        (OTHER, vec![&two]),
        ("０７７０１−０００１０", vec![&two]),
        ("ひまわり", vec![&two]),
        ("ヒマワリ", vec![&two]),
        ("見つからない", vec![]),
    ] {
        let query = form_urlencoded::byte_serialize(typed.as_bytes()).collect::<String>();
        let page = browser.get(&format!("/staff/applications?q={query}")).await;
        assert_eq!(listed(&page), found.into_iter().cloned().collect::<Vec<_>>(), "{typed}");
    }
    let page = browser.get(&format!("/staff/applications?q={closed}")).await;
    assert!(page.says("この状態の申請には見つかりません") && page.says("すべての状態から探す（1件）"), "{}", page.text());
    let page = browser.get(&format!("/staff/applications?q={closed}&state=all")).await;
    assert_eq!(listed(&page), [closed]);
    let page = browser.get("/staff/applications?q=%22%3E%3Cscript%3E").await;
    assert!(!page.body.contains("\"><script>") && page.says("該当する申請はありません"));
}

#[tokio::test]
async fn an_empty_queue_says_so_and_a_long_one_has_pages() {
    let (app, mut browser) = house().await;
    assert!(browser.get("/staff/applications").await.says("未処理の申請はありません"));
    let key = app.in_ledger(7, NUMBER).await;
    let mut numbers = Vec::new();
    for _ in 0..30 {
        numbers.push(app.applied(key, None).await.number.to_string());
    }
    let page = browser.get("/staff/applications").await;
    assert_eq!((listed(&page), page.says("2ページ中1ページ目")), (numbers[..25].to_vec(), true));
    assert!(page.body.contains("/staff/applications?page=2"));
    assert_eq!(listed(&browser.get("/staff/applications?page=2").await), numbers[25..]);
    assert_eq!(listed(&browser.get("/staff/applications?page=99").await), numbers[25..], "the last page");
}

#[tokio::test]
async fn the_queue_flags_what_a_clerk_should_look_at_twice() {
    let (app, mut browser) = house().await;
    // 1999999999 fails both rules of the check digit.
    let (first, second) = (app.in_ledger(7, "1999999999").await, app.in_ledger(7, OTHER).await);
    app.change_entry(first, |entry| {
        entry.status = Status::Closed;
        entry.postal_code.clear();
    })
    .await;
    let one = app.in_state(first, State::Received).await;
    app.in_state(first, State::Received).await;
    app.in_state(second, State::Received).await;
    let page = browser.get("/staff/applications").await;
    for flag in ["台帳：廃止", "同じ事業所 ほか1件", "同じ通知先 ほか1事業所", "番号要確認", "郵便番号なし"]
    {
        assert!(page.says(flag), "{flag}: {}", page.text());
    }
    let page = browser.get(&path(one.number)).await;
    for sentence in [
        "台帳で 「 廃止 」",
        "同じ事業所の申請がほかに 1件",
        "ほかに 1 事業所",
        "検査数字が合いません",
        "に郵便番号または住所がありません",
    ] {
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        assert!(bare(&page.text()).contains(&bare(sentence)), "{sentence}: {}", page.text());
    }
    assert!(page.body.contains("value=\"take\""), "a ledger state never blocks");
    app.advance(SignedDuration::from_hours(24 * 8));
    let mut browser = staff(&app, "翌週", Role::Clerk, 7).await;
    let page = browser.get("/staff/applications").await;
    assert!(page.says("7日超過") && page.says("8日"), "{}", page.text());
}

#[tokio::test]
async fn the_live_count_speaks_only_when_something_has_changed() {
    let (app, mut browser) = house().await;
    let key = app.in_ledger(7, NUMBER).await;
    app.in_state(key, State::Received).await;
    let page = browser.get("/staff/applications").await;
    let at = page.body.find("data-hx-get=\"/staff/applications/count").unwrap() + "data-hx-get=\"".len();
    let address = page.body[at..].split('"').next().unwrap().replace("&amp;", "&");
    assert_eq!(browser.get(&address).await.location(), Some("/staff/applications"), "no page of its own");
    browser.headers = vec![("HX-Request".to_owned(), "true".to_owned()), ("X-Background".to_owned(), "1".to_owned())];
    let answer = browser.get(&address).await;
    assert_eq!((answer.status.as_u16(), answer.headers["vary"].to_str().unwrap()), (204, "HX-Request"));
    app.advance(SignedDuration::from_secs(20));
    app.in_state(key, State::Received).await;
    let answer = browser.get(&address).await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(answer.says("未処理 2 件") && answer.says("新しい申請が1件届きました"), "{}", answer.body);
    assert!(!answer.body.contains("<html"), "a fragment");
}

#[tokio::test]
async fn q30_the_live_count_does_not_keep_an_empty_desk_logged_in() {
    let (app, mut browser) = house().await;
    browser.get("/staff/applications").await;
    browser.headers = vec![("HX-Request".to_owned(), "true".to_owned()), ("X-Background".to_owned(), "1".to_owned())];
    for _ in 0..5 {
        app.advance(SignedDuration::from_mins(6));
        browser.get("/staff/applications/count").await;
    }
    assert!(browser.get("/staff/applications/count").await.location().is_some_and(|to| to.starts_with("/staff/login")));
}

#[tokio::test]
async fn one_application_shows_the_ledger_the_telephone_and_its_mails() {
    let (app, mut browser) = house().await;
    let key = app.in_ledger(7, NUMBER).await;
    app.change_entry(key, |entry| entry.telephone = "024-000-0001".to_owned()).await;
    app.with_account(key, &["notice@example.jp", "jigyousho@example.jp"]).await;
    let one = app.in_state(key, State::Received).await;
    let page = browser.get(&path(one.number)).await;
    assert!(page.body.contains("href=\"tel:0240000001\""));
    for text in
        ["送信待ち", "受領通知", "登録アドレスへの申請のお知らせ", "登録済みのアドレスと一致", "オンライン申請", "KJ071311111111"]
    {
        assert!(page.says(text), "{text}: {}", page.text());
    }
    app.run_jobs().await;
    assert!(browser.get(&path(one.number)).await.says("送信済"));
}

#[tokio::test]
async fn an_office_gone_from_the_ledger_is_told() {
    let (app, mut browser) = house().await;
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.applied(crate::support::reissue::office(7, OTHER), None).await;
    app.in_state(key, State::Received).await;
    assert!(browser.get("/staff/applications").await.says("台帳になし"));
    let page = browser.get(&path(one.number)).await;
    assert!(page.says("現在の台帳にありません") && page.says("相違"), "{}", page.text());
}

#[tokio::test]
async fn the_next_waiting_application_is_one_click_away() {
    let (app, mut browser) = house().await;
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::Received).await;
    app.advance(SignedDuration::from_secs(1));
    app.in_state(key, State::Inquiring).await;
    app.advance(SignedDuration::from_secs(1));
    let next = app.in_state(key, State::UnderReview).await;
    let page = browser.get(&path(one.number)).await;
    assert!(page.says(&format!("次の未処理の申請 {}", next.number)), "{}", page.text());
    assert!(!browser.get(&path(next.number)).await.says("次の未処理の申請"));
}

#[tokio::test]
async fn q43_a_mail_that_failed_is_shown_and_can_be_sent_again() {
    let app = TestApp::new();
    let mut browser = staff(&app, "受付", Role::Clerk, 7).await;
    let key = app.in_ledger(7, NUMBER).await;
    app.transport.fail_with(Some(SendError::Permanent { reason: "550 no such mailbox".to_owned() }));
    let one = app.in_state(key, State::Received).await;
    app.run_jobs().await;
    let page = browser.get(&path(one.number)).await;
    assert!(page.says("送信失敗") && page.says("550 no such mailbox"), "{}", page.text());
    let at = page.body.find("/mails/").unwrap() + "/mails/".len();
    let again = format!("{}/mails/{}", path(one.number), page.body[at..].split('"').next().unwrap());
    let mut other = staff(&app, "東京", Role::Admin, 13).await;
    other.get("/staff/applications").await;
    assert_eq!(other.post(&again, &[]).await.status.as_u16(), 404);
    app.transport.fail_with(None);
    assert!(app.take_mails().await.is_empty());
    let page = browser.submit(&again, &[]).await;
    assert!(page.says("再送待ち（1回失敗）") && !page.says("送信失敗"), "{}", page.text());
    assert_eq!(app.take_mails().await.len(), 1);
    let page = browser.submit(&again, &[]).await;
    assert!(page.says("送信済"), "a second time changes nothing: {}", page.text());
    let stranger = app.in_state(app.in_ledger(7, OTHER).await, State::Received).await;
    app.take_mails().await;
    let foreign = again.replace(&one.number.to_string(), &stranger.number.to_string());
    assert_eq!(browser.post(&foreign, &[]).await.status.as_u16(), 404, "a mail of another application");
}
