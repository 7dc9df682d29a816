//! Screens U2 and U3 (spec 3).

pub mod code;
pub mod edit;
pub mod list;

use super::flow::{self, Acting, LIST, Went};
use super::model::{Act, Editing, Screen};
use crate::app::App;
use crate::login::Office;
use crate::web::{Answer, Fault, Form, Visit, see_other};

/// Steps of U3 (S1). The list shows the first two.
const STEPS: [&str; 6] = [
    "ユーザ情報変更",
    "セキュリティ用メールアドレス一覧",
    "セキュリティ用メールアドレス設定",
    "ワンタイムパスワード入力",
    "確認コード入力",
    "終了",
];
/// A deletion has no address to be typed and none to be proved.
const STEPS_OF_DELETION: [&str; 4] = [STEPS[0], STEPS[1], STEPS[3], STEPS[5]];

/// The steps of an act with the one that a screen stands at.
fn steps(act: &Act, screen: Screen) -> (&'static [&'static str], usize) {
    match (act.is_deletion(), screen) {
        (true, Screen::Edit) => (&STEPS_OF_DELETION, 2),
        (true, Screen::Otp | Screen::Code) => (&STEPS_OF_DELETION, 3),
        (true, Screen::Done) => (&STEPS_OF_DELETION, 4),
        (false, Screen::Edit) => (&STEPS, 3),
        (false, Screen::Otp) => (&STEPS, 4),
        (false, Screen::Code) => (&STEPS, 5),
        (false, Screen::Done) => (&STEPS, 6),
    }
}

fn acting(app: &App, visit: &Visit, office: &Office) -> Acting {
    Acting { app: app.clone(), moment: app.moment(), office: office.clone(), network: visit.network.to_string() }
}

/// The flow of this session, if it may see the screen; else where it belongs.
fn seen(app: &App, visit: &Visit, office: &Office, screen: Screen) -> Result<Result<Editing, Answer>, Fault> {
    let flow = app.store.read(|r| flow::current(r, app, &office.session_key, visit.now))?;
    Ok(match flow {
        Some(flow) if flow.stage.sees(screen) => Ok(flow),
        Some(flow) => Err(see_other(flow.stage.home().path())),
        None => Err(see_other(LIST)),
    })
}

/// The answer to a step that leads elsewhere than its own screen.
fn went(app: &App, visit: &Visit, office: &Office, went: &Went) -> Answer {
    match went {
        Went::To(path) => see_other(path),
        Went::List(why) => list::refused(app, visit, office, &why.to_string()),
        Went::Field(sentence) => edit::refused(app, visit, office, sentence),
        Went::Entered(_) | Went::Overtaken => Err(Fault::internal("a code that was looked at is answered by its own screen")),
    }
}

/// A place in a list or a revision, as hidden fields say it.
fn number<T: std::str::FromStr>(form: &Form, field: &str) -> Option<T> {
    form.get(field).parse().ok()
}
