//! What is erased when: contact addresses, and the rows of mails that hold them.

use jiff::SignedDuration;
use uketsuke::kernel::ControlNumber;
use uketsuke::mail::outbox;
use uketsuke::reissue::{By, Move, Printing, State};

use crate::support::TestApp;
use crate::support::reissue::{NUMBER, clerk};

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
