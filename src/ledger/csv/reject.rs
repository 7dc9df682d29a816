//! The rows that were not taken over, as a file for whoever mends them.

use std::borrow::Cow;
use std::io::{self, Write};

use super::row::RowError;

/// Makes a cell harmless in spreadsheets: one that would be read as a formula gets an apostrophe in front (q44).
#[must_use]
pub fn defused(cell: &str) -> Cow<'_, str> {
    match cell.trim_start_matches(|c: char| c.is_whitespace() || c.is_control()).chars().next() {
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') => Cow::Owned(format!("'{cell}")),
        _ => Cow::Borrowed(cell),
    }
}

/// Writes rejected rows as CSV: 行, 列, 理由, then the columns of the file. UTF-8 with BOM, as spreadsheets in Japan
/// want it.
pub struct RejectWriter<W: Write> {
    out: ::csv::Writer<W>,
}

impl<W: Write> RejectWriter<W> {
    /// Begins the file; `header` are the column names of the file that was read.
    ///
    /// # Errors
    /// What writing gives.
    pub fn new(mut out: W, header: &[String]) -> io::Result<Self> {
        out.write_all("\u{FEFF}".as_bytes())?;
        let mut writer =
            Self { out: ::csv::WriterBuilder::new().flexible(true).terminator(::csv::Terminator::CRLF).from_writer(out) };
        writer.record(["行", "列", "理由"].into_iter().chain(header.iter().map(String::as_str)))?;
        Ok(writer)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// What writing gives.
    pub fn write(&mut self, row: &RowError) -> io::Result<()> {
        let line = row.line.to_string();
        let told = [&line, row.column.as_deref().unwrap_or_default(), &row.reason];
        self.record(told.into_iter().chain(row.fields.iter().map(String::as_str)))
    }

    /// Writes what is held back and returns what was written to.
    ///
    /// # Errors
    /// What writing gives.
    pub fn finish(self) -> io::Result<W> {
        self.out.into_inner().map_err(|error| io::Error::new(error.error().kind(), error.error().to_string()))
    }

    fn record<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> io::Result<()> {
        let cells: Vec<Cow<'a, str>> = cells.map(defused).collect();
        self.out.write_record(cells.iter().map(|cell| cell.as_bytes())).map_err(io::Error::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q44_cells_that_look_like_formulas_are_defused() {
        for cell in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"] {
            assert_eq!(defused(cell), format!("'{cell}"));
        }
        for cell in ["", "さくら苑", "024-555-0100", "'=1", "1=1"] {
            assert_eq!(defused(cell), cell);
        }
    }
}
