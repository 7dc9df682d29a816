//! Passkeys, whose they are, and how a login finds them.

use super::model::Passkey;
use super::{ceremonies, relying};
use crate::kernel::Id;
use crate::security::sessions::Subject;
use crate::store::{Check, Reads, Span, StoreError, Table, Tx, expect, leads_to};

const PASSKEYS: Table<Id, Passkey> = Table::new("passkeys");
const BY_OWNER: Table<(String, Id), ()> = Table::new("passkeys_by_owner");
const BY_CREDENTIAL: Table<[u8; 32], Id> = Table::new("passkeys_by_credential");

/// Keeps a new passkey. `Ok(false)` if its credential is registered already, for whomever: then nothing is written.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn add(tx: &mut Tx<'_>, passkey: &Passkey) -> Result<bool, StoreError> {
    if tx.has(&BY_CREDENTIAL, &passkey.digest)? {
        return Ok(false);
    }
    tx.put(&PASSKEYS, &passkey.id, passkey)?;
    tx.put(&BY_OWNER, &(passkey.owner.key(), passkey.id), &())?;
    tx.put(&BY_CREDENTIAL, &passkey.digest, &passkey.id)?;
    Ok(true)
}

/// Writes a passkey back that was used: its counter and when. Owner and credential stay.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn save(tx: &mut Tx<'_>, passkey: &Passkey) -> Result<(), StoreError> {
    tx.put(&PASSKEYS, &passkey.id, passkey)
}

/// The passkeys of somebody, the oldest first.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn of_owner(r: &impl Reads, owner: Subject) -> Result<Vec<Passkey>, StoreError> {
    let mut all = Vec::new();
    for ((_, id), ()) in r.list(&BY_OWNER, &Span::prefix(&owner.key()), usize::MAX)? {
        all.extend(r.get(&PASSKEYS, &id)?);
    }
    all.sort_by_key(|one| (one.created, one.id));
    Ok(all)
}

/// The passkey of a credential, by the SHA-256 of its id.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn by_credential(r: &impl Reads, digest: &[u8; 32]) -> Result<Option<Passkey>, StoreError> {
    let Some(id) = r.get(&BY_CREDENTIAL, digest)? else { return Ok(None) };
    r.get(&PASSKEYS, &id)
}

/// Takes one passkey of somebody away and gives it. `None` if it is not theirs: then nothing happens.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn remove(tx: &mut Tx<'_>, owner: Subject, id: Id) -> Result<Option<Passkey>, StoreError> {
    let Some(passkey) = tx.get(&PASSKEYS, &id)?.filter(|passkey| passkey.owner == owner) else { return Ok(None) };
    take_out(tx, &passkey)?;
    Ok(Some(passkey))
}

/// Takes all passkeys of somebody away; says how many there were.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn forget_all(tx: &mut Tx<'_>, owner: Subject) -> Result<usize, StoreError> {
    let all = of_owner(tx, owner)?;
    for passkey in &all {
        take_out(tx, passkey)?;
    }
    Ok(all.len())
}

fn take_out(tx: &mut Tx<'_>, passkey: &Passkey) -> Result<(), StoreError> {
    tx.delete(&PASSKEYS, &passkey.id)?;
    tx.delete(&BY_OWNER, &(passkey.owner.key(), passkey.id))?;
    tx.delete(&BY_CREDENTIAL, &passkey.digest).map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    ceremonies::check(c);
    c.table(&PASSKEYS, |r, id, passkey| {
        expect(passkey.id == *id, "別のパスキーの行です")?;
        expect(relying::is_whole(passkey), "認証情報を読み取れないか、別のパスキーのものです")?;
        leads_to(r, &BY_OWNER, &(passkey.owner.key(), *id))?;
        expect(r.get(&BY_CREDENTIAL, &passkey.digest)? == Some(*id), "認証情報の索引と合いません")
    });
    c.table(&BY_OWNER, |r, (owner, id), ()| {
        expect(r.get(&PASSKEYS, id)?.is_some_and(|passkey| passkey.owner.key() == *owner), "パスキーの行と合いません")
    });
    c.table(&BY_CREDENTIAL, |r, digest, id| {
        expect(r.get(&PASSKEYS, id)?.is_some_and(|passkey| passkey.digest == *digest), "パスキーの行と合いません")
    });
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::kernel::UserId;
    use crate::store::Store;

    const STAFF: Subject = Subject::Staff(Id::from_bytes([9; 16]));

    fn office() -> Subject {
        Subject::Office(UserId::parse("KJ131311111111").unwrap())
    }

    /// As the library writes a passkey, with this id of its credential.
    fn credential(id: &[u8]) -> String {
        let text = |bytes: &[u8]| data_encoding::BASE64URL_NOPAD.encode(bytes);
        let key =
            json!({ "type_": "ES256", "key": { "EC_EC2": { "curve": "SECP256R1", "x": text(&[1; 32]), "y": text(&[2; 32]) } } });
        json!({ "cred": {
            "cred_id": text(id), "cred": key, "counter": 1, "transports": null, "user_verified": true, "backup_eligible": false,
            "backup_state": false, "registration_policy": "required", "extensions": {},
            "attestation": { "data": "None", "metadata": "None" }, "attestation_format": "none",
        } })
        .to_string()
    }

    fn digest(n: u8) -> [u8; 32] {
        Sha256::digest([n; 20]).into()
    }

    fn passkey(n: u8, owner: Subject) -> Passkey {
        Passkey {
            id: Id::from_bytes([n; 16]),
            owner,
            handle: [1; 16],
            digest: digest(n),
            credential: credential(&[n; 20]),
            name: format!("鍵{n}"),
            created: Timestamp::UNIX_EPOCH,
            last_used: None,
        }
    }

    fn filled() -> Store {
        let store = Store::in_memory().unwrap();
        let all = [passkey(1, office()), passkey(2, office()), passkey(3, STAFF)];
        store.write_blocking(move |tx| all.iter().try_for_each(|one| add(tx, one).map(drop))).unwrap();
        store
    }

    fn ids(store: &Store, owner: Subject) -> Vec<u8> {
        store.read(|r| of_owner(r, owner)).unwrap().iter().map(|one| one.id.bytes()[0]).collect()
    }

    fn check_all(c: &mut Check<'_>) {
        check(c);
        crate::store::check(c);
    }

    fn damage(store: &Store) -> u64 {
        store.read(|r| Check::run(r, &mut |_, _| true, check_all)).unwrap().damages
    }

    #[test]
    fn a_passkey_is_found_by_its_owner_and_its_credential_and_registered_once() {
        let store = filled();
        assert_eq!((ids(&store, office()), ids(&store, STAFF)), (vec![1, 2], vec![3]));
        assert_eq!(store.read(|r| by_credential(r, &digest(2))).unwrap(), Some(passkey(2, office())));
        assert_eq!(store.read(|r| by_credential(r, &digest(7))).unwrap(), None);
        let stolen = Passkey { id: Id::from_bytes([8; 16]), ..passkey(2, STAFF) };
        assert!(!store.write_blocking(move |tx| add(tx, &stolen)).unwrap());
        assert_eq!((ids(&store, STAFF), damage(&store)), (vec![3], 0));
    }

    #[test]
    fn one_or_all_are_taken_away_and_only_their_owners() {
        let store = filled();
        let of = |n: u8, owner| store.write_blocking(move |tx| remove(tx, owner, Id::from_bytes([n; 16]))).unwrap();
        assert_eq!(of(3, office()), None, "not theirs");
        assert_eq!(of(1, office()), Some(passkey(1, office())));
        assert_eq!(ids(&store, office()), [2]);
        assert_eq!(store.write_blocking(|tx| forget_all(tx, office())).unwrap(), 1);
        assert_eq!((ids(&store, office()), ids(&store, STAFF), damage(&store)), (vec![], vec![3], 0));
        assert_eq!(store.read(|r| by_credential(r, &digest(2))).unwrap(), None);
    }

    #[test]
    fn a_credential_that_cannot_be_read_or_is_of_another_passkey_is_damage() {
        for spoilt in ["{}".to_owned(), credential(&[9; 20])] {
            let store = filled();
            let mut one = passkey(1, office());
            one.credential = spoilt;
            store.write_blocking(move |tx| save(tx, &one)).unwrap();
            assert_eq!(damage(&store), 1);
        }
    }
}
