//! G3 【パスワード再設定】 and G4 【処理終了】.

use maud::{Markup, html};
use poem::handler;
use poem::http::StatusCode;
use poem::web::Data;

use super::first::{IS_INITIAL, NEW, check, fields};
use super::lost::{STEPS, crowded, current, home};
use super::{LOGIN, here, own_device};
use crate::app::App;
use crate::kernel::{Id, jst};
use crate::login::judge_typed;
use crate::portal::{self, User};
use crate::portal_login::flow::lost::Visitor;
use crate::portal_login::flow::lost_set::{self as flow, Setting};
use crate::portal_login::model::{Screen, Stage};
use crate::security::devices;
use crate::security::sessions::Subject;
use crate::web::components::{Back, ButtonRow, Facts, Mark, error_summary, form, notice, print_button};
use crate::web::layout::Shell;
use crate::web::{self, Answer, Cookie, Errors, Fault, Form, Visit, cookies, page, page_422, see_other};

/// What is said to who types the present password.
const IS_PRESENT: &str = "現在のパスワードと同じものは使えません。別のパスワードを入力してください。";

/// G3
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    match proven(&app, &visit)? {
        Ok((_, user)) => page(screen(&visit, &user, &Errors::default())),
        Err(elsewhere) => elsewhere,
    }
}

/// G3 \[変更\]
#[handler]
pub async fn change(app: Data<&App>, visit: Visit, form: poem::Result<Form>) -> Answer {
    let form = match form {
        Ok(form) => form,
        // The second of two clicks: the first has ended the session that the form was drawn in.
        Err(_) if matches!(current(&app, &visit)?.map(|flow| flow.stage), Some(Stage::Done { .. })) => {
            return see_other(Screen::Done.path());
        }
        Err(refused) => return Err(refused.downcast().unwrap_or(Fault::StaleForm)),
    };
    if let Some(crowded) = crowded(&app, &visit) {
        return Ok(crowded);
    }
    let (visitor, user) = match proven(&app, &visit)? {
        Ok(proven) => proven,
        Err(elsewhere) => return elsewhere,
    };
    let mut errors = Errors::default();
    let own_words = app.store.read(|r| portal::own_words(r, &user))?;
    let judged = judge_typed(&form, &mut errors, |new| check(new, &own_words));
    if let Some(new) = &judged {
        if portal::is_initial_password(&app.keys, Some(&user), new) {
            errors.add(NEW, IS_INITIAL);
        } else if let Some(stored) = user.password.clone()
            && app.hasher.verify(new.clone(), Some(stored)).await?.matches
        {
            errors.add(NEW, IS_PRESENT);
        }
    }
    let Some(new) = judged.filter(|_| errors.is_empty()) else { return page_422(screen(&visit, &user, &errors)) };
    let moment = visitor.here.moment;
    let hash = app.hasher.hash(new, moment.part("salt").random().bytes()).await?;
    let id = own_device(&app, &visit).unwrap_or_else(|| Id::new(&moment.part("device").random()));
    match app.store.write(move |tx| flow::set(tx, &visitor, &hash, id)).await? {
        Setting::Done(device, ended) => {
            let mut response = see_other(Screen::Done.path())?;
            is_device(&app, &visit, &mut response, device);
            // Its session has ended with all others; what the browser keeps would only lead to a page that says so.
            let own = visit.session.as_ref().map(|session| session.subject);
            if own.is_some() && own == ended.map(Subject::Portal) {
                cookies::clear(&mut response, Cookie::Portal, visit.secure());
            }
            Ok(response)
        }
        Setting::To(screen) => see_other(screen.path()),
        Setting::Overtaken => Ok(overtaken(&visit)),
    }
}

/// Whose password this browser may set, or where it belongs instead.
fn proven(app: &App, visit: &Visit) -> Result<Result<(Visitor, User), Answer>, Fault> {
    let Some(flow) = visit.flow() else { return Ok(Err(home(app, visit, None))) };
    let visitor = Visitor { here: here(app, visit), flow };
    Ok(match app.store.read(|r| flow::proven(r, &visitor))? {
        Ok(user) => Ok((visitor, user)),
        Err(Setting::Overtaken) => Err(Ok(overtaken(visit))),
        Err(Setting::Done(..)) => Err(see_other(Screen::Done.path())),
        Err(Setting::To(screen)) => Err(see_other(screen.path())),
    })
}

/// The browser is `device` from now on, unless it is already: at every answer that tells of the end, for of two clicks either may be the one
/// whose answer is shown.
fn is_device(app: &App, visit: &Visit, response: &mut poem::Response, device: Id) {
    if own_device(app, visit) != Some(device) {
        cookies::set(response, Cookie::Device, &devices::cookie(&app.keys, device), visit.secure());
    }
}

/// Another browser, the main user or staff have changed the user since the code was entered.
fn overtaken(visit: &Visit) -> poem::Response {
    let body = html! {
        (notice(Mark::Error, "この画面からは変更していません", html! {
            p { "ワンタイムパスワードを入力したあとに、別の画面で再設定が完了しているか、登録内容が変更されています。" }
            p { "新しいパスワードがわからない場合は、【はじめから行う】ボタンを押して、もう一度お手続きください。お心当たりがない場合は、国保連合会へお電話ください。" }
        }))
        (ButtonRow::forward_link("はじめから行う", Screen::Ask.path()).back(Back::Link(LOGIN)))
    };
    web::html(StatusCode::CONFLICT, visit.page(STEPS[2], Shell::PortalVisitor).steps(&STEPS, 3).error(true).render(body))
}

fn screen(visit: &Visit, user: &User, errors: &Errors) -> Markup {
    visit.page(STEPS[2], Shell::PortalVisitor).steps(&STEPS, 3).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "新しいパスワードを入力し、【変更】ボタンを押してください。" }
        (Facts::new().row("ID（メールアドレス）", html! { span.address { (user.mail) } }))
        (form(Screen::Password.path(), &visit.csrf(), html! {
            (fields(user, errors))
            p.note { "変更すると、ログイン中のすべての端末は自動的にログアウトします。パスキーと、ワンタイムパスワードの入力を省略する端末の記録も解除されます。" }
            (ButtonRow::forward("変更").back(Back::Link(Screen::Ask.path())))
        }))
    })
}

/// G4
#[handler]
pub fn done(app: Data<&App>, visit: Visit) -> Answer {
    let flow = current(&app, &visit)?;
    let Some((at, Stage::Done { address, device })) = flow.as_ref().map(|flow| (flow.at, &flow.stage)) else {
        return home(&app, &visit, flow.as_ref());
    };
    let facts = Facts::new()
        .row("ID（メールアドレス）", html! { span.address { (address) } })
        .row("再設定した日時", jst::sentence_time(at));
    let mut response = page(visit.page("処理終了", Shell::PortalVisitor).steps(&STEPS, 4).render(html! {
        (notice(Mark::Success, "パスワードの再設定が完了しました。", html! {
            p { "ID（メールアドレス）と新しいパスワードでログインしてください。" }
        }))
        (facts)
        section.stack {
            h2 { "このあと" }
            ul {
                li { "ログイン中だったすべての端末は、ログアウトしました。" }
                li { "パスキーと、ワンタイムパスワードの入力を省略する端末の記録は解除しました。お使いの方は、ログインした後に、もう一度設定してください。" }
                li { "登録されているメールアドレスへ、変更をお知らせするメールをお送りしました。" }
            }
        }
        (print_button("この画面を印刷する"))
        (ButtonRow::forward_link("ログイン画面へ", LOGIN))
    }))?;
    is_device(&app, &visit, &mut response, *device);
    Ok(response)
}
