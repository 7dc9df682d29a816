use super::chain::damage;
use super::*;
use crate::kernel::{Clock, Moment, Prefecture, Random};
use crate::store::{Store, StoreError, Tx};

fn with_three() -> Store {
    let store = Store::in_memory().unwrap();
    let clock = Clock::manual("2026-01-10T00:00:00Z".parse().unwrap());
    for n in 0..3 {
        let moment = Moment::new(&clock, &Random::seeded(n));
        store
            .write_blocking(move |tx| {
                let event = Event::new(Actor::Visitor, "reissue.send").subject("U202601000001").client("203.0.113.9");
                record(tx, &moment, event.prefecture(Prefecture::new(7).unwrap()))
            })
            .unwrap();
    }
    store
}

fn spoil(change: fn(&mut Tx<'_>, u64) -> Result<bool, StoreError>) -> Vec<Damage> {
    let store = with_three();
    store.write_blocking(move |tx| change(tx, 2)).unwrap();
    store.read(verify).unwrap()
}

#[test]
fn q47_tampering_with_the_log_is_found() {
    assert_eq!(with_three().read(verify).unwrap(), []);
    assert_eq!(spoil(damage::alter), [Damage::Altered(2)]);
    assert_eq!(spoil(damage::remove), [Damage::Missing(2), Damage::Altered(3)]);
    assert_eq!(spoil(damage::alter_details), [Damage::Details(2)]);
}

#[test]
fn q47_a_cut_tail_is_found_by_the_signed_checkpoint() {
    use crate::security::Keys;
    let (store, keys) = (with_three(), Keys::fresh(&Random::seeded(9)));
    let (signing, now) = (keys.clone(), "2026-01-11T00:00:00Z".parse().unwrap());
    store.write_blocking(move |tx| keep::sign_for_test(tx, &signing, now)).unwrap();
    assert_eq!(store.read(|r| verify_checkpoints(r, &keys)).unwrap(), []);
    assert_eq!(
        store.read(|r| verify_checkpoints(r, &Keys::fresh(&Random::seeded(8)))).unwrap(),
        [Damage::Checkpoint(3)],
        "signed by somebody else"
    );
    store.write_blocking(|tx| damage::remove(tx, 3)).unwrap();
    assert_eq!(store.read(verify).unwrap(), [], "the chain itself does not show it");
    assert_eq!(store.read(|r| verify_checkpoints(r, &keys)).unwrap(), [Damage::Checkpoint(3)]);
}

#[tokio::test]
async fn details_are_erased_when_retention_ends_and_the_chain_stays_whole() {
    let store = tokio::task::spawn_blocking(with_three).await.unwrap();
    let erase = |store: &Store, before: &str| {
        let before = before.parse().unwrap();
        let store = store.clone();
        async move { store.write(move |tx| chain::erase_details(tx, before, 9)).await.unwrap() }
    };
    assert_eq!(erase(&store, "2026-01-10T00:00:00Z").await, 0, "not older");
    assert_eq!(erase(&store, "2031-01-11T00:00:00Z").await, 3);
    assert_eq!(store.read(verify).unwrap(), []);
    assert!(store.read(|r| about(r, "U202601000001", 9)).unwrap().iter().all(|entry| entry.details.is_empty()));
}

#[test]
fn erasing_details_does_not_break_the_chain() {
    assert_eq!(spoil(damage::erase_details), []);
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
