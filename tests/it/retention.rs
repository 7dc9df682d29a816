//! What is erased when: contact addresses, and the rows of mails that hold them.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use uketsuke::audit;
use uketsuke::kernel::ControlNumber;
use uketsuke::mail::outbox;
use uketsuke::reissue::{By, Move, Printing, Rejection, RejectionReason, State, of_office};

use crate::support::TestApp;
use crate::support::reissue::{CONTACT, NUMBER, clerk};
use crate::support::world::dump;

async fn years(app: &TestApp, days: i64) {
    app.advance(SignedDuration::from_hours(24 * days));
    app.take_mails().await;
}

async fn ready() -> TestApp {
    let app = TestApp::new();
    app.app.prepare().await.unwrap();
    app
}

fn mails(app: &TestApp, number: ControlNumber) -> usize {
    app.app.store.read(|r| outbox::about(r, &number.to_string(), 100)).unwrap().len()
}

#[tokio::test]
async fn a_year_after_its_end_an_application_keeps_no_address_and_no_mail() {
    let app = ready().await;
    let key = app.in_ledger(13, NUMBER).await;
    let number = app.in_state(key, State::Rejected).await.number;
    app.take_mails().await;
    years(&app, 364).await;
    assert!(app.application(number).contact.is_some() && mails(&app, number) > 0);
    years(&app, 3).await;
    assert_eq!((app.application(number).contact, mails(&app, number)), (None, 0));
}

/// The tables in which some row names the contact address.
fn tables_that_name_it(app: &TestApp) -> BTreeSet<&'static str> {
    let names = |bytes: &[u8]| bytes.windows(CONTACT.len()).any(|window| window.eq_ignore_ascii_case(CONTACT.as_bytes()));
    dump(app).iter().filter(|(_, key, value)| names(key) || names(value)).map(|(table, ..)| *table).collect()
}

#[tokio::test]
async fn a_year_after_its_end_no_table_names_the_address_not_even_the_audit_log() {
    let app = ready().await;
    let key = app.in_ledger(13, NUMBER).await;
    let mut browser = app.browser();
    let seen = browser.apply_to_check(&app, NUMBER, CONTACT).await.value("shown").unwrap();
    browser.submit("/reissue/check", &[("shown", &seen)]).await;
    let number = app.app.store.read(|r| of_office(r, key, 9)).unwrap()[0].number;
    let reject = Move::Reject(Rejection { reason: RejectionReason::Other, sentence: "理由".to_owned() });
    for mv in [Move::Take, reject] {
        app.mark(number, mv, clerk(9)).await.unwrap();
    }
    app.take_mails().await;
    let now = tables_that_name_it(&app);
    assert!(now.contains("outbox") && now.contains("reissue"), "the search sees what is there: {now:?}");
    assert!(!now.contains("audit_details"), "which are kept for years longer");
    let entries = app.app.store.read(|r| audit::about(r, &number.to_string(), 9)).unwrap();
    let contact = entries.iter().find_map(|entry| entry.details.get("contact"));
    assert_eq!(contact.map(String::as_str), Some("jig***@example.jp"), "enough to tell one address from another");
    years(&app, 367).await;
    assert_eq!(tables_that_name_it(&app), BTreeSet::new());
}

#[tokio::test]
async fn so_does_one_whose_letter_came_back_or_expired_and_was_never_printed_again() {
    let app = ready().await;
    let key = app.in_ledger(13, NUMBER).await;
    let expired = app.in_state(key, State::Expired).await.number;
    let returned = app.in_state(key, State::Returned).await.number;
    app.take_mails().await;
    years(&app, 367).await;
    for number in [expired, returned] {
        assert_eq!((app.application(number).contact, mails(&app, number)), (None, 0));
    }
}

#[tokio::test]
async fn an_application_that_is_printed_again_keeps_its_address() {
    let app = ready().await;
    let key = app.in_ledger(13, NUMBER).await;
    let number = app.in_state(key, State::Returned).await.number;
    app.take_mails().await;
    years(&app, 300).await;
    let printing = Printing { letter: "000001-02".to_owned(), valid_until: "2027-12-31T00:00:00Z".parse().unwrap() };
    app.mark(number, Move::Print(printing), clerk(9)).await.unwrap();
    years(&app, 100).await;
    assert!(app.application(number).contact.is_some());
    app.mark(number, Move::Expire { replaced_by: None }, By::System).await.unwrap();
    years(&app, 364).await;
    assert!(app.application(number).contact.is_some());
    years(&app, 3).await;
    assert_eq!(app.application(number).contact, None);
}
