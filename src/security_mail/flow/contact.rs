//! 通知先: which address one-time passwords go to.

use super::{Acting, LIST, Went};
use crate::accounts::{self, Change};
use crate::audit::{self, Actor, Event};
use crate::security_mail::model::Why;
use crate::store::{StoreError, Tx};

/// Where the list says that it was done.
const CHANGED: &str = "/office/user/addresses?notice=contact";

/// \[通知先を変更\]. `which` is a place in the list of this revision.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn choose(tx: &mut Tx<'_>, acting: &Acting, which: Option<usize>, revision: Option<u64>) -> Result<Went, StoreError> {
    let Some(mut account) = acting.office.present(tx)? else { return Ok(Went::To(LIST)) };
    let chosen =
        which.filter(|_| revision == Some(account.revision)).and_then(|which| account.security_mails.get(which)).cloned();
    let Some(chosen) = chosen else { return Ok(Went::List(Why::Moved)) };
    if account.contact() == Some(&chosen) {
        return Ok(Went::To(LIST));
    }
    if let Err(fault) = account.choose_contact(&chosen) {
        return Ok(Went::List(Why::Fault(fault)));
    }
    let account = accounts::save(tx, &account)?;
    accounts::tell_change(tx, &acting.moment, &account, Change::AddressContact)?;
    let event = Event::new(Actor::Office(account.user_id), "account.address_contact").detail("address", chosen.masked());
    let event = event.office(account.user_id.office()).client(&acting.office.session.address);
    audit::record(tx, &acting.moment, event)?;
    Ok(Went::To(CHANGED))
}
