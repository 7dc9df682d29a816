//! The screens of the steps. Each looks at what the guard has found to be due; whoever is elsewhere is sent there.

pub mod address;
pub mod code;
pub mod ends;
pub mod mail;
pub mod password;
pub mod terms;

use maud::Markup;
use poem::handler;
use poem::web::Data;

use super::flow::{self, StepError};
use super::model::{Next, Step, course, position, steps};
use crate::app::App;
use crate::login::{self, MenuPage, Office};
use crate::security::sessions::Subject;
use crate::web::{Answer, Cookie, Fault, Visit, cookies, see_other};

/// 【確認コード入力】
const CODE: &str = "/first-login/address/code";

/// The name of \[戻る\] where nothing lies before.
const BACK: &str = "back";

/// What is said below it.
const BACK_LOGS_OUT: &str = "【戻る】ボタンを押すと、いったんログアウトします。入力した内容は保存されません。次にログインすると、この画面から再開します。";

/// `/first-login`: the first step that is not done. Whoever is to enter a code is led to it.
#[handler]
pub fn resume(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    let waiting = app.store.read(|r| flow::waiting(r, &app.config, &office, visit.now))?;
    if waiting.is_some_and(|view| view.end.is_none()) {
        return see_other(CODE);
    }
    elsewhere(&visit, office.next)
}

/// Leads to the step that is due. A session that opens nothing is of no use: its cookie goes.
fn elsewhere(visit: &Visit, next: Next) -> Answer {
    let mut response = see_other(next.path())?;
    if next == Next::Closed {
        cookies::clear(&mut response, Cookie::Office, visit.secure());
    }
    Ok(response)
}

fn other_step(visit: &Visit, error: StepError) -> Answer {
    match error {
        StepError::Elsewhere(next) => elsewhere(visit, next),
        // The cookie stays: the browser may have been given a new one by the answer to its first click.
        StepError::Ended => see_other("/first-login"),
        StepError::Store(error) => Err(error.into()),
        StepError::Busy(_) => Err(Fault::Busy),
    }
}

/// \[戻る\] on a screen before which there is none: out.
async fn log_out(app: &App, visit: &Visit, office: &Office) -> Answer {
    if let Subject::Office(user_id) = office.session.subject {
        login::log_out(app, office.session_key, user_id, visit.client.to_string()).await?;
    }
    let mut response = see_other("/login?notice=logout")?;
    cookies::clear(&mut response, Cookie::Office, visit.secure());
    Ok(response)
}

fn screen(visit: &Visit, office: &Office, title: &str, step: Step, error: bool, body: impl FnOnce(&str) -> Markup) -> Markup {
    of_row(visit, office, title, (step, false), error, body)
}

/// The same, told apart from 【確認コード入力】, which is of the same step.
fn of_row(
    visit: &Visit,
    office: &Office,
    title: &str,
    (step, at_code): (Step, bool),
    error: bool,
    body: impl FnOnce(&str) -> Markup,
) -> Markup {
    let row = course(&office.account, step);
    office.screen(visit, title, MenuPage::Wizard, Some((steps(row), position(row, step, at_code))), error, body)
}
