//! Figures at a glance: tiles and a chart of bars.

use maud::{Markup, html};

use super::message::Tone;

/// One figure. `href` leads to the list behind it.
#[derive(Clone, Copy, Debug)]
pub struct Tile<'a> {
    pub label: &'a str,
    pub value: &'a str,
    pub unit: &'a str,
    pub note: &'a str,
    pub href: Option<&'a str>,
    pub tone: Tone,
}

/// Figures beside each other.
#[must_use]
pub fn tiles(tiles: &[Tile<'_>]) -> Markup {
    html! {
        ul.tiles {
            @for tile in tiles {
                li class={ "tile " (tile.tone.class()) } {
                    p.tile-label { @if let Some(href) = tile.href { a href=(href) { (tile.label) } } @else { (tile.label) } }
                    p.tile-value { (tile.value) span.tile-unit { (tile.unit) } }
                    @if !tile.note.is_empty() { p.tile-note { (tile.note) } }
                }
            }
        }
    }
}

/// One bar: `label` under it (short: `11/20`), `value` over it.
#[derive(Clone, Copy, Debug)]
pub struct Bar<'a> {
    pub label: &'a str,
    pub value: u32,
}

/// Bars per day. Only the bars are drawn; names and figures are text, so that they grow with the page's type and can be read aloud.
#[must_use]
pub fn bar_chart(title: &str, unit: &str, bars: &[Bar<'_>]) -> Markup {
    let most = u64::from(bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1));
    html! {
        figure.chart {
            figcaption { (title) }
            ol.bars tabindex="0" {
                @for bar in bars {
                    // A figure above zero never vanishes.
                    @let height = (u64::from(bar.value) * 100).div_ceil(most);
                    li {
                        span.bar-value { (bar.value) span.vh { (unit) } }
                        svg viewBox="0 0 10 100" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
                            rect x="0" y=(100 - height) width="10" height=(height) {}
                        }
                        span.bar-label { (bar.label) }
                    }
                }
            }
        }
    }
}
