//! While somebody is logged in: prolonging the session, choosing the federation, logging out.

use poem::http::{HeaderValue, StatusCode};
use poem::web::Data;
use poem::{Response, handler};

use crate::app::App;
use crate::kernel::Prefecture;
use crate::staff::frame::ends;
use crate::staff::{Desk, flow, guard};
use crate::web::cookies::{self, Cookie};
use crate::web::{Answer, Fault, Form, Visit, see_other};

/// 【操作を続ける】: the request itself prolongs the session; the answer says until when.
///
/// # Errors
/// None of its own.
#[handler]
pub async fn extend(visit: Visit, _desk: Desk, _form: Form) -> Answer {
    let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
    if let Some(end) = ends(&visit) {
        response.headers_mut().insert("X-Session-Ends", HeaderValue::from(end));
    }
    Ok(response)
}

/// ログアウト. A form from a page whose session has ended is as good as logged out.
///
/// # Errors
/// [`Fault`] when the database fails, or the form of a living session is not ours.
#[handler]
pub async fn logout(Data(app): Data<&App>, visit: Visit, form: poem::Result<Form>) -> Answer {
    if let (Some(desk), Some(key)) = (guard::desk(app, &visit)?, visit.session_key) {
        if form.is_err() {
            return Err(Fault::StaleForm);
        }
        flow::session::leave(app, key, desk, visit.client.to_string()).await?;
    }
    let mut response = see_other("/staff/login?notice=logout")?;
    cookies::clear(&mut response, Cookie::Staff, visit.secure());
    Ok(response)
}

/// Takes a member of all federations to another one.
///
/// # Errors
/// [`Fault::NotFound`] for a federation that is not theirs or not of this installation.
#[handler]
pub async fn choose_federation(Data(app): Data<&App>, visit: Visit, desk: Desk, form: Form) -> Answer {
    let chosen = Prefecture::parse(form.get("prefecture")).filter(|chosen| desk.scope.reaches(*chosen));
    let Some(chosen) = chosen.filter(|chosen| app.config.federation_of(*chosen).is_some()) else {
        return Err(Fault::NotFound);
    };
    flow::session::move_to(app, desk, chosen, visit.client.to_string()).await?;
    see_other("/staff")
}
