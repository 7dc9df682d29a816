use super::*;
use crate::kernel::{Clock, Random, UserId};
use crate::portal::{Person, What, add_member, hand_over, settle_main};
use crate::security::Keys;
use crate::store::Store;

struct House {
    store: Store,
    keys: Keys,
    clock: Clock,
    random: Random,
}

fn address(name: &str) -> MailAddress {
    MailAddress::parse(&format!("{name}@example.jp")).unwrap()
}

fn home() -> Prefecture {
    Prefecture::new(7).unwrap()
}

impl House {
    /// A care office with a main user and an additional one; their invitations wait.
    fn new() -> (Self, Member, Member) {
        let random = Random::seeded(1);
        let clock = Clock::manual("2026-01-20T01:00:00Z".parse().unwrap());
        let house = Self { store: Store::in_memory().unwrap(), keys: Keys::fresh(&random), clock, random };
        let (moment, keys) = (house.moment(), house.keys.clone());
        let (main, other) = house
            .store
            .write_blocking(move |tx| {
                let what = What::Care(UserId::parse("KJ071311111111").unwrap());
                let mut entry =
                    crate::ledger::Entry::new(UserId::parse("KJ071311111111").unwrap().office(), "さくら介護センター");
                entry.address = "架空町1-1".to_owned();
                crate::ledger::put(tx, &entry)?;
                let person = |name: &str| Person { name: name.to_owned(), ..Person::default() };
                let main = settle_main(tx, &moment, &keys, what, home(), person("佐藤 花子"), address("hanako"))?.member;
                let by = main.clone();
                let other = add_member(tx, &moment, &keys, main.institution, person("山田 太郎"), address("taro"), &by)?;
                Ok::<_, StoreError>((main, other.unwrap()))
            })
            .unwrap();
        (house, main, other)
    }

    fn moment(&self) -> Moment {
        Moment::new(&self.clock, &self.random)
    }

    fn rows(&self) -> Vec<outbox::Row> {
        let mut all = self.store.read(|r| outbox::list(r, outbox::State::Waiting, None, 0, 99)).unwrap();
        all.sort_by_key(|(_, row)| (row.kind.clone(), row.to.key()));
        all.into_iter().map(|(_, row)| row).collect()
    }

    fn composed(&self, row: &outbox::Row) -> Composed {
        let (config, params) = (Config::demo(), serde_json::from_str(&row.params).unwrap());
        let now = self.clock.now();
        self.store
            .read(|read| compose(&params, &ComposeContext { config: &config, keys: &self.keys, read, now, to: &row.to }))
            .unwrap()
    }

    fn text(&self, row: &outbox::Row) -> String {
        match self.composed(row) {
            Composed::Send { subject, body } => format!("件名: {subject}\n\n{body}"),
            Composed::Drop(why) => format!("dropped: {why}"),
        }
    }
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn m9_and_m14_read_as_they_should() {
    let (house, main, other) = House::new();
    let moment = house.moment();
    house.store.write_blocking(move |tx| hand_over(tx, &moment, &main, &other)).unwrap();
    let rows = house.rows();
    let kinds: Vec<String> = rows.iter().map(|row| format!("{} {}", row.kind, row.to)).collect();
    assert_eq!(kinds, ["M-14c hanako@example.jp", "M-14c taro@example.jp", "M-14i taro@example.jp", "M-9 hanako@example.jp"]);
    assert!(rows.iter().all(|row| row.prefecture.is_none() && mail_home(row) == Some(home())), "no clerk's list holds them");
    snapshot("mail_m14_changed", &house.text(&rows[0]));
}

#[test]
fn an_invitation_holds_the_initial_password_and_says_where_and_how_long() {
    let (house, main, _) = House::new();
    let rows = house.rows();
    let [invited, initial] = [&rows[0], &rows[1]].map(|row| house.text(row));
    snapshot("mail_m14_invited", &invited);
    snapshot("mail_m9_initial", &initial);
    let user = house.store.read(|r| store::user(r, main.user)).unwrap().unwrap();
    let password = initial_password(&house.keys, user.id, &user.initial.unwrap()).unwrap();
    assert!(initial.contains(&grouped(password.expose())));
    for part in ["さくら介護センター", "hanako@example.jp", "2026年1月27日", "/portal/login", "0000-07-0000"] {
        assert!(initial.contains(part), "{part}");
    }
    assert!(invited.contains("佐藤 花子 様") && !initial.contains("KJ07"));
    for row in &rows {
        assert!(!row.params.contains(password.expose().as_str()), "q14: the outbox holds no password");
    }
}

#[test]
fn an_initial_password_that_has_ended_is_not_sent_any_more() {
    let (house, main, _) = House::new();
    let rows = house.rows();
    let (moment, keys, again) = (house.moment(), house.keys.clone(), main.clone());
    house.store.write_blocking(move |tx| crate::portal::invite(tx, &moment, &keys, again.clone(), None)).unwrap();
    assert!(house.text(&rows[1]).starts_with("dropped: 初期パスワードが"), "a newer one is on its way");
    let newest = house.rows().into_iter().find(|row| row.kind == INITIAL && row.params != rows[1].params).unwrap();
    assert!(house.text(&newest).contains("[初期パスワード]"));
    house.clock.advance(jiff::SignedDuration::from_hours(24 * 8));
    assert!(house.text(&newest).starts_with("dropped: "), "after seven days");
    let gone = main.clone();
    house.store.write_blocking(move |tx| store::delete_member(tx, &gone)).unwrap();
    assert!(house.text(&newest).starts_with("dropped: 利用者が"));
}

#[test]
fn who_has_a_password_is_told_to_use_it() {
    let (house, main, _) = House::new();
    let hasher = crate::security::Hasher::start(house.keys.clone(), 64, 1, 1).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let hash = runtime.block_on(hasher.hash(Secret::new("xK4pq9wzRt7".to_owned()), [7; 16])).unwrap();
    let (moment, keys) = (house.moment(), house.keys.clone());
    let written = house.store.write_blocking(move |tx| {
        let mut user = store::user(tx, main.user)?.unwrap();
        user.set_password(hash.clone(), moment.now);
        store::save_user(tx, &user)?;
        crate::portal::invite(tx, &moment, &keys, main.clone(), None)
    });
    assert!(!written.unwrap().1);
    let texts: Vec<String> = house.rows().iter().filter(|row| row.kind == INITIAL).map(|row| house.text(row)).collect();
    let with = texts.iter().find(|text| text.contains("お使いのパスワード")).unwrap();
    assert!(!with.contains("初期パスワード]") && with.contains("/portal/login"));
    assert!(texts.iter().any(|text| text.starts_with("dropped: ")), "the initial one of before opens no more");
}

#[test]
fn both_addresses_hear_of_a_change_each_once() {
    let (house, main, _) = House::new();
    let moment = house.moment();
    let changed = Change::MailChanged { masked_old: "old***@example.jp".into(), masked_new: "han***@example.jp".into() };
    let written = house.store.write_blocking(move |tx| {
        let user = store::user(tx, main.user)?.unwrap();
        tell(tx, &moment, &user, home(), changed.clone(), &[address("old"), address("HANAKO")])?;
        tell(tx, &moment, &user, home(), Change::Password, &[])
    });
    written.unwrap();
    let told: Vec<_> = house.rows().into_iter().filter(|row| row.kind == CHANGED).collect();
    let to: Vec<&str> = told.iter().map(|row| row.to.as_str()).collect();
    assert_eq!(to, ["hanako@example.jp", "hanako@example.jp", "old@example.jp"], "two changes are two mails");
    assert!(told.iter().all(|row| !house.text(row).contains("[事業所・医療機関]")));
    assert!(house.text(&told[2]).contains("old***@example.jp から han***@example.jp に変更されました。"));
}

#[test]
fn changes_that_older_programs_wrote_are_read() {
    for (stored, change) in [("\"Lost\"", Change::Lost), ("\"Replaced\"", Change::Replaced)] {
        assert_eq!(serde_json::from_str::<Change>(stored).unwrap(), change);
    }
}
