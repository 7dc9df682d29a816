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

/// Wrong answers of one member, whatever their sessions.
const RULE: Rule = Rule { name: "staff.reauth", per: SignedDuration::from_mins(30), most: 5 };

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
        @if !is_fresh(visit) {
            // Password managers look for the user's name before the password.
            input type="text" name="user_id" value=(desk.name) autocomplete="username" readonly hidden;
            (password_field(FIELD, "現在のパスワード").required().autocomplete("current-password")
                .support("安全のため、もう一度入力してください。").error(errors.of(FIELD)))
        }
    }
}

/// Looks at the answer, where the question was asked. It is counted as wrong before the hash runs, and all are forgotten when one is right.
///
/// # Errors
/// [`FlowError`].
pub async fn confirm(app: &App, visit: &Visit, desk: &Desk, form: &Form) -> Result<Confirmed, FlowError> {
    if is_fresh(visit) {
        return Ok(Confirmed::Fresh);
    }
    let typed = form.secret(FIELD);
    if typed.expose().is_empty() {
        return Ok(Confirmed::Missing);
    }
    let (id, now) = (desk.id, visit.now);
    let reserved = app.store.write::<_, StoreError, _>(move |tx| limits::hit(tx, now, RULE, &id.to_string())).await?;
    if let Allowance::Exceeded { again_at } = reserved {
        return Ok(Confirmed::TooMany { again_at });
    }
    let member = app.store.read(|r| store::find(r, id))?.filter(Member::may_enter);
    let matches = match app.hasher.verify(typed, member.as_ref().and_then(|member| member.password.clone())).await {
        Ok(verdict) => verdict.matches,
        Err(busy) => {
            app.store.write::<_, StoreError, _>(move |tx| limits::take_back(tx, now, RULE, &id.to_string())).await?;
            return Err(busy.into());
        }
    };
    let seen = (id, member.map_or(0, |member| member.revision));
    let (moment, session, client) = (app.moment(), visit.session_key, visit.client.to_string());
    let settled =
        app.store.write(move |tx| if matches { settle(tx, seen, session, moment.now) } else { refuse(tx, &moment, id, &client) });
    Ok(settled.await?)
}

/// The password was right when it was read; it must still be the one, and the session must still live.
fn settle(
    tx: &mut Tx<'_>,
    (id, revision): (Id, u64),
    session: Option<[u8; 32]>,
    now: Timestamp,
) -> Result<Confirmed, StoreError> {
    let present = store::find(tx, id)?.filter(Member::may_enter);
    let same = present.is_some_and(|member| member.revision == revision);
    let Some(session) = session.filter(|_| same) else { return Ok(Confirmed::Changed) };
    if !sessions::change(tx, &session, |session| session.reauthenticated = now)? {
        return Ok(Confirmed::Changed);
    }
    limits::forget(tx, RULE, &id.to_string())?;
    Ok(Confirmed::Right)
}

fn refuse(tx: &mut Tx<'_>, moment: &Moment, id: Id, client: &str) -> Result<Confirmed, StoreError> {
    if let Some(member) = store::find(tx, id)? {
        let actor = Actor::Staff { id, name: member.name.to_string() };
        let event = Event::new(actor, "staff.reauth").outcome("refused").client(client);
        audit::record(tx, moment, of_member(event, &member))?;
    }
    Ok(Confirmed::Wrong)
}
