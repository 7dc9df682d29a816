//! Fields that are typed into.

use maud::{Markup, Render, html};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Mail,
    Password,
    Code,
    Search,
    Date,
    Area(u8),
}

/// A typed field with its label, support text and error. Made by [`text_field`] and its siblings.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    kind: Kind,
    name: &'a str,
    label: &'a str,
    value: &'a str,
    required: bool,
    support: Option<Markup>,
    error: Option<&'a str>,
    autocomplete: Option<&'a str>,
    numeric: bool,
    short: bool,
    check: Option<&'a str>,
}

impl<'a> Field<'a> {
    fn new(kind: Kind, name: &'a str, label: &'a str) -> Self {
        Self {
            kind,
            name,
            label,
            value: "",
            required: false,
            support: None,
            error: None,
            autocomplete: None,
            numeric: false,
            short: false,
            check: None,
        }
    }

    /// What was typed before; ignored for passwords, which are never shown again.
    #[must_use]
    pub fn value(mut self, value: &'a str) -> Self {
        self.value = value;
        self
    }

    /// Marks the field 必須.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// A line under the label that says what to type.
    #[must_use]
    pub fn support(mut self, text: &str) -> Self {
        self.support = Some(html! { (text) });
        self
    }

    /// As [`Field::support`], with markup.
    #[must_use]
    pub fn support_html(mut self, text: Markup) -> Self {
        self.support = Some(text);
        self
    }

    /// Why the value was refused; `None` for a field in order.
    #[must_use]
    pub fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error;
        self
    }

    /// The HTML `autocomplete` token, so that browsers and password managers fill in (quality bar 5).
    #[must_use]
    pub fn autocomplete(mut self, token: &'a str) -> Self {
        self.autocomplete = Some(token);
        self
    }

    /// Asks phones for the digit keyboard.
    #[must_use]
    pub fn numeric(mut self) -> Self {
        self.numeric = true;
        self
    }

    /// A narrow box, for short values such as an office number.
    #[must_use]
    pub fn short(mut self) -> Self {
        self.short = true;
        self
    }

    /// Asks `url` by POST after a change (with `_csrf` and this field only) and shows the answered fragment under the field.
    #[must_use]
    pub fn live_check(mut self, url: &'a str) -> Self {
        self.check = Some(url);
        self
    }

    fn input(&self) -> Markup {
        let described = described_by(self.name, self.support.is_some(), self.error.is_some());
        let required = self.required.then_some("true");
        let invalid = self.error.is_some().then_some("true");
        if let Kind::Area(rows) = self.kind {
            return html! {
                textarea.input id=(self.name) name=(self.name) rows=(rows) autocomplete=[self.autocomplete]
                    aria-required=[required] aria-invalid=[invalid] aria-describedby=[described] {
                    // A parser drops the first line break of a textarea; this one is there to be dropped.
                    "\n" (self.value)
                }
            };
        }
        let secret = self.kind == Kind::Password;
        let code = self.kind == Kind::Code;
        // Not type=email: browsers would change what was typed (full-width, punycode) before the server sees it.
        let input_type = match self.kind {
            Kind::Password => "password",
            Kind::Search => "search",
            Kind::Date => "date",
            _ => "text",
        };
        let input_mode = match self.kind {
            Kind::Mail => Some("email"),
            Kind::Code => Some("numeric"),
            _ => self.numeric.then_some("numeric"),
        };
        let plain = matches!(self.kind, Kind::Mail | Kind::Code | Kind::Password) || self.numeric;
        let check_params = self.check.map(|_| format!("_csrf,{}", self.name));
        let check_target = self.check.map(|_| format!("#{}-live", self.name));
        html! {
            input.input .short[self.short] .code[code] type=(input_type) id=(self.name) name=(self.name)
                value=[(!secret && !self.value.is_empty()).then_some(self.value)]
                inputmode=[input_mode]
                autocomplete=[self.autocomplete]
                autocapitalize=[plain.then_some("none")] spellcheck=[plain.then_some("false")]
                aria-required=[required] aria-invalid=[invalid] aria-describedby=[described]
                data-show-button=[secret.then_some("")]
                data-hx-post=[self.check] data-hx-trigger=[self.check.map(|_| "change")]
                data-hx-params=[check_params] data-hx-target=[check_target];
        }
    }
}

impl Render for Field<'_> {
    fn render(&self) -> Markup {
        html! {
            div.field .wide[self.kind == Kind::Search] .bad[self.error.is_some()] {
                (label(self.name, self.label, self.required))
                (support_and_error(self.name, self.support.as_ref(), self.error))
                (self.input())
                @if self.check.is_some() { div.live id={ (self.name) "-live" } aria-live="polite" {} }
            }
        }
    }
}

/// `id`s of the texts that explain a field, for `aria-describedby`.
pub(super) fn described_by(name: &str, support: bool, error: bool) -> Option<String> {
    match (support, error) {
        (true, true) => Some(format!("{name}-support {name}-error")),
        (true, false) => Some(format!("{name}-support")),
        (false, true) => Some(format!("{name}-error")),
        (false, false) => None,
    }
}

pub(super) fn label(name: &str, text: &str, required: bool) -> Markup {
    html! {
        label.label for=(name) { (text) (required_mark(required)) }
    }
}

pub(super) fn required_mark(required: bool) -> Markup {
    html! { @if required { " " span.must { "必須" } } }
}

pub(super) fn support_and_error(name: &str, support: Option<&Markup>, error: Option<&str>) -> Markup {
    html! {
        @if let Some(text) = support { div.support id={ (name) "-support" } { (text) } }
        @if let Some(text) = error {
            p.error id={ (name) "-error" } { (super::super::icons::error()) span.vh { "エラー: " } (text) }
        }
    }
}

/// A line of text.
#[must_use]
pub fn text_field<'a>(name: &'a str, label: &'a str) -> Field<'a> {
    Field::new(Kind::Text, name, label)
}

/// A mail address. `autocomplete` is `email` unless set otherwise.
#[must_use]
pub fn mail_field<'a>(name: &'a str, label: &'a str) -> Field<'a> {
    Field::new(Kind::Mail, name, label).autocomplete("email")
}

/// A password: never shown again, with a 表示 button where the script runs. Give `autocomplete` as `current-password` or `new-password`.
#[must_use]
pub fn password_field<'a>(name: &'a str, label: &'a str) -> Field<'a> {
    Field::new(Kind::Password, name, label)
}

/// A code from a mail or an authenticator: digit keyboard, filled in from the mail where the device can.
#[must_use]
pub fn code_field<'a>(name: &'a str, label: &'a str) -> Field<'a> {
    Field::new(Kind::Code, name, label).autocomplete("one-time-code")
}

/// A word to search for.
#[must_use]
pub fn search_field<'a>(name: &'a str, label: &'a str) -> Field<'a> {
    Field::new(Kind::Search, name, label).autocomplete("off")
}

/// A day, chosen from a calendar; `value` and what is sent are of the form 2026-01-20. Browsers without one send what was typed.
#[must_use]
pub fn date_field<'a>(name: &'a str, label: &'a str) -> Field<'a> {
    Field::new(Kind::Date, name, label).short()
}

/// Several lines of text, `rows` high.
#[must_use]
pub fn textarea<'a>(name: &'a str, label: &'a str, rows: u8) -> Field<'a> {
    Field::new(Kind::Area(rows), name, label)
}
