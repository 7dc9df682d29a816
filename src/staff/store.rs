//! Tables of staff members, enrolment links and waiting logins.

use jiff::Timestamp;

use super::model::{Attempt, Invitation, Member, StaffName};
use crate::kernel::Id;
use crate::login::{Doors, Strangers, Tries, TriesKey};
use crate::store::{self, Check, Reads, Span, Store, StoreError, Table, Tx, expect, leads_to};

const MEMBERS: Table<Id, Member> = Table::new("staff");
const NAMES: Table<String, Id> = Table::new("staff_names");
const INVITATIONS: Table<[u8; 32], Invitation> = Table::new("staff_invitations");
const ATTEMPTS: Table<[u8; 32], Attempt> = Table::new("staff_attempts");

/// Where logins lie that wait for their second factor: whoever leaves it out of a copy ends them all.
pub const WAITING_LOGINS: &str = ATTEMPTS.name();

pub const TRIES: Table<TriesKey, Tries> = Table::new("staff_tries");
pub const STRANGERS: Table<[u8; 32], Strangers> = Table::new("staff_strangers");
/// How tries at the login of staff are counted.
pub const DOORS: Doors = Doors { tries: TRIES, strangers: STRANGERS };

/// The member of this id.
pub fn find(r: &impl Reads, id: Id) -> Result<Option<Member>, StoreError> {
    r.get(&MEMBERS, &id)
}

/// The member of this name. Costs two reads whether there is one or not.
pub fn by_name(r: &impl Reads, name: &StaffName) -> Result<Option<Member>, StoreError> {
    let id = r.get(&NAMES, &name.key())?.unwrap_or(Id::from_bytes([0; 16]));
    find(r, id)
}

/// Writes a member.
pub fn save(tx: &mut Tx<'_>, member: &Member) -> Result<(), StoreError> {
    tx.put(&NAMES, &member.name.key(), &member.id)?;
    tx.put(&MEMBERS, &member.id, member)
}

/// The enrolment link of this hash, whether expired or not.
pub fn invitation(r: &impl Reads, token: &[u8; 32]) -> Result<Option<Invitation>, StoreError> {
    r.get(&INVITATIONS, token)
}

/// Writes an enrolment link.
pub fn save_invitation(tx: &mut Tx<'_>, token: &[u8; 32], invitation: &Invitation) -> Result<(), StoreError> {
    tx.put(&INVITATIONS, token, invitation)
}

/// Removes the links of a member. There are never more than a handful in all.
pub fn drop_invitations(tx: &mut Tx<'_>, member: Id) -> Result<(), StoreError> {
    let mut gone = Vec::new();
    tx.each(&INVITATIONS, &Span::all(), |token, invitation| {
        if invitation.member == member {
            gone.push(token);
        }
        Ok(true)
    })?;
    gone.iter().try_for_each(|token| tx.delete(&INVITATIONS, token).map(drop))
}

/// The login of this browser that waits for its code.
pub fn attempt(r: &impl Reads, browser: &[u8; 32]) -> Result<Option<Attempt>, StoreError> {
    r.get(&ATTEMPTS, browser)
}

/// Writes a waiting login.
pub fn save_attempt(tx: &mut Tx<'_>, browser: &[u8; 32], attempt: &Attempt) -> Result<(), StoreError> {
    tx.put(&ATTEMPTS, browser, attempt)
}

/// Ends a waiting login.
pub fn end_attempt(tx: &mut Tx<'_>, browser: &[u8; 32]) -> Result<(), StoreError> {
    tx.delete(&ATTEMPTS, browser).map(drop)
}

/// Removes logins that have waited too long.
pub async fn sweep_attempts(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store::sweep(store, ATTEMPTS, move |one| one.expires <= now, |tx, key| tx.delete(&ATTEMPTS, key).map(drop)).await.map(drop)
}

/// Removes enrolment links that are over.
pub async fn sweep_invitations(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store::sweep(store, INVITATIONS, move |one| one.expires <= now, |tx, key| tx.delete(&INVITATIONS, key).map(drop))
        .await
        .map(drop)
}

/// Checks every row, for `verify`.
pub fn check(c: &mut Check<'_>) {
    c.table(&MEMBERS, |r, id, member| {
        expect(member.id == *id, "別の職員の行です")?;
        expect(r.get(&NAMES, &member.name.key())? == Some(*id), "職員名の索引と合いません")
    });
    c.table(&NAMES, |r, name, id| expect(find(r, *id)?.is_some_and(|member| member.name.key() == *name), "職員の行と合いません"));
    c.table(&INVITATIONS, |r, _, invitation| leads_to(r, &MEMBERS, &invitation.member));
    // Names that nobody has wait here as well.
    c.table(&ATTEMPTS, |_, _, _| Ok(()));
    c.table(&TRIES, |_, _, _| Ok(()));
    c.table(&STRANGERS, |_, _, _| Ok(()));
}
