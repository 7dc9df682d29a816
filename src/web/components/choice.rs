//! Fields that are chosen from: select, radio cards, checkbox.

use maud::{Markup, Render, html};

use super::field::{described_by, label, required_mark, support_and_error};

/// One thing that can be chosen: `value` is sent, `label` shown, `detail` explains it (radio cards only).
#[derive(Clone, Debug)]
pub struct Choice<'a> {
    pub value: &'a str,
    pub label: &'a str,
    pub detail: Option<Markup>,
}

impl<'a> Choice<'a> {
    /// A choice without explanation.
    #[must_use]
    pub fn new(value: &'a str, label: &'a str) -> Self {
        Self { value, label, detail: None }
    }

    /// Adds an explanation under the label.
    #[must_use]
    pub fn detail(mut self, detail: Markup) -> Self {
        self.detail = Some(detail);
        self
    }
}

/// Choices of a drop-down list under a heading.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    pub label: &'a str,
    pub choices: Vec<Choice<'a>>,
}

/// A drop-down list. Made by [`select`].
#[derive(Clone, Debug)]
pub struct Select<'a> {
    name: &'a str,
    label: &'a str,
    choices: &'a [Choice<'a>],
    groups: &'a [Group<'a>],
    chosen: &'a str,
    empty: Option<&'a str>,
    required: bool,
    support: Option<&'a str>,
    error: Option<&'a str>,
}

/// A drop-down list of `choices`; nothing is chosen until [`Select::chosen`].
#[must_use]
pub fn select<'a>(name: &'a str, label: &'a str, choices: &'a [Choice<'a>]) -> Select<'a> {
    Select { name, label, choices, groups: &[], chosen: "", empty: None, required: false, support: None, error: None }
}

impl<'a> Select<'a> {
    /// More choices, each group under its heading, after those without.
    #[must_use]
    pub fn grouped(mut self, groups: &'a [Group<'a>]) -> Self {
        self.groups = groups;
        self
    }

    /// The value that is chosen now.
    #[must_use]
    pub fn chosen(mut self, value: &'a str) -> Self {
        self.chosen = value;
        self
    }

    /// A first entry with an empty value: 選択してください, すべて.
    #[must_use]
    pub fn empty(mut self, label: &'a str) -> Self {
        self.empty = Some(label);
        self
    }

    /// Marks the list 必須.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// A line under the label.
    #[must_use]
    pub fn support(mut self, text: &'a str) -> Self {
        self.support = Some(text);
        self
    }

    /// Why the choice was refused.
    #[must_use]
    pub fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error;
        self
    }
}

impl Select<'_> {
    fn options(&self, choices: &[Choice<'_>]) -> Markup {
        html! {
            @for choice in choices {
                option value=(choice.value) selected[choice.value == self.chosen] { (choice.label) }
            }
        }
    }
}

impl Render for Select<'_> {
    fn render(&self) -> Markup {
        let support = self.support.map(|text| html! { (text) });
        let described = described_by(self.name, support.is_some(), self.error.is_some());
        html! {
            div.field .bad[self.error.is_some()] {
                (label(self.name, self.label, self.required))
                (support_and_error(self.name, support.as_ref(), self.error))
                select.input id=(self.name) name=(self.name) aria-required=[self.required.then_some("true")]
                    aria-invalid=[self.error.map(|_| "true")] aria-describedby=[described] {
                    @if let Some(text) = self.empty { option value="" { (text) } }
                    (self.options(self.choices))
                    @for group in self.groups {
                        optgroup label=(group.label) { (self.options(&group.choices)) }
                    }
                }
            }
        }
    }
}

/// Radio buttons as large boxes. Made by [`radio_cards`].
#[derive(Clone, Debug)]
pub struct RadioCards<'a> {
    name: &'a str,
    legend: &'a str,
    choices: &'a [Choice<'a>],
    chosen: &'a str,
    required: bool,
    error: Option<&'a str>,
}

/// Radio buttons, each in a box with its explanation. The first carries the group's name as its id, for the error summary.
#[must_use]
pub fn radio_cards<'a>(name: &'a str, legend: &'a str, choices: &'a [Choice<'a>]) -> RadioCards<'a> {
    RadioCards { name, legend, choices, chosen: "", required: false, error: None }
}

impl<'a> RadioCards<'a> {
    /// The value that is chosen now.
    #[must_use]
    pub fn chosen(mut self, value: &'a str) -> Self {
        self.chosen = value;
        self
    }

    /// Marks the group 必須.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Why the choice was refused.
    #[must_use]
    pub fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error;
        self
    }
}

impl Render for RadioCards<'_> {
    fn render(&self) -> Markup {
        let described = described_by(self.name, false, self.error.is_some());
        html! {
            fieldset.field.cards .bad[self.error.is_some()] aria-describedby=[described] {
                legend.label { (self.legend) (required_mark(self.required)) }
                (support_and_error(self.name, None, self.error))
                @for (at, choice) in self.choices.iter().enumerate() {
                    @let id = if at == 0 { self.name.to_owned() } else { format!("{}-{}", self.name, at + 1) };
                    div.choice {
                        input type="radio" id=(id) name=(self.name) value=(choice.value)
                            aria-describedby=[choice.detail.as_ref().map(|_| format!("{id}-detail"))]
                            checked[choice.value == self.chosen];
                        label for=(id) { (choice.label) }
                        @if let Some(detail) = &choice.detail { div.choice-detail id={ (id) "-detail" } { (detail) } }
                    }
                }
            }
        }
    }
}

/// One box to tick. Made by [`checkbox`].
#[derive(Clone, Debug)]
pub struct CheckBox<'a> {
    name: &'a str,
    label: &'a str,
    value: &'a str,
    checked: bool,
    support: Option<&'a str>,
    error: Option<&'a str>,
}

/// One box to tick; sends `value` `on` unless set otherwise.
#[must_use]
pub fn checkbox<'a>(name: &'a str, label: &'a str, checked: bool) -> CheckBox<'a> {
    CheckBox { name, label, value: "on", checked, support: None, error: None }
}

impl<'a> CheckBox<'a> {
    /// What is sent when ticked.
    #[must_use]
    pub fn value(mut self, value: &'a str) -> Self {
        self.value = value;
        self
    }

    /// A line under the label.
    #[must_use]
    pub fn support(mut self, text: &'a str) -> Self {
        self.support = Some(text);
        self
    }

    /// Why it was refused.
    #[must_use]
    pub fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error;
        self
    }
}

impl Render for CheckBox<'_> {
    fn render(&self) -> Markup {
        let support = self.support.map(|text| html! { (text) });
        let described = described_by(self.name, support.is_some(), self.error.is_some());
        html! {
            div.field.tick .bad[self.error.is_some()] {
                div.choice {
                    input type="checkbox" id=(self.name) name=(self.name) value=(self.value) checked[self.checked]
                        aria-invalid=[self.error.map(|_| "true")] aria-describedby=[described];
                    label for=(self.name) { (self.label) }
                    (support_and_error(self.name, support.as_ref(), self.error))
                }
            }
        }
    }
}
