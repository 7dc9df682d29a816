//! Who may come in: asked by the routes before every screen under `/staff`.

use poem::http::Method;

use super::model::Member;
use super::{Desk, Role, store};
use crate::app::App;
use crate::security::sessions::Subject;
use crate::web::{Answer, Cookie, Fault, Visit, cookies, see_other};

/// What the guard says.
pub enum Admission {
    /// The handler runs at this desk.
    In(Desk),
    /// The browser is sent there instead.
    Elsewhere(&'static str),
}

/// Decides whether this visit may open a staff page that asks for `role`; `None` asks only for a login.
///
/// # Errors
/// [`Fault::Forbidden`] when somebody is logged in whose role does not cover it; [`Fault::Store`] when the database fails.
pub fn admit(app: &App, visit: &Visit, role: Option<Role>, method: &Method) -> Result<Admission, Fault> {
    match desk(app, visit)? {
        Some(desk) if role.is_some_and(|role| !desk.may(role)) => Err(Fault::Forbidden),
        Some(desk) => Ok(Admission::In(desk)),
        // The sender of a form is told that it was not taken.
        None if *method == Method::POST => Ok(Admission::Elsewhere("/staff/login?notice=form")),
        None if visit.session_ended => Ok(Admission::Elsewhere("/staff/login?notice=ended")),
        None => Ok(Admission::Elsewhere("/staff/login")),
    }
}

/// Sends the browser to the login page. The dead session's cookie is dropped, so that it is told of only once.
///
/// # Errors
/// [`Fault::Internal`] never in practice: the paths are ours.
pub fn turn_away(visit: &Visit, path: &str) -> Answer {
    let mut response = see_other(path)?;
    if visit.session_ended {
        cookies::clear(&mut response, Cookie::Staff, visit.secure());
    }
    Ok(response)
}

/// The desk of this visit, whatever its role.
///
/// # Errors
/// [`Fault::Store`] when the database fails.
pub(super) fn desk(app: &App, visit: &Visit) -> Result<Option<Desk>, Fault> {
    let Some(Subject::Staff(id)) = visit.session.as_ref().map(|session| session.subject) else { return Ok(None) };
    let member = app.store.read(|r| store::find(r, id))?;
    // Disabling ends the sessions as well; this look keeps one that is being opened meanwhile from outliving it.
    let Some(member) = member.filter(Member::may_enter) else { return Ok(None) };
    let first = app.config.federation.first().ok_or_else(|| Fault::internal("no federation is configured"))?;
    let desk = member.desk(first.prefecture);
    let name = app.config.federation_of(desk.prefecture()).map_or("", |federation| federation.name.as_str());
    visit.bind_forms(desk.prefecture().number());
    Ok(Some(desk.of_federation(name)))
}
