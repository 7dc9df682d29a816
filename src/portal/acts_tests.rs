use jiff::{SignedDuration, Timestamp};

use super::super::initial::initial_password;
use super::super::model::{Suspended, SuspendedBy};
use super::super::standing::{home_of, own_words, standing};
use super::*;
use crate::config::Config;
use crate::kernel::{Clock, MedicalCode, Random, Secret, UserId};
use crate::mail::outbox;
use crate::security::sessions::OpenSession;
use crate::security::{Hasher, PasswordHash};
use crate::store::{Check, Store};

const OFFICE: &str = "KJ071311111111";
const OTHER: &str = "KJ131311111111";

/// A database whose every change is checked.
struct House {
    store: Store,
    keys: Keys,
    random: Random,
    clock: Clock,
}

fn office(text: &str) -> What {
    What::Care(UserId::parse(text).unwrap())
}

fn mail(name: &str) -> MailAddress {
    MailAddress::parse(&format!("{name}@example.jp")).unwrap()
}

fn person(name: &str) -> Person {
    Person { name: name.to_owned(), ..Person::default() }
}

/// The store blocks, so there is no runtime around the tests.
fn hash() -> PasswordHash {
    let hasher = Hasher::start(Keys::fresh(&Random::seeded(1)), 64, 1, 1).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(hasher.hash(Secret::new("xK4pq9wzRt7".to_owned()), [7; 16])).unwrap()
}

impl House {
    fn new() -> Self {
        let random = Random::seeded(1);
        let clock = Clock::manual("2026-01-20T01:00:00Z".parse().unwrap());
        Self { store: Store::in_memory().unwrap(), keys: Keys::fresh(&random), random, clock }
    }

    fn write<T: Send + 'static>(
        &self,
        act: impl FnMut(&mut Tx<'_>, &Moment, &Keys) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let (moment, keys, mut act) = (Moment::new(&self.clock, &self.random), self.keys.clone(), act);
        let done = self.store.write_blocking(move |tx| act(tx, &moment, &keys)).unwrap();
        assert_eq!(self.damage(), [""; 0], "every act leaves whole rows");
        done
    }

    fn damage(&self) -> Vec<String> {
        let rooms: [fn(&mut Check<'_>); 6] = [
            super::super::check::check,
            crate::security::check,
            crate::passkeys::check,
            outbox::check,
            crate::jobs::check,
            crate::store::check,
        ];
        let found = self.store.read(|r| Check::run(r, &mut |_, _| true, |c| rooms.iter().for_each(|check| check(c)))).unwrap();
        found.damage.iter().map(ToString::to_string).collect()
    }

    fn settle(&self, what: &str, address: &str) -> Settled {
        let (what, address) = (what.to_owned(), address.to_owned());
        self.write(move |tx, moment, keys| {
            settle_main(
                tx,
                moment,
                keys,
                office(&what),
                crate::kernel::Prefecture::new(7).unwrap(),
                person(&address),
                mail(&address),
            )
        })
    }

    fn add(&self, main: &Member, address: &str) -> Result<Member, AddFault> {
        let (main, address) = (main.clone(), address.to_owned());
        self.write(move |tx, moment, keys| {
            add_member(tx, moment, keys, main.institution, person(&address), mail(&address), &main)
        })
    }

    fn enter(&self, member: &Member) -> Member {
        let member = Member { entered: Some(self.clock.now()), ..member.clone() };
        let saved = member.clone();
        self.write(move |tx, _, _| store::save_member(tx, &saved));
        member
    }

    /// Names of the members, the main one first.
    fn names(&self, institution: Id) -> Vec<String> {
        let all = self.store.read(|r| store::members_of(r, institution)).unwrap();
        all.into_iter().map(|one| one.person.name).collect()
    }

    /// Kind and first letter of the address of each mail that waits.
    fn mails(&self) -> Vec<String> {
        let all = self.store.read(|r| outbox::list(r, outbox::State::Waiting, None, 0, 99)).unwrap();
        let mut all: Vec<String> = all.iter().map(|(_, row)| format!("{} {}", row.kind, row.to.as_str())).collect();
        all.sort();
        all
    }

    fn user(&self, name: &str) -> Option<User> {
        self.store.read(|r| store::user_by_mail(r, &mail(name))).unwrap()
    }

    fn open(&self, user: Id, place: Option<Id>, limited: bool) {
        let with = OpenSession { address: String::new(), device: None, limited, agent: String::new(), place };
        self.write(move |tx, moment, _| sessions::open(tx, moment, Subject::Portal(user), &with).map(drop));
    }

    fn sessions(&self, user: Id) -> usize {
        self.store.read(|r| sessions::list(r, Subject::Portal(user))).unwrap().len()
    }

    fn with_password(&self, name: &str) -> User {
        let (hash, now) = (hash(), self.clock.now());
        let mut user = self.user(name).unwrap();
        user.set_password(hash, now);
        self.write(move |tx, _, _| store::save_user(tx, &user))
    }
}

#[test]
fn a_main_user_is_made_with_institution_user_and_one_mail() {
    let house = House::new();
    let made = house.settle(OFFICE, "a");
    assert!(made.mailed && made.before.is_none() && made.member.main && made.institution.main == made.member.id);
    let user = house.user("a").unwrap();
    assert!(user.initial_is_live(house.clock.now()) && !user.opens_by_password());
    assert_eq!(house.mails(), ["M-9 a@example.jp"]);
    let found = house.store.read(|r| store::of_office(r, UserId::parse(OFFICE).unwrap())).unwrap();
    assert_eq!(found, Some(made.institution));
    assert_eq!(house.store.read(|r| store::memberships(r, user.id)).unwrap(), [made.member]);
}

#[test]
fn the_same_main_user_again_keeps_the_place_and_gets_a_new_initial_password() {
    let house = House::new();
    let first = house.settle(OFFICE, "a");
    let before = house.user("a").unwrap();
    house.clock.advance(SignedDuration::from_mins(1));
    let again = house.settle(OFFICE, "A");
    assert_eq!((again.member.id, again.before.is_none(), again.mailed), (first.member.id, true, true));
    assert_eq!(house.names(again.institution.id), ["A"], "the data as typed");
    let user = house.user("a").unwrap();
    let [old, new] = [&before, &user].map(|user| initial_password(&house.keys, user.id, &user.initial.unwrap()).unwrap());
    assert_ne!(old.expose(), new.expose());
    assert!(user.id == before.id && user.revision > before.revision);
}

#[test]
fn a_new_main_user_takes_the_place_of_the_former_who_is_told_if_they_ever_came_in() {
    for entered in [false, true] {
        let house = House::new();
        let first = house.settle(OFFICE, "a");
        let former = if entered { house.enter(&first.member) } else { first.member };
        house.add(&former, "x").unwrap();
        house.open(former.user, Some(former.id), false);
        let second = house.settle(OFFICE, "b");
        assert_eq!(second.before.map(|before| before.id), Some(former.id));
        assert_eq!(house.names(second.institution.id), ["b", "x"], "the additional users stay");
        assert!(house.user("a").is_none() && house.sessions(former.user) == 0);
        assert_eq!(house.mails().contains(&"M-14c a@example.jp".to_owned()), entered, "{:?}", house.mails());
    }
}

#[test]
fn an_additional_user_of_this_place_becomes_its_main_one() {
    let house = House::new();
    let first = house.settle(OFFICE, "a");
    let added = house.add(&first.member, "b").unwrap();
    let settled = house.settle(OFFICE, "b");
    assert_eq!((settled.member.id, settled.before.map(|before| before.id)), (added.id, Some(first.member.id)));
    assert_eq!(house.names(first.institution.id), ["b"]);
}

#[test]
fn a_person_of_another_place_keeps_the_password_and_gets_no_initial_one() {
    let house = House::new();
    let (here, there) = (house.settle(OFFICE, "a"), house.settle(OTHER, "b"));
    house.add(&there.member, "c").unwrap();
    let (main, additional) = (house.with_password("b"), house.with_password("c"));
    for (name, user) in [("b", &main), ("c", &additional)] {
        let settled = house.settle(OFFICE, name);
        assert!(!settled.mailed && settled.institution.id == here.institution.id);
        let now = house.user(name).unwrap();
        assert!(now.id == user.id && now.opens_by_password() && now.initial.is_none() && now.revision == user.revision);
        assert_eq!(house.store.read(|r| store::memberships(r, user.id)).unwrap().len(), 2, "{name}");
    }
    assert_eq!(house.names(there.institution.id), ["b", "c"], "the other place is as it was");
    assert_eq!(house.names(here.institution.id), ["c"], "b was replaced here and is still there");
}

#[test]
fn a_suspension_by_the_main_user_ends_with_becoming_one_and_that_of_staff_does_not() {
    for (by, stays) in [(SuspendedBy::Main, false), (SuspendedBy::Staff, true)] {
        let house = House::new();
        let first = house.settle(OFFICE, "a");
        let mut added = house.add(&first.member, "b").unwrap();
        added.suspended = Some(Suspended { by, at: house.clock.now(), may_be_replaced: false });
        let saved = added.clone();
        house.write(move |tx, _, _| store::save_member(tx, &saved));
        assert_eq!(house.settle(OFFICE, "b").member.suspended.is_some(), stays);
    }
}

#[test]
fn a_medical_institution_is_known_by_its_code_and_its_record_is_the_newest() {
    let house = House::new();
    let medical = |name: &str| {
        let code = MedicalCode::parse("0719900011").unwrap();
        let name = name.to_owned();
        What::Medical(Medical { code, name, postal_code: String::new(), address: String::new(), telephone: String::new() })
    };
    let home = crate::kernel::Prefecture::new(7).unwrap();
    let made = ["古い名称", "新しい名称"].map(|name| {
        let what = medical(name);
        house.write(move |tx, moment, keys| settle_main(tx, moment, keys, what.clone(), home, person("a"), mail("a")))
    });
    assert_eq!(made[0].institution.id, made[1].institution.id);
    let found = house.store.read(|r| store::of_code(r, &MedicalCode::parse("0719900011").unwrap())).unwrap().unwrap();
    assert_eq!(found.what, medical("新しい名称"));
    let mut seen = Vec::new();
    house
        .store
        .read(|r| {
            store::each_of_home(r, home, |one| {
                seen.push(one.id);
                Ok(true)
            })
        })
        .unwrap();
    assert_eq!(seen, [found.id]);
}

#[test]
fn four_are_added_a_fifth_and_an_address_that_is_there_are_refused() {
    let house = House::new();
    let main = house.settle(OFFICE, "a").member;
    let first = house.add(&main, "b").unwrap();
    for (address, fault) in [("a", AddFault::Taken), ("B", AddFault::Taken)] {
        assert_eq!(house.add(&main, address).unwrap_err(), fault);
    }
    for address in ["c", "d", "e"] {
        house.add(&main, address).unwrap();
    }
    assert_eq!(house.add(&main, "f").unwrap_err(), AddFault::Full);
    assert_eq!(house.add(&main, "c").unwrap_err(), AddFault::Taken, "told before");
    assert!(house.user("f").is_none());
    // Who is suspended has a place; who is removed has none any more.
    house.write(move |tx, _, _| drop_member(tx, &first));
    house.add(&main, "f").unwrap();
    assert_eq!(house.names(main.institution).len(), 5);
    let invited = house.mails().iter().filter(|one| one.starts_with("M-14i")).count();
    assert_eq!(invited, 5);
}

#[test]
fn the_main_role_changes_hands_and_both_are_told() {
    let house = House::new();
    let main = house.settle(OFFICE, "a").member;
    let other = house.add(&main, "b").unwrap();
    house.write(move |tx, moment, _| hand_over(tx, moment, &main, &other));
    let found = house.store.read(|r| store::of_office(r, UserId::parse(OFFICE).unwrap())).unwrap().unwrap();
    assert_eq!(house.names(found.id), ["b", "a"]);
    let told = house.mails().into_iter().filter(|one| one.starts_with("M-14c")).collect::<Vec<_>>();
    assert_eq!(told, ["M-14c a@example.jp", "M-14c b@example.jp"]);
}

#[test]
fn who_loses_one_place_keeps_the_others_and_who_loses_the_last_is_gone() {
    let house = House::new();
    let (here, there) = (house.settle(OFFICE, "a").member, house.settle(OTHER, "z").member);
    let [at_here, at_there] = [&here, &there].map(|main| house.add(main, "b").unwrap());
    let user = house.with_password("b").id;
    for place in [Some(at_here.id), Some(at_there.id), None] {
        house.open(user, place, false);
    }
    let device = Id::from_bytes([5; 16]);
    house.write(move |tx, moment, _| {
        devices::remember(tx, &device_owner(user), device, moment.now)?;
        devices::remember(tx, &trusted_owner(user), device, moment.now)
    });
    house.write(move |tx, _, _| drop_member(tx, &at_here));
    assert_eq!(house.sessions(user), 2, "only those that worked there have ended");
    assert!(house.user("b").is_some());
    house.write(move |tx, _, _| drop_member(tx, &at_there));
    assert!(house.user("b").is_none() && house.sessions(user) == 0);
    for owner in [device_owner(user), trusted_owner(user)] {
        assert_eq!(house.store.read(|r| devices::of(r, &owner)).unwrap(), [], "{owner}");
    }
}

#[test]
fn a_new_initial_password_ends_the_sessions_of_the_older_and_none_is_granted_beside_a_password() {
    let house = House::new();
    let member = house.settle(OFFICE, "a").member;
    house.open(member.user, None, true);
    let again = member.clone();
    let (_, mailed) = house.write(move |tx, moment, keys| invite(tx, moment, keys, again.clone(), None));
    assert!(mailed && house.sessions(member.user) == 0);
    let user = house.with_password("a");
    house.open(member.user, Some(member.id), false);
    let granted = house.write(move |tx, moment, keys| grant_initial(tx, moment, keys, user.clone()));
    assert!(granted.initial.is_none() && house.sessions(member.user) == 1);
}

#[test]
fn an_address_is_changed_unless_another_user_has_it() {
    let house = House::new();
    let (a, b) = (house.settle(OFFICE, "a").member, house.settle(OTHER, "b").member);
    let change = |name: &'static str, new: &'static str| {
        let user = house.user(name).unwrap();
        house.write(move |tx, _, _| store::change_mail(tx, user.clone(), mail(new)))
    };
    assert!(change("a", "B").is_none(), "taken, in whatever case");
    assert_eq!(change("a", "A").map(|user| user.mail.as_str().to_owned()), Some("A@example.jp".to_owned()), "another spelling");
    let changed = change("a", "c").unwrap();
    assert!(changed.id == a.user && house.user("a").is_none());
    assert!(change("b", "a").is_some_and(|user| user.id == b.user), "free again");
}

#[test]
fn an_office_s_standing_is_told_step_by_step() {
    let house = House::new();
    let stands = |now: Timestamp| house.store.read(|r| standing(r, UserId::parse(OFFICE).unwrap(), now)).unwrap();
    let now = house.clock.now();
    assert_eq!(stands(now), super::super::standing::Standing::default());
    let main = house.settle(OFFICE, "tanto").member;
    house.add(&main, "b").unwrap();
    let fresh = stands(now);
    assert_eq!((fresh.main.as_deref(), fresh.additional), (Some("tan***@example.jp"), 1));
    assert!(!fresh.initial_expired && !fresh.entered && !fresh.agreed && !fresh.suspended);
    assert!(stands(now + SignedDuration::from_hours(24 * 8)).initial_expired);
    let mut user = house.with_password("tanto");
    user.terms = Some(crate::accounts::Agreed { version: 1, at: now });
    house.write(move |tx, _, _| store::save_user_quietly(tx, &user));
    let by = SuspendedBy::Staff;
    let mut main = house.enter(&main);
    main.suspended = Some(Suspended { by, at: now, may_be_replaced: false });
    house.write(move |tx, _, _| store::save_member(tx, &main));
    let done = stands(now + SignedDuration::from_hours(24 * 8));
    assert!(done.entered && done.agreed && done.suspended && !done.initial_expired);
}

#[test]
fn words_of_one_s_own_and_the_home_of_an_institution() {
    let house = House::new();
    house.settle(OFFICE, "hanako.sato");
    let words = house.store.read(|r| own_words(r, &house.user("hanako.sato").unwrap())).unwrap();
    assert_eq!(words[..4], ["hanako.sato", "hanako.sato@example.jp", "hanako.sato", "1311111111"]);
    let home = |number: u8| home_of(&Config::demo(), crate::kernel::Prefecture::new(number).unwrap()).number();
    assert_eq!((home(7), home(13), home(1)), (7, 13, 7), "of no federation of ours: the first");
}

/// Rows as nobody's act writes them.
#[test]
fn verify_finds_what_no_rule_allows() {
    type Spoil = fn(&mut Tx<'_>, &Member, &Member) -> Result<(), StoreError>;
    let spoils: [(&str, Spoil); 5] = [
        ("two main users", |tx, _, other| store::save_member(tx, &Member { main: true, ..other.clone() })),
        ("none", |tx, main, _| store::save_member(tx, &Member { main: false, ..main.clone() })),
        ("a member without its user", |tx, _, other| {
            let user = store::user(tx, other.user)?.unwrap();
            store::delete_user(tx, &user)
        }),
        ("a user without a place", |tx, _, other| store::delete_member(tx, other)),
        ("six places", |tx, main, _| {
            for n in 10..15 {
                let id = Id::from_bytes([n; 16]);
                store::new_user(tx, &User::new(id, mail(&format!("u{n}")), main.since))?;
                store::new_member(tx, &Member { id, user: id, main: false, ..main.clone() })?;
            }
            Ok(())
        }),
    ];
    for (name, spoil) in spoils {
        let house = House::new();
        let main = house.settle(OFFICE, "a").member;
        let other = house.add(&main, "b").unwrap();
        house.store.write_blocking(move |tx| spoil(tx, &main, &other)).unwrap();
        assert!(!house.damage().is_empty(), "{name}");
    }
}
