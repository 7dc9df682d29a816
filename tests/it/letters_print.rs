//! Printing: passwords are made with the paper, a form prints once, the PDF is handed out once.

use uketsuke::accounts::{self, Kind};
use uketsuke::audit::{self, Actor};
use uketsuke::kernel::{OfficeKey, OfficeNumber, Prefecture, Secret, UserId};
use uketsuke::ledger::{self, Entry};
use uketsuke::letters::{self, Issued, Letter, Offices, State};
use uketsuke::staff::Role;
use uketsuke::store::{Store, StoreOptions};

use crate::support::browser::{Browser, Page};
use crate::support::{TestApp, pdf, staff};

pub fn key(prefecture: u8, number: &str) -> OfficeKey {
    OfficeKey::new(Prefecture::new(prefecture).unwrap(), OfficeNumber::parse(number).unwrap())
}

/// Offices in the ledger of 07 that letters can reach.
pub async fn offices(app: &TestApp, count: u32) -> Vec<OfficeKey> {
    let keys: Vec<OfficeKey> = (1..=count).map(|n| key(7, &format!("0770{n:06}"))).collect();
    let entries: Vec<Entry> = keys
        .iter()
        .map(|key| Entry {
            postal_code: "960-0001".to_owned(),
            address: "福島県福島市見本町1番地".to_owned(),
            ..Entry::new(*key, &format!("見本事業所{}", key.number))
        })
        .collect();
    app.write(move |tx| entries.iter().try_for_each(|entry| ledger::put(tx, entry))).await;
    keys
}

/// `account issue` for all offices of 07.
pub async fn issue(app: &TestApp, offices: Offices) -> Issued {
    let house = app.app.clone();
    let work = move || {
        let who = (&house.clock, &house.random);
        let fukushima = Prefecture::new(7).unwrap();
        letters::issue(&house.store, who, &Actor::Console, fukushima, &offices, Kind::New, &mut |done, all| {
            assert!(done <= all);
        })
    };
    tokio::task::spawn_blocking(work).await.unwrap().unwrap()
}

pub fn letter_of(app: &TestApp, office: OfficeKey) -> Letter {
    app.app.store.read(|r| letters::of_office(r, office)).unwrap().remove(0)
}

/// The values of all boxes named `choice`, and the token of the form.
pub fn queue(page: &Page) -> (Vec<String>, String) {
    let choices = page.body.split("name=\"choice\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    (choices.collect(), page.value("token").unwrap_or_default())
}

/// Prints all that waits and fetches the PDF.
pub async fn print_all(app: &TestApp, clerk: &mut Browser) -> Vec<pdf::Printed> {
    let page = clerk.open("/staff/letters").await;
    let (choices, token) = queue(&page);
    let mut fields = vec![("token", token.as_str())];
    fields.extend(choices.iter().map(|choice| ("choice", choice.as_str())));
    let page = clerk.post("/staff/letters/print", &fields).await;
    fetch(app, clerk, page).await
}

/// Lets the press run after an order, and fetches its PDF.
pub async fn fetch(app: &TestApp, clerk: &mut Browser, ordered: Page) -> Vec<pdf::Printed> {
    let batch = ordered.location().unwrap_or_else(|| panic!("{}", ordered.text())).to_owned();
    app.run_jobs().await;
    let page = clerk.open(&batch).await;
    assert!(page.says("PDFができました"), "{}", page.text());
    let page = clerk.post(&format!("{batch}/pdf"), &[]).await;
    assert_eq!(page.headers["content-type"], "application/pdf", "{}", page.text());
    assert_eq!(page.headers["cache-control"], "no-store");
    assert!(page.headers["content-disposition"].to_str().unwrap().starts_with("attachment;"));
    pdf::letters(&page.bytes)
}

fn opens(app: &TestApp, user_id: UserId, password: &str) -> bool {
    let account = app.account(user_id);
    account
        .live_temporary(app.clock.now())
        .is_some_and(|temporary| temporary.matches(&app.app.keys, user_id, &Secret::new(password.to_owned())))
}

#[tokio::test]
async fn q26_the_password_on_the_paper_opens_the_account_until_the_day_it_names() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let printed = print_all(&app, &mut clerk).await;
    assert_eq!(printed.len(), 1);
    let user_id = UserId::of(office);
    assert_eq!(printed[0].user_id, user_id.to_string());
    assert!(opens(&app, user_id, &printed[0].password));
    // Printed on January 20: 30 days, to the end of the last one.
    assert!(printed[0].text.replace(' ', "").contains("令和08年02月19日"), "{}", printed[0].text);
    app.advance("2026-02-19T14:59:59Z".parse::<jiff::Timestamp>().unwrap().duration_since(app.clock.now()));
    assert!(opens(&app, user_id, &printed[0].password));
    app.advance(jiff::SignedDuration::from_secs(1));
    assert!(!opens(&app, user_id, &printed[0].password));
}

#[tokio::test]
async fn q27_the_password_is_nowhere_but_on_the_paper() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("uketsuke.redb");
    let app = TestApp::on(Store::open(&file, StoreOptions::default()).unwrap(), |_| {});
    let office = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let printed = print_all(&app, &mut clerk).await.remove(0);
    let letter = letter_of(&app, office);
    let stored = format!("{:?} {:?} {letter:?}", app.account(UserId::of(office)), app.app.press());
    assert!(!stored.contains(&printed.password));
    let log = app.app.store.read(|r| audit::in_prefecture(r, office.prefecture, None, 100)).unwrap();
    assert!(log.iter().any(|entry| entry.action == "letter.print"));
    assert!(!format!("{log:?}").contains(&printed.password));
    for path in ["/staff/letters?list=printed".to_owned(), format!("/staff/letters/{}", letter.id)] {
        assert!(!clerk.open(&path).await.body.contains(&printed.password));
    }
    // The raw file, with all pages that were ever written: what is stored in the clear is found, the password is not.
    let raw = std::fs::read(&file).unwrap();
    let holds = |text: &str| raw.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("letter.print") && holds("見本事業所"), "the search sees what the file holds");
    assert!(!holds(&printed.password));
}

#[tokio::test]
async fn a_print_form_works_once() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let (choices, token) = queue(&clerk.open("/staff/letters").await);
    let fields = [("token", token.as_str()), ("choice", choices[0].as_str())];
    let first = clerk.post("/staff/letters/print", &fields).await;
    let second = clerk.post("/staff/letters/print", &fields).await;
    assert_eq!(first.location(), second.location());
    app.run_jobs().await;
    let third = clerk.post("/staff/letters/print", &fields).await;
    assert_eq!(first.location(), third.location());
    app.run_jobs().await;
    assert_eq!(letter_of(&app, office).number.unwrap().branch, 1);
}

#[tokio::test]
async fn two_forms_with_the_same_letter_print_it_once() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let (choices, one) = queue(&clerk.open("/staff/letters").await);
    let (_, two) = queue(&clerk.open("/staff/letters").await);
    assert_ne!(one, two);
    for token in [&one, &two] {
        clerk.post("/staff/letters/print", &[("token", token.as_str()), ("choice", choices[0].as_str())]).await;
    }
    app.run_jobs().await;
    assert_eq!(letter_of(&app, office).number.unwrap().branch, 1);
    let mut left_out = 0;
    for token in [&one, &two] {
        let page = clerk.open(&format!("/staff/letters/batches/{token}")).await;
        left_out += u32::from(page.says("印刷しなかったものが1件あります"));
    }
    assert_eq!(left_out, 1, "whichever came second prints nothing and says so");
}

#[tokio::test]
async fn the_pdf_is_handed_out_once_and_to_its_own_federation_only() {
    let app = TestApp::new();
    offices(&app, 1).await;
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let mut stranger = staff(&app, "他県", Role::Admin, 13).await;
    let (choices, token) = queue(&clerk.open("/staff/letters").await);
    clerk.post("/staff/letters/print", &[("token", &token), ("choice", &choices[0])]).await;
    app.run_jobs().await;
    let batch = format!("/staff/letters/batches/{token}");
    stranger.open("/staff/letters").await;
    assert_eq!(stranger.get(&batch).await.status.as_u16(), 404);
    assert_eq!(stranger.post(&format!("{batch}/pdf"), &[]).await.status.as_u16(), 404);
    clerk.open(&batch).await;
    let first = clerk.post(&format!("{batch}/pdf"), &[]).await;
    assert!(first.bytes.starts_with(b"%PDF"));
    clerk.open(&batch).await;
    let second = clerk.post(&format!("{batch}/pdf"), &[]).await;
    assert_eq!(second.status.as_u16(), 422);
    assert!(second.says("すでに受け取られた"), "{}", second.text());
}

#[tokio::test]
async fn printing_again_makes_a_new_password_and_ends_the_older() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let old = print_all(&app, &mut clerk).await.remove(0);
    let path = format!("/staff/letters/{}", letter_of(&app, office).id);
    let page = clerk.open(&path).await;
    let token = page.value("token").unwrap();
    let refused = clerk.post(&format!("{path}/reprint"), &[("token", &token), ("reason", " ")]).await;
    assert_eq!(refused.status.as_u16(), 422);
    let ordered = clerk.post(&format!("{path}/reprint"), &[("token", &token), ("reason", "用紙の汚れ")]).await;
    let new = fetch(&app, &mut clerk, ordered).await.remove(0);
    assert_eq!((old.number.as_str(), new.number.as_str()), ("202601-000001-01", "202601-000001-02"));
    assert_ne!(old.password, new.password);
    let user_id = UserId::of(office);
    assert!(opens(&app, user_id, &new.password) && !opens(&app, user_id, &old.password));
    assert!(clerk.open(&path).await.says("用紙の汚れ"));
}

#[tokio::test]
async fn a_letter_without_postal_code_is_refused_with_the_way_to_fill_it_in() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    let mut entry = app.app.store.read(|r| ledger::find(r, office)).unwrap().unwrap();
    entry.postal_code.clear();
    app.write(move |tx| ledger::put(tx, &entry)).await;
    let issued = issue(&app, Offices::AllNew).await;
    assert_eq!((issued.issued, issued.without_address), (1, 1));
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let page = clerk.open("/staff/letters").await;
    assert!(queue(&page).0.is_empty());
    assert!(page.body.contains(&format!("/staff/ledger/{}#postal_code", office.number)));
    let letter = letter_of(&app, office).id.to_string();
    let refused = clerk.post("/staff/letters/print", &[("token", &queue(&page).1), ("choice", &letter)]).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.says("郵便番号または住所がありません"), "{}", refused.text());

    let path = format!("/staff/ledger/{}/postal-code", office.number);
    assert_eq!(clerk.post(&path, &[("postal_code", "96")]).await.status.as_u16(), 422);
    assert_eq!(clerk.post(&path, &[("postal_code", "９６０ー０００１")]).await.status.as_u16(), 303);
    assert_eq!(print_all(&app, &mut clerk).await.len(), 1);
}

#[tokio::test]
async fn at_most_so_many_letters_a_batch() {
    let app = TestApp::with(|config| config.letter.batch_max = 2);
    offices(&app, 3).await;
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let (choices, token) = queue(&clerk.open("/staff/letters").await);
    let mut fields = vec![("token", token.as_str())];
    fields.extend(choices.iter().map(|choice| ("choice", choice.as_str())));
    let refused = clerk.post("/staff/letters/print", &fields).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.says("一度に印刷できるのは2通まで"));
    fields.pop();
    let ordered = clerk.post("/staff/letters/print", &fields).await;
    assert_eq!(fetch(&app, &mut clerk, ordered).await.len(), 2);
}

#[tokio::test]
async fn a_print_that_died_with_its_process_is_finished_with_new_passwords() {
    let app = TestApp::new();
    let keys = offices(&app, 30).await;
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let (choices, token) = queue(&clerk.open("/staff/letters").await);
    let mut fields = vec![("token", token.as_str())];
    fields.extend(choices.iter().map(|choice| ("choice", choice.as_str())));
    clerk.post("/staff/letters/print", &fields).await;
    // Some are printed, then the process is gone: nobody holds those passwords any more.
    die_while_printing(&app, keys[0]).await;
    let half = keys.iter().filter(|key| letter_of(&app, **key).state == State::Printed).count();
    assert!(half > 0);
    assert!(clerk.open(&format!("/staff/letters/batches/{token}")).await.says("PDFを作成しています"));
    app.app.prepare().await.unwrap();
    app.run_jobs().await;
    let page = clerk.open(&format!("/staff/letters/batches/{token}")).await;
    assert!(page.says("30通のPDFができました"), "{}", page.text());
    let printed = pdf::letters(&clerk.post(&format!("/staff/letters/batches/{token}/pdf"), &[]).await.bytes);
    assert_eq!(printed.len(), 30);
    for letter in &printed {
        let user_id = UserId::parse(&letter.user_id).unwrap();
        assert!(opens(&app, user_id, &letter.password), "{}", letter.number);
    }
    let anew = printed.iter().filter(|letter| letter.number.ends_with("-02")).count();
    assert!(anew >= half, "{anew} of {half}");
}

/// Runs the jobs on a runtime that ends as soon as the first letter is printed, long before its page is set.
async fn die_while_printing(app: &TestApp, first: OfficeKey) {
    let house = app.app.clone();
    let process = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let runner = house.runner();
            tokio::spawn(async move { runner.run_due().await });
            let printed = || house.store.read(|r| letters::of_office(r, first)).unwrap()[0].state == State::Printed;
            while !printed() {
                tokio::task::yield_now().await;
            }
        });
    };
    tokio::task::spawn_blocking(process).await.unwrap();
}

#[tokio::test]
async fn first_issue_makes_accounts_and_letters_once() {
    let app = TestApp::new();
    let keys = offices(&app, 120).await;
    let closed = keys[5];
    app.write(move |tx| {
        let mut entry = ledger::find(tx, closed)?.unwrap();
        entry.status = ledger::Status::Closed;
        ledger::put(tx, &entry)
    })
    .await;
    let some = issue(&app, Offices::These(vec![keys[0].number, key(7, "0799999999").number])).await;
    assert_eq!((some.issued, some.unknown.len()), (1, 1));
    let all = issue(&app, Offices::AllNew).await;
    assert_eq!((all.issued, all.had_one, all.closed), (118, 1, 1));
    let again = issue(&app, Offices::AllNew).await;
    assert_eq!((again.issued, again.had_one), (0, 119));
    let account = app.account(UserId::of(keys[1]));
    assert!(account.kind == Kind::New && account.password.is_none() && account.temporary.is_none());
    let waiting = app.app.store.read(|r| letters::count_in_state(r, keys[0].prefecture, State::Waiting, 999)).unwrap();
    assert_eq!(waiting, 119);
    assert!(app.app.store.read(|r| accounts::find(r, UserId::of(closed))).unwrap().is_none());
    let chosen = issue(&app, Offices::These(vec![closed.number])).await;
    assert_eq!(chosen.issued, 1, "a closed office still claims past months: asked for by name, it gets an ID");
}

#[tokio::test]
async fn whoever_printed_sees_who_took_the_pdf_and_when() {
    let app = TestApp::new();
    offices(&app, 1).await;
    issue(&app, Offices::AllNew).await;
    let mut printer = staff(&app, "印刷 太郎", Role::Clerk, 7).await;
    let mut taker = staff(&app, "受取 花子", Role::Clerk, 7).await;
    let (choices, token) = queue(&printer.open("/staff/letters").await);
    let ordered = printer.post("/staff/letters/print", &[("token", &token), ("choice", &choices[0])]).await;
    let batch = ordered.location().unwrap().to_owned();
    app.run_jobs().await;
    assert!(printer.open(&batch).await.says("PDFができました"));
    taker.open(&batch).await;
    let pdf = taker.post(&format!("{batch}/pdf"), &[]).await;
    assert_eq!(pdf.headers["content-type"], "application/pdf", "{}", pdf.text());
    let told = printer.open(&batch).await;
    for part in [
        "PDFは2026/01/20 10:00に受け取り済みです",
        "受け取った職員：受取 花子",
        "印刷した職員：印刷 太郎",
        "心当たりがない場合は",
    ] {
        assert!(told.says(part), "{part}: {}", told.text());
    }
    let refused = printer.post(&format!("{batch}/pdf"), &[]).await;
    assert!(refused.says("受け取った職員：受取 花子"), "{}", refused.text());
}
