//! 【利用規約】

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::super::flow;
use super::super::model::{Next, Step};
use super::{elsewhere, other_step};
use crate::app::App;
use crate::login::{MenuPage, Office};
use crate::store::StoreError;
use crate::terms::{self, Text};
use crate::web::components::{ButtonRow, Mark, checkbox, error_summary, form, hidden, notice};
use crate::web::{Answer, Errors, Form, Visit, form_page, page, see_other};

const AGREE: &str = "agree";
const VERSION: &str = "version";

/// Why the page is not the one that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// The first agreement.
    First,
    /// An older version was agreed to.
    Newer,
    /// The text changed while it was being read.
    Meanwhile,
}

/// 【利用規約】
#[handler]
pub fn show(app: Data<&App>, visit: Visit, office: Office) -> Answer {
    match office.next {
        Next::Step(Step::Terms) => page(screen(&app, &visit, &office, why(&office), &Errors::default())?),
        next => elsewhere(&visit, next),
    }
}

/// \[利用規約に同意して次へ\]
#[handler]
pub async fn agree(app: Data<&App>, visit: Visit, office: Office, form: Form) -> Answer {
    if office.next != Next::Step(Step::Terms) {
        return elsewhere(&visit, office.next);
    }
    let mut errors = Errors::default();
    if form.get(AGREE) != "1" {
        errors.add(AGREE, "利用規約をお読みのうえ、チェックを付けてください。");
        return form_page(true, screen(&app, &visit, &office, why(&office), &errors)?);
    }
    // What is no number is no version that was ever shown.
    let version = form.get(VERSION).parse().unwrap_or_default();
    match flow::agree(&app, &office, version).await {
        Ok(Some(next)) => see_other(next.path()),
        Ok(None) => form_page(true, screen(&app, &visit, &office, Why::Meanwhile, &errors)?),
        Err(error) => other_step(&visit, error),
    }
}

fn why(office: &Office) -> Why {
    match office.account.terms {
        None => Why::First,
        Some(_) => Why::Newer,
    }
}

fn screen(app: &App, visit: &Visit, office: &Office, why: Why, errors: &Errors) -> Result<Markup, StoreError> {
    let newest = app.store.read(|r| terms::newest(r, Text::Reception))?;
    let built_in = (1, Text::Reception.built_in());
    let (version, text) = newest.as_ref().map_or(built_in, |newest| (newest.version, newest.text.as_str()));
    let error = !errors.is_empty() || why == Why::Meanwhile;
    Ok(office.screen(visit, "利用規約", MenuPage::Wizard, None, error, |csrf| {
        html! {
            (error_summary(&errors.list()))
            @match why {
                Why::First => {}
                Why::Newer => (notice(Mark::Info, "利用規約が新しくなりました", html! {
                    p { "ご利用を続けるには、新しい利用規約への同意が必要です。内容をご確認ください。" }
                })),
                Why::Meanwhile => (notice(Mark::Warning, "利用規約が新しくなりました", html! {
                    p { "お読みいただいている間に、利用規約が新しくなりました。同意はまだ登録されていません。お手数ですが、もう一度ご確認ください。" }
                })),
            }
            p.lead { "電子請求受付システムをご利用いただくには、利用規約への同意が必要です。最後までお読みになり、同意される場合は【利用規約に同意して次へ】ボタンを押してください。" }
            (terms::part("電子請求受付システム 利用規約", text))
            (form("/first-login/terms", csrf, html! {
                (hidden(VERSION, &version.to_string()))
                (checkbox(AGREE, "利用規約を最後まで読み、同意します", false).value("1").error(errors.of(AGREE)))
                (ButtonRow::forward("利用規約に同意して次へ"))
            }))
            p.note { "同意されない場合、電子請求受付システムはご利用いただけません。画面の上にある【ログアウト】を押して終了してください。" }
        }
    }))
}
