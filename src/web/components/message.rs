//! Words that tell something: boxes, badges, help, empty lists; and the two buttons that only the script can offer.

use maud::{Markup, html};

use super::super::icons;

/// What a box says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Info,
    /// 重要: to be read before going on.
    Important,
    Warning,
    Success,
    Error,
}

/// A box with a heading. `title` may be empty.
#[must_use]
pub fn notice(mark: Mark, title: &str, body: Markup) -> Markup {
    let (class, word, icon) = match mark {
        Mark::Info => ("info", "お知らせ", icons::info()),
        Mark::Important => ("important", "重要", icons::warning()),
        Mark::Warning => ("warning", "注意", icons::warning()),
        Mark::Success => ("success", "完了", icons::done()),
        Mark::Error => ("failure", "エラー", icons::error()),
    };
    html! {
        div class={ "notice " (class) } {
            div.notice-icon { (icon) span.vh { (word) } }
            div.notice-text {
                @if !title.is_empty() { p.notice-title { (title) } }
                (body)
            }
        }
    }
}

/// Colour of a badge, tile or timeline entry. The words carry the meaning; the colour only repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// At rest, closed: 取下げ, 完了.
    Quiet,
    /// Newly arrived: 受付済.
    New,
    /// Being worked on: 審査中.
    Active,
    /// Waits for somebody else: 照会中.
    Waiting,
    /// Went well: 承認, 発送済.
    Good,
    /// Needs attention: 却下, 返戻, 期限切れ.
    Bad,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::New => "new",
            Self::Active => "active",
            Self::Waiting => "waiting",
            Self::Good => "good",
            Self::Bad => "bad-tone",
        }
    }
}

/// A state in a small box.
#[must_use]
pub fn badge(label: &str, tone: Tone) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (label) } }
}

/// The [?] beside a text. Opens in place without the script, as a dialog with it. Headings in `body` are `h2`.
#[must_use]
pub fn help_details(title: &str, body: Markup) -> Markup {
    html! {
        details.help data-dialog="" {
            summary { span.help-mark aria-hidden="true" { "?" } span.help-title { (title) } }
            div.help-body { (body) }
        }
    }
}

/// A plain text as it was written: blank lines part paragraphs, other line breaks stay.
#[must_use]
pub fn paragraphs(text: &str) -> Markup {
    html! {
        div.stack { @for part in text.split("\n\n") { p { @for (n, line) in part.lines().enumerate() { @if n > 0 { br; } (line) } } } }
    }
}

/// What a list shows that has nothing to show.
#[must_use]
pub fn empty_state(title: &str, what_next: Markup) -> Markup {
    html! {
        div.empty {
            p.empty-title { (title) }
            (what_next)
        }
    }
}

/// Prints the page. Needs the script and is hidden without it.
#[must_use]
pub fn print_button(label: &str) -> Markup {
    html! { button.button.quiet-button.print-button type="button" data-print="" hidden { (label) } }
}

/// Copies `text`. Needs the script and is hidden without it.
#[must_use]
pub fn copy_button(text: &str, label: &str) -> Markup {
    html! { button.button.small.copy-button type="button" data-copy=(text) hidden { (label) } }
}
