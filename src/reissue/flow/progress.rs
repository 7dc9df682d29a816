//! A6: an applicant looks how far the application is, and may withdraw it.

use jiff::{SignedDuration, Timestamp};

use super::super::model::{Application, By, Looking, Move, MoveKind};
use super::super::store::{self, flows};
use super::apply::{NEW_FLOWS, Visitor};
use super::mark::{MarkError, mark};
use crate::codes::{self, Entered, Opened, Opening, Purpose, Resent};
use crate::config::Config;
use crate::kernel::{ControlNumber, MailAddress, clock};
use crate::security::limits::{self, Allowance, Rule};
use crate::store::{Reads, StoreError, Tx};

/// The answer to number and address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// They belong together.
    Yes,
    /// They do not, or there is no such number: the two look alike.
    No,
    /// Too many misses, or too many flows begun, from this network.
    TooMany {
        /// When it may be tried again.
        again_at: Timestamp,
    },
}

/// Looks an application up. Only misses are counted, and by network: counting by number would let a stranger close the page for
/// the applicant.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn look_up(
    tx: &mut Tx<'_>,
    visitor: &Visitor<'_>,
    number: Option<ControlNumber>,
    contact: &MailAddress,
) -> Result<Found, StoreError> {
    let most = visitor.config.limits.codes_per_network_hour;
    let misses = Rule { name: "reissue.look_up", per: SignedDuration::from_hours(1), most };
    if let Allowance::Exceeded { again_at } = limits::peek(tx, visitor.moment.now, misses, &visitor.network)? {
        return Ok(Found::TooMany { again_at });
    }
    let found = match number {
        Some(number) => store::find(tx, number)?.filter(|one| one.contact.as_ref() == Some(contact)),
        None => None,
    };
    let Some(one) = found else {
        limits::hit(tx, visitor.moment.now, misses, &visitor.network)?;
        return Ok(Found::No);
    };
    // Whoever knows one pair must not fill the database with flows either.
    if flows::looking(tx, visitor.flow)?.is_none()
        && let Allowance::Exceeded { again_at } = limits::hit(tx, visitor.moment.now, NEW_FLOWS, &visitor.network)?
    {
        return Ok(Found::TooMany { again_at });
    }
    keep(tx, visitor, one.number, None)?;
    Ok(Found::Yes)
}

/// The application this browser is looking at, with its flow. It is shown for as long as a login may idle.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn current(
    r: &impl Reads,
    config: &Config,
    now: Timestamp,
    key: [u8; 32],
) -> Result<Option<(Looking, Application)>, StoreError> {
    let oldest = now.saturating_sub(config.session.idle()).unwrap_or(Timestamp::MIN);
    let lately = |flow: &Looking| flow.at >= oldest && !clock::is_ahead(flow.at, now);
    let Some(flow) = flows::looking(r, key)?.filter(lately) else { return Ok(None) };
    // Once retention has erased the address, nobody can prove anything by it any more.
    let one = store::find(r, flow.number)?.filter(|one| one.contact.is_some());
    Ok(one.map(|one| (flow, one)))
}

/// Whether the applicant may withdraw it now.
#[must_use]
pub fn may_withdraw(one: &Application) -> bool {
    one.state.allows(MoveKind::Withdraw)
}

/// \[取下げ\]: sends a one-time password to the contact address, unless one was sent so lately that not even 再送 would send another:
/// the second of two clicks comes to the code of the first. `None` if there is nothing to withdraw.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn ask_code(tx: &mut Tx<'_>, visitor: &Visitor<'_>) -> Result<Option<Opened>, StoreError> {
    let Some((flow, one)) = current(tx, visitor.config, visitor.moment.now, visitor.flow)? else { return Ok(None) };
    let Some(address) = one.contact.clone().filter(|_| may_withdraw(&one)) else { return Ok(None) };
    if let Some(young) = flow.challenge {
        let view = codes::view(tx, &visitor.config.code, young, visitor.moment.now)?;
        if view.is_some_and(|view| view.end.is_none() && view.address == address && visitor.moment.now < view.resend_from) {
            return Ok(Some(Opened::Open(young)));
        }
    }
    let opening = Opening {
        purpose: Purpose::ReissueWithdraw,
        browser: visitor.flow,
        address,
        account: one.office.number.to_string(),
        prefecture: Some(one.office.prefecture),
        sends: true,
        network: visitor.network.clone(),
    };
    let opened = codes::open(tx, &visitor.moment, visitor.keys, visitor.config, opening)?;
    if let Opened::Open(challenge) = opened {
        if let Some(old) = flow.challenge {
            codes::replace(tx, old)?;
        }
        keep(tx, visitor, one.number, Some(challenge))?;
    }
    Ok(Some(opened))
}

/// \[再送\] of the code for 取下げ. `None` if no code is waited for.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn resend(tx: &mut Tx<'_>, visitor: &Visitor<'_>) -> Result<Option<Resent>, StoreError> {
    let waiting = current(tx, visitor.config, visitor.moment.now, visitor.flow)?;
    let Some((challenge, number)) = waiting.and_then(|(flow, one)| Some((flow.challenge?, one.number))) else { return Ok(None) };
    let sent = codes::resend(tx, &visitor.moment, visitor.config, challenge, visitor.flow, &visitor.network)?;
    if sent == Resent::Sent {
        keep(tx, visitor, number, Some(challenge))?;
    }
    Ok(Some(sent))
}

/// The code for 取下げ; the right one withdraws. `None` if no code is waited for. If the federation was faster and the
/// application cannot be withdrawn any more, the right code changes nothing and the progress page shows the new state.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn withdraw(tx: &mut Tx<'_>, visitor: &Visitor<'_>, typed: &str) -> Result<Option<Entered>, StoreError> {
    let waiting = current(tx, visitor.config, visitor.moment.now, visitor.flow)?;
    let Some((challenge, one)) = waiting.and_then(|(flow, one)| Some((flow.challenge?, one))) else { return Ok(None) };
    let answer = codes::enter(tx, visitor.attempt(challenge, Purpose::ReissueWithdraw), typed)?;
    if answer == Entered::Right {
        if may_withdraw(&one) {
            let done =
                mark(tx, &visitor.moment, one.number, Move::Withdraw { note: String::new() }, By::Applicant.at(visitor.client));
            match done {
                Ok(_) | Err(MarkError::NotFound | MarkError::Refused(_)) => {}
                Err(MarkError::Store(error)) => return Err(error),
            }
        }
        keep(tx, visitor, one.number, None)?;
    }
    Ok(Some(answer))
}

fn keep(
    tx: &mut Tx<'_>,
    visitor: &Visitor<'_>,
    number: ControlNumber,
    challenge: Option<crate::kernel::Id>,
) -> Result<(), StoreError> {
    flows::put_looking(tx, visitor.flow, &Looking { at: visitor.moment.now, number, challenge })
}
