//! From a button of the list to the one-time password.

use super::{Acting, LIST, Went, end_code};
use crate::accounts::AddressFault;
use crate::codes::{self, Opened, Sort};
use crate::kernel::{MailAddress, TypedTwice};
use crate::security_mail::model::{Act, Stage, Why};
use crate::store::{StoreError, Tx};

/// What a button of the list says.
#[derive(Clone, Debug)]
pub struct Wish {
    /// `add`, `change` or `delete`.
    pub act: String,
    /// The place in the list.
    pub which: Option<usize>,
    /// The revision of the account that the list showed.
    pub revision: Option<u64>,
}

/// \[追加\], \[変更\], \[削除\].
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn begin(tx: &mut Tx<'_>, acting: &Acting, wish: &Wish) -> Result<Went, StoreError> {
    let Some(account) = acting.office.present(tx)? else { return Ok(Went::To(LIST)) };
    let act = Act::read(&wish.act, wish.which, &account).filter(|_| wish.revision == Some(account.revision));
    let Some(act) = act else { return Ok(Went::List(Why::Moved)) };
    if let Err(fault) = act.may_begin(&account) {
        return Ok(Went::List(Why::Fault(fault)));
    }
    let before = acting.current(tx)?;
    end_code(tx, before.as_ref())?;
    // Left by 戻る and begun again: what was typed is still there.
    let typed = before.filter(|flow| flow.act == act && flow.stage != Stage::Done).map(|flow| flow.typed);
    acting.put(tx, act, Stage::Typing, typed.unwrap_or_default())
}

/// \[戻る\] to the list: what was typed is kept as it is.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn keep(tx: &mut Tx<'_>, acting: &Acting, typed: &TypedTwice) -> Result<Went, StoreError> {
    if acting.office.present(tx)?.is_none() {
        return Ok(Went::To(LIST));
    }
    if let Some(flow) = acting.current(tx)?.filter(|flow| flow.stage != Stage::Done && flow.typed != *typed) {
        acting.put(tx, flow.act, flow.stage, typed.kept())?;
    }
    Ok(Went::To(LIST))
}

/// \[次へ\]: a one-time password goes to the 通知先. `new` is the address that was typed; a deletion has none.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn ask(tx: &mut Tx<'_>, acting: &Acting, typed: &TypedTwice, new: Option<MailAddress>) -> Result<Went, StoreError> {
    let Some(account) = acting.office.present(tx)? else { return Ok(Went::To(LIST)) };
    let Some(flow) = acting.current(tx)? else { return Ok(Went::To(LIST)) };
    if flow.stage == Stage::Done {
        return Ok(Went::home(Some(&flow)));
    }
    let new = new.filter(|_| !flow.act.is_deletion());
    match flow.act.carry_out(&mut account.clone(), new.clone()) {
        Ok(()) => {}
        Err(fault @ AddressFault::Taken) => return Ok(Went::Field(fault.to_string())),
        Err(fault) => return acting.stop(tx, &flow, Why::Fault(fault)),
    }
    let Some(contact) = account.contact().cloned() else { return acting.stop(tx, &flow, Why::Moved) };
    let now = acting.moment.now;
    if let Some(challenge) = flow.stage.challenge().filter(|_| flow.stage.waits_for(new.as_ref(), &contact)) {
        // Came back and changed nothing: the code that is on its way still works.
        let view = codes::view(tx, &acting.app.config.code, challenge, now)?;
        if view.is_some_and(|view| view.end.is_none() && now < view.valid_until) {
            return acting.put(tx, flow.act, flow.stage, typed.kept());
        }
    }
    let opening = acting.opening(flow.act.purpose(), contact.clone());
    match codes::open(tx, &acting.moment, &acting.app.keys, &acting.app.config, opening)? {
        Opened::TooMany { again_at } => Ok(Went::Field(codes::too_many(Sort::OneTime, again_at))),
        Opened::Open(challenge) => {
            end_code(tx, Some(&flow))?;
            let regarded = flow.act.regards(new.as_ref()).map(MailAddress::to_string);
            codes::regard(tx, challenge, regarded.unwrap_or_default())?;
            acting.put(tx, flow.act, Stage::Asking { new, contact, challenge }, typed.kept())
        }
    }
}
