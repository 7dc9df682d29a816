//! R3 and its twin for devices: the one-time password.

use super::super::model::{Screen, Stage, Way};
use super::ask::purpose;
use super::close::shut;
use super::{CLOSED, MOST_WRONG, Visitor, WHILE_CLOSED, WRONG, device, is_closed, pair, registered};
use crate::accounts::Account;
use crate::audit;
use crate::codes::{self, Attempt, Entered};
use crate::kernel::{Id, MailAddress, OfficeKey};
use crate::security::limits;
use crate::store::{StoreError, Tx};

/// \[次へ\]: the code. `device`: the one to be admitted, where that is what the code is for. `Err(screen)` if this flow is elsewhere.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn prove(tx: &mut Tx<'_>, visitor: &Visitor<'_>, typed: &str, device: Id) -> Result<Result<Entered, Screen>, StoreError> {
    let now = visitor.moment.now;
    let flow = visitor.current(tx)?;
    let Some(Stage::Proving { office, address, among, challenge }) = flow.as_ref().map(|flow| flow.stage.clone()) else {
        return Ok(Err(visitor.home(flow.as_ref())));
    };
    let open = codes::view(tx, &visitor.config.code, challenge, now)?.is_some_and(|view| view.end.is_none());
    if !open {
        // Whoever goes on typing costs no commit.
        return Ok(Ok(Entered::Ended));
    }
    let (account, closed) = (registered(tx, office, &address)?, is_closed(tx, now, office, &address)?);
    // What was right when the code was asked for may have ended since: then no entry is right any more.
    codes::restrict(tx, challenge, account.is_some() && !closed)?;
    let attempt = Attempt {
        id: challenge,
        browser: visitor.flow,
        purpose: purpose(visitor.way),
        now,
        keys: visitor.keys,
        rules: &visitor.config.code,
    };
    let answer = codes::enter(tx, attempt, typed)?;
    match (answer, account) {
        (Entered::Right, Some(account)) => {
            let typed = flow.map(|flow| flow.typed).unwrap_or_default();
            match visitor.way {
                Way::Reset => {
                    let event = visitor.event(visitor.entered(), office, &address).outcome("right");
                    audit::record(tx, &visitor.moment, event)?;
                    let (user_id, revision) = (account.user_id, account.revision);
                    visitor.keep(tx, typed, Stage::Proven { user_id, address, revision, since: now, among })?;
                }
                Way::Device => device::admit(tx, visitor, &account, device)?,
            }
        }
        (Entered::Wrong { .. } | Entered::Old { .. }, _) => wrong(tx, visitor, office, &address, closed, "wrong")?,
        // The entry that spends the last try.
        (Entered::Ended, _) => wrong(tx, visitor, office, &address, closed, "ended")?,
        _ => {}
    }
    Ok(Ok(answer))
}

/// Counts a wrong entry against the pair, matching or not. The last one that is allowed closes it for a day.
fn wrong(
    tx: &mut Tx<'_>,
    visitor: &Visitor<'_>,
    office: OfficeKey,
    address: &MailAddress,
    closed: bool,
    outcome: &'static str,
) -> Result<(), StoreError> {
    let (now, who) = (visitor.moment.now, pair(office, address));
    limits::hit(tx, now, if closed { WHILE_CLOSED } else { WRONG }, &who)?;
    let count = limits::count(tx, now, WRONG, &who)?;
    audit::record(tx, &visitor.moment, visitor.event(visitor.entered(), office, address).outcome(outcome))?;
    if !closed && count >= MOST_WRONG as usize {
        limits::hit(tx, now, CLOSED, &who)?;
        shut(tx, visitor, office, address)?;
    }
    Ok(())
}

/// The office has come in by this pair: what was wrong before was its own typing.
pub(super) fn forgive(tx: &mut Tx<'_>, account: &Account, address: &MailAddress) -> Result<(), StoreError> {
    limits::forget(tx, WRONG, &pair(account.user_id.office(), address)).map(drop)
}
