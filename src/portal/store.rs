//! Tables of users, institutions and members, and the counted tries of the portal's login.

use super::model::{Institution, Medical, Member, User, What};
use crate::kernel::{Id, MailAddress, MedicalCode, Prefecture, UserId};
use crate::login::{Strangers, Tries, TriesKey};
use crate::store::{Reads, Span, StoreError, Table, Tx};

pub(super) const USERS: Table<Id, User> = Table::new("portal_users");
/// The key of a mail address: one user each.
pub(super) const BY_MAIL: Table<String, Id> = Table::new("portal_users_by_mail");
pub(super) const INSTITUTIONS: Table<Id, Institution> = Table::new("portal_institutions");
pub(super) const BY_OFFICE: Table<UserId, Id> = Table::new("portal_by_office");
/// 医療機関コード.
pub(super) const BY_CODE: Table<String, Id> = Table::new("portal_by_code");
/// What the operators of a federation see.
pub(super) const BY_HOME: Table<(Prefecture, Id), ()> = Table::new("portal_by_home");
pub(super) const MEMBERS: Table<Id, Member> = Table::new("portal_members");
/// (institution, member).
pub(super) const MEMBERS_OF: Table<(Id, Id), ()> = Table::new("portal_members_of");
/// (user, member).
pub(super) const MEMBERSHIPS: Table<(Id, Id), ()> = Table::new("portal_memberships");

/// Counted tries of each device.
pub(super) const TRIES: Table<TriesKey, Tries> = Table::new("portal_tries");
/// Those of all devices together that the typed address does not know.
pub(super) const STRANGERS: Table<[u8; 32], Strangers> = Table::new("portal_strangers");

/// The user of this id.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn user(r: &impl Reads, id: Id) -> Result<Option<User>, StoreError> {
    r.get(&USERS, &id)
}

/// The user of this address. Costs two reads whether there is one or not.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn user_by_mail(r: &impl Reads, mail: &MailAddress) -> Result<Option<User>, StoreError> {
    let id = r.get(&BY_MAIL, &mail.key())?.unwrap_or(Id::from_bytes([0; 16]));
    user(r, id)
}

/// The institution of this id.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn institution(r: &impl Reads, id: Id) -> Result<Option<Institution>, StoreError> {
    r.get(&INSTITUTIONS, &id)
}

/// The institution of a care office, once somebody has been registered for it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn of_office(r: &impl Reads, user_id: UserId) -> Result<Option<Institution>, StoreError> {
    r.get(&BY_OFFICE, &user_id)?.map_or(Ok(None), |id| institution(r, id))
}

/// The medical institution of a code.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn of_code(r: &impl Reads, code: &MedicalCode) -> Result<Option<Institution>, StoreError> {
    r.get(&BY_CODE, &code.as_str().to_owned())?.map_or(Ok(None), |id| institution(r, id))
}

/// Calls `row` for each institution that the operators of this federation see, until it says `false`.
///
/// # Errors
/// [`StoreError`] when the database fails; an error of `row` is handed on.
pub fn each_of_home(
    r: &impl Reads,
    home: Prefecture,
    mut row: impl FnMut(Institution) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    r.each(&BY_HOME, &Span::prefix(&home), |(_, id), ()| institution(r, id)?.map_or(Ok(true), &mut row))
}

/// The member of this id.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn member(r: &impl Reads, id: Id) -> Result<Option<Member>, StoreError> {
    r.get(&MEMBERS, &id)
}

/// The members of an institution: the main one first, the others in the order in which they came.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn members_of(r: &impl Reads, institution: Id) -> Result<Vec<Member>, StoreError> {
    let mut all = of_index(r, &MEMBERS_OF, institution)?;
    all.sort_by_key(|one| (!one.main, one.since, one.id));
    Ok(all)
}

/// The institutions of a user, as members of them, in the order in which they came.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn memberships(r: &impl Reads, user: Id) -> Result<Vec<Member>, StoreError> {
    let mut all = of_index(r, &MEMBERSHIPS, user)?;
    all.sort_by_key(|one| (one.since, one.id));
    Ok(all)
}

fn of_index(r: &impl Reads, index: &Table<(Id, Id), ()>, of: Id) -> Result<Vec<Member>, StoreError> {
    let mut all = Vec::new();
    for ((_, id), ()) in r.list(index, &Span::prefix(&of), usize::MAX)? {
        all.extend(member(r, id)?);
    }
    Ok(all)
}

/// Writes a changed user back under the next revision: what was hashed or begun before no longer counts. The address stays: see
/// [`change_mail`].
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn save_user(tx: &mut Tx<'_>, user: &User) -> Result<User, StoreError> {
    let mut user = user.clone();
    user.revision += 1;
    save_user_quietly(tx, &user)?;
    Ok(user)
}

/// Writes back what lets nobody else in (last login, terms, a password hashed anew): the revision stays.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn save_user_quietly(tx: &mut Tx<'_>, user: &User) -> Result<(), StoreError> {
    tx.put(&USERS, &user.id, user)
}

/// Gives a user another address, under the next revision. `None` if it is another user's: then nothing is written.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn change_mail(tx: &mut Tx<'_>, mut user: User, new: MailAddress) -> Result<Option<User>, StoreError> {
    if tx.get(&BY_MAIL, &new.key())?.is_some_and(|id| id != user.id) {
        return Ok(None);
    }
    tx.delete(&BY_MAIL, &user.mail.key())?;
    tx.put(&BY_MAIL, &new.key(), &user.id)?;
    user.mail = new;
    save_user(tx, &user).map(Some)
}

/// Writes a changed member back. User and institution stay.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn save_member(tx: &mut Tx<'_>, member: &Member) -> Result<(), StoreError> {
    tx.put(&MEMBERS, &member.id, member)
}

pub(super) fn new_user(tx: &mut Tx<'_>, user: &User) -> Result<(), StoreError> {
    tx.put(&BY_MAIL, &user.mail.key(), &user.id)?;
    save_user_quietly(tx, user)
}

pub(super) fn delete_user(tx: &mut Tx<'_>, user: &User) -> Result<(), StoreError> {
    tx.delete(&BY_MAIL, &user.mail.key())?;
    tx.delete(&USERS, &user.id).map(drop)
}

pub(super) fn new_member(tx: &mut Tx<'_>, member: &Member) -> Result<(), StoreError> {
    tx.put(&MEMBERS_OF, &(member.institution, member.id), &())?;
    tx.put(&MEMBERSHIPS, &(member.user, member.id), &())?;
    save_member(tx, member)
}

pub(super) fn delete_member(tx: &mut Tx<'_>, member: &Member) -> Result<(), StoreError> {
    tx.delete(&MEMBERS_OF, &(member.institution, member.id))?;
    tx.delete(&MEMBERSHIPS, &(member.user, member.id))?;
    tx.delete(&MEMBERS, &member.id).map(drop)
}

/// Writes an institution with its indexes; what it is known by and its home never change.
pub(super) fn save_institution(tx: &mut Tx<'_>, institution: &Institution) -> Result<(), StoreError> {
    match &institution.what {
        What::Care(user_id) => tx.put(&BY_OFFICE, user_id, &institution.id)?,
        What::Medical(Medical { code, .. }) => tx.put(&BY_CODE, &code.as_str().to_owned(), &institution.id)?,
    }
    tx.put(&BY_HOME, &(institution.home, institution.id), &())?;
    tx.put(&INSTITUTIONS, &institution.id, institution)
}
