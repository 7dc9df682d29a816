//! What a member of staff is told at the next login: passkeys that were registered or removed in their name. Pure.
//!
//! Staff have no mail addresses, so nothing reaches them outside: whoever sits at a desk that was left open must not be able to make
//! themselves a key that its owner never hears of.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// As many changes are kept, the newest (D).
const MOST: usize = 20;

/// In sessions that a passkey has opened, a change is told for so long (D): they do not count as having seen it, and whoever never types
/// their password would read of their own passkey for ever.
const BY_PASSKEY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What happened to a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PasskeyChange {
    /// It was registered.
    Added,
    /// It was removed.
    Removed,
}

/// Which logins have come after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Since {
    /// None: it is not told yet, for the screen of the change itself has said it.
    None,
    /// Only such by a passkey, which may be the one that somebody else has made.
    Passkey,
    /// One with password and code: the member has seen it.
    Password,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyNews {
    /// When.
    pub at: Timestamp,
    /// What.
    pub change: PasskeyChange,
    /// What its owner calls the passkey.
    pub name: String,
    /// The client's address.
    pub client: String,
    since: Since,
}

impl PasskeyNews {
    /// A change that was just made.
    #[must_use]
    pub fn new(at: Timestamp, change: PasskeyChange, name: &str, client: &str) -> Self {
        Self { at, change, name: name.to_owned(), client: client.to_owned(), since: Since::None }
    }

    /// Whether it is told in a session that began with a passkey, or with password and code.
    #[must_use]
    pub fn is_told(&self, by_passkey: bool, now: Timestamp) -> bool {
        self.since != Since::None && (!by_passkey || now.duration_since(self.at) < BY_PASSKEY)
    }
}

/// Notes a change.
pub(super) fn note(news: &mut Vec<PasskeyNews>, one: PasskeyNews) {
    news.push(one);
    let over = news.len().saturating_sub(MOST);
    news.drain(..over);
}

/// The member has entered with password and code: what they have seen after such a login before is over.
pub(super) fn entered(news: &mut Vec<PasskeyNews>) {
    news.retain(|one| one.since != Since::Password);
    news.iter_mut().for_each(|one| one.since = Since::Password);
}

/// Somebody has entered with a passkey.
pub(super) fn entered_by_passkey(news: &mut [PasskeyNews]) {
    news.iter_mut().filter(|one| one.since == Since::None).for_each(|one| one.since = Since::Passkey);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
    }

    fn one() -> PasskeyNews {
        PasskeyNews::new(at(0), PasskeyChange::Added, "鍵", "203.0.113.9")
    }

    #[test]
    fn a_change_is_told_from_the_next_login_until_the_password_was_entered_twice() {
        let mut news = vec![one()];
        let told = |news: &[PasskeyNews]| news.iter().filter(|one| one.is_told(false, at(9_999))).count();
        assert_eq!(told(&news), 0);
        entered(&mut news);
        assert_eq!(told(&news), 1);
        entered(&mut news);
        assert_eq!(news, []);
    }

    #[test]
    fn logins_by_passkey_tell_for_a_week_and_take_nothing_from_the_password() {
        let mut news = vec![one()];
        for _ in 0..3 {
            entered_by_passkey(&mut news);
        }
        assert_eq!([1, 167, 168].map(|hour| news[0].is_told(true, at(hour))), [true, true, false]);
        assert!(news[0].is_told(false, at(9_999)));
        entered(&mut news);
        entered_by_passkey(&mut news);
        assert_eq!(news.len(), 1);
        entered(&mut news);
        assert_eq!(news, [], "seen after a login with the password stays seen");
    }

    #[test]
    fn the_newest_changes_are_kept() {
        let mut news = Vec::new();
        for hour in 0..25 {
            note(&mut news, PasskeyNews { at: at(hour), ..one() });
        }
        assert_eq!((news.len(), news[0].at, news[19].at), (MOST, at(5), at(24)));
    }
}
