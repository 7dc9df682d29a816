//! The use case of the desk: one act, in one transaction.

use std::net::IpAddr;

use super::model::{Act, Refused, Seen};
use crate::accounts::{self, Account, Change, Told};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Moment, OfficeKey, UserId};
use crate::letters;
use crate::login;
use crate::security::Keys;
use crate::security::sessions::{self, Subject};
use crate::staff::Desk;
use crate::store::{StoreError, Tx};

/// What a form asks for.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) act: Act,
    /// The account as the form has shown it.
    pub(super) seen: Seen,
    /// Why.
    pub(super) reason: String,
    /// How somebody made sure who asked; empty where that is not asked.
    pub(super) proof: String,
}

/// How it ended. Only [`Went::Done`] has changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    Done,
    /// There is no such account at this desk.
    NotHere,
    /// The account has changed since the form was drawn, in what the act decides on.
    Overtaken,
    Refused(Refused),
}

/// Carries an order out.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(super) async fn carry_out(
    app: &App,
    desk: &Desk,
    client: IpAddr,
    office: OfficeKey,
    order: Order,
) -> Result<Went, StoreError> {
    let (moment, user_id, keys) = (app.moment(), UserId::of(office), app.keys.clone());
    let actor = Actor::Staff { id: desk.id, name: desk.name.clone() };
    app.store
        .write(move |tx| {
            let Some(account) = accounts::find(tx, user_id)? else { return Ok(Went::NotHere) };
            if !order.seen.serves(order.act, &Seen::of(&keys, &account)) {
                return Ok(Went::Overtaken);
            }
            if let Err(refused) = order.act.fits(&account, moment.now) {
                return Ok(Went::Refused(refused));
            }
            let event = Event::new(actor.clone(), order.act.action()).office(office).subject(user_id).client(client);
            let event = event.detail("reason", &order.reason);
            let event = match order.act {
                Act::Unlock => unlock(tx, &keys, user_id, event)?,
                Act::Suspend => Some(suspend(tx, &moment, account, event)?),
                Act::Release => Some(release(tx, &moment, account, event)?),
                Act::WithdrawTemporary => Some(withdraw_temporary(tx, &moment, &account, event)?),
                Act::ClearAddresses => Some(clear_addresses(tx, &moment, account, event.detail("proof", &order.proof))?),
            };
            let Some(event) = event else { return Ok(Went::Refused(Refused::NothingLocked)) };
            audit::record(tx, &moment, event)?;
            Ok(Went::Done)
        })
        .await
}

/// `None` where there was nothing to forget.
fn unlock(tx: &mut Tx<'_>, keys: &Keys, user_id: UserId, event: Event) -> Result<Option<Event>, StoreError> {
    let rows = login::unlock(tx, keys, user_id)?;
    Ok((rows > 0).then(|| event.detail("rows", rows)))
}

fn suspend(tx: &mut Tx<'_>, moment: &Moment, mut account: Account, event: Event) -> Result<Event, StoreError> {
    account.suspended = true;
    let account = accounts::save(tx, &account)?;
    let ended = sessions::end_all(tx, Subject::Office(account.user_id))?;
    accounts::tell_change(tx, moment, &account, Change::Suspended)?;
    Ok(event.detail("sessions", ended))
}

fn release(tx: &mut Tx<'_>, moment: &Moment, mut account: Account, event: Event) -> Result<Event, StoreError> {
    account.suspended = false;
    let account = accounts::save(tx, &account)?;
    accounts::tell_change(tx, moment, &account, Change::Released)?;
    Ok(event)
}

/// Who has entered with it and has no password of their own yet is logged out; who has not, is not touched.
fn withdraw_temporary(tx: &mut Tx<'_>, moment: &Moment, account: &Account, event: Event) -> Result<Event, StoreError> {
    let user_id = account.user_id;
    let used = account.temporary.as_ref().is_some_and(|temporary| temporary.first_used.is_some());
    letters::withdraw_password(tx, moment, user_id)?;
    let ended = if used { sessions::end_all(tx, Subject::Office(user_id))? } else { 0 };
    accounts::tell_change(tx, moment, account, Change::TemporaryWithdrawn)?;
    Ok(event.detail("sessions", ended))
}

fn clear_addresses(tx: &mut Tx<'_>, moment: &Moment, mut account: Account, event: Event) -> Result<Event, StoreError> {
    let cleared = std::mem::take(&mut account.security_mails);
    account.review_addresses = false;
    let account = accounts::save(tx, &account)?;
    // Whoever is inside would register an address of their own at the next click, without being asked for the password.
    let ended = sessions::end_all(tx, Subject::Office(account.user_id))?;
    let masked = cleared.iter().map(crate::kernel::MailAddress::masked).collect::<Vec<_>>().join("、");
    accounts::tell_change_to(tx, moment, &account, Change::AddressesCleared, Told { also: cleared, except: None })?;
    Ok(event.detail("before", masked).detail("sessions", ended))
}
