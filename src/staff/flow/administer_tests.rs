use jiff::SignedDuration;

use super::*;
use crate::kernel::{Clock, Prefecture, Random};

struct House {
    store: Store,
    config: Config,
    clock: Clock,
    random: Random,
}

impl House {
    fn new() -> Self {
        let store = Store::in_memory().unwrap();
        audit::seal_with(&store, &crate::security::Keys::fresh(&Random::seeded(9)));
        Self {
            store,
            config: Config::demo(),
            clock: Clock::manual("2026-01-20T00:00:00Z".parse().unwrap()),
            random: Random::seeded(1),
        }
    }

    async fn run(&self, command: Command) -> Result<Done, Refused> {
        administer(&self.store, &self.config, Moment::new(&self.clock, &self.random), command).await
    }

    async fn add(&self, name: &str) -> Result<Done, Refused> {
        let scope = Scope::One(Prefecture::new(7).unwrap());
        self.run(Command::Add { name: name.into(), scope, role: Role::Clerk }).await
    }
}

#[tokio::test]
async fn adding_prints_a_link_that_the_database_cannot_give_back() {
    let house = House::new();
    let done = house.add(" 佐藤　花子 ").await.unwrap();
    let link = done.link.clone().unwrap();
    let token = link.url.rsplit('=').next().unwrap();
    assert!(link.url.starts_with("http://localhost:8080/staff/enrol?token=") && token.len() == 43, "{}", link.url);
    assert_eq!(link.expires, house.clock.now() + SignedDuration::from_hours(72));
    let text = done.text();
    assert!(text.contains("「佐藤 花子」を受付担当（福島県）") && text.contains("2026年1月23日 9時00分まで"), "{text}");
    let kept = house.store.read(|r| store::invitation(r, &crate::security::sessions::hash(token))).unwrap();
    assert!(kept.is_some_and(|one| one.browser.is_none()));
    let heard = house.store.read(|r| crate::audit::in_prefecture(r, Prefecture::new(7).unwrap(), None, 9)).unwrap();
    assert_eq!(heard.iter().map(|e| (e.action.as_str(), e.actor.clone())).collect::<Vec<_>>(), [("staff.add", Actor::Console)]);
}

#[tokio::test]
async fn a_name_belongs_to_one_member_whatever_its_spelling() {
    let house = House::new();
    house.add("Sato Hanako").await.unwrap();
    assert!(matches!(house.add("ＳＡＴＯ　hanako").await, Err(Refused::Taken(_))));
    assert!(matches!(house.add(" ").await, Err(Refused::Name(NameError::Empty))));
}

#[tokio::test]
async fn members_belong_to_a_federation_of_this_installation() {
    let scope = Scope::One(Prefecture::new(47).unwrap());
    let refused = House::new().run(Command::Add { name: "佐藤".into(), scope, role: Role::Clerk }).await;
    assert!(matches!(refused, Err(Refused::NoFederation(_))));
}

#[tokio::test]
async fn a_disabled_member_comes_back_only_by_being_added_again() {
    let house = House::new();
    let first = house.add("佐藤").await.unwrap().link.unwrap();
    assert!(house.run(Command::Disable { name: "佐藤".into() }).await.unwrap().link.is_none());
    let token = crate::security::sessions::hash(first.url.rsplit('=').next().unwrap());
    assert!(house.store.read(|r| store::invitation(r, &token)).unwrap().is_none(), "the link ended");
    for command in [Command::Disable { name: "佐藤".into() }, Command::ResetAuthenticator { name: "佐藤".into() }] {
        assert!(matches!(house.run(command).await, Err(Refused::Disabled(_))));
    }
    assert!(house.add("佐藤").await.unwrap().link.is_some());
    assert!(house.run(Command::ResetAuthenticator { name: "佐藤".into() }).await.unwrap().link.is_some());
    assert!(matches!(house.run(Command::Disable { name: "鈴木".into() }).await, Err(Refused::Unknown(_))));
}
