//! QR codes to be scanned from the screen.

use maud::{Markup, PreEscaped, html};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// An address as a code to scan, drawn in the page; `label` says what it is for. Dark on light with the margin that scanners need, whatever
/// the page's colours. Nothing is drawn of an address that no code can hold.
#[must_use]
pub fn qr(address: &str, label: &str) -> Markup {
    let drawing = QrCode::with_error_correction_level(address, EcLevel::M)
        .map(|code| code.render::<svg::Color>().module_dimensions(1, 1).build())
        .unwrap_or_default();
    // The XML declaration has no place inside a page.
    let drawing = drawing.split_once("?>").map_or("", |(_, svg)| svg);
    html! { div.qr role="img" aria-label=(label) { (PreEscaped(drawing)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_stands_in_the_page_under_its_label() {
        let drawn = qr("otpauth://totp/x", "読み取るコード").into_string();
        assert!(drawn.contains("aria-label=\"読み取るコード\"") && drawn.contains("<svg") && !drawn.contains("<?xml"), "{drawn}");
        assert!(!qr(&"x".repeat(5_000), "").into_string().contains("<svg"));
    }
}
