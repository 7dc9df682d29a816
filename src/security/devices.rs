//! Devices: a signed cookie tells one browser from another, and a row remembers that an account has logged in with it before.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::keys::{KeyId, Keyed, Keys, Purpose};
use crate::kernel::{Id, Random};
use crate::store::{Check, Reads, Span, StoreError, Table, Tx};

const KNOWN: Table<(String, Id), Known> = Table::new("devices");

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    since: Timestamp,
    last: Timestamp,
}

/// The value of a new device cookie, and the device's id.
#[must_use]
pub fn issue(keys: &Keys, random: &Random) -> (String, Id) {
    let id = Id::new(random);
    (cookie(keys, id), id)
}

/// The value of the cookie of this device.
#[must_use]
pub fn cookie(keys: &Keys, id: Id) -> String {
    let keyed = keys.mac(Purpose::Device, &[id.bytes()]);
    format!("{id}.{}.{}", keyed.key.0, data_encoding::BASE64URL_NOPAD.encode(&keyed.mac))
}

/// The device that a cookie names, if the cookie is ours.
#[must_use]
pub fn read(keys: &Keys, cookie: &str) -> Option<Id> {
    let mut parts = cookie.split('.');
    let id = Id::parse(parts.next()?)?;
    let key = KeyId(parts.next()?.parse().ok()?);
    let mac = data_encoding::BASE64URL_NOPAD.decode(parts.next()?.as_bytes()).ok()?.try_into().ok()?;
    (parts.next().is_none() && keys.verify(Purpose::Device, &Keyed { key, mac }, &[id.bytes()])).then_some(id)
}

/// Remembers that `who` (e.g. a user ID) has logged in with this device.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn remember(tx: &mut Tx<'_>, who: &str, device: Id, now: Timestamp) -> Result<(), StoreError> {
    let key = (who.to_owned(), device);
    let since = tx.get(&KNOWN, &key)?.map_or(now, |known| known.since);
    tx.put(&KNOWN, &key, &Known { since, last: now })
}

/// Whether `who` has logged in with this device before.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn is_known(r: &impl Reads, who: &str, device: Id) -> Result<bool, StoreError> {
    r.has(&KNOWN, &(who.to_owned(), device))
}

/// What wrong tries of a known device are counted under, in the place of a browser's hash. By its own id: its browser cookie may be
/// shared with strangers' tries on the same machine.
#[must_use]
pub fn count_key(device: Id) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(device.bytes());
    key
}

/// Forgets all devices of `who`: after a reset, or the first login with a temporary password.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn forget_all(tx: &mut Tx<'_>, who: &str) -> Result<(), StoreError> {
    for (key, _) in tx.list(&KNOWN, &Span::prefix(&who.to_owned()), usize::MAX)? {
        tx.delete(&KNOWN, &key)?;
    }
    Ok(())
}

/// All devices of `who`.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn of(r: &impl Reads, who: &str) -> Result<Vec<Id>, StoreError> {
    let rows = r.list(&KNOWN, &Span::prefix(&who.to_owned()), usize::MAX)?;
    Ok(rows.into_iter().map(|((_, device), _)| device).collect())
}

/// Forgets one device of `who`; says whether it was known.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn forget(tx: &mut Tx<'_>, who: &str, device: Id) -> Result<bool, StoreError> {
    tx.delete(&KNOWN, &(who.to_owned(), device))
}

/// Checks every row, for `verify`.
pub(super) fn check(c: &mut Check<'_>) {
    c.table(&KNOWN, |_, _, _| Ok(()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_device_is_forgotten_and_the_others_stay() {
        let store = crate::store::Store::in_memory().unwrap();
        let [one, two] = [1, 2].map(|n| Id::from_bytes([n; 16]));
        let seen = store.write_blocking(move |tx| {
            for (who, device) in [("a", one), ("a", two), ("b", one)] {
                remember(tx, who, device, Timestamp::UNIX_EPOCH)?;
            }
            assert_eq!(of(tx, "a")?, [one, two]);
            let forgotten = (forget(tx, "a", one)?, forget(tx, "a", one)?);
            Ok::<_, StoreError>((forgotten, is_known(tx, "a", one)?, is_known(tx, "a", two)?, is_known(tx, "b", one)?))
        });
        assert_eq!(seen.unwrap(), ((true, false), false, true, true));
    }

    #[test]
    fn a_device_cookie_cannot_be_made_up() {
        let keys = Keys::fresh(&Random::seeded(1));
        let (cookie, id) = issue(&keys, &Random::seeded(2));
        assert_eq!(read(&keys, &cookie), Some(id));
        let other = Id::new(&Random::seeded(3)).to_string();
        let forged = cookie.replacen(&id.to_string(), &other, 1);
        for wrong in ["", "..", "x.1.y", &forged, &format!("{cookie}.")] {
            assert_eq!(read(&keys, wrong), None, "{wrong}");
        }
    }
}
