//! Q2 【お問い合わせ】: what the category needs.

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::fields::{DECOY, fields, read, typed};
use super::{BACK, Here, STEPS, TITLE, category, crowded, current, home};
use crate::app::App;
use crate::contact_form::flow::ask::{self as flow, Went};
use crate::contact_form::model::{Ask, Asking, Draft, Screen, Stage, listed};
use crate::portal::MOST_ADDITIONAL;
use crate::web::components::{Back, ButtonRow, Facts, error_summary, form};
use crate::web::layout::Shell;
use crate::web::{Answer, Errors, Form, Visit, page, page_422, see_other};

const NOT_SENT: &str = "送信できませんでした。お手数ですが、もう一度入力してください。";

/// Q2, with what was typed before.
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    let flow = current(&app, &visit)?;
    let Some(open) = flow.as_ref().filter(|flow| is_open(flow)) else { return home(flow.as_ref()) };
    let Some((kind, chosen)) = listed(&app.config.portal.categories, &open.draft.category, &open.draft.item) else {
        return see_other(Screen::Category.path());
    };
    page(screen(&app, &visit, kind, &chosen, &open.draft, &Errors::default()))
}

fn is_open(flow: &Asking) -> bool {
    matches!(flow.stage, Stage::Content | Stage::Checking(_))
}

/// Q2 \[次へ\] and \[戻る\].
#[handler]
pub async fn fill(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    if let Some(crowded) = crowded(&app, &visit) {
        return Ok(crowded);
    }
    let flow = current(&app, &visit)?;
    let (Some(open), Some(key)) = (flow.as_ref().filter(|flow| is_open(flow)), visit.flow()) else {
        return home(flow.as_ref());
    };
    let (here, draft) = (Here::new(&app, &visit, key), typed(&form));
    if form.has(BACK) {
        let screen = app.store.write(move |tx| flow::leave(tx, &here.visitor(), &draft)).await?;
        return see_other(screen.path());
    }
    let Some((kind, chosen)) = listed(&app.config.portal.categories, &open.draft.category, &open.draft.item) else {
        return category::anew(&app, &visit, &open.draft);
    };
    let mut errors = Errors::default();
    if !form.get(DECOY).is_empty() {
        errors.add("", NOT_SENT);
    }
    let asked = read(&app, kind, &chosen, &draft, &mut errors);
    if let Some(asked) = asked.filter(|_| errors.is_empty()) {
        let kept = draft.clone();
        match app.store.write(move |tx| flow::fill(tx, &here.visitor(), &kept, &asked)).await? {
            Went::To(screen) => return see_other(screen.path()),
            Went::NoCategory | Went::TooManyFlows { .. } => return category::anew(&app, &visit, &open.draft),
        }
    }
    page_422(screen(&app, &visit, kind, &chosen, &draft, &errors))
}

fn screen(app: &App, visit: &Visit, kind: Ask, chosen: &(String, String), draft: &Draft, errors: &Errors) -> Markup {
    visit.page(TITLE, Shell::PortalVisitor).steps(&STEPS, 2).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        @match kind {
            Ask::General => p.lead { "お問い合わせの内容を入力し、【次へ】ボタンを押してください。" },
            Ask::IdApplication => {
                p.lead { "医療機関のIDの発行を申請します。医療機関と担当者の情報を入力し、【次へ】ボタンを押してください。" }
                h2 { "このあとの流れ" }
                ol {
                    li { "ポータル運営の担当者が、医療機関へ電話などで申請を確認します。" }
                    li { "確認が済むと、担当者のメールアドレスに初期パスワードをお送りします。" }
                    li { "メールアドレスと初期パスワードでログインし、パスワードの変更と利用規約への同意を行います。" }
                    li { "マイページの「ユーザ新規登録」で、利用者を" (MOST_ADDITIONAL) "名まで追加できます。" }
                }
            }
        }
        (Facts::new().row_with_change("お問い合わせ区分", html! { (chosen.0) "／" (chosen.1) }, Screen::Category.path()))
        (form(Screen::Content.path(), &visit.csrf(), html! {
            (fields(app, kind, draft, errors))
            (ButtonRow::forward("次へ").back(Back::Submit { name: BACK, value: "1" }))
        }))
    })
}
