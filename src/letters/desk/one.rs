//! One letter: where it stands, its history, 返戻 and 再印刷.

use maud::{Markup, html};
use poem::handler;
use poem::web::{Data, Path};
use serde::Deserialize;

use super::{PATH, letters_screen, parts};
use crate::app::App;
use crate::kernel::{Id, jst, text};
use crate::letters::model::{Act, Letter, Occasion, State};
use crate::letters::print::Choice;
use crate::letters::{flow, store};
use crate::staff::Desk;
use crate::store::StoreError;
use crate::web::components::{Facts, Mark, Reached, TimelineItem, error_summary, form, hidden, notice, text_field, timeline};
use crate::web::{Answer, Errors, Fault, Form, Kept, Query, Visit, see_other};

/// What led here.
#[derive(Default, Deserialize)]
struct Arrived {
    #[serde(default)]
    done: String,
}

/// What was typed and could not be taken, and why.
#[derive(Default)]
struct Typed {
    reason: String,
    note: String,
    errors: Errors,
}

/// The letter with this id.
#[handler]
pub fn show(
    app: Data<&App>,
    visit: Visit,
    desk: Desk,
    Path(id): Path<String>,
    Query(arrived): Query<Arrived>,
    kept: Kept,
) -> Answer {
    let typed = kept.form().map(|form| Typed {
        reason: form.get("reason").to_owned(),
        note: form.get("note").to_owned(),
        errors: Errors::default(),
    });
    render(&app, &visit, &desk, &id, &arrived.done, &typed.unwrap_or_default())
}

/// \[返戻にする\]
#[handler]
pub async fn take_back(app: Data<&App>, visit: Visit, desk: Desk, Path(id): Path<String>, form: Form) -> Answer {
    let letter = find(&app, &desk, &id)?.0;
    match flow::take_back(&app, &desk, visit.client, letter.id, text::line(form.get("note"))).await?.ok_or(Fault::NotFound)? {
        Ok(letter) => see_other(&format!("{PATH}/{}?done=returned", letter.id)),
        Err(refused) => {
            let mut typed = Typed { note: form.get("note").to_owned(), ..Typed::default() };
            typed.errors.add("note", refused);
            render(&app, &visit, &desk, &id, "", &typed)
        }
    }
}

/// \[再印刷する\]
#[handler]
pub async fn reprint(app: Data<&App>, visit: Visit, desk: Desk, Path(id): Path<String>, form: Form) -> Answer {
    let (letter, _) = find(&app, &desk, &id)?;
    let token = Id::parse(form.get("token")).ok_or(Fault::BadRequest("a print form without its token"))?;
    let reason = text::line(form.get("reason"));
    let mut typed = Typed { reason: form.get("reason").to_owned(), ..Typed::default() };
    if reason.is_empty() && letter.reprint_needs_reason() {
        typed.errors.add("reason", "理由を入力してください。");
        return render(&app, &visit, &desk, &id, "", &typed);
    }
    match flow::order(&app, &desk, visit.client, token, vec![Choice::Letter(letter.id)], reason).await? {
        Ok(batch) => see_other(&format!("{PATH}/batches/{batch}")),
        Err(refused) => {
            typed.errors.add("reason", refused);
            render(&app, &visit, &desk, &id, "", &typed)
        }
    }
}

/// The letter and the name of its office; another federation's does not exist here.
fn find(app: &App, desk: &Desk, id: &str) -> Result<(Letter, String), Fault> {
    let id = Id::parse(id).ok_or(Fault::NotFound)?;
    let found = app.store.read(|r| {
        let letter = store::find(r, id)?.filter(|letter| desk.sees(letter.office.prefecture));
        letter.map(|letter| parts::office_name(r, &letter).map(|name| (letter, name))).transpose()
    })?;
    found.ok_or(Fault::NotFound)
}

fn render(app: &App, visit: &Visit, desk: &Desk, id: &str, done: &str, typed: &Typed) -> Answer {
    let errors = &typed.errors;
    let (letter, name) = find(app, desk, id)?;
    let newest = app.store.read(|r| {
        let temporary = crate::accounts::find(r, letter.user_id())?.and_then(|account| account.temporary);
        Ok::<_, StoreError>(temporary.is_some_and(|temporary| temporary.letter == letter.id))
    })?;
    let number = parts::number_or_dash(&letter);
    let occasion = if matches!(letter.occasion, Occasion::Reissue(_)) { "管理番号" } else { "種別" };
    let printable = matches!(letter.state, State::Waiting | State::Printed | State::Posted | State::Returned | State::Expired);
    letters_screen(desk, visit, "通知書の詳細").refused(!errors.is_empty()).beside(parts::state_badge(letter.state)).answer(html! {
        (error_summary(&errors.list()))
        @if done == "returned" && letter.state == State::Returned {
            (notice(Mark::Success, "返戻にしました", html! {
                p { "この通知書の仮パスワードは使えなくなりました。送り直すときは、宛先を確かめてから再印刷してください。" }
            }))
        }
        @if letter.replaced_by().is_some() || letter.state.is_out() && !newest {
            (notice(Mark::Warning, "この通知書は無効です", html! {
                p { "同じ事業所あてに後から別の通知書を印刷したため、この通知書の仮パスワードは使えません。発送せずに破棄してください。" }
            }))
        }
        div.columns.main-aside {
            div.stack {
                section.card {
                    h2 { "通知書" }
                    (Facts::new()
                        .row("発行番号", html! { span.mono { (number) } })
                        .row(occasion, parts::occasion(&letter))
                        .row("事業所", parts::office_cell(letter.office.number.as_str(), &name))
                        .row("ユーザID", html! { span.mono { (letter.user_id()) } })
                        .row("印刷日", parts::day(letter.printed_at()))
                        .row("発送日", letter.posted_on().map_or_else(|| "―".to_owned(), jst::list))
                        .row("仮パスワードの有効期限", parts::validity(&letter, newest)))
                }
                @if printable { (reprint_form(app, visit, &letter, typed)) }
                @if letter.state.is_out() { (return_form(visit, &letter, typed)) }
            }
            section.card { h2 { "経過" } (history(&letter)) }
        }
        p { a href={ (PATH) "?list=" (letter.state.word()) } { "一覧に戻る" } }
    })
}

fn reprint_form(app: &App, visit: &Visit, letter: &Letter, typed: &Typed) -> Markup {
    if letter.state == State::Waiting {
        return html! {
            section.card {
                h2 { "印刷" }
                p { "仮パスワードを作り、この通知書だけを印刷します。同じ事業所あての以前の通知書は使えなくなります。" }
                (form(&format!("{PATH}/{}/reprint", letter.id), &visit.csrf(), html! {
                    (hidden("token", &Id::new(&app.random).to_string()))
                    div.buttons { button.button.primary type="submit" { "印刷する" } }
                }))
            }
        };
    }
    let reason = text_field("reason", "再印刷の理由").value(&typed.reason).error(typed.errors.of("reason"));
    let reason = if letter.reprint_needs_reason() { reason.required() } else { reason };
    html! {
        section.card {
            h2 { "再印刷" }
            p { "新しい仮パスワードで印刷し、枝番を1つ増やします。前の仮パスワードはその時点で使えなくなります。" }
            @if letter.replaced_by().is_some() {
                p { "同じ事業所あてに後から印刷した通知書も使えなくなります。" }
            }
            (form(&format!("{PATH}/{}/reprint", letter.id), &visit.csrf(), html! {
                (hidden("token", &Id::new(&app.random).to_string()))
                (reason.support("例 郵便事故、用紙の汚れ"))
                div.buttons { button.button type="submit" { "再印刷する" } }
            }))
        }
    }
}

fn return_form(visit: &Visit, letter: &Letter, typed: &Typed) -> Markup {
    html! {
        section.card {
            h2 { "返戻" }
            p { "通知書が宛先不明などで戻ってきたときに使います。仮パスワードは使えなくなります。" }
            (form(&format!("{PATH}/{}/return", letter.id), &visit.csrf(), html! {
                (text_field("note", "備考").value(&typed.note).error(typed.errors.of("note")).support("例 宛先不明、保管期間経過"))
                div.buttons { button.button.danger type="submit" { "返戻にする" } }
            }))
        }
    }
}

fn history(letter: &Letter) -> Markup {
    let title = |act: &Act| match act {
        Act::Printed { reason, .. } if !reason.is_empty() => "再印刷",
        Act::Printed { .. } => "印刷済",
        Act::Posted { .. } => "発送済",
        Act::Returned { .. } => "返戻",
        Act::Completed => "完了",
        Act::Expired { .. } => "期限切れ",
        Act::Withdrawn { .. } => "取下げ",
    };
    let when: Vec<String> = letter.history.iter().map(|step| jst::list_time(step.at)).collect();
    let created = jst::list_time(letter.created);
    let mut items = vec![TimelineItem {
        reached: if letter.history.is_empty() { Reached::Now } else { Reached::Done },
        title: "印刷待",
        when: &created,
        detail: html! {},
    }];
    for (at, step) in letter.history.iter().enumerate() {
        let last = at + 1 == letter.history.len();
        items.push(TimelineItem {
            reached: if last { Reached::Now } else { Reached::Done },
            title: title(&step.act),
            when: &when[at],
            detail: html! { (step.by.title()) @if !step.act.particulars().is_empty() { br; (step.act.particulars()) } },
        });
    }
    timeline(&items)
}
