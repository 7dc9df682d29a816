use super::chain::damage;
use super::*;
use crate::kernel::{Clock, Moment, Prefecture, Random};
use crate::security::Keys;
use crate::store::{Store, StoreError, Tx};

fn keys() -> Keys {
    Keys::fresh(&Random::seeded(9))
}

fn add(store: &Store, n: u64) {
    let moment = Moment::new(&Clock::manual("2026-01-10T00:00:00Z".parse().unwrap()), &Random::seeded(n));
    store
        .write_blocking(move |tx| {
            let event = Event::new(Actor::Visitor, "reissue.send").subject("U202601000001").client("203.0.113.9");
            record(tx, &moment, event.prefecture(Prefecture::new(7).unwrap()))
        })
        .unwrap();
}

fn with_three() -> Store {
    let store = Store::in_memory().unwrap();
    seal_with(&store, &keys());
    (0..3).for_each(|n| add(&store, n));
    store
}

/// Three entries, the third of which is signed, and one more.
fn signed_and_one_more() -> Store {
    let store = with_three();
    assert_eq!(store.write_blocking(|tx| keep::test::sign(tx, &keys())).unwrap(), 3);
    add(&store, 3);
    store
}

fn found(store: &Store) -> Vec<Damage> {
    store.read(|r| verify(r, Some(&keys()))).unwrap()
}

fn spoil(change: fn(&mut Tx<'_>, u64) -> Result<bool, StoreError>) -> Vec<Damage> {
    let store = with_three();
    assert!(store.write_blocking(move |tx| change(tx, 2)).unwrap());
    found(&store)
}

#[test]
fn q47_tampering_with_the_log_is_found() {
    assert_eq!(found(&with_three()), []);
    assert_eq!(spoil(damage::alter), [Damage::Altered(2)]);
    assert_eq!(spoil(damage::remove), [Damage::Missing(2), Damage::Altered(3)]);
    assert_eq!(spoil(damage::alter_details), [Damage::Details(2)]);
}

#[test]
fn q47_a_chain_written_anew_without_the_key_is_found_also_when_its_signatures_are_gone() {
    for others in [None, Some(Keys::fresh(&Random::seeded(8)))] {
        let store = with_three();
        store.write_blocking(move |tx| damage::rewrite(tx, 2, others.as_ref())).unwrap();
        assert_eq!(found(&store), [Damage::Altered(2), Damage::Altered(3)]);
        assert_eq!(store.read(|r| verify(r, None)).unwrap(), [], "the database alone does not show it");
    }
}

#[test]
fn q47_a_signature_taken_away_is_missed_by_the_entries_after_it() {
    let store = signed_and_one_more();
    assert_eq!(found(&store), []);
    assert!(store.write_blocking(|tx| keep::test::remove(tx, 3)).unwrap());
    assert_eq!(found(&store), [Damage::Unsigned(3)]);
}

#[test]
fn q47_a_cut_tail_is_found_by_the_signed_checkpoint() {
    let store = with_three();
    store.write_blocking(|tx| keep::test::sign(tx, &keys())).unwrap();
    assert_eq!(found(&store), []);
    let others = Keys::fresh(&Random::seeded(8));
    let damage = store.read(|r| verify(r, Some(&others))).unwrap();
    assert!(damage.contains(&Damage::Checkpoint(3)), "signed by somebody else: {damage:?}");
    store.write_blocking(|tx| damage::remove(tx, 3)).unwrap();
    assert_eq!(found(&store), [Damage::Checkpoint(3)]);
}

#[test]
fn q47_details_taken_away_before_their_time_are_missed_and_nobody_without_the_key_can_say_they_were_erased() {
    assert_eq!(spoil(damage::erase_details), [Damage::Lost(2)]);
    let store = signed_and_one_more();
    store.write_blocking(|tx| damage::erase_details(tx, 2)).unwrap();
    store.write_blocking(|tx| keep::test::claim_erased(tx, 3, 2)).unwrap();
    assert_eq!(found(&store), [Damage::Lost(2), Damage::Checkpoint(3)]);
    // Nor does the next true signature take it over.
    store.write_blocking(|tx| keep::test::sign(tx, &keys())).unwrap();
    assert_eq!(found(&store), [Damage::Lost(2), Damage::Checkpoint(3)]);
}

#[test]
fn an_entry_is_never_written_without_a_seal() {
    let store = Store::in_memory().unwrap();
    let moment = Moment::new(&Clock::manual("2026-01-10T00:00:00Z".parse().unwrap()), &Random::seeded(1));
    let refused = store.write_blocking(move |tx| record(tx, &moment, Event::new(Actor::System, "test.event")));
    assert!(matches!(refused, Err(StoreError::Unsealed)));
}

#[tokio::test]
async fn details_are_erased_when_retention_ends_and_the_chain_stays_whole() {
    let store = tokio::task::spawn_blocking(with_three).await.unwrap();
    let left = |store: &Store| {
        let entries = store.read(|r| about(r, "U202601000001", 9)).unwrap();
        entries.iter().filter(|entry| !entry.details.is_empty()).count()
    };
    keep::test::erase_before(&store, &keys(), "2026-01-10T00:00:00Z".parse().unwrap()).await;
    assert_eq!(left(&store), 3, "not older");
    assert_eq!(store.read(|r| notes(r, Some(&keys()))).unwrap(), [] as [&str; 0]);
    keep::test::erase_before(&store, &keys(), "2031-01-11T00:00:00Z".parse().unwrap()).await;
    assert_eq!(left(&store), 0);
    assert_eq!(found(&store), []);
    let told = store.read(|r| notes(r, Some(&keys()))).unwrap();
    assert!(told[0].contains("3番まで、保存期間が過ぎたため消去済み"), "{told:?}");
    assert!(told[1].contains("最後の署名は3番"), "{told:?}");
    // What comes later is not covered by it, also not after the next signature.
    let (late, later) = (store.clone(), store.clone());
    tokio::task::spawn_blocking(move || add(&late, 7)).await.unwrap();
    store.write(|tx| keep::test::sign(tx, &keys())).await.unwrap();
    assert_eq!(found(&store), []);
    later.write(|tx| damage::erase_details(tx, 4)).await.unwrap();
    assert_eq!(found(&store), [Damage::Lost(4)]);
}

#[test]
fn entries_are_found_by_subject_and_by_federation() {
    let store = with_three();
    let found = store.read(|r| about(r, "U202601000001", 2)).unwrap();
    assert_eq!(found.iter().map(|e| e.sequence).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(found[0].details["client"], "203.0.113.9");
    let other = store.read(|r| in_prefecture(r, Prefecture::new(13).unwrap(), None, 9)).unwrap();
    assert!(other.is_empty());
    let older = store.read(|r| in_prefecture(r, Prefecture::new(7).unwrap(), Some(2), 9)).unwrap();
    assert_eq!(older.iter().map(|e| e.sequence).collect::<Vec<_>>(), [1]);
}

#[test]
fn an_entry_that_is_dated_ahead_is_told_for_a_while() {
    let store = Store::in_memory().unwrap();
    seal_with(&store, &keys());
    let now = "2026-01-20T00:00:00Z".parse().unwrap();
    let told = |at: &str| {
        let moment = Moment::new(&Clock::manual(at.parse().unwrap()), &Random::seeded(1));
        store.write_blocking(move |tx| record(tx, &moment, Event::new(Actor::Visitor, "a.b").subject("it"))).unwrap();
        store.read(|r| ahead(r, now)).unwrap()
    };
    let next_year = "2027-01-02T00:00:00Z";
    assert_eq!(told("2000-01-01T00:00:00Z"), None);
    assert_eq!(told(next_year), next_year.parse().ok());
    assert_eq!(told("2026-01-19T00:00:00Z"), next_year.parse().ok());
}

#[tokio::test]
async fn an_entry_dated_ahead_does_not_keep_older_details_from_being_erased() {
    let store = tokio::task::spawn_blocking(|| {
        let store = Store::in_memory().unwrap();
        seal_with(&store, &keys());
        for (n, at) in ["2080-01-01T00:00:00Z", "2026-01-10T00:00:00Z", "2080-01-01T00:00:00Z"].into_iter().enumerate() {
            let moment = Moment::new(&Clock::manual(at.parse().unwrap()), &Random::seeded(n as u64));
            store
                .write_blocking(move |tx| record(tx, &moment, Event::new(Actor::Visitor, "a.b").subject("it").detail("a", "b")))
                .unwrap();
        }
        store
    })
    .await
    .unwrap();
    keep::test::erase_before(&store, &keys(), "2031-01-11T00:00:00Z".parse().unwrap()).await;
    let entries = store.read(|r| about(r, "it", 9)).unwrap();
    let left: Vec<bool> = entries.iter().rev().map(|entry| !entry.details.is_empty()).collect();
    assert_eq!(left, [false, false, true], "nobody knows yet how old the last one is");
    assert_eq!(found(&store), []);
}
