//! What has happened, one under the other.

use maud::{Markup, html};

/// Whether an entry lies behind, is now, or is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    Done,
    Now,
    Ahead,
}

/// One entry. `when` is shown as given and may be empty; `detail` may be empty markup.
#[derive(Clone, Debug)]
pub struct TimelineItem<'a> {
    pub reached: Reached,
    pub title: &'a str,
    pub when: &'a str,
    pub detail: Markup,
}

/// The entries in the order given.
#[must_use]
pub fn timeline(items: &[TimelineItem<'_>]) -> Markup {
    html! {
        ol.timeline {
            @for item in items {
                @let (class, word) = match item.reached {
                    Reached::Done => ("past", ""),
                    Reached::Now => ("now", "現在の状態: "),
                    Reached::Ahead => ("ahead", "これから: "),
                };
                li class=(class) aria-current=[(item.reached == Reached::Now).then_some("step")] {
                    p.timeline-title { span.vh { (word) } (item.title) }
                    @if !item.when.is_empty() { p.timeline-when { (item.when) } }
                    @if !item.detail.0.is_empty() { div.timeline-detail { (item.detail) } }
                }
            }
        }
    }
}
