//! The portal's front page, the screens of 初回利用登録 (spec 3), and the checklist. Each screen says which states of the flow may see it;
//! everybody else is sent to the screen of their state.

pub mod ask;
pub mod check;
pub mod checklist;
pub mod code;
pub mod front;
pub mod otp;
pub mod user;

use super::flow::{self, Elsewhere, Visitor};
use super::model::{Proven, Registering, Screen};
use crate::accounts::Account;
use crate::app::App;
use crate::kernel::MailAddress;
use crate::portal::Member;
use crate::store::StoreError;
use crate::web::{Answer, Fault, Visit, see_other};

/// The name of the whole, and of its first screen (S4 step 2).
const TITLE: &str = "初回利用登録";
/// Its steps (spec 3).
const STEPS: [&str; 3] = ["電子請求受付システムの認証", "ワンタイムパスワード認証", "ユーザ登録"];
/// See [`crate::web::FlowCookie::offer`].
const FLOW: &str = "flow";
/// Where somebody is told that the account has changed since it was proved.
const CHANGED: &str = "/portal/register?notice=changed";

/// What a use case needs of a request.
fn visitor(app: &App, visit: &Visit, flow: [u8; 32]) -> Visitor {
    let (network, client) = (visit.network.to_string(), visit.client);
    Visitor { app: app.clone(), moment: app.moment(), flow, network, client }
}

/// The flow of this browser, if there is one.
fn current(app: &App, visit: &Visit) -> Result<Option<Registering>, Fault> {
    match visit.flow() {
        Some(key) => Ok(app.store.read(|r| flow::current(r, &app.config, visit.now, key))?),
        None => Ok(None),
    }
}

/// Where a browser belongs that may not see the screen it asked for.
fn home(app: &App, visit: &Visit, flow: Option<&Registering>) -> Answer {
    see_other(flow.map_or(Screen::Ask, |flow| flow.home(&app.config.code, visit.now)).path())
}

fn elsewhere(elsewhere: Elsewhere) -> Answer {
    see_other(match elsewhere {
        Elsewhere::To(screen) => screen.path(),
        Elsewhere::Changed => CHANGED,
    })
}

/// What the two screens of ユーザ登録 rest on.
struct Open {
    flow: Registering,
    proven: Proven,
    account: Account,
    /// The present main user of the office.
    main: Option<(Member, MailAddress)>,
}

impl Open {
    /// Whether whoever registers takes the place of somebody else.
    fn replaces(&self) -> bool {
        self.main.as_ref().is_some_and(|(main, _)| !flow::user::corrects(&self.proven, main))
    }

    /// The main user whom somebody takes the place of, masked.
    fn replaced(&self) -> Option<String> {
        self.main.as_ref().filter(|_| self.replaces()).map(|(_, mail)| mail.masked())
    }
}

/// What this browser may register; or where it belongs instead.
fn open(app: &App, visit: &Visit) -> Result<Result<Open, Answer>, Fault> {
    let Some(key) = visit.flow() else { return Ok(Err(home(app, visit, None))) };
    let here = visitor(app, visit, key);
    let found = app.store.read(|r| {
        Ok::<_, StoreError>(match flow::proven(r, &here)? {
            Ok((flow, proven, account)) => {
                let main = flow::main_of(r, account.user_id)?.map(|(main, user)| (main, user.mail));
                Ok(Open { flow, proven, account, main })
            }
            Err(place) => Err(place),
        })
    })?;
    Ok(found.map_err(elsewhere))
}
