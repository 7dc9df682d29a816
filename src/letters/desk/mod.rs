//! Screens of the desk: what waits to be printed, what was printed, and one letter.

pub mod batch;
mod lists;
pub mod one;
mod parts;
pub mod posting;
mod waiting;

use poem::handler;
use poem::web::Data;
use serde::Deserialize;

use super::model::State;
use super::print::Choice;
use super::{flow, store};
use crate::app::App;
use crate::kernel::Id;
use crate::ledger;
use crate::reissue;
use crate::staff::{Desk, Nav, screen};
use crate::store::StoreError;
use crate::web::{Answer, Errors, Fault, Form, Kept, Query, Visit, see_other};

/// Most rows of a list.
const ROWS: usize = 500;
/// Where the screens begin.
const PATH: &str = "/staff/letters";

#[derive(Default, Deserialize)]
struct Which {
    #[serde(default)]
    list: String,
    /// Of what waits, from 1.
    #[serde(default)]
    page: String,
}

/// 通知書: a list by state; without one, what waits to be printed.
#[handler]
pub async fn show(app: Data<&App>, visit: Visit, desk: Desk, Query(which): Query<Which>, kept: Kept) -> Answer {
    if let Some(form) = kept.form() {
        let page = form.get("page").parse().unwrap_or(1);
        return waiting::show(&app, &visit, &desk, page, Some(&form.all("choice")), &Errors::default()).await;
    }
    match State::from_word(&which.list) {
        None | Some(State::Waiting) => {
            waiting::show(&app, &visit, &desk, which.page.parse().unwrap_or(1), None, &Errors::default()).await
        }
        Some(state) => lists::show(&app, &visit, &desk, state),
    }
}

/// \[印刷する\]: orders a print of the chosen letters.
#[handler]
pub async fn print(app: Data<&App>, visit: Visit, desk: Desk, form: Form) -> Answer {
    let token = Id::parse(form.get("token")).ok_or(Fault::BadRequest("a print form without its token"))?;
    let mut errors = Errors::default();
    let ticked = form.all("choice");
    let (page, ticked) = (form.get("page").parse().unwrap_or(1), Some(ticked.as_slice()));
    let choices: Vec<Choice> = form.all("choice").into_iter().filter_map(Choice::parse).collect();
    let most = app.config.letter.batch_max;
    if choices.is_empty() {
        errors.add("", "印刷する通知書を選択してください。");
    }
    if choices.len() > most {
        errors.add("", format!("一度に印刷できるのは{most}通までです。選択を減らしてください。"));
    }
    let prefecture = desk.prefecture();
    for choice in choices.iter().take(most) {
        let choice = *choice;
        let unaddressed = app.store.read(|r| {
            // A form sent twice leads to its batch, whatever its letters have become since.
            if store::batch(r, token)?.is_some() {
                return Ok(None);
            }
            let office = match choice {
                Choice::Application(number) => reissue::find_at(r, prefecture, number)?.map(|one| one.office),
                Choice::Letter(id) => store::find(r, id)?.map(|letter| letter.office),
            };
            let Some(office) = office.filter(|office| office.prefecture == prefecture) else { return Ok(None) };
            let entry = ledger::find(r, office)?;
            Ok::<_, StoreError>((!entry.is_some_and(|entry| entry.can_be_posted_to())).then_some(office))
        })?;
        if let Some(office) = unaddressed {
            errors.add("", super::Refused::NoAddress(office));
        }
    }
    if !errors.is_empty() {
        return waiting::show(&app, &visit, &desk, page, ticked, &errors).await;
    }
    match flow::order(&app, &desk, visit.client, token, choices, String::new()).await? {
        Ok(batch) => see_other(&format!("{PATH}/batches/{batch}")),
        Err(refused) => {
            errors.add("", refused);
            waiting::show(&app, &visit, &desk, page, ticked, &errors).await
        }
    }
}

fn letters_screen<'a>(desk: &'a Desk, visit: &'a Visit, title: &'a str) -> crate::staff::Screen<'a> {
    screen(desk, visit, title, Nav::Letters)
}
