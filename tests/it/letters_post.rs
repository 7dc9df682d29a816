//! What becomes of printed letters: posted by number, come back, used, not used in time. Applications follow.

use jiff::SignedDuration;
use uketsuke::config::Limits;
use uketsuke::kernel::{ControlNumber, Id, MailAddress, OfficeKey, Random, UserId};
use uketsuke::letters::{self, Letter, Offices, State};
use uketsuke::reissue::{self, Arrival, By, MarkError, Move, Person, Source};
use uketsuke::staff::Role;
use uketsuke::store::{StoreError, Tx};

use crate::letters_print::{fetch, issue, letter_of, offices, print_all};
use crate::support::browser::{Browser, Page};
use crate::support::{TestApp, staff};

pub async fn post(clerk: &mut Browser, numbers: &str, on: &str) -> Page {
    clerk.open("/staff/letters/posting").await;
    clerk.post("/staff/letters/posting", &[("numbers", numbers), ("on", on)]).await
}

pub async fn reprint(app: &TestApp, clerk: &mut Browser, letter: &Letter, reason: &str) -> String {
    let path = format!("/staff/letters/{}", letter.id);
    let token = clerk.open(&path).await.value("token").unwrap();
    let ordered = clerk.post(&format!("{path}/reprint"), &[("token", &token), ("reason", reason)]).await;
    fetch(app, clerk, ordered).await.remove(0).number
}

/// An application of this office, approved.
pub async fn approved(app: &TestApp, office: OfficeKey) -> ControlNumber {
    let moment = app.app.moment();
    let arrival = Arrival {
        office,
        contact: Some(MailAddress::parse("contact@example.jp").unwrap()),
        source: Source::Visitor,
        client: std::net::IpAddr::from([192, 0, 2, 1]),
    };
    let person = Person { id: Id::new(&Random::seeded(9)), name: "承認者".to_owned() };
    app.write(move |tx| {
        let number = reissue::receive(tx, &moment, &Limits::default(), arrival.clone())?.number;
        for mv in [Move::Take, Move::Approve { two_person: false }] {
            let part = moment.part(mv.kind().action());
            reissue::mark(tx, &part, number, mv, By::Staff(person.clone())).map_err(store_error)?;
        }
        Ok(number)
    })
    .await
}

fn store_error(error: MarkError) -> StoreError {
    match error {
        MarkError::Store(error) => error,
        other => panic!("{other}"),
    }
}

pub fn state_of(app: &TestApp, number: ControlNumber) -> reissue::State {
    app.app.store.read(|r| reissue::find(r, number)).unwrap().unwrap().state
}

fn has_temporary(app: &TestApp, office: OfficeKey) -> bool {
    app.account(UserId::of(office)).live_temporary(app.clock.now()).is_some()
}

#[tokio::test]
async fn letters_are_posted_by_their_numbers_many_at_once() {
    let app = TestApp::new();
    let keys = offices(&app, 3).await;
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let numbers: Vec<String> = print_all(&app, &mut clerk).await.into_iter().map(|letter| letter.number).collect();
    let typed = format!("{}\n{} 123-45-67890\n", numbers[0], numbers[1].replace('-', ""));
    let page = post(&mut clerk, &typed, "2026/01/20").await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.text());
    assert!(page.says("2通を発送済にしました"));
    let states: Vec<State> = keys.iter().map(|key| letter_of(&app, *key).state).collect();
    assert_eq!(states.iter().filter(|state| **state == State::Posted).count(), 2);
    assert!(keys.iter().any(|key| format!("{:?}", letter_of(&app, *key)).contains("123-45-67890")));
    let again = post(&mut clerk, &numbers[0], "2026/01/20").await;
    assert!(again.says("現在「発送済」のため"), "{}", again.text());
}

#[tokio::test]
async fn a_superseded_number_is_refused_and_the_others_are_posted() {
    let app = TestApp::new();
    let keys = offices(&app, 2).await;
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let numbers: Vec<String> = print_all(&app, &mut clerk).await.into_iter().map(|letter| letter.number).collect();
    let spoilt = keys.iter().map(|key| letter_of(&app, *key)).find(|l| l.number.unwrap().to_string() == numbers[0]).unwrap();
    let new = reprint(&app, &mut clerk, &spoilt, "用紙の汚れ").await;
    let page = post(&mut clerk, &format!("{}\n{}\n202601-999999-01\nばんごう", numbers[0], numbers[1]), "2026/01/20").await;
    assert_eq!(page.status.as_u16(), 422);
    let text = page.text();
    assert!(text.contains(&format!("{}：再印刷により無効になった通知書です", numbers[0])), "{text}");
    assert!(text.contains(&new) && text.contains("1通を発送済にしました"), "{text}");
    assert!(text.contains("202601-999999-01：この発行番号の通知書はありません"), "{text}");
    assert!(text.contains("ばんごう：この発行番号の通知書はありません"), "{text}");
    assert_eq!(letter_of(&app, spoilt.office).state, State::Printed);
    let page = post(&mut clerk, &new, "2026/01/20").await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.text());
}

#[tokio::test]
async fn printed_letters_are_ticked_in_a_list_and_a_tick_of_a_superseded_one_is_refused() {
    let app = TestApp::new();
    let keys = offices(&app, 3).await;
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let numbers: Vec<String> = print_all(&app, &mut clerk).await.into_iter().map(|letter| letter.number).collect();
    let path = "/staff/letters/posting";
    let list = clerk.open(path).await;
    let places: Vec<_> =
        numbers.iter().map(|number| list.body.find(&format!("name=\"ticked\" value=\"{number}\"")).unwrap()).collect();
    assert!(places.is_sorted(), "in the order of the numbers");
    let spoilt = keys.iter().map(|key| letter_of(&app, *key)).find(|l| l.number.unwrap().to_string() == numbers[0]).unwrap();
    let new = reprint(&app, &mut clerk, &spoilt, "用紙の汚れ").await;
    clerk.open(path).await;
    let fields = [
        ("ticked", numbers[0].as_str()),
        ("ticked", numbers[1].as_str()),
        ("numbers", &format!("{} 123-45", numbers[1])),
        ("on", "2026/01/20"),
    ];
    let page = clerk.post(path, &fields).await;
    assert!(page.says(&format!("{}：再印刷により無効になった通知書です", numbers[0])), "{}", page.text());
    assert!(page.says("1通を発送済にしました"), "{}", page.text());
    assert!(page.body.contains(&format!("value=\"{new}\"")) && !page.body.contains(&format!("value=\"{}\"", numbers[1])));
    let office = keys.iter().find(|key| letter_of(&app, **key).state == State::Posted).unwrap();
    assert!(format!("{:?}", letter_of(&app, *office)).contains("123-45"), "what is typed carries the post's number");
    let blank = clerk.post(path, &[("numbers", ""), ("on", "2026/01/20")]).await;
    assert!(blank.says("一覧から選択するか、発行番号を入力してください"), "{}", blank.text());
    let posted = letter_of(&app, *office);
    let page = clerk.open(&format!("/staff/ledger/{}", office.number)).await;
    assert!(page.says("通知書の発送") && page.says("追跡番号 123-45"), "{}", page.text());
    let one = format!("/staff/letters/{}", posted.id);
    clerk.open(&one).await;
    let back = clerk.post(&format!("{one}/return"), &[("note", "宛先不明")]).await;
    let page = clerk.open(back.location().unwrap()).await;
    assert!(page.says("返戻にしました") && page.says("仮パスワードの有効期限 失効"), "{}", page.text());
}

#[tokio::test]
async fn a_letter_replaced_by_another_to_the_same_office_is_not_posted() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let old = print_all(&app, &mut clerk).await.remove(0);
    approved(&app, office).await;
    let new = print_all(&app, &mut clerk).await.remove(0);
    assert_ne!(old.number, new.number);
    let first = app.app.store.read(|r| letters::of_office(r, office)).unwrap();
    let first = first.into_iter().find(|letter| letter.application().is_none()).unwrap();
    assert_eq!((first.state, first.replaced_by().unwrap().to_string()), (State::Expired, new.number.clone()));
    let page = post(&mut clerk, &old.number, "2026/01/20").await;
    assert!(page.says("後から別の通知書を印刷したため"), "{}", page.text());
    assert_eq!(post(&mut clerk, &new.number, "2026/01/20").await.status.as_u16(), 200);
    app.take_mails().await;
}

#[tokio::test]
async fn a_number_of_another_federation_does_not_exist_here() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let number = print_all(&app, &mut clerk).await.remove(0).number;
    let mut stranger = staff(&app, "他県", Role::Admin, 13).await;
    let page = post(&mut stranger, &number, "2026/01/20").await;
    assert!(page.says("この発行番号の通知書はありません"), "{}", page.text());
    let letter = letter_of(&app, office);
    for path in [format!("/staff/letters/{}", letter.id), format!("/staff/ledger/{}", office.number)] {
        assert_eq!(stranger.get(&path).await.status.as_u16(), 404, "{path}");
    }
    let back = stranger.post(&format!("/staff/letters/{}/return", letter.id), &[("note", "")]).await;
    assert_eq!(back.status.as_u16(), 404);
    assert!(!stranger.open("/staff/letters?list=printed").await.says(&number));
    assert_eq!(letter_of(&app, office).state, State::Printed);
}

#[tokio::test]
async fn a_returned_letter_ends_its_password_and_can_be_printed_anew() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    let number = approved(&app, office).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let printed = print_all(&app, &mut clerk).await.remove(0);
    assert_eq!(state_of(&app, number), reissue::State::Printed);
    post(&mut clerk, &printed.number, "2026/01/20").await;
    assert_eq!(state_of(&app, number), reissue::State::Posted);
    let letter = letter_of(&app, office);
    let path = format!("/staff/letters/{}/return", letter.id);
    clerk.open(&format!("/staff/letters/{}", letter.id)).await;
    assert_eq!(clerk.post(&path, &[("note", "宛先不明")]).await.status.as_u16(), 303);
    assert_eq!((letter_of(&app, office).state, state_of(&app, number)), (State::Returned, reissue::State::Returned));
    assert!(!has_temporary(&app, office));
    let new = reprint(&app, &mut clerk, &letter_of(&app, office), "").await;
    assert!(new.ends_with("-02"));
    assert_eq!(state_of(&app, number), reissue::State::Printed);
    assert!(has_temporary(&app, office));
    let subjects: Vec<String> = app.take_mails().await.into_iter().map(|mail| mail.subject).collect();
    assert!(subjects.iter().any(|subject| subject == "ログイン情報再発行通知書発送のお知らせ"), "{subjects:?}");
}

#[tokio::test]
async fn a_letter_not_used_in_time_expires_with_its_application() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    let number = approved(&app, office).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    print_all(&app, &mut clerk).await;
    app.app.prepare().await.unwrap();
    // Posted or not makes no difference; here it never was.
    app.advance(SignedDuration::from_hours(24 * 30));
    app.take_mails().await;
    assert_eq!(letter_of(&app, office).state, State::Printed);
    app.advance(SignedDuration::from_hours(24));
    app.take_mails().await;
    assert_eq!((letter_of(&app, office).state, state_of(&app, number)), (State::Expired, reissue::State::Expired));
    assert!(app.account(UserId::of(office)).temporary.is_none());
    let mut clerk = staff(&app, "受付二", Role::Clerk, 7).await;
    reprint(&app, &mut clerk, &letter_of(&app, office), "").await;
    assert_eq!(state_of(&app, number), reissue::State::Printed);
}

#[tokio::test]
async fn the_end_of_an_earlier_print_does_not_end_the_later_one() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    print_all(&app, &mut clerk).await;
    app.app.prepare().await.unwrap();
    app.advance(SignedDuration::from_hours(24 * 20));
    app.run_jobs().await;
    let mut clerk = staff(&app, "受付二", Role::Clerk, 7).await;
    reprint(&app, &mut clerk, &letter_of(&app, office), "郵便事故").await;
    app.advance(SignedDuration::from_hours(24 * 15));
    app.run_jobs().await;
    assert_eq!(letter_of(&app, office).state, State::Printed);
    assert!(has_temporary(&app, office));
}

#[tokio::test]
async fn the_first_login_with_the_printed_password_completes_letter_and_application() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    let number = approved(&app, office).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let printed = print_all(&app, &mut clerk).await.remove(0);
    let page = app.browser().log_in(&printed.user_id, &printed.password).await;
    assert_eq!(page.location(), Some("/first-login"), "{}", page.text());
    assert_eq!((letter_of(&app, office).state, state_of(&app, number)), (State::Completed, reissue::State::Completed));
    app.take_mails().await;
}

#[tokio::test]
async fn a_withdrawn_application_is_not_printed() {
    let app = TestApp::new();
    let office = offices(&app, 1).await[0];
    let number = approved(&app, office).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let page = clerk.open("/staff/letters").await;
    let token = page.value("token").unwrap();
    let moment = app.app.moment();
    app.write(move |tx: &mut Tx<'_>| {
        let withdraw = Move::Withdraw { note: String::new() };
        reissue::mark(tx, &moment, number, withdraw, By::Applicant).map_err(store_error)
    })
    .await;
    let number = number.to_string();
    clerk.post("/staff/letters/print", &[("token", &token), ("choice", &number)]).await;
    app.take_mails().await;
    let page = clerk.open(&format!("/staff/letters/batches/{token}")).await;
    assert!(page.says("現在「取下げ」のため"), "{}", page.text());
    assert!(!has_temporary(&app, office));
}
