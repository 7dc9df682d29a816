use super::*;
use crate::kernel::{Clock, Random};
use crate::security::housekeeping;
use crate::store::StoreOptions;

const IDLE: SignedDuration = SignedDuration::from_mins(30);
const ABSOLUTE: SignedDuration = SignedDuration::from_hours(12);

fn opened() -> (Store, Clock, [u8; 32]) {
    let (store, clock) = (Store::in_memory().unwrap(), Clock::manual("2026-01-10T00:00:00Z".parse().unwrap()));
    let moment = Moment::new(&clock, &Random::seeded(1));
    let with = OpenSession { address: "203.0.113.9".to_owned(), device: None, limited: false, agent: String::new(), place: None };
    let subject = Subject::Office(UserId::parse("KJ131311111111").unwrap());
    let token = store.write_blocking(move |tx| open(tx, &moment, subject, &with)).unwrap();
    assert_eq!(token.expose().len(), 43, "256 bits");
    (store, clock, hash(token.expose()))
}

fn lives(store: &Store, seen: &LastSeen, key: [u8; 32], now: Timestamp) -> bool {
    store.read(|r| seen.admit(r, key, now, IDLE, ABSOLUTE)).unwrap().is_some()
}

#[test]
fn q30_a_session_ends_after_30_idle_minutes_and_after_12_hours_in_any_case() {
    let (store, clock, key) = opened();
    let seen = LastSeen::default();
    for _ in 0..24 {
        clock.advance(SignedDuration::from_mins(29));
        assert!(lives(&store, &seen, key, clock.now()));
    }
    clock.advance(SignedDuration::from_mins(24));
    assert!(!lives(&store, &seen, key, clock.now()), "12 hours are over");
    let (store, clock, key) = opened();
    clock.advance(IDLE);
    assert!(!lives(&store, &LastSeen::default(), key, clock.now()), "30 minutes idle");
}

#[tokio::test]
async fn sessions_that_have_ended_by_time_are_swept_with_their_index() {
    let (store, clock, key) = tokio::task::spawn_blocking(opened).await.unwrap();
    let rows = || store.read(|r| Ok::<_, StoreError>((r.has(&SESSIONS, &key)?, r.len(&BY_SUBJECT)?))).unwrap();
    clock.advance(ABSOLUTE - SignedDuration::from_mins(1));
    assert_eq!(sweep(&store, clock.now(), ABSOLUTE).await.unwrap(), 0);
    assert_eq!(rows(), (true, 1));
    clock.advance(SignedDuration::from_mins(1));
    assert_eq!(sweep(&store, clock.now(), ABSOLUTE).await.unwrap(), 1);
    assert_eq!(rows(), (false, 0));
}

#[tokio::test]
async fn a_session_of_a_clock_that_was_ahead_is_over_when_it_is_set_right_and_does_not_come_back() {
    let (day, mins) = (SignedDuration::from_hours(24), SignedDuration::from_mins);
    // Opened while it was ahead, and only used then.
    for (used_after, set_back) in [(mins(0), day), (mins(0), day * 365), (mins(20), mins(10))] {
        let (store, clock, key) = tokio::task::spawn_blocking(opened).await.unwrap();
        let seen = LastSeen::default();
        clock.advance(used_after);
        let (wrong, right) = (clock.now(), clock.now() - set_back);
        assert!(lives(&store, &seen, key, wrong));
        seen.none_is_void(wrong);
        assert!(!lives(&store, &seen, key, right));
        assert!(seen.may_be_void(right));
        housekeeping::write_down(&store, &seen).await.unwrap();
        housekeeping::sweep_void(&store, &seen, right).await.unwrap();
        assert!(!seen.may_be_void(right));
        assert!(!lives(&store, &seen, key, wrong), "that time has come");
    }
}

#[test]
fn a_session_of_a_clock_that_was_a_little_ahead_goes_on() {
    let (store, clock, key) = opened();
    assert!(lives(&store, &LastSeen::default(), key, clock.now() - SignedDuration::from_mins(4)));
}

#[test]
fn q30_a_page_that_asks_by_itself_does_not_keep_a_session_alive() {
    let (store, clock, key) = opened();
    let seen = LastSeen::default();
    let glance = |now| store.read(|r| seen.glance(r, key, now, IDLE, ABSOLUTE)).unwrap().is_some();
    clock.advance(SignedDuration::from_mins(20));
    assert!(glance(clock.now()));
    clock.advance(SignedDuration::from_mins(10));
    assert!(!glance(clock.now()) && !lives(&store, &seen, key, clock.now()));
}

#[test]
fn last_use_is_written_down_without_bringing_back_an_ended_session() {
    let (store, clock, key) = opened();
    let seen = LastSeen::default();
    clock.advance(SignedDuration::from_mins(20));
    assert!(lives(&store, &seen, key, clock.now()));
    let rows = seen.noted();
    store.write_blocking(move |tx| write_last_seen(tx, &rows)).unwrap();
    clock.advance(SignedDuration::from_mins(20));
    assert!(lives(&store, &LastSeen::default(), key, clock.now()), "a restart keeps the time of the last use");
    let subject = Subject::Office(UserId::parse("KJ131311111111").unwrap());
    assert_eq!(store.write_blocking(move |tx| end_all(tx, subject)).unwrap(), 1);
    let rows = seen.noted();
    store.write_blocking(move |tx| write_last_seen(tx, &rows)).unwrap();
    assert!(!lives(&store, &seen, key, clock.now()));
}

#[test]
fn q33_sessions_are_listed_and_ended_only_by_whose_they_are() {
    let (store, clock, first) = opened();
    let [office, other] = ["KJ131311111111", "KJ071311111111"].map(|id| Subject::Office(UserId::parse(id).unwrap()));
    let mut keys = vec![first];
    for (n, subject) in [(2, office), (3, office), (4, other)] {
        clock.advance(SignedDuration::from_mins(1));
        let moment = Moment::new(&clock, &Random::seeded(n));
        let with = OpenSession {
            address: String::new(),
            device: None,
            limited: false,
            agent: "Edge（Windows）".to_owned(),
            place: None,
        };
        keys.push(hash(store.write_blocking(move |tx| open(tx, &moment, subject, &with)).unwrap().expose()));
    }
    let of = |subject| store.read(|r| list(r, subject)).unwrap();
    let listed: Vec<_> = of(office).into_iter().map(|(key, _)| key).collect();
    assert_eq!(listed, [keys[2], keys[1], keys[0]], "newest first");
    assert_eq!(of(office)[0].1.agent, "Edge（Windows）");
    let foreign = of(other)[0].1.handle;
    assert!(store.write_blocking(move |tx| end_by_handle(tx, office, foreign)).unwrap().is_none());
    assert_eq!(of(other).len(), 1, "a handle of somebody else ends nothing");
    let own = of(office)[0].1.handle;
    let ended = store.write_blocking(move |tx| end_by_handle(tx, office, own)).unwrap();
    assert_eq!(ended.map(|session| session.handle), Some(own));
    let keep = keys[0];
    assert_eq!(store.write_blocking(move |tx| end_others(tx, office, &keep)).unwrap(), 1);
    let left: Vec<_> = of(office).into_iter().map(|(key, _)| key).collect();
    assert_eq!((left, of(other).len()), (vec![keep], 1));
}

#[test]
fn a_session_of_the_portal_keeps_its_place_and_is_nobody_elses() {
    let (store, clock, _) = opened();
    let user = Id::new(&Random::seeded(7));
    let place = Some(Id::new(&Random::seeded(8)));
    let moment = Moment::new(&clock, &Random::seeded(9));
    let with = OpenSession { address: String::new(), device: None, limited: false, agent: String::new(), place };
    store.write_blocking(move |tx| open(tx, &moment, Subject::Portal(user), &with)).unwrap();
    let of = |subject| store.read(|r| list(r, subject)).unwrap();
    assert_eq!(of(Subject::Portal(user))[0].1.place, place);
    assert!(of(Subject::Staff(user)).is_empty(), "the same id means another person on another side");
}

#[tokio::test]
async fn last_use_is_known_until_it_is_written_down_and_while_no_write_succeeds() {
    let (store, clock, key) = tokio::task::spawn_blocking(opened).await.unwrap();
    let seen = LastSeen::default();
    clock.advance(SignedDuration::from_mins(20));
    assert!(lives(&store, &seen, key, clock.now()));
    let folder = tempfile::tempdir().unwrap();
    let no_room = StoreOptions { reserve_mib: u64::MAX / (1024 * 1024), ..StoreOptions::default() };
    let full = Store::open(&folder.path().join("full.redb"), no_room).unwrap();
    assert!(housekeeping::write_down(&full, &seen).await.is_err());
    clock.advance(SignedDuration::from_mins(20));
    assert!(lives(&store, &seen, key, clock.now()), "in use 20 minutes ago");
    let rows = seen.noted();
    clock.advance(SignedDuration::from_mins(1));
    assert!(lives(&store, &seen, key, clock.now()));
    seen.forget(&rows);
    assert_eq!(seen.noted(), [(key, clock.now())], "a newer use is not forgotten with an older one");
    housekeeping::write_down(&store, &seen).await.unwrap();
    assert!(seen.noted().is_empty() && lives(&store, &LastSeen::default(), key, clock.now() + SignedDuration::from_mins(29)));
}
