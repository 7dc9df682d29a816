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

/// One bar: `label` under it (short: `11/20`), `value` above.
#[derive(Clone, Copy, Debug)]
pub struct Bar<'a> {
    pub label: &'a str,
    pub value: u32,
}

const STEP: u32 = 48;
const HIGH: u32 = 120;

/// Bars per day, drawn as SVG; the same figures lie in a table under it, for those who cannot see the bars.
#[must_use]
pub fn bar_chart(title: &str, unit: &str, bars: &[Bar<'_>]) -> Markup {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let wide = STEP * u32::try_from(bars.len()).unwrap_or(1).max(1);
    html! {
        figure.chart {
            figcaption { (title) }
            svg viewBox={ "0 0 " (wide) " " (HIGH + 50) } aria-hidden="true" focusable="false" {
                line.chart-base x1="0" y1=(HIGH + 24) x2=(wide) y2=(HIGH + 24) {}
                @for (at, bar) in (0..).zip(bars) {
                    @let height = u64::from(bar.value) * u64::from(HIGH) / u64::from(most);
                    @let middle = at * STEP + STEP / 2;
                    rect.chart-bar x=(at * STEP + 9) y=(u64::from(HIGH + 24) - height) width=(STEP - 18) height=(height) rx="2" {}
                    text.chart-value x=(middle) y=(u64::from(HIGH + 18) - height) { (bar.value) }
                    text.chart-label x=(middle) y=(HIGH + 44) { (bar.label) }
                }
            }
            details.chart-table {
                summary { "数値で見る" }
                table.table {
                    caption.vh { (title) }
                    thead { tr { th scope="col" { "日付" } th.num scope="col" { (unit) } } }
                    tbody { @for bar in bars { tr { th scope="row" { (bar.label) } td.num { (bar.value) } } } }
                }
            }
        }
    }
}
