//! Attacks of a clerk of another prefecture: ids of 13 in the fields, searches and lists of 07.

use uketsuke::kernel::{Id, UserId};
use uketsuke::reissue::State;
use uketsuke::routes::{Who, rows};
use uketsuke::staff::Role;

use crate::security_matrix::take_token;
use crate::support::browser::Browser;
use crate::support::desk::{action, shown};
use crate::support::staff;
use crate::support::world::{SHARED, Things, World, dump, with_portal_token};

async fn admin(world: &World) -> Browser {
    staff(&world.app, "福島の管理者", Role::Admin, 7).await
}

fn tells(things: &Things, body: &str) -> Vec<String> {
    things.names.iter().filter(|name| body.contains(name.as_str())).cloned().collect()
}

#[tokio::test]
async fn q41_no_list_search_or_count_tells_of_another_federation() {
    let world = World::new().await;
    let mut browser = admin(&world).await;
    let (own, foreign) = (&world.at07, &world.at13);
    let mut operator = staff(&world.app, "福島の運営", Role::Operator, 7).await;
    let of_operators = rows().into_iter().filter(|row| row.method == "GET" && row.who == Who::Staff(Role::Operator));
    for path in of_operators.map(|row| own.path(row.path)).chain(["/staff/portal?state=all".to_owned()]) {
        let page = operator.open(&path).await;
        assert_eq!(page.status.as_u16(), 200, "{path}");
        assert!(tells(foreign, &page.body).is_empty() && !tells(own, &page.body).is_empty(), "{path}: {}", page.text());
    }
    let mut pages: Vec<String> = rows()
        .iter()
        .filter(|row| row.method == "GET" && matches!(row.who, Who::Staff(_) | Who::AnyStaff))
        .filter(|row| row.who != Who::Staff(Role::Operator))
        .map(|row| own.path(row.path))
        .collect();
    for list in ["waiting", "printed", "posted", "returned", "expired", "completed", "withdrawn"] {
        pages.push(format!("/staff/letters?list={list}"));
    }
    for state in ["all", "open", "under_review", "printed", "approved"] {
        pages.push(format!("/staff/applications?state={state}"));
    }
    // The shared number leads to one's own office with one's own applications, letters and history.
    pages.push(format!("/staff/ledger/{SHARED}"));
    pages.push(format!("/staff/applications/new?q={SHARED}"));
    let mut told = 0;
    for path in &pages {
        let page = browser.open(path).await;
        assert_eq!(page.status.as_u16(), 200, "{path}");
        assert_eq!(tells(foreign, &page.body), Vec::<String>::new(), "{path}");
        told += tells(own, &page.body).len();
    }
    assert!(told > pages.len(), "the pages do tell of one's own: {told}");

    for name in &foreign.names {
        for path in ["/staff/applications?state=all&q=", "/staff/ledger?q=", "/staff/applications/new?q="] {
            let typed: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
            let page = browser.open(&format!("{path}{typed}")).await;
            let others: Vec<String> = tells(foreign, &page.body).into_iter().filter(|found| found != name).collect();
            assert_eq!(others, Vec::<String>::new(), "{path}{name}: what was searched is shown again and nothing else");
            assert!(!page.body.contains(&format!("/{name}\"")), "{path}{name}: a link to it");
        }
    }
}

#[tokio::test]
async fn q41_the_history_of_a_number_in_two_ledgers_stays_apart() {
    let world = World::new().await;
    let mut tokyo = staff(&world.app, "東京の管理者", Role::Admin, 13).await;
    let path = format!("/staff/ledger/{SHARED}");
    tokyo.open(&path).await;
    let page = tokyo.submit(&format!("{path}/disable-password"), &[("reason", "東京だけの理由")]).await;
    assert!(page.says("東京だけの理由") || page.says("パスワードを無効にしました"), "{}", page.text());
    let page = admin(&world).await.open(&path).await;
    assert!(!page.says("東京だけの理由") && !page.says("パスワード無効"), "{}", page.text());
    assert!(!world.app.account(UserId::of(world.at07.office)).password_disabled);
}

#[tokio::test]
async fn q41_numbers_of_another_federation_in_fields_are_as_good_as_none() {
    let world = World::new().await;
    let mut browser = admin(&world).await;
    let (own, foreign) = (&world.at07, &world.at13);

    // 発送済: a number of the other federation and one that was never given out get the same sentence.
    take_token(&mut browser, "/staff").await;
    let before = dump(&world.app);
    let mut answers = Vec::new();
    for number in [foreign.letter_number.as_str(), "202601-999999-01"] {
        let page = browser.post("/staff/letters/posting", &[("numbers", number), ("on", "2026/01/20")]).await;
        assert_eq!(page.status.as_u16(), 422);
        answers.push(page.text().replace(number, "…"));
    }
    assert_eq!(answers[0], answers[1]);

    // 窓口受付 for an office of the other ledger.
    let number = foreign.only_here.number.to_string();
    let fields = [
        ("office", number.as_str()),
        ("channel", "post"),
        ("note", "本人確認済"),
        ("form", &Id::from_bytes([3; 16]).to_string()),
    ];
    assert_eq!(browser.post("/staff/applications/new", &fields).await.status.as_u16(), 422);

    // A mail of theirs, asked for under an application of one's own.
    let path = format!("/staff/applications/{}/mails/{}", own.application.number, foreign.mail);
    assert_eq!(browser.post(&path, &[]).await.status.as_u16(), 404);

    // An approval of one's own that is to reject theirs as a duplicate; and a form whose path and field differ.
    let (mine, theirs) = (shown(&own.application), shown(&foreign.application));
    let fields =
        [("move", "approve"), ("shown", mine.as_str()), ("duplicate_1", theirs.as_str()), ("duplicate_sentence", "重複です")];
    assert_eq!(browser.post(&action(own.application.number, "approve"), &fields).await.status.as_u16(), 404);
    let fields = [("move", "approve"), ("shown", theirs.as_str())];
    assert_eq!(browser.post(&action(own.application.number, "approve"), &fields).await.status.as_u16(), 400);

    // Another federation's desk.
    assert_eq!(browser.post("/staff/federation", &[("prefecture", "13")]).await.status.as_u16(), 404);
    assert_eq!(dump(&world.app), before, "not one row has changed");
}

#[tokio::test]
async fn q41_a_print_orders_nothing_of_another_federation_even_under_its_own_token() {
    let world = World::new().await;
    let mut browser = admin(&world).await;
    let foreign = &world.at13;
    take_token(&mut browser, "/staff").await;
    let (letter, application) = (foreign.letter.to_string(), foreign.application.number.to_string());
    // The token of their printing: nothing is printed, and nothing of it is shown.
    let before = dump(&world.app);
    let page = browser.submit("/staff/letters/print", &[("token", &foreign.batch), ("choice", &letter)]).await;
    assert_eq!((page.status.as_u16(), tells(foreign, &page.body)), (404, Vec::new()));
    assert_eq!(dump(&world.app), before);
    // A token of one's own: the batch is one's own and empty, and says of the other's things only what was sent.
    let token = Id::new(&world.app.app.random).to_string();
    let fields = [("token", token.as_str()), ("choice", &letter), ("choice", &application)];
    let ordered = browser.post("/staff/letters/print", &fields).await;
    world.app.run_jobs().await;
    let page = browser.open(ordered.location().unwrap()).await;
    assert!(page.says("印刷できる通知書がありませんでした"), "{}", page.text());
    let told: Vec<String> =
        tells(foreign, &page.body).into_iter().filter(|name| *name != letter && *name != application).collect();
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(world.app.application(foreign.application.number).state, State::UnderReview);
}

/// What a form sends as an id may be anything.
#[tokio::test]
async fn ids_that_are_none_are_not_found_and_never_an_error_of_ours() {
    let world = World::new().await;
    let mut browser = with_portal_token(&world.app).with_cookies(&admin(&world).await);
    let odd = [
        "x",
        "0",
        "-1",
        "%00",
        "%FF%FE",
        "..%2F..",
        "a%0D%0Ab",
        "U202601000001%00",
        &"9".repeat(3_000),
        "%F0%9F%92%A9",
        "'--",
        "%3Cb%3E",
    ];
    for row in rows().iter().filter(|row| row.path.contains(':')) {
        for part in odd {
            let path: Vec<String> = row
                .path
                .split('/')
                .map(|piece| if piece.starts_with(':') { part.to_owned() } else { piece.to_owned() })
                .collect();
            let path = path.join("/");
            let page = if row.method == "GET" {
                browser.get(&path).await
            } else {
                take_token(&mut browser, &path).await;
                browser.post(&path, &[]).await
            };
            let status = page.status.as_u16();
            assert!([303, 400, 403, 404].contains(&status), "{} {path}: {status}", row.method);
            assert!(!page.body.contains("<b>"), "{path}");
        }
    }
}
