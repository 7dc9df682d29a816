//! Who enters: the one decision after the hash. Pure.

use jiff::Timestamp;

use crate::accounts::Account;

/// What the hash and the keyed hash said of the typed password.
#[derive(Clone, Copy, Debug)]
pub struct Matched {
    /// It is the password that the office chose.
    pub password: bool,
    /// It is the temporary password.
    pub temporary: bool,
}

/// What a try comes to. The reason of a refusal goes to the audit log only: all have one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Enters, to the steps of the first login only.
    Temporary,
    /// Enters.
    Password,
    /// Enters as soon as the security code is right as well.
    Code,
    /// Refused, with the word for the audit log.
    Refused(&'static str),
}

/// Decides by the account as it was when the hash began (`seen`) and as it is now (`present`). `strangers_open` is `false` when
/// unknown devices are refused and this is one: then only a temporary password enters.
#[must_use]
pub fn decide(
    seen: Option<&Account>,
    present: Option<&Account>,
    matched: Matched,
    strangers_open: bool,
    now: Timestamp,
) -> Decision {
    let (Some(seen), Some(present)) = (seen, present) else { return Decision::Refused("unknown") };
    if present.suspended {
        return Decision::Refused("suspended");
    }
    if matched.temporary {
        // It may have been used elsewhere meanwhile, which raises the revision and does no harm. Printed again it is another one.
        let keyed = |account: &Account| account.live_temporary(now).map(|temporary| temporary.keyed.clone());
        return match (keyed(seen), keyed(present)) {
            (Some(then), Some(today)) if then == today => Decision::Temporary,
            _ => Decision::Refused("expired"),
        };
    }
    if !matched.password {
        return Decision::Refused("wrong");
    }
    if seen.revision != present.revision {
        return Decision::Refused("changed");
    }
    if !strangers_open {
        return Decision::Refused("locked");
    }
    if present.usable_password().is_none() {
        return Decision::Refused("disabled");
    }
    if present.security_code.is_some() { Decision::Code } else { Decision::Password }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::accounts::{Kind, SecurityCode, Temporary};
    use crate::kernel::{Id, Random, Secret, UserId};
    use crate::security::{Hasher, Keys};

    const RIGHT: Matched = Matched { password: true, temporary: false };
    const LETTER: Matched = Matched { password: false, temporary: true };

    fn now() -> Timestamp {
        "2026-01-20T00:00:00Z".parse().unwrap()
    }

    async fn account() -> Account {
        let keys = Keys::fresh(&Random::seeded(1));
        let user_id = UserId::parse("KJ131311111111").unwrap();
        let secret = || Secret::new("Abcd2345Efgh6789".to_owned());
        let mut account = Account::new(user_id, Kind::Existing, now());
        account.password = Hasher::start(keys.clone(), 64, 1, 1).unwrap().hash(secret(), [1; 16]).await.ok();
        let letter = Id::new(&Random::seeded(2));
        account.temporary = Some(Temporary::new(&keys, user_id, &secret(), letter, now() + SignedDuration::from_hours(1)));
        account
    }

    fn outcome(seen: &Account, present: &Account, matched: Matched, open: bool, hours: i64) -> Decision {
        decide(Some(seen), Some(present), matched, open, now() + SignedDuration::from_hours(hours))
    }

    #[tokio::test]
    async fn only_a_temporary_password_enters_while_strangers_are_refused() {
        let account = account().await;
        assert_eq!(outcome(&account, &account, RIGHT, true, 0), Decision::Password);
        assert_eq!(outcome(&account, &account, RIGHT, false, 0), Decision::Refused("locked"));
        assert_eq!(outcome(&account, &account, LETTER, false, 0), Decision::Temporary);
    }

    #[tokio::test]
    async fn q26_a_temporary_password_ends_with_its_time_or_its_letter() {
        let (seen, mut present) = (account().await, account().await);
        assert_eq!(outcome(&seen, &present, LETTER, true, 2), Decision::Refused("expired"));
        if let Some(temporary) = &mut present.temporary {
            temporary.keyed.mac = [0; 32];
        }
        assert_eq!(outcome(&seen, &present, LETTER, true, 0), Decision::Refused("expired"), "printed again");
        present.temporary = None;
        assert_eq!(outcome(&seen, &present, LETTER, true, 0), Decision::Refused("expired"));
    }

    #[tokio::test]
    async fn what_changed_while_the_hash_ran_is_refused() {
        let (seen, mut present) = (account().await, account().await);
        present.suspended = true;
        assert_eq!(outcome(&seen, &present, RIGHT, true, 0), Decision::Refused("suspended"));
        assert_eq!(outcome(&seen, &present, LETTER, true, 0), Decision::Refused("suspended"));
        present.suspended = false;
        present.revision += 1;
        assert_eq!(outcome(&seen, &present, RIGHT, true, 0), Decision::Refused("changed"));
        assert_eq!(outcome(&seen, &present, LETTER, true, 0), Decision::Temporary, "its first use elsewhere does no harm");
    }

    #[tokio::test]
    async fn a_security_code_is_asked_after_the_password_and_never_after_the_letter() {
        let mut account = account().await;
        account.security_code = account.password.clone().map(SecurityCode::Fixed);
        assert_eq!(outcome(&account, &account, RIGHT, true, 0), Decision::Code);
        assert_eq!(
            outcome(&account, &account, RIGHT, false, 0),
            Decision::Refused("locked"),
            "whose turn it is not is not asked"
        );
        assert_eq!(outcome(&account, &account, LETTER, true, 0), Decision::Temporary);
        account.password_disabled = true;
        assert_eq!(outcome(&account, &account, RIGHT, true, 0), Decision::Refused("disabled"));
    }

    #[tokio::test]
    async fn a_disabled_password_opens_nothing_and_the_letter_does() {
        let mut account = account().await;
        account.password_disabled = true;
        assert_eq!(outcome(&account, &account, RIGHT, true, 0), Decision::Refused("disabled"));
        assert_eq!(outcome(&account, &account, LETTER, true, 0), Decision::Temporary);
        assert_eq!(decide(None, None, RIGHT, true, now()), Decision::Refused("unknown"));
    }
}
