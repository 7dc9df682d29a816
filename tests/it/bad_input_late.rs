//! Forms that come when nobody is logged in any more: what was typed is shown again to whoever typed it, and nothing is done by itself.

use jiff::SignedDuration;
use uketsuke::kernel::Prefecture;
use uketsuke::letters::Offices;
use uketsuke::reissue::State;
use uketsuke::routes::rows;
use uketsuke::staff::{Role, Scope};

use crate::letters_print::{issue, letter_of, offices, print_all, queue};
use crate::support::TestApp;
use crate::support::browser::{Browser, Page};
use crate::support::desk::{action, path, shown};
use crate::support::reissue::{CONTACT, NUMBER};
use crate::support::staff::{Member, enrol, log_in};

const TOLD: &str = "入力した内容を確認して、もう一度ボタンを押してください";
const NEW: &str = "/staff/applications/new";

async fn member(app: &TestApp, name: &str) -> Member {
    enrol(app, name, Role::Approver, Scope::One(Prefecture::new(7).unwrap())).await
}

/// Somebody's browser, logged in.
async fn seat(app: &TestApp, member: &Member) -> Browser {
    let mut browser = app.browser();
    assert_eq!(log_in(app, &mut browser, member).await.location(), Some("/staff"));
    browser
}

/// Longer than a session lives without use, and shorter than a form is kept.
fn pass_idle(app: &TestApp) {
    app.advance(SignedDuration::from_hours(2));
}

/// A slip for the window, as its screen sends it.
fn slip(browser_page: &Page) -> Vec<(&'static str, String)> {
    let form = browser_page.value("form").unwrap();
    [
        ("office", NUMBER),
        ("form", &form),
        ("channel", "telephone"),
        ("name", "さくらの里 <本館>"),
        ("telephone", "024-555-0101"),
        ("contact", CONTACT),
        ("contact_again", CONTACT),
        ("note", "施設長の佐藤様、台帳の電話番号へ折り返し"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

async fn send(browser: &mut Browser, to: &str, fields: &[(&'static str, String)]) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post(to, &fields).await
}

fn applications(app: &TestApp) -> usize {
    app.app.store.read(|r| uketsuke::reissue::of_office(r, crate::support::reissue::office(7, NUMBER), 50)).unwrap().len()
}

#[tokio::test]
async fn a_slip_typed_past_the_time_out_comes_back_filled_after_the_login_and_is_entered_by_a_button_only() {
    let app = TestApp::new();
    app.in_ledger(7, NUMBER).await;
    let person = member(&app, "受付").await;
    let mut browser = seat(&app, &person).await;
    let page = browser.get(&format!("{NEW}?q={NUMBER}")).await;
    let fields = slip(&page);
    pass_idle(&app);
    let before = app.app.store.counts().written;
    assert_eq!(send(&mut browser, NEW, &fields).await.location(), Some("/staff/login?notice=form"));
    let page = browser.get("/staff/login?notice=form").await;
    assert!(page.says("まだ登録されていません") && page.says("30分以内に同じ職員名でログイン"), "{}", page.text());
    assert!(!page.body.contains("佐藤"), "what was typed is shown to nobody before the login");
    assert_eq!(app.app.store.counts().written, before);
    let page = log_in(&app, &mut browser, &person).await;
    assert_eq!(page.location(), Some(NEW));
    let page = browser.get(NEW).await;
    assert!(page.status == 200 && page.says(TOLD), "{}", page.text());
    for (name, value) in &fields {
        if *name == "note" {
            assert!(page.body.contains(&format!("{value}</textarea>")), "{}", page.body);
        } else if *name != "channel" {
            assert_eq!(page.value(name).as_ref(), Some(value), "{name}");
        }
    }
    assert!(page.body.contains("value=\"telephone\" checked"), "{}", page.body);
    assert_eq!(applications(&app), 0, "nothing is entered by itself");
    assert!(!browser.clone().get(NEW).await.says(TOLD), "it is shown once");
    let page = send(&mut browser, NEW, &fields).await;
    assert!(page.location().is_some_and(|place| place.ends_with("?done=entered")), "{}", page.text());
    assert_eq!(applications(&app), 1);
    app.take_mails().await;
}

#[tokio::test]
async fn what_was_typed_about_an_application_comes_back_after_a_logout_in_another_window() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    let other = app.in_state(key, State::Received).await;
    app.take_mails().await;
    let person = member(&app, "承認者").await;
    let (word, other_word) = (shown(&one), shown(&other));
    let cases: [(&str, &[(&str, &str)]); 4] = [
        ("inquire", &[("inquire_reason", "other"), ("inquire_text", "封筒を<同封>"), ("inquire_until", "2026-01-29")]),
        ("reject", &[("reject_reason", "ledger"), ("reject_sentence", "一致しませんでした&確認")]),
        ("withdraw", &[("withdraw_note", "申し出による取下げ")]),
        ("approve", &[("duplicate_1", &other_word), ("duplicate_sentence", "重複のためこちらは却下")]),
    ];
    for (mv, typed) in cases {
        app.advance(SignedDuration::from_mins(1));
        let mut browser = seat(&app, &person).await;
        browser.get(&path(one.number)).await;
        let mut second = browser.clone();
        second.get("/staff").await;
        assert_eq!(second.post("/staff/logout", &[]).await.status, 303);
        // One browser has one set of cookies.
        browser.cookies = second.cookies.clone();
        let fields: Vec<(&str, &str)> =
            [("move", mv), ("shown", word.as_str())].into_iter().chain(typed.iter().copied()).collect();
        assert_eq!(browser.post(&action(one.number, mv), &fields).await.location(), Some("/staff/login?notice=form"), "{mv}");
        app.advance(SignedDuration::from_mins(1));
        assert_eq!(log_in(&app, &mut browser, &person).await.location(), Some(path(one.number).as_str()), "{mv}");
        let page = browser.get(&path(one.number)).await;
        assert!(page.status == 200 && page.says(TOLD), "{mv}: {}", page.text());
        for (name, value) in typed {
            let escaped = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let there =
                [format!("{escaped}</textarea>"), format!("value=\"{escaped}\"")].iter().any(|one| page.body.contains(one));
            assert!(there, "{mv} {name}: {}", page.body);
        }
        assert_eq!(app.application(one.number), one, "{mv}: nothing is done by itself");
    }
    let page = {
        app.advance(SignedDuration::from_mins(1));
        let mut browser = seat(&app, &person).await;
        browser.make(&one, "approve", &[("duplicate_1", &other_word), ("duplicate_sentence", "重複")]).await
    };
    assert_eq!(page.status, 303, "{}", page.text());
    app.take_mails().await;
}

#[tokio::test]
async fn a_form_of_the_login_before_is_shown_again_to_whoever_has_logged_in_since() {
    let app = TestApp::new();
    app.in_ledger(7, NUMBER).await;
    let person = member(&app, "受付").await;
    let mut browser = seat(&app, &person).await;
    let page = browser.get(&format!("{NEW}?q={NUMBER}")).await;
    let mut second = browser.clone();
    second.get("/staff").await;
    second.post("/staff/logout", &[]).await;
    app.advance(SignedDuration::from_mins(1));
    log_in(&app, &mut second, &person).await;
    browser.cookies = second.cookies.clone();
    let page = send(&mut browser, NEW, &slip(&page)).await;
    assert_eq!(page.location(), Some(NEW), "{}", page.text());
    let page = browser.get(NEW).await;
    assert!(page.says(TOLD) && page.says("施設長の佐藤様"), "{}", page.text());
    assert_eq!(applications(&app), 0);
}

#[tokio::test]
async fn nobody_else_finds_what_was_typed_and_nobody_leaves_anything_for_others() {
    let app = TestApp::new();
    app.in_ledger(7, NUMBER).await;
    let (person, other) = (member(&app, "受付").await, member(&app, "別の人").await);
    let mut browser = seat(&app, &person).await;
    let page = browser.get(&format!("{NEW}?q={NUMBER}")).await;
    let mut fields = slip(&page);
    fields.push(("_csrf", browser.csrf().to_owned()));
    pass_idle(&app);

    // The same form out of another browser, and out of one that has drawn nothing for anybody.
    let mut stranger = app.browser();
    stranger.get("/staff/login").await;
    for fields in [fields.clone(), slip(&page), [slip(&page), vec![("_csrf", "1.x".to_owned())]].concat()] {
        send(&mut stranger, NEW, &fields).await;
        assert!(!stranger.get("/staff/login?notice=form").await.says("30分以内に"), "nothing is kept");
    }
    // From another site.
    let mut forged = browser.clone();
    forged.headers.push(("origin".to_owned(), "https://elsewhere.example".to_owned()));
    send(&mut forged, NEW, &fields).await;
    assert!(!forged.get("/staff/login?notice=form").await.says("30分以内に"));

    // Somebody else logs in with this browser: it is gone for both.
    send(&mut browser, NEW, &fields).await;
    assert!(browser.get("/staff/login?notice=form").await.says("30分以内に"));
    let mut shared = browser.clone();
    assert_eq!(log_in(&app, &mut shared, &other).await.location(), Some("/staff"));
    assert!(!shared.get(NEW).await.says("佐藤"));
    assert_eq!(log_in(&app, &mut browser, &person).await.location(), Some("/staff"));
    assert!(!browser.get(NEW).await.says("佐藤"));

    // Too late.
    app.advance(SignedDuration::from_mins(1));
    let mut late = browser.clone();
    log_in(&app, &mut late, &person).await;
    late.get(&format!("{NEW}?q={NUMBER}")).await;
    let token = late.csrf().to_owned();
    fields.iter_mut().for_each(|(name, value)| {
        if *name == "_csrf" {
            value.clone_from(&token)
        }
    });
    pass_idle(&app);
    send(&mut late, NEW, &fields).await;
    let mut in_time = late.clone();
    app.advance(SignedDuration::from_mins(29));
    assert_eq!(log_in(&app, &mut in_time, &person).await.location(), Some(NEW));
    app.advance(SignedDuration::from_mins(1));
    assert_eq!(log_in(&app, &mut late, &person).await.location(), Some("/staff"));
    assert!(!late.get(NEW).await.says("佐藤"));
}

#[tokio::test]
async fn every_form_of_the_desk_in_which_something_is_typed_is_kept() {
    let app = TestApp::new();
    let key = offices(&app, 2).await[0];
    issue(&app, Offices::AllNew).await;
    let person = member(&app, "通知書").await;
    let mut browser = seat(&app, &person).await;
    let (choices, token) = queue(&browser.open("/staff/letters").await);
    let ticked = choices[1].clone();
    let number = print_all(&app, &mut browser).await.remove(0).number;
    issue(&app, Offices::AllNew).await;
    let letter = letter_of(&app, key).id;
    let page = browser.open("/staff/letters").await;
    let at = page.body.find("/letters/batches/").expect("a batch") + "/letters/batches/".len();
    let batch = page.body[at..].split('"').next().unwrap().to_owned();
    app.office(&format!("KJ07{NUMBER}")).await;
    let (one, ledger) = (format!("/staff/letters/{letter}"), format!("/staff/ledger/{NUMBER}"));
    let batch = format!("/staff/letters/batches/{batch}");
    let posting = "/staff/letters/posting".to_owned();
    let cases = [
        (&one, format!("{one}/reprint"), vec![("reason", "用紙の汚れ")]),
        (&one, format!("{one}/return"), vec![("note", "宛先不明の付箋")]),
        (&batch, format!("{batch}/again"), vec![("reason", "紙詰まりのため")]),
        (
            &posting,
            posting.clone(),
            vec![("numbers", "202601-000099-01 12345"), ("on", "2026/1/19"), ("ticked", number.as_str())],
        ),
        (&ledger, format!("{ledger}/postal-code"), vec![("postal_code", "960-803")]),
        (&ledger, format!("{ledger}/disable-password"), vec![("reason", "漏えいのおそれ")]),
    ];
    for (screen, to, typed) in cases {
        app.advance(SignedDuration::from_mins(1));
        let mut browser = seat(&app, &person).await;
        browser.get(screen).await;
        pass_idle(&app);
        let mut fields = typed.clone();
        fields.push(("token", &token));
        assert_eq!(browser.post(&to, &fields).await.location(), Some("/staff/login?notice=form"), "{to}");
        assert_eq!(log_in(&app, &mut browser, &person).await.location(), Some(screen.as_str()), "{to}");
        let before = app.app.store.counts().written;
        let page = browser.get(screen).await;
        assert!(page.status == 200 && page.says(TOLD), "{to}: {}", page.text());
        for (name, value) in typed.iter().filter(|(name, _)| *name != "ticked") {
            let there = [format!("{value}</textarea>"), format!("value=\"{value}\"")].iter().any(|one| page.body.contains(one));
            assert!(there, "{to} {name}: {}", page.text());
        }
        assert_eq!(app.app.store.counts().written, before, "{to}");
    }
    // The print queue keeps its ticks.
    app.advance(SignedDuration::from_mins(1));
    let mut browser = seat(&app, &person).await;
    browser.get("/staff/letters").await;
    pass_idle(&app);
    let fields = [("token", token.as_str()), ("page", "1"), ("choice", ticked.as_str())];
    browser.post("/staff/letters/print", &fields).await;
    assert_eq!(log_in(&app, &mut browser, &person).await.location(), Some("/staff/letters"));
    assert!(browser.get("/staff/letters").await.says(TOLD));
}

#[test]
fn every_row_of_the_desk_in_which_something_is_typed_says_where_it_is_shown_again() {
    let table = rows();
    for row in table.iter().filter(|row| row.method.as_str() == "POST") {
        let typed = row.path.starts_with("/staff/") && !["login", "enrol"].iter().any(|one| row.path.contains(one));
        let button = table.iter().find(|other| other.path == "/staff/session").unwrap().limit == row.limit;
        assert_eq!(row.shown_at.is_some(), typed && !button, "{}", row.path);
        if let Some(screen) = row.shown_at {
            assert!(row.path.starts_with(screen), "{}: the screen is the beginning of its address", row.path);
            assert!(table.iter().any(|other| other.path == screen && other.method.as_str() == "GET"), "{}", row.path);
        }
    }
}

#[tokio::test]
async fn words_typed_for_a_move_that_somebody_else_made_impossible_are_still_to_be_read() {
    let app = TestApp::new();
    let key = app.in_ledger(7, NUMBER).await;
    let one = app.in_state(key, State::UnderReview).await;
    let (mut first, mut second) =
        (seat(&app, &member(&app, "一人目").await).await, seat(&app, &member(&app, "二人目").await).await);
    second.get(&path(one.number)).await;
    assert_eq!(first.make(&one, "withdraw", &[("withdraw_note", "申し出")]).await.status, 303);
    let typed = [("inquire_reason", "other"), ("inquire_text", "返信用封筒を\nお送りください"), ("inquire_until", "2026-01-29")];
    let page = second.send_move(&one, "inquire", &typed).await;
    assert_eq!(page.status, 409);
    assert!(page.says("「照会する」に入力していた内容") && page.says("返信用封筒を お送りください"), "{}", page.text());
    app.take_mails().await;
}
