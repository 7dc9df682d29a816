//! L3 `[次へ]`, the change of institution, and logging out.

use super::arrive;
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::Id;
use crate::portal::{self, Bearer, Next};
use crate::security::sessions::{self, OpenSession, Session, SessionToken, Subject};
use crate::store::StoreError;

/// How a choice ended.
#[derive(Debug)]
pub(in crate::portal_login) enum Chosen {
    /// The session at the chosen institution, and what is next there.
    In(SessionToken, Next),
    /// They are there already.
    Here,
    /// It is none of theirs, or suspended.
    NotOne,
    /// The session is no more as the guard saw it.
    Elsewhere,
}

/// Goes to one of their institutions: in another session, so that the forms of the one before are stale. It is as old as the one that it
/// takes the place of, and the password counts as entered when it was.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) async fn choose(app: &App, bearer: &Bearer, place: Id) -> Result<Chosen, StoreError> {
    let (moment, seen) = (app.moment(), bearer.clone());
    app.store
        .write(move |tx| {
            let Some(user) = seen.present_user(tx)?.filter(|_| !seen.session.limited) else { return Ok(Chosen::Elsewhere) };
            let members = portal::memberships(tx, user.id)?;
            let Some(member) = members.iter().find(|one| one.id == place && one.is_usable()) else {
                return Ok(Chosen::NotOne);
            };
            if seen.session.place == Some(place) {
                return Ok(Chosen::Here);
            }
            let before = &seen.session;
            let (address, agent) = (before.address.clone(), before.agent.clone());
            let with = OpenSession { address, device: before.device, limited: false, agent, place: Some(place) };
            sessions::end(tx, &seen.session_key)?;
            let session = sessions::open(tx, &moment, seen.subject(), &with)?;
            sessions::change(tx, &sessions::hash(session.expose()), |session| go_on_as(session, before))?;
            let event = Event::new(Actor::Portal { id: user.id }, "portal.choose").client(&seen.client);
            audit::record(tx, &moment, event.subject(portal::audit_subject(member.institution)))?;
            let next = arrive(tx, &user, &members, Some(place), moment.now)?;
            Ok(Chosen::In(session, next))
        })
        .await
}

const fn go_on_as(session: &mut Session, before: &Session) {
    session.created = before.created;
    session.reauthenticated = before.reauthenticated;
    session.passkey = before.passkey;
}

/// Logs out: the session ends on the server.
///
/// # Errors
/// [`StoreError`] when the database fails.
pub(in crate::portal_login) async fn log_out(
    app: &App,
    key: [u8; 32],
    session: Session,
    client: String,
) -> Result<(), StoreError> {
    let moment = app.moment();
    app.store
        .write(move |tx| {
            sessions::end(tx, &key)?;
            let Subject::Portal(id) = session.subject else { return Ok(()) };
            let member = session.place.map_or(Ok(None), |place| portal::member(tx, place))?;
            let about = portal::audit_subject(member.map_or(id, |member| member.institution));
            let event = Event::new(Actor::Portal { id }, "portal.logout").subject(about).client(&client);
            audit::record(tx, &moment, event)
        })
        .await
}
