//! 【窓口受付】: a clerk types in what came on paper or by telephone. First the office is found in the ledger, then the rest is typed
//! beside its entry.

use std::sync::Arc;

use maud::{Markup, html};
use poem::handler;
use poem::web::Data;
use serde::Deserialize;

use super::super::flow::desk::Clerk;
use super::super::flow::desk::enter::{Entered, enter};
use super::super::model::{Application, Channel, Slip, TEXT_MOST};
use super::super::store;
use super::one::Draft;
use super::{address, facts, number_link, state_badge};
use crate::app::App;
use crate::kernel::{Id, MailAddress, OfficeKey, OfficeNumber, text};
use crate::ledger::{self, Entry, Status};
use crate::staff::{Desk, Nav, screen};
use crate::store::Tx;
use crate::web::components::{
    Back, ButtonRow, Choice, Column, DataTable, Mark, empty_state, error_summary, form, hidden, mail_field, notice, radio_cards,
    search_field, search_form, text_field, textarea,
};
use crate::web::{Answer, Errors, Fault, Form, Kept, Query, Visit};

const HERE: &str = "/staff/applications/new";
const FIELDS: [&str; 8] = ["office", "form", "channel", "contact", "contact_again", "name", "telephone", "note"];
/// The field of the office number, which travels with the slip.
const OFFICE: &str = "office";
/// An import can take an office away while its slip is being typed.
const GONE: &str = "この事業所番号は、この連合会の台帳にありません。台帳の取込で変わった可能性があります。台帳を確かめるまで、受け付けることはできません。";
/// Rows of the ledger that a search shows.
const FOUND_MOST: usize = 20;
/// How many of the office's applications are looked at.
const OTHERS_MOST: usize = 20;

/// What is looked for: an office number, or words of its name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: Option<String>,
}

/// The office in the ledger, with its open applications.
struct Office {
    number: OfficeNumber,
    /// None where the ledger has lost it since the slip was begun.
    entry: Option<Entry>,
    open: Vec<Application>,
}

/// The screen.
///
/// # Errors
/// [`Fault::Store`] when the database fails.
#[handler]
pub async fn show(Data(app): Data<&App>, visit: Visit, desk: Desk, Query(asked): Query<Asked>, kept: Kept) -> Answer {
    if let Some(form) = kept.form() {
        return again(app, &visit, &desk, Draft::of(form, &FIELDS));
    }
    let search = asked.q.as_deref().unwrap_or_default().trim().to_owned();
    let mut refused = false;
    let body = if search.is_empty() {
        refused = asked.q.is_some();
        find_form("", refused.then_some("事業所番号、または事業所名・電話番号・住所の一部を入力してください。"))
    } else if let Some(office) = look_up(app, &desk, &search)?.filter(|office| office.entry.is_some()) {
        let mut draft = Draft::default();
        draft.typed.insert("form", Id::new(&app.random).to_string());
        slip_form(&visit, &office, &draft)
    } else {
        let prefecture = desk.prefecture();
        let wanted = search.clone();
        let found = app.store.search(move |r| ledger::search(r, prefecture, &wanted, FOUND_MOST)).await?;
        html! { (find_form(&search, None)) (offices(&search, &found.entries, found.total)) }
    };
    screen(&desk, &visit, "窓口受付", Nav::Counter).refused(refused).answer(body)
}

/// \[受け付ける\]
///
/// # Errors
/// [`Fault::BadRequest`] for a form without an office; [`Fault::Store`] when the database fails.
#[handler]
pub async fn receive(Data(app): Data<&App>, visit: Visit, desk: Desk, sent: Form) -> Answer {
    let mut draft = Draft::of(&sent, &FIELDS);
    let mut office = look_up(app, &desk, draft.get("office"))?.ok_or(Fault::BadRequest("no office"))?;
    if office.entry.is_none() {
        draft.errors.add(OFFICE, GONE);
    }
    let contact = contact(&mut draft);
    let slip = slip(&mut draft);
    let (Some(slip), true) = (slip, draft.errors.is_empty()) else {
        return refuse(&visit, &desk, &office, &draft);
    };
    let (moment, clerk, number) = (app.moment(), Clerk::of(&desk, visit.client), office.number);
    let config = Arc::clone(&app.config);
    let enter = move |tx: &mut Tx<'_>| enter(tx, &moment, &config.limits, &clerk, number, contact.clone(), slip.clone());
    let entered = app.store.write(enter).await?;
    match entered {
        Entered::As(number) => crate::web::see_other(&format!("{}?done=entered", address(number))),
        Entered::UnknownOffice => {
            office.entry = None;
            draft.errors.add(OFFICE, GONE);
            refuse(&visit, &desk, &office, &draft)
        }
    }
}

/// The slip as it was typed before the login.
fn again(app: &App, visit: &Visit, desk: &Desk, draft: Draft) -> Answer {
    match look_up(app, desk, draft.get(OFFICE))? {
        Some(office) => screen(desk, visit, "窓口受付", Nav::Counter).answer(slip_form(visit, &office, &draft)),
        None => Err(Fault::BadRequest("no office")),
    }
}

/// The slip again, with what is wrong and what was typed.
fn refuse(visit: &Visit, desk: &Desk, office: &Office, draft: &Draft) -> Answer {
    let body = slip_form(visit, office, draft);
    screen(desk, visit, "窓口受付", Nav::Counter).refused(true).answer(body)
}

/// None for what is no office number.
fn look_up(app: &App, desk: &Desk, typed: &str) -> Result<Option<Office>, Fault> {
    let Ok(number) = OfficeNumber::parse(typed) else { return Ok(None) };
    let key = OfficeKey::new(desk.prefecture(), number);
    app.store.read(|r| {
        let mut open = store::of_office(r, key, OTHERS_MOST)?;
        open.retain(|one| one.state.is_open());
        Ok(Some(Office { number, entry: ledger::find(r, key)?, open }))
    })
}

/// The contact address, twice or not at all: nothing proves it, so a slip of the finger would send the mails to a stranger.
fn contact(draft: &mut Draft) -> Option<MailAddress> {
    let (first, again) = (draft.get("contact").trim().to_owned(), draft.get("contact_again").trim().to_owned());
    if first.is_empty() && again.is_empty() {
        return None;
    }
    let contact = draft.errors.check("contact", MailAddress::parse(&first))?;
    if MailAddress::parse(&again).ok().as_ref() != Some(&contact) {
        draft.errors.add("contact_again", "確認用のメールアドレスが一致しません。");
    }
    Some(contact)
}

fn slip(draft: &mut Draft) -> Option<Slip> {
    let channel = Channel::from_word(draft.get("channel"));
    if channel.is_none() {
        draft.errors.add("channel", "受付方法を選択してください。");
    }
    let (name, telephone, note) =
        (text::line(draft.get("name")), text::line(draft.get("telephone")), text::paragraph(draft.get("note")));
    if note.is_empty() {
        draft.errors.add("note", "申し出た方の名前と、本人確認の方法を入力してください。");
    }
    for (field, value) in [("name", &name), ("telephone", &telephone), ("note", &note)] {
        if value.chars().count() > TEXT_MOST {
            draft.errors.add(field, format!("{TEXT_MOST}文字以内で入力してください。"));
        } else if text::has_control(value) {
            draft.errors.add(field, "使えない文字（制御文字）が含まれています。貼り付けたときは、入力し直してください。");
        }
    }
    Some(Slip { channel: channel?, name, telephone, note, form: Id::parse(draft.get("form")) })
}

fn find_form(typed: &str, error: Option<&str>) -> Markup {
    html! {
        p.lead { "書面や電話で受け付けた申請を入力します。はじめに事業所を台帳から探してください。" }
        (search_form(HERE, "台帳から探す", None, html! {
            (search_field("q", "事業所").value(typed).error(error).support("事業所番号、または事業所名・電話番号・住所の一部"))
        }))
    }
}

fn offices(typed: &str, found: &[Entry], total: usize) -> Markup {
    if found.is_empty() {
        let whole = OfficeNumber::parse(typed).is_ok();
        return empty_state(
            "台帳に見つかりません",
            html! {
                @if whole { p { "この事業所番号は、この連合会の台帳にありません。番号と、請求先の都道府県をお確かめください。" } }
                @else { p { "事業所番号の一部や、事業所名の短い語でもお試しください。" } }
            },
        );
    }
    const COLUMNS: [Column<'_>; 4] =
        [Column::Head("事業所番号"), Column::Text("事業所名"), Column::Text("住所"), Column::Text("状態")];
    let mut table = DataTable::new("台帳の事業所", &COLUMNS);
    for entry in found {
        table.push(vec![
            html! { a.mono href={ (HERE) "?q=" (entry.key.number) } { (entry.key.number) } },
            html! { (entry.name) },
            html! { (entry.address) },
            html! { (entry.status.name()) },
        ]);
    }
    html! {
        p.list-count {
            strong.num { (total) } "件見つかりました。"
            @if total > found.len() { "先頭の" (found.len()) "件を表示しています。目的の事業所がないときは、言葉を足して絞り込んでください。" }
            @else { "事業所番号を選んでください。" }
        }
        (table)
    }
}

fn slip_form(visit: &Visit, office: &Office, draft: &Draft) -> Markup {
    let errors = &draft.errors;
    let channels = Channel::ALL.map(|channel| Choice::new(channel.word(), channel.title()));
    html! {
        (error_summary(&errors.list()))
        (cautions(office))
        div.columns.main-aside {
            section.card {
                h2 { "申請の内容" }
                (form(HERE, &visit.csrf(), html! {
                    (hidden(OFFICE, office.number.as_str()))
                    (hidden("form", draft.get("form")))
                    div.three {
                        (radio_cards("channel", "受付方法", &channels).chosen(draft.get("channel")).required()
                            .error(errors.of("channel")))
                    }
                    (written(draft, errors))
                    (mail_field("contact", "通知先メールアドレス").value(draft.get("contact")).autocomplete("off")
                        .support("なければ空欄のままにします。空欄のときはメールを送りません。").error(errors.of("contact")))
                    (mail_field("contact_again", "通知先メールアドレス(確認用)").value(draft.get("contact_again"))
                        .autocomplete("off").error(errors.of("contact_again")))
                    (textarea("note", "メモ", 3).value(draft.get("note")).required()
                        .support("申し出た方の名前と、本人確認の方法（例 施設長の佐藤様、台帳の電話番号へ折り返して確認）。申請者には見えません。").error(errors.of("note")))
                    p.note { "入力した方は、この申請を承認できません。" }
                    (ButtonRow::forward("受け付ける").back(Back::Link(HERE)).back_label("事業所を選び直す"))
                }))
            }
            section.card.aside id=(OFFICE) {
                h2 { "事業所台帳" }
                @match &office.entry {
                    Some(entry) => {
                        (facts::office_title(&entry.name, Some(entry)))
                        p.mono { (entry.key.number) }
                        (facts::call(Some(entry)))
                        (facts::ledger_facts(entry))
                    }
                    None => {
                        p.mono { (office.number) }
                        p.error id={ (OFFICE) "-error" } { (errors.of(OFFICE).unwrap_or(GONE)) }
                    }
                }
            }
        }
    }
}

fn written(draft: &Draft, errors: &Errors) -> Markup {
    html! {
        (text_field("name", "申請書に書かれた事業所名").value(draft.get("name")).autocomplete("off")
            .support("入力すると、審査の画面で台帳と照合します。").error(errors.of("name")))
        (text_field("telephone", "申請書に書かれた電話番号").value(draft.get("telephone")).autocomplete("off").short()
            .error(errors.of("telephone")))
    }
}

fn cautions(office: &Office) -> Markup {
    let Some(entry) = &office.entry else { return html! {} };
    html! {
        @if entry.status != Status::Active || !entry.key.number.check_digit_fits() || !office.open.is_empty() {
            (notice(Mark::Warning, "ご確認ください", html! {
                ul.plain {
                    @if entry.status != Status::Active { li { "この事業所は台帳で「" (entry.status.name()) "」です。" } }
                    @if !entry.key.number.check_digit_fits() { li { "事業所番号の検査数字が合いません。番号の誤りがないかお確かめください。" } }
                    @for one in &office.open { li { "この事業所の申請がすでにあります： " (number_link(one.number)) " " (state_badge(one.state)) } }
                }
            }))
        }
    }
}
