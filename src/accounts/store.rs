//! Accounts, and which office numbers have one where.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Account, Kind, MOST_ADDRESSES, Temporary};
use crate::kernel::{Id, MailAddress, OfficeKey, OfficeNumber, Prefecture, UserId};
use crate::store::{Check, Reads, Span, StoreError, Table, Tx, expect, leads_to};

const ACCOUNTS: Table<UserId, Account> = Table::new("accounts");
/// One number may have user IDs in several prefectures: then 請求先都道府県 is asked for.
const BY_NUMBER: Table<(OfficeNumber, Prefecture), ()> = Table::new("accounts_by_number");
/// The account of this user ID.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn find(r: &impl Reads, user_id: UserId) -> Result<Option<Account>, StoreError> {
    r.get(&ACCOUNTS, &user_id)
}

/// Whether there is an account of this user ID.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn exists(r: &impl Reads, user_id: UserId) -> Result<bool, StoreError> {
    r.has(&ACCOUNTS, &user_id)
}

/// The prefectures in which this number has a user ID, in the order of their codes.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn prefectures_with_id(r: &impl Reads, number: OfficeNumber) -> Result<Vec<Prefecture>, StoreError> {
    let rows = r.list(&BY_NUMBER, &Span::prefix(&number), Prefecture::all().count())?;
    Ok(rows.into_iter().map(|((_, prefecture), ())| prefecture).collect())
}

/// Calls `row` for each account of a prefecture, by number, until it says `false`.
///
/// # Errors
/// [`StoreError`] when the database fails; an error of `row` is handed on.
pub fn each(
    r: &impl Reads,
    prefecture: Prefecture,
    mut row: impl FnMut(Account) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    r.each(&ACCOUNTS, &Span::prefix(&prefecture), |_, account| row(account))
}

/// Keeps a new account. `Ok(false)` if the user ID has one already, which stays as it is.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn create(tx: &mut Tx<'_>, account: &Account) -> Result<bool, StoreError> {
    if tx.has(&ACCOUNTS, &account.user_id)? {
        return Ok(false);
    }
    tx.put(&ACCOUNTS, &account.user_id, account)?;
    let office = account.user_id.office();
    tx.put(&BY_NUMBER, &(office.number, office.prefecture), &())?;
    Ok(true)
}

/// The account of this user ID, made as 新規 if there is none (approval of an application by an office that never had an ID).
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn ensure(tx: &mut Tx<'_>, user_id: UserId, now: Timestamp) -> Result<Account, StoreError> {
    if let Some(account) = find(tx, user_id)? {
        return Ok(account);
    }
    let account = Account::new(user_id, Kind::New, now);
    create(tx, &account)?;
    Ok(account)
}

/// Writes a changed account back under the next revision. What was decided on an older revision no longer counts.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn save(tx: &mut Tx<'_>, account: &Account) -> Result<Account, StoreError> {
    let mut account = account.clone();
    account.revision += 1;
    tx.put(&ACCOUNTS, &account.user_id, &account)?;
    Ok(account)
}

/// Writes back what takes no chosen password away (last login, a password hashed anew, a temporary one): the revision stays.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn save_quietly(tx: &mut Tx<'_>, account: &Account) -> Result<(), StoreError> {
    tx.put(&ACCOUNTS, &account.user_id, account)
}

/// A letter was printed: its temporary password takes the place of an older one. `Ok(false)` without such an account. The revision stays:
/// nothing that was decided about the chosen password changes, and a login with the temporary one is decided by itself.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn set_temporary(tx: &mut Tx<'_>, user_id: UserId, temporary: Temporary) -> Result<bool, StoreError> {
    change(tx, user_id, |account| {
        account.temporary = Some(temporary);
        true
    })
}

/// The temporary password of this letter opens no more (came back, expired, replaced). `Ok(false)` if another or none is out.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn end_temporary(tx: &mut Tx<'_>, user_id: UserId, letter: Id) -> Result<bool, StoreError> {
    change(tx, user_id, |account| {
        let of_letter = account.temporary.as_ref().is_some_and(|temporary| temporary.letter == letter);
        if of_letter {
            account.temporary = None;
        }
        of_letter
    })
}

fn change(tx: &mut Tx<'_>, user_id: UserId, change: impl FnOnce(&mut Account) -> bool) -> Result<bool, StoreError> {
    let Some(mut account) = find(tx, user_id)? else { return Ok(false) };
    let changed = change(&mut account);
    if changed {
        save_quietly(tx, &account)?;
    }
    Ok(changed)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&ACCOUNTS, |r, key, account| {
        expect(account.user_id == *key, "別のユーザIDの行です")?;
        let mails = &account.security_mails;
        let distinct: BTreeSet<_> = mails.iter().map(MailAddress::key).collect();
        expect(mails.len() <= MOST_ADDRESSES, "セキュリティ用メールアドレスが多すぎます")?;
        expect(distinct.len() == mails.len(), "同じセキュリティ用メールアドレスが2つあります")?;
        let office = key.office();
        leads_to(r, &BY_NUMBER, &(office.number, office.prefecture))
    });
    c.table(&BY_NUMBER, |r, (number, prefecture), ()| leads_to(r, &ACCOUNTS, &UserId::of(OfficeKey::new(*prefecture, *number))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Random, Secret};
    use crate::security::Keys;
    use crate::store::Store;

    #[test]
    fn verify_finds_addresses_that_no_rule_allows() {
        let store = Store::in_memory().unwrap();
        let address = |n: usize| MailAddress::parse(&format!("a{n}@example.jp")).unwrap();
        let damages = |mails: Vec<MailAddress>| {
            let mut account = Account::new(user("KJ131311111111"), Kind::Existing, Timestamp::UNIX_EPOCH);
            account.security_mails = mails;
            store.write_blocking(move |tx| save_quietly(tx, &account)).unwrap();
            let checks = |c: &mut Check<'_>| {
                check(c);
                crate::store::check(c);
            };
            store.read(|r| Check::run(r, &mut |_, _| true, checks)).unwrap().damages
        };
        let account = Account::new(user("KJ131311111111"), Kind::Existing, Timestamp::UNIX_EPOCH);
        store.write_blocking(move |tx| create(tx, &account).map(drop)).unwrap();
        assert_eq!(damages((0..5).map(address).collect()), 0);
        assert_eq!(damages((0..6).map(address).collect()), 1, "too many");
        assert_eq!(damages(vec![address(1), MailAddress::parse("A1@example.jp").unwrap()]), 1, "the same twice");
    }

    fn user(text: &str) -> UserId {
        UserId::parse(text).unwrap()
    }

    #[test]
    fn a_number_is_found_in_every_prefecture_that_gave_it_an_id() {
        let store = Store::in_memory().unwrap();
        let made = store.write_blocking(|tx| {
            let mut made = Vec::new();
            for id in ["KJ131311111111", "KJ071311111111", "KJ131311111129", "KJ071311111111"] {
                made.push(create(tx, &Account::new(user(id), Kind::Existing, Timestamp::UNIX_EPOCH))?);
            }
            Ok::<_, StoreError>(made)
        });
        assert_eq!(made.unwrap(), [true, true, true, false]);
        let number = user("KJ131311111111").office().number;
        let found = store.read(|r| prefectures_with_id(r, number)).unwrap();
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["07", "13"]);
    }

    #[test]
    fn a_change_that_decides_who_gets_in_raises_the_revision() {
        let store = Store::in_memory().unwrap();
        let id = user("KJ131311111111");
        let revisions = store.write_blocking(move |tx| {
            let account = ensure(tx, id, Timestamp::UNIX_EPOCH)?;
            save_quietly(tx, &account)?;
            let quiet = find(tx, id)?.map(|account| account.revision);
            save(tx, &account)?;
            Ok::<_, StoreError>((quiet, find(tx, id)?.map(|account| account.revision)))
        });
        assert_eq!(revisions.unwrap(), (Some(0), Some(1)));
    }

    #[test]
    fn a_letter_that_is_printed_or_ended_leaves_the_revision() {
        let (store, keys) = (Store::in_memory().unwrap(), Keys::fresh(&Random::seeded(1)));
        let (id, letter) = (user("KJ131311111111"), Id::new(&Random::seeded(2)));
        let temporary = Temporary::new(&keys, id, &Secret::new("Abcd2345Efgh6789".to_owned()), letter, Timestamp::MAX);
        let seen = store.write_blocking(move |tx| {
            ensure(tx, id, Timestamp::UNIX_EPOCH)?;
            let made = set_temporary(tx, id, temporary.clone())?;
            let out = find(tx, id)?.map(|account| (account.revision, account.temporary.is_some()));
            let ended = end_temporary(tx, id, letter)?;
            let over = find(tx, id)?.map(|account| (account.revision, account.temporary.is_some()));
            Ok::<_, StoreError>((made, out, ended, over))
        });
        assert_eq!(seen.unwrap(), (true, Some((0, true)), true, Some((0, false))));
    }
}
