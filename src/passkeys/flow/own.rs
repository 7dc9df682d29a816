//! Whoever is logged in looks after their passkeys. The password was asked for before (`login::confirm`, `staff::confirm`).

use super::super::model::{Ceremony, MOST, Passkey, Purpose};
use super::super::relying::{Named, Registered, Relying, said_digest};
use super::super::{ceremonies, store};
use super::FlowError;
use crate::accounts::{self, Change};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, Moment};
use crate::login::Office;
use crate::portal::{self, Bearer};
use crate::security::sessions::{self, Subject};
use crate::staff::{self, Desk, PasskeyChange, Scope};
use crate::store::{Reads, StoreError, Tx};

/// Who looks after their passkeys.
#[derive(Clone)]
pub(in super::super) enum Holder {
    /// An office, as the guard saw it.
    Office(Office),
    /// A member of staff at their desk.
    Staff(Desk),
    /// A user of the portal.
    Portal(Bearer),
}

/// Who acts, owned, so that the writer thread can have it.
#[derive(Clone)]
pub(in super::super) struct Acting {
    /// Who.
    pub holder: Holder,
    /// The key of their session: a ceremony ends with it.
    pub session: [u8; 32],
    /// Their browser.
    pub browser: [u8; 32],
    /// The client's address.
    pub client: String,
    /// What a new passkey is first called: the browser in words of our own, or what was typed before.
    pub agent: String,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Went {
    /// Done; or the same form came once more.
    Done,
    /// There are as many as there may be.
    Full,
    /// The session has ended, or its bearer may have none.
    Closed,
    /// Not what a browser answers to this ceremony.
    NotAnAnswer,
    /// No ceremony waits for it.
    Over,
    /// The credential is registered already.
    Taken,
    /// They have no such passkey.
    NotThere,
}

/// What is told of a change.
#[derive(Clone, Copy)]
enum Told {
    Added,
    Removed,
}

impl Holder {
    pub(in super::super) fn owner(&self) -> Subject {
        match self {
            Self::Office(office) => Subject::Office(office.account.user_id),
            Self::Staff(desk) => Subject::Staff(desk.id),
            Self::Portal(bearer) => bearer.subject(),
        }
    }

    /// What they log in with, and what they are called.
    fn names(&self) -> (String, String) {
        match self {
            Self::Office(office) => (office.account.user_id.to_string(), office.name.clone()),
            Self::Staff(desk) => (desk.name.clone(), desk.name.clone()),
            Self::Portal(bearer) => {
                let mail = bearer.user.mail.to_string();
                (mail.clone(), bearer.member.as_ref().map_or(mail, |member| member.person.name.clone()))
            }
        }
    }

    fn tell(&self, tx: &mut Tx<'_>, moment: &Moment, told: Told, name: &str, client: &str) -> Result<(), StoreError> {
        match self {
            Self::Office(office) => {
                let user_id = office.account.user_id;
                let (word, change) = match told {
                    Told::Added => ("passkey.add", Change::PasskeyAdded),
                    Told::Removed => ("passkey.remove", Change::PasskeyRemoved),
                };
                if let Some(account) = accounts::find(tx, user_id)? {
                    accounts::tell_change(tx, moment, &account, change)?;
                }
                let event = Event::new(Actor::Office(user_id), word).office(user_id.office()).client(client);
                audit::record(tx, moment, event.detail("name", name))
            }
            Self::Staff(desk) => {
                let (word, change) = match told {
                    Told::Added => ("staff.passkey_add", PasskeyChange::Added),
                    Told::Removed => ("staff.passkey_remove", PasskeyChange::Removed),
                };
                staff::tell_passkey(tx, moment, desk.id, change, (name, client))?;
                let actor = Actor::Staff { id: desk.id, name: desk.name.clone() };
                let event = Event::new(actor, word).subject(desk.id).client(client).detail("name", name);
                let event = match desk.scope {
                    Scope::One(prefecture) => event.prefecture(prefecture),
                    Scope::All => event,
                };
                audit::record(tx, moment, event)
            }
            Self::Portal(bearer) => {
                let (word, change) = match told {
                    Told::Added => ("portal.passkey_add", portal::Change::PasskeyAdded),
                    Told::Removed => ("portal.passkey_remove", portal::Change::PasskeyRemoved),
                };
                if let Some(user) = portal::user(tx, bearer.user.id)? {
                    portal::tell(tx, moment, &user, bearer.home(), change, &[])?;
                }
                audit::record(tx, moment, bearer.event(word).detail("name", name))
            }
        }
    }
}

impl Acting {
    /// Whether the session lives and its bearer may have a passkey: never instead of a password.
    fn may(&self, r: &impl Reads) -> Result<bool, StoreError> {
        match &self.holder {
            Holder::Office(office) => Ok(office.present(r)?.is_some_and(|account| account.usable_password().is_some())),
            Holder::Staff(desk) => Ok(sessions::is_there(r, &self.session)? && staff::may_enter(r, desk.id)?),
            Holder::Portal(bearer) => Ok(bearer.present(r)?.is_some_and(|(user, ..)| user.opens_by_password())),
        }
    }

    fn is_full(&self, r: &impl Reads) -> Result<bool, StoreError> {
        Ok(store::of_owner(r, self.holder.owner())?.len() >= MOST)
    }
}

/// Their passkeys, the oldest first.
pub(in super::super) fn held(app: &App, acting: &Acting) -> Result<Vec<Passkey>, StoreError> {
    app.store.read(|r| store::of_owner(r, acting.holder.owner()))
}

/// Begins to register one: what their browser is to sign is kept with their session.
pub(in super::super) async fn begin(app: &App, relying: &Relying, acting: &Acting) -> Result<Went, FlowError> {
    let (moment, owner, existing) = (app.moment(), acting.holder.owner(), held(app, acting)?);
    let handle = existing.first().map_or_else(|| moment.part("passkey handle").random().bytes(), |one| one.handle);
    let (login, called) = acting.holder.names();
    let begun = relying.begin_registration(Named { name: &login, display: &called }, handle, &existing)?;
    let purpose = Purpose::Register { owner, handle, proposed: acting.agent.clone() };
    let ceremony = Ceremony { at: moment.now, browser: acting.browser, purpose, options: begun.options, state: begun.state };
    let here = acting.clone();
    let went = app.store.write::<_, StoreError, _>(move |tx| {
        if !here.may(tx)? {
            return Ok(Went::Closed);
        }
        if here.is_full(tx)? {
            return Ok(Went::Full);
        }
        ceremonies::put(tx, &here.session, &ceremony)?;
        Ok(Went::Done)
    });
    Ok(went.await?)
}

/// The registration that waits for this browser's answer.
pub(in super::super) fn waiting(app: &App, acting: &Acting) -> Result<Option<Ceremony>, StoreError> {
    let found = app.store.read(|r| ceremonies::find(r, &acting.session, &acting.browser, app.clock.now()))?;
    let own = |one: &Ceremony| matches!(one.purpose, Purpose::Register { owner, .. } if owner == acting.holder.owner());
    Ok(found.filter(own))
}

/// The browser's answer, and what the passkey is called from now on. What is no answer to this ceremony leaves it waiting.
pub(in super::super) async fn finish(
    app: &App,
    relying: &Relying,
    acting: &Acting,
    name: &str,
    typed: &str,
) -> Result<Went, FlowError> {
    let moment = app.moment();
    let Some(ceremony) = waiting(app, acting)? else {
        return Ok(if is_registered(app, acting, typed)? { Went::Done } else { Went::Over });
    };
    let Some(registered) = relying.finish_registration(typed, &ceremony.state)? else { return Ok(Went::NotAnAnswer) };
    let (here, name) = (acting.clone(), name.to_owned());
    let went = app.store.write(move |tx| keep(tx, &moment, &here, &ceremony, &registered, &name));
    Ok(went.await?)
}

/// A double click: the first has done it.
fn is_registered(app: &App, acting: &Acting, typed: &str) -> Result<bool, StoreError> {
    let Some(digest) = said_digest(typed) else { return Ok(false) };
    let found = app.store.read(|r| store::by_credential(r, &digest))?;
    Ok(found.is_some_and(|one| one.owner == acting.holder.owner()))
}

fn keep(
    tx: &mut Tx<'_>,
    moment: &Moment,
    here: &Acting,
    ceremony: &Ceremony,
    registered: &Registered,
    name: &str,
) -> Result<Went, StoreError> {
    let Purpose::Register { owner, handle, .. } = ceremony.purpose else { return Ok(Went::Over) };
    if !here.may(tx)? {
        return Ok(Went::Closed);
    }
    if let Some(present) = store::by_credential(tx, &registered.digest)? {
        return Ok(if present.owner == owner { Went::Done } else { Went::Taken });
    }
    if here.is_full(tx)? {
        return Ok(Went::Full);
    }
    if !ceremonies::take(tx, &here.session, ceremony, moment.now)? {
        return Ok(Went::Over);
    }
    let passkey = Passkey {
        id: Id::new(&moment.part("passkey").random()),
        owner,
        handle,
        digest: registered.digest,
        credential: registered.credential.clone(),
        name: name.to_owned(),
        created: moment.now,
        last_used: None,
    };
    store::add(tx, &passkey)?;
    here.holder.tell(tx, moment, Told::Added, name, &here.client)?;
    Ok(Went::Done)
}

/// Takes one of theirs away, and ends the sessions that it has opened, but for the one that takes it away: it may be on a telephone that
/// was lost.
pub(in super::super) async fn remove(app: &App, acting: &Acting, id: Id) -> Result<Went, StoreError> {
    let (moment, here) = (app.moment(), acting.clone());
    app.store
        .write(move |tx| {
            if !sessions::is_there(tx, &here.session)? {
                return Ok(Went::Closed);
            }
            let Some(gone) = store::remove(tx, here.holder.owner(), id)? else { return Ok(Went::NotThere) };
            sessions::end_of_passkey(tx, here.holder.owner(), gone.id, &here.session)?;
            here.holder.tell(tx, &moment, Told::Removed, &gone.name, &here.client)?;
            Ok(Went::Done)
        })
        .await
}
