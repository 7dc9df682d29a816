//! Forms and what frames them: error summary, hidden values, buttons.

use maud::{Markup, Render, html};

/// A POST form with the CSRF token. The server validates; the browser does not (quality bar 50).
#[must_use]
pub fn form(action: &str, csrf: &str, body: Markup) -> Markup {
    post_form(None, action, csrf, body)
}

/// As [`form`], with an id, for a [`ButtonRow::of_form`] that stands further down, after another form or a long explanation.
#[must_use]
pub fn form_with_id(id: &str, action: &str, csrf: &str, body: Markup) -> Markup {
    post_form(Some(id), action, csrf, body)
}

fn post_form(id: Option<&str>, action: &str, csrf: &str, body: Markup) -> Markup {
    html! {
        form.form id=[id] method="post" action=(action) novalidate {
            input type="hidden" name="_csrf" value=(csrf);
            (body)
        }
    }
}

/// A GET form for searching and filtering: `fields` in a row, then the button. With `live` (an element's id) htmx replaces that element
/// while typing; the answer is the whole page, of which it takes the part of that id.
#[must_use]
pub fn search_form(action: &str, button: &str, live: Option<&str>, fields: Markup) -> Markup {
    let target = live.map(|id| format!("#{id}"));
    html! {
        search {
            form.filter method="get" action=(action) novalidate
                data-hx-get=[live.map(|_| action)] data-hx-target=[target.as_deref()] data-hx-select=[target.as_deref()]
                data-hx-swap=[live.map(|_| "outerHTML")] data-hx-push-url=[live.map(|_| "true")]
                data-hx-trigger=[live.map(|_| "submit, input changed delay:300ms, change")] {
                (fields)
                button.button type="submit" { (button) }
            }
        }
    }
}

/// A value that travels with the form.
#[must_use]
pub fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// A form that is one button: delete, resend, release. `tone` is a class of the button: `""`, `primary` or `danger`.
#[must_use]
pub fn post_button(action: &str, csrf: &str, label: &str, tone: &str, values: &[(&str, &str)]) -> Markup {
    html! {
        form.inline method="post" action=(action) novalidate {
            input type="hidden" name="_csrf" value=(csrf);
            @for (name, value) in values { (hidden(name, value)) }
            button class={ "button " (tone) } type="submit" { (label) }
        }
    }
}

/// As [`post_button`], in the shape of a link: it opens a page, and that it was opened is noted, which a link must not do.
#[must_use]
pub fn link_button(action: &str, csrf: &str, label: &str) -> Markup {
    html! {
        form.inline method="post" action=(action) novalidate {
            input type="hidden" name="_csrf" value=(csrf);
            button.link-button type="submit" { (label) }
        }
    }
}

/// The refused fields on top of the page, each a link to its field; empty when there is none (quality bar 50).
///
/// `errors` pairs a field's id with its sentence. An empty id gives a sentence without link, for what no field is to blame for.
#[must_use]
pub fn error_summary(errors: &[(&str, &str)]) -> Markup {
    html! {
        @if !errors.is_empty() {
            div.error-summary #error-summary role="alert" tabindex="-1" {
                h2 { (super::super::icons::error()) "入力内容をご確認ください" }
                ul {
                    @for (field, sentence) in errors {
                        li {
                            @if field.is_empty() { (sentence) }
                            @else { a href={ "#" (field) } { (sentence) } }
                        }
                    }
                }
            }
        }
    }
}

/// What 戻る does.
#[derive(Clone, Copy, Debug)]
pub enum Back<'a> {
    /// Goes to a page.
    Link(&'a str),
    /// Sends the form with this name and value, so that what was typed is kept.
    Submit { name: &'a str, value: &'a str },
}

/// The buttons at the bottom: 戻る at the left, forward at the right.
///
/// Forward comes first in the document, so that Enter in a field never means 戻る and a phone shows it on top.
#[derive(Clone, Debug)]
pub struct ButtonRow<'a> {
    forward: Option<Forward<'a>>,
    back: Option<Back<'a>>,
    back_label: &'a str,
    form: Option<&'a str>,
}

#[derive(Clone, Copy, Debug)]
enum Forward<'a> {
    Submit(&'a str),
    Link(&'a str, &'a str),
}

impl<'a> ButtonRow<'a> {
    /// A submit button: 次へ, 送信, 変更, ログイン.
    #[must_use]
    pub fn forward(label: &'a str) -> Self {
        Self::new(Some(Forward::Submit(label)))
    }

    /// A link in the place of the forward button: 終了.
    #[must_use]
    pub fn forward_link(label: &'a str, href: &'a str) -> Self {
        Self::new(Some(Forward::Link(label, href)))
    }

    /// Only 戻る.
    #[must_use]
    pub fn only_back(href: &'a str) -> Self {
        Self::new(None).back(Back::Link(href))
    }

    fn new(forward: Option<Forward<'a>>) -> Self {
        Self { forward, back: None, back_label: "戻る", form: None }
    }

    /// Adds 戻る.
    #[must_use]
    pub fn back(mut self, back: Back<'a>) -> Self {
        self.back = Some(back);
        self
    }

    /// The buttons belong to the form of this id, though they stand outside it.
    #[must_use]
    pub fn of_form(mut self, id: &'a str) -> Self {
        self.form = Some(id);
        self
    }

    /// Another word in the place of 戻る: キャンセル.
    #[must_use]
    pub fn back_label(mut self, label: &'a str) -> Self {
        self.back_label = label;
        self
    }
}

impl Render for ButtonRow<'_> {
    fn render(&self) -> Markup {
        html! {
            div.buttons {
                @match self.forward {
                    Some(Forward::Submit(label)) => button.button.primary type="submit" form=[self.form] { (label) },
                    Some(Forward::Link(label, href)) => a.button.primary href=(href) { (label) },
                    None => {}
                }
                @match self.back {
                    Some(Back::Link(href)) => a.button.back href=(href) { (self.back_label) },
                    Some(Back::Submit { name, value }) =>
                        button.button.back type="submit" form=[self.form] name=(name) value=(value) { (self.back_label) },
                    None => {}
                }
            }
        }
    }
}
