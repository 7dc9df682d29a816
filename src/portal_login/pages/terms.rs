//! L5 【利用規約】

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{STEPS, path};
use crate::app::App;
use crate::portal::{Bearer, FIRST, Next, PortalMenu, Step, TERMS};
use crate::portal_login::flow::first::{self as flow, Agreement};
use crate::store::StoreError;
use crate::terms;
use crate::web::components::{ButtonRow, Mark, checkbox, error_summary, form, hidden, notice};
use crate::web::{Answer, Errors, Form, Visit, page, page_422, see_other};

const AGREE: &str = "agree";
const VERSION: &str = "version";

/// 【利用規約】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, bearer: Bearer) -> Answer {
    match bearer.next {
        Next::Step(Step::Terms) => page(screen(&app, &visit, &bearer, false, &Errors::default())?),
        next => see_other(path(next)),
    }
}

/// \[利用規約に同意して次へ\]
#[handler]
pub async fn agree(app: Data<&App>, visit: Visit, bearer: Bearer, form: Form) -> Answer {
    if bearer.next != Next::Step(Step::Terms) {
        return see_other(path(bearer.next));
    }
    let mut errors = Errors::default();
    if form.get(AGREE) != "1" {
        errors.add(AGREE, "利用規約をお読みのうえ、チェックを付けてください。");
        return page_422(screen(&app, &visit, &bearer, false, &errors)?);
    }
    // What is no number is no version that was ever shown.
    let version = form.get(VERSION).parse().unwrap_or_default();
    match flow::agree(&app, &bearer, version).await? {
        Agreement::To(next) => see_other(path(next)),
        Agreement::Newer => page_422(screen(&app, &visit, &bearer, true, &errors)?),
        Agreement::Elsewhere => see_other(FIRST),
    }
}

/// `meanwhile`: the text changed while it was being read.
fn screen(app: &App, visit: &Visit, bearer: &Bearer, meanwhile: bool, errors: &Errors) -> Result<Markup, StoreError> {
    let newest = app.store.read(|r| terms::newest(r, TERMS))?;
    let (version, text) = newest.as_ref().map_or((1, TERMS.built_in()), |newest| (newest.version, newest.text.as_str()));
    let first = bearer.user.terms.is_none();
    let steps: Option<(&[&str], usize)> = first.then_some((&STEPS, 3));
    let error = !errors.is_empty() || meanwhile;
    Ok(bearer.screen(visit, "利用規約", PortalMenu::Step, steps, error, |csrf| {
        html! {
            (error_summary(&errors.list()))
            @if meanwhile {
                (notice(Mark::Warning, "利用規約が新しくなりました", html! {
                    p { "お読みいただいている間に、利用規約が新しくなりました。同意はまだ登録されていません。お手数ですが、もう一度ご確認ください。" }
                }))
            } @else if !first {
                (notice(Mark::Info, "利用規約が新しくなりました", html! {
                    p { "ご利用を続けるには、新しい利用規約への同意が必要です。内容をご確認ください。" }
                }))
            }
            p.lead { "介護情報基盤ポータルをご利用いただくには、利用規約への同意が必要です。最後までお読みになり、同意される場合は【利用規約に同意して次へ】ボタンを押してください。" }
            (terms::part("介護情報基盤ポータル 利用規約", text))
            (form("/portal/first/terms", csrf, html! {
                (hidden(VERSION, &version.to_string()))
                (checkbox(AGREE, "利用規約を最後まで読み、同意します", false).value("1").error(errors.of(AGREE)))
                (ButtonRow::forward("利用規約に同意して次へ"))
            }))
            p.note { "同意されない場合、介護情報基盤ポータルはご利用いただけません。画面の上にある【ログアウト】を押して終了してください。" }
        }
    }))
}
