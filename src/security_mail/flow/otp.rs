//! The one-time password at the 通知先, and the confirmation code at the new address.

use super::finish::finish;
use super::{Acting, LIST, Went};
use crate::accounts::Account;
use crate::codes::{self, Entered, Opened, Purpose, Resent, Sort};
use crate::kernel::{Id, MailAddress};
use crate::security_mail::model::{Editing, Screen, Stage, Why};
use crate::store::{StoreError, Tx};

/// \[次へ\] on 【ワンタイムパスワード入力】. The right one ends a deletion; else it is used up, and a confirmation code goes to the new address.
///
/// `shown` is the challenge that the screen was drawn for.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn answer_otp(tx: &mut Tx<'_>, acting: &Acting, shown: Option<Id>, typed: &str) -> Result<Went, StoreError> {
    let Some(account) = acting.office.present(tx)? else { return Ok(Went::To(LIST)) };
    let Some(flow) = acting.current(tx)? else { return Ok(Went::To(LIST)) };
    let Stage::Asking { new, contact, challenge } = flow.stage.clone() else { return Ok(Went::home(Some(&flow))) };
    if shown != Some(challenge) {
        return Ok(Went::Overtaken);
    }
    let changed = match changed(&account, &flow, new.as_ref(), &contact) {
        Ok(changed) => changed,
        Err(why) => return acting.stop(tx, &flow, why),
    };
    match codes::enter(tx, acting.attempt(challenge, flow.act.purpose()), typed)? {
        Entered::Right => {}
        Entered::Ended | Entered::Used => return acting.stop(tx, &flow, Why::Over),
        other => return Ok(Went::Entered(other)),
    }
    let Some(new) = new else { return finish(tx, acting, flow, &changed, None) };
    let opening = acting.opening(Purpose::NewAddress, new.clone());
    match codes::open(tx, &acting.moment, &acting.app.keys, &acting.app.config, opening)? {
        Opened::TooMany { again_at } => {
            acting.put(tx, flow.act, Stage::Typing, flow.typed)?;
            Ok(Went::Field(codes::too_many(Sort::Confirmation, again_at)))
        }
        Opened::Open(challenge) => acting.put(tx, flow.act, Stage::Proving { new, contact, challenge }, flow.typed),
    }
}

/// \[次へ\] on 【確認コード入力】. The right one ends the flow.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn answer_code(tx: &mut Tx<'_>, acting: &Acting, shown: Option<Id>, typed: &str) -> Result<Went, StoreError> {
    let Some(account) = acting.office.present(tx)? else { return Ok(Went::To(LIST)) };
    let Some(flow) = acting.current(tx)? else { return Ok(Went::To(LIST)) };
    let Stage::Proving { new, contact, challenge } = flow.stage.clone() else { return Ok(Went::home(Some(&flow))) };
    if shown != Some(challenge) {
        return Ok(Went::Overtaken);
    }
    let changed = match changed(&account, &flow, Some(&new), &contact) {
        Ok(changed) => changed,
        Err(why) => return acting.stop(tx, &flow, why),
    };
    match codes::enter(tx, acting.attempt(challenge, Purpose::NewAddress), typed)? {
        Entered::Right => finish(tx, acting, flow, &changed, Some(new)),
        Entered::Ended | Entered::Used => acting.stop(tx, &flow, Why::Over),
        other => Ok(Went::Entered(other)),
    }
}

/// \[再送\] on `screen`. `Err`: this flow is elsewhere.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn resend(tx: &mut Tx<'_>, acting: &Acting, screen: Screen) -> Result<Result<Resent, Went>, StoreError> {
    if acting.office.present(tx)?.is_none() {
        return Ok(Err(Went::To(LIST)));
    }
    let flow = acting.current(tx)?;
    let challenge = flow.as_ref().filter(|flow| flow.stage.home() == screen).and_then(|flow| flow.stage.challenge());
    let Some(challenge) = challenge else { return Ok(Err(Went::home(flow.as_ref()))) };
    codes::resend(tx, &acting.moment, &acting.app.config, challenge, *acting.key(), &acting.network).map(Ok)
}

/// The account with the list as it would be; or why the list as it is now does not take it. Who was asked must still be the 通知先: one
/// that was taken out meanwhile, because a stranger reads it, must not decide any more.
fn changed(account: &Account, flow: &Editing, new: Option<&MailAddress>, contact: &MailAddress) -> Result<Account, Why> {
    if account.contact() != Some(contact) {
        return Err(Why::Moved);
    }
    let mut changed = account.clone();
    flow.act.carry_out(&mut changed, new.cloned()).map_err(Why::Fault)?;
    Ok(changed)
}
