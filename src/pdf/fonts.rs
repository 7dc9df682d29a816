//! The embedded fonts: BIZ UDGothic, a universal-design face whose letters and digits are hard to mistake for each other.
//!
//! Nothing is ever taken from the system, so a letter looks the same on every machine.

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};

use super::PdfError;

/// Name of the one family a template can use.
pub(super) const FAMILY: &str = "BIZ UDGothic";

const FILES: [(&str, &[u8]); 2] = [
    ("BIZUDGothic-Regular.ttf", include_bytes!("../../assets/vendor/fonts/BIZUDGothic-Regular.ttf")),
    ("BIZUDGothic-Bold.ttf", include_bytes!("../../assets/vendor/fonts/BIZUDGothic-Bold.ttf")),
];

/// The parsed fonts, in the order of the font book.
pub(super) struct Fonts {
    pub(super) all: Vec<Font>,
    pub(super) book: FontBook,
}

impl Fonts {
    /// Parses the embedded files; the bytes stay where they lie in the binary.
    pub(super) fn load() -> Result<Self, PdfError> {
        let mut all = Vec::with_capacity(FILES.len());
        for (name, bytes) in FILES {
            all.push(Font::new(Bytes::new(bytes), 0).ok_or(PdfError::Font(name))?);
        }
        let book = FontBook::from_fonts(&all);
        Ok(Self { all, book })
    }

    /// Whether every embedded style has a glyph for this character. The private use area never counts: what a
    /// vendor's own characters (gaiji) look like differs from font to font.
    pub(super) fn has(&self, c: char) -> bool {
        !is_private(c) && self.all.iter().all(|font| font.info().coverage.contains(u32::from(c)))
    }
}

fn is_private(c: char) -> bool {
    matches!(u32::from(c), 0xE000..=0xF8FF | 0xF_0000..=0x10_FFFF)
}
