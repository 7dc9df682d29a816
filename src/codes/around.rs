//! What is the same on every screen around a code: what was typed is looked at, a refusal draws the page again, the mail is asked after. A
//! room says where its challenge is, and what its screen says.

use maud::Markup;

use super::flow::{Resent, View};
use super::model::looks_like;
use super::pages::{CodeScreen, FIELD, Told, Words, delivery_line, form_sentence};
use crate::config::Config;
use crate::kernel::Secret;
use crate::web::{Answer, Fault, Form, Visit, page, page_422, see_other};

/// The challenge that a browser is to answer, with what the room knows of its place; else where the browser belongs instead.
pub(crate) type Waiting<Place> = Result<Result<(View, Place), Answer>, Fault>;

/// Settings and request; the screen's address; and that of the fragment that says how far the mail is, where that may be told.
pub(crate) type Here<'a> = (&'a Config, &'a Visit, &'static str, Option<&'static str>);

/// A screen around a code, in one request.
pub(crate) trait Around {
    /// What the room knows of its place beside the challenge.
    type Place;

    fn at(&self) -> Here<'_>;
    fn waiting(&self) -> Waiting<Self::Place>;
    fn words(&self, place: &Self::Place) -> Words;
    /// The whole page. The bool is whether something was not taken: its title says so.
    fn frame(&self, place: &Self::Place, title: &'static str, refused: bool, body: Markup) -> Markup;

    fn draw(&self, (view, place): &(View, Self::Place), told: Told) -> Markup {
        let (config, visit, action, delivery) = self.at();
        let (words, now, csrf) = (self.words(place), &visit.time, visit.csrf());
        let screen = CodeScreen { words, view, config, now, csrf: &csrf, action, delivery, told };
        self.frame(place, screen.title(), screen.refused(), screen.body())
    }

    fn show(&self) -> Answer {
        self.waiting()?.map_or_else(|elsewhere| elsewhere, |waiting| page(self.draw(&waiting, Told::Nothing)))
    }

    /// The screen again, as it is now, with what was not taken.
    fn refuse(&self, told: Told) -> Answer {
        self.waiting()?.map_or_else(|elsewhere| elsewhere, |waiting| page_422(self.draw(&waiting, told)))
    }

    /// What was typed, if it can be a code: what cannot costs no try.
    fn typed(&self, form: &Form) -> Result<Result<Secret<String>, Answer>, Fault> {
        let waiting = match self.waiting()? {
            Ok(waiting) => waiting,
            Err(elsewhere) => return Ok(Err(elsewhere)),
        };
        let (typed, sort) = (form.secret(FIELD), waiting.0.purpose.sort());
        if waiting.0.end.is_some() || looks_like(typed.expose(), sort) {
            return Ok(Ok(typed));
        }
        Ok(Err(page_422(self.draw(&waiting, Told::Error(form_sentence(typed.expose(), sort))))))
    }

    /// The answer to \[再送\].
    fn resent(&self, resent: Resent) -> Answer {
        match resent {
            Resent::Sent | Resent::Ended => see_other(self.at().2),
            refused => self.refuse(Told::Resent(refused)),
        }
    }

    /// How far the mail is: a fragment, asked for again while it waits.
    fn delivery(&self) -> Answer {
        match (self.waiting()?, self.at().3) {
            (Ok((view, _)), Some(poll)) => page(delivery_line(&view.delivery, Some(poll))),
            _ => Err(Fault::NotFound),
        }
    }
}
