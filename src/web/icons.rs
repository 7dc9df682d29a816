//! Small pictures drawn in the page; each stands beside words, so all are hidden from screen readers.

use maud::{Markup, html};

fn icon(path: &str) -> Markup {
    html! {
        svg.icon viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
            path d=(path) {}
        }
    }
}

/// A tick.
pub(super) fn check() -> Markup {
    icon("M5 12.5l4.5 4.5L19 7.5")
}

/// An i in a circle.
pub(super) fn info() -> Markup {
    icon("M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM12 11v5.5M12 7.4v.2")
}

/// An exclamation mark in a triangle.
pub(super) fn warning() -> Markup {
    icon("M12 4L2.8 20h18.4zM12 10v4.5M12 17.2v.2")
}

/// An exclamation mark in a circle.
pub(super) fn error() -> Markup {
    icon("M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM12 7.5v6M12 16.4v.2")
}

/// A tick in a circle.
pub(super) fn done() -> Markup {
    icon("M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM7.8 12.3l3 3l5.4-5.8")
}
