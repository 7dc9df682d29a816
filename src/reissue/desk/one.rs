//! 【再発行申請の審査】: one application with everything that helps to decide it.

use std::collections::BTreeMap;

use maud::{Markup, html};
use poem::handler;
use poem::web::{Data, Path};
use serde::Deserialize;

use super::super::flow::desk::Clerk;
use super::super::flow::desk::dossier::{Dossier, dossier};
use super::super::model::Application;
use super::{QUEUE, act, address, banner, facts, panels, record, state_badge, table};
use crate::app::App;
use crate::kernel::{ControlNumber, jst};
use crate::staff::{Desk, Nav, screen};
use crate::web::components::error_summary;
use crate::web::{Answer, Errors, Fault, Form, Kept, Query, Visit, page, see_other};

/// What was typed into the forms of this screen and could not be taken.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// By field.
    pub(super) typed: BTreeMap<&'static str, String>,
    /// What is wrong with it.
    pub(super) errors: Errors,
    /// Somebody was faster: the application as it is now, and how many lines of its history the form knew.
    pub(super) overtaken: Option<(Box<Application>, usize)>,
}

impl Draft {
    /// Takes these fields out of a form.
    pub(super) fn of(form: &Form, names: &[&'static str]) -> Self {
        let typed = names.iter().map(|name| (*name, form.get(name).to_owned())).collect();
        Self { typed, ..Self::default() }
    }

    /// What was typed into a field; empty if nothing was.
    pub(super) fn get(&self, name: &str) -> &str {
        self.typed.get(name).map_or("", String::as_str)
    }
}

/// What led here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Arrived {
    done: String,
}

/// One application.
///
/// # Errors
/// [`Fault::NotFound`] if it is none of this desk's; [`Fault::Store`] when the database fails.
#[handler]
pub fn show(
    Data(app): Data<&App>,
    visit: Visit,
    desk: Desk,
    Path(number): Path<String>,
    Query(arrived): Query<Arrived>,
    kept: Kept,
) -> Answer {
    let dossier = load(app, &visit, &desk, &number)?;
    let draft = kept.form().map(act::draft).unwrap_or_default();
    page(render(app, &visit, &desk, &dossier, &draft, &arrived.done))
}

/// Somebody reloads the address of a decision: back to the application.
///
/// # Errors
/// [`Fault::NotFound`] if the address names no application.
#[handler]
pub fn back(_desk: Desk, Path(number): Path<String>) -> Answer {
    see_other(&address(ControlNumber::parse(&number).ok_or(Fault::NotFound)?))
}

pub(super) fn load(app: &App, visit: &Visit, desk: &Desk, number: &str) -> Result<Dossier, Fault> {
    let number = ControlNumber::parse(number).ok_or(Fault::NotFound)?;
    let clerk = Clerk::of(desk, visit.client);
    app.store.read(|r| dossier(r, &clerk, number, visit.now))?.ok_or(Fault::NotFound)
}

pub(super) fn render(app: &App, visit: &Visit, desk: &Desk, dossier: &Dossier, draft: &Draft, done: &str) -> Markup {
    let one = &dossier.one;
    let clerk = Clerk::of(desk, visit.client);
    let csrf = visit.csrf();
    let room = panels::Room {
        dossier,
        clerk: &clerk,
        two_person: app.config.review.two_person,
        csrf: &csrf,
        draft,
        today: jst::date(visit.now),
    };
    let beside = html! {
        span.mono { (one.number) } " " (state_badge(one.state)) " "
        @if one.state.is_open() { span.muted { "受付 " (age(one, visit)) } }
    };
    let body = html! {
        (error_summary(&draft.errors.list()))
        @if let Some((now, knew)) = &draft.overtaken { div role="alert" { (banner::overtaken(now, *knew)) } }
        (banner::done(one, done, desk.id))
        nav.around aria-label="申請の移動" {
            a href=(QUEUE) { "申請一覧へ戻る" }
            @if let Some(next) = dossier.next { a href=(address(next)) { "次の未処理の申請 " span.mono { (next) } } }
        }
        (banner::warnings(dossier, visit.now))
        div.columns.main-aside {
            div.stack {
                section.card {
                    h2 { "申請内容と事業所台帳の照合" }
                    div.office-head {
                        (facts::office_title(dossier.office_name(), dossier.entry.as_ref()))
                        (facts::call(dossier.entry.as_ref()))
                    }
                    (facts::compared(dossier))
                }
                section.card #moves { h2 { "操作" } (panels::panels(&room)) }
                @if let Some(entry) = &dossier.entry {
                    section.card { h2 { "事業所台帳の登録内容" } (facts::ledger_facts(entry)) }
                }
            }
            div.stack.aside {
                section.card { h2 { "経過" } (record::history(one)) }
                @if let Some(letter) = record::letter(dossier) { section.card { h2 { "通知書" } (letter) } }
                section.card { h2 { "メール" } (record::mails(dossier, &csrf)) }
                section.card { h2 { "この事業所のほかの申請" } (record::others(dossier)) }
                section.card { h2 { "受付とログイン情報" } (facts::login_facts(dossier)) }
            }
        }
    };
    let refused = !draft.errors.is_empty() || draft.overtaken.is_some();
    screen(desk, visit, "再発行申請の審査", Nav::Applications).beside(beside).refused(refused).render(body)
}

fn age(one: &Application, visit: &Visit) -> String {
    let age = table::age(one, visit.now);
    if age == "本日" { age } else { format!("{age}前") }
}
