//! 介護情報基盤ポータル: its users and places when several people act at once, and what their sessions open.

use uketsuke::codes::{self, Attempt, Entered, Opened, Opening, Purpose};
use uketsuke::kernel::{MailAddress, UserId};
use uketsuke::portal::{self, AddFault, Member, What};
use uketsuke::store::{Check, StoreError};

use crate::support::TestApp;
use crate::support::office::USER;
use crate::support::portal::person;

fn office() -> UserId {
    UserId::parse(USER).unwrap()
}

fn mail(name: &str) -> MailAddress {
    MailAddress::parse(&format!("{name}@example.jp")).unwrap()
}

async fn register(app: &TestApp, name: &'static str) -> Member {
    let (moment, keys) = (app.app.moment(), app.app.keys.clone());
    let settled = app.write(move |tx| {
        let home = office().office().prefecture;
        portal::settle_main(tx, &moment, &keys, What::Care(office()), home, person(name), mail(name))
    });
    settled.await.member
}

async fn add(app: &TestApp, main: &Member, name: &'static str) -> Result<Member, AddFault> {
    let (moment, keys, main) = (app.app.moment(), app.app.keys.clone(), main.clone());
    let added = app.write(move |tx| portal::add_member(tx, &moment, &keys, main.institution, person(name), mail(name), &main));
    added.await
}

fn names(app: &TestApp) -> Vec<String> {
    let members = app.app.store.read(|r| {
        let institution = portal::of_office(r, office())?.expect("somebody is registered");
        portal::members_of(r, institution.id)
    });
    members.unwrap().into_iter().map(|one| one.person.name).collect()
}

fn damage(app: &TestApp) -> Vec<String> {
    let found = app.app.store.read(|r| Check::run(r, &mut |_, _| true, |c| uketsuke::app::check(c, Some(&app.app.keys))));
    found.unwrap().damage.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn q42_two_registrations_at_once_leave_one_main_user() {
    let app = TestApp::new();
    let (one, two) = tokio::join!(register(&app, "a"), register(&app, "b"));
    assert_ne!(one.id, two.id);
    assert_eq!(names(&app).len(), 1, "the second replaced the first");
    assert_eq!(damage(&app), [""; 0]);
    let mails = app.take_mails().await;
    let initial = mails.iter().filter(|mail| mail.subject.contains("初期パスワード")).count();
    assert_eq!(initial, 1, "the password of who was replaced is not sent any more");
}

#[tokio::test]
async fn q42_the_fifth_of_two_at_once_is_refused() {
    let app = TestApp::new();
    let main = register(&app, "main").await;
    for name in ["a", "b", "c"] {
        add(&app, &main, name).await.unwrap();
    }
    let (one, two) = tokio::join!(add(&app, &main, "d"), add(&app, &main, "e"));
    assert_eq!([&one, &two].iter().filter(|added| added.is_ok()).count(), 1);
    assert_eq!(one.and(two).unwrap_err(), AddFault::Full);
    assert_eq!((names(&app).len(), damage(&app)), (5, vec![]));
    assert_eq!(app.take_mails().await.len(), 5);
}

#[tokio::test]
async fn q41_a_session_of_the_portal_opens_nothing_of_offices_and_staff() {
    let app = TestApp::new();
    app.office(USER).await;
    let main = app.portal_main(USER).await;
    assert_eq!(main.institution.main, main.member.id);
    let mut browser = app.browser();
    browser.portal(&app, &main.user, &main.member).await;
    for (path, login) in [("/office", "/login"), ("/office/user", "/login"), ("/staff", "/staff/login")] {
        assert_eq!(browser.get(path).await.location().map(|to| to.split('?').next().unwrap()), Some(login), "{path}");
    }
    // Nor under the name of another side's cookie.
    let token = browser.cookies["portal"].clone();
    for (cookie, path) in [("office", "/office"), ("staff", "/staff")] {
        browser.cookies.insert(cookie.to_owned(), token.clone());
        assert!(browser.get(path).await.status.is_redirection(), "{cookie}");
    }
    app.take_mails().await;
}

#[tokio::test]
async fn q46_no_initial_password_lies_in_the_database_or_a_mail_that_waits() {
    let app = TestApp::new();
    let (address, initial) = app.portal_initial(USER).await;
    let mails = app.take_mails().await;
    let password = initial.expose();
    let spaced = format!("{} {} {} {}", &password[..4], &password[4..8], &password[8..12], &password[12..]);
    assert!(mails.iter().any(|mail| mail.to.as_str() == address && mail.body.contains(&spaced)), "{mails:?}");
    for (table, key, value) in crate::support::world::dump(&app) {
        for row in [&key, &value] {
            let found =
                [password.as_str(), &spaced].iter().any(|text| row.windows(text.len()).any(|part| part == text.as_bytes()));
            assert!(!found, "{table}");
        }
    }
    let read: Result<_, StoreError> = app.app.store.read(|r| portal::standing(r, office(), app.clock.now()));
    assert!(!read.unwrap().initial_expired);
}

#[tokio::test]
async fn q15_a_one_time_password_of_the_portal_is_good_once_and_for_its_purpose() {
    let app = TestApp::new();
    let main = app.portal_main(USER).await;
    let (moment, keys, config) = (app.app.moment(), app.app.keys.clone(), std::sync::Arc::clone(&app.app.config));
    let opening = Opening {
        purpose: Purpose::PortalLogin,
        browser: [3; 32],
        address: main.user.mail.clone(),
        account: main.user.id.to_string(),
        prefecture: None,
        sends: true,
        network: "203.0.113".to_owned(),
    };
    let Opened::Open(id) = app.write(move |tx| codes::open(tx, &moment, &keys, &config, opening.clone())).await else {
        panic!("the first code is sent")
    };
    let code = app.code_in_last_mail().await;
    let mut seen = Vec::new();
    for purpose in [Purpose::PortalMail, Purpose::PortalLogin, Purpose::PortalLogin] {
        let (code, now, keys, rules) = (code.clone(), app.clock.now(), app.app.keys.clone(), app.app.config.code.clone());
        let entered = app
            .write(move |tx| codes::enter(tx, Attempt { id, browser: [3; 32], purpose, now, keys: &keys, rules: &rules }, &code));
        seen.push(entered.await);
    }
    assert_eq!(seen, [Entered::Ended, Entered::Right, Entered::Used]);
}
