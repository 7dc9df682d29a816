//! Wrong security codes of one account, over all its logins.

use jiff::{SignedDuration, Timestamp};

use crate::kernel::{Id, UserId};
use crate::security::devices;
use crate::security::limits::{self, Allowance, Rule};
use crate::store::{Reads, StoreError, Tx};

/// Wrong codes of one account in a day, over all its logins: of all devices it does not know together, and of each one that it does
/// (quality bar 16). Only who has its password is counted here.
pub(super) const RULE: Rule = Rule { name: "login.code", per: SignedDuration::from_hours(24), most: 100 };

/// What the codes of a login on this device are counted under.
pub(super) fn counted_under(r: &impl Reads, user_id: UserId, device: Option<Id>) -> Result<String, StoreError> {
    let user_id = user_id.to_string();
    Ok(match device {
        Some(device) if devices::is_known(r, &user_id, device)? => of_device(&user_id, device),
        _ => user_id,
    })
}

fn of_device(user_id: &str, device: Id) -> String {
    format!("{user_id} {device}")
}

/// Until when codes of this account are not looked at: those of unknown devices, and those of known ones that are closed.
pub(super) fn closed(r: &impl Reads, user_id: UserId, now: Timestamp) -> Result<(Option<Timestamp>, Vec<Timestamp>), StoreError> {
    let user_id = user_id.to_string();
    let until = |who: &str| match limits::peek(r, now, RULE, who)? {
        Allowance::Fine => Ok::<_, StoreError>(None),
        Allowance::Exceeded { again_at } => Ok(Some(again_at)),
    };
    let mut known = Vec::new();
    for device in devices::of(r, &user_id)? {
        known.extend(until(&of_device(&user_id, device))?);
    }
    Ok((until(&user_id)?, known))
}

/// Forgets the wrong codes of this account, of all devices; says of how many there were any.
pub(super) fn forget(tx: &mut Tx<'_>, user_id: UserId) -> Result<usize, StoreError> {
    let user_id = user_id.to_string();
    let mut rows = usize::from(limits::forget(tx, RULE, &user_id)?);
    for device in devices::of(tx, &user_id)? {
        rows += usize::from(limits::forget(tx, RULE, &of_device(&user_id, device))?);
    }
    Ok(rows)
}

/// Forgets the wrong codes of one device.
pub(super) fn forget_device(tx: &mut Tx<'_>, user_id: UserId, device: Id) -> Result<(), StoreError> {
    limits::forget(tx, RULE, &of_device(&user_id.to_string(), device)).map(drop)
}
