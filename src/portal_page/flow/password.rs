//! A new password of a user who knows the present one.

use super::{Acting, forget_changes};
use crate::audit;
use crate::kernel::{Id, Secret};
use crate::portal::{self, Change};
use crate::security::sessions::{self, OpenSession, SessionToken};
use crate::security::{Busy, PasswordHash, devices};
use crate::store::{StoreError, Tx};

/// How it ended.
#[derive(Debug)]
pub enum Went {
    /// It is set, and this is the session that takes the place of the one before.
    Done(SessionToken),
    /// The session is over: another click was faster, or somebody has ended it.
    Ended,
    /// The user has changed since the page was asked for.
    Moved,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many hashes wait.
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// A new password, already judged by the rule; the present one was asked for. Every other session ends, this browser gets a new one in the
/// place of its own, and other devices are asked for the one-time password again. Known devices and passkeys stay.
///
/// # Errors
/// [`ChangeError`].
pub async fn change(acting: Acting, new: Secret<String>) -> Result<Went, ChangeError> {
    let app = acting.app.clone();
    let hash = app.hasher.hash(new, app.moment().part("salt").random().bytes()).await?;
    // Hashing takes time: what is written is dated when it is.
    let acting = Acting { moment: app.moment(), ..acting };
    Ok(app.store.write(move |tx| write(tx, &acting, &hash)).await?)
}

fn write(tx: &mut Tx<'_>, acting: &Acting, hash: &PasswordHash) -> Result<Went, StoreError> {
    let (seen, moment) = (&acting.bearer, &acting.moment);
    let Some((mut user, _, institution)) = seen.present(tx)? else { return Ok(Went::Ended) };
    if user.revision != seen.user.revision {
        return Ok(Went::Moved);
    }
    user.set_password(hash.clone(), moment.now);
    let user = portal::save_user(tx, &user)?;
    let ended = sessions::end_all(tx, seen.subject())?.saturating_sub(1);
    let with = OpenSession {
        address: seen.session.address.clone(),
        device: seen.session.device,
        limited: false,
        agent: seen.session.agent.clone(),
        place: seen.session.place,
    };
    let token = sessions::open(tx, moment, seen.subject(), &with)?;
    forget_trust(tx, user.id, seen.session.device)?;
    forget_changes(tx, user.id)?;
    portal::tell(tx, moment, &user, institution.home, Change::Password, &[])?;
    audit::record(tx, moment, seen.event("portal.password").detail("ended_sessions", ended))?;
    Ok(Went::Done(token))
}

/// No device but `own` goes without the one-time password any more; says how many there were.
pub(super) fn forget_trust(tx: &mut Tx<'_>, user: Id, own: Option<Id>) -> Result<usize, StoreError> {
    let who = portal::trusted_owner(user);
    let mut others = devices::of(tx, &who)?;
    others.retain(|device| Some(*device) != own);
    for device in &others {
        devices::forget(tx, &who, *device)?;
    }
    Ok(others.len())
}
