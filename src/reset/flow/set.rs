//! R4 \[変更\]: the new password, and the end of all else that opened the account.

use super::super::model::{Flow, Screen, Stage, Typed};
use super::prove::forgive;
use super::{Visitor, registered};
use crate::accounts::{self, Account, Change};
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, UserId};
use crate::reissue::{self, By, MarkError, Move};
use crate::security::sessions::{self, Subject};
use crate::security::{PasswordHash, devices};
use crate::store::{Reads, StoreError, Tx};
use crate::{first_login, letters, login, passkeys};

/// How \[変更\] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The password is set, now or by the first of two clicks.
    Done {
        /// Of this account.
        user_id: UserId,
        /// It knows this device.
        device: Option<Id>,
    },
    /// This flow is elsewhere.
    To(Screen),
    /// The account has changed since the code was entered: nothing was set, and a new code is needed.
    Overtaken,
}

/// The account whose password this flow may set. `Err` says what to do instead.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn proven(r: &impl Reads, visitor: &Visitor<'_>) -> Result<Result<(Flow, Account), Setting>, StoreError> {
    let Some(flow) = visitor.current(r)? else { return Ok(Err(Setting::To(Screen::Ask))) };
    let Stage::Proven { user_id, address, revision, .. } = &flow.stage else {
        return Ok(Err(Setting::To(visitor.home(Some(&flow)))));
    };
    if flow.is_late(&visitor.config.code, visitor.moment.now) {
        return Ok(Err(Setting::To(Screen::Ask)));
    }
    let account = registered(r, user_id.office(), address)?.filter(|account| account.revision == *revision);
    Ok(account.map(|account| (flow, account)).ok_or(Setting::Overtaken))
}

/// Sets the password. Ended with it: every session, an unused temporary password with its letter, open applications (they are noted as
/// superseded), the security code, passkeys, remembered devices but this one, and what was counted at the login. Every registered
/// address is told.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn set(tx: &mut Tx<'_>, visitor: &Visitor<'_>, hash: &PasswordHash, device: Id) -> Result<Setting, StoreError> {
    let (flow, mut account) = match proven(tx, visitor)? {
        Ok(proven) => proven,
        Err(Setting::To(Screen::Done)) => {
            let flow = visitor.current(tx)?;
            return Ok(match flow.map(|flow| flow.stage) {
                Some(Stage::Done { user_id, device }) => Setting::Done { user_id, device },
                _ => Setting::To(Screen::Ask),
            });
        }
        Err(other) => return Ok(other),
    };
    let (moment, user_id) = (&visitor.moment, account.user_id);
    account.reset(hash.clone(), moment.now);
    first_login::forget(tx, user_id)?;
    // Whoever broke off at the last 【処理終了】 is not shown it again.
    first_login::settle(tx, visitor.config, &mut account, moment.now)?;
    // Before the letters, which read the account anew.
    let account = accounts::save(tx, &account)?;
    let sessions = sessions::end_all(tx, Subject::Office(user_id))?;
    devices::forget_all(tx, &user_id.to_string())?;
    // This one has just been proved: the lock for strangers must not shut it out.
    devices::remember(tx, &user_id.to_string(), device, moment.now)?;
    passkeys::forget_all(tx, Subject::Office(user_id))?;
    login::unlock(tx, visitor.keys, user_id)?;
    supersede(tx, visitor, user_id)?;
    letters::on_reset(tx, moment, user_id, visitor.client)?;
    if let Some((_, address)) = flow.stage.pair() {
        forgive(tx, &account, address)?;
    }
    accounts::tell_change(tx, moment, &account, Change::Reset)?;
    let event = Event::new(Actor::Office(user_id), "reset.done").office(user_id.office()).detail("sessions", sessions);
    audit::record(tx, moment, event.client(visitor.client))?;
    let device = Some(device);
    visitor.keep(tx, Typed::default(), Stage::Done { user_id, device })?;
    Ok(Setting::Done { user_id, device })
}

/// Applications for a letter that nobody waits for any more.
fn supersede(tx: &mut Tx<'_>, visitor: &Visitor<'_>, user_id: UserId) -> Result<(), StoreError> {
    let all = reissue::of_office(tx, user_id.office(), usize::MAX)?;
    for application in all.into_iter().filter(|one| one.state.is_open()) {
        let who = By::Office(user_id).at(visitor.client);
        // An open application always may be: one that refuses stays as it is, and the reset goes on.
        if let Err(MarkError::Store(error)) = reissue::mark(tx, &visitor.moment, application.number, Move::Supersede, who) {
            return Err(error);
        }
    }
    Ok(())
}
