//! Counted tries of the portal's login, by the rules of every login here.

use super::acts::device_owner;
use super::model::User;
use super::store::{STRANGERS, TRIES};
use crate::kernel::{Id, MailAddress};
use crate::login::{Doors, Knock};
use crate::security::{Keys, Purpose};

/// How tries are counted.
pub const DOORS: Doors = Doors { tries: TRIES, strangers: STRANGERS };

/// What tries of a typed ID are counted under: a text that is no mail address may be a password typed into the wrong field.
#[must_use]
pub fn door(keys: &Keys, typed: &str) -> [u8; 32] {
    let typed = MailAddress::parse(typed).map_or_else(|_| typed.trim().to_owned(), |mail| mail.key());
    keys.mac(Purpose::Device, &[b"typed portal address", typed.as_bytes()]).mac
}

/// Somebody who tries at a door with this browser, on this device if its cookie is ours. `user` is whom the typed address belongs to: for
/// nobody a device is looked for as well.
#[must_use]
pub fn knock(door: [u8; 32], user: Option<&User>, browser: [u8; 32], device: Option<Id>) -> Knock {
    let owner = device_owner(user.map_or(Id::from_bytes([0; 16]), |user| user.id));
    Knock { door, owner, browser, device }
}

/// What entries about refused logins stand under: the same rows for addresses that exist and for those that do not, and no address in them.
#[must_use]
pub fn refused_subject(door: &[u8; 32]) -> String {
    let (head, _) = door.split_at(8);
    format!("refused at portal: {}", data_encoding::HEXLOWER.encode(head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Random;

    #[test]
    fn a_door_is_the_same_however_an_address_is_spelt_and_tells_nothing_of_it() {
        let keys = Keys::fresh(&Random::seeded(1));
        let one = door(&keys, "Tanto@Example.jp");
        assert_eq!(one, door(&keys, " ｔａｎｔｏ@example.jp "));
        for other in ["tanto2@example.jp", "", "a password, typed here"] {
            assert_ne!(one, door(&keys, other), "{other}");
        }
        assert_ne!(one, door(&Keys::fresh(&Random::seeded(2)), "tanto@example.jp"));
        let subject = refused_subject(&one);
        assert!(subject.starts_with("refused at portal: ") && subject.len() == 35 && !subject.contains('@'), "{subject}");
    }
}
