//! Initial passwords: derived from the key file, as codes are, and stored nowhere (spec 2; quality bar 14, 46).

use super::model::{Initial, User};
use super::store;
use crate::kernel::{Id, Moment, Random, Secret, secret};
use crate::security::sessions::{self, Subject};
use crate::security::{Keys, Purpose, passwords};
use crate::store::{StoreError, Tx};

/// The initial password of a grant, the same as often as it is asked for. `None` if its key is not in the key file any more.
#[must_use]
pub fn initial_password(keys: &Keys, user: Id, initial: &Initial) -> Option<Secret<String>> {
    let seed = keys.mac_with(Purpose::InitialPassword, initial.key, &[user.bytes(), initial.grant.bytes()])?;
    Some(passwords::drawn(&Random::from_seed(seed)))
}

/// Whether `typed` is the initial password of this user, in time or not: see [`User::initial_is_live`]. Spaces are left out: the mail sets
/// it in groups. Where there is none, another is derived and compared, so that the time tells nothing.
#[must_use]
pub fn is_initial_password(keys: &Keys, user: Option<&User>, typed: &Secret<String>) -> bool {
    let granted = user.and_then(|user| user.initial.map(|initial| (user.id, initial)));
    let filler = Initial::new(Id::from_bytes([0; 16]), keys.newest(), jiff::Timestamp::UNIX_EPOCH);
    let (id, initial) = granted.unwrap_or((filler.grant, filler));
    let typed = Secret::new(typed.expose().split_whitespace().collect::<String>());
    let right = initial_password(keys, id, &initial);
    right.is_some_and(|right| secret::same(right.expose().as_bytes(), typed.expose().as_bytes())) && granted.is_some()
}

/// Grants a new initial password: the older one opens no more, and the sessions that it has opened end. Who has a password of their own
/// never gets one: then nothing happens.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn grant_initial(tx: &mut Tx<'_>, moment: &Moment, keys: &Keys, mut user: User) -> Result<User, StoreError> {
    if user.opens_by_password() {
        return Ok(user);
    }
    let grant = Id::new(&moment.part(&format!("portal initial {}", user.id)).random());
    user.initial = Some(Initial::new(grant, keys.newest(), moment.now));
    for (key, session) in sessions::list(tx, Subject::Portal(user.id))? {
        if session.limited {
            sessions::end(tx, &key)?;
        }
    }
    store::save_user(tx, &user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::MailAddress;

    #[test]
    fn q14_an_initial_password_is_derived_anew_and_differs_with_user_and_grant() {
        let keys = Keys::fresh(&Random::seeded(1));
        let initial = |grant: u8| Initial::new(Id::from_bytes([grant; 16]), keys.newest(), jiff::Timestamp::UNIX_EPOCH);
        let derived = |user: u8, grant: u8| {
            let password = initial_password(&keys, Id::from_bytes([user; 16]), &initial(grant));
            password.unwrap().expose().clone()
        };
        assert_eq!(derived(1, 1), derived(1, 1));
        assert_eq!(derived(1, 1).len(), 16);
        let all = [derived(1, 1), derived(1, 2), derived(2, 1)];
        assert!(all[0] != all[1] && all[0] != all[2] && all[1] != all[2]);
        let others = Keys::fresh(&Random::seeded(2));
        assert_ne!(initial_password(&others, Id::from_bytes([1; 16]), &initial(1)).unwrap().expose(), &all[0]);
        let gone = Initial { key: crate::security::KeyId(9), ..initial(1) };
        assert!(initial_password(&keys, Id::from_bytes([1; 16]), &gone).is_none());
    }

    #[test]
    fn an_initial_password_is_known_with_and_without_the_spaces_of_the_mail() {
        let keys = Keys::fresh(&Random::seeded(1));
        let mut user =
            User::new(Id::from_bytes([1; 16]), MailAddress::parse("a@example.jp").unwrap(), jiff::Timestamp::UNIX_EPOCH);
        let is = |user: Option<&User>, typed: &str| is_initial_password(&keys, user, &Secret::new(typed.to_owned()));
        let initial = Initial::new(Id::from_bytes([2; 16]), keys.newest(), user.created);
        let right = initial_password(&keys, user.id, &initial).unwrap().expose().clone();
        assert!(!is(Some(&user), &right), "none is out");
        user.initial = Some(initial);
        assert!(is(Some(&user), &right));
        assert!(is(Some(&user), &format!(" {} {}", &right[..4], &right[4..])));
        for wrong in ["", &right[..15], &right.to_lowercase(), &format!("{right}x")] {
            assert!(!is(Some(&user), wrong), "{wrong}");
        }
        // What is compared where there is none is no password of anybody.
        let filler = Initial::new(Id::from_bytes([0; 16]), keys.newest(), user.created);
        let of_nobody = initial_password(&keys, filler.grant, &filler).unwrap();
        assert!(!is(None, of_nobody.expose()));
    }
}
