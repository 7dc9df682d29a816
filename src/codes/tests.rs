use std::sync::Arc;

use jiff::SignedDuration;

use super::flow::derive;
use super::model::Challenge;
use super::pages::CodeScreen;
use super::purpose::Purpose;
use super::*;
use crate::config::Config;
use crate::kernel::{Clock, Id, MailAddress, Moment, Random};
use crate::mail::{ComposeContext, Composed};
use crate::security::{KeyId, Keys};
use crate::store::{Store, StoreOptions};
use crate::web::layout::ServerTime;

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

/// A store, and what is needed to open challenges in it.
struct Desk {
    store: Store,
    keys: Keys,
    clock: Clock,
    random: Random,
    config: Arc<Config>,
}

impl Desk {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let random = Random::seeded(15);
        let mut config = Config::demo();
        change(&mut config);
        let (keys, clock) = (Keys::fresh(&random), Clock::manual("2026-01-20T01:00:00Z".parse().unwrap()));
        Self { store: Store::in_memory().unwrap(), keys, clock, random, config: Arc::new(config) }
    }

    /// Asked for by somebody in a network of their own; `Err` if it is too many. Says whether a mail leaves, and what was read and written.
    fn open(&self, purpose: Purpose, account: &str, address: &str, sends: bool) -> Result<(Id, bool, (u64, u64)), ()> {
        let moment = Moment::new(&self.clock, &self.random);
        let (keys, config, network) = (self.keys.clone(), Arc::clone(&self.config), Id::new(&self.random).to_string());
        let (address, account) = (MailAddress::parse(address).unwrap(), account.to_owned());
        let opening = Opening { purpose, browser: [7; 32], address, account, prefecture: None, sends, network };
        let before = self.store.counts();
        let opened = self.store.write_blocking(move |tx| open(tx, &moment, &keys, &config, opening.clone())).unwrap();
        let after = self.store.counts();
        let Opened::Open(id) = opened else { return Err(()) };
        let row = self.store.read(|r| super::store::find(r, id)).unwrap().unwrap();
        Ok((id, row.sends, (after.read - before.read, after.written - before.written)))
    }
}

#[test]
fn q15_a_code_of_one_purpose_is_good_for_no_other() {
    let desk = Desk::new(|_| {});
    for (n, asked) in Purpose::ALL.into_iter().enumerate() {
        let (id, ..) = desk.open(asked, "1311111111", &format!("{n}@example.jp"), true).unwrap();
        let row = desk.store.read(|r| super::store::find(r, id)).unwrap().unwrap();
        let code = derive(&desk.keys, &row, id, 1).unwrap();
        // The right one at last, which shows that the others were refused for their purpose alone.
        for purpose in Purpose::ALL.into_iter().filter(|other| *other != asked).chain([asked]) {
            let (keys, config, now, code) = (desk.keys.clone(), Arc::clone(&desk.config), desk.clock.now(), code.clone());
            let entered = desk.store.write_blocking(move |tx| {
                let attempt = Attempt { id, browser: [7; 32], purpose, now, keys: &keys, rules: &config.code };
                enter(tx, attempt, &code)
            });
            let expected = if purpose == asked { Entered::Right } else { Entered::Ended };
            assert_eq!(entered.unwrap(), expected, "asked for {asked:?}, typed for {purpose:?}");
        }
    }
}

const OFFICE_PURPOSES: [Purpose; 5] =
    [Purpose::FirstAddress, Purpose::NewAddress, Purpose::AddAddress, Purpose::ChangeAddress, Purpose::DeleteAddress];
const VICTIM: &str = "victim@example.jp";

#[test]
fn q22_what_strangers_ask_for_uses_up_nothing_of_an_office_that_is_logged_in() {
    for strangers in [Purpose::ReissueContact, Purpose::Reset, Purpose::NewDevice, Purpose::PortalLost] {
        let desk = Desk::new(|_| {});
        // The pair, and the mailbox with other numbers.
        while desk.open(strangers, "1311111111", VICTIM, strangers == Purpose::ReissueContact).is_ok() {}
        for n in 0..80 {
            let _ = desk.open(strangers, &format!("13111{n:05}"), VICTIM, strangers == Purpose::ReissueContact);
        }
        for purpose in OFFICE_PURPOSES {
            assert!(desk.open(purpose, "1311111111", VICTIM, true).is_ok_and(|(_, sends, _)| sends), "{strangers:?} {purpose:?}");
        }
        assert!(desk.open(Purpose::AddAddress, "1311111111", VICTIM, true).is_err(), "the sixth of its own in an hour");
    }
}

#[test]
fn q22_whoever_types_an_address_with_many_numbers_closes_no_reset() {
    let desk = Desk::new(|_| {});
    for n in 0..80 {
        assert!(desk.open(Purpose::Reset, &format!("13111{n:05}"), VICTIM, false).is_ok(), "{n}");
        let _ = desk.open(Purpose::ReissueContact, &format!("13111{n:05}"), VICTIM, true);
    }
    assert!(desk.open(Purpose::Reset, "1322222222", VICTIM, true).is_ok_and(|(_, sends, _)| sends));
}

#[test]
fn q22_what_strangers_ask_for_at_the_portal_closes_neither_resets_nor_known_devices() {
    let desk = Desk::new(|_| {});
    let asked = |purpose, account: &str| desk.open(purpose, account, VICTIM, true).unwrap().1;
    for n in 0..80 {
        assert_eq!(asked(Purpose::PortalLost, &format!("portal 203.0.{n}.0/24")), n < 60, "{n}");
    }
    for (purpose, account) in [
        (Purpose::PortalLost, &*format!("{KNOWN_DEVICE}0123")),
        (Purpose::PortalLogin, "0123"),
        (Purpose::PortalMail, "0123"),
        (Purpose::PortalRegister, "portal 1311111111"),
        (Purpose::Reset, "1311111111"),
        (Purpose::AddAddress, "1311111111"),
    ] {
        assert!(asked(purpose, account), "{purpose:?}");
    }
}

#[test]
fn q17_q21_a_mailbox_gets_sixty_codes_of_resets_an_hour_and_nobody_is_told_when_it_has() {
    let desk = Desk::new(|config| config.limits.codes_per_address_hour = 3);
    let asked = |n: u32, sends: bool| desk.open(Purpose::Reset, &format!("13111{n:05}"), VICTIM, sends).unwrap();
    let mut costs = Vec::new();
    for n in 0..5 {
        let ((_, sent, cost), (_, silent, same)) = (asked(n, true), asked(100 + n, false));
        assert_eq!((sent, silent), (n < 3, false), "{n}");
        costs.extend([cost, same]);
    }
    assert!(costs.windows(2).all(|two| two[0] == two[1]), "{costs:?}");
    assert!(desk.open(Purpose::ReissueContact, "1322222222", VICTIM, true).is_ok(), "nor does another screen tell");
}

#[test]
fn q17_q21_a_mailbox_gets_three_hundred_codes_of_resets_a_day_and_nobody_is_told_when_it_has() {
    let desk = Desk::new(|_| {});
    assert_eq!(desk.config.limits.codes_per_address_day, 300);
    let asked = |n: u32| desk.open(Purpose::Reset, &format!("13111{n:05}"), VICTIM, true);
    // Fifty an hour, each for another number: only the day is full.
    for n in 0..303 {
        if n > 0 && n % 50 == 0 {
            desk.clock.advance(SignedDuration::from_hours(1));
        }
        assert!(asked(n).is_ok_and(|(_, sends, _)| sends == (n < 300)), "{n}");
    }
    assert!(
        desk.open(Purpose::AddAddress, "1322222222", VICTIM, true).is_ok_and(|(_, sends, _)| sends),
        "others are not counted in"
    );
    desk.clock.advance(SignedDuration::from_hours(24));
    assert!(asked(303).is_ok_and(|(_, sends, _)| sends), "a day later");
}

#[test]
fn a_screen_shows_the_address_masked_and_more_below_the_field_where_its_room_says_so() {
    let at = "2026-01-20T01:00:00Z".parse().unwrap();
    let address = MailAddress::parse(VICTIM).unwrap();
    let (purpose, delivery) = (Purpose::PortalRegister, Delivery::Waiting);
    let view = View { purpose, issue: 1, requested: at, valid_until: at, resend_from: at, end: None, address, delivery };
    let (config, now) = (Config::demo(), ServerTime { hms: "10:00:00".to_owned(), epoch_ms: 0 });
    let draw = |words| {
        let screen = CodeScreen {
            words,
            view: &view,
            config: &config,
            now: &now,
            csrf: "t",
            action: "/a",
            delivery: None,
            told: Told::Nothing,
        };
        screen.body().into_string()
    };
    assert!(draw(Words::default()).contains(VICTIM));
    let below = maud::html! { p { "共用の端末では選ばないでください" } };
    let text = draw(Words { shown: Some("vi****@example.jp".to_owned()), below: Some(below), ..Words::default() });
    assert!(text.contains("vi****@example.jp") && !text.contains(VICTIM));
    let places = ["name=\"code\"", "共用の端末", "type=\"submit\"", "</form>"].map(|part| text.find(part).unwrap());
    assert!(places.is_sorted(), "{places:?}");
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
