//! What a user of the portal may open: computed at every request, as `first_login::next` does for offices. Pure.

use jiff::Timestamp;

use super::model::{Member, User};
use crate::kernel::Id;

/// A step that is due before マイページ opens, in this order (S4 step 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// パスワード変更: the login was by an initial password.
    Password,
    /// 事業所・医療機関の選択: the person belongs to several.
    Place,
    /// 利用規約同意.
    Terms,
}

/// What is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing opens: the session is as good as ended.
    Closed(Why),
    /// This step, and nothing else opens.
    Step(Step),
    /// Everything is open.
    Free,
}

/// Why nothing opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The user is there no more: removed from the last institution.
    Ended,
    /// The initial password, or the password, that opened the session opens no more.
    Initial,
    /// Suspended at every institution.
    Suspended,
}

/// What is next for a session of this user: `limited` if an initial password opened it, `place` where it works.
///
/// `terms` is the newest version of the portal's terms.
#[must_use]
pub fn next(user: Option<&User>, members: &[Member], limited: bool, place: Option<Id>, terms: u32, now: Timestamp) -> Next {
    let Some(user) = user.filter(|_| !members.is_empty()) else { return Next::Closed(Why::Ended) };
    // A session that an initial password opened ends with it, and so does one of a password that is gone.
    let opens = if limited { user.initial_is_live(now) } else { user.opens_by_password() };
    if !opens {
        return Next::Closed(Why::Initial);
    }
    if !members.iter().any(Member::is_usable) {
        return Next::Closed(Why::Suspended);
    }
    if limited {
        return Next::Step(Step::Password);
    }
    if !members.iter().any(|member| Some(member.id) == place && member.is_usable()) {
        return Next::Step(Step::Place);
    }
    if user.terms.is_none_or(|agreed| agreed.version < terms) {
        return Next::Step(Step::Terms);
    }
    Next::Free
}

#[cfg(test)]
mod tests {
    use super::super::model::{Initial, Suspended, SuspendedBy};
    use super::super::person::Person;
    use super::*;
    use crate::accounts::Agreed;
    use crate::kernel::{Clock, MailAddress, Moment, Random};
    use crate::security::{Hasher, KeyId, Keys};

    fn member(n: u8, suspended: bool, moment: &Moment) -> Member {
        let user = Id::from_bytes([1; 16]);
        let mut member = Member::new(moment, Id::from_bytes([n; 16]), user, true, Person::default());
        let by = SuspendedBy::Staff;
        member.suspended = suspended.then_some(Suspended { by, at: moment.now, may_be_replaced: false });
        member
    }

    #[tokio::test]
    async fn q34_the_next_step_of_a_portal_user() {
        let now = "2026-01-20T01:00:00Z".parse().unwrap();
        let moment = Moment::new(&Clock::manual(now), &Random::seeded(1));
        let hasher = Hasher::start(Keys::fresh(&Random::seeded(1)), 64, 1, 1).unwrap();
        let hash = hasher.hash(crate::kernel::Secret::new("xK4pq9wzRt7".to_owned()), [7; 16]).await.unwrap();
        let (one, two, shut) = (member(1, false, &moment), member(2, false, &moment), member(3, true, &moment));
        let here = Some(one.id);
        let bare = User::new(Id::from_bytes([1; 16]), MailAddress::parse("a@example.jp").unwrap(), now);
        let mut fresh = bare.clone();
        fresh.initial = Some(Initial::new(Id::from_bytes([9; 16]), KeyId(1), now));
        let mut opened = bare.clone();
        opened.set_password(hash, now);
        let mut agreed = opened.clone();
        agreed.terms = Some(Agreed { version: 2, at: now });
        let late = now + jiff::SignedDuration::from_hours(24 * 8);
        let [ended, initial, suspended] = [Why::Ended, Why::Initial, Why::Suspended].map(Next::Closed);
        let [password, place, terms] = [Step::Password, Step::Place, Step::Terms].map(Next::Step);
        for (name, user, members, limited, at, version, when, expected) in [
            ("nobody any more", None, vec![], false, None, 2, now, ended),
            ("no institution any more", Some(&agreed), vec![], false, here, 2, now, ended),
            ("with an initial password", Some(&fresh), vec![&one], true, None, 2, now, password),
            ("with one that has expired", Some(&fresh), vec![&one], true, None, 2, late, initial),
            ("with one, the password set elsewhere", Some(&opened), vec![&one], true, None, 2, now, initial),
            ("with a password that is gone", Some(&fresh), vec![&one], false, here, 2, now, initial),
            ("with neither", Some(&bare), vec![&one], true, None, 2, now, initial),
            ("suspended, with an initial password", Some(&fresh), vec![&shut], true, None, 2, now, suspended),
            ("suspended everywhere", Some(&agreed), vec![&shut], false, Some(shut.id), 2, now, suspended),
            ("suspended here, not there", Some(&agreed), vec![&one, &shut], false, Some(shut.id), 2, now, place),
            ("two to choose from", Some(&agreed), vec![&one, &two], false, None, 2, now, place),
            ("a place that is not theirs any more", Some(&agreed), vec![&one], false, Some(two.id), 2, now, place),
            ("before the terms", Some(&opened), vec![&one], false, here, 2, now, terms),
            ("newer terms", Some(&agreed), vec![&one], false, here, 3, now, terms),
            ("all done", Some(&agreed), vec![&two, &one], false, here, 2, now, Next::Free),
            ("a shut place beside", Some(&agreed), vec![&shut, &one], false, here, 2, now, Next::Free),
        ] {
            let members: Vec<Member> = members.into_iter().cloned().collect();
            assert_eq!(next(user, &members, limited, at, version, when), expected, "{name}");
        }
    }
}
