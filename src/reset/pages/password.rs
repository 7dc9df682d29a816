//! R4 【ログイン情報再設定】 and R5 【処理終了】.

use maud::{Markup, html};
use poem::handler;
use poem::http::StatusCode;
use poem::web::Data;

use super::{Here, STEPS, crowded, current, device, home, is_device};
use crate::accounts::Account;
use crate::app::App;
use crate::kernel::{UserId, jst};
use crate::ledger;
use crate::login::{is_old, judge_new, new_password_fields};
use crate::reset::flow::set::{self as flow, Setting};
use crate::reset::model::{Screen, Stage, Way};
use crate::security::passwords::PasswordFault;
use crate::security::sessions::Subject;
use crate::web::components::{Back, ButtonRow, Facts, Mark, error_summary, form, notice, print_button};
use crate::web::layout::Shell;
use crate::web::{self, Answer, Cookie, Errors, Fault, Form, Visit, cookies, page, page_422, see_other};

const WAY: Way = Way::Reset;

/// R4
#[handler]
pub async fn show(app: Data<&App>, visit: Visit) -> Answer {
    match proven(&app, &visit)? {
        Ok((_, account)) => page(screen(&app, &visit, account.user_id, &Errors::default())),
        Err(elsewhere) => elsewhere,
    }
}

/// R4 \[変更\]
#[handler]
pub async fn change(app: Data<&App>, visit: Visit, form: poem::Result<Form>) -> Answer {
    let form = match form {
        Ok(form) => form,
        // The second of two clicks: the first has ended the session that the form was drawn in.
        Err(_) if matches!(current(&app, &visit, WAY)?.map(|flow| flow.stage), Some(Stage::Done { .. })) => {
            return see_other(WAY.path(Screen::Done));
        }
        Err(refused) => return Err(refused.downcast().unwrap_or(Fault::StaleForm)),
    };
    if let Some(crowded) = crowded(&app, &visit, WAY) {
        return Ok(crowded);
    }
    let (here, account) = match proven(&app, &visit)? {
        Ok(proven) => proven,
        Err(elsewhere) => return elsewhere,
    };
    let name = app.store.read(|r| ledger::find(r, account.user_id.office()))?.map(|entry| entry.name).unwrap_or_default();
    let mut errors = Errors::default();
    let judged = judge_new(&app, (&account.user_id, &name), &form, &mut errors);
    if let Some(judged) = &judged
        && is_old(&app, &account, judged).await?
    {
        errors.add("new_password", PasswordFault::Same);
    }
    let Some(judged) = judged.filter(|_| errors.is_empty()) else {
        return page_422(screen(&app, &visit, account.user_id, &errors));
    };
    let hash = app.hasher.hash(judged, here.moment.part("salt").random().bytes()).await?;
    let id = device(&app, &visit, &here.moment);
    match app.store.write(move |tx| flow::set(tx, &here.visitor(), &hash, id)).await? {
        Setting::Done { user_id, device } => {
            let mut response = see_other(WAY.path(Screen::Done))?;
            is_device(&app, &visit, &mut response, device);
            // Its session has ended with all others; what the browser keeps would only lead to a page that says so.
            if visit.session.as_ref().is_some_and(|session| session.subject == Subject::Office(user_id)) {
                cookies::clear(&mut response, Cookie::Office, visit.secure());
            }
            Ok(response)
        }
        Setting::To(screen) => see_other(WAY.path(screen)),
        Setting::Overtaken => Ok(overtaken(&visit)),
    }
}

/// Whose password this browser may set, or where it belongs instead.
fn proven(app: &App, visit: &Visit) -> Result<Result<(Here, Account), Answer>, Fault> {
    let Some(key) = visit.flow() else { return Ok(Err(home(app, visit, WAY, None))) };
    let here = Here::new(app, visit, WAY, key);
    Ok(match app.store.read(|r| flow::proven(r, &here.visitor()))? {
        Ok((_, account)) => Ok((here, account)),
        Err(Setting::Overtaken) => Err(Ok(overtaken(visit))),
        Err(Setting::Done { .. }) => Err(see_other(WAY.path(Screen::Done))),
        Err(Setting::To(screen)) => Err(see_other(WAY.path(screen))),
    })
}

/// Another browser, or the federation, has changed the account since the code was entered.
fn overtaken(visit: &Visit) -> poem::Response {
    let body = html! {
        (notice(Mark::Error, "この画面からは変更していません", html! {
            p { "ワンタイムパスワードを入力したあとに、別の画面で再設定が完了しているか、登録情報が変更されています。" }
            p { "再設定を行った方がほかにいないかお確かめください。新しいパスワードがわからない場合は、【はじめから行う】ボタンを押して、もう一度お手続きください。お心当たりがない場合は、国保連合会へお電話ください。" }
        }))
        (ButtonRow::forward_link("はじめから行う", WAY.path(Screen::Ask)).back(Back::Link("/login")))
    };
    web::html(StatusCode::CONFLICT, visit.page(STEPS[3], Shell::Visitor).steps(&STEPS, 4).error(true).render(body))
}

fn screen(app: &App, visit: &Visit, user_id: UserId, errors: &Errors) -> Markup {
    let user_id = user_id.to_string();
    visit.page(STEPS[3], Shell::Visitor).steps(&STEPS, 4).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "新しいパスワードを入力し、【変更】ボタンを押してください。" }
        (Facts::new().row("ユーザID", html! { span.mono { (user_id) } }))
        (form(WAY.path(Screen::Password), &visit.csrf(), html! {
            (new_password_fields(&user_id, app.config.password.max, errors))
            (Facts::new().row("セキュリティコード", "（解除されます）"))
            div {
                p.note { "パスキーと、ログインしたことのある端末の記録も解除されます。ログイン中のすべての端末は、自動的にログアウトします。" }
                p.note { "郵送中の通知書がある場合、その仮パスワードは使えなくなり、再発行申請は取り下げられます。" }
            }
            (ButtonRow::forward("変更").back(Back::Link(WAY.path(Screen::Ask))))
        }))
    })
}

/// R5
#[handler]
pub fn done(app: Data<&App>, visit: Visit) -> Answer {
    let flow = current(&app, &visit, WAY)?;
    let Some((at, Stage::Done { user_id, device })) = flow.as_ref().map(|flow| (flow.at, &flow.stage)) else {
        return home(&app, &visit, WAY, flow.as_ref());
    };
    let facts = Facts::new().row("ユーザID", html! { span.mono { (user_id) } }).row("再設定した日時", jst::sentence_time(at));
    let federation = app.config.federation_of(user_id.office().prefecture);
    let mut response = page(visit.page("処理終了", Shell::Visitor).steps(&STEPS, 5).render(html! {
        (notice(Mark::Success, "ログイン情報の再設定が完了しました。", html! {
            p { "ユーザIDと新しいパスワードでログインしてください。" }
        }))
        (facts)
        section.stack {
            h2 { "このあと" }
            ul {
                li { "セキュリティコードをご利用の方は、ユーザ情報変更メニューの「セキュリティコード設定」から再度設定してください。" }
                li { "登録されているすべてのメールアドレスへ、変更をお知らせするメールをお送りしました。" }
                li {
                    "この再設定に心当たりがないという方がいるときは、すぐに"
                    @if let Some(federation) = federation { (federation.name) span.tel { "（電話 " (federation.telephone) "）" } } @else { "国保連合会" }
                    "へご連絡ください。"
                }
            }
        }
        (print_button("この画面を印刷する"))
        (ButtonRow::forward_link("終了", "/login"))
    }))?;
    is_device(&app, &visit, &mut response, *device);
    Ok(response)
}
