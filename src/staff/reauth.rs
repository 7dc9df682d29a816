//! 「パスワードをもう一度」 for staff, as `login` asks offices: before somebody changes what opens their account.

use jiff::SignedDuration;
use maud::{Markup, html};

use super::flow::{FlowError, of_member};
use super::model::Member;
use super::{Desk, store};
use crate::app::App;
use crate::audit::{Actor, Event};
use crate::login::{self, Asked, Confirmed};
use crate::security::limits::Rule;
use crate::store::Tx;
use crate::web::{Errors, Form, Visit};

/// Wrong answers in one session. The last of them ends it, as with offices: a session that is not theirs keeps no member from answering.
const OF_SESSION: Rule = Rule { name: "staff.reauth.session", per: SignedDuration::from_hours(24), most: 5 };

/// Wrong answers of one member in all sessions (quality bar 16).
const OF_MEMBER: Rule = Rule { name: "staff.reauth", per: SignedDuration::from_hours(24), most: 100 };

/// Whether the password need not be asked.
#[must_use]
pub fn is_fresh(visit: &Visit) -> bool {
    visit.session.as_ref().is_some_and(|session| login::is_recent(session.reauthenticated, visit.now))
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
    login::present_password(&desk.name, errors)
}

/// Looks at the answer, where the question was asked.
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
    let (Some(session), Some(key)) = (&visit.session, visit.session_key) else { return Err(FlowError::Ended) };
    let id = desk.id;
    let member = app.store.read(|r| store::find(r, id))?.filter(Member::may_enter);
    let Some(member) = member else { return Ok(Confirmed::Changed) };
    let event = Event::new(Actor::Staff { id, name: member.name.to_string() }, "staff.reauth").client(visit.client);
    let asked = Asked {
        session: key,
        handle: session.handle,
        of_session: OF_SESSION,
        of_all: OF_MEMBER,
        who: login::counted_under(id, session.passkey.is_some()),
        stored: member.password.clone(),
        event: of_member(event, &member),
    };
    let revision = member.revision;
    let still = move |tx: &Tx<'_>| {
        let present = store::find(tx, id)?.filter(Member::may_enter);
        Ok(present.is_some_and(|member| member.revision == revision))
    };
    Ok(login::ask_again(app, asked, form.secret(login::PRESENT_PASSWORD), visit.now, still).await?)
}
