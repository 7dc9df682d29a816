//! What goes over the wire between the server and the process that sets its documents: frames, each with its length in front.
//! First the templates; then a head and the input for each document, answered by a head and the PDF. Both ends are the same program.

use std::io::{Error, ErrorKind, Read, Result, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::PdfError;

/// Longer than any document; whatever claims to be longer is none of ours.
const LONGEST: u32 = 512 << 20;

/// What is to be set. The input follows.
#[derive(Serialize, Deserialize)]
pub(super) struct Wanted {
    pub(super) templates: Vec<String>,
    pub(super) title: String,
}

/// What became of it. The PDF follows, empty if it was refused.
#[derive(Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) refused: Option<Refusal>,
    /// The memory of the process afterwards; `None` if it must not be used again.
    pub(super) resident_kib: Option<u64>,
}

/// The errors of typesetting, without those of the machine.
#[derive(Serialize, Deserialize)]
pub(super) enum Refusal {
    Template { file: String, line: usize, column: usize, message: String },
    UnknownTemplate(String),
    Typesetting(String),
}

impl From<PdfError> for Refusal {
    fn from(error: PdfError) -> Self {
        match error {
            PdfError::Template { file, line, column, message } => Self::Template { file, line, column, message },
            PdfError::UnknownTemplate(name) => Self::UnknownTemplate(name),
            PdfError::Typesetting(message) => Self::Typesetting(message),
            other => Self::Typesetting(other.to_string()),
        }
    }
}

impl From<Refusal> for PdfError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Template { file, line, column, message } => Self::Template { file, line, column, message },
            Refusal::UnknownTemplate(name) => Self::UnknownTemplate(name),
            Refusal::Typesetting(message) => Self::Typesetting(message),
        }
    }
}

/// Writes a frame.
pub(super) fn write(to: &mut impl Write, bytes: &[u8]) -> Result<()> {
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= LONGEST).ok_or(ErrorKind::InvalidInput)?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(bytes)
}

/// Writes a head as a frame of JSON.
pub(super) fn write_head(to: &mut impl Write, head: &impl Serialize) -> Result<()> {
    write(to, &serde_json::to_vec(head)?)
}

/// Reads a frame.
pub(super) fn read(from: &mut impl Read) -> Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > LONGEST {
        return Err(Error::new(ErrorKind::InvalidData, "a frame longer than any document"));
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(Error::other)?];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Reads a head.
pub(super) fn read_head<T: DeserializeOwned>(from: &mut impl Read) -> Result<T> {
    Ok(serde_json::from_slice(&read(from)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_and_never_half() {
        let mut wire = Vec::new();
        write(&mut wire, b"one").unwrap();
        write(&mut wire, b"").unwrap();
        let mut from = wire.as_slice();
        assert_eq!((read(&mut from).unwrap(), read(&mut from).unwrap()), (b"one".to_vec(), Vec::new()));
        assert_eq!(read(&mut from).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        for broken in 0..7 {
            assert!(read(&mut &wire[..broken]).is_err(), "{broken}");
        }
        assert_eq!(read(&mut [0xFF; 9].as_slice()).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn errors_of_typesetting_cross_over_with_file_and_line() {
        let error = PdfError::Template { file: "a.typ".to_owned(), line: 3, column: 7, message: "unknown variable".to_owned() };
        let said = error.to_string();
        let crossed = serde_json::to_vec(&Refusal::from(error)).unwrap();
        let crossed: Refusal = serde_json::from_slice(&crossed).unwrap();
        assert_eq!(PdfError::from(crossed).to_string(), said);
        assert!(matches!(PdfError::from(Refusal::from(PdfError::Font("x.ttf"))), PdfError::Typesetting(_)));
    }
}
