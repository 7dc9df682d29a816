//! `uketsuke demo`: what it is filled with obeys the rules, and its routes exist nowhere else.

use poem::endpoint::EndpointExt as _;
use uketsuke::accounts;
use uketsuke::contact_form;
use uketsuke::demo::{self, people};
use uketsuke::kernel::{MedicalCode, Prefecture, UserId};
use uketsuke::letters;
use uketsuke::mail::outbox;
use uketsuke::portal;
use uketsuke::reissue::{self, State};
use uketsuke::store::StoreError;

use crate::support::TestApp;
use crate::support::browser::Browser;

fn places() -> [Prefecture; 2] {
    [7, 13].map(|n| Prefecture::new(n).unwrap())
}

#[tokio::test]
async fn a_demo_whose_filling_was_broken_off_is_not_taken_for_a_full_one() {
    let house = TestApp::new();
    let key = demo::offices::OFFICES[0].key();
    house.in_ledger(key.prefecture.number(), key.number.as_str()).await;
    assert!(matches!(demo::fill(&house.app).await, Err(demo::FillError::BrokenOff)));
}

#[tokio::test]
async fn the_demo_shows_every_state() {
    let house = TestApp::new();
    demo::fill(&house.app).await.unwrap();
    let told = house.transport.mails().len();
    demo::fill(&house.app).await.unwrap();
    assert_eq!(house.transport.mails().len(), told, "a full one is left alone");
    house
        .app
        .store
        .read(|r| {
            for state in State::ALL {
                let mut some = 0;
                for place in places() {
                    some += reissue::count_in_state(r, place, state, 99)?;
                }
                assert!(some > 0, "no application is {state}");
            }
            for state in letters::State::ALL {
                // 取下げ of a letter comes with the reset by the office itself.
                let some = places().map(|place| letters::count_in_state(r, place, state, 99).unwrap());
                assert!(some.iter().sum::<usize>() > 0 || state == letters::State::Withdrawn, "no letter is {state:?}");
            }
            for state in contact_form::State::ALL {
                let some = places().map(|place| contact_form::in_state(r, place, state, 99).unwrap().len());
                assert!(some.iter().sum::<usize>() > 0, "no inquiry is {state:?}");
            }
            let clinic = portal::of_code(r, &MedicalCode::parse(demo::portal::CLINIC).unwrap())?.unwrap();
            let members = portal::members_of(r, clinic.id)?;
            let suspended = members.iter().filter(|one| one.is_suspended_by_staff()).count();
            assert_eq!((members.len(), suspended), (5, 1));
            assert!(portal::of_code(r, &MedicalCode::parse(demo::portal::WAITING).unwrap())?.is_none());
            for (local, what) in demo::portal::LOGINS {
                let user = portal::user_by_mail(r, &demo::offices::mail(local))?.unwrap();
                assert!(user.opens_by_password(), "{local} {what}");
            }
            let tanto = portal::user_by_mail(r, &demo::offices::mail("tanto"))?.unwrap();
            assert_eq!(portal::memberships(r, tanto.id)?.len(), 2);
            let late = portal::user_by_mail(r, &demo::offices::mail("wasureta.13-02"))?.unwrap();
            assert!(late.initial.is_some() && !late.initial_is_live(house.clock.now()));
            let (place, serial) = demo::offices::IN_BOTH;
            assert_eq!(accounts::prefectures_with_id(r, demo::offices::key(place, serial).number)?, places());
            for (place, serial) in demo::TOLD {
                let account = accounts::find(r, UserId::of(demo::offices::key(place, serial)))?.unwrap();
                let password = uketsuke::kernel::Secret::new(people::TEMPORARY_PASSWORD.to_owned());
                let temporary = account.live_temporary(house.clock.now()).unwrap();
                assert!(temporary.matches(&house.app.keys, account.user_id, &password));
            }
            for place in places() {
                assert_eq!(outbox::count(r, outbox::State::Waiting, Some(place), 99)?, 0);
                assert_eq!(outbox::count(r, outbox::State::Failed, Some(place), 99)?, 0);
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let mails = house.transport.mails();
    assert!(mails.len() > 50 && mails.iter().all(|mail| mail.to.ends_with("@example.jp")), "{}", mails.len());
    assert!(mails.windows(2).all(|two| two[0].date <= two[1].date), "the mails came while the story went on");
    assert!(mails.iter().all(|mail| !mail.body.contains(people::TEMPORARY_PASSWORD)));
}

#[tokio::test]
async fn the_demo_shows_both_sides_of_the_grace_date() {
    for (now, box_is_there) in [("2026-01-20T01:00:00Z", true), ("2026-01-31T15:00:00Z", false)] {
        let house = TestApp::new();
        let now: jiff::Timestamp = now.parse().unwrap();
        house.advance(now.duration_since(house.clock.now()));
        demo::fill(&house.app).await.unwrap();
        let mut browser = house.browser();
        let user_id = UserId::of(demo::offices::key(7, 4)).to_string();
        browser.log_in(&user_id, people::OFFICE_PASSWORD).await;
        let page = browser.open("/office").await;
        assert_eq!(page.title(), "セキュリティ用メールアドレス設定");
        assert_eq!(page.says("登録せずにログインする"), box_is_there, "{now}");
        // Others of the demo have nothing to do, and a new one has all its steps.
        let mut settled = house.browser();
        settled.log_in(&UserId::of(demo::offices::key(7, 17)).to_string(), people::OFFICE_PASSWORD).await;
        assert_eq!(settled.open("/office").await.title(), "お知らせ");
        let (place, serial) = demo::TOLD[1];
        let mut new = house.browser();
        new.log_in(&UserId::of(demo::offices::key(place, serial)).to_string(), people::TEMPORARY_PASSWORD).await;
        assert_eq!(new.open("/first-login").await.title(), "利用規約");
        house.take_mails().await;
    }
}

#[tokio::test]
async fn the_routes_of_the_demo_are_not_in_the_table() {
    let house = TestApp::new();
    let paths = ["/demo/mail", "/demo/mail/x", "/demo/codes"];
    let mut serve = house.browser();
    for path in paths {
        assert_eq!(serve.get(path).await.status.as_u16(), 404, "{path}");
    }
    assert!(uketsuke::routes::rows().iter().all(|row| !row.path.starts_with("/demo")));
    assert!(!serve.get("/").await.body.contains("/demo"));

    let endpoint = house.app.endpoint_with(demo::rows(&house.transport)).boxed();
    let mut browser = Browser::new(std::sync::Arc::new(endpoint), "http://localhost:8080");
    assert!(browser.get("/demo/mail").await.says("メールはまだありません"));
    let codes = browser.get("/demo/codes").await;
    for one in &people::STAFF {
        assert!(codes.says(one.name) && codes.says(&one.authenticator().code(house.clock.now())), "{}", one.name);
    }
    assert_eq!(browser.get("/demo/mail/x").await.status.as_u16(), 404);
}
