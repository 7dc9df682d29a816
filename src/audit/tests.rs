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
