//! The mail server fails, the installation does not: what is accepted stays, staff see what became of each mail and why, and send it
//! again. Against a real SMTP server that misbehaves on order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use uketsuke::kernel::OfficeKey;
use uketsuke::mail::transport::{Options, Transport};
use uketsuke::reissue::{Application, State};
use uketsuke::staff::Role;

use crate::support::browser::{Browser, Page};
use crate::support::desk::path;
use crate::support::reissue::{CONTACT, NUMBER};
use crate::support::sink::{Mail, Mode, Setup, Sink};
use crate::support::{TestApp, staff};

const RECEIPT: &str = "ログイン情報再発行申請受領通知";

/// An installation whose mails go to this server, which has `patience` to take one.
fn town(sink: &Sink, patience: Duration) -> TestApp {
    let options = Options { timeout: patience, ..Options::default() };
    TestApp::over(Arc::new(Transport::with(sink.url().parse().unwrap(), options).unwrap()))
}

const LONG: Duration = Duration::from_secs(20);

async fn applied(app: &TestApp, key: OfficeKey) -> Application {
    let one = app.applied(key, Some(CONTACT)).await;
    app.run_jobs().await;
    assert_eq!(app.application(one.number).state, State::Received, "what was acknowledged stays");
    one
}

/// Where [再送] of the first failed mail on this page goes.
fn again(page: &Page) -> String {
    let at = page.body.find("/mails/").unwrap_or_else(|| panic!("no 再送 in {}", page.text()));
    let start = page.body[..at].rfind('"').unwrap() + 1;
    page.body[start..].split('"').next().unwrap().to_owned()
}

/// What the dashboard says of failed mails.
async fn failed_mails(clerk: &mut Browser) -> String {
    let text = clerk.get("/staff").await.text();
    let after = text.split("送れなかったメール").nth(1).expect("the dashboard counts them").trim_start();
    after.chars().take_while(char::is_ascii_digit).collect()
}

fn receipts(mails: &[Mail]) -> Vec<&Mail> {
    mails.iter().filter(|mail| mail.subject() == RECEIPT).collect()
}

#[tokio::test]
async fn q43_a_fault_that_passes_keeps_the_mail_waiting_with_its_reason_until_it_leaves_by_itself() {
    for (mode, patience, reason) in [
        (Mode::TempFail(Vec::new()), LONG, "451 4.7.1"),
        (Mode::Slow(Duration::from_secs(600)), Duration::from_millis(300), "時間内に応答がありませんでした"),
        (Mode::DropInData, LONG, "接続が切れました"),
        (Mode::RefuseSender, LONG, "差出人を受け付けませんでした(553"),
    ] {
        let sink = Sink::start(mode.clone());
        let app = town(&sink, patience);
        let key = app.in_ledger(7, NUMBER).await;
        let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
        let begun = Instant::now();
        let one = applied(&app, key).await;
        assert!(begun.elapsed() < Duration::from_secs(15), "{mode:?} held the lane for {:?}", begun.elapsed());
        let page = clerk.get(&path(one.number)).await;
        assert!(page.says("再送待ち（1回失敗）") && page.says(reason), "{mode:?}: {}", page.text());
        assert!(!page.body.contains("/mails/"), "{mode:?}: what waits needs no 再送");
        assert_eq!(failed_mails(&mut clerk).await, "0", "{mode:?}");
        sink.set(&Mode::Accept);
        app.run_jobs().await;
        assert!(sink.mails().is_empty(), "{mode:?}: tried again before its time");
        app.advance(SignedDuration::from_secs(31));
        app.run_jobs().await;
        assert_eq!(receipts(&sink.wait_for(1)).len(), 1, "{mode:?}");
        let page = clerk.get(&path(one.number)).await;
        assert!(page.says("送信済") && !page.says(reason), "{mode:?}: {}", page.text());
        app.advance(SignedDuration::from_hours(2));
        app.run_jobs().await;
        assert_eq!(sink.mails().len(), 1, "{mode:?}: sent once");
    }
}

#[tokio::test]
async fn q43_a_server_that_is_down_costs_nothing_but_time() {
    let sink = Sink::start(Mode::Accept);
    let (app, port) = (town(&sink, LONG), sink.port());
    drop(sink);
    let key = app.in_ledger(7, NUMBER).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let one = applied(&app, key).await;
    let page = clerk.get(&path(one.number)).await;
    assert!(page.says("再送待ち（1回失敗）") && page.says("メールサーバーに接続できませんでした"), "{}", page.text());
    for _ in 0..6 {
        app.advance(SignedDuration::from_mins(20));
        app.run_jobs().await;
    }
    let sink = Setup::default().port(port).start(Mode::Accept);
    app.advance(SignedDuration::from_hours(1));
    app.run_jobs().await;
    assert_eq!(sink.wait_for(1)[0].to, [CONTACT]);
    // Hours have passed: the first session is over.
    let mut clerk = staff(&app, "受付二", Role::Clerk, 7).await;
    assert!(clerk.get(&path(one.number)).await.says("送信済"));
}

#[tokio::test]
async fn q43_a_refusal_for_good_is_shown_counted_and_sent_again_exactly_once() {
    let reason = "メールサーバーが宛先を受け付けませんでした(550 5.1.1";
    let sink = Sink::start(Mode::Refuse(Vec::new()));
    let app = town(&sink, LONG);
    let key = app.in_ledger(7, NUMBER).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let one = applied(&app, key).await;
    let page = clerk.get(&path(one.number)).await;
    assert!(page.says("送信失敗") && page.says(reason), "{}", page.text());
    assert!(page.says("電話や書面でお知らせするか、原因がなくなってから再送してください"), "{}", page.text());
    assert_eq!(failed_mails(&mut clerk).await, "1");
    let button = again(&page);
    assert_eq!(clerk.post(&button, &[]).await.status.as_u16(), 303);
    app.run_jobs().await;
    let page = clerk.get(&path(one.number)).await;
    assert!(page.says("送信失敗") && page.says(reason), "still refused: {}", page.text());
    sink.set(&Mode::Accept);
    let clicks = (0..8).map(|_| {
        let (mut clerk, button) = (clerk.clone(), button.clone());
        tokio::spawn(async move { clerk.post(&button, &[]).await.status.as_u16() })
    });
    for click in clicks.collect::<Vec<_>>() {
        assert_eq!(click.await.unwrap(), 303);
    }
    app.run_jobs().await;
    assert_eq!(receipts(&sink.wait_for(1)).len(), 1);
    assert_eq!(failed_mails(&mut clerk).await, "0");
    assert!(clerk.get(&path(one.number)).await.says("送信済"));
    assert_eq!(clerk.post(&button, &[]).await.status.as_u16(), 303, "a click on a page from before");
    app.advance(SignedDuration::from_hours(2));
    app.run_jobs().await;
    assert_eq!(sink.mails().len(), 1, "once, however often 再送 was pressed");
}

#[tokio::test]
async fn q43_a_hang_up_after_acceptance_never_loses_a_mail() {
    let sink = Sink::start(Mode::HangupPolite);
    let app = town(&sink, LONG);
    let key = app.in_ledger(7, NUMBER).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let one = applied(&app, key).await;
    assert!(clerk.get(&path(one.number)).await.says("送信済"), "it had said yes");
    sink.set(&Mode::HangupSilent);
    let two = applied(&app, key).await;
    let page = clerk.get(&path(two.number)).await;
    assert!(page.says("再送待ち（1回失敗）") && page.says("受け渡しの途中で"), "{}", page.text());
    sink.set(&Mode::Accept);
    app.advance(SignedDuration::from_secs(31));
    app.run_jobs().await;
    let mails = sink.wait_for(3);
    let of_two: Vec<&Mail> = mails.iter().filter(|mail| mail.body.contains(&two.number.to_string())).collect();
    assert_eq!(of_two.len(), 2, "the server had kept it without saying so");
    assert_eq!(of_two[0].header("Message-ID"), of_two[1].header("Message-ID"), "so that the receiver can tell");
}

#[tokio::test]
async fn q43_after_48_hours_staff_decide() {
    let sink = Sink::start(Mode::TempFail(Vec::new()));
    let app = town(&sink, LONG);
    let key = app.in_ledger(7, NUMBER).await;
    let one = applied(&app, key).await;
    for _ in 0..49 {
        app.advance(SignedDuration::from_hours(1));
        app.run_jobs().await;
    }
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let page = clerk.get(&path(one.number)).await;
    assert!(page.says("送信失敗") && page.says("451 4.7.1"), "{}", page.text());
    assert_eq!(failed_mails(&mut clerk).await, "1");
    sink.set(&Mode::Accept);
    clerk.post(&again(&page), &[]).await;
    app.run_jobs().await;
    assert_eq!(sink.wait_for(1).len(), 1);
}

#[tokio::test]
async fn q43_the_visitor_is_told_what_to_do_when_the_code_does_not_leave() {
    let sink = Sink::start(Mode::TempFail(Vec::new()));
    let app = town(&sink, LONG);
    app.in_ledger(7, NUMBER).await;
    let mut browser = app.browser();
    assert_eq!(browser.apply(NUMBER, CONTACT).await.location(), Some("/reissue/code"), "no form waits for the mail server");
    assert!(browser.get("/reissue/code").await.says("メールを送信しています。"));
    app.run_jobs().await;
    for place in ["/reissue/code", "/reissue/code/delivery"] {
        let page = browser.get(place).await;
        assert!(
            page.says("まだ送信できていません。自動で送り直しています") && page.says("国保連合会へお電話ください"),
            "{}",
            page.text()
        );
        assert!(page.body.contains("every 4s"), "the page goes on asking");
    }
    sink.set(&Mode::Accept);
    app.advance(SignedDuration::from_secs(31));
    app.run_jobs().await;
    assert!(browser.get("/reissue/code").await.says("メールサーバーがこのメールを受け取りました"));
    let mail = sink.wait_for(1).remove(0);
    let code = mail
        .body
        .lines()
        .map(str::trim)
        .find(|line| line.len() == 4 && line.bytes().all(|b| b.is_ascii_digit()))
        .unwrap()
        .to_owned();
    assert_eq!(browser.post("/reissue/code", &[("code", &code)]).await.location(), Some("/reissue/check"));

    sink.set(&Mode::Refuse(Vec::new()));
    let mut second = app.browser();
    second.apply(NUMBER, "mistyped@example.jp").await;
    app.run_jobs().await;
    let page = second.get("/reissue/code").await;
    assert!(
        page.says("この宛先へのメールを受け付けませんでした。メールアドレスに誤りがないかお確かめください"),
        "{}",
        page.text()
    );

    sink.set(&Mode::TempFail(Vec::new()));
    let mut third = app.browser();
    third.apply(NUMBER, "third@example.jp").await;
    for _ in 0..8 {
        app.run_jobs().await;
        app.advance(SignedDuration::from_mins(5));
    }
    app.run_jobs().await;
    let page = third.get("/reissue/code").await;
    assert!(page.says("有効期間内に送信できませんでした。再送のボタンを押して"), "{}", page.text());
    sink.set(&Mode::Accept);
    app.advance(SignedDuration::from_hours(1));
    app.run_jobs().await;
    assert_eq!(sink.mails().len(), 1, "no code leaves that works no more");
    assert_eq!(third.post("/reissue/code/resend", &[]).await.location(), Some("/reissue/code"));
    app.run_jobs().await;
    assert_eq!(sink.wait_for(2)[1].to, ["third@example.jp"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn q43_forty_dead_addresses_do_not_hold_up_the_mails_of_others() {
    let dead: Vec<String> = (0..40).map(|n| format!("dead{n}@dead.example.jp")).collect();
    let sink = Sink::start(Mode::TempFail(dead.clone()));
    let mut app = town(&sink, LONG);
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let mut lanes = app.app.runner().start(&stopping, &app.app.front.alive);
    for address in &dead {
        app.applied(key, Some(address)).await;
    }
    for n in 0..10 {
        app.applied(key, Some(&format!("live{n}@example.jp"))).await;
    }
    let taken = sink.wait_for(10);
    assert!(taken.iter().all(|mail| mail.to[0].starts_with("live")));
    stop.send(true).unwrap();
    while lanes.join_next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn q43_a_server_that_hangs_costs_each_mail_its_time_and_no_request_any() {
    let sink = Sink::start(Mode::Slow(Duration::from_secs(600)));
    let mut app = town(&sink, Duration::from_millis(200));
    app.may_leave_mails = true;
    let key = app.in_ledger(7, NUMBER).await;
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let mut lanes = app.app.runner().start(&stopping, &app.app.front.alive);
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let mut last = None;
    for _ in 0..12 {
        last = Some(app.applied(key, Some(CONTACT)).await);
    }
    // Pages are answered while the lane waits for the server.
    assert_eq!(clerk.get(&path(last.unwrap().number)).await.status.as_u16(), 200);
    stop.send(true).unwrap();
    let begun = Instant::now();
    while lanes.join_next().await.is_some() {}
    assert!(begun.elapsed() < Duration::from_secs(15), "12 mails over 4 connections took {:?}", begun.elapsed());
}
