//! 「パスワードをもう一度」 for staff, as `login` asks offices: before somebody changes what opens their account.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::flow::{FlowError, of_member};
use super::model::Member;
use super::{Desk, store};
use crate::app::App;
use crate::audit::{self, Actor, Event};
use crate::kernel::{Id, Moment};
use crate::login::{Confirmed, FRESH};
use crate::security::limits::{self, Allowance, Rule};
use crate::security::sessions;
use crate::store::{StoreError, Tx};
use crate::web::components::password_field;
use crate::web::{Errors, Form, Visit};

/// The name of the field, the same as for offices: so are the sentences beside it.
const FIELD: &str = "current_password";

/// Wrong answers in one session. The last of them ends it, as with offices: a session that is not theirs keeps no member from answering.
const OF_SESSION: Rule = Rule { name: "staff.reauth.session", per: SignedDuration::from_hours(24), most: 5 };

/// Wrong answers of one member in all sessions (quality bar 16).
const OF_MEMBER: Rule = Rule { name: "staff.reauth", per: SignedDuration::from_hours(24), most: 100 };

/// Whether the password need not be asked.
#[must_use]
pub fn is_fresh(visit: &Visit) -> bool {
    let entered = visit.session.as_ref().map(|session| session.reauthenticated);
    // A clock that was ahead must not have made it fresh for as long as it was.
    entered.is_some_and(|entered| (SignedDuration::ZERO..FRESH).contains(&visit.now.duration_since(entered)))
}

/// The field 《現在のパスワード》; nothing while the password is fresh.
#[must_use]
pub fn password_again(visit: &Visit, desk: &Desk, errors: &Errors) -> Markup {
    html! {
        @if !is_fresh(visit) { (password_anew(desk, errors)) }
    }
}

/// The same field, however fresh the password is: for [`confirm_anew`].
#[must_use]
pub fn password_anew(desk: &Desk, errors: &Errors) -> Markup {
    html! {
        // Password managers look for the user's name before the password.
        input type="text" name="user_id" value=(desk.name) autocomplete="username" readonly hidden;
        (password_field(FIELD, "現在のパスワード").required().autocomplete("current-password")
            .support("安全のため、もう一度入力してください。").error(errors.of(FIELD)))
    }
}

/// Looks at the answer, where the question was asked. It is counted as wrong before the hash runs, and all are forgotten when one is right.
///
/// # Errors
/// [`FlowError`]; [`FlowError::Ended`] where the session is over, by this answer or already.
pub async fn confirm(app: &App, visit: &Visit, desk: &Desk, form: &Form) -> Result<Confirmed, FlowError> {
    if is_fresh(visit) { Ok(Confirmed::Fresh) } else { confirm_anew(app, visit, desk, form).await }
}

/// The same however fresh the password is: for what lets in for good. A session alone, stolen at whatever moment, must not be enough.
///
/// # Errors
/// As [`confirm`].
pub async fn confirm_anew(app: &App, visit: &Visit, desk: &Desk, form: &Form) -> Result<Confirmed, FlowError> {
    let typed = form.secret(FIELD);
    if typed.expose().is_empty() {
        return Ok(Confirmed::Missing);
    }
    let Some(asked) = Asked::of(visit, desk) else { return Err(FlowError::Ended) };
    let now = visit.now;
    match app.store.write::<_, StoreError, _>(move |tx| asked.reserve(tx, now)).await? {
        Reserved::Looks => {}
        Reserved::TooMany { again_at } => return Ok(Confirmed::TooMany { again_at }),
        Reserved::Ended => return Err(FlowError::Ended),
    }
    let member = app.store.read(|r| store::find(r, asked.member))?.filter(Member::may_enter);
    let matches = match app.hasher.verify(typed, member.as_ref().and_then(|member| member.password.clone())).await {
        Ok(verdict) => verdict.matches,
        Err(busy) => {
            app.store.write::<_, StoreError, _>(move |tx| asked.take_back(tx, now)).await?;
            return Err(busy.into());
        }
    };
    let (moment, revision, client) = (app.moment(), member.map_or(0, |member| member.revision), visit.client.to_string());
    if matches {
        return Ok(app.store.write(move |tx| asked.settle(tx, revision, moment.now)).await?);
    }
    let ended = app.store.write(move |tx| asked.refuse(tx, &moment, &client)).await?;
    if ended { Err(FlowError::Ended) } else { Ok(Confirmed::Wrong) }
}

/// Whether an answer is looked at.
enum Reserved {
    Looks,
    TooMany {
        again_at: Timestamp,
    },
    /// The session is over, or all its answers are being looked at.
    Ended,
}

/// Who is asked, in which session.
#[derive(Clone, Copy)]
struct Asked {
    member: Id,
    session: [u8; 32],
    handle: Id,
    /// A passkey has opened the session: its answers are counted apart, as with offices.
    by_passkey: bool,
}

impl Asked {
    fn of(visit: &Visit, desk: &Desk) -> Option<Self> {
        let open = visit.session.as_ref()?;
        let (session, by_passkey) = (visit.session_key?, open.passkey.is_some());
        Some(Self { member: desk.id, session, handle: open.handle, by_passkey })
    }

    fn counted(self) -> [(Rule, String); 2] {
        let member = if self.by_passkey { format!("passkey {}", self.member) } else { self.member.to_string() };
        [(OF_SESSION, self.handle.to_string()), (OF_MEMBER, member)]
    }

    fn reserve(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<Reserved, StoreError> {
        if !sessions::is_there(tx, &self.session)? {
            return Ok(Reserved::Ended);
        }
        let [(of_session, handle), (of_member, member)] = self.counted();
        if let Allowance::Exceeded { again_at } = limits::peek(tx, now, of_member, &member)? {
            return Ok(Reserved::TooMany { again_at });
        }
        if limits::hit(tx, now, of_session, &handle)? != Allowance::Fine {
            return Ok(Reserved::Ended);
        }
        limits::hit(tx, now, of_member, &member)?;
        Ok(Reserved::Looks)
    }

    fn take_back(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
        self.counted().into_iter().try_for_each(|(rule, who)| limits::take_back(tx, now, rule, &who))
    }

    /// The password was right when it was read; it must still be the one, and the session must still live.
    fn settle(self, tx: &mut Tx<'_>, revision: u64, now: Timestamp) -> Result<Confirmed, StoreError> {
        let present = store::find(tx, self.member)?.filter(Member::may_enter);
        let same = present.is_some_and(|member| member.revision == revision);
        if !same || !sessions::change(tx, &self.session, |session| session.reauthenticated = now)? {
            return Ok(Confirmed::Changed);
        }
        for (rule, who) in self.counted() {
            limits::forget(tx, rule, &who)?;
        }
        Ok(Confirmed::Right)
    }

    /// Says whether this was the answer that ends the session.
    fn refuse(self, tx: &mut Tx<'_>, moment: &Moment, client: &str) -> Result<bool, StoreError> {
        let ended = limits::count(tx, moment.now, OF_SESSION, &self.handle.to_string())? >= OF_SESSION.most as usize;
        if ended {
            sessions::end(tx, &self.session)?;
        }
        if let Some(member) = store::find(tx, self.member)? {
            let actor = Actor::Staff { id: self.member, name: member.name.to_string() };
            let event = Event::new(actor, "staff.reauth").outcome(if ended { "ended" } else { "refused" }).client(client);
            audit::record(tx, moment, of_member(event, &member))?;
        }
        Ok(ended)
    }
}
