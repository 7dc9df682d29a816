//! 【ログイン中の端末】: sessions that are ended from the list, and devices that go without the one-time password no more.

use std::collections::BTreeSet;

use super::Acting;
use super::password::forget_trust;
use crate::audit;
use crate::kernel::Id;
use crate::portal::{self, Change};
use crate::security::devices;
use crate::security::sessions::{self, Session};
use crate::store::{StoreError, Tx};

/// What a button of the list says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The session of this public name ends.
    One(Id),
    /// All but the one that asks end.
    Others,
    /// No session ends: every device is asked for the one-time password again.
    Trust,
}

/// What it has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Sessions that are over.
    pub sessions: usize,
    /// Devices that are strangers now.
    pub forgotten: usize,
    /// Devices that are asked for the one-time password again.
    pub untrusted: usize,
}

/// Carries it out. The device of an ended session is a stranger again, unless another session lives on it; the one that asks stays known.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub fn end(tx: &mut Tx<'_>, acting: &Acting, which: Which) -> Result<Ended, StoreError> {
    let seen = &acting.bearer;
    let Some((user, _, institution)) = seen.present(tx)? else { return Ok(Ended::default()) };
    if which == Which::Trust {
        let untrusted = forget_trust(tx, user.id, None)?;
        if untrusted > 0 {
            audit::record(tx, &acting.moment, seen.event("portal.end_trust").detail("devices", untrusted))?;
        }
        return Ok(Ended { untrusted, ..Ended::default() });
    }
    let ended: Vec<Session> = match which {
        Which::One(handle) => sessions::end_by_handle(tx, seen.subject(), handle)?.into_iter().collect(),
        _ => {
            let others = sessions::list(tx, seen.subject())?.into_iter().filter(|(key, _)| key != acting.key());
            let others = others.map(|(_, session)| session).collect();
            sessions::end_others(tx, seen.subject(), acting.key())?;
            others
        }
    };
    if ended.is_empty() {
        return Ok(Ended::default());
    }
    let forgotten = forget(tx, acting, user.id, &ended)?;
    if forgotten > 0 {
        portal::tell(tx, &acting.moment, &user, institution.home, Change::DeviceForgotten, &[])?;
    }
    let agents: BTreeSet<&str> = ended.iter().map(|session| session.agent.as_str()).collect();
    let agents = agents.into_iter().collect::<Vec<_>>().join("、");
    let event = seen.event("portal.end_session").detail("sessions", ended.len()).detail("agents", agents);
    audit::record(tx, &acting.moment, event)?;
    Ok(Ended { sessions: ended.len(), forgotten, untrusted: 0 })
}

/// Under both keys: the device is neither known to the lock-out nor spared the one-time password. Says how many are strangers now.
fn forget(tx: &mut Tx<'_>, acting: &Acting, user: Id, ended: &[Session]) -> Result<usize, StoreError> {
    let alive = sessions::list(tx, acting.bearer.subject())?;
    let in_use: Vec<Id> = alive.iter().filter_map(|(_, session)| session.device).chain(acting.bearer.session.device).collect();
    let gone: BTreeSet<Id> =
        ended.iter().filter_map(|session| session.device).filter(|device| !in_use.contains(device)).collect();
    let mut forgotten = 0;
    for device in gone {
        let known = devices::forget(tx, &portal::device_owner(user), device)?;
        let trusted = devices::forget(tx, &portal::trusted_owner(user), device)?;
        forgotten += usize::from(known || trusted);
    }
    Ok(forgotten)
}
