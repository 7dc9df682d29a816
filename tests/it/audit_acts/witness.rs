//! Looking on: what is in the log, as it lies in the database.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uketsuke::audit::Actor;
use uketsuke::kernel::{Id, Prefecture, UserId};
use uketsuke::store::{Reads as _, Span, Store, StoreError, Table};

use crate::support::TestApp;

/// An entry as it lies in the database.
#[derive(Debug, Deserialize)]
pub struct Link {
    /// As text: an instant without its offset would be ambiguous.
    pub at: String,
    pub actor: Actor,
    pub action: String,
    pub outcome: String,
    pub prefecture: Option<Prefecture>,
    pub subjects: Vec<String>,
    #[serde(default, skip)]
    pub values: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Details {
    values: BTreeMap<String, String>,
}

pub fn entries(store: &Store) -> Vec<Link> {
    let (chain, details): (Table<u64, Link>, Table<u64, Details>) = (Table::new("audit"), Table::new("audit_details"));
    let read = store.read(|r| {
        let mut all = Vec::new();
        for (sequence, mut link) in r.list(&chain, &Span::all(), usize::MAX)? {
            link.values = r.get(&details, &sequence)?.map(|details| details.values).unwrap_or_default();
            all.push(link);
        }
        Ok::<_, StoreError>(all)
    });
    read.unwrap()
}

/// Who an entry must name. Those who come over the network have an address as well.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    Visitor,
    Office(UserId),
    Staff(&'a str),
    Portal(Id),
    System,
    Console,
}

impl Who<'_> {
    fn is(self, actor: &Actor) -> bool {
        match (self, actor) {
            (Self::Visitor, Actor::Visitor) | (Self::System, Actor::System) | (Self::Console, Actor::Console) => true,
            (Self::Office(wanted), Actor::Office(user)) => wanted == *user,
            (Self::Staff(wanted), Actor::Staff { name, .. }) => wanted == name,
            (Self::Portal(wanted), Actor::Portal { id }) => wanted == *id,
            _ => false,
        }
    }

    fn comes_over_the_network(self) -> bool {
        !matches!(self, Self::System | Self::Console)
    }
}

/// Action, outcome, who, and a word that one of the subjects holds (nothing where there is none to name).
pub type Told<'a> = (&'a str, &'a str, Who<'a>, &'a str);

/// Looks on: after each act exactly what it was is in the log.
pub struct Witness {
    pub seen: usize,
    pub actions: BTreeSet<String>,
}

impl Witness {
    pub fn new() -> Self {
        Self { seen: 0, actions: BTreeSet::new() }
    }

    pub fn expect(&mut self, app: &TestApp, wanted: &[Told<'_>]) {
        let all = entries(&app.app.store);
        let new = &all[self.seen..];
        self.seen = all.len();
        let told: Vec<(&str, &str)> = new.iter().map(|entry| (entry.action.as_str(), entry.outcome.as_str())).collect();
        let expected: Vec<(&str, &str)> = wanted.iter().map(|(action, outcome, ..)| (*action, *outcome)).collect();
        assert_eq!(told, expected, "exactly these, in this order: {new:#?}");
        for (entry, (action, _, who, what)) in new.iter().zip(wanted) {
            check(entry, *who, what);
            assert_eq!(entry.at.parse::<Timestamp>().unwrap(), app.clock.now(), "{action}: when");
            self.actions.insert((*action).to_owned());
        }
        app.advance(SignedDuration::from_secs(60));
    }
}

pub fn check(entry: &Link, who: Who<'_>, what: &str) {
    assert!(entry.at.ends_with('Z'), "when, to the offset: {entry:?}");
    assert!(who.is(&entry.actor), "who: {who:?} in {entry:?}");
    let place = entry.values.get("client").map(String::as_str);
    assert_eq!(place, who.comes_over_the_network().then_some("127.0.0.1"), "where: {entry:?}");
    let named = what.is_empty() || entry.subjects.iter().any(|subject| subject.contains(what));
    assert!(named, "what: {what} in {entry:?}");
}
