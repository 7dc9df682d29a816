//! Tables of notices and versions, and their queries.

use jiff::Timestamp;

use super::mails;
use super::model::{Addressed, Notice, Public, Version};
use crate::kernel::{Id, MailAddress, Moment, UserId, jst};
use crate::store::{Check, Reads, Span, Store, StoreError, Table, Tx, expect};

/// More than a top menu ever shows: public notices are few and read whole.
const PUBLIC_MOST: usize = 500;
/// How many notices of one office can be opened.
pub(super) const MOST_SHOWN: usize = 500;

const ADDRESSED: Table<(UserId, Timestamp, Id), Addressed> = Table::new("notices_addressed");
const PUBLIC: Table<Id, Public> = Table::new("notices_public");
const VERSIONS: Table<Id, Version> = Table::new("notices_versions");

/// Rise with every commit that changes what everybody may read: for pages that are kept rendered.
#[must_use]
pub fn changes(store: &Store) -> Vec<tokio::sync::watch::Receiver<u64>> {
    vec![store.watch(&PUBLIC), store.watch(&VERSIONS)]
}

/// Puts a notice into an office's account. `m6` is where M-6 goes, which tells that it is there; `None` where another mail of the use case
/// tells that address.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn tell_office(
    tx: &mut Tx<'_>,
    moment: &Moment,
    to: UserId,
    notice: Notice,
    m6: Option<&MailAddress>,
) -> Result<Id, StoreError> {
    // Several notices of one use case must not draw the same id.
    let part = moment.part(&format!("notice {} {to} {}", notice.kind, notice.title));
    let id = Id::new(&part.random());
    if let Some(address) = m6 {
        mails::post(tx, &part, to, &notice.title, address)?;
    }
    let row = Addressed { id, kind: notice.kind.to_owned(), at: moment.now, title: notice.title, body: notice.body, read: None };
    tx.put(&ADDRESSED, &(to, moment.now, id), &row)?;
    Ok(id)
}

/// One notice of an office. Only the newest 500 are looked through: nobody is shown older ones.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn of_office_one(r: &impl Reads, user: UserId, id: Id) -> Result<Option<Addressed>, StoreError> {
    Ok(of_office(r, user, MOST_SHOWN)?.into_iter().find(|notice| notice.id == id))
}

/// The newest `limit` notices of an office, newest first.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn of_office(r: &impl Reads, user: UserId, limit: usize) -> Result<Vec<Addressed>, StoreError> {
    Ok(r.list(&ADDRESSED, &Span::prefix(&user).descending(), limit)?.into_iter().map(|(_, row)| row).collect())
}

/// Notes that an office has opened one of its notices; says whether there is such a one. What was opened before stays as it is.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) fn open(tx: &mut Tx<'_>, now: Timestamp, user: UserId, id: Id) -> Result<bool, StoreError> {
    match of_office_one(tx, user, id)? {
        Some(notice) if notice.read.is_none() => mark_read(tx, now, user, &notice),
        found => Ok(found.is_some()),
    }
}

/// Notes that an office has seen its list down from the notice `newest`: what came after it stays unread. Says how many were unread.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) fn mark_all_read(tx: &mut Tx<'_>, now: Timestamp, user: UserId, newest: Id) -> Result<usize, StoreError> {
    let mut all = of_office(tx, user, MOST_SHOWN)?;
    let seen = all.iter().position(|notice| notice.id == newest).unwrap_or(all.len());
    let unread = all.split_off(seen).into_iter().filter(|notice| notice.read.is_none());
    let mut marked = 0;
    for notice in unread {
        marked += usize::from(mark_read(tx, now, user, &notice)?);
    }
    Ok(marked)
}

fn mark_read(tx: &mut Tx<'_>, now: Timestamp, user: UserId, notice: &Addressed) -> Result<bool, StoreError> {
    tx.update(&ADDRESSED, &(user, notice.at, notice.id), |row| {
        row.read.get_or_insert(now);
    })
}

/// The public notices shown at `now`, newest 提示開始日 first.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn public(r: &impl Reads, now: Timestamp) -> Result<Vec<Public>, StoreError> {
    let today = jst::date(now);
    Ok(public_all(r)?.into_iter().filter(|notice| notice.is_shown(today)).collect())
}

/// All public notices with drafts and past ones, newest 提示開始日 first, drafts on top.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn public_all(r: &impl Reads) -> Result<Vec<Public>, StoreError> {
    let mut all: Vec<_> = r.list(&PUBLIC, &Span::all(), PUBLIC_MOST)?.into_iter().map(|(_, row)| row).collect();
    all.sort_by_key(|notice| (std::cmp::Reverse(notice.from.unwrap_or(jiff::civil::Date::MAX)), !notice.important, notice.id));
    Ok(all)
}

/// One public notice, shown or not.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn public_one(r: &impl Reads, id: Id) -> Result<Option<Public>, StoreError> {
    r.get(&PUBLIC, &id)
}

/// Writes a public notice.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn put_public(tx: &mut Tx<'_>, notice: &Public) -> Result<(), StoreError> {
    tx.put(&PUBLIC, &notice.id, notice)
}

/// Removes a public notice; says whether there was one.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn delete_public(tx: &mut Tx<'_>, id: Id) -> Result<bool, StoreError> {
    tx.delete(&PUBLIC, &id)
}

/// The versions shown at `now`, newest 更新日付 first.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn versions(r: &impl Reads, now: Timestamp) -> Result<Vec<Version>, StoreError> {
    let today = jst::date(now);
    Ok(versions_all(r)?.into_iter().filter(|version| version.is_shown(today)).collect())
}

/// All versions with drafts and past ones, newest 更新日付 first.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn versions_all(r: &impl Reads) -> Result<Vec<Version>, StoreError> {
    let mut all: Vec<_> = r.list(&VERSIONS, &Span::all(), PUBLIC_MOST)?.into_iter().map(|(_, row)| row).collect();
    all.sort_by_key(|version| (std::cmp::Reverse(version.updated), version.id));
    Ok(all)
}

/// Writes a version.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn put_version(tx: &mut Tx<'_>, version: &Version) -> Result<(), StoreError> {
    tx.put(&VERSIONS, &version.id, version)
}

/// Removes a version; says whether there was one.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn delete_version(tx: &mut Tx<'_>, id: Id) -> Result<bool, StoreError> {
    tx.delete(&VERSIONS, &id)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&ADDRESSED, |_, (_, at, id), row| expect((row.at, row.id) == (*at, *id), "別のお知らせの行です"));
    c.table(&PUBLIC, |_, id, row| expect(row.id == *id, "別のお知らせの行です"));
    c.table(&VERSIONS, |_, id, row| expect(row.id == *id, "別の更新履歴の行です"));
}
