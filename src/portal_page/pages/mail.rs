//! 【メールアドレス変更】: the new address, and the end.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::acting;
use super::users::confirmed;
use crate::app::App;
use crate::kernel::TypedTwice;
use crate::login;
use crate::portal::{self, Bearer, HOME, PortalMenu};
use crate::portal_page::flow::mail::{self, Went};
use crate::portal_page::model::{MoveStage, Moving, Screen};
use crate::web::components::{Back, ButtonRow, Facts, Mark, error_summary, form, mail_field, notice};
use crate::web::{Answer, Errors, Fault, Form, Twice, Visit, page, page_422, see_other};

/// Steps of the change.
const STEPS: [&str; 4] = ["メールアドレス変更", "ワンタイムパスワード入力", "確認コード入力", "終了"];
const ADDRESS: &str = "mail_address";
const AGAIN: &str = "mail_address_again";
const LABEL: &str = "新しいメールアドレス";
const LABEL_AGAIN: &str = "新しいメールアドレス(確認用)";
const TWICE: Twice<'_> = Twice { first: (ADDRESS, LABEL), again: AGAIN };
/// The name of \[戻る\], which sends what was typed.
const BACK: &str = "back";

/// 【メールアドレス変更】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    page(screen(&visit, &bearer, &typed(&app, &visit, &bearer)?, &Errors::default()))
}

/// What was typed before in this session, until it is done.
fn typed(app: &App, visit: &Visit, bearer: &Bearer) -> Result<TypedTwice, Fault> {
    let flow = app.store.read(|r| mail::current(r, app, &bearer.session_key, visit.now))?;
    Ok(flow.filter(|flow| flow.stage != MoveStage::Done).map(|flow| flow.typed).unwrap_or_default())
}

/// \[次へ\]
#[handler]
pub async fn send(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    let typed = TypedTwice { address: form.get(ADDRESS).to_owned(), again: form.get(AGAIN).to_owned() };
    let here = acting(&app, &visit, &bearer);
    if form.has(BACK) {
        let answer = app.store.write(move |tx| mail::keep(tx, &here, &typed)).await?;
        return went(&app, &visit, &bearer, &answer);
    }
    let mut errors = Errors::default();
    let Some(new) = TWICE.check(&mut errors, &typed.address, &typed.again) else {
        if !portal::is_fresh(&bearer, visit.now) {
            login::note_missing(&mut errors, &form);
        }
        return page_422(screen(&visit, &bearer, &typed, &errors));
    };
    if !confirmed(&app, &visit, &bearer, &form, &mut errors).await? {
        return page_422(screen(&visit, &bearer, &typed, &errors));
    }
    let kept = typed.clone();
    match app.store.write(move |tx| mail::ask(tx, &here, &kept, &new)).await? {
        Went::Field(sentence) => {
            errors.add(ADDRESS, sentence);
            page_422(screen(&visit, &bearer, &typed, &errors))
        }
        other => went(&app, &visit, &bearer, &other),
    }
}

/// 【処理終了】
#[handler]
pub fn done(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    if let Err(elsewhere) = seen(&app, &visit, &bearer, Screen::Done)? {
        return elsewhere;
    }
    page(bearer.screen(&visit, "処理終了", PortalMenu::My, Some(steps(Screen::Done)), false, |_| {
        html! {
            (notice(Mark::Success, "メールアドレスを変更しました", html! {
                p { "次回から、新しいメールアドレスをIDとしてログインしてください。ほかの端末は、すべてログアウトしました。" }
                p { "変更のお知らせを、これまでのメールアドレスと新しいメールアドレスの両方へ送信しました。" }
            }))
            (Facts::new().row("ID（メールアドレス）", html! { span.address { (bearer.user.mail) } }))
            (ButtonRow::forward_link("マイページへ", HOME))
        }
    }))
}

/// The steps with the one that a screen stands at.
pub(super) const fn steps(screen: Screen) -> (&'static [&'static str], usize) {
    (&STEPS, screen.step())
}

/// The flow of this session, if it is at this screen; else where it belongs.
pub(super) fn seen(app: &App, visit: &Visit, bearer: &Bearer, screen: Screen) -> Result<Result<Moving, Answer>, Fault> {
    let flow = app.store.read(|r| mail::current(r, app, &bearer.session_key, visit.now))?;
    Ok(match flow {
        Some(flow) if flow.stage.home() == screen => Ok(flow),
        Some(flow) => Err(see_other(flow.stage.home().path())),
        None => Err(see_other(Screen::Edit.path())),
    })
}

/// The answer to a step that leads elsewhere than its own screen.
pub(super) fn went(app: &App, visit: &Visit, bearer: &Bearer, went: &Went) -> Answer {
    match went {
        Went::To(path) => see_other(path),
        Went::Ended => see_other(HOME),
        Went::Field(sentence) => {
            let mut errors = Errors::default();
            errors.add(ADDRESS, sentence);
            page_422(screen(visit, bearer, &typed(app, visit, bearer)?, &errors))
        }
        Went::Entered(_) | Went::Overtaken => Err(Fault::internal("a code that was looked at is answered by its own screen")),
    }
}

fn screen(visit: &Visit, bearer: &Bearer, typed: &TypedTwice, errors: &Errors) -> Markup {
    bearer.screen(visit, STEPS[0], PortalMenu::My, Some(steps(Screen::Edit)), !errors.is_empty(), |csrf| {
        let present = html! { span.address { (bearer.user.mail) } };
        html! {
            (error_summary(&errors.list()))
            p.lead { "新しいメールアドレスを入力し、【次へ】ボタンを押してください。メールアドレスは、ログインのIDになります。" }
            (Facts::new().row("現在のメールアドレス", &present))
            @if bearer.places > 1 {
                p.note { "ほかの事業所・医療機関の利用者としても登録されています。変更すると、すべての事業所・医療機関で新しいメールアドレスを使います。" }
            }
            (form(Screen::Edit.path(), csrf, html! {
                (mail_field(ADDRESS, LABEL).required().value(&typed.address).error(errors.of(ADDRESS))
                    .support("ご本人だけが読めるアドレスを入力してください。"))
                (mail_field(AGAIN, LABEL_AGAIN).required().value(&typed.again)
                    .support("入力間違いがないか確かめるため、同じアドレスをもう一度入力してください。").error(errors.of(AGAIN)))
                (portal::password_again(bearer, visit.now, errors))
                (notice(Mark::Info, "メールを2通お送りします", html! {
                    p { "はじめに、現在のメールアドレス（" (present) "）へワンタイムパスワードを、続いて、入力されたメールアドレスへ確認コードをお送りします。" }
                }))
                (ButtonRow::forward("次へ").back(Back::Submit { name: BACK, value: "my" }))
            }))
        }
    })
}
