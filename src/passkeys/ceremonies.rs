//! What browsers have under way: of whoever is logged in under their session, of visitors under their device or browser. One each.

use jiff::Timestamp;
use serde::de::IgnoredAny;

use super::model::Ceremony;
use crate::store::{self, Check, Reads, Store, StoreError, Table, Tx, expect};

const UNDER_WAY: Table<[u8; 32], Ceremony> = Table::new("passkey_ceremonies");

/// Where ceremonies lie: whoever leaves it out of a copy ends them all.
pub const CEREMONIES: &str = UNDER_WAY.name();

/// The one that waits here for this browser's answer.
pub(super) fn find(r: &impl Reads, key: &[u8; 32], browser: &[u8; 32], now: Timestamp) -> Result<Option<Ceremony>, StoreError> {
    Ok(r.get(&UNDER_WAY, key)?.filter(|one| one.browser == *browser && one.is_open(now)))
}

/// Begins one; another that waits here is over.
pub(super) fn put(tx: &mut Tx<'_>, key: &[u8; 32], ceremony: &Ceremony) -> Result<(), StoreError> {
    tx.put(&UNDER_WAY, key, ceremony)
}

/// Takes the one that was answered away. `false` if it is not the one that waits: somebody else has answered it, or it was begun anew.
pub(super) fn take(tx: &mut Tx<'_>, key: &[u8; 32], answered: &Ceremony, now: Timestamp) -> Result<bool, StoreError> {
    if find(tx, key, &answered.browser, now)?.as_ref() != Some(answered) {
        return Ok(false);
    }
    tx.delete(&UNDER_WAY, key)
}

/// Removes those that wait no more.
pub(super) async fn remove_over(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store::sweep(store, UNDER_WAY, move |one| !one.is_open(now), |tx, key| tx.delete(&UNDER_WAY, key).map(drop)).await.map(drop)
}

/// Checks every row, for `verify`.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&UNDER_WAY, |_, _, one| {
        let readable = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
        expect(readable(&one.options) && readable(&one.state), "手続きの内容を読み取れません")
    });
}

#[cfg(test)]
mod tests {
    use super::super::model::{Gate, Purpose};
    use super::*;

    fn ceremony(browser: u8) -> Ceremony {
        let purpose = Purpose::Enter { gate: Gate::Office, counted: true };
        let text = || "{}".to_owned();
        Ceremony { at: Timestamp::UNIX_EPOCH, browser: [browser; 32], purpose, options: text(), state: text() }
    }

    #[test]
    fn a_ceremony_is_its_browsers_and_taken_once_and_one_that_was_begun_anew_is_another() {
        let (store, now) = (Store::in_memory().unwrap(), Timestamp::UNIX_EPOCH);
        let put = |one: Ceremony| store.write_blocking(move |tx| put(tx, &[1; 32], &one)).unwrap();
        let take = |one: Ceremony| store.write_blocking(move |tx| take(tx, &[1; 32], &one, now)).unwrap();
        put(ceremony(1));
        assert_eq!(store.read(|r| find(r, &[1; 32], &[2; 32], now)).unwrap(), None);
        assert_eq!(store.read(|r| find(r, &[1; 32], &[1; 32], now)).unwrap(), Some(ceremony(1)));
        assert!(!take(Ceremony { state: "[]".to_owned(), ..ceremony(1) }), "begun anew meanwhile");
        assert!(take(ceremony(1)) && !take(ceremony(1)));
    }

    #[test]
    fn what_cannot_be_read_is_damage() {
        let check_all = |c: &mut Check<'_>| {
            check(c);
            crate::store::check(c);
        };
        for (state, damages) in [("{}", 0), ("{", 1)] {
            let store = Store::in_memory().unwrap();
            let one = Ceremony { state: state.to_owned(), ..ceremony(1) };
            store.write_blocking(move |tx| put(tx, &[1; 32], &one)).unwrap();
            assert_eq!(store.read(|r| Check::run(r, &mut |_, _| true, check_all)).unwrap().damages, damages, "{state}");
        }
    }
}
