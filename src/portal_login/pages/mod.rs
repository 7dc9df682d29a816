//! Screens L1–L5 and G1–G4. Those of the steps look at what the guard has found to be due; whoever is elsewhere is sent there.

pub mod first;
pub mod login;
pub mod lost;
pub mod lost_password;
pub mod otp;
pub mod place;
mod screens;
pub mod terms;

use poem::Response;

use super::flow::enter::Entered;
use super::flow::{Caller, Here};
use crate::app::App;
use crate::kernel::Id;
use crate::portal::{FIRST, HOME, Next, Step};
use crate::security::devices;
use crate::security::sessions::SessionToken;
use crate::web::{Answer, Cookie, Visit, cookies, see_other};

/// L1.
const LOGIN: &str = "/portal/login";
/// Steps of a first login (S4 step 3).
const STEPS: [&str; 3] = ["ログイン", "パスワード変更", "利用規約同意"];

/// What a use case needs of a request, owned, so that the writer thread can have it.
fn here(app: &App, visit: &Visit) -> Here {
    Here { app: app.clone(), moment: app.moment(), caller: caller(app, visit) }
}

/// The browser of this visit.
#[must_use]
pub fn caller(app: &App, visit: &Visit) -> Caller {
    Caller {
        browser: visit.browser(),
        device: own_device(app, visit),
        network: visit.network.to_string(),
        client: visit.client.to_string(),
        agent: visit.agent.clone(),
        former: visit.session_key,
    }
}

fn own_device(app: &App, visit: &Visit) -> Option<Id> {
    visit.cookie(Cookie::Device).and_then(|value| devices::read(&app.keys, value))
}

/// Where what is next is done.
const fn path(next: Next) -> &'static str {
    match next {
        Next::Free => HOME,
        Next::Step(Step::Password) => "/portal/first/password",
        Next::Step(Step::Place) => "/portal/first/place",
        Next::Step(Step::Terms) => "/portal/first/terms",
        // The guard says why.
        Next::Closed(_) => FIRST,
    }
}

/// The answer to a login that has opened a session.
///
/// # Errors
/// Never; the type is what handlers return.
pub fn opened(visit: &Visit, entered: &Entered) -> Answer {
    let mut response = see_other(path(entered.next))?;
    renewed(visit, &mut response, &entered.session);
    if let Some(device) = &entered.device {
        cookies::set(&mut response, Cookie::Device, device, visit.secure());
    }
    Ok(response)
}

fn renewed(visit: &Visit, response: &mut Response, session: &SessionToken) {
    cookies::set(response, Cookie::Portal, session.expose(), visit.secure());
}
