//! What a member is told at the next login.

use jiff::Timestamp;

use super::super::news::{self, PasskeyChange, PasskeyNews};
use super::super::store;
use crate::kernel::{Id, Moment};
use crate::store::{Reads, StoreError, Tx};

/// Notes that a passkey of this member, called `name`, was registered or removed by the client of this address, in the transaction that
/// does it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn tell_passkey(
    tx: &mut Tx<'_>,
    moment: &Moment,
    member: Id,
    change: PasskeyChange,
    (name, client): (&str, &str),
) -> Result<(), StoreError> {
    let Some(mut member) = store::find(tx, member)? else { return Ok(()) };
    news::note(&mut member.passkey_news, PasskeyNews::new(moment.now, change, name, client));
    store::save(tx, &member)
}

/// What is told in a session, the newest first; `by_passkey`: a passkey has opened it.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn passkeys(r: &impl Reads, member: Id, by_passkey: bool, now: Timestamp) -> Result<Vec<PasskeyNews>, StoreError> {
    let news = store::find(r, member)?.map(|member| member.passkey_news).unwrap_or_default();
    Ok(news.into_iter().rev().filter(|one| one.is_told(by_passkey, now)).collect())
}
