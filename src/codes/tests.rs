use std::sync::Arc;

use super::flow::derive;
use super::model::{Challenge, Purpose};
use super::*;
use crate::config::Config;
use crate::kernel::{Clock, Id, MailAddress, Moment, Random};
use crate::mail::{ComposeContext, Composed};
use crate::security::{KeyId, Keys};
use crate::store::{Store, StoreOptions};

fn challenge(key: KeyId, purpose: Purpose) -> Challenge<KeyId> {
    let at = "2026-01-20T01:00:00Z".parse().unwrap();
    Challenge {
        purpose,
        browser: [0; 32],
        address: MailAddress::parse("jigyousho@example.jp").unwrap(),
        account: "1311111111".into(),
        prefecture: None,
        sends: true,
        issue: 1,
        key,
        opened: at,
        requested: at,
        tries_left: 5,
        end: None,
        mail: None,
        regards: None,
    }
}

#[test]
fn q11_codes_are_spread_evenly_over_every_digit() {
    let random = Random::seeded(11);
    let keys = Keys::fresh(&random);
    let one = challenge(keys.newest(), Purpose::ReissueContact);
    let mut seen = [[0_u32; 10]; 4];
    for _ in 0..10_000 {
        let code = derive(&keys, &one, Id::new(&random), 1).unwrap();
        assert_eq!(code.len(), 4);
        for (place, digit) in code.bytes().enumerate() {
            seen[place][usize::from(digit - b'0')] += 1;
        }
    }
    for counts in seen {
        // Chi-square with 9 degrees of freedom exceeds 27.9 once in a thousand.
        let chi: f64 = counts.iter().map(|n| (f64::from(*n) - 1000.0).powi(2) / 1000.0).sum();
        assert!(chi < 27.9, "{chi} {counts:?}");
    }
}

#[test]
fn q15_a_code_depends_on_challenge_issue_purpose_and_key() {
    let random = Random::seeded(15);
    let keys = Keys::fresh(&random);
    let (id, other) = (Id::new(&random), Id::new(&random));
    let one = challenge(keys.newest(), Purpose::ReissueWithdraw);
    let code = derive(&keys, &one, id, 1);
    assert_eq!(code, derive(&keys, &one, id, 1), "the same on every delivery retry");
    assert_ne!(code, derive(&keys, &one, id, 2));
    assert_ne!(code, derive(&keys, &one, other, 1));
    assert_ne!(code, derive(&Keys::fresh(&random), &one, id, 1));
    let contact = derive(&keys, &challenge(keys.newest(), Purpose::ReissueContact), id, 1).unwrap();
    assert!(!code.unwrap().ends_with(&contact), "purposes share no digits");
    assert_eq!(derive(&keys, &challenge(KeyId(99), Purpose::ReissueContact), id, 1), None);
}

#[test]
fn q15_no_purpose_shares_its_codes_with_another() {
    let random = Random::seeded(16);
    let keys = Keys::fresh(&random);
    let mut words: Vec<&str> = Purpose::ALL.map(Purpose::word).to_vec();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Purpose::ALL.len());
    // One challenge may give the same digits for two purposes by chance; twenty of them do not.
    let ids: Vec<Id> = (0..20).map(|_| Id::new(&random)).collect();
    let of =
        |purpose| ids.iter().map(|id| derive(&keys, &challenge(keys.newest(), purpose), *id, 1).unwrap()).collect::<Vec<_>>();
    for (n, one) in Purpose::ALL.into_iter().enumerate() {
        for other in &Purpose::ALL[n + 1..] {
            assert_ne!(of(one), of(*other), "{one:?} {other:?}");
        }
    }
}

#[tokio::test]
async fn q21_a_challenge_that_sends_nothing_writes_the_same_rows_and_its_mail_is_dropped() {
    let (random, config) = (Random::seeded(21), Arc::new(Config::demo()));
    let (keys, clock) = (Keys::fresh(&random), Clock::manual("2026-01-20T01:00:00Z".parse().unwrap()));
    let store = Store::in_memory().unwrap();
    let mut written = Vec::new();
    for (n, sends) in [(1, true), (2, false)] {
        let (moment, keys_here, config_here) = (Moment::new(&clock, &random), keys.clone(), Arc::clone(&config));
        let opening = Opening {
            purpose: Purpose::Reset,
            browser: [n; 32],
            address: MailAddress::parse(&format!("office{n}@example.jp")).unwrap(),
            account: "1311111111".into(),
            prefecture: None,
            sends,
            network: "203.0.113.0/24".into(),
        };
        let before = store.counts();
        let opened = store.write(move |tx| open(tx, &moment, &keys_here, &config_here, opening.clone())).await.unwrap();
        let after = store.counts();
        written.push((after.written - before.written, after.read - before.read));
        let Opened::Open(id) = opened else { panic!("{opened:?}") };
        let (params, to) = (serde_json::json!({ "challenge": id, "issue": 1 }), MailAddress::parse("a@example.jp").unwrap());
        let composed = store
            .read(|r| compose(&params, &ComposeContext { config: &config, keys: &keys, read: r, now: clock.now(), to: &to }));
        assert_eq!(matches!(composed.unwrap(), Composed::Send { .. }), sends);
    }
    assert_eq!(written[0], written[1]);
}

#[tokio::test]
async fn q14_no_code_lies_in_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uketsuke.redb");
    let (random, config) = (Random::seeded(14), Arc::new(Config::demo()));
    let (keys, clock) = (Keys::fresh(&random), Clock::manual("2026-01-20T01:00:00Z".parse().unwrap()));
    let store = Store::open(&path, StoreOptions::default()).unwrap();
    let mut codes = Vec::new();
    for n in 0..20 {
        let (moment, keys_here, config) = (Moment::new(&clock, &random), keys.clone(), Arc::clone(&config));
        let opening = Opening {
            purpose: Purpose::ReissueWithdraw,
            browser: [n; 32],
            address: MailAddress::parse(&format!("office{n}@example.jp")).unwrap(),
            account: "1311111111".into(),
            prefecture: None,
            sends: true,
            network: "203.0.113.0/24".into(),
        };
        let opened = store.write(move |tx| open(tx, &moment, &keys_here, &config, opening.clone())).await.unwrap();
        let Opened::Open(id) = opened else { panic!("{opened:?}") };
        let row = store.read(|r| super::store::find(r, id)).unwrap().unwrap();
        codes.push(derive(&keys, &row, id, 1).unwrap());
    }
    drop(store);
    let file = std::fs::read(&path).unwrap();
    for code in codes {
        assert!(!file.windows(6).any(|bytes| bytes == code.as_bytes()), "{code}");
    }
}
