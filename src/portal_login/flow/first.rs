//! L4 `[変更]` and L5 `[利用規約に同意して次へ]`.

use super::{arrive, only_place};
use crate::accounts;
use crate::app::App;
use crate::audit;
use crate::kernel::Secret;
use crate::login::LoginError;
use crate::portal::{self, Bearer, Change, Next};
use crate::security::sessions::{self, OpenSession, SessionToken};
use crate::store::StoreError;
use crate::terms;

/// The new password, already judged by the rule, takes the place of the initial one. Every session of the user ends, also that of another
/// browser which has used the same initial password, and this browser gets a new one. `None` if the user or the session is no more as the
/// guard saw them: then nothing was set.
///
/// # Errors
/// [`LoginError`].
pub(in crate::portal_login) async fn set_password(
    app: &App,
    bearer: &Bearer,
    new: Secret<String>,
) -> Result<Option<SessionToken>, LoginError> {
    let hash = app.hasher.hash(new, app.moment().part("salt").random().bytes()).await?;
    let (moment, seen) = (app.moment(), bearer.clone());
    let set = app.store.write::<_, StoreError, _>(move |tx| {
        let present = seen.present_user(tx)?.filter(|user| seen.session.limited && user.initial_is_live(moment.now));
        let Some(mut user) = present.filter(|user| user.revision == seen.user.revision) else { return Ok(None) };
        user.set_password(hash.clone(), moment.now);
        let user = portal::save_user(tx, &user)?;
        sessions::end_all(tx, seen.subject())?;
        let members = portal::memberships(tx, user.id)?;
        let place = only_place(&members).map(|member| member.id);
        let (address, agent) = (seen.session.address.clone(), seen.session.agent.clone());
        let with = OpenSession { address, device: seen.session.device, limited: false, agent, place };
        let session = sessions::open(tx, &moment, seen.subject(), &with)?;
        portal::tell(tx, &moment, &user, seen.home(), Change::Password, &[])?;
        audit::record(tx, &moment, seen.event("portal.password"))?;
        arrive(tx, &user, &members, place, moment.now)?;
        Ok(Some(session))
    });
    Ok(set.await?)
}

/// How an agreement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::portal_login) enum Agreement {
    /// It is kept; this is next.
    To(Next),
    /// The text has changed since the page was drawn: nothing was kept.
    Newer,
    /// The user or the session is no more as the guard saw them.
    Elsewhere,
}

/// The agreement to the version that the page has shown.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) async fn agree(app: &App, bearer: &Bearer, version: u32) -> Result<Agreement, StoreError> {
    let (moment, seen) = (app.moment(), bearer.clone());
    app.store
        .write(move |tx| {
            let Some(mut user) = seen.present_user(tx)?.filter(|_| !seen.session.limited) else {
                return Ok(Agreement::Elsewhere);
            };
            if version != terms::newest_version(tx, portal::TERMS)? {
                return Ok(Agreement::Newer);
            }
            user.terms = Some(accounts::Agreed { version, at: moment.now });
            portal::save_user_quietly(tx, &user)?;
            audit::record(tx, &moment, seen.event("portal.terms").detail("version", version))?;
            let members = portal::memberships(tx, user.id)?;
            arrive(tx, &user, &members, seen.session.place, moment.now).map(Agreement::To)
        })
        .await
}
