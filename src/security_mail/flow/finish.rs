//! The list is changed, and everybody is told.

use super::{Acting, Went};
use crate::accounts::{self, Account, Change, Told};
use crate::audit::{self, Actor, Event};
use crate::kernel::{MailAddress, TypedTwice};
use crate::security_mail::model::{Act, Editing, Stage};
use crate::security_mail::store;
use crate::store::{StoreError, Tx};

/// Writes `changed`. Every registered address hears of it, and the one that is gone; not the new one, which has just proved to know.
pub(super) fn finish(
    tx: &mut Tx<'_>,
    acting: &Acting,
    flow: Editing,
    changed: &Account,
    new: Option<MailAddress>,
) -> Result<Went, StoreError> {
    let account = accounts::save(tx, changed)?;
    let masked_new = new.as_ref().map(MailAddress::masked).unwrap_or_default();
    let event = |action| Event::new(Actor::Office(account.user_id), action);
    let (change, old, event) = match &flow.act {
        Act::Add => {
            let event = event("account.address_add").detail("address", &masked_new);
            (Change::AddressAdded { masked: masked_new }, None, event)
        }
        Act::Change { old } => {
            let masked_old = old.masked();
            let event = event("account.address_change").detail("address", &masked_new).detail("before", &masked_old);
            (Change::AddressChanged { masked_old, masked_new }, Some(old.clone()), event)
        }
        Act::Delete { old } => {
            let masked = old.masked();
            let event = event("account.address_delete").detail("address", &masked);
            (Change::AddressDeleted { masked }, Some(old.clone()), event)
        }
    };
    let told = Told { also: old.into_iter().collect(), except: new };
    let heard = Some(accounts::tell_change_to(tx, &acting.moment, &account, change, told)?);
    let event = event.office(account.user_id.office()).client(&acting.office.session.address);
    audit::record(tx, &acting.moment, event)?;
    let done = Editing { at: acting.moment.now, stage: Stage::Done, typed: TypedTwice::default(), heard, ..flow };
    let to = Went::home(Some(&done));
    store::put(tx, acting.key(), &done)?;
    Ok(to)
}
