//! A way in, as a large link. Stands in a `ul.doors`.

use maud::{Markup, html};

/// One of the ways on from a page: what it is called and whom it is for. The `primary` one stands out.
#[must_use]
pub fn door(href: &str, primary: bool, title: &str, note: &str) -> Markup {
    html! { li { a.door .primary[primary] href=(href) { span.door-title { (title) } span.door-note { (note) } } } }
}
