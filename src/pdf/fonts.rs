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
    /// Code points that every style has, sorted. The font's own table is searched from its start each time, too slow
    /// for a ledger of 300,000 rows.
    covered: Vec<u32>,
}

impl Fonts {
    /// Parses the embedded files; the bytes stay where they lie in the binary.
    pub(super) fn load() -> Result<Self, PdfError> {
        let mut all = Vec::with_capacity(FILES.len());
        for (name, bytes) in FILES {
            all.push(Font::new(Bytes::new(bytes), 0).ok_or(PdfError::Font(name))?);
        }
        let book = FontBook::from_fonts(&all);
        let covered = common(&all);
        Ok(Self { all, book, covered })
    }

    /// Whether every embedded style has a glyph for this character. The private use area never counts: what a
    /// vendor's own characters (gaiji) look like differs from font to font.
    pub(super) fn has(&self, c: char) -> bool {
        self.covered.binary_search(&u32::from(c)).is_ok() && !is_private(c)
    }
}

fn common(fonts: &[Font]) -> Vec<u32> {
    let mut fonts = fonts.iter();
    let mut common: Vec<u32> = fonts.next().map(|first| first.info().coverage.iter().collect()).unwrap_or_default();
    common.sort_unstable();
    for font in fonts {
        let mut other: Vec<u32> = font.info().coverage.iter().collect();
        other.sort_unstable();
        common.retain(|c| other.binary_search(c).is_ok());
    }
    common
}

fn is_private(c: char) -> bool {
    matches!(u32::from(c), 0xE000..=0xF8FF | 0xF_0000..=0x10_FFFF)
}
