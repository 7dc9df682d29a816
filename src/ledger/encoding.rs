//! From the bytes of a file to UTF-8, as a stream: UTF-8 with or without BOM, and CP932 (Shift_JIS as Windows writes it).

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use encoding_rs::{Decoder, DecoderResult, SHIFT_JIS, UTF_8};
use serde::{Deserialize, Serialize};

/// How much is read at a time, in bytes.
const PIECE: usize = 16 * 1024;

/// How much of the first line is looked at to tell the encoding, in bytes.
const FIRST_LINE: usize = 64 * 1024;

/// The character encoding of a file, as `--encoding` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8 if there is a BOM or the first line (which must hold Japanese column names) is valid UTF-8, else CP932.
    #[default]
    Auto,
    /// UTF-8; a BOM is skipped.
    Utf8,
    /// CP932.
    Cp932,
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "cp932" | "shift_jis" | "sjis" => Ok(Self::Cp932),
            _ => Err("文字コードは auto、utf-8、cp932 のいずれかです。".to_owned()),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Utf8 => "UTF-8",
            Self::Cp932 => "CP932",
        })
    }
}

/// The bytes are not in the encoding that they were taken for. Travels inside an [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// A byte sequence that the encoding does not know.
    #[error("{line}行目に{encoding}として読み取れない文字があります。ファイルの文字コードをお確かめください。")]
    Malformed {
        /// Line of the file, from 1.
        line: u64,
        /// What it was read as.
        encoding: Encoding,
    },
    /// UTF-16, which spreadsheets write as "Unicode text".
    #[error("UTF-16のファイルは読み取れません。UTF-8またはCP932（シフトJIS）のCSVで保存し直してください。")]
    Utf16,
}

impl EncodingError {
    /// This error, if that is what made reading fail.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl From<EncodingError> for io::Error {
    fn from(error: EncodingError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// Reads `R` as UTF-8 without BOM, holding little of it at a time. A malformed byte fails the read with an
/// [`EncodingError`]; what stood before it is handed out first.
pub struct Decoded<R> {
    input: R,
    piece: Box<[u8]>,
    asked: Encoding,
    decoder: Option<(Decoder, Encoding)>,
    /// Bytes taken from the input and not yet decoded.
    raw: Vec<u8>,
    ended: bool,
    /// Decoded text, of which `given` bytes are handed out.
    out: Vec<u8>,
    given: usize,
    /// Line of the file that the next decoded character stands on.
    line: u64,
    failure: Option<EncodingError>,
    done: bool,
}

impl<R: Read> Decoded<R> {
    /// A reader of `input`, which is in `encoding`.
    pub fn new(input: R, encoding: Encoding) -> Self {
        Self {
            input,
            piece: vec![0; PIECE].into_boxed_slice(),
            asked: encoding,
            decoder: None,
            raw: Vec::new(),
            ended: false,
            out: Vec::new(),
            given: 0,
            line: 1,
            failure: None,
            done: false,
        }
    }

    /// Takes another piece of the input.
    fn fill(&mut self) -> io::Result<()> {
        let count = loop {
            match self.input.read(&mut self.piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome?,
            }
        };
        self.raw.extend_from_slice(&self.piece[..count]);
        self.ended = count == 0;
        Ok(())
    }

    /// Looks at the first line to choose a decoder.
    fn decide(&mut self) -> io::Result<(Decoder, Encoding)> {
        while !self.ended && self.raw.len() < FIRST_LINE && !self.raw.contains(&b'\n') {
            self.fill()?;
        }
        if self.raw.starts_with(b"\xFF\xFE") || self.raw.starts_with(b"\xFE\xFF") {
            return Err(EncodingError::Utf16.into());
        }
        let bom = self.raw.starts_with(b"\xEF\xBB\xBF");
        let encoding = match self.asked {
            Encoding::Auto if bom || self.first_line_is_utf8() => Encoding::Utf8,
            Encoding::Auto => Encoding::Cp932,
            asked => asked,
        };
        if bom && encoding == Encoding::Utf8 {
            self.raw.drain(..3);
        }
        let charset = if encoding == Encoding::Utf8 { UTF_8 } else { SHIFT_JIS };
        Ok((charset.new_decoder_without_bom_handling(), encoding))
    }

    fn first_line_is_utf8(&self) -> bool {
        let line = self.raw.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match std::str::from_utf8(line) {
            Ok(_) => true,
            // A line longer than what is held may end within a character.
            Err(error) => error.error_len().is_none() && line.len() == self.raw.len() && !self.ended,
        }
    }

    /// Decodes what is held into `out`.
    fn step(&mut self) -> io::Result<()> {
        let (mut decoder, encoding) = match self.decoder.take() {
            Some(decoder) => decoder,
            None => self.decide()?,
        };
        if self.raw.is_empty() && !self.ended {
            self.fill()?;
        }
        self.given = 0;
        let room = decoder.max_utf8_buffer_length_without_replacement(self.raw.len());
        self.out.resize(room.unwrap_or(4 * PIECE), 0);
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(&self.raw, &mut self.out, self.ended);
        self.out.truncate(written);
        self.raw.drain(..read);
        let breaks = self.out.iter().filter(|byte| **byte == b'\n').count();
        self.line += u64::try_from(breaks).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => self.done = self.ended,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => {
                self.failure = Some(EncodingError::Malformed { line: self.line, encoding });
            }
        }
        self.decoder = Some((decoder, encoding));
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.given == self.out.len() {
            if let Some(failure) = self.failure {
                return Err(failure.into());
            }
            if self.done || buf.is_empty() {
                return Ok(0);
            }
            self.step()?;
        }
        let count = buf.len().min(self.out.len() - self.given);
        buf[..count].copy_from_slice(&self.out[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out a few bytes at a time, so that every boundary falls inside a character once.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let end = self.1.min(buf.len());
            self.0.read(&mut buf[..end])
        }
    }

    fn read(bytes: &[u8], encoding: Encoding) -> io::Result<String> {
        let mut texts = Vec::new();
        for size in [1, 2, 3, 7, 100_000] {
            let mut text = String::new();
            Decoded::new(Drip(bytes, size), encoding).read_to_string(&mut text)?;
            texts.push(text);
        }
        assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "{texts:?}");
        Ok(texts.remove(0))
    }

    const TEXT: &str = "都道府県番号,事業所名\r\n07,髙橋ﾃﾞｲ①㈱\r\n";

    #[test]
    fn utf8_with_and_without_bom_and_cp932_are_told_apart() {
        let (sjis, ..) = SHIFT_JIS.encode(TEXT);
        let bom = format!("\u{FEFF}{TEXT}");
        for bytes in [TEXT.as_bytes(), bom.as_bytes(), &sjis] {
            assert_eq!(read(bytes, Encoding::Auto).unwrap(), TEXT);
        }
        assert_eq!(read(&sjis, Encoding::Cp932).unwrap(), TEXT);
        assert_eq!(read(bom.as_bytes(), Encoding::Utf8).unwrap(), TEXT);
        assert_eq!(read(b"", Encoding::Auto).unwrap(), "");
        assert_eq!(read(b"abc", Encoding::Auto).unwrap(), "abc");
    }

    #[test]
    fn a_wrong_encoding_is_named_with_its_line() {
        let (sjis, ..) = SHIFT_JIS.encode(TEXT);
        let mut mixed = TEXT.as_bytes().to_vec();
        mixed.extend_from_slice(&sjis);
        let fault = |bytes: &[u8], encoding| EncodingError::of(&read(bytes, encoding).unwrap_err());
        let malformed = |line, encoding| Some(EncodingError::Malformed { line, encoding });
        assert_eq!(fault(&mixed, Encoding::Auto), malformed(3, Encoding::Utf8));
        assert_eq!(fault(&sjis, Encoding::Utf8), malformed(1, Encoding::Utf8));
        assert_eq!(fault(b"a\nb\n\x82", Encoding::Cp932), malformed(3, Encoding::Cp932));
        assert_eq!(fault(b"\xFF\xFEa\0", Encoding::Auto), Some(EncodingError::Utf16));
    }

    #[test]
    fn a_first_line_without_end_is_not_held() {
        let mut long = "あ".repeat(FIRST_LINE);
        long.push_str("\nx");
        let mut reader = Decoded::new(Drip(long.as_bytes(), 1_000), Encoding::Auto);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, long);
        assert!(reader.raw.capacity() < 2 * FIRST_LINE);
    }
}
