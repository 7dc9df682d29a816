//! Q1 【お問い合わせ】: 大カテゴリー and 中カテゴリー (S4 27).

use jiff::Timestamp;
use maud::{Markup, html};
use poem::handler;
use poem::web::Data;

use super::{FLOW, Here, STEPS, TITLE, crowded, current};
use crate::app::App;
use crate::contact_form::flow::ask::{self as flow, Went};
use crate::contact_form::model::{Draft, Screen, Stage, item_word, listed};
use crate::kernel::jst;
use crate::portal::ID_APPLICATION;
use crate::web::components::{Back, ButtonRow, Choice, Group, Mark, error_summary, form, hidden, notice, select};
use crate::web::layout::Shell;
use crate::web::{Answer, Errors, FlowCookie, Form, Visit, page, page_422, see_other};

const CATEGORY: &str = "category";
const ITEM: &str = "item";
/// Said wherever the chosen pair is none of config's.
const CHOOSE_ANEW: &str = "お問い合わせ区分を選び直してください。";

/// Q1, with what was chosen before.
#[handler]
pub fn show(app: Data<&App>, visit: Visit) -> Answer {
    // After the end another inquiry begins.
    let flow = current(&app, &visit)?.filter(|flow| !matches!(flow.stage, Stage::Done { .. }));
    let draft = flow.map(|flow| flow.draft).unwrap_or_default();
    let offered = FlowCookie::offer(&visit, &app.random, "");
    page(screen(&app, &visit, offered, (&draft.category, &draft.item), &Errors::default()))
}

/// Q1 \[次へ\]
#[handler]
pub async fn choose(app: Data<&App>, visit: Visit, form: Form) -> Answer {
    if let Some(crowded) = crowded(&app, &visit) {
        return Ok(crowded);
    }
    let (category, item) = (form.get(CATEGORY).to_owned(), form.get(ITEM).to_owned());
    let mut errors = Errors::default();
    if judge(&app, &category, &item, &mut errors) {
        let cookie = FlowCookie::of_form(&visit, &app.random, form.get(FLOW));
        let here = Here::new(&app, &visit, cookie.key);
        let (chosen, of) = (category.clone(), item.clone());
        match app.store.write(move |tx| flow::choose(tx, &here.visitor(), &chosen, &of)).await? {
            Went::To(screen) => return cookie.keep(&visit, see_other(screen.path())),
            Went::NoCategory => errors.add(CATEGORY, CHOOSE_ANEW),
            Went::TooManyFlows { again_at } => errors.add("", too_many_flows(again_at)),
        }
    }
    let offered = FlowCookie::offer(&visit, &app.random, form.get(FLOW));
    page_422(screen(&app, &visit, offered, (&category, &item), &errors))
}

fn too_many_flows(again_at: Timestamp) -> String {
    format!(
        "お使いの回線からのお問い合わせが短い時間に多く始められたため、受け付けを一時的に止めています。{}以降に、もう一度お試しください。",
        jst::sentence_time(again_at)
    )
}

/// Whether config has the pair; else what is wrong stands beside the fields.
fn judge(app: &App, category: &str, item: &str, errors: &mut Errors) -> bool {
    let all = &app.config.portal.categories;
    if listed(all, category, item).is_some() {
        return true;
    }
    let is_listed = |one: &crate::config::Category| one.items.iter().any(|own| item_word(&one.name, own) == item);
    if category.is_empty() {
        errors.add(CATEGORY, "お問い合わせ区分（大カテゴリー）を選択してください。");
    } else if !all.iter().any(|one| one.name == category) {
        errors.add(CATEGORY, CHOOSE_ANEW);
    }
    if item.is_empty() {
        errors.add(ITEM, "お問い合わせ区分（中カテゴリー）を選択してください。");
    } else if !errors.has(CATEGORY) {
        let other = all.iter().any(is_listed);
        errors.add(
            ITEM,
            if other {
                "選択した大カテゴリーの中から、中カテゴリーを選択してください。"
            } else {
                CHOOSE_ANEW
            },
        );
    }
    false
}

/// The answer to a form of Q2 or Q3 whose categories config does not have any more: Q1 with what is wrong.
pub(super) fn anew(app: &App, visit: &Visit, draft: &Draft) -> Answer {
    let mut errors = Errors::default();
    errors.add(CATEGORY, CHOOSE_ANEW);
    page_422(screen(app, visit, None, (&draft.category, &draft.item), &errors))
}

fn screen(app: &App, visit: &Visit, flow: Option<String>, (category, item): (&str, &str), errors: &Errors) -> Markup {
    let all = &app.config.portal.categories;
    let categories: Vec<Choice<'_>> = all.iter().map(|one| Choice::new(&one.name, &one.name)).collect();
    // As one group each: several have an entry of the same name.
    let words: Vec<Vec<String>> =
        all.iter().map(|one| one.items.iter().map(|item| item_word(&one.name, item)).collect()).collect();
    let groups: Vec<Group<'_>> = all
        .iter()
        .zip(&words)
        .map(|(one, words)| Group {
            label: &one.name,
            choices: one.items.iter().zip(words).map(|(item, word)| Choice::new(word, item)).collect(),
        })
        .collect();
    let chosen = if words.iter().flatten().any(|word| word == item) { item.to_owned() } else { item_word(category, item) };
    visit.page(TITLE, Shell::PortalVisitor).steps(&STEPS, 1).error(!errors.is_empty()).render(html! {
        (error_summary(&errors.list()))
        p.lead { "介護情報基盤ポータルについてのお問い合わせを受け付けます。お問い合わせ区分を選択し、【次へ】ボタンを押してください。" }
        (notice(Mark::Info, "医療機関の方（介護情報基盤ポータルのID発行申請）", html! {
            p {
                "お問い合わせ区分（大カテゴリー）は「" (ID_APPLICATION.0) "」、お問い合わせ区分（中カテゴリー）は「" (ID_APPLICATION.1) "」を選択してください。"
            }
        }))
        (notice(Mark::Info, "介護事業所・みなし介護事業所の方", html! {
            p {
                "IDの発行申請は必要ありません。" a href="/portal/register" { "初回利用登録" }
                "から、電子請求受付システムのユーザIDとパスワードで登録できます。健康保険法などの指定により介護サービスを行う医療機関・薬局（みなし介護事業所）の方も同じです。"
            }
        }))
        (form(Screen::Category.path(), &visit.csrf(), html! {
            @if let Some(flow) = flow { (hidden(FLOW, &flow)) }
            fieldset.bare {
                legend.vh { "お問い合わせ区分" }
                (select(CATEGORY, "お問い合わせ区分（大カテゴリー）", &categories).chosen(category).empty("選択してください").required()
                    .error(errors.of(CATEGORY)))
                (select(ITEM, "お問い合わせ区分（中カテゴリー）", &[]).grouped(&groups).chosen(&chosen).empty("選択してください").required()
                    .support("選択した大カテゴリーと同じ見出しの中から選択してください。").error(errors.of(ITEM)))
            }
            p.note { "添付ファイルはお送りいただけません。" }
            (ButtonRow::forward("次へ").back(Back::Link("/portal")))
        }))
    })
}
